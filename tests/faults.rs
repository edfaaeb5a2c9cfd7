//! Nothing half made, whatever fails, and whenever it is killed: every system call of the real program is made to fail, or is its
//! last one, by strace; file systems are too small; many want the same place at once.
//!
//! A sweep has one trial for every call. What is there afterwards is everything with exit code 0, or what was there before with
//! another one; nothing else. The same trials with s6's own program, judged by the same rule, are there for comparison.

use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk::{self, OnDisk};
use s6_instance_maker_workspace::program::{self, Answer, under_umask};
use s6_instance_maker_workspace::roots::Root;
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};

mod archive;
mod closing;
mod disks;
mod errors;
mod kills;
mod original;
mod refresh;
mod rivals;

/// A tree as it was read back.
type Tree = BTreeMap<Vec<u8>, OnDisk>;

/// A command line, and what it makes.
#[derive(Clone, Copy, Debug)]
struct Shape {
    name: &'static str,
    options: &'static [&'static str],
    dir: &'static str,
    /// The entries of which each must exist whole or not at all.
    parts: &'static [&'static str],
    /// System calls that always fail, for the ways that are taken where the usual one cannot be.
    always: &'static [&'static str],
}

const PLAIN: Shape = Shape { name: "plain", options: &[], dir: "out", parts: &["out"], always: &[] };
const INTO_NEW: Shape =
    Shape { name: "-r, new directory", options: &["-r", "svc/log", "-L", "/l"], dir: "new", parts: &["new"], always: &[] };
const INTO_EXISTING: Shape = Shape {
    name: "-r, existing directory",
    options: &["-r", "svc/log", "-L", "/l"],
    dir: "definitions",
    parts: &["definitions/svc", "definitions/log"],
    always: &[],
};
const SHAPES: [Shape; 3] = [PLAIN, INTO_NEW, INTO_EXISTING];

/// The name of a staging directory that a living run holds: these tests.
fn held() -> [String; 2] {
    [format!("{STAGING_PREFIX}out+1"), format!("definitions/{STAGING_PREFIX}svc+1")]
}

/// A place to try the same thing again and again.
struct Ground {
    /// The path of s6's own program; without it, ours is tested.
    original: Option<Root>,
    scratch: Scratch,
    /// The file that strace writes.
    log: Scratch,
    /// Its path inside the original's root file system.
    inside: PathBuf,
    /// The locks of what a living run holds.
    _locks: Vec<fs::File>,
    /// What a run changes, as it was: its path in the folder `work`, and a copy.
    pristine: Option<(&'static str, Scratch)>,
}

impl Ground {
    fn new(original: Option<Root>, template: impl FnOnce(&Path)) -> Self {
        let (scratch, inside) = match &original {
            Some(root) => root.scratch("faults"),
            None => {
                let scratch = Scratch::new("faults");
                let path = scratch.path().to_owned();
                (scratch, path)
            }
        };
        template(&scratch.join("template"));
        disk::directory(scratch.join("work/definitions/other"), 0o755);
        let locks = held().map(|name| {
            disk::file(scratch.join("work").join(&name).join("file"), 0o644, "somebody works here");
            let lock = fs::File::open(scratch.join("work").join(name)).unwrap();
            lock.try_lock().unwrap();
            lock
        });
        Self { original, scratch, log: Scratch::new("faults-log"), inside, _locks: locks.into(), pristine: None }
    }

    /// Has what is at `path` now restored after each trial.
    fn restoring(mut self, path: &'static str) -> Self {
        let copy = Scratch::new("faults-pristine");
        copy_tree(&self.scratch.join("work").join(path), &copy.join("copy"));
        self.pristine = Some((path, copy));
        self
    }

    fn tree(&self) -> Tree {
        disk::read_tree(&self.scratch.join("work"))
    }

    /// Runs the program for `shape` under strace; whatever it waits for by mistake ends.
    fn run(&self, shape: &Shape, strace: &[String]) -> Answer {
        let mut command = under_umask("022", "timeout");
        command.args(["60", "strace", "-f", "-qq", "-o"]).arg(self.log.join("calls")).args(strace);
        self.command(shape, command)
    }

