//! Messages for standard error: who speaks, how bad it is, what is the matter, what may help.

use crate::{Error, Report};
use std::fmt::Display;
use std::io::Write;

const PROGRAM: &str = "s6-instance-maker";

/// Writes an error, and its hint on a line of its own. Where nobody can read it, nobody is told.
pub fn fatal(to: &mut dyn Write, error: &Error) {
    line(to, "fatal", error);
    if let Some(hint) = error.hint() {
        line(to, "hint", &hint);
    }
}

/// Writes what somebody should know about work that was done.
pub fn warnings(to: &mut dyn Write, report: &Report) {
    for warning in &report.warnings {
        line(to, "warning", warning);
    }
    for leftover in &report.leftovers {
        line(to, "warning", leftover);
    }
}

fn line(to: &mut dyn Write, level: &str, text: &dyn Display) {
    // One write, so that lines of several processes do not mix; a closed standard error is no reason to fail.
    let _ = to.write_all(format!("{PROGRAM}: {level}: {text}\n").as_bytes());
}
