//! The circumstances of a run: signals that ask it to end, and an observer of its progress.

use crate::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

/// The circumstances of one run of the program.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// Set when a signal asked the program to end.
    pub interrupt: &'a AtomicBool,
    /// The observer of the progress.
    pub progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Fails when a signal asked the program to end.
    pub fn check(&self) -> Result<(), Error> {
        if self.interrupt.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// An observer of the work; several threads may call it.
pub trait Progress: Sync {
    /// Counts entries of the template that were read.
    fn read(&self, entries: u64);
    /// Announces the entries and bytes that will be made.
    fn plan(&self, entries: u64, bytes: u64);
    /// Counts entries that were made.
    fn made(&self, entries: u64);
    /// Counts bytes that were copied.
    fn copied(&self, bytes: u64);
}

/// An observer that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn read(&self, _: u64) {}
    fn plan(&self, _: u64, _: u64) {}
    fn made(&self, _: u64) {}
    fn copied(&self, _: u64) {}
}
