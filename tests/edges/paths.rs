//! Names and paths: their bytes, joining, and order.

use super::path;
use s6_instance_maker_core::path::{Name, PathError, TreePath};
use std::panic::catch_unwind;

/// Constants are checked when the program is built; what checks them does the same when it runs.
#[test]
fn constants_are_checked() {
    assert_eq!((Name::constant("run"), TreePath::constant(&"log/run")), (Name::new(*b"run").unwrap(), path("log/run")));
    assert!(catch_unwind(|| Name::constant("a/b")).is_err());
    assert!(catch_unwind(|| TreePath::constant(&"../run")).is_err());
    assert_eq!(Name::new(*b"a\x1bb").unwrap().to_string(), r"a\x1bb");
}

/// A path that is put together is as long as one can be, and not longer.
#[test]
fn joined_paths_have_an_end() {
    let name = |length| Name::new(vec![b'n'; length]).unwrap();
    let deep = (0..15).fold(TreePath::ROOT, |path, _| path.join(&name(255)).unwrap());
    let longest = deep.join(&name(255)).unwrap();
    assert_eq!(longest.as_bytes().len(), 4095);
    assert_eq!(longest.join(&name(1)), Err(PathError::TooLong));
    let inner = TreePath::from(name(254)).join(&name(1)).unwrap();
    assert_eq!(deep.join_path(&inner), Err(PathError::TooLong));
    assert_eq!(longest.join_path(&TreePath::ROOT).as_ref(), Ok(&longest));
}

/// A directory stands directly before what is in it, and that before its siblings, whatever bytes their names have.
#[test]
fn paths_stand_in_order() {
    let sorted =
        ["", "a", "a/b", "a/b/c", "a/c", "a\u{1}", "a b", "a!", "a-", "a.", "a0", "ab", "b", "long-names/a", "long-names/b"];
    let sorted = sorted.map(path);
    for (at, left) in sorted.iter().enumerate() {
        for (other, right) in sorted.iter().enumerate() {
            assert_eq!((left < right, left == right, left > right), (at < other, at == other, at > other), "{left} {right}");
        }
    }
}
