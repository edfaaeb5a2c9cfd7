//! `--refresh` with `-r`: source definitions of s6-rc.

use super::{Scratch, disk, expect_tidy, folder, fs, hints, inodes, make, maker};

/// Fails unless the definitions `names` in `dir` are what the words make anew, `unknown` entries excepted.
fn expect_definitions(scratch: &Scratch, words: &[&str], names: &[&str], unknown: &[&str]) {
    make(scratch, &[words, &["expected"]].concat());
    for name in names {
        let expected = disk::read_tree(&scratch.join("expected").join(name));
        let mut found = disk::read_tree(&scratch.join("definitions").join(name));
        for unknown in unknown.iter().filter_map(|path| path.strip_prefix(&format!("{name}/"))) {
            assert!(found.remove(unknown.as_bytes()).is_some(), "{unknown} is gone");
        }
        assert_eq!(disk::differences(&expected, &found), "", "{name}: left: made anew; right: definitions");
    }
    fs::remove_dir_all(scratch.join("expected")).unwrap();
    expect_tidy(&scratch.join("definitions"));
}

/// What changes is brought up to date, file by file; other definitions are nobody's business.
#[test]
fn definitions_are_brought_up_to_date() {
    let scratch = folder();
    disk::file(scratch.join("definitions/other/type"), 0o644, "bundle\n");
    make(&scratch, &["-r", "svc/log", "-L", "/l", "one", "definitions"]);
    let other = inodes(&scratch.join("definitions/other"));
    let start = inodes(&scratch.join("definitions/svc"));
    disk::file(scratch.join("definitions/svc/notes"), 0o644, "of the administrator");
    for words in [
        &["-r", "svc/log", "-L", "/l", "two"][..],
        &["-r", "svc/log", "-L", "/l", "--s6-version", "2.13", "-c", "20", "two"],
        &["-r", "svc/log", "-L", "/other", "--depends-on", "net", "two"],
        &["-r", "svc/log", "-L", "/l", "--depends-on", "disk", "--essential", "--timeout-up", "5", "one"],
        &["-r", "svc/log/pipe", "-L", "/l", "-u", "1:1", "--allow", "not-readable-by-user", "one"],
        &["-r", "svc/log", "-L", "/l", "one"],
    ] {
        let answer = make(&scratch, &[&["--refresh"], words, &["definitions"]].concat());
        expect_definitions(&scratch, words, &["svc", "log"], &["svc/notes"]);
        assert!(answer.stderr.contains("note: not part of the plan, kept: `svc/notes`\n"), "{answer}");
        assert!(
            answer.stderr.contains("note: source definitions changed; they take effect with the next s6-rc-update\n"),
            "{answer}"
        );
        assert!(hints(&answer).contains(&"s6-rc-compile -- DATABASE definitions && s6-rc-update -- DATABASE"), "{answer}");
        let again = make(&scratch, &[&["--refresh"], words, &["definitions"]].concat());
        let notes: Vec<&str> = again.stderr.lines().filter(|line| line.contains(": note: ")).collect();
        assert_eq!(notes, ["s6-instance-maker: note: not part of the plan, kept: `svc/notes`"]);
    }
    assert_eq!(other, inodes(&scratch.join("definitions/other")));
    let end = inodes(&scratch.join("definitions/svc"));
    assert_eq!(start[b"type".as_slice()], end[b"type".as_slice()]);
}

/// s6-rc-update does not bring all of it to a running service: then the line of the conversion file is printed.
#[test]
fn conversion_lines_are_printed_where_they_are_needed() {
    let scratch = folder();
    let words = ["-r", "svc/log", "-L", "/l"];
    let lines = |options: &[&str], template: &str| {
        let answer = make(&scratch, &[&["--refresh"], &words[..], options, &[template, "definitions"]].concat());
        let hint = hints(&answer)
            .into_iter()
            .find_map(|hint| hint.strip_prefix("add to the conversion file (s6-rc-update -f FILE): "));
        hint.map(str::to_owned)
    };
    make(&scratch, &[&words[..], &["one", "definitions"]].concat());
    // By its own list s6-rc-update copies run, data and others; conf is not among them, nor is log.
    assert_eq!(lines(&[], "two").as_deref(), Some("svc restart"));
    for path in ["run", "finish", "data/deep/same", "env/VERSION"] {
        let text = fs::read_to_string(scratch.join("two").join(path)).unwrap();
        fs::write(scratch.join("two").join(path), format!("{text}\n# more\n")).unwrap();
        assert_eq!(lines(&[], "two"), None, "{path}");
    }
    for path in ["conf/same", "log/run", "late"] {
        let text = fs::read_to_string(scratch.join("two").join(path)).unwrap();
        fs::write(scratch.join("two").join(path), format!("{text}\n# more\n")).unwrap();
        assert_eq!(lines(&[], "two").as_deref(), Some("svc restart"), "{path}");
    }
    assert_eq!(lines(&["--s6-version", "2.13", "-c", "20"], "two").as_deref(), Some("svc restart"));
    // The logger's own definition is a service of its own.
    let logger = make(
        &scratch,
        &["--refresh", "-r", "svc/log", "-L", "/other", "--s6-version", "2.13", "-c", "20", "two", "definitions"],
    );
    assert!(hints(&logger).iter().any(|hint| hint.ends_with(": log restart")), "{logger}");
    assert_eq!(lines(&["--s6-version", "2.13", "-c", "20", "-L", "/other"], "two"), None);
}

