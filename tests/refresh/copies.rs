//! `--refresh-instances`: the copies in `instances/`, in place.

use super::{
    Answer, Command, Scratch, create, disk, expect_copy, expect_new, expect_tidy, folder, fs, hints, inodes, make, maker,
    template,
};

/// An instance in its folder.
fn copy(scratch: &Scratch, name: &str) -> std::path::PathBuf {
    scratch.join("svc/instances").join(name)
}

/// Files are renamed, `data` and `env` exchanged; what no template has stays, and so does what supervisors keep.
#[test]
fn copies_become_the_template() {
    let scratch = folder();
    make(&scratch, &["one", "svc"]);
    for name in ["plain", "rich"] {
        create(&scratch, "svc", name);
    }
    let rich = copy(&scratch, "rich");
    for (path, text) in [("own", "own"), ("data/own", "own"), ("data/deep/own", "own"), ("log/own", "own"), ("down", "")] {
        disk::file(rich.join(path), 0o604, text);
    }
    disk::directory(rich.join("state/of/mine"), 0o711);
    disk::directory(scratch.join("svc/instances/unlinked"), 0o755);
    let before = inodes(&scratch.join("svc/instances"));
    let answer = make(&scratch, &["--refresh-instances", "two", "svc"]);
    expect_new(&scratch, "svc", &["two"], &[]);
    expect_copy(&scratch.join("two"), &copy(&scratch, "plain"), &[]);
    let own = ["own", "data/own", "data/deep/own", "log/own", "state", "state/of", "state/of/mine"];
    expect_copy(&scratch.join("two"), &rich, &own);
    assert!(rich.join("down").exists());
    let after = inodes(&scratch.join("svc/instances"));
    let same = |path: &str| before[path.as_bytes()] == after[path.as_bytes()];
    for path in [
        "plain",
        "plain/supervise/status",
        "plain/event",
        "plain/log/supervise",
        "plain/conf",
        "plain/conf/same",
        "plain/notification-fd",
        "plain/log",
        "plain/log/notification-fd",
        "rich/data",
        "rich/data/deep/same",
        "rich/data/own",
        "rich/own",
        "rich/down",
        "unlinked",
    ] {
        assert!(same(path), "{path}");
    }
    // A directory that a process may read at once is exchanged as a whole, where it is the template's.
    for path in ["plain/run", "plain/finish", "plain/log/run", "plain/data", "plain/data/deep/same", "plain/env", "rich/env"] {
        assert!(!same(path), "{path}");
    }
    assert_eq!(
        hints(&answer),
        [
            "s6-instance-control -r -- svc plain && s6-svc -r -- svc/instances/plain/log",
            "s6-instance-control -r -- svc rich && s6-svc -r -- svc/instances/rich/log",
            // That of the one without a link: to update it is not this command's.
            "unless s6-instance-create or s6-instance-delete is at work, remove the copy from `instances`",
        ],
        "{answer}"
    );
    expect_tidy(&scratch.join("svc"));
    assert!(!scratch.join("svc/.s6-instance-maker").exists());
    fs::remove_dir(scratch.join("svc/instances/unlinked")).unwrap();
    let again = make(&scratch, &["--refresh-instances", "two", "svc"]);
    assert_eq!(again.stderr, "", "{again}");
    assert_eq!(inodes(&scratch.join("svc/instances")), after.into_iter().filter(|(path, _)| path != b"unlinked").collect());
}

/// Modes are part of the template.
#[test]
fn modes_are_brought_up_to_date() {
    let scratch = folder();
    make(&scratch, &["one", "svc"]);
    create(&scratch, "svc", "live");
    for (path, mode) in [("", 0o710), ("conf", 0o2755), ("data", 0o700), ("run", 0o700), ("log", 0o750)] {
        disk::chmod(scratch.join("one").join(path), mode);
    }
    make(&scratch, &["--refresh-instances", "one", "svc"]);
    expect_copy(&scratch.join("one"), &copy(&scratch, "live"), &[]);
    expect_new(&scratch, "svc", &["one"], &[]);
}

