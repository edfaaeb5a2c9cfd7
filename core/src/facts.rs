//! What a plan depends on besides the request and the template: facts about the process that asks for it.
//!
//! Whoever runs the program resolves them; nothing here looks anything up.

use crate::request::{Account, AccountName};
use crate::tree::{Ids, Meta, Mode};
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
