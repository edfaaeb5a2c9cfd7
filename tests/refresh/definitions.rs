//! `--refresh` with `-r`: source definitions of s6-rc.

use super::{Answer, Scratch, disk, expect_tidy, folder, fs, hints, inodes, make, maker};
use s6_instance_maker_workspace::s6rc_model::{Compiler, accept};

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

/// The lines of the conversion file that the hint of an answer makes in a shell, if it makes one.
fn conversion(answer: &Answer) -> Option<String> {
    let hint = hints(answer).into_iter().find_map(|hint| hint.strip_prefix("restart them by a conversion file: "))?;
    let (print, rest) = hint.split_once(" >FILE && ").unwrap();
    assert_eq!(rest, "s6-rc-compile -- DATABASE definitions && s6-rc-update -f FILE -- DATABASE");
    let printed = Answer::of(std::process::Command::new("sh").args(["-c", print])).expect_code(0);
    Some(printed.stdout.strip_suffix('\n').unwrap().to_owned())
}

/// s6-rc-update does not bring all of it to a running service: then the line of the conversion file is printed.
#[test]
fn conversion_lines_are_printed_where_they_are_needed() {
    let scratch = folder();
    let words = ["-r", "svc/log", "-L", "/l"];
    let lines = |options: &[&str], template: &str| {
        let answer = make(&scratch, &[&["--refresh"], &words[..], options, &[template, "definitions"]].concat());
        conversion(&answer)
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
    assert!(conversion(&logger).is_some_and(|lines| lines.ends_with("log restart")), "{logger}");
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
    // A run that was killed before the list was exchanged has moved `c` away.
    let stage = scratch.join("definitions/.s6-instance-maker+refresh+1");
    fs::create_dir(&stage).unwrap();
    fs::rename(scratch.join("definitions/web@c"), stage.join(".removed.0")).unwrap();
    let words = ["-r", "web", "--static", "--instance", "b", "two", "definitions"];
    let shown = maker(scratch.path(), [&["--diff"], &words[..]].concat()).expect_code(0);
    assert!(shown.stdout.contains("remove 0644 file web/contents.d/web@c\n"), "{shown}");
    maker(scratch.path(), [&["--check"], &words[..]].concat()).expect_code(1);
    refresh(&["b"], "two");
    // A run that was killed while it tidied up: what has the name of a removed instance by now is not in the list.
    disk::file(scratch.join("definitions/.s6-instance-maker+refresh+1/web/contents.d/web@mine"), 0o644, "");
    maker(scratch.path(), [&["--check"], &words[..]].concat()).expect_code(0);
    refresh(&["b"], "two");
    assert_eq!(mine, inodes(&scratch.join("definitions/web@mine")));
    refresh(&[], "two");
    assert_eq!(mine, inodes(&scratch.join("definitions/web@mine")));
    let words = ["--refresh", "-r", "web", "--static", "--instance", "mine", "two", "definitions"];
    let answer = maker(scratch.path(), words).expect_code(100);
    assert!(answer.stderr.contains("the definition `web@mine` is not in `web/contents.d`"), "{answer}");
    let shown = maker(scratch.path(), [&["--diff"], &words[1..]].concat()).expect_code(0);
    assert!(shown.stdout.contains("note: --refresh refuses this: the definition `web@mine` is not in"), "{shown}");
    assert_eq!(mine, inodes(&scratch.join("definitions/web@mine")));
}

/// The options of definitions, their template `two`, and DIR.
fn shape<'w>(names: &'w str, options: &[&'w str]) -> Vec<&'w str> {
    let log: &[&str] = if names.contains('/') { &["-L", "/l"] } else { &[] };
    [&["-r", names], log, options, &["two", "definitions"]].concat()
}

/// A change of the list or of the form is either made such that s6-rc-compile takes the result, or refused, and names what would stay:
/// without that, it is made.
#[test]
fn changes_of_form_compile() {
    const STATIC: [&[&str]; 2] = [&["--static", "--count", "0"], &["--static", "--count", "2"]];
    let forms: Vec<(&str, &[&str])> = ["web", "web/wlog", "web/wlog/wall", "web/other/wall", "web/web@log", "new/wlog"]
        .into_iter()
        .flat_map(|names| STATIC.into_iter().chain([&[] as &[&str]]).map(move |options| (names, options)))
        .collect();
    let mut refused = 0;
    for before in &forms {
        for after in &forms {
            let scratch = folder();
            make(&scratch, &shape(before.0, before.1));
            let words = shape(after.0, after.1);
            let refresh = [&["--refresh"], &words[..]].concat();
            let mut answer = maker(scratch.path(), refresh.clone());
            if answer.code == Some(100) {
                refused += 1;
                let shown = maker(scratch.path(), [&["--diff"], &words[..]].concat()).expect_code(0);
                assert!(shown.stdout.contains("note: --refresh refuses this: "), "{before:?} {after:?}: {shown}");
                maker(scratch.path(), [&["--check"], &words[..]].concat()).expect_code(1);
                // The same logger in the same form never stands in the way.
                assert!(before.0 != after.0, "{before:?} {after:?}: {answer}");
                let hint = hints(&answer)[0].split_once(": ").unwrap().1;
                Answer::of(std::process::Command::new("sh").args(["-c", hint]).current_dir(scratch.path())).expect_code(0);
                answer = maker(scratch.path(), refresh);
            }
            assert_eq!(answer.code, Some(0), "{before:?} {after:?}: {answer}");
            maker(scratch.path(), [&["--check"], &words[..]].concat()).expect_code(0);
            let all = Compiler::NEWEST.compile(&disk::read_tree(&scratch.join("definitions")));
            assert!(all.is_ok(), "{before:?} {after:?}: {}", all.unwrap_err());
        }
    }
    assert!(refused > 20 && refused < forms.len() * forms.len() / 2, "{refused}");
}

/// The bundle of a pipeline that an empty list made goes with that list; one that is somebody's stays, and is refused.
#[test]
fn the_bundle_of_an_empty_list_goes() {
    let scratch = folder();
    let list = |count| shape("web/wlog/wall", &["--static", "--count", count]);
    let compiles = || accept(disk::read_tree(&scratch.join("definitions")));
    for count in ["0", "2", "0", "1"] {
        let shown = maker(scratch.path(), [&["--diff"], &list(count)[..]].concat()).expect_code(0);
        make(&scratch, &[&["--refresh"], &list(count)[..]].concat());
        let is_removed = shown.stdout.contains("remove 0755 dir wall\n");
        assert_eq!(
            (is_removed, scratch.join("definitions/wall").exists()),
            (count == "2" || count == "1", count == "0"),
            "{shown}"
        );
        compiles();
    }
    make(&scratch, &[&["--refresh"], &list("0")[..]].concat());
    disk::file(scratch.join("definitions/wall/contents.d/other"), 0o644, "");
    let tree = disk::read_tree(&scratch.join("definitions"));
    let answer = maker(scratch.path(), [&["--refresh"], &list("2")[..]].concat()).expect_code(100);
    assert!(answer.stderr.contains("`wall` would stay, and s6-rc-compile would refuse it"), "{answer}");
    assert!(hints(&answer)[0].ends_with("rm -r -- definitions/wall"), "{answer}");
    maker(scratch.path(), [&["--check"], &list("2")[..]].concat()).expect_code(1);
    assert_eq!(disk::differences(&tree, &disk::read_tree(&scratch.join("definitions"))), "");
}

/// The lines of a conversion file are words of execline, one service in each, and none is about a longrun that is going.
#[test]
fn conversion_lines_are_quoted() {
    let scratch = folder();
    let names = ["--instance", "1", "--instance", "c\"d", "--instance", "it's", "--instance", "caf\u{e9}"];
    let words = |service, template| [&["-r", service, "-L", "/l", "--static"], &names[..], &[template, "definitions"]].concat();
    make(&scratch, &words("we b/wlog", "one"));
    fs::remove_dir_all(scratch.join("one/log")).unwrap();
    fs::remove_dir_all(scratch.join("two/log")).unwrap();
    make(&scratch, &[&["--refresh"], &words("we b/wlog", "one")[..]].concat());
    let answer = make(&scratch, &[&["--refresh"], &words("we b/wlog", "two")[..]].concat());
    let expected = r#""we b@1" restart
"we b@c\"d" restart
"we b@caf\0xc3\0xa9" restart
"we b@it's" restart"#;
    assert_eq!(conversion(&answer).as_deref(), Some(expected));
    let none = ["--refresh", "-r", "we b/wlog", "-L", "/l", "--static", "--count", "0", "two", "definitions"];
    assert_eq!(conversion(&make(&scratch, &none)), None);
}
