//! System calls that cannot be had, limits, leftovers: all or nothing. Failures and kills at every call are in `faults`.

use super::{as_account, assert_copied, await_staging, injected, names, staging_in};
use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

/// File systems without RENAME_NOREPLACE get the result by an empty directory of our own that is replaced.
#[test]
fn without_noreplace_nothing_is_replaced_either() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let fault = &["renameat2:error=EINVAL"];
    let answer = injected(&scratch, fault, &["template", "out"]);
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_copied(&scratch.join("template"), &scratch.join("out"));
    let answer = injected(&scratch, fault, &["-r", "a/b", "-L", "/l", "template", "definitions"]);
    assert_eq!(answer.code, Some(0), "{answer}");
    let answer = injected(&scratch, fault, &["-r", "c/d", "-L", "/l", "template", "definitions"]);
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(names(&scratch.join("definitions")), ["a", "b", "c", "d"]);
    assert!(staging_in(scratch.path()).is_empty());
}

/// With -r and a directory that is there: when the second service cannot be put in its place, the first is taken back.
#[test]
fn services_appear_together_or_not_at_all() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("definitions/other"), 0o755);
    let before = disk::read_tree(scratch.path());
    let answer = injected(&scratch, &["renameat2:error=EIO:when=2"], &["-r", "svc/log", "-L", "/l", "template", "definitions"]);
    assert_eq!(answer.code, Some(111), "{answer}");
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to make `definitions/svc`: Input/output error\n");
    assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "");
    maker(scratch.path(), ["-r", "svc/log", "-L", "/l", "template", "definitions"]).expect_code(0);
    assert_eq!(names(&scratch.join("definitions")), ["log", "other", "svc"]);
}

/// The next run removes the leftovers of a killed run, and keeps those of a living one.
#[test]
fn leftovers_are_removed_unless_they_are_held() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/large"), 0o644, vec![b'x'; 100_000]);
    let killed = |words: &[&str]| {
        let fault = "inject=copy_file_range:signal=SIGKILL:when=1";
        let status = Command::new("strace")
            .args(["-qq", "-o", "/dev/null", "-e", fault])
            .arg(program::program())
            .args(words)
            .current_dir(scratch.path())
            .status();
        assert!(!status.unwrap().success());
    };
    disk::directory(scratch.join("definitions"), 0o755);
    killed(&["template", "out"]);
    killed(&["-r", "svc", "template", "definitions"]);
    assert_eq!((staging_in(scratch.path()).len(), staging_in(&scratch.join("definitions")).len()), (1, 1));
    let held = scratch.join(format!("{STAGING_PREFIX}out+1"));
    disk::file(held.join("file"), 0o644, "somebody works here");
    let lock = fs::File::open(&held).unwrap();
    lock.try_lock().unwrap();
    maker(scratch.path(), ["template", "out"]).expect_code(0);
    maker(scratch.path(), ["-r", "svc", "template", "definitions"]).expect_code(0);
    assert_eq!(staging_in(scratch.path()), [held.file_name().unwrap()]);
    assert_eq!(names(&scratch.join("definitions")), ["svc"]);
    drop(lock);
    maker(scratch.path(), ["template", "out2"]).expect_code(0);
    assert_eq!(staging_in(scratch.path()).len(), 1, "another result's leftovers are not this run's");
    maker(scratch.path(), ["template", "out"]).expect_code(111);
    fs::remove_dir_all(scratch.join("out")).unwrap();
    maker(scratch.path(), ["template", "out"]).expect_code(0);
    assert!(staging_in(scratch.path()).is_empty());
}

/// An entry that only looks like a leftover is kept: if others can rename there, and if something is mounted in it.
#[test]
fn entries_that_look_like_leftovers_are_kept() {
    if !skip::is_root_or_say("directories of others, mounts") {
        return;
    }
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join(format!("shared/{STAGING_PREFIX}out+1/precious")), 0o600, "somebody's");
    chown(scratch.join("shared"), Some(33), Some(33)).unwrap();
    let answer = maker(scratch.path(), ["template", "shared/out"]).expect_code(0);
    assert!(answer.stderr.contains("remove it by hand"), "{answer}");
    assert!(scratch.join(format!("shared/{STAGING_PREFIX}out+1/precious")).exists());

    disk::file(scratch.join("elsewhere/precious"), 0o600, "mounted");
    disk::directory(scratch.join(format!("{STAGING_PREFIX}out+1/mounted")), 0o700);
    let script = format!("mount --bind elsewhere '{STAGING_PREFIX}out+1/mounted' && \"$0\" template out");
    let answer = Answer::of(
        Command::new("unshare").args(["--mount", "sh", "-c", &script]).arg(program::program()).current_dir(scratch.path()),
    );
    assert_eq!(answer.code, Some(0), "{answer}");
    assert!(
        answer.stderr.contains(&format!("unable to remove the leftover `./{STAGING_PREFIX}out+1`: Device or resource busy")),
        "{answer}"
    );
    assert!(scratch.join("elsewhere/precious").exists());
}

