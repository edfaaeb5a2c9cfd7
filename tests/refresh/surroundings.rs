//! Refreshes in places and by accounts of every kind, two at once, and from documents.

use super::{
    Answer, Command, Scratch, Tree, create, disk, expect_copy, expect_new, expect_tidy, folder, fs, hints, make, maker,
    template,
};
use crate::apply::as_nobody;
use s6_instance_maker_workspace::{program, skip};
use std::path::Path;
use std::process::Stdio;

/// Returns `true` if `program` is there; otherwise reports that `test` did not run.
fn has_or_say(program: &str, test: &str) -> bool {
    let is_there = Answer::of(Command::new("sh").args(["-c", "command -v \"$1\"", "sh", program])).code == Some(0);
    if !is_there {
        skip::did_not_run(test, &format!("there is no {program}"));
    }
    is_there
}

/// A folder in /tmp for anybody, with the program as `M` and the templates `one` and `two`.
fn folder_for_all() -> Scratch {
    let scratch = Scratch::within(Path::new("/tmp"), "s6-instance-maker-refresh");
    disk::chmod(scratch.path(), 0o777);
    program::copy_to(&scratch.join("M"));
    disk::chmod(scratch.join("M"), 0o755);
    for name in ["one", "two"] {
        template(&scratch.join(name), name);
        disk::chmod(scratch.join(name).join("conf/same"), 0o644);
        disk::chmod(scratch.join(name).join("data/deep/same"), 0o644);
    }
    scratch
}

/// A shell's `script`, run by `words` in `scratch` under umask 022.
fn run(scratch: &Scratch, words: &[&str], script: &str) -> Answer {
    let mut command = Command::new("timeout");
    command.arg("60").args(words).args(["sh", "-c", &format!("umask 022; {script}")]);
    Answer::of(command.current_dir(scratch.path()).env("HOME", scratch.path()))
}

/// Words by which nobody runs something.
const AS_NOBODY: [&str; 6] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--"];

/// An ordinary user refreshes what is its own; owners that it cannot give are none that it changes.
#[test]
fn an_ordinary_user_refreshes() {
    if !skip::is_root_or_say("refresh::surroundings::an_ordinary_user_refreshes") {
        return;
    }
    let scratch = folder_for_all();
    let script = "./M one svc && cp -a svc/template svc/instances/live && ln -s ../instances/live svc/instance/live \
                  && ./M --refresh-instances two svc && ./M --check two svc && ./M two new && diff -r svc/template new/template \
                  && diff -r svc/template svc/instances/live && ls -A svc && stat -c %u svc/template/run";
    let answer = run(&scratch, &AS_NOBODY, script);
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(answer.stdout, "instance\ninstances\nnotification-fd\nrun\ntemplate\n65534\n", "{answer}");
    // What it may not write, it leaves as it is.
    let before = disk::read_tree(&scratch.join("svc"));
    for (mode, path) in [(0o555, "svc"), (0o555, "svc/template")] {
        disk::chmod(scratch.join(path), mode);
        let answer = run(&scratch, &AS_NOBODY, "./M --refresh one svc");
        assert_eq!(answer.code, Some(111), "{answer}");
        assert!(answer.stderr.contains(": Permission denied\n"), "{answer}");
        disk::chmod(scratch.join(path), 0o755);
        assert_eq!(disk::differences(&before, &disk::read_tree(&scratch.join("svc"))), "", "{path}: {answer}");
    }
}

/// Root refreshes what belongs to somebody else, and gives it back to root.
#[test]
fn root_takes_over_what_others_made() {
    if !skip::is_root_or_say("refresh::surroundings::root_takes_over_what_others_made") {
        return;
    }
    let scratch = folder_for_all();
    disk::chmod(scratch.path(), 0o777);
    Answer::of(as_nobody(&scratch).args(["one", "svc"])).expect_code(0);
    make(&scratch, &["--refresh", "one", "svc"]);
    expect_new(&scratch, "svc", &["one"], &[]);
}

