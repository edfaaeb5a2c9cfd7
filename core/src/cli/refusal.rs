//! The reasons for which a command line asks for nothing that could be made.

use crate::escape::Escaped;
use crate::rules::is_near;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use core::fmt::Display;
use std::ffi::OsStr;

/// The reason for which a command line makes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It asks for the help: the text for standard output.
    Help(String),
    /// It asks for another text, such as the version: the text for standard output.
    Show(String),
    /// It is wrong.
    Usage(UsageError),
}

/// A mistake in a command line; the text is escaped already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    message: String,
    hint: Option<String>,
}

/// The hint where nothing better is known.
pub(super) const USAGE: &str = "usage: s6-instance-maker [OPTIONS] TEMPLATE DIR; --help lists the options";
/// The hint beside a suggestion.
const HELP: &str = "--help lists the options";

impl UsageError {
    /// A mistake without a hint.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same mistake with a hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A hint, for a line of its own.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// An option's value that is wrong, and why.
    #[must_use]
    pub fn value(option: &str, value: &OsStr, reason: impl Display) -> Self {
        Self::new(format!("{option} `{}`: {reason}", Escaped(value.as_encoded_bytes())))
    }

    /// An option that requires another one.
    pub(super) fn requires(option: &str, others: &str) -> Self {
        Self::new(format!("{option} requires {others}"))
    }

    /// Options of which at most one can be given.
    pub(super) fn exclusive(options: &str) -> Self {
        Self::new(format!("{options} are mutually exclusive"))
    }
}

impl From<UsageError> for Refusal {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

/// Returns `true` if an option can be meant by a word: it is the word with a typing error, or begins with it.
fn can_mean(typed: &str, meant: &str) -> bool {
    let [typed, meant] = [typed, meant].map(|option| option.trim_start_matches('-'));
    meant.starts_with(typed) || is_near(typed, meant)
}

/// clap's errors in our words, escaped.
impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        let context = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(Escaped(text.as_bytes()).to_string()),
            Some(ContextValue::Strings(texts)) => {
                Some(texts.iter().map(|text| Escaped(text.as_bytes()).to_string()).collect::<Vec<_>>().join(", "))
            }
            _ => None,
        };
        let arg = || context(ContextKind::InvalidArg).unwrap_or_default();
        let option = || arg().split(' ').next().unwrap_or_default().to_owned();
        let message = match error.kind() {
            ErrorKind::DisplayHelp => return Self::Help(error.render().to_string()),
            ErrorKind::DisplayVersion => return Self::Show(error.render().to_string()),
            ErrorKind::UnknownArgument => format!("unknown option `{}`", arg()),
            ErrorKind::MissingRequiredArgument => match arg().replace(['<', '>'], "").split_once(", ") {
                Some((template, dir)) => format!("the operands {template} and {dir} are missing"),
                None => format!("the operand {} is missing", arg().replace(['<', '>'], "")),
            },
            ErrorKind::InvalidValue => {
                format!("{} `{}`: unknown value", option(), context(ContextKind::InvalidValue).unwrap_or_default())
            }
            ErrorKind::TooManyValues => format!("{} takes no value", option()),
            // For errors that later versions of clap may have: no command line is known that leads to one of these.
            ErrorKind::InvalidUtf8 => {
                "the name of an option, or a value that must be one of a few words, is not UTF-8".to_owned()
            }
            _ => Escaped(error.kind().to_string().as_bytes()).to_string(),
        };
        let option_meant = context(ContextKind::SuggestedArg).filter(|meant| can_mean(&arg(), meant));
        let suggested = (option_meant, context(ContextKind::SuggestedValue));
        let hint = match (suggested, context(ContextKind::ValidValue)) {
            ((Some(option), _), _) => format!("did you mean `{option}`? {HELP}"),
            ((None, Some(value)), _) => format!("did you mean `{value}`?"),
            ((None, None), Some(valid)) if !valid.is_empty() => format!("valid values: {valid}"),
            ((None, None), _) => USAGE.to_owned(),
        };
        UsageError::new(message).with_hint(hint).into()
    }
}