/// A copy that somebody edited stays and is named, unless it is to be overwritten; by --strict it is an error.
#[test]
fn edited_copies_stay() {
    let scratch = folder();
    make(&scratch, &["one", "svc"]);
    for name in ["edited", "live", "mode"] {
        create(&scratch, "svc", name);
    }
    disk::file(copy(&scratch, "edited").join("conf/version"), 0o644, "by hand");
    disk::chmod(copy(&scratch, "mode").join("finish"), 0o700);
    let before = disk::read_tree(&scratch.join("svc"));
    let strict = maker(scratch.path(), ["--strict", "--refresh-instances", "two", "svc"]).expect_code(100);
    assert!(strict.stderr.contains("fatal: instance-edited: "), "{strict}");
    assert_eq!(disk::differences(&before, &disk::read_tree(&scratch.join("svc"))), "");
    let answer = make(&scratch, &["--refresh-instances", "two", "svc"]);
    let named: Vec<&str> = answer.stderr.lines().filter(|line| line.contains("warning: instance-edited: ")).collect();
    assert!(named.len() == 2 && named[0].contains("edited") && named[0].contains("conf/version"), "{answer}");
    assert!(named[1].contains("mode") && named[1].contains("finish"), "{answer}");
    expect_copy(&scratch.join("two"), &copy(&scratch, "live"), &[]);
    for name in ["edited", "mode"] {
        let part = |tree: super::Tree| -> super::Tree {
            tree.into_iter().filter(|(path, _)| path.starts_with(format!("instances/{name}").as_bytes())).collect()
        };
        assert_eq!(disk::differences(&part(before.clone()), &part(disk::read_tree(&scratch.join("svc")))), "");
    }
    let quiet = make(&scratch, &["--allow", "instance-edited", "--refresh-instances", "two", "svc"]);
    assert!(!quiet.stderr.contains("warning"), "{quiet}");
    make(&scratch, &["--refresh-instances", "--overwrite-edited", "two", "svc"]);
    for name in ["edited", "live", "mode"] {
        expect_copy(&scratch.join("two"), &copy(&scratch, name), &[]);
    }
}

/// A copy of a template that DIR had earlier is old and not edited, and so is a mixture of several: an update that was interrupted.
#[test]
fn copies_of_earlier_templates_are_known() {
    let scratch = folder();
    template(&scratch.join("three"), "three");
    disk::file(scratch.join("three/data/third"), 0o644, "third");
    make(&scratch, &["one", "svc"]);
    create(&scratch, "svc", "first");
    make(&scratch, &["--refresh", "two", "svc"]);
    create(&scratch, "svc", "second");
    create(&scratch, "svc", "mixed");
    for path in ["run", "data/version", "log/run", "link"] {
        let copied = Command::new("cp")
            .args(["-a", "--remove-destination"])
            .arg(scratch.join("one").join(path))
            .arg(copy(&scratch, "mixed").join(path))
            .status();
        assert!(copied.unwrap().success());
    }
    fs::remove_file(copy(&scratch, "mixed").join("late")).unwrap();
    let records = || fs::read_dir(scratch.join("svc/.s6-instance-maker")).map_or(0, Iterator::count);
    assert_eq!(records(), 1);
    make(&scratch, &["--refresh", "three", "svc"]);
    assert_eq!(records(), 2);
    make(&scratch, &["--check", "three", "svc"]);
    // The same templates again need no more records.
    make(&scratch, &["--refresh", "two", "svc"]);
    make(&scratch, &["--refresh", "three", "svc"]);
    assert_eq!(records(), 2);
    let answer = make(&scratch, &["--refresh-instances", "three", "svc"]);
    assert!(!answer.stderr.contains("edited"), "{answer}");
    for name in ["first", "second", "mixed"] {
        expect_copy(&scratch.join("three"), &copy(&scratch, name), &[]);
    }
    assert!(!scratch.join("svc/.s6-instance-maker").exists());
}

/// A record is pruned when the last copy of its template is gone.
#[test]
fn records_are_pruned() {
    let scratch = folder();
    template(&scratch.join("three"), "three");
    make(&scratch, &["one", "svc"]);
    create(&scratch, "svc", "first");
    make(&scratch, &["--refresh", "two", "svc"]);
    assert!(scratch.join("svc/.s6-instance-maker").exists());
    for path in ["svc/instance/first", "svc/instances/first"] {
        let _ = fs::remove_file(scratch.join(path));
        let _ = fs::remove_dir_all(scratch.join(path));
    }
    make(&scratch, &["--refresh", "three", "svc"]);
    assert!(!scratch.join("svc/.s6-instance-maker").exists());
}

