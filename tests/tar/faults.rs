//! Files that cannot be read, or change meanwhile: an archive is whole, or the exit code is not 0. `faults::archive` has the system
//! calls that fail.

use super::{output, printed, sh};
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A file that the caller may not read is an error, and so is a directory.
#[test]
fn what_cannot_be_read_is_an_error() {
    if !skip::is_root_or_say("tar::faults::what_cannot_be_read_is_an_error") {
        return;
    }
    let scratch = Scratch::new("tar");
    let mut nobody = crate::apply::as_nobody(&scratch);
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/secret"), 0o600, "root's");
    let answer = Answer::of(nobody.args(["--tar", "template", "out"])).expect_code(111);
    let expected = "s6-instance-maker: fatal: unable to open `template/secret`: Permission denied\n";
    assert_eq!(answer.stderr, expected);
    fs::remove_file(scratch.join("template/secret")).unwrap();
    disk::directory(scratch.join("template/closed"), 0o700);
    let answer = Answer::of(&mut nobody).expect_code(111);
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to read `template/closed`: Permission denied\n");
    assert!(answer.stdout.is_empty(), "{answer}");
}

/// A file that grows, shrinks, is rewritten or replaced after the template was read, before or while it is copied.
#[test]
fn a_file_that_changes_is_an_error() {
    let scratch = Scratch::new("tar");
    let large = scratch.join("template/large");
    let fill = || {
        disk::plain_template(scratch.join("template"));
        disk::file(&large, 0o644, vec![b'x'; 3 << 20]);
    };
    let changes: [(&str, &dyn Fn()); 4] = [
        ("it grows", &|| disk::file(&large, 0o644, vec![b'x'; 4 << 20])),
        ("it shrinks", &|| disk::file(&large, 0o644, vec![b'x'; 1 << 20])),
        ("it is rewritten", &|| disk::file(&large, 0o644, vec![b'y'; 3 << 20])),
        ("it is replaced", &|| {
            disk::file(scratch.join("other"), 0o644, vec![b'x'; 3 << 20]);
            fs::rename(scratch.join("other"), &large).unwrap();
        }),
    ];
    for (name, change) in changes {
        fill();
        let mut child = Command::new(program::program())
            .args(["--tar", "template", "out"])
            .current_dir(scratch.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It waits for a reader once the pipe is full, in the middle of the large file.
        let waits = || fs::read_to_string(format!("/proc/{}/wchan", child.id())).unwrap_or_default().contains("pipe");
        let mut turns = 0;
        while !waits() && turns < 400 {
            std::thread::sleep(Duration::from_millis(5));
            turns += 1;
        }
        change();
        let mut archive = Vec::new();
        std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut archive).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if name == "it is replaced" && output.status.success() {
            // The file that was opened is still the one that was read.
            assert!(archive.len() > 3 << 20 && stderr.is_empty(), "{name}: {stderr}");
            continue;
        }
        assert_eq!(output.status.code(), Some(111), "{name}: {stderr}");
        assert!(stderr.starts_with("s6-instance-maker: fatal: `template/large`: changed while "), "{name}: {stderr}");
    }
}

/// A file of /proc seems empty, and is not.
#[test]
fn a_file_without_a_size_is_an_error() {
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    std::os::unix::fs::symlink("/proc/self/status", scratch.join("template/status")).unwrap();
    let answer = sh(scratch.path(), "\"$0\" --dereference --tar template out", &[]).expect_code(111);
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: `template/status`: changed while the template was copied\n");
}

/// Nothing is written but the stream: the folder is as it was, and DIR may be there or not.
#[test]
fn no_file_is_written() {
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    let before = disk::read_tree(scratch.path());
    let one = printed(scratch.path(), &["--tar", "template", "template"]);
    let other = printed(scratch.path(), &["--tar", "template", "/template/"]);
    assert!(one == other, "a leading slash is in the archive");
    printed(scratch.path(), &["--digest", "template", "absent/parent/out"]);
    assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "");
    // No call that could write.
    let log = scratch.join("log");
    let calls =
        "trace=mkdirat,mkdir,openat,open,creat,renameat2,renameat,rename,symlinkat,mknodat,unlinkat,fchmod,fchown,ftruncate";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(&log).args(["-e", calls]).arg(program::program());
    output(strace.args(["--tar", "template", "out"]).current_dir(scratch.path()));
    let told = fs::read_to_string(&log).unwrap();
    let writes: Vec<&str> = told.lines().filter(|line| !line.contains("O_RDONLY") && !line.contains("+++")).collect();
    assert!(told.contains("O_RDONLY") && writes.iter().all(|line| line.contains("O_PATH")), "{writes:#?}");
}
