//! A progress bar for work that takes longer than a second, where somebody can see it.

use crate::run::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The time after which a bar appears.
const PATIENCE: Duration = Duration::from_secs(1);
/// The interval between two changes of a bar.
const PACE: Duration = Duration::from_millis(100);

/// A bar on standard error, hidden for the first second.
#[derive(Debug)]
pub struct Bar {
    begun: Instant,
    /// The time of the next change, in milliseconds since then.
    due: AtomicU64,
    shown: OnceLock<ProgressBar>,
    read: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    made: AtomicU64,
    copied: AtomicU64,
}

impl Default for Bar {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        #[expect(clippy::disallowed_methods, reason = "nothing but what is shown depends on it")]
        let begun = Instant::now();
        Self {
            begun,
            due: AtomicU64::new(PATIENCE.as_millis() as u64),
            shown: OnceLock::new(),
            read: zero(),
            entries: zero(),
            bytes: zero(),
            made: zero(),
            copied: zero(),
        }
    }
}

impl Bar {
    fn show(&self) {
        let elapsed = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = self.due.load(Ordering::Relaxed);
        // One of the threads that find it due changes the bar.
        let next = elapsed.saturating_add(PACE.as_millis() as u64);
        if elapsed < due || self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let bar = self.shown.get_or_init(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            // The template is a constant of ours; were it wrong, indicatif's own style would do.
            let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style);
            bar
        });
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (entries, bytes) = (load(&self.entries), load(&self.bytes));
        if entries == 0 {
            bar.set_message(format!("reading: {} entries", load(&self.read)));
            return;
        }
        let (made, copied) = (load(&self.made), load(&self.copied));
        // An entry costs about what copying 64 KiB does.
        let work = |entries: u64, bytes: u64| entries.saturating_mul(64 << 10).saturating_add(bytes);
        bar.set_length(work(entries, bytes));
        bar.set_position(work(made, copied));
        bar.set_message(format!("making: {made}/{entries} entries, {}/{} KiB", copied >> 10, bytes >> 10));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.shown.get() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
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
