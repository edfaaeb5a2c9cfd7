//! Rights: which mode and owner the copy of a template's entry gets, and what an account can do with it.
//!
//! Every other module asks here: the plan, its check, lint, and the wrappers of `-u` judge by the same functions.

use crate::account::{Account, Credentials};
use crate::facts::Facts;
use crate::path::TreePath;
use crate::request::ScriptModes;
use crate::template::{Resolved, Route, Template};
use crate::tree::{Ids, Kind, Meta, Mode, Node};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// A use of a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    Read,
    /// Execute it, or pass through it.
    Execute,
}

/// The account that runs a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runner {
    /// Whoever runs the supervision tree, mostly root.
    Tree,
    /// The user of `-u`; `None` where nobody here knows its ids.
    User(Option<Credentials>),
}

impl Facts {
    /// Mode and owner that the copy of a template's entry gets: the owner, as far as the process can give files to that user and
    /// that group, and otherwise the process's own. A set-id bit that would then lend another identity than in the template is
    /// dropped; on a directory such a bit lends nothing.
    #[must_use]
    pub fn copied<C>(&self, seen: Meta, kind: &Kind<C>) -> Meta {
        let Some(owner) = seen.owner else { return Meta::callers(seen.mode) };
        let kept = Ids {
            uid: if self.givable_users.has(owner.uid) { owner.uid } else { self.caller.uid },
            gid: if self.givable_groups.has(owner.gid) { owner.gid } else { self.caller.gid },
        };
        let mut mode = seen.mode;
        if matches!(kind, Kind::File(_)) {
            if owner.uid != kept.uid {
                mode = mode.without(Mode::SET_UID);
            }
            if owner.gid != kept.gid {
                mode = mode.without(Mode::SET_GID);
            }
        }
        Meta { mode, owner: (kept != self.caller).then_some(kept) }
    }

    /// Returns `true` if `who` could write, now or after a chmod. Someone unknown might be anyone but root, and in any group but
    /// root's. An entry that belongs to a caller who is not root is as safe as the result itself, and gets its owner where it is
    /// installed: then only what anybody may write counts.
    #[must_use]
    pub fn may_write(&self, who: Option<&Credentials>, meta: Meta) -> bool {
        let by_others = meta.mode.has(0o002);
        let owner = match meta.owner {
            None if self.caller.uid != 0 => return by_others,
            owner => owner.unwrap_or(self.caller),
        };
        let by_group = meta.mode.has(0o020);
        match who {
            // root may do everything anyway.
            Some(who) if who.ids.uid == 0 => false,
            Some(who) => {
                who.ids.uid == owner.uid
                    || by_others
                    || by_group && (who.ids.gid == owner.gid || who.groups.contains(&owner.gid))
            }
            None => owner.uid != 0 || by_others || by_group && owner.gid != 0,
        }
    }

    /// Returns `true` if somebody besides root and the runner could write, now or after a chmod. What belongs to a caller who is
    /// not root gets its owner where it is installed: then only what anybody can write counts; as for a runner whom nobody knows.
    #[must_use]
    pub fn others_can_write(&self, runner: &Runner, meta: Meta) -> bool {
        let by_others = meta.mode.has(0o002);
        let owner = match meta.owner {
            None if self.caller.uid != 0 => return by_others,
            owner => owner.unwrap_or(self.caller),
        };
        let (uid, gid) = match runner {
            Runner::Tree => (0, 0),
            Runner::User(Some(user)) => (user.ids.uid, user.ids.gid),
            Runner::User(None) => return by_others,
        };
        let by_group = meta.mode.has(0o020) && owner.gid != 0 && owner.gid != gid;
        by_others || by_group || owner.uid != 0 && owner.uid != uid
    }

    /// Returns `true` if the user that runs the instances could write an entry with `became`, and could not, had it what was planned.
    /// Of someone unknown only that counts which everybody could.
    #[must_use]
    pub fn gains(&self, runner: &Runner, planned: Meta, became: Meta) -> bool {
        let may_write = |meta: Meta| match runner {
            Runner::Tree => false,
            Runner::User(Some(user)) => self.may_write(Some(user), meta),
            Runner::User(None) => meta.mode.has(0o002),
        };
        may_write(became) && !may_write(planned)
    }

    /// Returns `true` if the permission bits grant `access`; someone unknown is neither the owner nor in the group.
    #[must_use]
    pub fn allows(&self, who: Option<&Credentials>, meta: Meta, access: Access) -> bool {
        let owner = meta.owner.unwrap_or(self.caller);
        let bit = match access {
            Access::Read => 0o4,
            Access::Execute => 0o1,
        };
        match who {
            // root reads everything, and executes what anybody may execute.
            Some(who) if who.ids.uid == 0 => access == Access::Read || meta.mode.has(0o111),
            Some(who) if who.ids.uid == owner.uid => meta.mode.has(bit << 6),
            Some(who) if who.ids.gid == owner.gid || who.groups.contains(&owner.gid) => meta.mode.has(bit << 3),
            _ => meta.mode.has(bit),
        }
    }
}

