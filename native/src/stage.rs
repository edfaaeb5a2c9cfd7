//! The staging directory: where a result grows until it is whole.
//!
//! It lies beside what it will become, in the same directory, under a name that begins with a dot (s6-svscan and s6-rc pass
//! over those) and says whose it is. Whoever works in it holds a lock on it. One that nobody holds was left behind by a
//! process that was killed: the next run for the same place removes it.

use crate::error::{Error, Place, retry};
use crate::read::open_dir;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, File, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use cap_std::fs::{Permissions, PermissionsExt as _};
use rustix::fs::{FlockOperation, Mode, OFlags, RenameFlags, flock, renameat, renameat_with};
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, TreePath};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;

/// What the name of every staging directory begins with.
pub const PREFIX: &str = ".s6-instance-maker:";

/// How much of the result's name the staging directory's name has room for, in bytes.
const NAME_ROOM: usize = 200;

/// A directory of ours, locked, mode 0700, in `parent`.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    parent: &'a Dir,
    parent_place: Place,
    name: OsString,
    /// The same directory twice: to look things up in, and to lock, change and flush it.
    pub dir: Dir,
    pub handle: File,
}

impl<'a> Stage<'a> {
    /// Makes a staging directory for `result` in `parent`.
    pub(crate) fn new(parent: &'a Dir, parent_place: &Place, result: &Name) -> Result<Self, Error> {
        let cannot = || parent_place.cannot("make a staging directory in");
        for attempt in 0u64.. {
            let name = stage_name(result, attempt);
            match retry(|| parent.create_dir_with(&name, DirBuilder::new().mode(0o700))) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(cannot()(error)),
            }
            // Until the lock is ours, somebody may take the directory for a leftover and remove it.
            let handle = match lock(parent, &name).map_err(cannot())? {
                Lock::Ours(handle) | Lock::Unsupported(handle) => handle,
                Lock::Theirs => continue,
            };
            let dir = Dir::from_std_file(handle.try_clone().map_err(cannot())?.into_std());
            let stage = Self { parent, parent_place: parent_place.clone(), name, dir, handle };
            // Without the bits that it may have inherited from its parent.
            let Err(error) = retry(|| Ok(rustix::fs::fchmod(&stage.handle, Mode::RWXU)?)) else { return Ok(stage) };
            return Err(stage.discard(cannot()(error)));
        }
        Err(cannot()(Errno::EXIST.into()))
    }

    /// Removes what was left behind in `parent` by processes that were killed; answers what could not be removed.
    pub(crate) fn sweep(parent: &Dir, place: &Place, result: Option<&Name>) -> Vec<Error> {
        let prefix = result.map_or_else(|| PREFIX.into(), stage_prefix);
        let Ok(entries) = retry(|| parent.entries()) else {
            // A directory that cannot be listed may still take a new entry.
            return Vec::new();
        };
        let names = entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name()));
        let stale = names.filter(|name| name.as_bytes().starts_with(prefix.as_bytes()));
        stale
            .filter_map(|name| remove_stale(parent, &name).err().map(place.cannot("remove a leftover staging directory in")))
            .collect()
    }

    /// Gives the staging directory the name `result` in its parent, if nothing has that name.
    pub(crate) fn become_result(&self, result: &Name, place: &Place) -> Result<(), Error> {
        rename_new(self.parent, &self.name, self.parent, OsStr::from_bytes(result.as_bytes()))
            .map_err(|source| not_made(place.clone(), source))
    }

    /// Moves the entries `names` of the staging directory into its parent, all or none.
    pub(crate) fn release(&self, names: &[Name]) -> Result<(), Error> {
        for (index, name) in names.iter().enumerate() {
            let as_os = OsStr::from_bytes(name.as_bytes());
            if let Err(source) = rename_new(&self.dir, as_os, self.parent, as_os) {
                let error = not_made(self.parent_place.at(&name.clone().into()), source);
                return Err(self.take_back(names.iter().take(index), error));
            }
        }
        Ok(())
    }

    fn take_back<'n>(&self, names: impl Iterator<Item = &'n Name>, mut error: Error) -> Error {
        for name in names {
            let path = TreePath::from(name.clone());
            let name = OsStr::from_bytes(name.as_bytes());
            if let Err(source) = rename_new(self.parent, name, &self.dir, name) {
                let second = self.parent_place.at(&path).cannot("take back")(source);
                error = Error::Leftover { first: error.into(), second: second.into() };
            }
        }
        error
    }

    /// Removes the staging directory because of `error`, and answers that, or both when even that fails.
    pub(crate) fn discard(self, error: Error) -> Error {
        match self.remove() {
            Ok(()) => error,
            Err(second) => Error::Leftover { first: error.into(), second: second.into() },
        }
    }

    /// Removes the staging directory and all that is in it.
    pub(crate) fn remove(self) -> Result<(), Error> {
        let name = Name::new(self.name.as_bytes()).map_or(TreePath::ROOT, TreePath::from);
        remove_held(self.parent, &self.name, &self.dir).map_err(self.parent_place.at(&name).cannot("remove"))
    }
}

