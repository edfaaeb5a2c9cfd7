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
use crate::threads::{threads, threads_for};
use cap_std::fs::Dir;
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, PathError, TreePath};
use std::collections::BTreeMap;
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
    pending: Vec<(TreePath, Identity)>,
    /// The directory that is being listed.
    current: Option<Listing>,
    /// Directories whose entries were all examined.
    ready: std::vec::IntoIter<Batched>,
    cursor: Cursor,
    buffer: ListingBuffer,
}

/// A directory that was to be listed, and what came of it.
type Batched = ((TreePath, Identity), Result<Listing, WalkError>);

/// The least number of directories that is worth several threads.
const DIRECTORIES_FOR_THREADS: usize = 16;
/// The most directories that are examined before the first entry is reported.
const BATCH_MAX: usize = 512;

/// A directory that is being listed: its entries that are still to be reported, the examined ones first.
#[derive(Debug)]
struct Listing {
    path: TreePath,
    /// The directory; `None`: it is the root.
    dir: Option<Dir>,
    examined: std::vec::IntoIter<Result<WalkEntry, WalkError>>,
    listed: std::vec::IntoIter<Listed>,
}

impl<'d> Walk<'d> {
    /// Begins in `root`, which was opened for listing and not listed since.
    pub(crate) fn new(root: &'d Dir, identity: Identity, depth: Depth<'d>) -> Self {
        let pending = vec![(TreePath::ROOT, identity)];
        let (cursor, buffer) = (Cursor::default(), ListingBuffer::default());
        Self { root, depth, pending, current: None, ready: Vec::new().into_iter(), cursor, buffer }
    }

    /// Has the content of a directory that was found reported too, some time later.
    pub(crate) fn enter(&mut self, directory: &WalkEntry) {
        self.pending.push((directory.path.clone(), directory.status.identity));
    }

    /// The next entry; `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<WalkEntry>, WalkError> {
        loop {
            if let Some(Listing { path, dir, examined, listed }) = &mut self.current {
                let dir = dir.as_ref().unwrap_or(self.root);
                let next = examined.next().or_else(|| listed.next().map(|listed| examine(path, dir, listed, self.depth)));
                if let Some(found) = next {
                    return found.map(Some);
                }
                self.current = None;
            }
            self.current = match self.ready.next() {
                // Threads need more open files than there may be. Alone, this one needs fewer.
                Some((directory, Err(WalkError::Io { source, .. }))) if is_one_of(&source, &[Errno::MFILE, Errno::NFILE]) => {
                    Some(self.list(&directory)?)
                }
                Some((_, listing)) => Some(listing?),
                None if self.pending.len() >= DIRECTORIES_FOR_THREADS && threads() > 1 => {
                    let batch = self.pending.split_off(self.pending.len().saturating_sub(BATCH_MAX));
                    self.ready = list_all(self.root, batch, self.depth).into_iter();
                    None
                }
                None => match self.pending.pop() {
                    Some(directory) => Some(self.list(&directory)?),
                    None => return Ok(None),
                },
            };
        }
    }

    fn list(&mut self, directory: &(TreePath, Identity)) -> Result<Listing, WalkError> {
        let opened = open_listed(self.root, &mut self.cursor, directory)?;
        let path = directory.0.clone();
        let dir = opened.as_ref().unwrap_or(self.root);
        let listed = list(dir, &mut self.buffer).map_err(cannot("read", &path))?;
        let threads = threads_for(listed.len());
        let (examined, listed) =
            if threads > 1 { (examine_all(&path, dir, listed, self.depth, threads), vec![]) } else { (vec![], listed) };
        Ok(Listing { path, dir: opened, examined: examined.into_iter(), listed: listed.into_iter() })
    }
}

