//! A walk through all that is below a directory: names, types, modes and owners, no link followed; attributes and the contents of
//! small files where they are asked for.
//!
//! It knows nothing of templates: the caller decides about each entry, and which directories are entered.
//!
//! The entries of a large directory, and those of many directories, are examined by several threads before the first of them is
//! reported.

use crate::attributes::Attributes;
use crate::cursor::Cursor;
use crate::sys::{
    FileKind, Identity, Listed, ListingBuffer, Status, as_os, is_one_of, last_name, list, open_child, open_file, retry,
};
use crate::template::held::Room;
use crate::threads::{self, threads, threads_for};
use cap_std::fs::Dir;
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, PathError, TreePath};
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The properties that a walk reports of an entry besides its status and the text of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Depth<'r> {
    /// None.
    Status,
    /// Its extended attributes.
    Attributes,
    /// These; and its contents, if it is a small file and there is room for them.
    Contents(&'r Room),
}

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
    /// The contents of a small file, at the moment of the status. `None`: they were not read, or not only they.
    pub contents: Option<Box<[u8]>>,
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
    depth: Depth<'d>,
    /// Directories that are still to be listed.
    pending: Vec<Directory>,
    /// Directories that were listed.
    listed: std::vec::IntoIter<(Directory, Result<Entries, WalkError>)>,
    /// The entries that are reported next.
    entries: std::vec::IntoIter<Result<WalkEntry, WalkError>>,
    lister: Lister,
}

/// A directory that was found.
type Directory = (TreePath, Identity);

/// The entries of a directory, examined.
type Entries = Vec<Result<WalkEntry, WalkError>>;

/// The least number of directories that is worth several threads.
const DIRECTORIES_FOR_THREADS: usize = 16;
/// The most directories that are listed before the first entry is reported.
const BATCH_MAX: usize = 512;
/// The number of entries after which no further directory is listed before they are reported.
const BATCH_ENTRIES: usize = 8192;

impl<'d> Walk<'d> {
    /// Begins in `root`, which was opened for listing and not listed since.
    pub(crate) fn new(root: &'d Dir, identity: Identity, depth: Depth<'d>) -> Self {
        let pending = vec![(TreePath::ROOT, identity)];
        Self {
            root,
            depth,
            pending,
            listed: Vec::new().into_iter(),
            entries: Vec::new().into_iter(),
            lister: Lister::default(),
        }
    }

    /// Has the content of a directory that was found reported too, some time later.
    pub(crate) fn enter(&mut self, directory: &WalkEntry) {
        self.pending.push((directory.path.clone(), directory.status.identity));
    }

    /// The next entry; `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<WalkEntry>, WalkError> {
        loop {
            if let Some(found) = self.entries.next() {
                return found.map(Some);
            }
            let (directory, listed) = match self.listed.next() {
                Some((directory, listed)) => (directory, Some(listed)),
                None if self.pending.len() >= DIRECTORIES_FOR_THREADS && threads() > 1 => {
                    self.list_batch();
                    continue;
                }
                None => match self.pending.pop() {
                    Some(directory) => (directory, None),
                    None => return Ok(None),
                },
            };
            let entries = match listed {
                Some(Ok(entries)) => entries,
                // Several threads require more open files than one.
                Some(Err(WalkError::Io { source, .. })) if is_one_of(&source, &[Errno::MFILE, Errno::NFILE]) => {
                    self.lister.list(self.root, &directory, self.depth, threads_for)?
                }
                Some(Err(error)) => return Err(error),
                None => self.lister.list(self.root, &directory, self.depth, threads_for)?,
            };
            self.entries = entries.into_iter();
        }
    }

    /// Lists pending directories with several threads.
    fn list_batch(&mut self) {
        let batch = self.pending.split_off(self.pending.len().saturating_sub(BATCH_MAX));
        let (root, depth) = (self.root, self.depth);
        let found = AtomicUsize::new(0);
        let list = |lister: &mut Lister, directory: &Directory| {
            let has_room = found.load(Ordering::Relaxed) < BATCH_ENTRIES;
            let entries = has_room.then(|| lister.list(root, directory, depth, |_| 1))?;
            found.fetch_add(entries.as_ref().map_or(0, Vec::len), Ordering::Relaxed);
            Some(entries)
        };
        let results = threads::map(&batch, threads(), list);
        let mut listed = Vec::new();
        for (directory, entries) in batch.into_iter().zip(results) {
            match entries {
                Some(entries) => listed.push((directory, entries)),
                None => self.pending.push(directory),
            }
        }
        self.listed = listed.into_iter();
    }
}

