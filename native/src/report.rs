//! Reports on standard error: warnings after success, or errors.

use crate::error::Error;
use crate::palette::Palette;
use s6_instance_maker_core::message::{Message, MessageKind, line};
use std::io::Write;

/// The report of successful work.
#[derive(Debug, Default)]
pub struct Report {
    /// The plan's warnings: the result works, but probably not as intended.
    pub warnings: Vec<Message>,
    /// Leftovers of earlier runs that this one could not remove.
    pub leftovers: Vec<Error>,
    /// The effects of a refresh, each with the command that carries it on.
    pub notes: Vec<Message>,
    /// A check found a difference.
    pub differs: bool,
}

impl Report {
    /// 0, or 1 where a check found a difference.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        if self.differs { 1 } else { 0 }
    }
}

/// Writes what there is to say about an error, each hint on a line of its own.
pub fn fatal(to: &mut dyn Write, palette: Palette, error: &Error) {
    for message in error.messages() {
        write(to, palette, &message.lines());
    }
}

/// Writes what somebody should know about work that was done. The colors are asked for where there is anything.
pub fn warnings(to: &mut dyn Write, palette: impl FnOnce() -> Palette, report: &Report) {
    let messages = report.warnings.iter().chain(&report.notes).map(Message::lines);
    let leftovers = report.leftovers.iter().map(|leftover| line(MessageKind::Warning, leftover));
    let mut lines = messages.chain(leftovers).peekable();
    if lines.peek().is_some() {
        let palette = palette();
        lines.for_each(|lines| write(to, palette, &lines));
    }
}

/// Writes the line of a message, and that of its hint.
fn write(to: &mut dyn Write, palette: Palette, lines: &str) {
    // One write, so that lines of several processes do not mix. If it cannot be written, nobody can read it.
    let _ = to.write_all(palette.messages(lines).as_bytes());
}
