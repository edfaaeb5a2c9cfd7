//! Messages for standard error, one form for every program: who speaks, how bad it is, what is the matter.

use alloc::format;
use alloc::string::String;
use core::fmt::Display;

/// Who speaks: in every program of this project, as in the one that it takes the place of.
pub const PROGRAM: &str = "s6-instance-maker";

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing was made.
    Fatal,
    /// What may help against something fatal.
    Hint,
    /// It was made, but perhaps not as meant.
    Warning,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Hint => "hint",
            Self::Warning => "warning",
        }
    }
}

/// A line with its newline. `text` is escaped already.
#[must_use]
pub fn line(level: Level, text: &dyn Display) -> String {
    format!("{PROGRAM}: {}: {text}\n", level.word())
}

/// What a program of this project says when it fails: a fatal error's text, and a hint's. Anything else is none.
#[must_use]
pub fn parse(messages: &[u8]) -> Option<(&str, Option<&str>)> {
    let take = |messages, level: Level| {
        let rest = str::strip_prefix(messages, PROGRAM)?.strip_prefix(": ")?.strip_prefix(level.word())?;
        rest.strip_prefix(": ")?.split_once('\n').filter(|(text, _)| !text.is_empty())
    };
    let (fatal, rest) = take(core::str::from_utf8(messages).ok()?, Level::Fatal)?;
    if rest.is_empty() {
        return Some((fatal, None));
    }
    let (hint, rest) = take(rest, Level::Hint)?;
    rest.is_empty().then_some((fatal, Some(hint)))
}