/// Opens a directory that was found below `root`. `None`: it is that.
fn open_listed(root: &Dir, cursor: &mut Cursor, (path, identity): &(TreePath, Identity)) -> Result<Option<Dir>, WalkError> {
    // Whoever opened the root knows what it is.
    let Some(name) = last_name(path) else { return Ok(None) };
    let dir = cursor.parent_below(root, path).and_then(|parent| open_child(parent, &name));
    let dir = dir.map_err(cannot("read", path))?;
    match Status::of(&dir).map_err(cannot("examine", path))?.identity == *identity {
        true => Ok(Some(dir)),
        false => Err(WalkError::Replaced(path.clone())),
    }
}

/// Lists directories and examines their entries with several threads; the results have the order of the directories.
fn list_all(root: &Dir, directories: Vec<(TreePath, Identity)>, depth: Depth<'_>) -> Vec<Batched> {
    let next = AtomicUsize::new(0);
    let take_part = || {
        let (mut cursor, mut buffer, mut made) = (Cursor::default(), ListingBuffer::default(), Vec::new());
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(directory) = directories.get(index) else { return made };
            made.push((index, list_whole(root, (&mut cursor, &mut buffer), directory, depth)));
        }
    };
    let made: BTreeMap<usize, _> = std::thread::scope(|scope| {
        // Where the system has no room for another thread, those that there are do its work.
        let others: Vec<_> =
            (1..threads()).map_while(|_| std::thread::Builder::new().spawn_scoped(scope, take_part).ok()).collect();
        let own = take_part();
        own.into_iter().chain(others.into_iter().flat_map(|other| other.join().unwrap_or_default())).collect()
    });
    directories.into_iter().zip(made.into_values()).collect()
}

fn list_whole(
    root: &Dir,
    (cursor, buffer): (&mut Cursor, &mut ListingBuffer),
    directory: &(TreePath, Identity),
    depth: Depth<'_>,
) -> Result<Listing, WalkError> {
    let opened = open_listed(root, cursor, directory)?;
    let path = directory.0.clone();
    let dir = opened.as_ref().unwrap_or(root);
    let listed = list(dir, buffer).map_err(cannot("read", &path))?;
    let examined: Vec<_> = listed.into_iter().map(|listed| examine(&path, dir, listed, depth)).collect();
    Ok(Listing { path, dir: None, examined: examined.into_iter(), listed: Vec::new().into_iter() })
}

/// Examines the entries of a directory with several threads; the results have the order of the listing.
fn examine_all(
    directory: &TreePath,
    dir: &Dir,
    listed: Vec<Listed>,
    depth: Depth<'_>,
    threads: usize,
) -> Vec<Result<WalkEntry, WalkError>> {
    let examine_part = |part: &[Listed]| -> Vec<_> {
        part.iter().map(|listed| examine(directory, dir, Listed { name: listed.name.clone(), ..*listed }, depth)).collect()
    };
    let mut parts = listed.chunks(listed.len().div_ceil(threads).max(1));
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

fn examine(directory: &TreePath, dir: &Dir, listed: Listed, depth: Depth<'_>) -> Result<WalkEntry, WalkError> {
    let Listed { name, kind } = listed;
    let refused = |source| WalkError::Name { directory: directory.clone(), source };
    let name = Name::new(name.into_vec()).map_err(|error| refused(error.into()))?;
    let path = directory.join(&name).map_err(refused)?;
    // What a listing says is a regular file can be opened without harm.
    if kind == Some(FileKind::Regular)
        && let Some(found) = examine_open(&path, dir, &name, depth)
    {
        return Ok(found);
    }
    let status = Status::of_entry(dir, &name).map_err(cannot("examine", &path))?;
    let target = match status.kind {
        FileKind::Symlink => {
            retry(|| dir.read_link_contents(as_os(&name))).map_err(cannot("read", &path))?.into_os_string().into_vec()
        }
        _ => Vec::new(),
    };
    let attributes = match (status.kind, depth) {
        (FileKind::Symlink, _) | (_, Depth::Status) => Attributes::default(),
        _ => Attributes::of_entry(dir, &name).map_err(cannot("read the attributes of", &path))?,
    };
    Ok(WalkEntry { path, status, target, attributes, contents: None })
}

/// Examines a file by opening it, which costs less than its attributes do by its name. `None`: that is not to be done, or cannot.
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
