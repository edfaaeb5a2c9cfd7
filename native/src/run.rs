//! What accompanies the work: signals that ask it to end, and somebody who watches it.

use crate::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

/// What accompanies one run of the program.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Set when a signal asked the program to end.
    pub interrupt: &'a AtomicBool,
    /// Who is told how far the work is.
    pub progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Fails when a signal asked the program to end.
    pub fn check(&self) -> Result<(), Error> {
        if self.interrupt.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Somebody who watches the work, perhaps from several threads.
pub trait Progress: Sync {
    /// So many more entries of the template were read.
    fn read(&self, entries: u64);
    /// So many entries are to be made, with so many bytes in them.
    fn plan(&self, entries: u64, bytes: u64);
    /// So many more entries were made.
    fn made(&self, entries: u64);
    /// So many more bytes were copied.
    fn copied(&self, bytes: u64);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn read(&self, _: u64) {}
    fn plan(&self, _: u64, _: u64) {}
    fn made(&self, _: u64) {}
    fn copied(&self, _: u64) {}
}
