//! Entries of a template that are followed, inspected and left out.

use super::path;
use s6_instance_maker_core::template::{FileFacts, Resolved, Template};
use s6_instance_maker_core::tree::{Kind, Meta, Mode, Node};
use s6_instance_maker_workspace::manifest::template;

/// A path that leads through a file, or to a name that cannot be, ends nowhere.
#[test]
fn links_that_lead_nowhere() {
    let mut template = template("0755 file run\n0777 link a -> run/x\n0777 link b -> x");
    let link = |target: Vec<u8>| Node::new(Meta::callers(Mode::new(0o777)), Kind::Symlink(target));
    template.insert(path("c"), link(vec![b'n'; 256])).unwrap();
    for name in ["a", "b", "c", "run/x"] {
        assert_eq!(template.resolve(&path(name)), Resolved::Missing, "{name}");
    }
}

/// As many links are followed as Linux follows in one path, 40, at any position in it.
#[test]
fn links_in_a_row() {
    let mut template = template("0755 file 0\n0755 dir directory\n0755 file directory/file\n0777 link way -> directory");
    let link = |target: String| Node::new(Meta::callers(Mode::new(0o777)), Kind::Symlink(target.into_bytes()));
    for number in 1..=41 {
        template.insert(path(&number.to_string()), link((number - 1).to_string())).unwrap();
    }
    assert_eq!(template.resolve(&path("40")), Resolved::Entry(path("0")));
    assert_eq!(template.resolve(&path("41")), Resolved::Loop);
    // One, and 39 or 40 on the way that it leads.
    template.insert(path("again"), link("way/../".repeat(39))).unwrap();
    template.insert(path("too-often"), link("way/../".repeat(40))).unwrap();
    assert_eq!(template.resolve(&path("again/directory/file")), Resolved::Entry(path("directory/file")));
    assert_eq!(template.resolve(&path("again/way/file")), Resolved::Loop);
    assert_eq!(template.resolve(&path("too-often/directory/file")), Resolved::Loop);
}

/// The control files of a template are inspected, and no other file is.
#[test]
fn control_scripts_and_state() {
    let mut template = template(
        "0755 file run
         0777 link finish -> run
         0755 dir data
         0755 file data/run
         0755 dir data/finish
         0777 link log -> data
         0755 dir supervise",
    );
    assert_eq!(template.control_scripts(), [path("run"), path("data/run")]);
    let states = ["supervise", "event", "log/supervise", "log/event"];
    assert!(states.iter().all(|state| Template::may_be_state(&path(state))));
    assert!(!["run", "data/supervise", "supervise/lock"].iter().any(|other| Template::may_be_state(&path(other))));
    let before = template.clone();
    for other in ["missing", "data", "finish"] {
        template.set_head(&path(other), b"#!".to_vec());
    }
    assert_eq!(template, before);
    template.set_head(&path("run"), b"#!".to_vec());
    let head = |template: &Template| match &template.tree().get(&path("run")).unwrap().kind {
        Kind::File(FileFacts { head, .. }) => head.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((head(&before), head(&template)), (None, Some(b"#!".to_vec())));
}
