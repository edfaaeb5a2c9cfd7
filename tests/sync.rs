//! `--sync`: what is made is on disk before it appears, as the recorded system calls of the real program show.

use crate::apply::{as_nobody, assert_copied, await_staging, names, staging_in};
use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

mod refresh;

/// The calls that change files or directories, name them, or flush them.
const CALLS: &str = "openat,openat2,mkdirat,symlinkat,mknodat,linkat,unlinkat,renameat,renameat2,write,pwrite64,writev,\
                     copy_file_range,sendfile,splice,ftruncate,fallocate,fchmod,fchmodat,?fchmodat2,fchown,fchownat,fsetxattr,\
                     fremovexattr,fsync,fdatasync,sync,syncfs,sync_file_range";

/// A way to make something.
struct Shape {
    label: &'static str,
    words: &'static [&'static str],
    /// Faults that lead it another way.
    faults: &'static [&'static str],
    /// The request.
    made: &'static [&'static str],
}

const SHAPES: &[Shape] = &[
    Shape { label: "plain", words: &["template", "out"], faults: &[], made: &["out"] },
    Shape { label: "logger", words: &["-L", "/l", "template", "sub/out//"], faults: &[], made: &["sub/out"] },
    Shape { label: "user", words: &["-u", "1:1", "template", "out"], faults: &[], made: &["out"] },
    Shape { label: "plan", words: &["--apply-plan", "plan", "template", "out"], faults: &[], made: &["out"] },
    Shape { label: "many entries", words: &["many", "out"], faults: &[], made: &["out"] },
    Shape { label: "-r, a new DIR", words: &["-r", "a/b/c", "-L", "/l", "template", "new"], faults: &[], made: &["new"] },
    Shape { label: "-r, DIR is there", words: &["-r", "svc", "template", "there"], faults: &[], made: &["there/svc"] },
    Shape {
        label: "-r, DIR is there, two",
        words: &["-r", "a/b/c", "-L", "/l", "template", "there"],
        faults: &[],
        made: &["there/a", "there/b"],
    },
    Shape { label: "-r, DIR is here", words: &["-r", "a/b", "-L", "/l", "template", "."], faults: &[], made: &["a", "b"] },
    Shape { label: "without NOREPLACE", words: &["template", "out"], faults: &["renameat2:error=EINVAL"], made: &["out"] },
    Shape {
        label: "-r, DIR is there, without NOREPLACE",
        words: &["-r", "a/b", "-L", "/l", "template", "there"],
        faults: &["renameat2:error=EINVAL"],
        made: &["there/a", "there/b"],
    },
    Shape {
        label: "through a buffer",
        words: &["template", "out"],
        faults: &["copy_file_range:error=EXDEV", "sendfile:error=EINVAL"],
        made: &["out"],
    },
];

/// A folder with templates, and places for results.
fn folder() -> Scratch {
    let scratch = Scratch::new("sync");
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("data/deep/file"), 0o640, "deep");
    disk::file(template.join("data/empty"), 0o000, "");
    disk::file(template.join("data/tool"), 0o6755, "#!/bin/sh\n");
    disk::file(template.join("large"), 0o644, vec![b'x'; 200_000]);
    fs::File::create(template.join("sparse")).unwrap().set_len(1 << 20).unwrap();
    disk::directory(template.join("closed"), 0o000);
    disk::directory(template.join("shared"), 0o2775);
    disk::fifo(template.join("data/fifo"), 0o1600);
    symlink("../large", template.join("shared/link")).unwrap();
    disk::directory(scratch.join("there/other"), 0o755);
    disk::directory(scratch.join("sub"), 0o755);
    let plan = maker(scratch.path(), ["--dry-run", "--format", "json", "template", "out"]).expect_code(0);
    fs::write(scratch.join("plan"), plan.stdout).unwrap();
    scratch
}

/// A template with so many entries that several threads make them.
fn many_entries(root: &Path) {
    disk::plain_template(root.join("many"));
    for index in 0..600 {
        disk::file(root.join(format!("many/d{}/{index}", index % 20)), 0o644, "x");
    }
}

