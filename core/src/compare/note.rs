//! Notes: facts about DIR that are no differences.

use super::copies::{CopyState, Version, instances};
use super::refresh_error::RefreshError;
use super::state::Found;
use crate::escape::EscapedWord;
use crate::instances::InstanceName;
use crate::path::TreePath;
use crate::tree::Ids;
use alloc::vec::Vec;
use core::fmt;

/// A fact about DIR that leaves the exit code 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// `instance` or `instances`, which would be empty, is absent.
    EmptyDirectory(TreePath),
    /// Entries have other owners, which this caller cannot change.
    Owners {
        /// The first of them.
        path: TreePath,
        /// Its owner.
        found: Ids,
        /// The owner in the plan.
        planned: Ids,
        /// The number of entries.
        count: u64,
    },
    /// An instance has another copy than the plan's.
    Instance(InstanceName, CopyState),
    /// `--refresh` refuses DIR.
    NotRefreshable(RefreshError),
}

impl Note {
    /// The word for it in documents.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::EmptyDirectory(_) => "empty-directory-absent",
            Self::Owners { .. } => "owner-not-changeable",
            Self::Instance(_, CopyState::Edited(_)) => "instance-edited",
            Self::Instance(..) => "instance-older",
            Self::NotRefreshable(_) => "not-refreshable",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyDirectory(path) => {
                write!(f, "{path}: absent; as an empty directory, it does not count (git keeps none)")
            }
            Self::Owners { path, found, planned, count } => {
                let path = Shown(path);
                write!(f, "{path}: owner {found} instead of {planned}; this account cannot change owners ({count} ")?;
                f.write_str(if *count == 1 { "entry)" } else { "entries)" })
            }
            Self::Instance(name, CopyState::Edited(path)) => {
                let name = EscapedWord(name.as_name().as_bytes());
                write!(f, "instance {name}: {} is of no known template; edited by hand, perhaps", Shown(path))
            }
            Self::Instance(name, _) => {
                let name = EscapedWord(name.as_name().as_bytes());
                write!(f, "instance {name}: the copy of an older template")
            }
            Self::NotRefreshable(RefreshError::NotOurs(path)) => {
                write!(f, "{}: missing; --refresh refuses a directory that is something else", Shown(path))
            }
            Self::NotRefreshable(reason) => write!(f, "--refresh refuses this: {reason}"),
        }
    }
}

/// Notes about the instances whose copies are among `found`, and are not of the `current` template.
#[must_use]
pub fn notes(found: &Found, current: &Version, older: &[Version]) -> Vec<Note> {
    let judged = instances(found).map(|(name, path)| (name, CopyState::of(&Version::below(found, &path), current, older)));
    judged.filter(|(_, state)| *state != CopyState::Current).map(|(name, state)| Note::Instance(name, state)).collect()
}

/// A path as one word; the root is `.`.
struct Shown<'a>(&'a TreePath);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_root() { f.write_str(".") } else { EscapedWord(self.0.as_bytes()).fmt(f) }
    }
}

/// Owners that the caller cannot change.
#[derive(Debug, Default)]
pub(super) struct Owners {
    first: Option<(TreePath, Ids, Ids)>,
    count: u64,
}

impl Owners {
    pub(super) fn add(&mut self, path: &TreePath, found: Ids, planned: Ids) {
        self.first.get_or_insert_with(|| (path.clone(), found, planned));
        self.count += 1;
    }

    pub(super) fn note(self) -> Option<Note> {
        let count = self.count;
        self.first.map(|(path, found, planned)| Note::Owners { path, found, planned, count })
    }
}
