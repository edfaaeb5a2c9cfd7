//! What the user of `-u` can do with the copy of a template.

use crate::copying::Copying;
use crate::facts::{Access, Credentials, Facts};
use crate::path::TreePath;
use crate::request::Account;
use crate::template::{Resolved, Template};
use crate::tree::{Kind, Meta, Node};
use alloc::vec::Vec;

/// Judges the copy of a template from the point of view of a user.
#[derive(Clone, Debug)]
pub(crate) struct UserAccess<'a> {
    who: Option<Credentials>,
    facts: &'a Facts,
    template: &'a Template,
    copying: &'a Copying<'a>,
}

/// What keeps the user from running a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The user may not execute it.
    Execute,
    /// It is a script, and the user may not read it.
    Read,
    /// It is a directory on the way, and the user may not pass through it.
    Pass,
}

impl<'a> UserAccess<'a> {
    pub(crate) fn new(user: &Account, facts: &'a Facts, template: &'a Template, copying: &'a Copying<'a>) -> Self {
        Self { who: facts.credentials(user), facts, template, copying }
    }

    /// Whether the user's ids are known here.
    pub(crate) const fn is_known(&self) -> bool {
        self.who.is_some()
    }

    pub(crate) fn allows(&self, path: &TreePath, access: Access) -> bool {
        self.copied(path).is_some_and(|meta| self.facts.allows(self.who.as_ref(), meta, access))
    }

    pub(crate) fn may_write(&self, path: &TreePath) -> bool {
        self.copied(path).is_some_and(|meta| self.facts.may_write(self.who.as_ref(), meta))
    }

    /// What keeps the user from running the script at `path`, and where; none where `path` leads to no file.
    pub(crate) fn obstacle(&self, path: &TreePath) -> Option<(TreePath, Obstacle)> {
        let mut passed = Vec::new();
        let Resolved::Entry(end) = self.template.resolve_through(path, &mut |directory| passed.push(directory.clone())) else {
            return None;
        };
        let Some(Node { kind: Kind::File(file), .. }) = self.template.tree().get(&end) else { return None };
        if let Some(closed) = passed.into_iter().find(|directory| !self.allows(directory, Access::Execute)) {
            return Some((closed, Obstacle::Pass));
        }
        if !self.allows(&end, Access::Execute) {
            return Some((path.clone(), Obstacle::Execute));
        }
        let is_binary = file.head.as_ref().is_some_and(|head| head.starts_with(crate::template::ELF));
        (!is_binary && !self.allows(&end, Access::Read)).then(|| (path.clone(), Obstacle::Read))
    }

    /// Whether the user surely may not use what is at `path`, a file or a directory: a program can be run without being read. Someone
    /// unknown may be its owner, unless that is root, or in its group.
    pub(crate) fn surely_cannot_use(&self, path: &TreePath) -> bool {
        let Some(meta) = self.copied(path) else { return false };
        let is_directory = matches!(self.template.tree().get(path), Some(Node { kind: Kind::Directory, .. }));
        let by_group_or_others = if is_directory { 0o011 } else { 0o055 };
        let allows = |access| self.facts.allows(self.who.as_ref(), meta, access);
        if self.is_known() {
            !allows(Access::Execute) && (is_directory || !allows(Access::Read))
        } else {
            meta.owner.unwrap_or(self.facts.caller).uid == 0 && !meta.mode.has(by_group_or_others)
        }
    }

    /// Mode and owner of the copy of what is at `path`.
    fn copied(&self, path: &TreePath) -> Option<Meta> {
        self.template.tree().get(path).map(|node| self.copying.meta(path, node))
    }
}
