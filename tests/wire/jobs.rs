//! Jobs of the tests: the table of plans for several callers, and what is hard to write as a document.

use crate::cases::CASES;
use crate::manifest;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::template::{FileFacts, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// A command line, the process that it is for, and its template.
#[derive(Debug)]
pub struct Case {
    /// The words behind the program's name.
    pub words: Vec<OsString>,
    /// The facts of the process.
    pub facts: Facts,
    /// The template.
    pub template: Template,
}

/// Every case of the table of plans, for root and for another caller, and for several umasks; and odd templates and options.
#[must_use]
pub fn cases() -> Vec<Case> {
    let umask = |umask| Facts { umask: Mode::new(umask), ..manifest::facts() };
    let somebody = manifest::facts_of(Ids { uid: 33, gid: 4 });
    let mut cases = Vec::new();
    let mut add = |options: &[OsString], facts: &Facts, template: &Template| {
        let words = options.iter().cloned().chain(["template".into(), "dir".into()]).collect();
        cases.push(Case { words, facts: facts.clone(), template: template.clone() });
    };
    for (_, options, text) in CASES {
        let options: Vec<OsString> = options.iter().map(Into::into).collect();
        for facts in [&manifest::facts(), &somebody] {
            add(&options, facts, &manifest::template(text));
        }
    }
    for facts in [0o000, 0o002, 0o027, 0o077, 0o111, 0o222, 0o400, 0o777].map(umask) {
        add(&["-L".into(), "/l".into()], &facts, &manifest::template("0755 file run"));
        add(&["-r".into(), "svc".into()], &facts, &manifest::template("0755 file run"));
    }
    let odd = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    for options in [
        vec![odd(b"-u"), odd(b"j\xf6rg")],
        vec![odd(b"-L/l\xff"), odd(b"-P\xfe \"\\\n\x01$x")],
        vec![odd(b"-L/l"), odd(b"-P")].into_iter().chain([OsString::new()]).collect(),
        vec![odd(b"-L/l"), odd(b"-r\xfd/\xfc/\xfb")],
        vec!["-L/l".into(), "-P\u{7f}\u{2028}\u{feff}\u{1f600}".into()],
    ] {
        add(&options, &manifest::facts(), &odd_template());
        add(&options, &somebody, &odd_template());
    }
    cases
}

/// A template whose names, targets and heads are hard to write in JSON.
///
/// # Panics
///
/// When a path is not one.
#[must_use]
pub fn odd_template() -> Template {
    let meta = |mode, uid, gid| Meta { mode: Mode::new(mode), owner: Some(Ids { uid, gid }) };
    let mut template = Template::new(meta(0o2755, 1, u32::MAX - 1));
    let mut add = |path: &[u8], meta, kind| template.insert(TreePath::parse(path).unwrap(), Node::new(meta, kind)).unwrap();
    let root = meta(0o755, 0, 0);
    // As long as a head can be, and cut inside of a character.
    let head = format!("#!/bin/sh \n{}", "é".repeat(2044)).as_bytes()[..4096].to_vec();
    add(b"run", root, Kind::File(FileFacts { size: u64::MAX, head: Some(head) }));
    add(b"finish", root, Kind::File(FileFacts { size: 0, head: Some(Vec::new()) }));
    add(b"\xff\xfe", root, Kind::Directory);
    add(b"\xff\xfe/\xc3", root, Kind::File(FileFacts { size: 1, head: None }));
    add("\u{e9}\u{2028}\u{feff}".as_bytes(), root, Kind::File(FileFacts::default()));
    add(b"\x01\t\n\r\x1b[31m\x7f\"\\'", meta(0o6755, 33, 4), Kind::File(FileFacts::default()));
    add(b"link", meta(0o777, 7, 8), Kind::Symlink(b"/\xff\n\"".to_vec()));
    add(b" ", meta(0o600, 7, 8), Kind::Fifo);
    add(&[b'n'; 255], root, Kind::Directory);
    template
}