/// `.s6-instance-maker:NAME:`, as much of NAME as there is room for.
fn stage_prefix(result: &Name) -> OsString {
    let name = result.as_bytes();
    let mut prefix = OsString::from(PREFIX);
    prefix.push(OsStr::from_bytes(name.get(..NAME_ROOM).unwrap_or(name)));
    prefix.push(":");
    prefix
}

fn stage_name(result: &Name, attempt: u64) -> OsString {
    let mut name = stage_prefix(result);
    name.push(std::process::id().to_string());
    if attempt > 0 {
        name.push(format!(".{attempt}"));
    }
    name
}

fn not_made(place: Place, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(place),
        _ => Error::Io { operation: "make", place, source },
    }
}

/// What came of trying to lock a staging directory.
enum Lock {
    /// It is locked, and is what its name says.
    Ours(File),
    /// The file system has no locks.
    Unsupported(File),
    /// Somebody else holds it, or it is no longer called that.
    Theirs,
}

/// Opens the directory `name` and locks it.
fn lock(parent: &Dir, name: &OsStr) -> io::Result<Lock> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).custom_flags((OFlags::DIRECTORY | OFlags::NONBLOCK).bits().cast_signed());
    let handle = match retry(|| parent.open_with(name, &options)) {
        Ok(handle) => handle,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lock::Theirs),
        Err(error) => return Err(error),
    };
    match retry(|| Ok(flock(&handle, FlockOperation::NonBlockingLockExclusive)?)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Lock::Theirs),
        Err(error) if is_one_of(&error, &[Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL]) => {
            return Ok(Lock::Unsupported(handle));
        }
        Err(error) => return Err(error),
    }
    let ours = retry(|| handle.metadata())?;
    match retry(|| parent.symlink_metadata(name)) {
        Ok(named) if (named.dev(), named.ino()) == (ours.dev(), ours.ino()) => Ok(Lock::Ours(handle)),
        Ok(_) => Ok(Lock::Theirs),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::Theirs),
        Err(error) => Err(error),
    }
}

fn remove_stale(parent: &Dir, name: &OsStr) -> io::Result<()> {
    let metadata = match retry(|| parent.symlink_metadata(name)) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    // Somebody else's is not ours to remove.
    if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    match lock(parent, name)? {
        // Without locks, nobody can tell whether it is still somebody's.
        Lock::Theirs | Lock::Unsupported(_) => Ok(()),
        Lock::Ours(handle) => remove_held(parent, name, &Dir::from_std_file(handle.into_std())),
    }
}

/// Empties `dir` and removes it from `parent`.
fn remove_held(parent: &Dir, name: &OsStr, dir: &Dir) -> io::Result<()> {
    empty(dir)?;
    retry(|| parent.remove_dir(name))
}

/// Removes all that is in `root`, however deep, with two descriptors; directories that were given a mode that forbids it, too.
fn empty(root: &Dir) -> io::Result<()> {
    let mut pending = vec![(TreePath::ROOT, false)];
    while let Some((path, emptied)) = pending.pop() {
        let as_os = OsStr::from_bytes(path.as_bytes());
        if emptied {
            retry(|| root.remove_dir(as_os))?;
            continue;
        }
        if !path.is_root() {
            retry(|| root.set_permissions(as_os, Permissions::from_mode(0o700)))?;
            pending.push((path.clone(), true));
        }
        let dir = open_dir(root, &path)?;
        for entry in retry(|| dir.entries())? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                let inner = Name::new(name.as_bytes()).map_err(Into::into).and_then(|name| path.join(&name));
                pending.push((inner.map_err(io::Error::other)?, false));
            } else {
                retry(|| dir.remove_file(&name))?;
            }
        }
    }
    Ok(())
}

/// Renames, unless something has the new name already.
fn rename_new(from: &Dir, name: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    match retry(|| Ok(renameat_with(from, name, to, new, RenameFlags::NOREPLACE)?)) {
        // A file system that knows no flags: an empty directory of our own can be replaced, and nothing else.
        Err(error) if is_one_of(&error, &[Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP]) => {
            retry(|| to.create_dir_with(new, DirBuilder::new().mode(0o700)))?;
            #[expect(clippy::disallowed_methods, reason = "it can replace nothing but the empty directory just made")]
            retry(|| Ok(renameat(from, name, to, new)?)).inspect_err(|_| {
                // It was empty, and is again gone; if even that fails, the rename's error is the one to tell.
                let _ = to.remove_dir(new);
            })
        }
        result => result,
    }
}

fn is_one_of(error: &io::Error, errnos: &[Errno]) -> bool {
    errnos.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