    /// Runs it as it is.
    fn run_again(&self, shape: &Shape) -> Answer {
        let mut command = under_umask("022", "timeout");
        command.arg("60");
        self.command(shape, command)
    }

    fn command(&self, shape: &Shape, mut command: std::process::Command) -> Answer {
        match &self.original {
            Some(root) => {
                let inner = root.command("s6-instance-maker");
                command.arg(inner.get_program()).args(inner.get_args());
            }
            None => {
                command.arg(program::program()).args(program::all_allowed());
            }
        }
        command.args(shape.options).arg(self.inside.join("template")).arg(self.inside.join("work").join(shape.dir));
        Answer::of(&mut command)
    }

    /// strace's record of the last run.
    fn told(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log.join("calls")).unwrap()).into_owned()
    }

    /// Removes all that was not there `before`, and restores what a run changes.
    fn undo(&self, before: &Tree) {
        let work = self.scratch.join("work");
        if let Some((path, copy)) = &self.pristine {
            let _ = fs::remove_dir_all(work.join(path));
            copy_tree(&copy.join("copy"), &work.join(path));
        }
        let mut pending = vec![work.clone()];
        while let Some(directory) = pending.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let is_directory = fs::symlink_metadata(&path).unwrap().is_dir();
                let is_new = !before.contains_key(path.strip_prefix(&work).unwrap().as_os_str().as_bytes());
                match (is_new, is_directory) {
                    (false, true) => pending.push(path),
                    (false, false) => {}
                    (true, false) => fs::remove_file(&path).unwrap(),
                    (true, true) if fs::remove_dir_all(&path).is_ok() => {}
                    (true, true) => {
                        // Who is not root needs more than the modes that were copied.
                        let _ = Answer::of(std::process::Command::new("chmod").args(["-R", "u+rwX"]).arg(&path));
                        fs::remove_dir_all(&path).unwrap();
                    }
                }
            }
        }
    }

    /// Runs the program undisturbed, but for what always fails, and writes down its system calls.
    fn record(&self, shape: Shape) -> Record {
        // A file that was just made is read twice, and so costs other calls than later.
        std::thread::sleep(std::time::Duration::from_millis(100));
        let before = self.tree();
        let mut options: Vec<String> = vec!["-s".into(), "4096".into()];
        options.extend(shape.always.iter().flat_map(|fault| ["-e".to_owned(), format!("inject={fault}")]));
        let answer = self.run(&shape, &options);
        let after = self.tree();
        let told = self.told();
        self.undo(&before);
        let calls = calls(&told, &self.inside);
        assert!(calls.len() > 50, "{} calls: {answer}{told}", calls.len());
        Record { shape, before, after, answer, calls }
    }

    /// The run of `record` with the call `nth` of a name disturbed: `disturbance` is strace's `error=...` or `signal=...`.
    fn disturb(&self, record: &Record, name: &str, nth: usize, disturbance: &str) -> Trial {
        let mut options: Vec<String> =
            record.shape.always.iter().flat_map(|fault| ["-e".to_owned(), format!("inject={fault}")]).collect();
        let always = record.shape.always.iter().map(|fault| fault.split(':').next().unwrap());
        let traced: Vec<&str> = always.chain([name]).collect();
        // Without `when`, what is done to one call is done to the calls that follow from it, too, which may have no end.
        let disturbance = format!("inject={name}:{disturbance}:when={nth}");
        // The other calls run undisturbed, and at full speed; not with signals, which strace 6.1 then does not send.
        options.extend(disturbance.contains(":error=").then(|| "--seccomp-bpf".to_owned()));
        options.extend(["-e".into(), format!("trace={}", traced.join(","))]);
        options.extend(["-e".into(), disturbance.clone()]);
        let answer = self.run(&record.shape, &options);
        let told = self.told();
        let met = told.lines().any(|line| line.contains(&format!(" {name}(")) && line.contains("(INJECTED)"))
            || told.lines().any(|line| line.contains("--- SIG") || line.contains("+++ killed by"));
        let silenced = told.lines().any(|line| line.contains(" write(2, ") && line.contains("(INJECTED)"));
        Trial { disturbance, answer, met, silenced, tree: self.tree() }
    }
}

/// Copies a tree with its modes and owners.
fn copy_tree(from: &Path, to: &Path) {
    Answer::of(std::process::Command::new("cp").arg("-a").arg("--").arg(from).arg(to)).expect_code(0);
}

