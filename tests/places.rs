//! Places that decide identities and owners themselves: stand-ins for root, user namespaces, processes without a
//! capability, file systems that decide owners, modes, names or execution.
//!
//! The result is the one that root gets, or the difference is reported; exit code 0 with other owners and no message is always
//! wrong. If s6's own program can run in such a place, it must make the same owners and modes as ours.

use crate::apply::staging_in;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::roots::{Root, Suite};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use std::process::Command;

mod attributes;
mod file_systems;
mod powers;
mod stand_ins;

/// The user and group nobody.
const NOBODY: u32 = 65534;

/// A folder in /tmp that anybody may write, with the program as `M` and a template as `T`.
fn folder(label: &str) -> Scratch {
    let scratch = Scratch::within(Path::new("/tmp"), &format!("s6-instance-maker-{label}"));
    disk::chmod(scratch.path(), 0o777);
    program::copy_to(&scratch.join("M"));
    disk::chmod(scratch.join("M"), 0o755);
    let template = scratch.join("T");
    disk::plain_template(&template);
    disk::file(template.join("data/file"), 0o640, "contents");
    disk::file(template.join("data/tool"), 0o6755, "#!/bin/sh\n");
    disk::directory(template.join("data"), 0o2750);
    scratch
}

/// The rest of a command line that runs `script` in a shell under umask 022.
fn shell(script: &str) -> [String; 3] {
    ["sh".to_owned(), "-c".to_owned(), format!("umask 022; {script}")]
}

/// `words` run as nobody in `scratch`.
fn as_nobody(scratch: &Scratch, words: impl IntoIterator<Item = String>) -> Answer {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--"]).args(words);
    Answer::of(command.current_dir(scratch.path()).env("HOME", scratch.path()))
}

/// Returns `true` if `program` is there; otherwise reports that `test` did not run.
fn has_or_say(program: &str, test: &str) -> bool {
    let is_there = Answer::of(Command::new("sh").args(["-c", "command -v \"$1\"", "sh", program])).code == Some(0);
    if !is_there {
        skip::did_not_run(test, &format!("there is no {program}"));
    }
    is_there
}

/// The kinds, modes, owners and paths below `path`, as find sees them: a line for each, in order.
fn listing(path: &str) -> String {
    format!("(cd {path} && find . -printf '%y %m %U:%G %P\\n' | LC_ALL=C sort -k4)")
}

/// Returns the warnings in `answer`, without their hints.
fn warnings(answer: &Answer) -> Vec<&str> {
    answer.stderr.lines().filter_map(|line| line.strip_prefix("s6-instance-maker: warning: ")).collect()
}
