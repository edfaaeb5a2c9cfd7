//! Messages for standard error, one form for every program: who speaks, how bad it is, what is the matter.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Display;

/// The name at the beginning of every message, in every program of this project: the name of the original program.
pub const PROGRAM: &str = "s6-instance-maker";

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// An error: nothing was made.
    Fatal,
    /// Advice about an error or a warning.
    Hint,
    /// It was made, but perhaps not as meant.
    Warning,
    /// A fact about what was made.
    Note,
}

impl MessageKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Fatal => "fatal",
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A line with its newline. `text` is escaped already.
#[must_use]
pub fn line(kind: MessageKind, text: &dyn Display) -> String {
    format!("{PROGRAM}: {}: {text}\n", kind.word())
}

/// An error, a warning or a note, perhaps with a hint; escaped already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The kind: anything but a hint.
    pub kind: MessageKind,
    /// The problem and its consequence.
    pub text: String,
    /// A hint.
    pub hint: Option<String>,
}

impl Message {
    /// An error, perhaps with a hint.
    #[must_use]
    pub fn new(text: &dyn Display, hint: Option<&str>) -> Self {
        Self { kind: MessageKind::Fatal, text: text.to_string(), hint: hint.map(Into::into) }
    }

    /// A note, perhaps with a hint.
    #[must_use]
    pub fn note(text: &dyn Display, hint: Option<&str>) -> Self {
        Self { kind: MessageKind::Note, ..Self::new(text, hint) }
    }

    /// Its line, and that of its hint.
    #[must_use]
    pub fn lines(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| line(MessageKind::Hint, hint));
        line(self.kind, &self.text) + &hint.unwrap_or_default()
    }
}

/// Reads the messages of a program of this project: errors, then warnings, each perhaps with a hint. `None`: the text is anything
/// else.
#[must_use]
pub fn parse(messages: &[u8]) -> Option<Vec<Message>> {
    let take = |messages, kind: MessageKind| {
        let rest = str::strip_prefix(messages, PROGRAM)?.strip_prefix(": ")?.strip_prefix(kind.word())?;
        rest.strip_prefix(": ")?.split_once('\n').filter(|(text, _)| !text.is_empty())
    };
    let mut rest = core::str::from_utf8(messages).ok()?;
    let mut messages = Vec::new();
    let mut kind = MessageKind::Fatal;
    while !rest.is_empty() {
        let (text, behind) = match take(rest, kind) {
            Some(taken) => taken,
            // Behind the errors come the warnings, and no more errors.
            None if !messages.is_empty() => {
                kind = MessageKind::Warning;
                take(rest, kind)?
            }
            None => return None,
        };
        let hint = take(behind, MessageKind::Hint);
        rest = hint.map_or(behind, |(_, behind)| behind);
        messages.push(Message { kind, ..Message::new(&text, hint.map(|(hint, _)| hint)) });
    }
    (!messages.is_empty()).then_some(messages)
}
