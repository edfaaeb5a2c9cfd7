//! What becomes of the mode and owner of a template's entries in their copy: asked for once, wherever it matters.

use crate::facts::Facts;
use crate::path::TreePath;
use crate::request::ScriptModes;
use crate::template::Template;
use crate::tree::{Kind, Meta, Mode, Node};
use alloc::collections::BTreeSet;

/// How the entries of one template are copied.
#[derive(Clone, Debug)]
pub(crate) struct Copying<'a> {
    facts: &'a Facts,
    /// The files that are made executable.
    executable: BTreeSet<TreePath>,
}

impl<'a> Copying<'a> {
    pub(crate) fn new(script_modes: ScriptModes, facts: &'a Facts, template: &Template) -> Self {
        let executable = match script_modes {
            ScriptModes::Kept => BTreeSet::new(),
            ScriptModes::Executable => template.control_scripts().into_iter().collect(),
        };
        Self { facts, executable }
    }

    /// Mode and owner of the copy of what is at `path`.
    pub(crate) fn meta<C>(&self, path: &TreePath, node: &Node<C>) -> Meta {
        let meta = self.facts.copied(node.meta, &node.kind);
        if matches!(node.kind, Kind::File(_)) && self.executable.contains(path) { made_executable(meta) } else { meta }
    }
}

/// With [`ScriptModes::Executable`]: whoever may read it may execute it, and its owner in any case. A set-id bit on what could not be
/// executed meant nothing, and shall not begin to.
pub(crate) fn made_executable(meta: Meta) -> Meta {
    const SET_ID: u16 = Mode::SET_UID | Mode::SET_GID;
    let bits = meta.mode.bits();
    let fixed = bits | (bits & 0o444) >> 2 | 0o100;
    let mode = Mode::new(fixed.into());
    Meta { mode: if fixed == bits { mode } else { mode.without(SET_ID) }, ..meta }
}
