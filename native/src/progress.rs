//! A line about the progress of work that takes longer than a second, where somebody can see it.

use crate::run::Progress;
use rustix::termios::tcgetwinsize;
use std::io::{Stderr, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The time after which the line appears.
const PATIENCE: Duration = Duration::from_secs(1);
/// The interval between two changes of the line.
const PACE: Duration = Duration::from_millis(100);
/// The bytes that clear the line of a terminal and return to its beginning.
const CLEAR: &str = "\r\x1b[K";
/// The width of a terminal that does not tell its own, in columns.
const WIDTH: u16 = 80;

/// A line on standard error, hidden for the first second.
#[derive(Debug)]
pub struct ProgressLine {
    terminal: Stderr,
    begun: Instant,
    /// The time of the next change, in milliseconds since then.
    due: AtomicU64,
    is_shown: AtomicBool,
    read: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    made: AtomicU64,
    copied: AtomicU64,
}

impl ProgressLine {
    /// A line that will appear on `terminal`.
    #[must_use]
    pub fn new(terminal: Stderr) -> Self {
        let zero = || AtomicU64::new(0);
        #[expect(clippy::disallowed_methods, reason = "nothing but what is shown depends on it")]
        let begun = Instant::now();
        Self {
            terminal,
            begun,
            due: AtomicU64::new(PATIENCE.as_millis() as u64),
            is_shown: AtomicBool::new(false),
            read: zero(),
            entries: zero(),
            bytes: zero(),
            made: zero(),
            copied: zero(),
        }
    }

    fn show(&self) {
        let elapsed = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = self.due.load(Ordering::Relaxed);
        // One of the threads that find it due changes the line.
        let next = elapsed.saturating_add(PACE.as_millis() as u64);
        if elapsed < due || self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        // A longer line would go on in the next one, which is not cleared.
        let told = tcgetwinsize(&self.terminal).ok().map(|size| size.ws_col).filter(|&columns| columns > 0);
        let width = told.unwrap_or(WIDTH).saturating_sub(1);
        let mut text = self.text();
        text.truncate(width.into());
        self.is_shown.store(true, Ordering::Relaxed);
        self.write(&format!("{CLEAR}{text}"));
    }

    /// The line: in ASCII, so that a byte is a column.
    fn text(&self) -> String {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (entries, bytes) = (load(&self.entries), load(&self.bytes));
        if entries == 0 {
            return format!("reading: {} entries", load(&self.read));
        }
        let (made, copied) = (load(&self.made), load(&self.copied));
        // An entry costs about what copying 64 KiB does.
        let work = |entries: u64, bytes: u64| u128::from(entries) * (64 << 10) + u128::from(bytes);
        let percent = work(made, copied) * 100 / work(entries, bytes).max(1);
        format!("making: {percent:>3} %, {made}/{entries} entries, {}/{} KiB", copied >> 10, bytes >> 10)
    }

    /// Writes `text` at once. An error is ignored: the line is information only.
    fn write(&self, text: &str) {
        let _ = (&self.terminal).write_all(text.as_bytes());
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_shown.load(Ordering::Relaxed) {
            self.write(CLEAR);
        }
    }
}

impl Progress for ProgressLine {
    fn read(&self, entries: u64) {
        self.read.fetch_add(entries, Ordering::Relaxed);
        self.show();
    }

    fn plan(&self, entries: u64, bytes: u64) {
        self.entries.store(entries, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.show();
    }

    fn made(&self, entries: u64) {
        self.made.fetch_add(entries, Ordering::Relaxed);
        self.show();
    }

    fn copied(&self, bytes: u64) {
        self.copied.fetch_add(bytes, Ordering::Relaxed);
        self.show();
    }
}
