//! `--tar`: every system call fails once, or is the last one. What is written is the whole archive with exit code 0, or shows by its
//! missing end that it is not; and nothing else is written.

use super::errors::{sweep, without_leftovers};
use super::{End, Ground, Record, Shape, fail_with, small_template};
use s6_instance_maker_workspace::{disk, skip};

const SHAPES: [Shape; 3] = [
    Shape { name: "--tar", options: &["--tar"], dir: "out", parts: &[], always: &[] },
    Shape { name: "--tar, -r", options: &["--tar", "-r", "svc/log", "-L", "/l"], dir: "definitions", parts: &[], always: &[] },
    Shape { name: "--digest", options: &["--digest"], dir: "out", parts: &[], always: &[] },
];

/// A place with a template that takes several writes, and an archive that is text, as far as bytes are.
fn ground() -> Ground {
    Ground::new(None, |path| {
        small_template(path);
        disk::file(path.join("large"), 0o644, "0123456789abcdef".repeat(25 << 10));
        // Larger than what is read when it is listed.
        for index in 0..4 {
            disk::file(path.join(format!("other-{index}")), 0o644, "0123456789abcdef".repeat(1 << 10));
        }
    })
}

fn record(ground: &Ground, shape: Shape) -> Record {
    let record = ground.record(shape);
    let stdout = &record.answer.stdout;
    assert_eq!(record.answer.code, Some(0), "{}", record.answer.stderr);
    assert!(
        record.before == record.after && !stdout.is_empty() && !stdout.contains(char::REPLACEMENT_CHARACTER),
        "{}",
        shape.name
    );
    record
}

#[test]
fn every_failing_call_leaves_an_archive_or_an_error() {
    let ground = ground();
    for shape in SHAPES {
        let record = record(&ground, shape);
        let count = sweep(&ground, &record, record.calls.iter(), without_leftovers);
        count.settle(&format!("failing calls, {}", shape.name));
        assert!(count.of(End::Nothing) > 50 && count.of(End::Everything) > 20, "{}", count.text());
    }
}

/// Each write meets a reader that is gone: exit code 111 and a message.
#[test]
fn a_closed_pipe_at_every_write() {
    let ground = ground();
    for shape in SHAPES {
        let record = record(&ground, shape);
        let writes: Vec<_> = record.calls.iter().filter(|call| call.text.starts_with("write(1, ")).collect();
        let (mut printed, mut failures) = (0, Vec::new());
        for call in &writes {
            let trial = ground.disturb(&record, "write", call.nth, "error=EPIPE");
            let stderr = &trial.answer.stderr;
            let is_told = stderr == "s6-instance-maker: fatal: unable to write to standard output: Broken pipe\n";
            if trial.end(&record) != End::Nothing || trial.answer.code != Some(111) || !is_told {
                failures.push(trial.story(&record));
            }
            // The writes before this one took place, and no other.
            assert!(printed == 0 || trial.answer.stdout.len() > printed, "{}", call.text);
            printed = trial.answer.stdout.len();
        }
        skip::tell(&format!("closed pipes, {}: {} writes", shape.name, writes.len()));
        fail_with(&failures, writes.len());
        assert!(writes.len() > 3 || shape.name == "--digest", "{} writes", writes.len());
    }
}

/// SIGKILL and SIGINT at every call: the place is as it was, and what was written is the beginning of the archive.
#[test]
fn killed_at_every_call_of_an_archive() {
    let ground = ground();
    for shape in SHAPES {
        let record = record(&ground, shape);
        let (mut whole, mut cut, mut failures) = (0, 0, Vec::new());
        for signal in ["KILL", "INT"] {
            for call in &record.calls {
                let trial = ground.disturb(&record, &call.name, call.nth, &format!("signal={signal}"));
                let stdout = &trial.answer.stdout;
                let is_all = *stdout == record.answer.stdout;
                // With exit_group there is no more time for a signal that is asked for.
                let is_right = (trial.met || call.name == "exit_group")
                    && trial.tree == record.before
                    && record.answer.stdout.starts_with(stdout)
                    && trial.answer.stderr.is_empty()
                    && (trial.answer.code != Some(0) || is_all);
                if !is_right {
                    failures.push(trial.story(&record));
                }
                *if is_all { &mut whole } else { &mut cut } += 1;
            }
        }
        let name = shape.name;
        skip::tell(&format!(
            "killed at every call, {name}: {} kills: {cut} archives without an end, {whole} whole",
            whole + cut
        ));
        fail_with(&failures, whole + cut);
        assert!(cut > 100 && whole > 0, "{cut} {whole}");
    }
}