/// The means of one thread to list directories.
#[derive(Debug, Default)]
struct Lister {
    cursor: Cursor,
    buffer: ListingBuffer,
}

impl Lister {
    /// Lists a directory that was found below `root`, and examines its entries with as many threads as `threads_for` returns for their
    /// number.
    fn list(
        &mut self,
        root: &Dir,
        (path, identity): &Directory,
        depth: Depth<'_>,
        threads_for: impl FnOnce(usize) -> usize,
    ) -> Result<Entries, WalkError> {
        let opened = match last_name(path) {
            // The caller who opened the root knows its identity.
            None => None,
            Some(name) => {
                let dir = self.cursor.parent_below(root, path).and_then(|parent| open_child(parent, &name));
                let dir = dir.map_err(cannot("read", path))?;
                if Status::of(&dir).map_err(cannot("examine", path))?.identity != *identity {
                    return Err(WalkError::Replaced(path.clone()));
                }
                Some(dir)
            }
        };
        let dir = opened.as_ref().unwrap_or(root);
        let listed = list(dir, &mut self.buffer).map_err(cannot("read", path))?;
        Ok(threads::map(&listed, threads_for(listed.len()), |(), listed| examine(path, dir, listed, depth)))
    }
}

fn examine(directory: &TreePath, dir: &Dir, listed: &Listed, depth: Depth<'_>) -> Result<WalkEntry, WalkError> {
    let refused = |source| WalkError::Name { directory: directory.clone(), source };
    let name = listed.name.as_ref().map_err(|error| refused((*error).into()))?;
    let path = directory.join(name).map_err(refused)?;
    // Opening a regular file has no effect.
    if listed.kind == Some(FileKind::Regular)
        && let Some(found) = examine_open(&path, dir, name, depth)
    {
        return Ok(found);
    }
    let status = Status::of_entry(dir, name).map_err(cannot("examine", &path))?;
    let target = match status.kind {
        FileKind::Symlink => {
            retry(|| dir.read_link_contents(as_os(name))).map_err(cannot("read", &path))?.into_os_string().into_vec()
        }
        _ => Vec::new(),
    };
    let attributes = match (status.kind, depth) {
        (FileKind::Symlink, _) | (_, Depth::Status) => Attributes::default(),
        _ => Attributes::of_entry(dir, name).map_err(cannot("read the attributes of", &path))?,
    };
    Ok(WalkEntry { path, status, target, attributes, contents: None })
}

/// Examines a file by opening it, which takes less time than a look at its attributes by name. `None`: `depth` does not require it, or
/// the system refuses it.
fn examine_open(path: &TreePath, dir: &Dir, name: &Name, depth: Depth<'_>) -> Option<WalkEntry> {
    let room = match depth {
        Depth::Status => return None,
        Depth::Attributes => None,
        Depth::Contents(room) => Some(room),
    };
    let file = open_file(dir, name).ok()?;
    let attributes = Attributes::of(&file).ok()?;
    let (status, contents) = match room.filter(|room| room.is_left()) {
        Some(room) => room.read(&file).ok()?,
        None => (Status::of(&file).ok()?, None),
    };
    Some(WalkEntry { path: path.clone(), status, attributes, target: Vec::new(), contents })
}

/// For `map_err`: the system refused `operation` with what is at `path`.
fn cannot(operation: &'static str, path: &TreePath) -> impl FnOnce(io::Error) -> WalkError {
    move |source| WalkError::Io { operation, path: path.clone(), source }
}
