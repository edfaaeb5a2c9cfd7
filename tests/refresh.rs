//! `--refresh` and `--refresh-instances` on directories where no s6 is at work: what is brought up to date, what stays, what is
//! refused. `live/refresh.rs` has those where one is; `faults/refresh.rs` lets calls fail.

use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk::{self, OnDisk};
use s6_instance_maker_workspace::program::{Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::process::Command;

mod copies;
mod definitions;
mod parts;
mod quiet;
mod refusals;
mod surroundings;

/// A tree as it was read back.
pub(crate) type Tree = BTreeMap<Vec<u8>, OnDisk>;

/// A folder with the templates `one` and `two`, which have many things in common.
pub(crate) fn folder() -> Scratch {
    let scratch = Scratch::new("refresh");
    for name in ["one", "two"] {
        template(&scratch.join(name), name);
    }
    // Only one of them has each of these.
    disk::file(scratch.join("one/data/first"), 0o644, "first");
    disk::file(scratch.join("two/data/second"), 0o640, "second");
    disk::file(scratch.join("one/early"), 0o644, "early");
    disk::file(scratch.join("two/late"), 0o600, "late");
    symlink("early", scratch.join("one/link")).unwrap();
    symlink("late", scratch.join("two/link")).unwrap();
    scratch
}

/// The template of one version.
pub(crate) fn template(path: &Path, version: &str) {
    disk::file(path.join("run"), 0o755, format!("#!/bin/sh\n# {version}\necho \"$1\"\nexec sleep 1000000\n"));
    disk::file(path.join("finish"), 0o755, format!("#!/bin/sh\n# {version}\necho \"$3\"\n"));
    disk::file(path.join("notification-fd"), 0o644, "3\n");
    disk::file(path.join("data/version"), 0o644, version);
    disk::file(path.join("data/deep/same"), 0o640, "same");
    disk::file(path.join("env/VERSION"), 0o644, version);
    disk::file(path.join("conf/version"), 0o644, version);
    disk::file(path.join("conf/same"), 0o600, "same");
    disk::file(path.join("log/run"), 0o755, format!("#!/bin/sh\n# {version}\necho \"$1\"\nexec cat\n"));
    disk::file(path.join("log/notification-fd"), 0o644, "3\n");
}

/// Runs the program, which must succeed.
pub(crate) fn make(scratch: &Scratch, words: &[&str]) -> Answer {
    maker(scratch.path(), words).expect_code(0)
}

/// Makes an instance of the service `dir` as s6-instance-create does, and what a supervisor keeps in it.
pub(crate) fn create(scratch: &Scratch, dir: &str, name: &str) {
    let service = scratch.join(dir);
    let copy = service.join("instances").join(name);
    let copied = Answer::of(Command::new("cp").arg("-a").arg("--").arg(service.join("template")).arg(&copy));
    copied.expect_code(0);
    symlink(format!("../instances/{name}"), service.join("instance").join(name)).unwrap();
    for supervised in [copy.clone(), copy.join("log")].iter().filter(|supervised| supervised.is_dir()) {
        disk::file(supervised.join("supervise/status"), 0o644, "status");
        disk::directory(supervised.join("supervise"), 0o700);
        disk::directory(supervised.join("event"), 0o3730);
    }
}

/// A tree without what belongs to the living service.
pub(crate) fn without_living(tree: Tree) -> Tree {
    let lives = |path: &[u8]| {
        let mut names = path.split(|&byte| byte == b'/');
        match (names.next().unwrap_or_default(), names.next()) {
            (b"supervise" | b"event" | b"down" | b".s6-instance-maker", _) | (b"instance" | b"instances", Some(_)) => true,
            (b"log", Some(name)) => matches!(name, b"supervise" | b"event" | b"down"),
            _ => false,
        }
    };
    tree.into_iter().filter(|(path, _)| !lives(path)).collect()
}

/// Fails unless `dir` is what the words make anew, living and `unknown` entries excepted.
pub(crate) fn expect_new(scratch: &Scratch, dir: &str, words: &[&str], unknown: &[&str]) {
    make(scratch, &[words, &["expected"]].concat());
    let expected = without_living(disk::read_tree(&scratch.join("expected")));
    fs::remove_dir_all(scratch.join("expected")).unwrap();
    let mut found = without_living(disk::read_tree(&scratch.join(dir)));
    for unknown in unknown {
        assert!(found.remove(unknown.as_bytes()).is_some(), "{unknown} is gone");
    }
    assert_eq!(disk::differences(&expected, &found), "", "left: made anew; right: {dir}");
}

/// Fails unless the copy of an instance is `template`, what its supervisors keep and `own` entries excepted.
pub(crate) fn expect_copy(template: &Path, copy: &Path, own: &[&str]) {
    let mut found = disk::read_tree(copy);
    found.retain(|path, _| {
        let mut names = path.split(|&byte| byte == b'/').skip_while(|name| *name == b"log");
        !matches!(names.next(), Some(b"supervise" | b"event" | b"down"))
    });
    for own in own {
        assert!(found.remove(own.as_bytes()).is_some(), "{own} is gone");
    }
    assert_eq!(disk::differences(&disk::read_tree(template), &found), "", "left: the template; right: {}", copy.display());
}

/// The inode numbers of all that is in `root`.
pub(crate) fn inodes(root: &Path) -> BTreeMap<Vec<u8>, u64> {
    use std::os::unix::ffi::OsStrExt as _;
    let inode = |path: Vec<u8>| {
        let number = fs::symlink_metadata(root.join(std::ffi::OsStr::from_bytes(&path))).unwrap().ino();
        (path, number)
    };
    disk::read_tree(root).into_keys().map(inode).collect()
}

/// Fails if a staging directory is in `dir`, or a record that nobody needs.
pub(crate) fn expect_tidy(dir: &Path) {
    let names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let left: Vec<_> = names.iter().filter_map(|name| name.to_str()).filter(|name| name.starts_with(STAGING_PREFIX)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The commands in the hints of an answer.
pub(crate) fn hints(answer: &Answer) -> Vec<&str> {
    answer.stderr.lines().filter_map(|line| line.strip_prefix("s6-instance-maker: hint: ")).collect()
}