/// The effect of a recorded call.
enum Event {
    Made(String),
    Fifo(String),
    Changed(String),
    Flushed(String),
    Removed(String),
    Renamed { from: String, to: String },
}

/// The path that strace's `-y` put behind a descriptor.
fn behind(text: &str) -> Option<&str> {
    text.split_once('<')?.1.split_once('>').map(|(path, _)| path)
}

/// Returns the first quoted text in `text`.
fn quoted(text: &str) -> Option<&str> {
    text.split_once('"')?.1.split_once('"').map(|(name, _)| name)
}

/// Returns the effects of the calls of one line; none if it failed.
fn events(line: &str) -> Vec<Event> {
    let (call, arguments) = line.split_once('(').unwrap_or_else(|| panic!("no call: {line}"));
    // strace pads its answer; an argument can hold ` = ` too.
    let (arguments, answer) = arguments.rsplit_once(" = ").unwrap_or_else(|| panic!("no answer: {line}"));
    if answer.starts_with('-') {
        return Vec::new();
    }
    let handle = || behind(arguments).unwrap_or_else(|| panic!("no handle: {line}")).to_owned();
    let entry = || (handle(), format!("{}/{}", handle(), quoted(arguments).unwrap_or_else(|| panic!("no name: {line}"))));
    let in_directory = |event: fn(String) -> Event| {
        let (directory, entry) = entry();
        vec![Event::Changed(directory), event(entry)]
    };
    match call {
        "openat" | "openat2" if arguments.contains("O_CREAT") => in_directory(Event::Made),
        "openat" | "openat2" => Vec::new(),
        "mkdirat" => in_directory(Event::Made),
        "unlinkat" => in_directory(Event::Removed),
        // What has no contents of its own is on disk with its directory.
        "mknodat" => in_directory(Event::Fifo),
        "symlinkat" => vec![Event::Changed(behind(arguments.rsplit_once(", ").unwrap().0).unwrap().to_owned())],
        // A link's or a FIFO's owner and mode, by name.
        "fchmodat" | "fchmodat2" | "fchownat" => vec![Event::Changed(handle())],
        "renameat" | "renameat2" => {
            let second = arguments.split_once("\", ").unwrap().1;
            let ((directory, from), to) = (entry(), behind(second).unwrap().to_owned());
            let result = format!("{to}/{}", quoted(second).unwrap());
            vec![Event::Changed(directory), Event::Changed(to), Event::Renamed { from, to: result }]
        }
        "copy_file_range" => {
            let target = arguments.split_once("NULL, ").unwrap().1;
            vec![Event::Changed(behind(target).unwrap().to_owned())]
        }
        "fsync" => vec![Event::Flushed(handle())],
        "fdatasync" | "sync" | "syncfs" | "sync_file_range" => panic!("the wrong kind of flushing: {line}"),
        // The first argument is what is changed; a pipe or a terminal has no path.
        _ => vec![Event::Changed(handle())],
    }
}

/// The lines of strace's record, the parts of calls that overlap with others' put together, without the numbers of threads.
fn calls(record: &str) -> Vec<String> {
    let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in record.lines() {
        let (thread, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        if let Some(first) = line.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, first);
        } else if let Some(rest) = line.strip_prefix("<... ") {
            let (_, rest) = rest.split_once(" resumed>").unwrap();
            calls.push(format!("{}{rest}", begun.remove(thread).unwrap()));
        } else if !line.starts_with("---") && !line.starts_with("+++") {
            calls.push(line.to_owned());
        }
    }
    calls
}