/// Limits of the process are errors, or are worked with; none leaves anything behind.
#[test]
fn limits_of_the_process_are_respected() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for index in 0..600 {
        disk::file(scratch.join(format!("template/data/{index}")), 0o644, "x");
    }
    disk::file(scratch.join("template/large"), 0o644, vec![b'x'; 200_000]);
    let sh =
        |script: &str| Answer::of(Command::new("sh").args(["-c", script]).arg(program::program()).current_dir(scratch.path()));
    let answer = sh("ulimit -f 100; \"$0\" template out");
    assert_eq!((answer.code, staging_in(scratch.path()).len()), (Some(111), 0), "{answer}");
    assert!(answer.stderr.contains("File too large"), "{answer}");
    for descriptors in 3..16 {
        let answer = sh(&format!("ulimit -n {descriptors}; \"$0\" template out-{descriptors}"));
        // Without any, not even the loader finds its libraries.
        assert!(matches!(answer.code, Some(0 | 111 | 127)), "{descriptors}: {answer}");
        assert_eq!(scratch.join(format!("out-{descriptors}")).exists(), answer.code == Some(0), "{descriptors}: {answer}");
        assert!(staging_in(scratch.path()).is_empty(), "{descriptors}: {answer}");
    }
    assert!(scratch.join("out-15").exists());
    if skip::is_root_or_say("limits of the number of processes") {
        let scratch = Scratch::within(Path::new("/tmp"), "s6-instance-maker-nobody");
        disk::plain_template(scratch.join("template"));
        for index in 0..600 {
            disk::file(scratch.join(format!("template/data/{index}")), 0o644, "x");
        }
        disk::chmod(scratch.join("template/data"), 0o755);
        // Of an account's own processes each counts, whoever started it: it must have no other.
        let mut command = as_account(&scratch, account_without_processes());
        command.args(["template", "out"]);
        // An account that may have one process cannot have a second thread.
        let mut limited = Command::new("prlimit");
        limited.arg("--nproc=1").arg(command.get_program()).args(command.get_args()).current_dir(scratch.path());
        assert_eq!(Answer::of(&mut limited).expect_code(0).stderr, "");
        assert!(scratch.join("out/template/data/599").exists());
    }
}

/// The number of an account that no process belongs to.
fn account_without_processes() -> u32 {
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap());
    // A process may end meanwhile.
    let taken: BTreeSet<u32> = processes.filter_map(|entry| entry.metadata().ok()).map(|process| process.uid()).collect();
    (64_000..65_000).find(|account| !taken.contains(account)).unwrap()
}

/// Two runs with -r for a directory that is not there yet: both are right.
#[test]
fn rivals_share_dir_with_r() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let fault = "inject=renameat2:delay_enter=500000";
    let mut slow = Command::new("strace");
    slow.args(["-f", "-qq", "-o", "/dev/null", "-e", fault]).arg(program::program()).args([
        "-r",
        "slow",
        "template",
        "definitions",
    ]);
    let mut slow = slow.current_dir(scratch.path()).spawn().unwrap();
    await_staging(&mut slow, scratch.path());
    maker(scratch.path(), ["-r", "quick", "template", "definitions"]).expect_code(0);
    assert!(slow.wait().unwrap().success());
    assert_eq!(names(&scratch.join("definitions")), ["quick", "slow"]);
    assert!(staging_in(scratch.path()).is_empty());
}

/// Somebody else makes DIR while this run fills it: without -r that is not this run's to put anything in, be it empty.
#[test]
fn the_first_of_several_rivals_has_dir() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for theirs in ["out", "out/theirs"] {
        let fault = "inject=renameat2:delay_enter=500000";
        let mut slow = Command::new("strace");
        slow.args(["-f", "-qq", "-o", "/dev/null", "-e", fault]).arg(program::program()).args(["template", "out"]);
        let mut slow = slow.current_dir(scratch.path()).stderr(Stdio::piped()).spawn().unwrap();
        await_staging(&mut slow, scratch.path());
        disk::directory(scratch.join(theirs), 0o700);
        let before = disk::read_tree(&scratch.join("out"));
        let output = slow.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let first = stderr.lines().next();
        assert_eq!(
            (output.status.code(), first),
            (Some(111), Some("s6-instance-maker: fatal: unable to create `out`: it already exists"))
        );
        assert_eq!(disk::differences(&before, &disk::read_tree(&scratch.join("out"))), "");
        assert!(staging_in(scratch.path()).is_empty());
        fs::remove_dir_all(scratch.join("out")).unwrap();
    }
}