/// The modes and owners that the entries of one template get when they are copied.
#[derive(Clone, Debug)]
pub(crate) struct CopyRights<'a> {
    facts: &'a Facts,
    /// The files that are made executable.
    executable: BTreeSet<TreePath>,
}

impl<'a> CopyRights<'a> {
    pub(crate) fn new(script_modes: ScriptModes, facts: &'a Facts, template: &Template) -> Self {
        let executable = match script_modes {
            ScriptModes::Kept => BTreeSet::new(),
            ScriptModes::Executable => template.executables().into_iter().collect(),
        };
        Self { facts, executable }
    }

    /// Returns `true` if a copy with `copied` belongs to the owner of the entry with `seen`.
    pub(crate) fn keeps_owner(&self, seen: Meta, copied: Meta) -> bool {
        seen.owner.is_none_or(|owner| owner == copied.owner.unwrap_or(self.facts.caller))
    }

    /// Mode and owner of the copy of what is at `path`.
    pub(crate) fn meta<C>(&self, path: &TreePath, node: &Node<C>) -> Meta {
        let meta = self.facts.copied(node.meta, &node.kind);
        if matches!(node.kind, Kind::File(_)) && self.executable.contains(path) { made_executable(meta) } else { meta }
    }
}

/// With [`ScriptModes::Executable`]: whoever may read it may execute it, and its owner in any case. A set-id bit on what could not
/// be executed meant nothing, and shall not begin to.
pub(crate) fn made_executable(meta: Meta) -> Meta {
    const SET_ID: u16 = Mode::SET_UID | Mode::SET_GID;
    let bits = meta.mode.bits();
    let fixed = bits | (bits & 0o444) >> 2 | 0o100;
    let mode = Mode::new(fixed.into());
    Meta { mode: if fixed == bits { mode } else { mode.without(SET_ID) }, ..meta }
}

/// Judges the copy of a template from the point of view of a user.
#[derive(Clone, Debug)]
pub(crate) struct UserAccess<'a> {
    who: Option<Credentials>,
    facts: &'a Facts,
    template: &'a Template,
    copying: &'a CopyRights<'a>,
}

/// An obstacle that keeps the user from running a script.
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
    pub(crate) fn new(user: &Account, facts: &'a Facts, template: &'a Template, copying: &'a CopyRights<'a>) -> Self {
        Self { who: facts.credentials(user), facts, template, copying }
    }

    /// Returns `true` if the user's ids are known here.
    pub(crate) const fn is_known(&self) -> bool {
        self.who.is_some()
    }

    pub(crate) fn allows(&self, path: &TreePath, access: Access) -> bool {
        self.copied(path).is_some_and(|meta| self.facts.allows(self.who.as_ref(), meta, access))
    }

    pub(crate) fn may_write(&self, path: &TreePath) -> bool {
        self.copied(path).is_some_and(|meta| self.facts.may_write(self.who.as_ref(), meta))
    }

    /// The outermost directories of the template that the user may write, but for a supervisor's state, which is not copied.
    pub(crate) fn writable_directories(&self) -> Vec<TreePath> {
        let state = self.template.state();
        let mut writable: Vec<TreePath> = Vec::new();
        for (path, node) in self.template.tree().iter() {
            let known = writable.last().is_some_and(|last| path.starts_with(last));
            if matches!(node.kind, Kind::Directory)
                && !known
                && !state.iter().any(|state| path.starts_with(state))
                && self.may_write(path)
            {
                writable.push(path.clone());
            }
        }
        writable
    }

    /// Returns the obstacle that keeps the user from running the script at `path`, and its path. `None`: the user can run it, or
    /// the path leads to no file.
    pub(crate) fn obstacle(&self, path: &TreePath) -> Option<(TreePath, Obstacle)> {
        let Route { end: Resolved::Entry(end), directories, .. } = self.template.route(path) else {
            return None;
        };
        let Some(Node { kind: Kind::File(file), .. }) = self.template.tree().get(&end) else { return None };
        if let Some(closed) = directories.into_iter().find(|directory| !self.allows(directory, Access::Execute)) {
            return Some((closed, Obstacle::Pass));
        }
        if !self.allows(&end, Access::Execute) {
            return Some((path.clone(), Obstacle::Execute));
        }
        let is_binary = file.head.as_ref().is_some_and(|head| head.starts_with(crate::template::ELF));
        (!is_binary && !self.allows(&end, Access::Read)).then(|| (path.clone(), Obstacle::Read))
    }

    /// Returns `true` if the user surely may not use what is at `path`, a file or a directory: a program can be run without being
    /// read. Someone unknown may be its owner, unless that is root, or in its group.
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