/// Runs the program under strace; answers what it changed and flushed beneath `root`, in order.
fn record(root: &Path, faults: &[&str], words: &[&str]) -> Vec<Event> {
    let elsewhere = Scratch::new("sync-record");
    let log = elsewhere.join("log");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-s", "4096", "-e", &format!("trace={CALLS}"), "-o"]).arg(&log);
    for fault in faults {
        command.arg("-e").arg(format!("inject={fault}"));
    }
    let program = command.arg(program::program()).args(program::all_allowed());
    let answer = Answer::of(program.args(words).current_dir(root));
    let told = answer.stderr.lines().filter(|line| !["note: ", "hint: "].iter().any(|word| line.contains(word))).count();
    assert_eq!((answer.code, told), (Some(0), 0), "{answer}");
    let record = fs::read_to_string(&log).unwrap();
    let here = |path: &str| Path::new(path).starts_with(root);
    let all = calls(&record).iter().flat_map(|line| events(line)).collect::<Vec<_>>();
    all.into_iter()
        .filter(|event| match event {
            Event::Made(path) | Event::Fifo(path) | Event::Changed(path) | Event::Flushed(path) | Event::Removed(path) => {
                here(path)
            }
            Event::Renamed { to, .. } => here(to),
        })
        .collect()
}

/// Returns the faults in the order of `events`, and the number of files and directories that were checked.
fn judge(events: &[Event]) -> (Vec<String>, usize) {
    let mut made = BTreeSet::new();
    let mut fifos = BTreeSet::new();
    let mut changed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut flushed: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut first_rename = None;
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Made(path) => {
                made.insert(path.as_str());
                changed.insert(path, index);
            }
            Event::Fifo(path) => {
                fifos.insert(path.as_str());
            }
            // Nothing of it can be flushed.
            Event::Changed(path) if fifos.contains(path.as_str()) => {}
            Event::Changed(path) => {
                changed.insert(path, index);
            }
            Event::Removed(path) => {
                made.remove(path.as_str());
                changed.remove(path.as_str());
            }
            Event::Flushed(path) => flushed.entry(path).or_default().push(index),
            Event::Renamed { to, .. } => {
                first_rename.get_or_insert(index);
                // An empty directory that stood there for the result.
                made.remove(to.as_str());
                changed.remove(to.as_str());
            }
        }
    }
    let Some(appeared) = first_rename else { return (vec!["nothing was renamed".to_owned()], 0) };
    let mut wrong = Vec::new();
    for (path, last) in &changed {
        // What a rename takes away from the staging directory is no change of it that anybody could lose.
        let staged = path.contains(STAGING_PREFIX);
        let last =
            if staged { events[..appeared].iter().rposition(|event| touches(event, path)).unwrap_or(*last) } else { *last };
        let flushes = flushed.get(path).map(Vec::as_slice).unwrap_or_default();
        if !flushes.iter().any(|&flush| flush > last && (!staged || flush < appeared)) {
            let when = if staged { "before the result appeared" } else { "after the result appeared" };
            wrong.push(format!(
                "{path} was changed by call {last} and not flushed after that and {when}; its flushes: {flushes:?}"
            ));
        }
    }
    let unchanged = made.iter().filter(|path| !changed.contains_key(**path));
    wrong.extend(unchanged.map(|path| format!("{path} was made and not looked at")));
    (wrong, made.len())
}

fn touches(event: &Event, path: &str) -> bool {
    matches!(event, Event::Made(touched) | Event::Changed(touched) if touched == path)
}

/// The files and directories at `paths`, themselves and all in them.
fn files_and_directories(root: &Path, paths: &[&str]) -> usize {
    let kinds = paths.iter().flat_map(|path| disk::kinds(&root.join(path)));
    kinds.filter(|kind| ["dir", "file"].contains(kind)).count()
}

