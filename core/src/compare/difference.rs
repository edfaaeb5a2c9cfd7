//! One difference between a plan and what is at DIR.

use super::note::Note;
use super::state::{State, StateKind};
use crate::path::TreePath;
use crate::plan::Content;
use crate::tree::{Kind, Mode, Node};
use alloc::vec::Vec;

/// All differences, in the order of their paths, and notes about what is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// The differences.
    pub entries: Vec<Difference>,
    /// Notes, which leave the exit code 0.
    pub notes: Vec<Note>,
}

impl Differences {
    /// Returns `true` if nothing differs. Notes do not count.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A difference at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path below DIR.
    pub path: TreePath,
    /// The state at DIR. `None`: nothing is there.
    pub found: Option<State>,
    /// The state in the plan. `None`: the plan has no such entry.
    pub planned: Option<State>,
    /// The action of a refresh.
    pub fate: Fate,
    /// A harmless reason for another mode.
    pub cause: Option<Cause>,
}

/// The action of a refresh on an entry that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is created.
    Created,
    /// It is replaced, or its mode or owner is changed.
    Replaced,
    /// It is removed.
    Removed,
    /// It stays: it is not this program's.
    Kept,
}

impl Fate {
    /// The word for it in texts and documents: `create`, `replace`, `remove` or `keep`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "create",
            Self::Replaced => "replace",
            Self::Removed => "remove",
            Self::Kept => "keep",
        }
    }
}

/// An explanation of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The mode is one that the same file has under another umask.
    Umask,
}

/// Returns the explanation of another mode of a generated file, whatever its contents and its owner are.
pub(super) fn cause(node: &Node<Content>, planned: &State, found: &State) -> Option<Cause> {
    let is_generated = matches!(node.kind, Kind::File(Content::Generated(_)));
    let both_files = matches!((&planned.kind, &found.kind), (StateKind::File { .. }, StateKind::File { .. }));
    let differs = planned.mode != found.mode;
    (is_generated && both_files && differs && is_usual(planned.mode, found.mode)).then_some(Cause::Umask)
}

/// Returns `true` if `found` is the mode of the same file under another umask (docs/original.md, "Modes"): a script is executable
/// for those who may read it, any other file for nobody.
fn is_usual(planned: Mode, found: Mode) -> bool {
    let (read_write, execute) = (found.without(0o7111).bits(), found.bits() & 0o7111);
    let is_script = planned.has(0o111);
    let expected = if is_script { (read_write & 0o444) >> 2 } else { 0 };
    found.has(0o400) && execute == expected
}
