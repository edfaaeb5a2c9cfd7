//! Templates of so many entries that several threads read them: the archive has the same bytes, the same first error, and little memory.

use super::{output, printed, sh};
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::path::Path;
use std::process::Command;

/// More entries than one thread is given, with sizes on both sides of what is read ahead.
fn wide_template(path: &Path) {
    disk::plain_template(path);
    for number in 0..1500usize {
        let size = match number {
            n if n % 97 == 0 => (256 << 10) + n,
            n if n % 41 == 0 => 100_000,
            n => n % 1100,
        };
        disk::file(path.join(format!("many{}/{number}", number % 2)), 0o644, vec![b'a' + (number % 26) as u8; size]);
    }
}

/// The same bytes as those of GNU tar, also where the system has no room for some or all of the threads.
#[test]
fn threads_make_the_same_archive() {
    let scratch = Scratch::new("tar");
    wide_template(&scratch.join("template"));
    printed(scratch.path(), &["template", "made"]);
    let mut gnu = Command::new("tar");
    gnu.args(["--format=gnu", "--sort=name", "--numeric-owner", "--owner=0", "--group=0", "--mtime=@0", "-cf", "-", "made"]);
    let expected = output(gnu.current_dir(scratch.path()));
    let words = ["--owner", "0", "--group", "0", "--tar", "template", "made"];
    for _ in 0..5 {
        assert!(printed(scratch.path(), &words) == expected, "another archive");
    }
    let log = scratch.join("log");
    let mut failed = 0;
    for when in ["", ":when=1", ":when=2+2", ":when=3+"] {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o"]).arg(&log).args(["-e", "trace=clone3"]);
        strace.arg("-e").arg(format!("inject=clone3:error=EAGAIN{when}")).arg(program::program());
        let found = output(strace.args(program::all_allowed()).args(words).current_dir(scratch.path()));
        assert!(found == expected, "{when}: another archive");
        failed += fs::read_to_string(&log).unwrap().matches("(INJECTED)").count();
    }
    let processors = std::thread::available_parallelism().unwrap().get();
    assert!(failed > 5 || processors == 1, "{failed} threads could not be started");
}

/// What is first in the archive is what is reported, and what comes before it is written.
#[test]
fn the_first_error_in_the_archive_is_reported() {
    if !skip::is_root_or_say("tar::threads::the_first_error_in_the_archive_is_reported") {
        return;
    }
    let scratch = Scratch::new("tar");
    let mut nobody = crate::apply::as_nobody(&scratch);
    wide_template(&scratch.join("template"));
    let whole = sh(scratch.path(), "\"$0\" --allow others-can-write --tar template out | wc -c", &[]);
    for number in [801, 805, 999, 1499] {
        disk::chmod(scratch.join(format!("template/many1/{number}")), 0);
    }
    nobody.args(["--allow", "others-can-write", "--tar", "template", "out"]);
    for _ in 0..10 {
        let answer = Answer::of(&mut nobody).expect_code(111);
        let expected = "s6-instance-maker: fatal: unable to open `template/many1/1499`: Permission denied\n";
        assert_eq!(answer.stderr, expected);
        let written = answer.stdout.len();
        assert!(written > 1 << 20 && written < whole.stdout.trim().parse().unwrap(), "{written} bytes");
    }
}

/// Memory does not grow with contents that are read ahead.
#[test]
fn memory_does_not_grow_with_many_files() {
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    let most = |size: u64| -> u64 {
        for number in 0..600 {
            let path = scratch.join(format!("template/many/{number}"));
            disk::file(&path, 0o644, "");
            // A hole.
            fs::File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
        }
        let script = "command time -f %M -o memory \"$0\" --tar template out >/dev/null && cat memory";
        let answer = sh(scratch.path(), script, &[]).expect_code(0);
        answer.stdout.trim().parse().unwrap_or_else(|_| panic!("{answer}"))
    };
    let (small, large) = (most(0), most(250_000));
    // In KiB: at most eight threads have a run of 256 KiB at hand, another one ready, and what a growing buffer takes meanwhile.
    assert!(large < small + (16 << 10), "{small} KiB for nothing, {large} KiB for 150 MB");
}