/// Everything that is made is flushed after its last change and before the result appears; the directory that it appears in, after.
#[test]
fn everything_is_flushed_before_it_appears() {
    let (mut shapes, mut flushed) = (0, 0);
    for Shape { label, words, faults, made } in SHAPES {
        let scratch = folder();
        let root = scratch.path().canonicalize().unwrap();
        if words.contains(&"many") {
            many_entries(&root);
        }
        let events = record(&root, faults, &[&["--sync"], *words].concat());
        let (wrong, looked_at) = judge(&events);
        assert!(wrong.is_empty(), "{label}:\n{}", wrong.join("\n"));
        // The staging directory is one of them where it became DIR.
        assert_eq!(looked_at, files_and_directories(&root, made), "{label}: what was recorded is not what is there");
        let copied = root.join(made[0]);
        let source = root.join(words[words.len() - 2]);
        // -u renames scripts, and what is in a new DIR of -r is deeper.
        if ["plain", "many entries", "plan"].contains(label) {
            assert_copied(&source, &copied);
        }
        assert_eq!((staging_in(&root).len(), staging_in(&root.join("there")).len()), (0, 0), "{label}");
        shapes += 1;
        flushed += events.iter().filter(|event| matches!(event, Event::Flushed(_))).count();
    }
    skip::tell(&format!("--sync: {flushed} flushes in {shapes} shapes, each after the last change"));
}

/// Without --sync, nothing waits for disks.
#[test]
fn without_sync_nothing_is_flushed() {
    for Shape { label, words, faults, .. } in SHAPES {
        let scratch = folder();
        let root = scratch.path().canonicalize().unwrap();
        if words.contains(&"many") {
            many_entries(&root);
        }
        let events = record(&root, faults, words);
        assert!(events.iter().any(|event| matches!(event, Event::Renamed { .. })), "{label}");
        assert!(!events.iter().any(|event| matches!(event, Event::Flushed(_))), "{label} flushes something");
    }
}

/// Somebody else makes DIR for -r while this run fills it: that DIR is flushed, and its parent.
#[test]
fn a_directory_that_appears_meanwhile_is_flushed() {
    let scratch = folder();
    let elsewhere = Scratch::new("sync-record");
    let log = elsewhere.join("log");
    let mut slow = Command::new("strace");
    slow.args(["-f", "-y", "-qq", "-e", "trace=fsync,renameat2,unlinkat", "-o"]).arg(&log);
    slow.args(["-e", "inject=renameat2:delay_enter=500000:when=1"]).arg(program::program());
    let mut slow = slow.args(["--sync", "-r", "slow", "template", "new"]).current_dir(scratch.path()).spawn().unwrap();
    await_staging(&mut slow, scratch.path());
    maker(scratch.path(), ["-r", "quick", "template", "new"]).expect_code(0);
    assert!(slow.wait().unwrap().success());
    assert_eq!(names(&scratch.join("new")), ["quick", "slow"]);
    let record = fs::read_to_string(&log).unwrap();
    let root = scratch.path().canonicalize().unwrap();
    let last: Vec<String> = calls(&record).into_iter().rev().take(4).collect();
    let expected = [
        format!("fsync(N<{}>) = 0", root.display()),
        format!("fsync(N<{}>) = 0", root.join("new").display()),
        format!("unlinkat(N<{}>, \"{STAGING_PREFIX}new+N\", AT_REMOVEDIR) = 0", root.display()),
        format!(
            "renameat2(N<{0}/{STAGING_PREFIX}new+N>, \"slow\", N<{0}/new>, \"slow\", RENAME_NOREPLACE) = 0",
            root.display()
        ),
    ];
    assert_eq!(last.iter().map(|line| without_numbers(line)).collect::<Vec<_>>(), expected.map(|line| without_numbers(&line)));
}

/// A recorded call without its descriptors, process ids and attempts, and with one blank where there are several.
///
/// The quick run may take the staging directory for a leftover before the slow one has locked it: that one then makes another, with
/// the number of the attempt behind the process id.
fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    for char in line.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        let char = if char.is_ascii_digit() { 'N' } else { char };
        if char != 'N' || !text.ends_with('N') {
            text.push(char);
        }
    }
    text.replace("+N.N", "+N")
}

