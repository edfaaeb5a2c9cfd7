//! What a plan depends on besides the request and the template: facts about the process that asks for it.
//!
//! Whoever runs the program resolves them; nothing here looks anything up.

use crate::instances::Instances;
use crate::request::{Account, AccountName};
use crate::tree::{Ids, Kind, Meta, Mode};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The process that asks for a plan, and the accounts that the request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The umask: which permission bits new files do not get.
    pub umask: Mode,
    /// Effective user and group id; user 0 can keep the owners of the template's entries.
    pub caller: Ids,
    /// Accounts that are known here, by name. One that is missing may still exist where the result will run.
    pub accounts: BTreeMap<AccountName, Credentials>,
    /// Instances that shall be there from the start, as far as their names were read from a file.
    pub instances: Instances,
}

/// With which ids an account's processes run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User and primary group.
    pub ids: Ids,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// What an account wants to do with a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    Read,
    /// Execute it, or pass through it.
    Execute,
}

impl Facts {
    /// The account's ids and groups, as far as they are known here.
    #[must_use]
    pub fn credentials(&self, account: &Account) -> Option<Credentials> {
        match account {
            Account::Named(name) => self.accounts.get(name).cloned(),
            Account::Numbered(ids) => Some(Credentials { ids: *ids, groups: Vec::new() }),
        }
    }

    /// Mode and owner that the copy of a template's entry gets: root keeps the owner; for anybody else the copy is theirs, and a
    /// set-id bit that would then lend another identity than in the template is dropped. On a directory such a bit lends nothing.
    #[must_use]
    pub fn copied<C>(&self, seen: Meta, kind: &Kind<C>) -> Meta {
        let Some(owner) = seen.owner.filter(|&owner| owner != self.caller) else {
            return Meta::callers(seen.mode);
        };
        if self.caller.uid == 0 {
            return seen;
        }
        let mut mode = seen.mode;
        if matches!(kind, Kind::File(_)) {
            if owner.uid != self.caller.uid {
                mode = mode.without(Mode::SET_UID);
            }
            if owner.gid != self.caller.gid {
                mode = mode.without(Mode::SET_GID);
            }
        }
        Meta::callers(mode)
    }

    /// Whether `who` could write, now or after a chmod. Someone unknown might be anyone but root, and in any group but root's.
    /// What belongs to a caller who is not root is as safe as the result itself, and will get its owner where it is installed:
    /// then only what anybody may write counts.
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

    /// Whether the permission bits grant `access`; someone unknown is neither the owner nor in the group.
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
