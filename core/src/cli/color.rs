//! The choice of colors, which counts for help and for messages about a wrong command line as well.

use clap::ValueEnum;
use std::ffi::{OsStr, OsString};

/// The value of `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// The choice of a command line that may be wrong in everything else; the last one counts. The program's name comes first.
    #[must_use]
    pub fn of(arguments: &[OsString]) -> Self {
        let mut choice = Self::default();
        let mut words = arguments.iter().skip(1).take_while(|word| *word != "--");
        while let Some(word) = words.next() {
            let value = match word.to_str().and_then(|word| word.strip_prefix("--color")) {
                Some("") => words.next().map(OsString::as_os_str),
                Some(value) => value.strip_prefix('=').map(OsStr::new),
                None => None,
            };
            let value = value.and_then(OsStr::to_str).and_then(|value| Self::from_str(value, false).ok());
            choice = value.unwrap_or(choice);
        }
        choice
    }
}
