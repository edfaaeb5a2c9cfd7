//! The staging directory: where a result grows until it is whole.
//!
//! It lies beside what it will become, in the same directory, under a name that begins with a dot (s6-svscan and s6-rc pass
//! over those) and says whose it is. Whoever works in it holds a lock on it. One that nobody holds was left behind by a
//! process that was killed: the next run for the same place removes it, where nobody else can have put it there.

use crate::authority::Identity;
use crate::directory::{names, open_nofollow, open_readable};
use crate::error::{Error, Place, is_one_of, retry};
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _, Permissions, PermissionsExt as _};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, RenameFlags, StatxAttributes, StatxFlags};
use rustix::fs::{fchmod, flock, fremovexattr, renameat, renameat_with, statx};
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, TreePath};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;

/// What the name of every staging directory begins with.
pub const PREFIX: &str = ".s6-instance-maker:";

/// How much of the result's name the staging directory's name has room for, in bytes.
const NAME_ROOM: usize = 200;

/// A directory of ours, locked, mode 0700, without ACLs, in `parent`.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    parent: &'a Dir,
    parent_place: Place,
    name: OsString,
    /// The directory; it can be locked, changed and flushed.
    pub dir: Dir,
}

impl<'a> Stage<'a> {
    /// Makes a staging directory for `result` in `parent`.
    pub(crate) fn new(parent: &'a Dir, parent_place: &Place, result: &Name) -> Result<Self, Error> {
        let mut attempt = 0u64;
        loop {
            let name = stage_name(result, attempt);
            attempt += 1;
            match retry(|| parent.create_dir_with(&name, DirBuilder::new().mode(0o700))) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(parent_place.cannot("make a staging directory in")(error)),
            }
            // Until the lock is ours, somebody may take the directory for a leftover and remove it.
            let dir = lock(parent, &name).and_then(|lock| match lock {
                Lock::Ours(dir) | Lock::Unsupported(dir) => claim(&dir).map(|claimed| Some((dir, claimed))),
                Lock::Theirs => Ok(None),
            });
            match dir {
                // What was opened by its name is something else than what was made: that is whole, and not ours to touch.
                Ok(Some((_, false))) => return Err(Error::Replaced(entry(parent_place, &name))),
                Ok(Some((dir, true))) => return Ok(Self { parent, parent_place: parent_place.clone(), name, dir }),
                Ok(None) => {}
                Err(error) => {
                    let error = parent_place.cannot("make a staging directory in")(error);
                    // It is empty; and where it cannot be removed, both errors are told.
                    return Err(match retry(|| parent.remove_dir(&name)) {
                        Ok(()) => error,
                        Err(second) => leftover(error, entry(parent_place, &name).cannot("remove")(second)),
                    });
                }
            }
        }
    }

    /// Removes what was left behind in `parent` by processes that were killed; answers what could not be removed.
    pub(crate) fn sweep(parent: &Dir, place: &Place, result: Option<&Name>) -> Vec<Error> {
        let prefix = result.map_or_else(|| PREFIX.into(), stage_prefix);
        // A directory that cannot be listed may still take a new entry.
        let names = open_readable(parent, &TreePath::ROOT).and_then(|parent| names(&parent)).unwrap_or_default();
        let stale: Vec<_> = names.into_iter().filter(|name| name.as_bytes().starts_with(prefix.as_bytes())).collect();
        if stale.is_empty() {
            return Vec::new();
        }
        let only_ours = retry(|| parent.dir_metadata()).is_ok_and(|metadata| nobody_else_can_rename_in(&metadata));
        let remove = |name: &OsString| match remove_stale(parent, name, only_ours) {
            Ok(Swept::Foreign) => Some(Error::Foreign(entry(place, name))),
            Ok(Swept::Done) => None,
            Err(error) => Some(entry(place, name).cannot("remove the leftover")(error)),
        };
        stale.iter().filter_map(remove).collect()
    }

    /// Gives the staging directory the name `result` in its parent, if nothing has that name.
    ///
    /// A rename takes a name, not a handle: who may rename in the parent could have put something else there.
    pub(crate) fn become_result(&self, result: &Name, place: &Place) -> Result<(), Error> {
        let staging = || entry(&self.parent_place, &self.name);
        if !self.is_called(&self.name).map_err(|source| staging().cannot("examine")(source))? {
            return Err(Error::Replaced(staging()));
        }
        rename_new(self.parent, &self.name, self.parent, OsStr::from_bytes(result.as_bytes()))
            .map_err(|source| not_made(place.clone(), source))
    }

    /// Fails when what has the name `result` in the parent now is something else, because somebody was between the look and the
    /// rename.
    pub(crate) fn check_result(&self, result: &Name, place: &Place) -> Result<(), Error> {
        match self.is_called(OsStr::from_bytes(result.as_bytes())) {
            Ok(false) => Err(Error::Replaced(place.clone())),
            // What is no longer there was there, and somebody who waited for it has it.
            Ok(true) | Err(_) => Ok(()),
        }
    }

    /// Whether `name` in the parent is this directory.
    fn is_called(&self, name: &OsStr) -> io::Result<bool> {
        let (named, ours) = (retry(|| self.parent.symlink_metadata(name))?, retry(|| self.dir.dir_metadata())?);
        Ok(Identity::of(&named) == Identity::of(&ours))
    }

    /// Moves the entries `names` of the staging directory into `to`, all or none.
    pub(crate) fn release(&self, names: &[Name], to: &Dir, place: &Place) -> Result<(), Error> {
        for (index, name) in names.iter().enumerate() {
            let as_os = OsStr::from_bytes(name.as_bytes());
            if let Err(source) = rename_new(&self.dir, as_os, to, as_os) {
                let error = not_made(place.at(&name.clone().into()), source);
                return Err(self.take_back(names.iter().take(index), to, place, error));
            }
        }
        Ok(())
    }

    fn take_back<'n>(&self, names: impl Iterator<Item = &'n Name>, from: &Dir, place: &Place, error: Error) -> Error {
        names.fold(error, |error, name| {
            let as_os = OsStr::from_bytes(name.as_bytes());
            match rename_new(from, as_os, &self.dir, as_os) {
                Ok(()) => error,
                Err(source) => leftover(error, place.at(&name.clone().into()).cannot("take back")(source)),
            }
        })
    }

    /// Removes the staging directory because of `error`, and answers that, or both when even that fails.
    pub(crate) fn discard(self, error: Error) -> Error {
        match self.remove() {
            Ok(()) => error,
            Err(second) => leftover(error, second),
        }
    }

    /// Removes the staging directory after everything was moved out of it.
    pub(crate) fn remove_empty(self) -> Result<(), Error> {
        match retry(|| self.parent.remove_dir(&self.name)) {
            Ok(()) => Ok(()),
            Err(_) => self.remove(),
        }
    }

    /// Removes the staging directory and all that is in it.
    pub(crate) fn remove(self) -> Result<(), Error> {
        remove_held(self.parent, &self.name, &self.dir).map_err(entry(&self.parent_place, &self.name).cannot("remove"))
    }
}

