//! Accounts: who a process runs as, and with which ids.

use crate::execline::Text;
use crate::number;
use crate::tree::Ids;
use alloc::vec::Vec;
use core::fmt;

/// An account that a process runs as, in the form that s6-setuidgid takes: the account's name, or numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The name of an account, to be looked up where the result runs.
    Named(AccountName),
    /// `uid:gid`; no supplementary groups.
    Numbered(Ids),
}

/// An account's name: not empty, no blank, control character or `:`, no `-` at its start, not digits alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName(Text);

/// The reason why bytes do not name an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// It is empty.
    #[error("cannot be empty")]
    Empty,
    /// s6-setuidgid would take it for an option.
    #[error("cannot begin with `-`; s6-setuidgid would take it for an option")]
    Dash,
    /// A blank, a control character, a slash or a NUL.
    #[error("cannot contain a blank, a control character or a slash")]
    Forbidden,
    /// A colon, and not two numbers around it.
    #[error("must be UID:GID if it contains a colon, two numbers up to 4294967294")]
    NotNumeric,
    /// Digits alone: s6-setuidgid would look for an account of that name.
    #[error("cannot be a number alone; s6-setuidgid requires UID:GID")]
    NumberAlone,
}

impl Account {
    /// Reads a name, or `uid:gid`.
    pub fn parse(bytes: &[u8]) -> Result<Self, AccountError> {
        if let Some(colon) = bytes.iter().position(|&byte| byte == b':') {
            let (uid, gid) = bytes.split_at_checked(colon).ok_or(AccountError::NotNumeric)?;
            let id = |digits: &[u8]| {
                // (uid_t) -1 means "leave alone" to chown and setuid: it is nobody's id.
                number::parse(digits).and_then(|id| u32::try_from(id).ok()).filter(|&id| id != u32::MAX)
            };
            let ids = id(uid).zip(gid.get(1..).and_then(id));
            return ids.map(|(uid, gid)| Self::Numbered(Ids { uid, gid })).ok_or(AccountError::NotNumeric);
        }
        match bytes {
            [] => Err(AccountError::Empty),
            [b'-', ..] => Err(AccountError::Dash),
            _ if bytes.iter().all(u8::is_ascii_digit) => Err(AccountError::NumberAlone),
            _ if bytes.iter().any(|&byte| byte <= b' ' || byte == 0x7f || byte == b'/') => Err(AccountError::Forbidden),
            _ => Text::new(bytes).map(|text| Self::Named(AccountName(text))).map_err(|_| AccountError::Forbidden),
        }
    }

    /// Returns the argument of s6-setuidgid.
    #[must_use]
    pub fn to_text(&self) -> Text {
        match self {
            Self::Named(name) => name.0.clone(),
            Self::Numbered(ids) => Text::numbers(*ids),
        }
    }
}

impl AccountName {
    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::escape::Escaped(self.as_bytes()).fmt(f)
    }
}

/// With which ids an account's processes run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User and primary group.
    pub ids: Ids,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}
