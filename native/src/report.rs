//! What is reported on standard error when the work is done, or cannot be.

use crate::error::Error;
use s6_instance_maker_core::message::{Level, Said, line};
use std::fmt::Display;
use std::io::Write;

/// What the user should know about work that was done.
#[derive(Debug, Default)]
pub struct Report {
    /// What works, but probably not as meant.
    pub warnings: Vec<Said>,
    /// What earlier runs left behind and this one could not remove.
    pub leftovers: Vec<Error>,
}

/// Writes what there is to say about an error, each hint on a line of its own.
pub fn fatal(to: &mut dyn Write, error: &Error) {
    for said in error.said() {
        // One write for both lines, so that those of several processes do not mix. Where nobody can read it, nobody is told.
        let _ = to.write_all(said.lines().as_bytes());
    }
}

/// Writes what somebody should know about work that was done.
pub fn warnings(to: &mut dyn Write, report: &Report) {
    for said in &report.warnings {
        let _ = to.write_all(said.lines().as_bytes());
    }
    for leftover in &report.leftovers {
        write(to, Level::Warning, leftover);
    }
}

fn write(to: &mut dyn Write, level: Level, text: &dyn Display) {
    // One write, so that lines of several processes do not mix. Where nobody can read it, nobody is told.
    let _ = to.write_all(line(level, text).as_bytes());
}