/// What a template says about `down` and supervisors' directories is about new instances only.
#[test]
fn a_template_with_down_does_not_stop_instances() {
    let scratch = folder();
    for name in ["one", "two"] {
        disk::file(scratch.join(name).join("down"), 0o644, "");
        disk::file(scratch.join(name).join("log/down"), 0o644, "");
    }
    make(&scratch, &["one", "svc"]);
    create(&scratch, "svc", "live");
    for path in ["down", "log/down"] {
        fs::remove_file(copy(&scratch, "live").join(path)).unwrap();
    }
    let answer = make(&scratch, &["--refresh-instances", "one", "svc"]);
    assert!(!answer.stderr.contains("note: "), "{answer}");
    let answer = make(&scratch, &["--refresh-instances", "two", "svc"]);
    assert!(answer.stderr.contains("instance `live`: updated"), "{answer}");
    for path in ["down", "log/down"] {
        assert!(!copy(&scratch, "live").join(path).exists(), "{path}");
    }
    assert_eq!(fs::read_to_string(copy(&scratch, "live").join("data/version")).unwrap(), "two");
}

/// A logger that a template gains or loses needs a new instance.
#[test]
fn a_logger_of_instances_appears_only_with_new_ones() {
    let scratch = folder();
    fs::remove_dir_all(scratch.join("one/log")).unwrap();
    for (from, to, had) in [("one", "two", false), ("two", "one", true)] {
        let _ = fs::remove_dir_all(scratch.join("svc"));
        make(&scratch, &[from, "svc"]);
        create(&scratch, "svc", "live");
        let answer = make(&scratch, &["--refresh-instances", to, "svc"]);
        assert_eq!(copy(&scratch, "live").join("log/run").exists(), had);
        assert!(answer.stderr.contains("instance `live`: its logger appears or disappears only when"), "{answer}");
        assert_eq!(hints(&answer)[0], "s6-instance-delete -- svc live && s6-instance-create -- svc live", "{answer}");
        assert_eq!(fs::read_to_string(copy(&scratch, "live").join("data/version")).unwrap(), to);
    }
}

/// What an instance keeps for itself is not read, however much it is.
#[test]
fn own_files_of_instances_are_not_read() {
    let scratch = folder();
    make(&scratch, &["one", "svc"]);
    create(&scratch, "svc", "live");
    disk::file(copy(&scratch, "live").join("of-the-instance"), 0o600, "much");
    let log = scratch.join("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=openat", "-o"]).arg(&log).arg(s6_instance_maker_workspace::program::program());
    Answer::of(command.args(["--refresh-instances", "two", "svc"]).current_dir(scratch.path())).expect_code(0);
    let calls = fs::read_to_string(log).unwrap();
    assert!(calls.contains("\"version\"") && !calls.contains("of-the-instance"), "{calls}");
}

/// The printed commands can be given to a shell as they stand, whatever the names are.
#[test]
fn commands_are_words_of_a_shell() {
    const NAMES: [&str; 6] = ["$HOME", "-x", "it's", "l;s", "plain", "\u{e9}t\u{e9}"];
    let scratch = folder();
    let dir = "a service's $DIR";
    make(&scratch, &["one", dir]);
    for name in NAMES {
        create(&scratch, dir, name);
    }
    let answer = make(&scratch, &["--refresh-instances", "two", dir]);
    for program in ["s6-instance-control", "s6-svc"] {
        disk::file(
            scratch.join("bin").join(program),
            0o755,
            "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done >>called\necho >>called\n",
        );
    }
    let path = format!("{}:{}", scratch.join("bin").display(), std::env::var("PATH").unwrap());
    for hint in hints(&answer) {
        let told = Answer::of(Command::new("sh").args(["-c", hint]).env("PATH", &path).current_dir(scratch.path()));
        told.expect_code(0);
    }
    let expected: String =
        NAMES.iter().map(|name| format!("<-r><--><{dir}><{name}>\n<-r><--><{dir}/instances/{name}/log>\n")).collect();
    assert_eq!(fs::read_to_string(scratch.join("called")).unwrap(), expected, "{answer}");
}

/// With -u, copies get the wrappers of the new user, too.
#[test]
fn copies_get_the_wrappers_of_another_user() {
    let scratch = folder();
    let allow = ["--allow", "not-readable-by-user"];
    for (from, to) in [(&[][..], &["-u", "1:1"][..]), (&["-u", "1:1"], &["-u", "2:2"]), (&["-u", "1:1"], &[])] {
        let _ = fs::remove_dir_all(scratch.join("svc"));
        make(&scratch, &[&allow, from, &["one", "svc"]].concat());
        create(&scratch, "svc", "live");
        make(&scratch, &[&["--refresh-instances"], &allow[..], to, &["two", "svc"]].concat());
        expect_new(&scratch, "svc", &[&allow, to, &["two"]].concat(), &[]);
        expect_copy(&scratch.join("svc/template"), &copy(&scratch, "live"), &[]);
    }
}
