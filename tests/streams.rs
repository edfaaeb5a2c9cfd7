//! Standard streams that are closed, full, or read by nobody: the right exit code, and nothing but our own words.

use crate::apply::{assert_copied, staging_in};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::process::{Command, Stdio};

/// Command lines that print on standard output.
const PRINTING: &[&[&str]] = &[
    &["--help"],
    &["-h"],
    &["--version"],
    &["--dry-run", "template", "out"],
    &["--dry-run", "-r", "svc", "template", "out"],
    &["--dry-run", "--format", "json", "template", "out"],
    &["--print-job", "template", "out"],
    &["--tar", "template", "out"],
    &["--digest", "template", "out"],
];

/// The message, after the program's name.
const FULL: &str = "fatal: unable to write to standard output: No space left on device\n";
const READ_ONLY: &str = "fatal: unable to write to standard output: Bad file descriptor\n";
const UNREAD: &str = "fatal: unable to write to standard output: Broken pipe\n";

/// Redirections; the exit code and the message that they lead to, and whether the output is there.
const OUTPUTS: &[(&str, i32, &str, bool)] = &[
    ("", 0, "", true),
    (">/dev/full", 111, FULL, false),
    (">/dev/full 2>&-", 111, "", false),
    (">/dev/full 2>/dev/full", 111, "", false),
    (">/dev/full <&-", 111, FULL, false),
    ("1</dev/null", 111, READ_ONLY, false),
    ("1<template", 111, READ_ONLY, false),
    // Before main, Rust's runtime opens /dev/null in place of standard streams that are closed, for reading and writing. That is
    // also what many a parent gives a program whose output it does not want; an error for those would be wrong.
    (">&-", 0, "", false),
    ("<&- >&- 2>&-", 0, "", false),
    ("1<>/dev/null", 0, "", false),
    (">/dev/null", 0, "", false),
    ("2>&-", 0, "", true),
    ("2>/dev/full", 0, "", true),
    ("2</dev/null", 0, "", true),
    ("<&-", 0, "", true),
];

fn folder() -> Scratch {
    let scratch = Scratch::new("streams");
    disk::plain_template(scratch.join("template"));
    // A warning for each that makes something.
    disk::directory(scratch.join("template/supervise"), 0o700);
    disk::plain_template(scratch.join("other"));
    disk::directory(scratch.join("bare"), 0o755);
    scratch
}

fn run(scratch: &Scratch, words: &[&str], redirections: &str) -> Answer {
    let script = format!("exec \"$0\" \"$@\" {redirections}");
    Answer::of(Command::new("sh").args(["-c", &script]).arg(program::program()).args(words).current_dir(scratch.path()))
}

/// Everything that prints, with every kind of standard output and standard error.
#[test]
fn failed_output_is_an_error() {
    let scratch = folder();
    let mut runs = 0;
    for words in PRINTING {
        let whole = run(&scratch, words, "").expect_code(0);
        assert!(!whole.stdout.is_empty(), "{whole}");
        for (redirections, code, message, printed) in OUTPUTS {
            let answer = run(&scratch, words, redirections).expect_code(*code);
            let heard = !redirections.contains("2>") && !redirections.contains("2<");
            let expected = match message {
                _ if !heard => String::new(),
                &"" => whole.stderr.clone(),
                message => format!("s6-instance-maker: {message}"),
            };
            assert_eq!(answer.stderr, expected, "{redirections}: {answer}");
            assert_eq!(answer.stdout, if *printed { whole.stdout.as_str() } else { "" }, "{redirections}: {answer}");
            runs += 1;
        }
        // Nobody is there who could read it.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(program::program());
        command.args(*words).current_dir(scratch.path()).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let expected = format!("s6-instance-maker: {UNREAD}");
        assert_eq!((output.status.code(), stderr.as_ref()), (Some(111), expected.as_str()), "{words:?}");
        runs += 1;
    }
    skip::tell(&format!("streams: {runs} runs of what prints"));
}

/// A reader that has enough, of more than a pipe holds.
#[test]
fn a_reader_may_have_enough() {
    let scratch = folder();
    for index in 0..3000 {
        disk::file(scratch.join(format!("template/d/a-name-that-is-long-enough-to-fill-a-pipe-{index}")), 0o644, "");
    }
    // A digest is less than a pipe holds.
    for words in PRINTING.iter().filter(|words| words.contains(&"template") && !words.contains(&"--digest")) {
        let script = "{ \"$0\" \"$@\"; echo $? >code; } | head -c 1 >one; cat code";
        let mut command = Command::new("sh");
        let answer = Answer::of(command.args(["-c", script]).arg(program::program()).args(*words).current_dir(scratch.path()));
        assert_eq!(
            (answer.stdout.as_str(), answer.stderr.as_str()),
            ("111\n", format!("s6-instance-maker: {UNREAD}").as_str())
        );
        assert_eq!(std::fs::read(scratch.join("one")).unwrap().len(), 1, "{answer}");
    }
}

/// Errors and warnings that nobody can hear change no exit code, and no result.
#[test]
fn nobody_needs_to_listen() {
    let scratch = folder();
    let table: &[(&[&str], i32)] = &[
        (&["template", "out"], 0),
        (&["--sync", "-t0", "template", "out"], 0),
        (&[], 100),
        (&["--dry-rum", "template", "out"], 100),
        (&["-c1", "template", "out"], 100),
        (&["-u", "1:1", "bare", "out"], 100),
        (&["absent", "out"], 111),
        (&["template", "other"], 111),
        (&["--dry-run", "--strict", "template", "other"], 100),
        (&["--apply-plan", "absent", "template", "out"], 111),
        // An empty plan.
        (&["--apply-plan", "-", "template", "out"], 100),
    ];
    let before = disk::read_tree(scratch.path());
    for (words, code) in table {
        let heard = run(&scratch, words, "").expect_code(*code);
        assert!(heard.stderr.starts_with("s6-instance-maker: "), "nothing is said: {heard}");
        let _ = std::fs::remove_dir_all(scratch.join("out"));
        for redirections in ["2>&-", "2>/dev/full", "2</dev/null", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"] {
            let answer = run(&scratch, words, redirections).expect_code(*code);
            assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{answer}");
            if *code == 0 {
                std::fs::remove_dir(scratch.join("template/supervise")).unwrap();
                assert_copied(&scratch.join("template"), &scratch.join("out"));
                disk::directory(scratch.join("template/supervise"), 0o700);
                std::fs::remove_dir_all(scratch.join("out")).unwrap();
            }
            assert!(staging_in(scratch.path()).is_empty(), "{answer}");
            assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "", "{answer}");
        }
    }
}
