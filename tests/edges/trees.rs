//! Entries that a tree accepts and refuses.

use super::path;
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
