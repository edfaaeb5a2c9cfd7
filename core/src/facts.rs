//! Facts about the process that asks for a plan: everything that a plan depends on besides the request and the template.
//!
//! The caller resolves them; nothing here looks anything up.

use crate::account::{Account, AccountName, Credentials};
use crate::tree::{Ids, Mode};
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