/// Definitions that are absent appear; names that mean something in a service directory mean nothing here.
#[test]
fn absent_definitions_appear() {
    let scratch = folder();
    disk::directory(scratch.join("definitions"), 0o750);
    for (name, logger) in [("svc", "log"), ("template", "instance"), ("instances", "run")] {
        let names = format!("{name}/{logger}");
        let words = ["-r", &names, "-L", "/l", "one"];
        make(&scratch, &[&["--refresh"], &words[..], &["definitions"]].concat());
        expect_definitions(&scratch, &words, &[name, logger], &[]);
        fs::remove_dir_all(scratch.join("definitions").join(logger)).unwrap();
        let words = ["-r", &names, "-L", "/l", "two"];
        make(&scratch, &[&["--refresh"], &words[..], &["definitions"]].concat());
        expect_definitions(&scratch, &words, &[name, logger], &[]);
        assert!(!scratch.join("definitions/.s6-instance-maker").exists());
    }
    // The mode of the directory of all definitions is its owner's business.
    assert_eq!(disk::read_tree(&scratch.join("definitions"))[b"".as_slice()].mode, 0o750);
}

/// The names in a directory, in order.
fn names_in(directory: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// Static instances come and go by the list of their bundle, also where an interrupted run has rewritten that already. A definition
/// that it does not list stays, and its name is refused.
#[test]
fn static_instances_come_and_go() {
    let scratch = folder();
    let lists = |names: &[&str]| -> Vec<String> {
        let options = ["-r", "web", "--static"].into_iter();
        let none = names.is_empty().then_some(["--count", "0"]).into_iter().flatten();
        options.chain(names.iter().flat_map(|name| ["--instance", name])).chain(none).map(str::to_owned).collect()
    };
    let refresh = |names: &[&str], template: &str| {
        let words = lists(names);
        let words: Vec<&str> = words.iter().map(String::as_str).chain([template]).collect();
        make(&scratch, &[&["--refresh"], &words[..], &["definitions"]].concat());
        let made: Vec<String> = names.iter().map(|name| format!("web@{name}")).chain(["web".to_owned()]).collect();
        let made: Vec<&str> = made.iter().map(String::as_str).collect();
        expect_definitions(&scratch, &words, &made, &[]);
        let mut there: Vec<String> = names_in(&scratch.join("definitions"));
        there.retain(|name| name != "web@mine" && !name.ends_with("-log"));
        let mut expected: Vec<String> = made.iter().map(ToString::to_string).collect();
        expected.sort();
        assert_eq!(there, expected);
    };
    refresh(&["a", "b"], "one");
    disk::file(scratch.join("definitions/web@mine/type"), 0o644, "oneshot\n");
    let mine = inodes(&scratch.join("definitions/web@mine"));
    refresh(&["b", "c"], "one");
    refresh(&["b", "c"], "two");
    // A run that was killed between the exchange of the list and the removal of `c`.
    fs::create_dir_all(scratch.join("definitions/.s6-instance-maker+refresh+1/web")).unwrap();
    let list = scratch.join("definitions/web/contents.d");
    let outgoing = scratch.join("definitions/.s6-instance-maker+refresh+1/web/contents.d");
    fs::create_dir(&outgoing).unwrap();
    for name in names_in(&list) {
        fs::write(outgoing.join(&name), "").unwrap();
        if name.starts_with("web@c") {
            fs::remove_file(list.join(&name)).unwrap();
        }
    }
    refresh(&["b"], "two");
    refresh(&[], "two");
    assert_eq!(mine, inodes(&scratch.join("definitions/web@mine")));
    let words = ["--refresh", "-r", "web", "--static", "--instance", "mine", "two", "definitions"];
    let answer = maker(scratch.path(), words).expect_code(100);
    assert!(answer.stderr.contains("the definition `web@mine` is not in `web/contents.d`"), "{answer}");
    assert_eq!(mine, inodes(&scratch.join("definitions/web@mine")));
}
