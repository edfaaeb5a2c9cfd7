//! Threads that make the entries of one result together, where that helps.

use crate::apply::fill::{Cursors, Fill, PlanEntry};
use crate::error::Error;
use crate::threads::{threads, threads_for};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The least number of bytes that is worth a second thread.
const BYTES_FOR_THREADS: u64 = 8 << 20;
/// Entries are handed out in runs of neighbours, which mostly share a directory.
const RUN: usize = 32;

/// Makes all `entries`, none of them a directory, whose files have so many bytes.
pub(super) fn make(fill: &Fill<'_>, entries: &[PlanEntry<'_>], bytes: u64) -> Result<(), Error> {
    let threads = if bytes >= BYTES_FOR_THREADS { threads() } else { threads_for(entries.len()) };
    if threads == 1 {
        let mut cursors = Cursors::default();
        return entries.iter().try_for_each(|entry| fill.other(&mut cursors, entry));
    }
    let work = WorkQueue { fill, entries, next: AtomicUsize::new(0), failure: Mutex::new(None) };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where the system has no room for another thread, those that there are do the work.
            if std::thread::Builder::new().spawn_scoped(scope, || work.take_part()).is_err() {
                break;
            }
        }
        work.take_part();
    });
    match work.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// Entries that several threads make.
struct WorkQueue<'a> {
    fill: &'a Fill<'a>,
    entries: &'a [PlanEntry<'a>],
    /// The first one that nobody has begun.
    next: AtomicUsize,
    /// The first one in the tree that failed, and its error.
    failure: Mutex<Option<(usize, Error)>>,
}

impl WorkQueue<'_> {
    fn take_part(&self) {
        let mut cursors = Cursors::default();
        loop {
            let start = self.next.fetch_add(RUN, Ordering::Relaxed);
            if start >= self.entries.len() {
                return;
            }
            for (index, entry) in self.entries.iter().enumerate().skip(start).take(RUN) {
                if let Err(error) = self.fill.other(&mut cursors, entry) {
                    // Nothing beyond the failure is begun; what comes first in the tree is what is reported.
                    self.next.store(self.entries.len(), Ordering::Relaxed);
                    let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    if failure.as_ref().is_none_or(|(first, _)| index < *first) {
                        *failure = Some((index, error));
                    }
                    return;
                }
            }
        }
    }
}