/// A run that nothing disturbed.
struct Record {
    shape: Shape,
    before: Tree,
    /// Everything.
    after: Tree,
    answer: Answer,
    /// Its calls since it first touched its operands.
    calls: Vec<Call>,
}

/// A system call.
#[derive(Clone, Debug)]
struct Call {
    thread: String,
    name: String,
    /// Its number among the calls of that name in its thread.
    nth: usize,
    /// The call in strace's words.
    text: String,
}

/// The calls that strace wrote down, from the first one on that touches what is at `place`. What comes before is the loader's
/// and the C library's.
fn calls(told: &str, place: &Path) -> Vec<Call> {
    let place = place.to_str().unwrap();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in told.lines() {
        let (thread, text) = line.split_once(' ').unwrap();
        let text = text.trim_start();
        if text.starts_with(['<', '-', '+']) {
            continue;
        }
        let name = text.split('(').next().unwrap();
        let nth = counts.entry((thread, name)).or_default();
        *nth += 1;
        if name == "execve" {
            // Its arguments are no touch.
            calls.clear();
        } else if !calls.is_empty() || text.contains(place) {
            calls.push(Call { thread: thread.to_owned(), name: name.to_owned(), nth: *nth, text: text.to_owned() });
        }
    }
    calls
}

/// A run that was disturbed, and what was there afterwards.
struct Trial {
    disturbance: String,
    answer: Answer,
    /// `true` if the call that was to be disturbed took place.
    met: bool,
    /// `true` if the message itself could not be written, as a second thread's first write may be.
    silenced: bool,
    tree: Tree,
}

/// The end of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// All is there; exit code 0.
    Everything,
    /// All is as it was; another exit code.
    Nothing,
    /// As [`Self::Everything`] or [`Self::Nothing`], except for a staging directory that could not be removed and was reported.
    ToldLeftover,
    /// Something is there, and not all; exit code not 0.
    Partial,
    /// Not all is there, and the exit code is 0.
    Wrong,
}

impl Trial {
    fn end(&self, record: &Record) -> End {
        let clean = without_staging(&self.tree);
        let told = self.answer.stderr.contains(STAGING_PREFIX) && clean.len() < self.tree.len();
        let (printed, all) = (&self.answer.stdout, &record.answer.stdout);
        match self.answer.code {
            Some(0) if printed != all => End::Wrong,
            Some(0) if self.tree == record.after => End::Everything,
            Some(0) if told && clean == record.after => End::ToldLeftover,
            Some(0) => End::Wrong,
            // Of an archive, a part that shows by its missing end that it is one.
            _ if printed == all && !all.is_empty() || !all.starts_with(printed) => End::Partial,
            _ if self.tree == record.before => End::Nothing,
            _ if told && clean == record.before => End::ToldLeftover,
            _ => End::Partial,
        }
    }

    /// The whole story, for when it should have ended otherwise.
    fn story(&self, record: &Record) -> String {
        let base = if self.answer.code == Some(0) { &record.after } else { &record.before };
        let differences = disk::differences(base, &self.tree);
        let shape = record.shape.name;
        let mut answer = self.answer.clone();
        if !record.answer.stdout.is_empty() {
            answer.stdout = format!("{} bytes on standard output, of {}\n", answer.stdout.len(), record.answer.stdout.len());
        }
        format!(
            "{shape}: {}\n{answer}left: {}; right: now\n{differences}",
            self.disturbance,
            if self.answer.code == Some(0) { "everything" } else { "before" }
        )
    }
}

/// A tree but for staging directories that nobody holds.
fn without_staging(tree: &Tree) -> Tree {
    let is_staging = |path: &[u8]| {
        !held().iter().any(|held| path == held.as_bytes() || path.starts_with(format!("{held}/").as_bytes()))
            && path.split(|&byte| byte == b'/').any(|name| name.starts_with(STAGING_PREFIX.as_bytes()))
    };
    tree.iter().filter(|(path, _)| !is_staging(path)).map(|(path, entry)| (path.clone(), entry.clone())).collect()
}

