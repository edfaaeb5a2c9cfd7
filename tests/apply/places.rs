//! Places that change new files: the results get the modes and groups that were asked for.

use super::{assert_copied, injected, rich_template, staging_in};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::os::unix::fs::chown;
use std::process::Command;

/// Modes and owners are what was asked for even where the parent directory has other ideas.
#[test]
fn parents_that_change_new_entries() {
    if !skip::is_root_or_say("directories of other groups") {
        return;
    }
    let scratch = Scratch::new("apply");
    rich_template(&scratch.join("template"));
    let shared = scratch.join("shared");
    disk::directory(&shared, 0o755);
    chown(&shared, Some(0), Some(33)).unwrap();
    disk::chmod(&shared, 0o2775);
    maker(scratch.path(), ["template", "shared/out"]).expect_code(0);
    assert_copied(&scratch.join("template"), &shared.join("out"));
    let tree = disk::read_tree(&shared.join("out"));
    let generated = ["", "run", "instance", "instances", "notification-fd"].map(|path| tree[path.as_bytes()].owner);
    assert_eq!(generated, [(0, 0); 5]);
    assert_eq!(tree[b"".as_slice()].mode, 0o755);
    maker(scratch.path(), ["-r", "svc", "template", "shared"]).expect_code(0);
    let tree = disk::read_tree(&shared.join("svc"));
    assert_eq!((tree[b"".as_slice()].owner, tree[b"run".as_slice()].owner), ((0, 0), (0, 0)));
    let answer = Answer::of(Command::new("setfacl").args(["-d", "-m", "u::rwx,g::rx,o::-,u:33:rwx"]).arg(&shared));
    assert_eq!(answer.code, Some(0), "{answer}");
    maker(scratch.path(), ["template", "shared/out2"]).expect_code(0);
    maker(scratch.path(), ["-r", "svc2", "template", "shared"]).expect_code(0);
    for out in ["out2", "svc2"] {
        let acls = Answer::of(Command::new("getfacl").args(["--recursive", "--skip-base", "--physical"]).arg(shared.join(out)));
        assert_eq!((acls.code, acls.stdout.as_str()), (Some(0), ""), "somebody was let in by an ACL");
    }
    let tree = disk::read_tree(&shared.join("out2"));
    assert_eq!(
        (tree[b"run".as_slice()].mode, tree[b"instance".as_slice()].mode, tree[b"".as_slice()].mode),
        (0o755, 0o755, 0o755)
    );
    assert_copied(&scratch.join("template"), &shared.join("out2"));
}

/// A umask that stays on, or a file system that keeps bits from new files, changes nothing: it is noticed.
#[test]
fn modes_are_what_was_asked_for() {
    let scratch = Scratch::new("apply");
    rich_template(&scratch.join("template"));
    maker(scratch.path(), ["template", "expected"]).expect_code(0);
    for umask in ["077", "0111", "0277"] {
        // The program asks for a umask of 0, is told that it was 022, and gets none of it.
        let mut command = program::under_umask(umask, "strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=umask:retval=18"]).arg(program::program());
        Answer::of(command.args(["template", umask]).current_dir(scratch.path())).expect_code(0);
        let differences =
            disk::differences(&disk::read_tree(&scratch.join("expected")), &disk::read_tree(&scratch.join(umask)));
        assert!(differences.is_empty(), "{umask}: {differences}");
    }
}

/// Mounts a file system that gives new files the group of their directory; says who has what is made there.
const GRPID: &str = "
    truncate -s 16M image && mkfs.ext2 -q image && mount -o loop,grpid image disk || exit 99
    chown 0:33 disk && touch disk/probe && \"$0\" template disk/out && \"$0\" -r svc template disk
    echo \"exit code $?\"
    cd disk && find probe out svc -printf '%p %y %m %U:%G\\n' | sort";

/// On a file system that gives new files the group of their directory (mount option grpid), the result gets its own groups.
#[test]
fn groups_are_what_was_asked_for() {
    const TEST: &str = "apply::places::groups_are_what_was_asked_for";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("data/file"), 0o644, "x");
    disk::file(template.join("tool"), 0o6755, "#!/bin/sh\n");
    disk::directory(template.join("data/shared"), 0o2775);
    disk::fifo(template.join("fifo"), 0o640);
    std::os::unix::fs::symlink("run", template.join("link")).unwrap();
    disk::directory(scratch.join("disk"), 0o755);
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", GRPID]).arg(program::program()).current_dir(scratch.path());
    let answer = Answer::of(&mut command);
    if answer.code == Some(99) {
        return skip::say(TEST, "no ext2 image can be mounted");
    }
    let lines: Vec<_> = answer.stdout.lines().collect();
    assert!(lines[0] == "exit code 0" && lines.contains(&"probe f 644 0:33") && lines.len() > 25, "{answer}");
    let others: Vec<_> = lines[1..].iter().filter(|line| !line.ends_with(" 0:0")).collect();
    assert_eq!(others, [&"probe f 644 0:33"], "{answer}");
    for line in ["out/template/tool f 6755 0:0", "svc/template/data/shared d 2775 0:0", "out d 755 0:0", "svc d 755 0:0"] {
        assert!(lines.contains(&line), "{line}: {answer}");
    }
}

/// A file system that knows no owners is good enough where nobody else's files are copied.
#[test]
fn nothing_is_given_to_who_has_it() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("template/closed"), 0o500);
    disk::file(scratch.join("template/tool"), 0o6755, "#!/bin/sh\n");
    disk::fifo(scratch.join("template/fifo"), 0o1640);
    std::os::unix::fs::symlink("run", scratch.join("template/link")).unwrap();
    let faults = ["fchown:error=EPERM", "fchownat:error=EPERM"];
    injected(&scratch, &faults, &["template", "out"]).expect_code(0);
    injected(&scratch, &faults, &["-r", "svc", "template", "new"]).expect_code(0);
    assert_copied(&scratch.join("template"), &scratch.join("out"));
    assert_copied(&scratch.join("template"), &scratch.join("new/svc"));
    assert!(staging_in(scratch.path()).is_empty());
}
