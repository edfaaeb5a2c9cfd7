//! System calls that fail, file systems that are full, limits, leftovers, rivals: all or nothing.

use super::{as_nobody, assert_copied, injected, names, staging_in};
use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{chown, symlink};
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

/// What a killed run leaves is removed by the next; what a living run holds is not.
#[test]
fn leftovers_are_removed_unless_they_are_held() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
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
    let held = scratch.join(format!("{STAGING_PREFIX}out:1"));
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

#[test]
fn of_many_at_once_one_wins() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("definitions"), 0o755);
    let run = |words: Vec<String>| {
        let mut command = Command::new(program::program());
        command.args(words).current_dir(scratch.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let rivals: Vec<_> = (0..32).map(|_| run(vec!["template".into(), "out".into()])).collect();
    let results: Vec<_> = rivals.into_iter().map(|rival| rival.wait_with_output().unwrap()).collect();
    assert_eq!(results.iter().filter(|result| result.status.success()).count(), 1);
    for result in results.iter().filter(|result| !result.status.success()) {
        assert_eq!(result.status.code(), Some(111));
        assert_eq!(result.stderr, b"s6-instance-maker: fatal: unable to make `out`: it exists already\n");
    }
    assert_copied(&scratch.join("template"), &scratch.join("out"));
    let friends: Vec<_> =
        (0..32).map(|index| run(vec!["-r".into(), format!("svc{index}"), "template".into(), "definitions".into()])).collect();
    for friend in friends {
        let result = friend.wait_with_output().unwrap();
        assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
    }
    assert_eq!(names(&scratch.join("definitions")).len(), 32);
    assert!(staging_in(scratch.path()).is_empty());
}

/// Every system call that touches files fails once: what is there afterwards is whole or as it was.
#[test]
fn every_failing_call_leaves_all_or_nothing() {
    const CALLS: &str = "openat,openat2,mkdirat,unlinkat,renameat2,renameat,getdents64,statx,fchmod,fchown,fremovexattr,flock,\
                         copy_file_range,write,read,readlinkat,symlinkat,mknodat,lseek,fcntl";
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/data/file"), 0o600, "contents");
    disk::directory(scratch.join("template/data/closed"), 0o500);
    disk::fifo(scratch.join("template/fifo"), 0o600);
    symlink("run", scratch.join("template/link")).unwrap();
    disk::directory(scratch.join("definitions/other"), 0o755);
    let (mut failed, mut made) = (0, 0);
    for (words, result) in [
        (&["template", "out"][..], "out"),
        (&["-r", "svc/log", "-L", "/l", "template", "new"], "new"),
        (&["-r", "svc/log", "-L", "/l", "template", "definitions"], "definitions"),
    ] {
        let before = disk::read_tree(scratch.path());
        let run = |more: &[&str]| {
            let strace = [&["-f", "-qq", "-e", "signal=none"], more].concat();
            Answer::of(Command::new("strace").args(strace).arg(program::program()).args(words).current_dir(scratch.path()))
        };
        let undo = || {
            let _ = fs::remove_dir_all(scratch.join("out"));
            let _ = fs::remove_dir_all(scratch.join("new"));
            let _ = fs::remove_dir_all(scratch.join("definitions/svc"));
            let _ = fs::remove_dir_all(scratch.join("definitions/log"));
        };
        let log = scratch.join("../log-of-calls");
        let trace = format!("trace={CALLS}");
        let counted = run(&["-o", log.to_str().unwrap(), "-e", &trace]).expect_code(0);
        assert_eq!(counted.stderr, "");
        let whole = disk::read_tree(&scratch.join(result));
        let calls = fs::read_to_string(&log).unwrap();
        undo();
        // What comes before is the loader's and the C library's.
        let first = calls.lines().position(|line| line.contains("\"template\"") || line.contains("\".\"")).unwrap();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, line) in calls.lines().enumerate() {
            let call = line.split_whitespace().nth(1).unwrap().split('(').next().unwrap();
            let nth = counts.entry(call).or_default();
            *nth += 1;
            // std asserts, in builds for debugging, that a descriptor is open before it closes it.
            if index < first || line.contains("F_GETFD") {
                continue;
            }
            let fault = format!("inject={call}:error=EIO:when={nth}");
            let answer = run(&["-o", "/dev/null", "-e", &fault]);
            let now = disk::read_tree(scratch.path());
            match answer.code {
                Some(0) => {
                    let differences = disk::differences(&whole, &disk::read_tree(&scratch.join(result)));
                    assert!(differences.is_empty(), "{fault}: {differences}{answer}");
                    made += 1;
                }
                Some(111) => {
                    assert!(answer.stderr.starts_with("s6-instance-maker: fatal: "), "{fault}: {answer}");
                    let differences = disk::differences(&before, &now);
                    // Where removing is what fails, what is left is told.
                    let told = answer.stderr.contains("still there");
                    assert!(differences.is_empty() || told, "{fault}: {differences}{answer}");
                    failed += 1;
                }
                _ => panic!("{fault}: {answer}"),
            }
            undo();
            for staging in staging_in(scratch.path()).into_iter().map(|name| scratch.join(name)) {
                fs::remove_dir_all(staging).unwrap();
            }
            for staging in staging_in(&scratch.join("definitions")) {
                fs::remove_dir_all(scratch.join("definitions").join(staging)).unwrap();
            }
        }
        let _ = fs::remove_file(log);
    }
    skip::tell(&format!("failing calls: {} of {} ended in nothing, {made} in everything", failed, failed + made));
    assert!(failed > 100);
}

