//! `--refresh` and `--refresh-instances`, disturbed at every system call: each part is old or new, never a mixture, and the next run
//! completes what was begun.

use super::errors::{errors, share, words};
use super::{Call, Ground, Record, STAGING_PREFIX, Shape, Tree, fail_with};
use crate::refresh::template;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A refresh, by what was made before and what is brought up to date.
struct Case {
    label: &'static str,
    /// The options of the older state.
    old: &'static [&'static str],
    /// The options of the refresh, whose template is the newer one.
    new: &'static [&'static str],
    dir: &'static str,
    /// The entries that are put into place one by one; all else changes with the nearest of them around it, or not at all.
    units: &'static [&'static str],
    /// The number of calls that are tried in the ordinary run besides renames; all in a full one.
    share: usize,
}

/// The parts of a service.
const SERVICE: Case = Case {
    label: "--refresh",
    old: &["-L", "/l"],
    new: &["--refresh", "-L", "/other", "--s6-version", "2.13", "-c", "20", "--instance", "more"],
    dir: "svc",
    units: &["", "run", "notification-fd", "log/run", "log", "template", "instance/more", "instances/more"],
    share: 60,
};

/// Those of the copies, too.
const INSTANCES: Case = Case {
    label: "--refresh-instances",
    old: &[],
    new: &["--refresh-instances"],
    dir: "svc",
    units: &[
        "template",
        "instances/live",
        "instances/live/run",
        "instances/live/finish",
        "instances/live/data",
        "instances/live/env",
        "instances/live/conf/version",
        "instances/live/conf",
        "instances/live/early",
        "instances/live/late",
        "instances/live/log/run",
        "instances/live/log",
    ],
    share: 60,
};

/// A directory with nothing in it.
const EMPTY: Case = Case {
    label: "--refresh, an empty directory",
    old: &[],
    new: &["--refresh", "-L", "/l"],
    dir: "empty",
    units: &["", "run", "notification-fd", "log", "template", "instance", "instances"],
    share: 30,
};

/// Source definitions.
const DEFINITIONS: Case = Case {
    label: "--refresh -r",
    old: &["-r", "svc/log", "-L", "/l"],
    new: &["--refresh", "-r", "svc/log", "-L", "/other", "--depends-on", "net", "--essential"],
    dir: "source",
    units: &[
        "svc",
        "svc/template",
        "svc/dependencies.d",
        "svc/flag-essential",
        "log",
        "log/run",
        "log/dependencies.d",
        "log/flag-essential",
    ],
    share: 30,
};

/// The states before and after, and what there is to be disturbed.
struct Sweep {
    case: &'static Case,
    ground: Ground,
    record: Record,
}

impl Sweep {
    fn new(case: &'static Case) -> Self {
        let ground = Ground::new(None, |path| {
            template(path, "new");
            disk::file(path.join("late"), 0o640, "late");
            disk::chmod(path.join("conf"), 0o750);
        });
        let work = ground.scratch.join("work");
        let older = ground.scratch.join("older");
        template(&older, "old");
        disk::file(older.join("early"), 0o644, "early");
        disk::directory(work.join("empty"), 0o700);
        if case.dir != "empty" {
            let make = |options: &[&str], dir: &str| {
                let words: Vec<&str> = options.iter().copied().chain(["../older", dir]).collect();
                maker(&work, words).expect_code(0);
            };
            make(case.old, case.dir);
            if case.dir == "svc" {
                live(&work.join("svc"));
            }
        }
        let ground = ground.restoring(case.dir);
        let shape = Shape { name: case.label, options: case.new, dir: case.dir, parts: &[], always: &[] };
        let record = ground.record(shape);
        assert_eq!(record.answer.code, Some(0), "{}", record.answer);
        assert!(record.before != record.after, "{}", record.answer);
        let sweep = Self { case, ground, record };
        // With nothing in the way, everything is new: the units are all that changes.
        let (old, new) = (sweep.is_each_old_or_new(&sweep.record.before), sweep.is_each_old_or_new(&sweep.record.after));
        assert!(old.is_ok() && new.is_ok(), "{old:?} {new:?}");
        sweep
    }

