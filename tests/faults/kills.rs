//! Killed at every system call, or asked to end at it.

use super::{
    Count, End, Ground, INTO_EXISTING, INTO_NEW, PLAIN, Record, SHAPES, Shape, Tree, Trial, fail_with, has_threads_or_say,
    large_template, numbers, shapes_for_threads, small_template, without_staging,
};
use s6_instance_maker_workspace::{disk, skip};

/// The parts that exist, each of them whole; anything else is an error in words. Staging directories are not parts.
fn parts(record: &Record, tree: &Tree) -> Result<usize, String> {
    let is_in = |path: &[u8], part: &str| path == part.as_bytes() || path.starts_with(format!("{part}/").as_bytes());
    let there = record.shape.parts.iter().filter(|part| tree.contains_key(part.as_bytes()));
    let there: Vec<&str> = there.copied().collect();
    let mut expected = record.before.clone();
    let made = record.after.iter().filter(|(path, _)| there.iter().any(|part| is_in(path, part)));
    expected.extend(made.map(|(path, entry)| (path.clone(), entry.clone())));
    let differences = disk::differences(&expected, tree);
    if differences.is_empty() { Ok(there.len()) } else { Err(format!("left: {there:?} whole; right: now\n{differences}")) }
}

/// After a kill: every part is there as a whole or not at all; and the next run, with the same words, has removed the rest, and not
/// what somebody holds. Where nothing was there, it makes everything.
fn check_kill(ground: &Ground, record: &Record, trial: &Trial) -> Result<usize, String> {
    let clean = without_staging(&trial.tree);
    let there = parts(record, &clean)?;
    let next = ground.run_again(&record.shape);
    let (code, expected) = if there == 0 { (0, &record.after) } else { (111, &clean) };
    let differences = disk::differences(expected, &ground.tree());
    let refused = there == 0 || next.stderr.contains(": it already exists");
    if next.code == Some(code) && differences.is_empty() && refused {
        Ok(there)
    } else {
        Err(format!("then\n{next}left: what should be there; right: now\n{differences}"))
    }
}

/// The number of trials, of those that left a staging directory, and of the parts that existed afterwards.
#[derive(Default)]
struct Killed {
    all: usize,
    /// Trials in which the call did not take place, so that nothing was killed.
    missed: usize,
    staging: usize,
    by_parts: [usize; 3],
    failures: Vec<String>,
}

fn kill(ground: &Ground, record: &Record, name: &str, nth: usize, killed: &mut Killed) {
    let trial = ground.disturb(record, name, nth, "signal=KILL");
    killed.all += 1;
    killed.missed += usize::from(!trial.met);
    killed.staging += usize::from(without_staging(&trial.tree).len() < trial.tree.len());
    match check_kill(ground, record, &trial) {
        Ok(there) => killed.by_parts[there] += 1,
        Err(why) => killed.failures.push(format!("{}{why}", trial.story(record))),
    }
    ground.undo(&record.before);
}

impl Killed {
    fn settle(&self, what: &str, parts: usize) {
        let between = match parts {
            2 => format!(", {} the first service without the second, each whole", self.by_parts[1]),
            _ => String::new(),
        };
        let (nothing, everything) = (self.by_parts[0], self.by_parts[parts]);
        skip::tell(&format!(
            "{what}: {} kills: {nothing} nothing, {everything} everything{between}; {} left a staging directory, removed by the \
             next run",
            self.all, self.staging
        ));
        fail_with(&self.failures, self.all);
        assert!(self.missed * 4 < self.all, "{} of {} calls did not take place", self.missed, self.all);
        assert!(self.staging > 10 && nothing > 10, "{} {nothing}", self.staging);
    }
}

fn kill_at_every_call_of(shape: Shape) {
    let ground = Ground::new(None, small_template);
    let record = ground.record(shape);
    let mut killed = Killed::default();
    for call in &record.calls {
        kill(&ground, &record, &call.name, call.nth, &mut killed);
    }
    killed.settle(&format!("killed at every call, {}", shape.name), shape.parts.len());
    assert_eq!(killed.missed, 0, "calls that did not take place");
    assert!(killed.by_parts[shape.parts.len()] > 0, "never killed after the last rename");
}

#[test]
fn killed_at_every_call() {
    kill_at_every_call_of(PLAIN);
}

#[test]
fn killed_at_every_call_with_r_in_a_new_directory() {
    kill_at_every_call_of(INTO_NEW);
}

#[test]
fn killed_at_every_call_with_r_in_an_existing_directory() {
    kill_at_every_call_of(INTO_EXISTING);
}

