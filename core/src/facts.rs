//! Facts about the process that asks for a plan: everything that a plan depends on besides the request and the template.
//!
//! The caller resolves them; nothing here looks anything up.

use crate::account::{Account, AccountName, Credentials};
use crate::tree::{Ids, Mode};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The process that asks for a plan, and the accounts that the request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The umask: which permission bits new files do not get.
    pub umask: Mode,
    /// Effective user and group id.
    pub caller: Ids,
    /// The users that the process can give files to, besides itself.
    pub givable_users: Givable,
    /// The groups that the process can give files to, besides its own.
    pub givable_groups: Givable,
    /// Accounts that are known here, by name. One that is missing may still exist where the result will run.
    pub accounts: BTreeMap<AccountName, Credentials>,
}

/// The ids that a process can give files to, found out by trying: those of a user namespace are not all, and who is root may have
/// lost the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Givable {
    /// Every id.
    All,
    /// These ids; none where the process has no such right.
    Only(BTreeSet<u32>),
}

impl Givable {
    /// The ids of an ordinary process.
    pub const NONE: Self = Self::Only(BTreeSet::new());

    /// Returns `true` if files can be given to `id`.
    #[must_use]
    pub fn has(&self, id: u32) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
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
}