/// On an overlay, a directory of a lower layer cannot be exchanged: a refresh that would have to refuses, one that would not works.
#[test]
fn directories_of_lower_layers_are_refused() {
    const TEST: &str = "refresh::surroundings::directories_of_lower_layers_are_refused";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let scratch = folder_for_all();
    // An overlay is no place for the upper layer of another one.
    for path in ["merged", "lower", "space"] {
        disk::directory(scratch.join(path), 0o755);
    }
    run(&scratch, &[], "./M one lower/svc && ./M --instance live one lower/old").expect_code(0);
    let mount = "mount -t tmpfs none space && mkdir space/upper space/work \
                 && mount -t overlay none -o lowerdir=lower,upperdir=space/upper,workdir=space/work,redirect_dir=off,metacopy=off merged";
    if run(&scratch, &["unshare", "--mount"], mount).code != Some(0) {
        return skip::say(TEST, "no overlay can be mounted here");
    }
    let script = format!(
        "{mount} || exit 99; list() {{ find merged -printf '%y %m %U:%G %l %p\\n' | LC_ALL=C sort -k4; }}; list >before; cp -a merged copy
         ./M --refresh two merged/svc; echo $?; list >after; cmp before after; diff -r copy merged; echo same $?
         ./M --refresh-instances -c 20 two merged/old; echo $?
         list >after; cmp before after; diff -r copy merged; echo same $?
         ./M --refresh -c 20 one merged/svc; echo $?; ./M -c 20 one new; diff -r new merged/svc; echo new $?; ls -A merged/svc"
    );
    let answer = run(&scratch, &["unshare", "--mount"], &script);
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(
        answer.stdout, "111\nsame 0\n111\nsame 0\n0\nnew 0\ninstance\ninstances\nnotification-fd\nrun\ntemplate\n",
        "{answer}"
    );
    let refusals = answer.stderr.lines().filter(|line| line.contains("template` with its new version: ")).count();
    let advice = answer.stderr.lines().filter(|line| line.contains("hint: stop the service")).count();
    assert_eq!((refusals, advice), (2, 2), "{answer}");
}

/// Makes and refreshes a service as root would, whose template has files of others; lists it and what is made anew.
const REFRESH: &str = "
    for t in one two; do chown -R 0:0 $t && chown 33:33 $t/data/version && chown 33:4 $t/conf/same && chmod 4755 $t/conf/same; done || exit 99
    list() { (cd $1 && find . -printf '%y %m %U:%G %P\\n' | LC_ALL=C sort -k4); }
    ./M one svc && cp -a svc/template svc/instances/live && ln -s ../instances/live svc/instance/live || exit 98
    list svc >before";

/// fakeroot shows every owner, also of what is refreshed.
#[test]
fn fakeroot_sees_everything() {
    const TEST: &str = "refresh::surroundings::fakeroot_sees_everything";
    if !skip::is_root_or_say(TEST) || !has_or_say("fakeroot", TEST) {
        return;
    }
    let script = format!(
        "{REFRESH}; ./M --refresh-instances -c 20 two svc 2>/dev/null || exit 97; ./M --check -c 20 two svc || exit 96
         ./M -c 20 --instance live two new && list svc >svc.list && list new >new.list && diff svc.list new.list && ls -A svc"
    );
    let answer = under_stand_in("fakeroot", &script);
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(answer.stdout, "instance\ninstances\nnotification-fd\nrun\ntemplate\n", "{answer}");
}

/// pseudo knows no exchange: what would need one is refused, and everything else works.
#[test]
fn pseudo_exchanges_nothing() {
    const TEST: &str = "refresh::surroundings::pseudo_exchanges_nothing";
    if !skip::is_root_or_say(TEST) || !has_or_say("fakeroot-pseudo", TEST) {
        return;
    }
    let script = format!(
        "{REFRESH}; ./M --refresh-instances -c 20 two svc; echo $?; list svc >after; cmp before after; echo same $?
         ./M --refresh -c 20 --instance more one svc; echo $?
         ./M -c 20 --instance live --instance more one new && list svc >svc.list && list new >new.list; diff svc.list new.list; echo new $?
         ls -A svc"
    );
    let answer = under_stand_in("fakeroot-pseudo", &script);
    if answer.code == Some(99) {
        return skip::say(TEST, "pseudo does not work here");
    }
    assert_eq!(answer.stdout, "111\nsame 0\n0\nnew 0\ninstance\ninstances\nnotification-fd\nrun\ntemplate\n", "{answer}");
    assert!(answer.stderr.contains("fatal: unable to exchange `svc/template` with its new version: "), "{answer}");
    assert!(answer.stderr.contains("hint: stop the service"), "{answer}");
}

