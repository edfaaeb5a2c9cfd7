//! Instances that are there from the start, on a real disk.

use super::{names, staging_in};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

/// A template of five files.
fn template(scratch: &Scratch) {
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("finish"), 0o755, "#!/bin/sh\necho \"$3\"\n");
    disk::file(template.join("notification-fd"), 0o644, "3\n");
    disk::file(template.join("data/config"), 0o640, "configuration\n");
    disk::file(template.join("timeout-kill"), 0o644, "5000\n");
}

/// Each is a copy of the template with a link to it, and no two share a file.
#[test]
fn a_thousand_instances_share_nothing() {
    let scratch = Scratch::new("instances");
    template(&scratch);
    let list: String = (0..999).map(|number| format!("instance-{number}\n")).collect();
    fs::write(scratch.join("list"), list).unwrap();
    let words = ["-c", "1000", "--s6-version", "2.15", "--instance", "one-more", "--instances-from", "list", "template", "out"];
    let answer = maker(scratch.path(), words).expect_code(0);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{answer}");
    let expected = disk::read_tree(&scratch.join("out/template"));
    assert_eq!(expected, disk::read_tree(&scratch.join("template")));
    let instances = names(&scratch.join("out/instances"));
    assert_eq!((instances.len(), instances), (1000, names(&scratch.join("out/instance"))));
    let mut files = BTreeSet::new();
    for name in names(&scratch.join("out/instances")) {
        let link = fs::read_link(scratch.join("out/instance").join(&name)).unwrap();
        assert_eq!(link, Path::new("../instances").join(&name));
        let directory = scratch.join("out/instances").join(&name);
        assert_eq!(disk::read_tree(&directory), expected, "{name:?}");
        for file in ["run", "finish", "notification-fd", "data/config", "timeout-kill"] {
            files.insert(fs::metadata(directory.join(file)).unwrap().ino());
        }
    }
    assert_eq!(files.len(), 5000);
}

/// A list from standard input, with a last line that has no newline; what is wrong with a list is told by its line.
#[test]
fn lists() {
    let scratch = Scratch::new("instances");
    template(&scratch);
    let from_stdin = |list: &str, words: &[&str]| {
        fs::write(scratch.join("list"), list).unwrap();
        let script = "umask 022; exec \"$@\" --instances-from - <list";
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(program::program()).args(words);
        Answer::of(command.current_dir(scratch.path()))
    };
    from_stdin("b\na", &["template", "out"]).expect_code(0);
    assert_eq!(names(&scratch.join("out/instance")), ["a", "b"]);
    fs::remove_dir_all(scratch.join("out")).unwrap();
    from_stdin("\u{feff}# today\r\n  b\r\n\r\na\r\n", &["template", "out"]).expect_code(0);
    assert_eq!(names(&scratch.join("out/instance")), ["a", "b"]);
    fs::remove_dir_all(scratch.join("out")).unwrap();
    from_stdin("", &["template", "out"]).expect_code(0);
    assert!(names(&scratch.join("out/instances")).is_empty());
    fs::remove_dir_all(scratch.join("out")).unwrap();
    for (list, words, message) in [
        (
            "a\n\nb c\n",
            &[][..],
            "`standard input`: line 3, `b c`: cannot contain a space, tab, newline, form feed or carriage return",
        ),
        ("a\nb\na\n", &[], "`standard input`: line 3: duplicate instance `a`"),
        ("a\n../b\n", &[], "`standard input`: line 2, `../b`: cannot begin with a dot"),
        ("a\n\u{1b}[2J/\n", &[], "`standard input`: line 2, `\\x1b[2J/`: cannot contain a slash or a NUL"),
        ("a\n", &["--instance", "a"], "duplicate instance `a`"),
        ("a\nb\nc\n", &["-c2"], "too many instances are declared, 3; the capacity (-c) is 2"),
        (
            "twelve-bytes\n",
            &["--name-max=11"],
            "the name of the instance `twelve-bytes` is longer than --name-max allows, 11 bytes",
        ),
    ] {
        let answer = from_stdin(list, &[words, &["template", "out"]].concat()).expect_code(100);
        assert!(answer.stderr.contains(&format!("fatal: {message}")), "{answer}");
        assert!(!scratch.join("out").exists() && staging_in(scratch.path()).is_empty());
    }
    for (list, message) in [
        ("gone", "unable to open `gone`: No such file or directory"),
        ("template", "unable to read `template`: Is a directory"),
    ] {
        let answer = maker(scratch.path(), ["--instances-from", list, "template", "out"]).expect_code(111);
        assert!(answer.stderr.contains(&format!("fatal: {message}")), "{answer}");
    }
    // What has no end is refused where it can be none.
    let answer = maker(scratch.path(), ["--instances-from", "/dev/zero", "template", "out"]).expect_code(100);
    assert!(answer.stderr.contains("fatal: `/dev/zero`: line 1, `\\x00"), "{answer}");
}

/// The job holds what a list says, so that a plan that is computed elsewhere has the same instances.
#[test]
fn a_plan_elsewhere_has_the_same_instances() {
    let scratch = Scratch::new("instances");
    template(&scratch);
    fs::write(scratch.join("list"), "x\ny\n").unwrap();
    let words = |more: &[&'static str]| [more, &["--instances-from", "list", "--instance", "z", "template", "out"]].concat();
    let job = maker(scratch.path(), words(&["--print-job"])).expect_code(0).stdout;
    assert!(job.contains("\"instances\":[\"x\",\"y\"]"), "{job}");
    let plan = maker(scratch.path(), words(&["--dry-run", "--format", "json"])).expect_code(0).stdout;
    fs::write(scratch.join("plan"), plan).unwrap();
    maker(scratch.path(), ["--apply-plan", "plan", "template", "applied"]).expect_code(0);
    maker(scratch.path(), words(&[])).expect_code(0);
    assert_eq!(names(&scratch.join("out/instance")), ["x", "y", "z"]);
    assert_eq!(disk::read_tree(&scratch.join("out")), disk::read_tree(&scratch.join("applied")));
}
