//! Threads that share some work: their number, and the work.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The least number of entries that is worth a second thread.
const ENTRIES_FOR_THREADS: usize = 512;
/// More threads than this wait for the file system's own locks.
const THREADS_MAX: usize = 8;

/// The number of threads for work with so many entries: 1 where another one is not worth it.
pub(crate) fn threads_for(entries: usize) -> usize {
    if entries >= ENTRIES_FOR_THREADS { threads() } else { 1 }
}

/// The number of threads for work that is worth them: one for each processor, up to a limit.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get().min(THREADS_MAX))
}

/// Runs `part` in this thread and in others, `threads` together, and returns what each of them returned. Where the system has no room
/// for another thread, fewer run it: `part` takes work until none is left.
pub(crate) fn together<T: Send>(threads: usize, part: impl Fn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let start = |_| std::thread::Builder::new().spawn_scoped(scope, &part).ok();
        let others: Vec<_> = (1..threads).map_while(start).collect();
        let own = part();
        let results = others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        results.chain([own]).collect()
    })
}

/// Does `work` with each of `items`, in so many threads, and returns the results in the order of the items. Each thread has a state of
/// its own.
pub(crate) fn map<I: Sync, S: Default, R: Send>(items: &[I], threads: usize, work: impl Fn(&mut S, &I) -> R + Sync) -> Vec<R> {
    if threads <= 1 {
        let mut state = S::default();
        return items.iter().map(|item| work(&mut state, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let parts = together(threads, || {
        let (mut state, mut results) = (S::default(), Vec::new());
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return results };
            results.push((index, work(&mut state, item)));
        }
    });
    let mut results: Vec<_> = parts.into_iter().flatten().collect();
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
