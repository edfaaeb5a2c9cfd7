//! Signals that ask the program to end.

use crate::error::Error;
use crate::sys::{open_file, retry};
use cap_std::AmbientAuthority;
use cap_std::fs::Dir;
use s6_instance_maker_core::path::Name;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use std::io::Read as _;
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
    const STATUS: Name = Name::constant("status");
    #[expect(clippy::disallowed_methods, reason = "the process itself, not a path that anybody typed")]
    let proc = retry(|| Dir::open_ambient_dir("/proc/self", ambient));
    let read = |proc: Dir| {
        let mut status = String::new();
        open_file(&proc, &STATUS)?.read_to_string(&mut status).map(|_| status)
    };
    let status = proc.and_then(read).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
