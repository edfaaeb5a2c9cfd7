//! The environment of a process: signals, a terminal, a reader.

use super::assert_copied;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use std::process::{Command, Stdio};

#[test]
fn signals_leave_nothing() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for index in 0..200 {
        disk::file(scratch.join(format!("template/data/{index}")), 0o644, "x");
    }
    disk::directory(scratch.join("definitions"), 0o755);
    let before = disk::read_tree(scratch.path());
    for signal in ["INT", "TERM", "HUP"] {
        for words in [&["template", "out"][..], &["-r", "svc", "template", "definitions"]] {
            // The signal arrives at the hundredth file that is opened, which is in the middle of the copy.
            let fault = format!("inject=openat:signal=SIG{signal}:when=100");
            let answer = Answer::of(
                Command::new("strace")
                    .args(["-f", "-qq", "-o", "/dev/null", "-e", &fault])
                    .arg(program::program())
                    .args(words)
                    .current_dir(scratch.path()),
            );
            assert_eq!(answer.code, Some(111), "{answer}");
            assert_eq!(answer.stderr, "s6-instance-maker: fatal: interrupted by a signal\n");
            assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "");
        }
    }
}

/// A signal that the starter has the program ignore, as nohup does, stays ignored.
#[test]
fn ignored_signals_stay_ignored() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/large"), 0o644, vec![b'x'; 100_000]);
    let run = |ignored: &str| {
        let script = format!(
            "trap '' {ignored}; strace -qq -o /dev/null -e inject=copy_file_range:signal=SIGHUP:when=1 \"$0\" template out"
        );
        Answer::of(Command::new("sh").args(["-c", &script]).arg(program::program()).current_dir(scratch.path()))
    };
    assert_eq!(run("INT TERM").code, Some(111));
    assert!(!scratch.join("out").exists());
    assert_eq!(run("HUP").code, Some(0));
    assert_copied(&scratch.join("template"), &scratch.join("out"));
}

/// A line of progress appears on a terminal when the work takes longer than a second, and nowhere else.
#[test]
fn long_work_shows_its_progress() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for index in 0..20 {
        disk::file(scratch.join(format!("template/{index}")), 0o644, vec![b'x'; 100_000]);
    }
    let run = |terminal: bool, delay: u32, out: &str| {
        let fault = format!("inject=copy_file_range:delay_exit={delay}");
        let line = format!("strace -f -qq -o /dev/null -e {fault} {} template {out}", program::program().display());
        let mut command = if terminal { Command::new("script") } else { Command::new("sh") };
        let command = if terminal { command.args(["-qec", &line, "/dev/null"]) } else { command.args(["-c", &line]) };
        let answer = Answer::of(command.env("TERM", "xterm").current_dir(scratch.path())).expect_code(0);
        assert_copied(&scratch.join("template"), &scratch.join(out));
        answer
    };
    let slow = run(true, 100_000, "slow");
    assert!(slow.stdout.contains("making: ") && slow.stdout.contains("/26 entries"), "{slow}");
    assert!(slow.stdout.ends_with("\r\x1b[K"), "the line stays: {slow}");
    let quick = run(true, 0, "quick");
    assert_eq!(quick.stdout, "", "{quick}");
    let piped = run(false, 100_000, "piped");
    assert_eq!((piped.stdout.as_str(), piped.stderr.as_str()), ("", ""));
}

/// A program that only prints ends on a signal, also while it waits for its reader.
#[test]
fn printing_can_be_interrupted() {
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    for index in 0..3000 {
        disk::file(template.join(format!("d/a-name-that-is-long-enough-to-fill-a-pipe-{index}")), 0o644, "");
    }
    let mut child = Command::new(program::program());
    let mut child =
        child.args(["--dry-run", "template", "out"]).current_dir(scratch.path()).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it should be waiting for a reader");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), None);
}