/// A file system that is full: nothing, and the right message.
#[test]
fn a_full_disk_leaves_nothing() {
    if !skip::is_root_or_say("small file systems") {
        return;
    }
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("data/large"), 0o644, vec![b'x'; 300_000]);
    disk::directory(scratch.join("disk"), 0o755);
    // In a mount namespace of its own, so that nothing stays mounted.
    let script =
        "mount -t tmpfs -o \"size=$1,nr_inodes=$2\" none disk && { \"$0\" template disk/out; echo \"$? $(ls -A disk)\"; }";
    let (mut nothing, mut everything) = (0, 0);
    for (size, inodes) in [
        ("4k", "0"),
        ("64k", "0"),
        ("256k", "0"),
        ("300k", "0"),
        ("320k", "0"),
        ("1m", "0"),
        ("1m", "3"),
        ("1m", "9"),
        ("1m", "30"),
    ] {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).arg(program::program()).args([size, inodes]).current_dir(scratch.path());
        let answer = Answer::of(&mut command);
        match answer.stdout.trim() {
            "0 out" => everything += 1,
            "111" => {
                assert!(answer.stderr.contains("No space left on device"), "{answer}");
                nothing += 1;
            }
            _ => panic!("{size}, {inodes} inodes: {answer}"),
        }
    }
    assert!(nothing >= 5 && everything >= 2, "{nothing} {everything}");
}

/// What only looks like a leftover is not touched: where others can rename, and where something is mounted in it.
#[test]
fn what_looks_like_a_leftover_is_not_touched() {
    if !skip::is_root_or_say("directories of others, mounts") {
        return;
    }
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join(format!("shared/{STAGING_PREFIX}out:1/precious")), 0o600, "somebody's");
    chown(scratch.join("shared"), Some(33), Some(33)).unwrap();
    let answer = maker(scratch.path(), ["template", "shared/out"]).expect_code(0);
    assert!(answer.stderr.contains("remove it yourself"), "{answer}");
    assert!(scratch.join(format!("shared/{STAGING_PREFIX}out:1/precious")).exists());

    disk::file(scratch.join("elsewhere/precious"), 0o600, "mounted");
    disk::directory(scratch.join(format!("{STAGING_PREFIX}out:1/mounted")), 0o700);
    let script = format!("mount --bind elsewhere '{STAGING_PREFIX}out:1/mounted' && \"$0\" template out");
    let answer = Answer::of(
        Command::new("unshare").args(["--mount", "sh", "-c", &script]).arg(program::program()).current_dir(scratch.path()),
    );
    assert_eq!(answer.code, Some(0), "{answer}");
    assert!(
        answer.stderr.contains(&format!("unable to remove the leftover `./{STAGING_PREFIX}out:1`: Device or resource busy")),
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
        let mut command = as_nobody(&scratch);
        command.args(["template", "out"]);
        // An account that may have one process cannot have a second thread.
        let mut limited = Command::new("prlimit");
        limited.arg("--nproc=1").arg(command.get_program()).args(command.get_args()).current_dir(scratch.path());
        assert_eq!(Answer::of(&mut limited).expect_code(0).stderr, "");
        assert!(scratch.join("out/template/data/599").exists());
    }
}

/// Two runs with -r for a directory that is not there yet: both are right.
#[test]
fn who_is_quicker_does_not_matter_with_r() {
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
    while staging_in(scratch.path()).is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    maker(scratch.path(), ["-r", "quick", "template", "definitions"]).expect_code(0);
    assert!(slow.wait().unwrap().success());
    assert_eq!(names(&scratch.join("definitions")), ["quick", "slow"]);
    assert!(staging_in(scratch.path()).is_empty());
}
