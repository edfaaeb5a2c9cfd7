//! Users and groups that a process can give files to, found out by trying.

use super::*;

/// Gives parts of the template to a user and to a group that the caller is not.
fn give_away(scratch: &Scratch) {
    chown(scratch.join("T/data/tool"), Some(33), Some(33)).unwrap();
    chown(scratch.join("T/data/file"), Some(0), Some(33)).unwrap();
    disk::chmod(scratch.join("T/data/tool"), 0o6755);
    disk::chmod(scratch.join("T/data/file"), 0o644);
    disk::chmod(scratch.join("T/data"), 0o755);
}

/// Modes and owners of the two, and that nothing is left over.
fn results(scratch: &Scratch, out: &str) -> [(u32, (u32, u32)); 2] {
    let tree = disk::read_tree(&scratch.join(out));
    assert!(staging_in(scratch.path()).is_empty());
    ["template/data/tool", "template/data/file"].map(|path| (tree[path.as_bytes()].mode, tree[path.as_bytes()].owner))
}

/// One warning says how many entries are not given to their owners.
fn assert_said(answer: &Answer, count: usize) {
    let about: Vec<_> = warnings(answer).into_iter().filter(|warning| warning.starts_with("owner-not-given: ")).collect();
    assert_eq!(about.len(), 1, "{answer}");
    match count {
        1 => assert!(about[0].contains(" in the template belongs to "), "{answer}"),
        2 => assert!(about[0].contains(" and 1 more entry "), "{answer}"),
        _ => assert!(about[0].contains(&format!(" and {} more entries ", count - 1)), "{answer}"),
    }
}

/// Root without the right to change owners makes what is its own, as any other caller; s6's own program does so, too.
#[test]
fn root_without_chown() {
    const TEST: &str = "places::powers::root_without_chown";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let scratch = folder("powers");
    give_away(&scratch);
    let limited = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-chown", "--inh-caps=-chown", "sh", "-c", "umask 022; exec \"$@\"", "sh"]);
        Answer::of(command.args(words).current_dir(scratch.path()))
    };
    let answer = limited(&["./M", "T", "out"]).expect_code(0);
    assert_eq!(results(&scratch, "out"), [(0o755, (0, 0)), (0o644, (0, 0))]);
    assert_said(&answer, 2);
    assert!(answer.stderr.contains("set-id-dropped: `data/tool`"), "{answer}");
    limited(&["./M", "--strict", "T", "strict"]).expect_code(100);
    let allowed = ["./M", "--strict", "--allow", "owner-not-given", "--allow", "set-id-dropped", "T", "allowed"];
    assert_eq!(limited(&allowed).expect_code(0).stderr, "");
    limited(&["./M", "-r", "svc", "T", "new"]).expect_code(0);
    let with_power = Answer::of(Command::new("./M").args(["T", "powerful"]).current_dir(scratch.path())).expect_code(0);
    assert_eq!(with_power.stderr, "");
    assert_eq!(results(&scratch, "powerful"), [(0o6755, (33, 33)), (0o644, (0, 33))]);
    if let Some(root) = Root::of(Suite::Bookworm, TEST) {
        let (inside, path) = root.scratch("powers");
        let copied = Answer::of(Command::new("cp").arg("-a").arg(scratch.join("T")).arg(inside.join("T")));
        assert_eq!(copied.code, Some(0), "{copied}");
        let original = root.command("s6-instance-maker");
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-chown", "--inh-caps=-chown"]).arg(original.get_program()).args(original.get_args());
        Answer::of(command.arg(path.join("T")).arg(path.join("out"))).expect_code(0);
        let tree = disk::read_tree(&inside.join("out"));
        assert_eq!(
            (tree[b"template/data/tool".as_slice()].owner, tree[b"template/data/file".as_slice()].owner),
            ((0, 0), (0, 0))
        );
    }
}

/// An ordinary user who is root in a user namespace of its own.
#[test]
fn root_of_a_user_namespace() {
    const TEST: &str = "places::powers::root_of_a_user_namespace";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let scratch = folder("namespace");
    give_away(&scratch);
    let unshared = ["unshare", "-Ur"].map(str::to_owned);
    if as_nobody(&scratch, unshared.clone().into_iter().chain(shell("true"))).code != Some(0) {
        return skip::say(TEST, "ordinary users cannot make user namespaces here");
    }
    for (out, command) in [("out", "./M T out"), ("new/svc", "./M -r svc T new"), ("synced", "./M --sync T synced")] {
        let answer = as_nobody(&scratch, unshared.clone().into_iter().chain(shell(command)));
        assert_eq!(answer.code, Some(0), "{answer}");
        assert_eq!(results(&scratch, out), [(0o755, (NOBODY, NOBODY)), (0o644, (NOBODY, NOBODY))], "{answer}");
        // In there, all of the template belongs to somebody without a name.
        assert_said(&answer, 5);
    }
    let ordinary = as_nobody(&scratch, shell("./M T ordinary"));
    assert_eq!(ordinary.code, Some(0), "{ordinary}");
    assert!(!ordinary.stderr.contains("owner-not-given"), "an ordinary user's copies are the user's: {ordinary}");
}

/// Root of a user namespace that has root alone of the users, and some groups: groups are kept, users are not.
#[test]
fn users_and_groups_separately() {
    const TEST: &str = "places::powers::users_and_groups_separately";
    /// Enters a namespace without maps, and waits until they are there.
    const ENTER: &str = "\
        mkfifo go && unshare -U sh -c 'read line <go; umask 022; exec ./M T out' & pid=$!
        until [ \"$(readlink /proc/$pid/ns/user)\" != \"$(readlink /proc/self/ns/user)\" ]; do sleep 0.01; done
        echo '0 0 1' >/proc/$pid/uid_map && echo '0 0 100' >/proc/$pid/gid_map || exit 99
        echo >go; wait $pid";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let scratch = folder("groups");
    give_away(&scratch);
    let answer = Answer::of(Command::new("timeout").args(["20", "sh", "-c", ENTER]).current_dir(scratch.path()));
    if matches!(answer.code, Some(99 | 124)) {
        return skip::say(TEST, "user namespaces cannot be made here");
    }
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(results(&scratch, "out"), [(0o2755, (0, 33)), (0o644, (0, 33))], "{answer}");
    assert_said(&answer, 1);
}

/// A group that the caller is in can be given by anybody. It is no reason for other results than without.
#[test]
fn membership_is_no_power() {
    const TEST: &str = "places::powers::membership_is_no_power";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let scratch = folder("members");
    give_away(&scratch);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--groups=33", "--inh-caps=-all", "./M", "T", "out"]);
    let answer = Answer::of(command.current_dir(scratch.path())).expect_code(0);
    assert_eq!(results(&scratch, "out")[1].1, (NOBODY, NOBODY), "{answer}");
    // Only the template's, not the scratch folder's.
    assert_eq!(fs::metadata(scratch.join("T/data/file")).unwrap().gid(), 33);
}
