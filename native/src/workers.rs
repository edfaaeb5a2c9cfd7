//! Threads that do something with the entries of one tree together, where that helps.

use crate::error::Error;
use crate::threads::{threads, threads_for, together};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The least number of bytes that is worth a second thread.
const BYTES_FOR_THREADS: u64 = 8 << 20;
/// Entries are handed out in runs of neighbours, which mostly share a directory.
const RUN: usize = 128;

/// Does `work` with each of `entries`, whose files have so many bytes; each thread has a state of its own.
///
/// # Errors
///
/// That of the first entry in the tree that failed. Entries after it may be untouched.
pub(crate) fn for_each<T: Sync, S: Default>(
    entries: &[T],
    bytes: u64,
    work: impl Fn(&mut S, &T) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let threads = if bytes >= BYTES_FOR_THREADS { threads() } else { threads_for(entries.len()) };
    if threads == 1 {
        let mut state = S::default();
        return entries.iter().try_for_each(|entry| work(&mut state, entry));
    }
    let queue = WorkQueue { entries, next: AtomicUsize::new(0), failure: Mutex::new(None) };
    together(threads, || queue.take_part(&work));
    match queue.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// Entries that several threads work on.
struct WorkQueue<'a, T> {
    entries: &'a [T],
    /// The first one that nobody has begun.
    next: AtomicUsize,
    /// The first one in the tree that failed, and its error.
    failure: Mutex<Option<(usize, Error)>>,
}

impl<T> WorkQueue<'_, T> {
    fn take_part<S: Default>(&self, work: &impl Fn(&mut S, &T) -> Result<(), Error>) {
        let mut state = S::default();
        loop {
            let start = self.next.fetch_add(RUN, Ordering::Relaxed);
            if start >= self.entries.len() {
                return;
            }
            for (index, entry) in self.entries.iter().enumerate().skip(start).take(RUN) {
                if let Err(error) = work(&mut state, entry) {
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
