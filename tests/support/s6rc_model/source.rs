//! A source directory as s6-rc-compile reads it: by names, links followed.

use super::{Refusal, Tree, unreadable};
use crate::disk::OnDisk;

/// The number of links that the kernel follows on the way to a file.
const LINKS_MAX: u32 = 40;

/// A source directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a>(&'a Tree);

impl<'a> Source<'a> {
    pub(super) const fn new(tree: &'a Tree) -> Self {
        Self(tree)
    }

    /// The names of the entries in a directory, in order.
    pub(super) fn names_in(self, directory: &[u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let prefix = if directory.is_empty() { Vec::new() } else { [directory, b"/"].concat() };
        let names = self.0.keys().filter_map(move |path| path.strip_prefix(prefix.as_slice()));
        names.filter(|name| !name.is_empty() && !name.contains(&b'/'))
    }

    /// All entries at and below a path, by their paths relative to it, as they stand there: no link is followed.
    pub(super) fn below(self, path: &[u8]) -> impl Iterator<Item = (&'a [u8], &'a OnDisk)> {
        self.0.iter().filter_map(move |(entry, node)| match entry.strip_prefix(path)? {
            [] => Some((b"".as_slice(), node)),
            [b'/', rest @ ..] => Some((rest, node)),
            _ => None,
        })
    }

    /// The path and the entry that a path leads to, all links followed; `None`: there is nothing.
    pub(super) fn at(self, path: &[u8]) -> Option<(Vec<u8>, &'a OnDisk)> {
        let mut pending: Vec<Vec<u8>> = parts(path).rev().collect();
        let mut place: Vec<Vec<u8>> = Vec::new();
        let mut links = LINKS_MAX;
        while let Some(name) = pending.pop() {
            if name == b".." {
                place.pop()?;
                continue;
            }
            place.push(name);
            let entry = self.0.get(&place.join(&b'/'))?;
            if entry.kind == "link" {
                links = links.checked_sub(1)?;
                if entry.bytes.starts_with(b"/") {
                    return None;
                }
                place.pop();
                pending.extend(parts(&entry.bytes).rev());
            }
        }
        let path = place.join(&b'/');
        self.0.get(&path).map(|entry| (path, entry))
    }

    /// The bytes of a file; `None`: there is nothing.
    pub(super) fn read(self, path: &[u8], fault: &'static str) -> Result<Option<&'a [u8]>, Refusal> {
        match self.at(path) {
            None => Ok(None),
            Some((_, entry)) if entry.kind == "file" => Ok(Some(&entry.bytes)),
            Some(_) => Err(unreadable(fault, path)),
        }
    }
}

/// The names on a path.
fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".").map(<[u8]>::to_vec)
}

/// `name` in `directory`.
pub(super) fn in_directory(directory: &[u8], name: &str) -> Vec<u8> {
    [directory, b"/", name.as_bytes()].concat()
}
