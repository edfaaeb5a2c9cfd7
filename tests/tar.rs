//! Archives: what is unpacked from one is what the program makes, and the same bytes come out wherever and whoever makes it.

use s6_instance_maker_workspace::program::{self, all_allowed, under_umask};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::os::unix::fs::{chown, lchown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

mod combinations;
mod environment;
mod faults;
mod reproducible;
mod streams;
mod threads;
mod unpacked;

/// A template with one of everything that an archive has a form for, and names and numbers on both sides of what a header has room for.
fn archive_template(path: &Path) {
    crate::apply::rich_template(path);
    // `template/` is 9 bytes, and DIR/ 4 bytes.
    for length in 84..=90 {
        disk::file(path.join("f".repeat(length)), 0o644, length.to_string());
        disk::directory(path.join("d".repeat(length)), 0o755);
    }
    for length in 98..=102 {
        symlink("t".repeat(length), path.join(format!("to-{length}"))).unwrap();
    }
    disk::file(path.join("a-name-that-is-long-enough/".repeat(20)).join("deep"), 0o644, "deep");
    // Exactly a block, a byte less, and a byte more; and a hole.
    for size in [511, 512, 513] {
        disk::file(path.join(format!("size-{size}")), 0o644, vec![b's'; size]);
    }
    disk::file(path.join("hole"), 0o644, "before");
    fs::File::options().write(true).open(path.join("hole")).unwrap().set_len(1 << 20).unwrap();
    for (name, uid, gid) in [
        ("size-511", 1000, 100),
        ("size-512", 2_097_151, 2_097_152),
        ("size-513", 4_294_967_294, 4_294_967_294),
        ("hole", 33, 0),
        ("data/empty", 33, 33),
    ] {
        chown(path.join(name), Some(uid), Some(gid)).unwrap();
    }
    lchown(path.join("dangling"), Some(33), Some(4)).unwrap();
    disk::chmod(path.join("size-511"), 0o6755);
}

/// Runs the program with `words` in `directory` and returns its standard output.
fn printed(directory: &Path, words: &[&str]) -> Vec<u8> {
    let mut command = under_umask("022", program::program());
    output(command.args(all_allowed()).args(words).current_dir(directory))
}

/// Runs `command` and returns its standard output; nothing may be said on standard error.
fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).env_remove("SOURCE_DATE_EPOCH").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{command:?}: {}: {stderr}", output.status);
    output.stdout
}

/// Runs `script` with the program as `$0` and `words` as `$@`, and returns what comes of it.
fn sh(directory: &Path, script: &str, words: &[&str]) -> program::Answer {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(program::program()).args(words).current_dir(directory);
    program::Answer::of(command.env_remove("SOURCE_DATE_EPOCH"))
}

/// The digest of a stream, as sha256sum prints it.
fn sha256(scratch: &Scratch, bytes: &[u8]) -> String {
    let file = scratch.join("digested");
    fs::write(&file, bytes).unwrap();
    let sum = output(Command::new("sha256sum").arg(&file));
    String::from_utf8(sum).unwrap().split(' ').next().unwrap().to_owned()
}

/// Returns `true` if this process is root and the three programs are there that unpack archives.
fn can_unpack_or_say(test: &str) -> bool {
    let is_there =
        |name: &str| Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", name]).status().unwrap().success();
    if !skip::is_root_or_say(test) {
        return false;
    }
    for name in ["tar", "bsdtar", "busybox"] {
        if !is_there(name) {
            skip::did_not_run(test, &format!("there is no {name}"));
            return false;
        }
    }
    true
}
