//! Rights and powers of a template's files that no mode says: ACLs, file capabilities, other attributes. They are not copied, no
//! right appears in their place, and all that is said, once.

use super::*;

/// Runs `script` in the folder, which sets attributes; where it cannot, says that `test` did not run.
fn set_or_say(scratch: &Scratch, script: &str, test: &str) -> bool {
    let answer = Answer::of(Command::new("sh").args(["-ec", script]).current_dir(scratch.path()));
    if answer.code != Some(0) {
        skip::say(test, &format!("attributes cannot be set here: {answer}"));
    }
    answer.code == Some(0)
}

/// A folder of the tests' own: /tmp may be a file system without attributes.
fn here() -> Scratch {
    let scratch = Scratch::new("attributes");
    disk::plain_template(scratch.join("T"));
    disk::file(scratch.join("T/env"), 0o600, "secret");
    disk::file(scratch.join("T/tool"), 0o755, "#!/bin/sh\n");
    disk::directory(scratch.join("T/data"), 0o750);
    scratch
}

fn make(scratch: &Scratch, options: &[&str], out: &str) -> Answer {
    let mut command = program::under_umask("022", program::program());
    Answer::of(command.args(options).args(["T", out]).current_dir(scratch.path()))
}

/// With an ACL, the group bits of a mode are its mask. The copy's are what the owning group really had.
#[test]
fn no_right_appears_from_an_acl() {
    const TEST: &str = "places::attributes::no_right_appears_from_an_acl";
    const SET: &str = "\
        setfacl -m u:65534:r T/env; setfacl -m u:1:rwx T/run; setfacl -m g:33:rwx,g::r-x T/data; setfacl -d -m u:1:rwx T/data
        setfacl -m g::rw,u:1:r,m::r T/tool";
    if !has_or_say("setfacl", TEST) {
        return;
    }
    let scratch = here();
    if !set_or_say(&scratch, SET, TEST) {
        return;
    }
    let seen = |path: &str| fs::metadata(scratch.join(path)).unwrap().mode() & 0o777;
    assert_eq!((seen("T/env"), seen("T/run"), seen("T/data"), seen("T/tool")), (0o640, 0o775, 0o770, 0o745));
    let answer = make(&scratch, &[], "out").expect_code(0);
    let made = |path: &str| seen(&format!("out/template/{path}"));
    assert_eq!((made("env"), made("run"), made("data"), made("tool")), (0o600, 0o755, 0o750, 0o745), "{answer}");
    let acls = Answer::of(Command::new("getfacl").args(["--recursive", "--skip-base", "out"]).current_dir(scratch.path()));
    assert_eq!((acls.code, acls.stdout.as_str()), (Some(0), ""), "{acls}");
    let about = warnings(&answer);
    let first = ["data", "env", "run", "tool"].into_iter().find(|first| about[0].contains(&format!("`{first}`")));
    assert!(about.len() == 1 && first.is_some(), "{answer}");
    assert!(about[0].starts_with("acl-not-copied: ") && about[0].contains(" and 3 more entries "), "{answer}");
    let services = make(&scratch, &["-r", "svc"], "new").expect_code(0);
    assert_eq!(seen("new/svc/template/env"), 0o600, "{services}");
    make(&scratch, &["--strict"], "strict").expect_code(100);
    assert_eq!(make(&scratch, &["--strict", "--allow", "acl-not-copied"], "allowed").expect_code(0).stderr, "");
    // What links lead to outside of the template, too.
    fs::rename(scratch.join("T/env"), scratch.join("outside")).unwrap();
    std::os::unix::fs::symlink(scratch.join("outside"), scratch.join("T/env")).unwrap();
    let answer = make(&scratch, &["--dereference"], "followed").expect_code(0);
    assert_eq!(seen("followed/template/env"), 0o600, "{answer}");
    // Where there is no /proc, files are opened to see it.
    let hidden = "mount -t tmpfs none /proc && exec \"$0\" --dereference T hidden";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", hidden]).arg(program::program()).current_dir(scratch.path());
    if skip::is_root_or_say(TEST) {
        Answer::of(&mut command).expect_code(0);
        assert_eq!((seen("hidden/template/env"), seen("hidden/template/run")), (0o600, 0o755));
    }
}

/// The template's own ACL counts, and so do capabilities and attributes, each kind once.
#[test]
fn entries_that_are_not_copied_are_reported_once() {
    const TEST: &str = "places::attributes::entries_that_are_not_copied_are_reported_once";
    const SET: &str =
        "setfacl -m u:1:rx T; setcap cap_net_raw+ep T/tool; setfattr -n user.x -v y T/run; setfattr -n user.x -v y T/env";
    if !skip::is_root_or_say(TEST) || !["setfacl", "setcap", "setfattr"].into_iter().all(|tool| has_or_say(tool, TEST)) {
        return;
    }
    let scratch = here();
    if !set_or_say(&scratch, SET, TEST) {
        return;
    }
    let answer = make(&scratch, &[], "out").expect_code(0);
    let about = warnings(&answer);
    assert_eq!(about.len(), 3, "{answer}");
    assert!(about[0].starts_with("acl-not-copied: `.` "), "{answer}");
    assert!(about[1].starts_with("capability-not-copied: `tool` "), "{answer}");
    assert!(about[2].starts_with("attribute-not-copied: ") && about[2].contains(" and 1 more entry "), "{answer}");
    let left = Answer::of(Command::new("getfattr").args(["-R", "-d", "-m", "-", "out"]).current_dir(scratch.path()));
    assert!(!left.stdout.contains("user.x") && !left.stdout.contains("security.capability"), "{left}");
}
