//! `--refresh --sync`: what replaces something is on disk before it does, and so is the record of what it replaces; the directories
//! that have other entries then are flushed after.

use super::{Event, STAGING_PREFIX, record};
use crate::refresh::{create, folder, make};
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::{disk, skip};
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

const SHAPES: &[(&[&str], &[&str])] = &[
    (&["-L", "/l", "one", "svc"], &["--refresh", "-L", "/other", "--instance", "more", "two", "svc"]),
    (&["one", "svc"], &["--refresh-instances", "two", "svc"]),
    (&["-r", "a/b", "-L", "/l", "one", "there"], &["--refresh", "-r", "a/b", "-L", "/other", "--essential", "two", "there"]),
    (&[], &["--refresh", "-L", "/l", "two", "empty"]),
];

/// A folder in which a service has an instance.
fn prepared(before: &[&str]) -> s6_instance_maker_workspace::scratch::Scratch {
    let scratch = folder();
    disk::directory(scratch.join("empty"), 0o755);
    if !before.is_empty() {
        make(&scratch, before);
    }
    if before.last() == Some(&"svc") {
        create(&scratch, "svc", "live");
        disk::chmod(scratch.join("svc/instances/live"), 0o700);
        disk::chmod(scratch.join("svc"), 0o711);
    }
    scratch
}

/// Returns the faults in the order of `events`, and the number of flushed entries that were put into place.
fn judge(events: &[Event]) -> (Vec<String>, usize) {
    // When each was changed last, and flushed last; of staging directories, what has been put into place is no longer there.
    let (mut changed, mut flushed) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    let (mut wrong, mut placed) = (Vec::new(), 0);
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Made(path) | Event::Changed(path) => {
                changed.insert(path.clone(), index);
            }
            Event::Flushed(path) => {
                flushed.insert(path.clone(), index);
            }
            Event::Fifo(_) => {}
            Event::Removed(path) => {
                changed.remove(path);
            }
            Event::Renamed { from, to } if from.contains(STAGING_PREFIX) => {
                let is_below = |path: &str| path == from || path.starts_with(&format!("{from}/"));
                let made: Vec<String> = changed.keys().filter(|path| is_below(path)).cloned().collect();
                for path in made {
                    let last = changed.remove(&path);
                    if flushed.get(&path).copied() < last {
                        wrong.push(format!(
                            "{path} became a part of {to} by call {index}, and was not flushed since call {last:?}"
                        ));
                    }
                    placed += 1;
                }
                // The record of the template must be on disk before that is gone.
                let unsafe_record = changed.iter().find(|(path, last)| {
                    path.ends_with("/.s6-instance-maker") && flushed.get(*path).is_none_or(|flush| flush < last)
                });
                if let Some((path, _)) = unsafe_record.filter(|_| !to.contains("/.s6-instance-maker/")) {
                    wrong.push(format!("{path} was not flushed before call {index}, which puts {to} into place"));
                }
            }
            Event::Renamed { .. } => {}
        }
    }
    let unflushed = changed
        .iter()
        .filter(|(path, last)| !path.contains(STAGING_PREFIX) && flushed.get(*path).is_none_or(|flush| flush < last));
    wrong.extend(unflushed.map(|(path, last)| format!("{path} was changed by call {last}, and not flushed after that")));
    (wrong, placed)
}

#[test]
fn what_replaces_something_is_flushed_before() {
    let (mut all, mut flushes) = (0, 0);
    for (before, words) in SHAPES {
        let scratch = prepared(before);
        let root = scratch.path().canonicalize().unwrap();
        let events = record(&root, &[], &[&["--sync"], *words].concat());
        let (wrong, placed) = judge(&events);
        assert!(wrong.is_empty(), "{words:?}:\n{}", wrong.join("\n"));
        assert!(placed > 15, "{words:?}: {placed}");
        maker(scratch.path(), [&["--check"], *words].concat().iter().filter(|word| !word.starts_with("--refresh")))
            .expect_code(0);
        all += placed;
        flushes += events.iter().filter(|event| matches!(event, Event::Flushed(_))).count();
    }
    skip::tell(&format!("--refresh --sync: {flushes} flushes, {all} entries put into place, each flushed before"));
}

/// Without --sync, nothing waits for disks.
#[test]
fn without_sync_a_refresh_flushes_nothing() {
    for (before, words) in SHAPES {
        let scratch = prepared(before);
        let root = scratch.path().canonicalize().unwrap();
        let events = record(&root, &[], words);
        assert!(events.iter().any(|event| matches!(event, Event::Renamed { .. })), "{words:?}");
        assert!(!events.iter().any(|event| matches!(event, Event::Flushed(_))), "{words:?} flushes something");
    }
}

/// A flush fails: before the first part is replaced, all is as it was; after, the message says what may be lost. The ordinary run
/// tries the last ones and a share of the others.
#[test]
fn failing_flushes_of_a_refresh_are_errors() {
    let (mut nothing, mut everything) = (0, 0);
    for (before, words) in SHAPES {
        let run = |fault: &str| {
            let scratch = prepared(before);
            let old = disk::read_tree(scratch.path());
            let log = scratch.join("calls");
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-e", "trace=fsync", "-o"]).arg(&log).args(["-e", fault]).arg(program::program());
            let answer = Answer::of(command.arg("--sync").args(*words).current_dir(scratch.path()));
            let flushes = fs::read_to_string(&log).unwrap().matches(" fsync(").count();
            fs::remove_file(log).unwrap();
            let differences = disk::differences(&old, &disk::read_tree(scratch.path()));
            if answer.code != Some(0) && !differences.is_empty() {
                make(&scratch, words);
            }
            (answer, flushes, differences)
        };
        let (_, flushes, _) = run("trace=fsync");
        for number in (1..=flushes).filter(|number| skip::all() || number + 4 > flushes || number % 10 == 0) {
            let (failed, _, differences) = run(&format!("inject=fsync:error=EIO:when={number}"));
            assert_eq!(failed.code, Some(111), "flush {number}: {failed}");
            let expected = if differences.is_empty() {
                nothing += 1;
                "s6-instance-maker: fatal: unable to flush `"
            } else {
                everything += 1;
                "s6-instance-maker: fatal: the result is complete, but may not be on disk: unable to flush `"
            };
            assert!(failed.stderr.starts_with(expected), "flush {number}: {failed}{differences}");
        }
    }
    assert!(nothing >= 10 && everything >= 8, "{nothing} {everything}");
    skip::tell(&format!("failing flushes of --refresh: {nothing} left all as it was, {everything} came after all was new"));
}