    /// The calls to try, and their numbers: those that put something into place, and of the others a share, another one for each
    /// `start`.
    fn calls(&self, start: usize) -> impl Iterator<Item = (usize, &Call)> {
        let every = if skip::all() { 1 } else { (self.record.calls.len() / self.case.share).max(1) };
        let is_due = move |(number, call): &(usize, &Call)| call.name.starts_with("rename") || number % every == start % every;
        self.record.calls.iter().enumerate().filter(is_due)
    }

    /// Returns how many units are new, of those that change; in words which entry is neither old nor new, or belongs to neither.
    fn is_each_old_or_new(&self, tree: &Tree) -> Result<usize, String> {
        let dir = self.case.dir;
        let clean = without_own(tree, dir);
        let (before, after) = (without_own(&self.record.before, dir), without_own(&self.record.after, dir));
        let unit_of = |path: &[u8]| {
            let inner = path.strip_prefix(dir.as_bytes()).map(|inner| inner.strip_prefix(b"/").unwrap_or(inner));
            let is_around = |inner: &[u8], unit: &str| {
                let rest = inner.strip_prefix(unit.as_bytes());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || unit.is_empty())
            };
            let around =
                inner.map(|inner| self.case.units.iter().filter(|unit| is_around(inner, unit)).max_by_key(|unit| unit.len()));
            around.flatten().copied().unwrap_or("nothing that changes")
        };
        let part = |tree: &Tree, unit: &str| -> Tree {
            tree.iter().filter(|(path, _)| unit_of(path) == unit).map(|(path, entry)| (path.clone(), entry.clone())).collect()
        };
        let mut new = 0;
        for unit in self.case.units.iter().copied().chain(["nothing that changes"]) {
            let (old, now, planned) = (part(&before, unit), part(&clean, unit), part(&after, unit));
            if now == planned {
                new += usize::from(old != planned);
            } else if now != old {
                return Err(format!("{unit:?} is neither\nleft: new; right: now\n{}", disk::differences(&planned, &now)));
            }
        }
        Ok(new)
    }

    /// The next run, with the same words, completes everything and tidies up.
    fn completes(&self) -> Result<(), String> {
        let next = self.ground.run_again(&self.record.shape);
        let differences = disk::differences(&self.record.after, &self.ground.tree());
        match next.code {
            Some(0) if differences.is_empty() => Ok(()),
            _ => Err(format!("the next run: {next}left: everything; right: now\n{differences}")),
        }
    }
}

/// A tree without staging directories and records.
fn without_own(tree: &Tree, dir: &str) -> Tree {
    let own = format!("{dir}/{}", STAGING_PREFIX.trim_end_matches('+'));
    tree.iter()
        .filter(|(path, _)| !path.starts_with(own.as_bytes()))
        .map(|(path, entry)| (path.clone(), entry.clone()))
        .collect()
}

/// Makes an instance as s6-instance-create does.
fn live(service: &Path) {
    super::copy_tree(&service.join("template"), &service.join("instances/live"));
    symlink("../instances/live", service.join("instance/live")).unwrap();
    disk::directory(service.join("instances/live/event"), 0o3730);
    disk::file(service.join("instances/live/supervise/status"), 0o644, "status");
    disk::file(service.join("instances/live/own"), 0o644, "own");
}

/// The number of trials for each end.
#[derive(Default)]
struct Ends {
    nothing: usize,
    some: usize,
    everything: usize,
    failures: Vec<String>,
}

impl Ends {
    fn add(&mut self, sweep: &Sweep, new: usize) {
        let all = sweep.is_each_old_or_new(&sweep.record.after).unwrap_or(0);
        match new {
            0 => self.nothing += 1,
            new if new == all => self.everything += 1,
            _ => self.some += 1,
        }
    }

