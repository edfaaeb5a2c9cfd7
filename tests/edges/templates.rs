//! What of a template is followed, looked into and left out.

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

/// What of a template is looked into, and what is not.
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