/// Every flush fails once: before the result appears, there is nothing; after, there is all of it, and the message says so.
#[test]
fn failing_flushes_are_errors() {
    let (mut nothing, mut everything, mut retried) = (0, 0, 0);
    for (words, made) in [
        (&["template", "out"][..], &["out"][..]),
        (&["-r", "a/b", "-L", "/l", "template", "new"], &["new"]),
        (&["-r", "a/b", "-L", "/l", "template", "there"], &["there/a", "there/b"]),
    ] {
        let scratch = Scratch::new("sync");
        disk::plain_template(scratch.join("template"));
        disk::file(scratch.join("template/data/closed/file"), 0o640, "contents");
        disk::chmod(scratch.join("template/data/closed"), 0o500);
        disk::directory(scratch.join("there/other"), 0o755);
        let before = disk::read_tree(scratch.path());
        let undo = || made.iter().for_each(|path| fs::remove_dir_all(scratch.join(path)).unwrap());
        let run = |fault: &str| {
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", &format!("inject=fsync:{fault}")]);
            Answer::of(command.arg(program::program()).arg("--sync").args(words).current_dir(scratch.path()))
        };
        for number in 1.. {
            let interrupted = run(&format!("error=EINTR:when={number}"));
            assert_eq!((interrupted.code, interrupted.stderr.as_str()), (Some(0), ""), "flush {number}: {interrupted}");
            retried += 1;
            undo();
            let failed = run(&format!("error=EIO:when={number}"));
            if failed.code == Some(0) {
                break;
            }
            assert_eq!(failed.code, Some(111), "flush {number}: {failed}");
            let differences = disk::differences(&before, &disk::read_tree(scratch.path()));
            let expected = if differences.is_empty() {
                nothing += 1;
                "s6-instance-maker: fatal: unable to flush `"
            } else {
                let there = made.iter().all(|path| scratch.join(path).is_dir());
                assert!(there && staging_in(scratch.path()).is_empty(), "flush {number}: {failed}{differences}");
                everything += 1;
                undo();
                assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "", "flush {number}: {failed}");
                "s6-instance-maker: fatal: the result is complete, but may not be on disk: unable to flush `"
            };
            let one_line = failed.stderr.starts_with(expected) && failed.stderr.ends_with("`: Input/output error\n");
            assert!(one_line && failed.stderr.lines().count() == 1, "flush {number}: {failed}");
        }
    }
    assert!(nothing >= 20, "{nothing} flushes before anything appeared");
    assert_eq!(everything, 3, "one flush for each of them, after all was there");
    skip::tell(&format!(
        "failing flushes: {nothing} left nothing, {everything} came after all was there; {retried} interrupted ones were repeated"
    ));
}

/// A directory that may be written but not read cannot be flushed: that is told before anything is made.
#[test]
fn unflushable_places_are_refused() {
    if !skip::is_root_or_say("running as somebody else") {
        return;
    }
    let scratch = Scratch::within(Path::new("/tmp"), "s6-instance-maker-nobody");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("blind"), 0o333);
    let run = |words: &[&str]| Answer::of(as_nobody(&scratch).args(words).stdin(Stdio::null()));
    for words in [&["--sync", "template", "blind/out"][..], &["--sync", "-r", "svc", "template", "blind"]] {
        let answer = run(words).expect_code(111);
        assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to flush `blind`: Permission denied\n");
        assert!(names(&scratch.join("blind")).is_empty(), "{answer}");
        run(&words[1..]).expect_code(0);
        disk::chmod(scratch.join("blind"), 0o700);
        fs::remove_dir_all(scratch.join("blind")).unwrap();
        disk::directory(scratch.join("blind"), 0o333);
    }
}

/// It says how something is made, not what: plans are the same with it.
#[test]
fn printing_is_the_same_with_sync() {
    let scratch = folder();
    for words in [
        &["--dry-run", "template", "out"][..],
        &["--dry-run", "--format", "json", "template", "out"],
        &["--print-job", "template", "out"],
    ] {
        let with = maker(scratch.path(), words.iter().chain(&["--sync"])).expect_code(0);
        let without = maker(scratch.path(), words).expect_code(0);
        assert_eq!((with.stdout, with.stderr), (without.stdout, without.stderr), "{words:?}");
    }
}
