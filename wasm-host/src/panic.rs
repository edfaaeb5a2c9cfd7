//! The report of a panic: one line, and nothing that could need memory.

use s6_instance_maker_core::escape::Excerpt;
use std::io::{self, Write as _};
use std::panic;

/// Makes a panic write one line to standard error.
///
/// Rust's own report collects a backtrace where `RUST_BACKTRACE` is set. That takes memory, and a lock: a process without memory
/// can wait for itself for ever. A panic is a fault of the program, so the line names the place in its sources.
#[expect(clippy::disallowed_methods, reason = "a panic can be reported nowhere else")]
pub fn report_in_one_line() {
    panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("no message");
        let (file, line) = panic.location().map_or(("an unknown file", 0), |place| (place.file(), place.line()));
        // Nothing can be done where standard error is closed.
        let _ = writeln!(
            io::stderr(),
            "s6-instance-maker: fatal: internal error in {}, line {line}: {}",
            Excerpt(file.as_bytes()),
            Excerpt(text.as_bytes())
        );
    }));
}