    fn all(&self) -> usize {
        self.nothing + self.some + self.everything
    }

    fn settle(&self, what: &str) {
        let Self { nothing, some, everything, .. } = self;
        skip::tell(&format!(
            "{what}: {} trials: {nothing} all old, {some} some parts old and some new, {everything} all new",
            self.all()
        ));
        fail_with(&self.failures, self.all() + self.failures.len());
        assert!(*nothing > 5 && *everything > 5, "{nothing} {everything}");
    }
}

fn kill_at_every_call_of(case: &'static Case) {
    let sweep = Sweep::new(case);
    let mut ends = Ends::default();
    for (_, call) in sweep.calls(0) {
        let trial = sweep.ground.disturb(&sweep.record, &call.name, call.nth, "signal=KILL");
        let met = if trial.met { Ok(()) } else { Err("the call did not take place".to_owned()) };
        let judged = met.and_then(|()| sweep.is_each_old_or_new(&trial.tree));
        match judged.and_then(|new| sweep.completes().map(|()| new)) {
            Ok(new) => ends.add(&sweep, new),
            Err(why) => ends.failures.push(format!("{}: {}\n{why}", case.label, call.text)),
        }
        sweep.ground.undo(&sweep.record.before);
    }
    ends.settle(&format!("killed at every call, {}", case.label));
}

#[test]
fn killed_at_every_call() {
    kill_at_every_call_of(&SERVICE);
}

#[test]
fn killed_at_every_call_with_instances() {
    kill_at_every_call_of(&INSTANCES);
}

#[test]
fn killed_at_every_call_in_an_empty_directory() {
    kill_at_every_call_of(&EMPTY);
}

#[test]
fn killed_at_every_call_with_r() {
    kill_at_every_call_of(&DEFINITIONS);
}

/// Judges a run in which one call failed: everything and exit code 0; or 111 and all is as it was; or 111, some parts are new, and the
/// message says so. Nothing is left that is not reported. Returns how many parts are new.
fn judge(sweep: &Sweep, answer: &Answer, tree: &Tree, error: &str, silenced: bool) -> Result<usize, String> {
    let new = sweep.is_each_old_or_new(tree)?;
    let stderr = &answer.stderr;
    let is_told = silenced || stderr.contains(&format!(": {}\n", words(error)));
    let is_tidy =
        |tree: &Tree, expected: &Tree| tree == expected || (is_told && stderr.contains(STAGING_PREFIX.trim_end_matches('+')));
    match answer.code {
        Some(0) if without_own(tree, sweep.case.dir) == without_own(&sweep.record.after, sweep.case.dir) => {
            if is_tidy(tree, &sweep.record.after) { Ok(new) } else { Err("something is left that is not reported".into()) }
        }
        Some(0) => Err("not everything is new".into()),
        Some(111) if error == "EINTR" => Err("an interrupted call was not tried again".into()),
        Some(111) if !is_told => Err("the message does not say why".into()),
        Some(111) if stderr.contains("partly up to date, each part is old or new: ") => Ok(new),
        Some(111) if without_own(tree, sweep.case.dir) != without_own(&sweep.record.before, sweep.case.dir) => {
            Err("something has changed, and the message does not say so".into())
        }
        Some(111) if is_tidy(tree, &sweep.record.before) => Ok(new),
        Some(111) => Err(format!("left\n{}", disk::differences(&sweep.record.before, tree))),
        _ => Err("no right exit code".into()),
    }
}

fn fail_every_call_of(case: &'static Case) {
    let sweep = Sweep::new(case);
    let mut ends = Ends::default();
    for (turn, call) in sweep.calls(1) {
        for error in share(errors(call), turn) {
            let trial = sweep.ground.disturb(&sweep.record, &call.name, call.nth, &format!("error={error}"));
            let met = if trial.met { Ok(()) } else { Err("the call did not take place".to_owned()) };
            let judged = met.and_then(|()| judge(&sweep, &trial.answer, &trial.tree, error, trial.silenced));
            match judged.and_then(|new| sweep.completes().map(|()| new)) {
                Ok(new) => ends.add(&sweep, new),
                Err(why) => ends.failures.push(format!("{}: {error}: {}\n{}{why}", case.label, call.text, trial.answer)),
            }
            sweep.ground.undo(&sweep.record.before);
        }
    }
    ends.settle(&format!("failing calls, {}", case.label));
}

