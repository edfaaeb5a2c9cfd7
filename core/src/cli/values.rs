//! The values of options: numbers with their units, accounts, and everything that a constructor checks.

use super::refusal::UsageError;
use crate::account::Account;
use crate::number;
use alloc::format;
use alloc::string::String;
use core::fmt::Display;
use std::ffi::OsStr;

/// An option whose value is a plain decimal number.
#[derive(Clone, Copy, Debug)]
pub struct NumberOption {
    /// The option as messages name it, such as `-c` or `--fuel`.
    pub name: &'static str,
    /// The unit of the number.
    pub unit: Unit,
}

/// The unit of a number; it decides which hint helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes, without a suffix.
    Bytes,
    /// Milliseconds, without a suffix.
    Milliseconds,
}

impl NumberOption {
    /// An option that counts things.
    pub(super) const fn count(name: &'static str) -> Self {
        Self { name, unit: Unit::Count }
    }

    /// An option in bytes.
    pub(super) const fn bytes(name: &'static str) -> Self {
        Self { name, unit: Unit::Bytes }
    }

    /// An option in milliseconds.
    pub(super) const fn milliseconds(name: &'static str) -> Self {
        Self { name, unit: Unit::Milliseconds }
    }

    /// Reads a number from `min` to `max`; `None` where the option is not given.
    pub fn read<N>(self, value: Option<&OsStr>, min: N, max: N) -> Result<Option<N>, UsageError>
    where
        N: TryFrom<u64> + PartialOrd + Display,
    {
        let Some(value) = value else { return Ok(None) };
        let number = number::parse(value.as_encoded_bytes()).and_then(|number| N::try_from(number).ok());
        match number {
            Some(number) if min <= number && number <= max => Ok(Some(number)),
            _ => Err(self.refuse(value, format!("must be a number from {min} to {max}"))),
        }
    }

    fn refuse(self, value: &OsStr, reason: String) -> UsageError {
        let error = UsageError::value(self.name, value, reason);
        let bytes = value.as_encoded_bytes();
        if let Some(hint) = equals_sign(self.name, bytes) {
            return error.with_hint(hint);
        }
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, suffix) = bytes.split_at_checked(digits).unwrap_or_default();
        let Some(number) = number::parse(number).filter(|_| !suffix.is_empty()) else { return error };
        let unit = match self.unit {
            Unit::Count => return error,
            Unit::Bytes => "bytes",
            Unit::Milliseconds => "milliseconds",
        };
        let hint = format!("the number is in {unit}, without a suffix");
        error.with_hint(match self.factor(suffix).and_then(|factor| number.checked_mul(factor)) {
            Some(number) => format!("{hint}: {} {number}", self.name),
            None => hint,
        })
    }

    /// The number of bytes or milliseconds that a suffix stands for. `None`: it is not certain.
    fn factor(self, suffix: &[u8]) -> Option<u64> {
        let suffix = suffix.to_ascii_lowercase();
        match (self.unit, suffix.as_slice()) {
            (Unit::Bytes, b"b") | (Unit::Milliseconds, b"ms") => Some(1),
            (Unit::Bytes, b"k" | b"kib") => Some(1 << 10),
            (Unit::Bytes, b"m" | b"mib") => Some(1 << 20),
            (Unit::Bytes, b"g" | b"gib") => Some(1 << 30),
            (Unit::Bytes, b"kb") => Some(1000),
            (Unit::Bytes, b"mb") => Some(1_000_000),
            (Unit::Bytes, b"gb") => Some(1_000_000_000),
            (Unit::Milliseconds, b"s" | b"sec") => Some(1000),
            (Unit::Milliseconds, b"m" | b"min") => Some(60_000),
            _ => None,
        }
    }
}

/// The hint for `-c=5`: the value of a short option is taken as it stands, `=` and all.
fn equals_sign(option: &str, value: &[u8]) -> Option<String> {
    let rest = value.strip_prefix(b"=")?;
    let is_short = !option.starts_with("--");
    is_short.then(|| {
        let rest = crate::escape::Escaped(rest);
        format!("the value begins with `=`; a short option takes its value without one: {option} {rest}")
    })
}

/// A value that `check` accepts, or why it does not.
pub(super) fn checked<'a, T, E: Display>(
    option: &str,
    value: &'a OsStr,
    check: impl FnOnce(&'a [u8]) -> Result<T, E>,
) -> Result<T, UsageError> {
    let bytes = value.as_encoded_bytes();
    check(bytes).map_err(|reason| {
        let error = UsageError::value(option, value, reason);
        match equals_sign(option, bytes) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    })
}

/// An account; an empty value means none.
pub(super) fn account(option: &str, value: Option<&OsStr>) -> Result<Option<Account>, UsageError> {
    value.filter(|value| !value.is_empty()).map(|value| checked(option, value, Account::parse)).transpose()
}
