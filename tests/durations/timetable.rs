//! The begin and end of the tests of each program, from libtest's output.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The test programs that have run so far.
pub(crate) struct Timetable {
    threads: usize,
    programs: Vec<Program>,
}

/// One test program: when it began, and its tests in the order in which they ended.
struct Program {
    start: Duration,
    ends: Vec<(String, Duration)>,
}

impl Timetable {
    /// An empty timetable, for programs that run `threads` tests at once.
    pub(crate) const fn new(threads: usize) -> Self {
        Self { threads, programs: Vec::new() }
    }

    /// Takes the next line of output, which came at `now`.
    pub(crate) fn line(&mut self, line: &str, now: Duration) {
        let line = line.trim_end();
        if line.starts_with("running ") && line.ends_with([' ', 's', 't']) && line.contains(" test") {
            self.programs.push(Program { start: now, ends: Vec::new() });
            return;
        }
        // Not `test NAME has been running for over 60 seconds`, and whatever a test prints between a name and its result.
        let ended = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "));
        if let (Some((name, _)), Some(program)) = (ended, self.programs.last_mut()) {
            program.ends.push((name.to_owned(), now));
        }
    }
}

impl Program {
    /// The number of tests of each module, and the time that they took together.
    fn modules(&self, threads: usize) -> BTreeMap<&str, (usize, Duration)> {
        let mut waiting: Vec<&str> = self.ends.iter().map(|(name, _)| name.as_str()).collect();
        waiting.sort_unstable();
        let mut waiting = waiting.into_iter();
        let mut starts: BTreeMap<&str, Duration> = waiting.by_ref().take(threads).map(|name| (name, self.start)).collect();
        let mut modules = BTreeMap::<&str, (usize, Duration)>::new();
        for (name, end) in &self.ends {
            let start = starts.remove(name.as_str()).unwrap_or(*end);
            starts.extend(waiting.next().map(|next| (next, *end)));
            let module = name.split_once("::").map_or(name.as_str(), |(module, _)| module);
            let (count, time) = modules.entry(module).or_default();
            *count += 1;
            *time += end.saturating_sub(start);
        }
        modules
    }
}

impl fmt::Display for Timetable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules: Vec<_> = self.programs.iter().flat_map(|program| program.modules(self.threads)).collect();
        if modules.is_empty() {
            return Ok(());
        }
        writeln!(f, "{:<24}{:>8}{:>12}", "module", "tests", "seconds")?;
        for (module, (count, time)) in &modules {
            writeln!(f, "{module:<24}{count:>8}{:>12.1}", time.as_secs_f64())?;
        }
        let count: usize = modules.iter().map(|(_, (count, _))| count).sum();
        let time: Duration = modules.iter().map(|(_, (_, time))| *time).sum();
        writeln!(f, "{:<24}{count:>8}{:>12.1}", format!("all, {} at once", self.threads), time.as_secs_f64())
    }
}