/// A `script` run by nobody under a stand-in for root.
fn under_stand_in(stand_in: &str, script: &str) -> Answer {
    let scratch = folder_for_all();
    for name in ["one", "two"] {
        Answer::of(Command::new("chown").args(["-R", "65534:65534", name]).current_dir(scratch.path())).expect_code(0);
    }
    run(&scratch, &[&AS_NOBODY[..], &[stand_in]].concat(), script)
}

/// Of two refreshes at once, one works, and the other says at once that it does not.
#[test]
fn of_two_at_once_one_fails_at_once() {
    let scratch = folder();
    make(&scratch, &["one", "svc"]);
    make(&scratch, &["-r", "svc", "one", "definitions"]);
    for (options, dir, call) in [(&[][..], "svc", "renameat2"), (&["-r", "svc"], "definitions", "renameat2")] {
        let words = [&["--refresh"], options, &["two", dir]].concat();
        let mut slow = Command::new("strace");
        slow.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("inject={call}:delay_enter=3000000:when=1")]);
        slow.arg(program::program()).args(&words).current_dir(scratch.path()).stderr(Stdio::null());
        let mut slow = slow.spawn().unwrap();
        crate::apply::await_staging(&mut slow, &scratch.join(dir));
        let second = maker(scratch.path(), &words).expect_code(111);
        assert!(slow.try_wait().unwrap().is_none(), "it waited");
        assert_eq!(second.stderr, format!("s6-instance-maker: fatal: `{dir}`: another refresh is at work\n"));
        // What only looks is not kept from it.
        maker(scratch.path(), [&["--check", "--quiet"], options, &["two", dir]].concat()).expect_code(1);
        assert!(slow.wait().unwrap().success());
        maker(scratch.path(), [&["--check"], options, &["two", dir]].concat()).expect_code(0);
        expect_tidy(&scratch.join(dir));
    }
}

/// A plan that was computed elsewhere is looked at and carried out as one that is computed here.
#[test]
fn documents_are_carried_out_alike() {
    let scratch = folder();
    let options = ["-L", "/l", "--instance", "more"];
    let document = make(&scratch, &[&["--dry-run", "--format", "json"], &options[..], &["two", "elsewhere"]].concat());
    fs::write(scratch.join("plan"), document.stdout).unwrap();
    let fresh = || {
        for dir in ["here", "elsewhere"] {
            let _ = fs::remove_dir_all(scratch.join(dir));
            make(&scratch, &["-L", "/l", "one", dir]);
            create(&scratch, dir, "live");
        }
    };
    let told = |answer: &Answer, dir: &str| {
        [answer.stdout.replace(dir, "DIR"), answer.stderr.replace(dir, "DIR"), format!("{:?}", answer.code)]
    };
    for what in [&["--diff"][..], &["--check"], &["--diff", "--format", "json"], &["--refresh"], &["--refresh-instances"]] {
        fresh();
        let here = maker(scratch.path(), [what, &options, &["two", "here"]].concat());
        let elsewhere = maker(scratch.path(), [what, &["--apply-plan", "plan", "two", "elsewhere"]].concat());
        assert_eq!(told(&here, "here"), told(&elsewhere, "elsewhere"), "{elsewhere}");
        assert_eq!(here.code, Some(i32::from(what == ["--check"])), "{here}");
        let (one, other): (Tree, Tree) = (disk::read_tree(&scratch.join("here")), disk::read_tree(&scratch.join("elsewhere")));
        // Records are called after what they record.
        assert_eq!(disk::differences(&one, &other), "", "{what:?}");
        if what == ["--refresh-instances"] {
            expect_copy(&scratch.join("two"), &scratch.join("elsewhere/instances/live"), &[]);
            assert!(!hints(&elsewhere).is_empty());
        }
    }
    // Another state of the template than the plan's is refused, and everything stays.
    fresh();
    disk::file(scratch.join("two/run"), 0o755, "#!/bin/sh\nexec sleep \"$1\"\n");
    let before = disk::read_tree(&scratch.join("elsewhere"));
    for what in ["--diff", "--check", "--refresh", "--refresh-instances"] {
        maker(scratch.path(), [what, "--apply-plan", "plan", "two", "elsewhere"]).expect_code(100);
    }
    assert_eq!(disk::differences(&before, &disk::read_tree(&scratch.join("elsewhere"))), "");
}