/// The number of trials for each end.
#[derive(Debug, Default)]
struct Count {
    ends: BTreeMap<End, usize>,
    /// Trials that should have ended otherwise.
    failures: Vec<String>,
}

impl Count {
    fn of(&self, end: End) -> usize {
        self.ends.get(&end).copied().unwrap_or(0)
    }

    fn all(&self) -> usize {
        self.ends.values().sum()
    }

    fn add(&mut self, end: End) {
        *self.ends.entry(end).or_default() += 1;
    }

    /// `99 trials: 90 nothing, 9 everything`
    fn text(&self) -> String {
        let mut text = format!("{} trials", self.all());
        let mut mark = ':';
        for (end, words) in [
            (End::Nothing, "nothing"),
            (End::Everything, "everything"),
            (End::ToldLeftover, "a leftover that was told"),
            (End::Partial, "a partial tree"),
            (End::Wrong, "a wrong tree and exit code 0"),
        ] {
            if self.of(end) > 0 {
                write!(text, "{mark} {} {words}", self.of(end)).unwrap();
                mark = ',';
            }
        }
        text
    }

    /// Says how many ended how, and fails when some should have ended otherwise.
    fn settle(&self, what: &str) {
        skip::tell(&format!("{what}: {}", self.text()));
        fail_with(&self.failures, self.all());
    }
}

/// Panics if there are failures, with the first few of them.
fn fail_with(failures: &[String], all: usize) {
    const STORIES: usize = 5;
    let stories = failures.iter().take(STORIES).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} of {all} failed, here are the first:\n\n{stories}", failures.len());
}

/// A template with something for every system call.
fn small_template(path: &Path) {
    disk::plain_template(path);
    disk::file(path.join("data/file"), 0o600, "contents");
    disk::file(path.join("data/empty"), 0o644, "");
    disk::file(path.join("tool"), 0o4755, "#!/bin/sh\n");
    disk::file(path.join("holes"), 0o644, "");
    let holes = fs::OpenOptions::new().write(true).open(path.join("holes")).unwrap();
    // A hole from the beginning, and another one to the end; together just large enough to be looked for.
    holes.write_all_at(&[b'x'; 4 << 10], 32 << 10).unwrap();
    holes.set_len(68 << 10).unwrap();
    disk::directory(path.join("data/closed"), 0o500);
    disk::fifo(path.join("fifo"), 0o600);
    symlink("run", path.join("link")).unwrap();
    // Who is not root cannot give files away.
    if rustix::process::geteuid().is_root() {
        disk::file(path.join("owned"), 0o640, "somebody's");
        chown(path.join("owned"), Some(33), Some(33)).unwrap();
        lchown(path.join("link"), Some(33), Some(33)).unwrap();
    }
}

/// A template so large that several threads copy it: by its bytes, which are a hole, since each trial makes all its entries.
fn large_template(path: &Path) {
    small_template(path);
    for index in 0..100 {
        disk::file(path.join(format!("many/{index}")), 0o644, index.to_string());
    }
    disk::file(path.join("many/hole"), 0o644, "");
    fs::OpenOptions::new().write(true).open(path.join("many/hole")).unwrap().set_len(8 << 20).unwrap();
}

/// Calls that are tried with threads, where a trial takes ten times as long.
fn shapes_for_threads() -> &'static [Shape] {
    if skip::all() { &[PLAIN, INTO_EXISTING] } else { &[PLAIN] }
}

/// Returns `true` if more than one thread did the work of `record`; where there is no second one, the test says that it did not
/// run.
fn has_threads_or_say(record: &Record, test: &str) -> bool {
    let threads: std::collections::BTreeSet<&str> = record.calls.iter().map(|call| call.thread.as_str()).collect();
    if threads.len() < 2 {
        skip::did_not_run(test, "there is one processor only, so there are no threads");
    }
    threads.len() >= 2
}

/// Of the calls of all threads, by name, how many the busiest thread made, from the first one on that counts: the numbers to try.
fn numbers<'r>(calls: impl Iterator<Item = &'r Call>) -> BTreeMap<&'r str, (usize, usize)> {
    let mut numbers: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for call in calls {
        let (first, last) = numbers.entry(&call.name).or_insert((call.nth, call.nth));
        *first = call.nth.min(*first);
        *last = call.nth.max(*last);
    }
    numbers
}