/// What to call something in a directory.
fn entry(directory: &Place, name: &OsStr) -> Place {
    // What a directory lists is a name.
    directory.at(&Name::new(name.as_bytes()).map_or(TreePath::ROOT, TreePath::from))
}

fn leftover(first: Error, second: Error) -> Error {
    Error::Leftover { first: first.into(), second: second.into() }
}

fn not_made(place: Place, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(place),
        _ => Error::Io { operation: "make", place, source },
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

/// Whether `dir` can be what was just made: ours and empty; it is closed to others then, and was empty still when it was.
fn claim(dir: &Dir) -> io::Result<bool> {
    if retry(|| dir.dir_metadata())?.uid() != rustix::process::geteuid().as_raw() || !names(dir)?.is_empty() {
        return Ok(false);
    }
    close_to_others(dir)?;
    Ok(names(dir)?.is_empty())
}

/// Takes from a new directory what it may have inherited: the set-group-id bit, and ACLs, which would let others into all that is
/// made in it, whatever its mode.
fn close_to_others(dir: &Dir) -> io::Result<()> {
    for acl in ["system.posix_acl_default", "system.posix_acl_access"] {
        match retry(|| Ok(fremovexattr(dir, acl)?)) {
            Ok(()) => {}
            // There is none, or there can be none.
            Err(error) if is_one_of(&error, &[Errno::NODATA, Errno::OPNOTSUPP, Errno::NOSYS]) => {}
            Err(error) => return Err(error),
        }
    }
    retry(|| Ok(fchmod(dir, Mode::RWXU)?))
}

/// What came of trying to lock a staging directory.
enum Lock {
    /// It is locked, and is what its name says.
    Ours(Dir),
    /// The file system has no locks.
    Unsupported(Dir),
    /// Somebody else holds it, or it is no longer called that.
    Theirs,
}

/// Opens the directory `name` and locks it.
fn lock(parent: &Dir, name: &OsStr) -> io::Result<Lock> {
    let dir = match open_nofollow(parent, name, OFlags::DIRECTORY) {
        Ok(handle) => Dir::from_std_file(handle.into_std()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lock::Theirs),
        Err(error) => return Err(error),
    };
    match retry(|| Ok(flock(&dir, FlockOperation::NonBlockingLockExclusive)?)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Lock::Theirs),
        Err(error) if is_one_of(&error, &[Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL]) => {
            return Ok(Lock::Unsupported(dir));
        }
        Err(error) => return Err(error),
    }
    let ours = retry(|| dir.dir_metadata())?;
    match retry(|| parent.symlink_metadata(name)) {
        Ok(named) if Identity::of(&named) == Identity::of(&ours) => Ok(Lock::Ours(dir)),
        Ok(_) => Ok(Lock::Theirs),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::Theirs),
        Err(error) => Err(error),
    }
}

