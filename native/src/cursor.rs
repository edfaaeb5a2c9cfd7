//! The directory that was used last in a tree, which the next entry mostly shares or is near, however deep the tree is.
//!
//! A path is walked from name to name. A tree that is as deep as paths can be long would cost two million steps where its
//! directories are finished from the deepest on; a few directories on the way stay open, at halves of what is left, so that the
//! next way begins there.

use crate::sys::{is_one_of, open_dir, open_search, retry};
use cap_std::fs::Dir;
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, TreePath};
use std::io;

/// The most directories that stay open on the way.
const MARKS: usize = 6;
/// A way of fewer names than this is walked again.
const FAR: usize = 32;

/// The directory that was used last.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    last: Option<(TreePath, Dir)>,
    /// Directories on the way to it, from the outermost on.
    marks: Vec<(TreePath, Dir)>,
}

impl Cursor {
    /// The directory that `path` is in: the one of last time, if it is that, and else what `open` opens.
    pub(crate) fn parent_of<E>(&mut self, path: &TreePath, open: impl FnOnce(&TreePath) -> Result<Dir, E>) -> Result<&Dir, E> {
        let parent = parent_bytes(path);
        let found = match self.last.take() {
            Some((last, dir)) if last.as_bytes() == parent => (last, dir),
            _ => {
                let parent = path.parent().unwrap_or(TreePath::ROOT);
                let dir = open(&parent)?;
                (parent, dir)
            }
        };
        Ok(&self.last.insert(found).1)
    }

    /// The directory below `root` that `path` is in, reached from the nearest one that is open.
    pub(crate) fn parent_below<'c>(&'c mut self, root: &'c Dir, path: &TreePath) -> io::Result<&'c Dir> {
        let parent = parent_bytes(path);
        if parent.is_empty() {
            return Ok(root);
        }
        let found = match self.last.take() {
            Some((last, dir)) if last.as_bytes() == parent => (last, dir),
            last => {
                let parent = path.parent().unwrap_or(TreePath::ROOT);
                let dir = match self.reach(root, last, &parent) {
                    // Nothing stays open where the process may open few files.
                    Err(error) if is_one_of(&error, &[Errno::MFILE, Errno::NFILE]) => {
                        self.marks.clear();
                        open_dir(root, &parent)?
                    }
                    result => result?,
                };
                (parent, dir)
            }
        };
        Ok(&self.last.insert(found).1)
    }

    fn reach(&mut self, root: &Dir, last: Option<(TreePath, Dir)>, to: &TreePath) -> io::Result<Dir> {
        self.marks.retain(|(mark, _)| to.starts_with(mark));
        let marked = self.marks.last().map_or(0, |(mark, _)| mark.as_bytes().len());
        // Where `at` is nothing, it is the last mark, or else the root.
        let (mut length, mut at) = match last {
            Some((last, dir)) if to.starts_with(&last) && last.as_bytes().len() > marked => (last.as_bytes().len(), Some(dir)),
            _ => (marked, None),
        };
        let rest = to.as_bytes().get(length..).unwrap_or_default();
        let mut left = rest.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).count();
        let mut until_mark = left / 2;
        for name in rest.split(|&byte| byte == b'/').filter(|name| !name.is_empty()) {
            let from = at.as_ref().or(self.marks.last().map(|(_, dir)| dir)).unwrap_or(root);
            let dir = open_search(from, &Name::new(name).map_err(io::Error::other)?)?;
            length += name.len() + usize::from(length > 0);
            left -= 1;
            until_mark = until_mark.saturating_sub(1);
            if until_mark == 0 && left >= FAR && self.marks.len() < MARKS {
                let path = TreePath::parse(to.as_bytes().get(..length).unwrap_or_default()).map_err(io::Error::other)?;
                self.marks.push((path, dir));
                at = None;
                until_mark = left / 2;
            } else {
                at = Some(dir);
            }
        }
        match at {
            Some(dir) => Ok(dir),
            None => retry(|| self.marks.last().map_or(root, |(_, dir)| dir).try_clone()),
        }
    }
}

/// The path of the directory that `path` is in; that of the root is empty.
fn parent_bytes(path: &TreePath) -> &[u8] {
    path.split().map_or(&[], |(parent, _)| parent)
}
