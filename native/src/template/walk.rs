//! A walk through all that is below a directory: names, types, modes and owners, no link followed, no contents read.
//!
//! It knows nothing of templates: the caller decides about each entry, and which directories are entered.
//!
//! The entries of a large directory are examined by several threads before the first of them is reported.

use crate::attributes::Attributes;
use crate::cursor::Cursor;
use crate::sys::{FileKind, Identity, Status, as_os, last_name, names, open_child, open_readable, retry};
use crate::threads::threads_for;
use cap_std::fs::Dir;
use s6_instance_maker_core::path::{Name, PathError, TreePath};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;

/// An entry as a walk found it.
#[derive(Clone, Debug)]
pub(crate) struct WalkEntry {
    /// Its path below the directory where the walk began.
    pub path: TreePath,
    pub status: Status,
    /// Its extended attributes; none for a link, which has no rights of its own.
    pub attributes: Attributes,
    /// The text of a symbolic link; empty for everything else.
    pub target: Vec<u8>,
}

/// The reason why a walk ended early; paths are below the directory where it began.
#[derive(Debug)]
pub(crate) enum WalkError {
    /// The system refused an operation.
    Io { operation: &'static str, path: TreePath, source: io::Error },
    /// The directory holds a name that no tree can hold.
    Name { directory: TreePath, source: PathError },
    /// The directory is another one than the one that was found at its path.
    Replaced(TreePath),
}

/// A walk in progress. A few directories are open at a time, whatever the depth.
#[derive(Debug)]
pub(crate) struct Walk<'d> {
    root: &'d Dir,
    /// Directories that are still to be listed.
    pending: Vec<(TreePath, Identity)>,
    /// The directory that is being listed.
    listed: Option<Listed>,
    cursor: Cursor,
}

/// A directory that is being listed: its entries that are still to be reported, the examined ones first.
#[derive(Debug)]
struct Listed {
    path: TreePath,
    dir: Dir,
    examined: std::vec::IntoIter<Result<WalkEntry, WalkError>>,
    names: std::vec::IntoIter<OsString>,
}

impl<'d> Walk<'d> {
    /// Begins in `root`, which has `identity`.
    pub(crate) fn new(root: &'d Dir, identity: Identity) -> Self {
        Self { root, pending: vec![(TreePath::ROOT, identity)], listed: None, cursor: Cursor::default() }
    }

    /// Has the content of a directory that was found reported too, some time later.
    pub(crate) fn enter(&mut self, directory: &WalkEntry) {
        self.pending.push((directory.path.clone(), directory.status.identity));
    }

    /// The next entry; `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<WalkEntry>, WalkError> {
        loop {
            if let Some(Listed { path, dir, examined, names }) = &mut self.listed {
                let next = examined.next().or_else(|| names.next().map(|name| examine(path, dir, name)));
                if let Some(found) = next {
                    return found.map(Some);
                }
                self.listed = None;
            }
            let Some((path, identity)) = self.pending.pop() else { return Ok(None) };
            self.listed = Some(self.list(path, identity)?);
        }
    }

    fn list(&mut self, path: TreePath, identity: Identity) -> Result<Listed, WalkError> {
        let dir = match last_name(&path) {
            None => open_readable(self.root, &path),
            Some(name) => self.cursor.parent_below(self.root, &path).and_then(|parent| open_child(parent, &name)),
        };
        let dir = dir.map_err(cannot("read", &path))?;
        if Status::of(&dir).map_err(cannot("examine", &path))?.identity != identity {
            return Err(WalkError::Replaced(path));
        }
        let names = names(&dir).map_err(cannot("read", &path))?;
        let threads = threads_for(names.len());
        let (examined, names) = if threads > 1 { (examine_all(&path, &dir, &names, threads), vec![]) } else { (vec![], names) };
        Ok(Listed { path, dir, examined: examined.into_iter(), names: names.into_iter() })
    }
}

/// Examines the entries `names` of a directory with several threads; the results have the order of the names.
fn examine_all(directory: &TreePath, dir: &Dir, names: &[OsString], threads: usize) -> Vec<Result<WalkEntry, WalkError>> {
    let examine_part = |names: &[OsString]| names.iter().map(|name| examine(directory, dir, name.clone())).collect::<Vec<_>>();
    let mut parts = names.chunks(names.len().div_ceil(threads).max(1));
    let own = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let others: Vec<_> =
            parts.map(|part| (part, std::thread::Builder::new().spawn_scoped(scope, move || examine_part(part)))).collect();
        let mut examined = examine_part(own);
        for (part, other) in others {
            // Where the system has no room for another thread, this one does its work.
            let other = other.ok().and_then(|thread| thread.join().ok());
            examined.extend(other.unwrap_or_else(|| examine_part(part)));
        }
        examined
    })
}

fn examine(directory: &TreePath, dir: &Dir, name: OsString) -> Result<WalkEntry, WalkError> {
    let refused = |source| WalkError::Name { directory: directory.clone(), source };
    let name = Name::new(name.into_vec()).map_err(|error| refused(error.into()))?;
    let path = directory.join(&name).map_err(refused)?;
    let status = Status::of_entry(dir, &name).map_err(cannot("examine", &path))?;
    let target = match status.kind {
        FileKind::Symlink => {
            retry(|| dir.read_link_contents(as_os(&name))).map_err(cannot("read", &path))?.into_os_string().into_vec()
        }
        _ => Vec::new(),
    };
    let attributes = match status.kind {
        FileKind::Symlink => Attributes::default(),
        _ => Attributes::of_entry(dir, &name).map_err(cannot("read the attributes of", &path))?,
    };
    Ok(WalkEntry { path, status, target, attributes })
}

/// For `map_err`: the system refused `operation` with what is at `path`.
fn cannot(operation: &'static str, path: &TreePath) -> impl FnOnce(io::Error) -> WalkError {
    move |source| WalkError::Io { operation, path: path.clone(), source }
}
