//! The number of threads that share some work.

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
