//! Entries that a tree accepts and refuses.

use super::path;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::template::{FileFacts, Template};
use s6_instance_maker_core::tree::{Kind, Meta, Mode, Node, Tree, TreeError};

#[test]
fn entries_that_no_tree_accepts() {
    let mut tree = Tree::new(Meta::callers(Mode::new(0o755)));
    let fifo = || Node::<()>::new(Meta::callers(Mode::new(0o600)), Kind::Fifo);
    assert_eq!(tree.insert(path("a"), fifo()), Ok(()));
    assert_eq!(tree.insert(path("a"), fifo()), Err(TreeError::Duplicate(path("a"))));
    assert_eq!(tree.insert(path("a/b"), fifo()), Err(TreeError::ParentNotDirectory(path("a/b"))));
    assert_eq!(tree.insert(path("b/b"), fifo()), Err(TreeError::Orphan(path("b/b"))));
    assert_eq!(tree.count(), 2);
}

/// A list of entries in any order makes the same tree as entries that are added one by one, and is refused for the same reasons.
#[test]
fn a_tree_of_a_list() {
    let root = Meta::callers(Mode::new(0o755));
    let node = |kind| Node::<FileFacts>::new(root, kind);
    let entry = |text: &str, kind: Kind<FileFacts>| (path(text), node(kind));
    let directory = |text| entry(text, Kind::Directory);
    let fifo = |text| entry(text, Kind::Fifo);
    // By component, so that `a!` stands behind what is in `a`.
    let sorted = [directory("a"), fifo("a/b"), directory("a/c"), fifo("a/c/d"), fifo("a!"), fifo("b")];
    let mut inserted = Template::new(root);
    for (path, node) in sorted.clone() {
        inserted.insert(path, node).unwrap();
    }
    for rotation in 0..sorted.len() {
        let mut entries = Vec::from(sorted.clone());
        entries.rotate_left(rotation);
        assert_eq!(Template::collected(root, entries.clone()).as_ref(), Ok(&inserted));
        entries.reverse();
        assert_eq!(Template::collected(root, entries).as_ref(), Ok(&inserted));
    }
    let error = |entries: &[(TreePath, Node<FileFacts>)]| Template::collected(root, entries.to_vec()).unwrap_err();
    assert_eq!(error(&[fifo("a"), fifo("b"), fifo("a")]), TreeError::Duplicate(path("a")));
    assert_eq!(error(&[(TreePath::ROOT, node(Kind::Directory))]), TreeError::Duplicate(TreePath::ROOT));
    assert_eq!(error(&[fifo("a/b"), fifo("a")]), TreeError::ParentNotDirectory(path("a/b")));
    assert_eq!(error(&[fifo("b/b"), directory("a")]), TreeError::Orphan(path("b/b")));
    assert_eq!(error(&[directory("a"), fifo("a/b/c"), directory("a/d")]), TreeError::Orphan(path("a/b/c")));
    assert_eq!(error(&[directory("ab"), fifo("a/b")]), TreeError::Orphan(path("a/b")));
}