#[test]
fn every_failing_call_leaves_parts_that_are_old_or_new() {
    fail_every_call_of(&SERVICE);
}

#[test]
fn every_failing_call_leaves_parts_that_are_old_or_new_with_instances() {
    fail_every_call_of(&INSTANCES);
}

#[test]
fn every_failing_call_leaves_parts_that_are_old_or_new_in_an_empty_directory() {
    fail_every_call_of(&EMPTY);
}

#[test]
fn every_failing_call_leaves_parts_that_are_old_or_new_with_r() {
    fail_every_call_of(&DEFINITIONS);
}

/// A signal ends it before the first part is replaced, or not at all.
#[test]
fn interrupted_at_every_call() {
    for case in [&SERVICE, &INSTANCES] {
        let sweep = Sweep::new(case);
        let mut ends = Ends::default();
        let calls = sweep.calls(2).map(|(_, call)| call).filter(|call| call.name != "exit_group");
        for (call, signal) in calls.zip(["INT", "TERM", "HUP"].into_iter().cycle()) {
            let trial = sweep.ground.disturb(&sweep.record, &call.name, call.nth, &format!("signal={signal}"));
            let answer = &trial.answer;
            let interrupted = answer.stderr == "s6-instance-maker: fatal: interrupted by a signal\n";
            let end = match answer.code {
                Some(0) if trial.tree == sweep.record.after => Ok(()),
                Some(111) if interrupted && trial.tree == sweep.record.before => Ok(()),
                // Before the program expects signals.
                None if trial.tree == sweep.record.before => Ok(()),
                _ => Err(()),
            };
            match end.map_err(|()| String::new()).and_then(|()| sweep.is_each_old_or_new(&trial.tree)) {
                Ok(new) => ends.add(&sweep, new),
                Err(why) => ends.failures.push(format!("{}: {signal}: {}\n{answer}{why}", case.label, call.text)),
            }
            sweep.ground.undo(&sweep.record.before);
        }
        ends.settle(&format!("signals, {}", case.label));
    }
}

/// A disk that is too small leaves all as it was.
#[test]
fn full_disks_leave_all_as_it_was() {
    const TEST: &str = "faults::refresh::full_disks_leave_all_as_it_was";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let scratch = crate::refresh::folder();
    disk::file(scratch.join("two/large"), 0o644, vec![b'x'; 300_000]);
    disk::directory(scratch.join("place"), 0o755);
    let program = program::program().display();
    let script = format!(
        "mount -t tmpfs -o size=800k none place || exit 99
         {program} --instance live one place/svc || exit 98
         list() {{ (cd place && find . -type f -exec cksum {{}} + -o -printf '%y %m %l %p\\n' | LC_ALL=C sort); }}
         list >before; head -c 400k /dev/zero >place/ballast
         {program} --refresh-instances two place/svc; echo $?; rm place/ballast; list >after; cmp before after; echo same $?
         {program} --refresh two place/svc; echo $?"
    );
    let mut command = std::process::Command::new("unshare");
    let answer = Answer::of(command.args(["--mount", "sh", "-c", &script]).current_dir(scratch.path()));
    if answer.code == Some(99) {
        return skip::say(TEST, "no tmpfs can be mounted here");
    }
    assert_eq!(answer.stdout, "111\nsame 0\n0\n", "{answer}");
    assert!(answer.stderr.contains(": No space left on device\n"), "{answer}");
    assert!(fs::read_dir(scratch.join("place")).unwrap().next().is_none(), "it was mounted here only");
}