/// Whether what has a leftover's name in a directory is one: nobody but us and root can have renamed something to that. Write
/// permission by an ACL shows in the group's bits.
fn nobody_else_can_rename_in(directory: &cap_std::fs::Metadata) -> bool {
    const STICKY: u32 = 0o1000;
    let owner_is_trusted = [0, rustix::process::geteuid().as_raw()].contains(&directory.uid());
    owner_is_trusted && (directory.mode() & 0o022 == 0 || directory.mode() & STICKY != 0)
}

/// What came of looking at something that has a leftover's name.
enum Swept {
    /// It was a leftover and is gone, or it is somebody's who is at work.
    Done,
    /// It may be anything: somebody else can have given it that name.
    Foreign,
}

fn remove_stale(parent: &Dir, name: &OsStr, only_ours: bool) -> io::Result<Swept> {
    let metadata = match retry(|| parent.symlink_metadata(name)) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Swept::Done),
        Err(error) => return Err(error),
    };
    // Somebody else's is not ours to remove.
    if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
        return Ok(Swept::Done);
    }
    match lock(parent, name)? {
        // Without locks, nobody can tell whether it is still somebody's.
        Lock::Theirs | Lock::Unsupported(_) => Ok(Swept::Done),
        Lock::Ours(_) if !only_ours => Ok(Swept::Foreign),
        Lock::Ours(dir) => remove_held(parent, name, &dir).map(|()| Swept::Done),
    }
}

/// Empties `dir` and removes it from `parent`.
fn remove_held(parent: &Dir, name: &OsStr, dir: &Dir) -> io::Result<()> {
    empty(dir)?;
    retry(|| parent.remove_dir(name))
}

/// Removes all that is in `root`, however deep, with one more descriptor; from directories that were given a mode that forbids
/// it, too; but nothing of another file system that somebody mounted there.
fn empty(root: &Dir) -> io::Result<()> {
    let mut pending = vec![(TreePath::ROOT, false)];
    while let Some((path, emptied)) = pending.pop() {
        let as_os = OsStr::from_bytes(path.as_bytes());
        if emptied {
            retry(|| root.remove_dir(as_os))?;
            continue;
        }
        if !path.is_root() {
            pending.push((path.clone(), true));
        }
        let opened = if path.is_root() { None } else { Some(open_closed(root, &path)?) };
        let dir = opened.as_ref().unwrap_or(root);
        for name in names(dir)? {
            if !retry(|| dir.symlink_metadata(&name))?.is_dir() {
                retry(|| dir.remove_file(&name))?;
            } else if is_mount(dir, &name)? {
                return Err(Errno::BUSY.into());
            } else {
                let inner = Name::new(name.as_bytes()).map_err(Into::into).and_then(|name| path.join(&name));
                pending.push((inner.map_err(io::Error::other)?, false));
            }
        }
    }
    Ok(())
}

/// Opens a directory below `root` such that what is in it can be removed, whatever its mode is.
fn open_closed(root: &Dir, path: &TreePath) -> io::Result<Dir> {
    let dir = match open_readable(root, path) {
        // Who is not root and may not read it must change it by its name. cap-std goes by way of /proc then, which it expects to
        // be in order: it panics where that fails, so this is the last resort.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            retry(|| root.set_permissions(OsStr::from_bytes(path.as_bytes()), Permissions::from_mode(0o700)))?;
            open_readable(root, path)?
        }
        result => result?,
    };
    retry(|| Ok(fchmod(&dir, Mode::RWXU)?))?;
    Ok(dir)
}

/// Whether another file system, or another part of this one, is mounted at `name`.
fn is_mount(dir: &Dir, name: &OsStr) -> io::Result<bool> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let found = retry(|| Ok(statx(dir, name, flags, StatxFlags::TYPE)?))?;
    let known = found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT);
    if known {
        return Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    }
    // A kernel before 5.8 does not say; another device does.
    Ok(retry(|| dir.dir_metadata())?.dev() != retry(|| dir.symlink_metadata(name))?.dev())
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
