//! Signals that ask the program to end.

use crate::error::Error;
use crate::sys::retry;
use cap_std::AmbientAuthority;
use cap_std::fs::File;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use std::io::{BufRead as _, BufReader};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Has a file that grows beyond the process's limit be an error instead of a signal.
///
/// # Ambient Authority
///
/// Installs a handler for the whole process.
pub fn expect_file_limit(_: AmbientAuthority) -> Result<(), Error> {
    // The flag is not read: it suffices that the signal is caught.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map(|_| ()).map_err(Error::Signals)
}

/// A flag that SIGINT, SIGTERM, SIGHUP and SIGQUIT set from now on, instead of ending the process; but for those that whoever
/// started the program has it ignore, as nohup does, and shells do for what runs in the background.
///
/// # Ambient Authority
///
/// Installs handlers for the whole process, and reads in /proc which signals it ignores. Where there is no /proc, it is taken to
/// ignore none.
pub fn watch(ambient: AmbientAuthority) -> Result<Arc<AtomicBool>, Error> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let ignored = ignored(ambient);
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
        if ignored & (1 << (signal - 1)) == 0 {
            signal_hook::flag::register(signal, Arc::clone(&interrupt)).map_err(Error::Signals)?;
        }
    }
    Ok(interrupt)
}

/// The signals that the process ignores, the lowest bit for signal 1.
fn ignored(ambient: AmbientAuthority) -> u64 {
    /// The size of the buffer, in bytes: the line of the signals comes behind that of the groups, of which there are few.
    const BUFFER: usize = 4 << 10;
    #[expect(clippy::disallowed_methods, reason = "the process itself, not a path that anybody typed")]
    let status = retry(|| File::open_ambient("/proc/self/status", ambient));
    let mask = |line: Vec<u8>| String::from_utf8(line.strip_prefix(b"SigIgn:")?.to_vec()).ok();
    let found = status.ok().and_then(|status| {
        // The line of the name may be any bytes.
        BufReader::with_capacity(BUFFER, status).split(b'\n').map_while(Result::ok).find_map(mask)
    });
    found.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
