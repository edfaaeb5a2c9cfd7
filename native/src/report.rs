//! Reports on standard error: warnings after success, or errors.

use crate::error::Error;
use s6_instance_maker_core::message::{Message, MessageKind, line};
use std::fmt::Display;
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
pub fn fatal(to: &mut dyn Write, error: &Error) {
    for message in error.messages() {
        // One write for both lines, so that those of several processes do not mix. If it cannot be written, nobody can read it.
        let _ = to.write_all(message.lines().as_bytes());
    }
}

/// Writes what somebody should know about work that was done.
pub fn warnings(to: &mut dyn Write, report: &Report) {
    for message in report.warnings.iter().chain(&report.notes) {
        let _ = to.write_all(message.lines().as_bytes());
    }
    for leftover in &report.leftovers {
        write(to, MessageKind::Warning, leftover);
    }
}

fn write(to: &mut dyn Write, kind: MessageKind, text: &dyn Display) {
    // One write, so that lines of several processes do not mix. If it cannot be written, nobody can read it.
    let _ = to.write_all(line(kind, text).as_bytes());
}
