//! The template and the callers that the laws about any bytes plan for: a little of everything that a template can have.

use crate::account::{Account, Credentials};
use crate::facts::{Facts, Givable};
use crate::path::TreePath;
use crate::template::{FileFacts, Template};
use crate::tree::{Ids, Kind, Meta, Mode, Node};
use alloc::vec::Vec;

/// The account that is known, and the caller who is not root.
const WWW_DATA: Ids = Ids { uid: 33, gid: 4 };

/// The callers: root, and an ordinary user.
#[must_use]
pub fn callers() -> [Facts; 2] {
    let known = match Account::parse(b"www-data") {
        Ok(Account::Named(name)) => Some((name, Credentials { ids: WWW_DATA, groups: Vec::from([33, 4]) })),
        // Never, for that name; the laws' own test counts the accounts.
        _ => None,
    };
    [(Ids { uid: 0, gid: 0 }, Givable::All), (WWW_DATA, Givable::NONE)].map(|(caller, givable)| Facts {
        umask: Mode::new(0o022),
        caller,
        givable_users: givable.clone(),
        givable_groups: givable,
        accounts: known.clone().into_iter().collect(),
    })
}

/// Scripts, a logger, every kind of entry, special bits, foreign owners, a supervisor's state, a name that is not UTF-8.
#[must_use]
pub fn template() -> Template {
    let meta = |mode, uid, gid| Meta { mode: Mode::new(mode), owner: Some(Ids { uid, gid }) };
    let root = |mode| meta(mode, 0, 0);
    let file = || Kind::File(FileFacts { size: 10, head: None });
    let script = || Kind::File(FileFacts { size: 10, head: Some(b"#!/bin/sh\n".to_vec()) });
    let link = |target: &str| Kind::Symlink(target.as_bytes().to_vec());
    let mut template = Template::new(root(0o755));
    let entries: [(&[u8], Meta, Kind<FileFacts>); 14] = [
        (b"\xff", root(0o644), file()),
        (b"data", meta(0o2750, 0, 33), Kind::Directory),
        (b"data/pipe", root(0o640), Kind::Fifo),
        (b"data/tool", meta(0o6755, 33, 4), file()),
        (b"data/up", meta(0o777, 1, 2), link("../run")),
        (b"event", root(0o3770), Kind::Directory),
        (b"finish", meta(0o755, 33, 4), script()),
        (b"log", root(0o755), Kind::Directory),
        (b"log/run", root(0o755), script()),
        (b"log/supervise", root(0o700), Kind::Directory),
        (b"run", root(0o755), script()),
        (b"supervise", root(0o700), Kind::Directory),
        (b"supervise/lock", meta(0o4600, 33, 4), file()),
        (b"tmp", root(0o1777), Kind::Directory),
    ];
    for (path, meta, kind) in entries {
        if let Ok(path) = TreePath::parse(path) {
            // Every one of them has its parent before it: the laws' own test counts them.
            let _ = template.insert(path, Node::new(meta, kind));
        }
    }
    template
}
