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

/// A line with its newline. `text` is escaped already.
#[must_use]
pub fn line(level: Level, text: &dyn Display) -> String {
    let level = match level {
        Level::Fatal => "fatal",
        Level::Hint => "hint",
        Level::Warning => "warning",
    };
    format!("{PROGRAM}: {level}: {text}\n")
}
