//! Where an archive goes: files that may not grow, readers that have enough, a terminal; and how much memory it takes.

use super::sh;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::scratch::Scratch;
use std::fs;

/// A plain template with a file of `size` bytes, which is a hole.
fn template_of(scratch: &Scratch, size: u64) {
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/large"), 0o644, "");
    fs::File::options().write(true).open(scratch.join("template/large")).unwrap().set_len(size).unwrap();
}

/// However the end of what can be written is met, in a header, in contents or at the end: 111 and one message.
#[test]
fn what_cannot_be_written_is_an_error() {
    let scratch = Scratch::new("tar");
    template_of(&scratch, 1 << 20);
    for (script, words) in [
        ("\"$0\" --tar template out >/dev/full", "No space left on device"),
        // In units of 512 bytes.
        ("ulimit -f 1; \"$0\" --tar template out >file", "File too large"),
        ("ulimit -f 1000; \"$0\" --tar template out >file", "File too large"),
        ("ulimit -f 2060; \"$0\" --tar template out >file", "File too large"),
        ("\"$0\" --tar template out <&- 1<template", "Bad file descriptor"),
    ] {
        let answer = sh(scratch.path(), script, &[]).expect_code(111);
        assert_eq!(
            answer.stderr,
            format!("s6-instance-maker: fatal: unable to write to standard output: {words}\n"),
            "{script}"
        );
    }
    // A closed pipe, whatever the starter has SIGPIPE do.
    for taken in [0, 1, 600, 70_000, 900_000] {
        for pipe in ["", "--ignore-signal=PIPE", "--default-signal=PIPE"] {
            let script =
                format!("{{ env {pipe} \"$0\" --tar template out; echo $? >code; }} | head -c {taken} | wc -c; cat code");
            let answer = sh(scratch.path(), &script, &[]);
            assert_eq!(answer.stdout, format!("{taken}\n111\n"), "{answer}");
            assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to write to standard output: Broken pipe\n");
        }
    }
}

#[test]
fn a_terminal_is_refused() {
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    // script(1) gives the program a terminal, and returns its exit code.
    let answer =
        sh(scratch.path(), "script -qec \"'$0' --color never --tar template out\" /dev/null </dev/null", &[]).expect_code(100);
    assert!(answer.stdout.starts_with("s6-instance-maker: fatal: --tar: standard output is a terminal\r\n"), "{answer}");
    assert!(!answer.stdout.contains("ustar"), "{answer}");
    // A digest is a line.
    let answer = sh(scratch.path(), "script -qec \"'$0' --digest template out\" /dev/null </dev/null", &[]).expect_code(0);
    assert_eq!(answer.stdout.trim_end().len(), 64, "{answer}");
}

/// The memory of a process does not depend on the size of the files.
#[test]
fn memory_does_not_grow_with_contents() {
    let scratch = Scratch::new("tar");
    let most = |size: u64, action: &str| -> u64 {
        template_of(&scratch, size);
        let script = format!("command time -f %M -o memory \"$0\" {action} template out >/dev/null && cat memory");
        let answer = sh(scratch.path(), &script, &[]).expect_code(0);
        answer.stdout.trim().parse().unwrap_or_else(|_| panic!("{answer}"))
    };
    for action in ["--tar", "--digest"] {
        let (small, large) = (most(0, action), most(256 << 20, action));
        // In KiB; the buffers are 256 of them.
        assert!(large < small + 2048, "{action}: {small} KiB for nothing, {large} KiB for 256 MiB");
    }
}
