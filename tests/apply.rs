//! Plans carried out on a real disk: what is read back is what was planned, and nothing is ever half made.

use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};

mod copies;
mod failures;
mod instances;
mod links;
mod moments;
mod places;
mod process;
mod refusals;
mod threads;

/// The template's copy in `result`, and the template, as trees that must be equal.
pub(crate) fn assert_copied(template: &Path, result: &Path) {
    let differences = disk::differences(&disk::read_tree(template), &disk::read_tree(&result.join("template")));
    assert!(differences.is_empty(), "{differences}");
}

/// Returns the entries of `directory`, by name.
pub(crate) fn names(directory: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

pub(crate) fn staging_in(directory: &Path) -> Vec<OsString> {
    names(directory).into_iter().filter(|name| name.as_bytes().starts_with(STAGING_PREFIX.as_bytes())).collect()
}

/// Waits until a program that was started has made its staging directory in `directory`.
pub(crate) fn await_staging(program: &mut Child, directory: &Path) {
    while staging_in(directory).is_empty() {
        assert!(program.try_wait().unwrap().is_none(), "it ended before it began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A template with one of everything that can be copied.
pub(crate) fn rich_template(path: &Path) {
    disk::plain_template(path);
    disk::file(path.join(".hidden"), 0o644, "dot");
    disk::file(path.join("empty"), 0o600, "");
    disk::file(path.join("large"), 0o444, vec![b'x'; 3 << 20]);
    disk::file(path.join("tool"), 0o6755, "#!/bin/sh\n");
    disk::file(path.join("sticky"), 0o1644, "sticky");
    disk::file(path.join("none"), 0o000, "nobody may");
    disk::file(path.join("data/deep/deeper/file"), 0o640, "deep");
    disk::directory(path.join("data/empty"), 0o500);
    disk::directory(path.join("data/tmp"), 0o1777);
    disk::directory(path.join("data/shared"), 0o2775);
    disk::directory(path.join("closed"), 0o000);
    disk::fifo(path.join("fifo"), 0o620);
    symlink("/etc/passwd", path.join("absolute")).unwrap();
    symlink("../..", path.join("data/up")).unwrap();
    symlink("nowhere", path.join("dangling")).unwrap();
    for name in [
        b"new\nline".to_vec(),
        b"not-utf8-\xff\xfe".to_vec(),
        vec![b'n'; 255],
        b" ".to_vec(),
        b"-c".to_vec(),
        b"\x1b[31m".to_vec(),
    ] {
        disk::file(path.join(OsStr::from_bytes(&name)), 0o644, name);
    }
    disk::chmod(path, 0o2751);
}

/// The program, run by an account that is not root.
pub(crate) fn as_nobody(scratch: &Scratch) -> Command {
    as_account(scratch, 65534)
}

/// The program, run by the account with this number and the group with the same one.
fn as_account(scratch: &Scratch, account: u32) -> Command {
    disk::chmod(scratch.path(), 0o777);
    // The program may lie where others cannot reach it.
    let copy = scratch.join("program");
    program::copy_to(&copy);
    disk::chmod(&copy, 0o755);
    let account = account.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &account, "--regid", &account, "--clear-groups", "--inh-caps=-all"]);
    command.args(["sh", "-c", "umask 022; exec \"$@\"", "sh"]);
    command.arg(copy).current_dir(scratch.path());
    command
}

/// The program with system calls that fail; strace's own output is kept apart.
fn injected(scratch: &Scratch, faults: &[&str], words: &[&str]) -> Answer {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    for fault in faults {
        command.arg("-e").arg(format!("inject={fault}"));
    }
    Answer::of(command.arg(program::program()).args(words).current_dir(scratch.path()))
}