#[test]
fn killed_with_threads() {
    const TEST: &str = "faults::killed_with_threads";
    let share = if skip::all() { 50 } else { 2 };
    let ground = Ground::new(None, large_template);
    for shape in shapes_for_threads() {
        let record = ground.record(*shape);
        if !has_threads_or_say(&record, TEST) {
            return;
        }
        let mut killed = Killed::default();
        for (name, (first, last)) in numbers(record.calls.iter()) {
            for nth in (first..=last).step_by(((last - first) / share).max(1)) {
                kill(&ground, &record, name, nth, &mut killed);
            }
        }
        killed.settle(&format!("killed with threads, {}", shape.name), shape.parts.len());
    }
}

/// Checks a trial in which a signal asked ours to end: nothing with its own exit code, or everything; before it made anything, it
/// may end by the signal itself.
fn check_signal(trial: &Trial, end: End, made_something: bool) -> Result<(), String> {
    match (end, trial.answer.code) {
        (End::Everything, _) if trial.answer.stderr.is_empty() => Ok(()),
        (End::Nothing, Some(111)) if trial.answer.stderr == "s6-instance-maker: fatal: interrupted by a signal\n" => Ok(()),
        (End::Nothing, None) if !made_something => Ok(()),
        (end, _) => Err(format!("{end:?}")),
    }
}

/// The signals that ask a program to end.
const SIGNALS: [&str; 3] = ["INT", "TERM", "HUP"];

/// Unless in a full sweep, each of the three signals comes at every third call, so that together they come at all.
fn signal_at_every_call(which: usize) {
    let signal = SIGNALS[which];
    let every = if skip::all() { 1 } else { SIGNALS.len() };
    let ground = Ground::new(None, small_template);
    for shape in SHAPES {
        let record = ground.record(shape);
        let first_made = record.calls.iter().position(|call| call.name == "mkdirat").unwrap();
        let mut count = Count::default();
        // With exit_group there is nobody left for a signal to reach.
        let calls = record.calls.iter().enumerate().filter(|(_, call)| call.name != "exit_group");
        for (index, call) in calls.skip(which % every).step_by(every) {
            let trial = ground.disturb(&record, &call.name, call.nth, &format!("signal={signal}"));
            let end = trial.end(&record);
            count.add(end);
            let met = if trial.met { Ok(()) } else { Err("the call did not take place".to_owned()) };
            if let Err(why) = met.and_then(|()| check_signal(&trial, end, index > first_made)) {
                count.failures.push(format!("{why}: {}\n{}", call.text, trial.story(&record)));
            }
            ground.undo(&record.before);
        }
        count.settle(&format!("SIG{signal}, {}", shape.name));
        assert!(count.of(End::Nothing) * every > 100 && count.of(End::Everything) > 0, "{}", count.text());
    }
}

#[test]
fn interrupted_at_every_call() {
    signal_at_every_call(0);
}

#[test]
fn terminated_at_every_call() {
    signal_at_every_call(1);
}

#[test]
fn hung_up_at_every_call() {
    signal_at_every_call(2);
}

#[test]
fn signals_to_threads_leave_nothing() {
    const TEST: &str = "faults::signals_to_threads_leave_nothing";
    let share = if skip::all() { 50 } else { 2 };
    let ground = Ground::new(None, large_template);
    let record = ground.record(PLAIN);
    if !has_threads_or_say(&record, TEST) {
        return;
    }
    // From the first thing that is made on.
    let first_made = record.calls.iter().position(|call| call.name == "mkdirat").unwrap();
    let calls = record.calls.iter().skip(first_made + 1).filter(|call| call.name != "exit_group");
    let trials = numbers(calls)
        .into_iter()
        .flat_map(|(name, (first, last))| (first..=last).step_by(((last - first) / share).max(1)).map(move |nth| (name, nth)));
    let (mut count, mut missed) = (Count::default(), 0);
    // The signals by turns.
    for ((name, nth), signal) in trials.zip(SIGNALS.into_iter().cycle()) {
        let trial = ground.disturb(&record, name, nth, &format!("signal={signal}"));
        let end = trial.end(&record);
        missed += usize::from(!trial.met);
        count.add(end);
        // A thread's number for a call before anything is made may be the number of a later call of another.
        if let Err(why) = check_signal(&trial, end, false) {
            count.failures.push(format!("{why}\n{}", trial.story(&record)));
        }
        ground.undo(&record.before);
    }
    count.settle(&format!("signals to threads, {missed} of them not met"));
    assert!(count.of(End::Nothing) > 30 && missed * 4 < count.all(), "{}, {missed} not met", count.text());
}
