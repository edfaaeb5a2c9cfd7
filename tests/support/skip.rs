//! Tests that need something which is not there: they say so, and fail where everything has to be there.

use std::io::Write as _;

/// Set to anything, it makes a test fail that would otherwise say that it did not run. The test command sets it.
pub const REQUIRE_ALL: &str = "S6_INSTANCE_MAKER_REQUIRE_ALL";

/// Says in a sentence that a test did not run, and why.
///
/// # Panics
///
/// If [`REQUIRE_ALL`] is set.
pub fn did_not_run(test: &str, why: &str) {
    assert!(std::env::var_os(REQUIRE_ALL).is_none(), "{test} must run here, but {why}");
    say(test, why);
}

/// Says in a sentence that a test did not run, wherever it is: for what no installation can be asked to have.
pub fn say(test: &str, why: &str) {
    // Written to the stream itself: what goes through eprintln! is captured when a test passes.
    let _ = writeln!(std::io::stderr(), "\nnot run: {test}: {why}");
}

/// Returns `true` if this process is root; where it is not, the test says that it did not run.
#[must_use]
pub fn is_root_or_say(test: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        did_not_run(test, "it needs root");
    }
    root
}

/// Set to `full`, it makes sweeps and races as long as they can be, for a nightly run; otherwise they do a share of it.
pub const SWEEP: &str = "S6_INSTANCE_MAKER_SWEEP";

/// Returns `true` if all of a sweep is asked for.
#[must_use]
pub fn all() -> bool {
    std::env::var_os(SWEEP).is_some_and(|sweep| sweep == "full")
}

/// Says how much a test has looked at, so that a run shows it.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
