//! The staging directory: where a result grows until it is whole.
//!
//! It lies beside what it will become, in the same directory, under a name that begins with a dot (s6-svscan and s6-rc pass over
//! those), says whose it is, and is made of bytes that every file system takes. Whoever works in it holds a lock on it. One that
//! nobody holds was left behind by a process that was killed: the next run for the same place removes it, where nobody else can
//! have put it there.

use crate::apply::entry::OpenDir;
use crate::apply::removal::remove_held;
use crate::attributes::{ACCESS, DEFAULT};
use crate::error::{Error, Place, cannot};
use crate::sys::{
    FileKind, ListingBuffer, REFUSALS, Status, as_os, change_mode, create_dir, is_one_of, list, list_attributes, names,
    open_child, rename_new, retry,
};
use cap_std::fs::Dir;
use rustix::fs::{FlockOperation, flock, fremovexattr};
use rustix::io::Errno;
use s6_instance_maker_core::compare;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::tree::Ids;
use std::io;

/// The beginning of the name of every staging directory.
pub const PREFIX: &str = compare::STAGING_PREFIX;

/// The room for the result's name in the staging directory's name, in bytes.
const NAME_ROOM: usize = 200;

/// A directory of the caller's, locked, mode 0700, without ACLs, in `parent`.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    parent: &'a OpenDir,
    name: Name,
    /// The directory; it can be locked, changed and flushed.
    pub dir: Dir,
    /// Its status when it was new.
    pub status: Status,
}

/// The results whose leftovers are meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Leftovers<'a> {
    /// Those of one result.
    Of(&'a Name),
    /// Those of any result.
    Any,
}

impl<'a> Stage<'a> {
    /// Makes a staging directory for `result` in `parent`.
    pub(super) fn new(parent: &'a OpenDir, result: &Name, caller: Ids) -> Result<Self, Error> {
        let cannot = || parent.place.cannot("make a staging directory in");
        let mut attempt = 0u64;
        loop {
            let name = stage_name(result, attempt).map_err(cannot())?;
            attempt += 1;
            match create_dir(&parent.dir, &name, 0o700) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(cannot()(error)),
            }
            // Until the lock is ours, somebody may take the directory for a leftover and remove it.
            let claimed = lock(&parent.dir, &name).and_then(|lock| match lock {
                Lock::Acquired(dir, status) | Lock::Unsupported(dir, status) => {
                    claim(dir, status, caller, || owner_of_new(&parent.dir, &name))
                }
                Lock::Unavailable => Ok(Claim::Lost),
            });
            match claimed {
                Ok(Claim::Made(dir, status)) => return Ok(Self { parent, name, dir, status }),
                // What was opened by its name is something else than what was made: that is whole, and not ours to touch.
                Ok(Claim::Foreign) => return Err(Error::Replaced(entry(&parent.place, &name))),
                Ok(Claim::Lost) => {}
                Err(error) => {
                    let error = cannot()(error);
                    // It is empty; and where it cannot be removed, both errors are reported.
                    return Err(match retry(|| parent.dir.remove_dir(as_os(&name))) {
                        Ok(()) => error,
                        Err(second) => leftover(error, entry(&parent.place, &name).cannot("remove")(second)),
                    });
                }
            }
        }
    }

    /// Removes what was left behind in `parent` by processes that were killed. Returns what could not be removed.
    pub(super) fn sweep(parent: &OpenDir, owner: Leftovers<'_>, caller: Ids) -> Vec<Error> {
        let prefix = match owner {
            Leftovers::Of(result) => stage_prefix(result),
            Leftovers::Any => PREFIX.into(),
        };
        // A directory that cannot be listed may still take a new entry.
        let names = names(&parent.dir).unwrap_or_default().into_iter().flatten();
        let stale: Vec<Name> = names.filter(|name| name.as_bytes().starts_with(&prefix)).collect();
        if stale.is_empty() {
            return Vec::new();
        }
        // Where the file system decides about owners, what was left behind belongs to whom it says.
        let is_others = |name: &&Name| Status::of_entry(&parent.dir, name).is_ok_and(|status| status.owner.uid != caller.uid);
        let other = stale.iter().find(is_others).and_then(|name| owner_of_new(&parent.dir, name).ok());
        let ours = [caller.uid, other.unwrap_or(caller).uid];
        let renamers = Status::of(&parent.dir).map_or(Renamers::Anybody, |status| Renamers::of(&status, ours));
        let remove = |name: &Name| match remove_stale(&parent.dir, name, renamers, ours) {
            Ok(SweepOutcome::Foreign) => Some(Error::Foreign(entry(&parent.place, name))),
            Ok(SweepOutcome::Done) => None,
            Err(error) => Some(entry(&parent.place, name).cannot("remove the leftover")(error)),
        };
        stale.iter().filter_map(remove).collect()
    }

    /// Gives the staging directory the name `result` in its parent, if nothing has that name.
    ///
    /// A rename takes a name, not a handle: who may rename in the parent could have put something else there.
    pub(super) fn become_result(&self, result: &Name, place: &Place) -> Result<(), Error> {
        let staging = || entry(&self.parent.place, &self.name);
        if !self.is_called(&self.name).map_err(cannot("examine", staging))? {
            return Err(Error::Replaced(staging()));
        }
        rename_new(&self.parent.dir, &self.name, &self.parent.dir, result).map_err(|source| match () {
            // Nothing but the name is new here.
            () if is_one_of(&source, &[Errno::INVAL, Errno::ILSEQ]) => Error::NameRefused(place.clone()),
            () => not_made(place.clone(), source),
        })
    }

    /// Fails when what has the name `result` in the parent now is something else, because somebody was between the look and the
    /// rename.
    pub(super) fn check_result(&self, result: &Name, place: &Place) -> Result<(), Error> {
        match self.is_called(result) {
            Ok(false) => Err(Error::Replaced(place.clone())),
            // What is no longer there was there, and somebody who waited for it has it.
            Ok(true) | Err(_) => Ok(()),
        }
    }

    /// Returns `true` if `name` in the parent is this directory.
    fn is_called(&self, name: &Name) -> io::Result<bool> {
        Ok(Status::of_entry(&self.parent.dir, name)?.identity == self.status.identity)
    }

    /// Moves the entries `names` of the staging directory into `to`, all or none.
    pub(super) fn release(&self, names: &[Name], to: &Dir, place: &Place) -> Result<(), Error> {
        for (index, name) in names.iter().enumerate() {
            if let Err(source) = rename_new(&self.dir, name, to, name) {
                let error = not_made(place.at(&name.clone().into()), source);
                return Err(self.take_back(names.iter().take(index), to, place, error));
            }
        }
        Ok(())
    }

    fn take_back<'n>(&self, names: impl Iterator<Item = &'n Name>, from: &Dir, place: &Place, error: Error) -> Error {
        names.fold(error, |error, name| match rename_new(from, name, &self.dir, name) {
            Ok(()) => error,
            Err(source) => leftover(error, place.at(&name.clone().into()).cannot("take back")(source)),
        })
    }

    /// Removes the staging directory because of `error`. Returns that, or both errors when even that fails.
    pub(super) fn discard(self, error: Error) -> Error {
        match self.remove() {
            Ok(()) => error,
            Err(second) => leftover(error, second),
        }
    }

    /// Removes the staging directory with what is left in it. Returns the error where that fails.
    pub(super) fn dissolve(self) -> Option<Error> {
        self.remove().err()
    }

    /// Removes the staging directory after everything was moved out of it.
    pub(super) fn remove_empty(self) -> Result<(), Error> {
        match retry(|| self.parent.dir.remove_dir(as_os(&self.name))) {
            Ok(()) => Ok(()),
            Err(_) => self.remove(),
        }
    }

    /// Removes the staging directory and all that is in it.
    fn remove(self) -> Result<(), Error> {
        remove_held(&self.parent.dir, &self.name, &self.dir).map_err(entry(&self.parent.place, &self.name).cannot("remove"))
    }
}

/// The name of an entry of a directory in messages.
fn entry(directory: &Place, name: &Name) -> Place {
    directory.at(&TreePath::from(name.clone()))
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

/// Returns `true` for letters, digits, `.`, `_` and `-`, which every file system takes in names.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// Returns `true` if the name of the staging directory contains `result` as it is, and so every file system that takes the one takes
/// the other. A system that reserves plain names refuses them when the result gets its name.
pub(super) fn is_kept(result: &Name) -> bool {
    let bytes = result.as_bytes();
    // Some file systems remove a dot at the end.
    bytes.len() <= NAME_ROOM && bytes.iter().all(|&byte| is_plain(byte)) && !bytes.ends_with(b".")
}

/// `.s6-instance-maker+NAME+`, as much of NAME as there is room for: plain bytes stand for themselves, every other byte is `%` and two
/// hexadecimal digits. FAT, exFAT and NTFS take no `:` among others.
fn stage_prefix(result: &Name) -> Vec<u8> {
    let mut prefix = PREFIX.as_bytes().to_vec();
    for &byte in result.as_bytes() {
        let escaped = match byte {
            _ if is_plain(byte) => vec![byte],
            _ => format!("%{byte:02x}").into_bytes(),
        };
        if prefix.len() + escaped.len() > NAME_ROOM {
            break;
        }
        prefix.extend(escaped);
    }
    prefix.push(b'+');
    prefix
}

fn stage_name(result: &Name, attempt: u64) -> io::Result<Name> {
    let attempt = if attempt > 0 { format!(".{attempt}") } else { String::new() };
    let mut name = stage_prefix(result);
    name.extend_from_slice(format!("{}{attempt}", std::process::id()).as_bytes());
    Name::new(name).map_err(|_| Errno::NAMETOOLONG.into())
}

/// The outcome of claiming a new staging directory.
enum Claim {
    /// It is the one that was made, and is closed to others.
    Made(Dir, Status),
    /// It is another directory than the one that was made.
    Foreign,
    /// It was taken for a leftover, and another one is needed.
    Lost,
}

/// Closes `dir`, which has `status`, to others, if it can be what was just made: empty, before and after, and the caller's, or else
/// whose new directories are here, as `owner_of_new` finds out.
fn claim(dir: Dir, status: Status, caller: Ids, owner_of_new: impl FnOnce() -> io::Result<Ids>) -> io::Result<Claim> {
    let owner = status.owner;
    if !list(&dir, &mut ListingBuffer::default())?.is_empty() || (owner.uid != caller.uid && owner_of_new()? != owner) {
        return Ok(Claim::Foreign);
    }
    Ok(match close_to_others(&dir, &status)? {
        Closing::Needless => Claim::Made(dir, status),
        Closing::Done if names(&dir)?.is_empty() => Claim::Made(dir, status),
        Closing::Done => Claim::Foreign,
    })
}

/// The owner of directories that this process makes in `parent`, where that is for the file system to decide: that of another one,
/// beside the staging directory `name`.
fn owner_of_new(parent: &Dir, name: &Name) -> io::Result<Ids> {
    let name = Name::new([name.as_bytes(), b".owner"].concat()).map_err(|_| io::Error::from(Errno::NAMETOOLONG))?;
    create_dir(parent, &name, 0o700)?;
    let owner = open_child(parent, &name).and_then(|dir| Status::of(&dir)).map(|status| status.owner);
    retry(|| parent.remove_dir(as_os(&name)))?;
    owner
}

/// The outcome of closing a new directory to others.
enum Closing {
    /// It was closed: nobody else could put anything into it.
    Needless,
    /// Others may have put something into it before.
    Done,
}

/// Takes from a new directory what it may have inherited: the set-group-id bit, and ACLs, which would let others into all that is
/// made in it, whatever its mode.
fn close_to_others(dir: &Dir, status: &Status) -> io::Result<Closing> {
    const MODE: u32 = 0o700;
    let mut closing = Closing::Needless;
    let attributes = match list_attributes(dir) {
        // There can be none.
        Err(error) if is_one_of(&error, &[Errno::OPNOTSUPP, Errno::NOSYS]) => Vec::new(),
        attributes => attributes?,
    };
    for acl in attributes.split(|&byte| byte == 0).filter(|name| [ACCESS, DEFAULT].contains(name)) {
        closing = Closing::Done;
        match retry(|| Ok(fremovexattr(dir, acl)?)) {
            Ok(()) => {}
            Err(error) if is_one_of(&error, &[Errno::NODATA, Errno::OPNOTSUPP, Errno::NOSYS]) => {}
            Err(error) => return Err(error),
        }
    }
    if status.mode == MODE {
        return Ok(closing);
    }
    match change_mode(dir, MODE) {
        // A file system that has modes of its own has them for all that is in it: that is found out, and reported.
        Err(error) if is_one_of(&error, REFUSALS) => Ok(Closing::Done),
        result => result.map(|()| Closing::Done),
    }
}

/// The outcome of trying to lock a staging directory.
enum Lock {
    /// It is locked, and is what its name says.
    Acquired(Dir, Status),
    /// The file system has no locks.
    Unsupported(Dir, Status),
    /// Another process holds it, or it no longer has that name.
    Unavailable,
}

/// Opens the directory `name` and locks it.
fn lock(parent: &Dir, name: &Name) -> io::Result<Lock> {
    let dir = match open_child(parent, name) {
        Ok(dir) => dir,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lock::Unavailable),
        Err(error) => return Err(error),
    };
    match retry(|| Ok(flock(&dir, FlockOperation::NonBlockingLockExclusive)?)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Lock::Unavailable),
        Err(error) if is_one_of(&error, &[Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL]) => {
            let status = Status::of(&dir)?;
            return Ok(Lock::Unsupported(dir, status));
        }
        Err(error) => return Err(error),
    }
    let ours = Status::of(&dir)?;
    match Status::of_entry(parent, name) {
        Ok(named) if named.identity == ours.identity => Ok(Lock::Acquired(dir, ours)),
        Ok(_) => Ok(Lock::Unavailable),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lock::Unavailable),
        Err(error) => Err(error),
    }
}

/// Those who can have given something in a directory a leftover's name.
#[derive(Clone, Copy)]
enum Renamers {
    /// The caller and root only.
    Trusted,
    /// Others too.
    Anybody,
}

impl Renamers {
    /// Those of a directory with `status`, where the caller's new directories belong to `ours`. The right to write by an ACL shows
    /// in the group's bits.
    fn of(status: &Status, ours: [u32; 2]) -> Self {
        const STICKY: u32 = 0o1000;
        let owner_is_trusted = status.owner.uid == 0 || ours.contains(&status.owner.uid);
        let others_may_not = status.mode & 0o022 == 0 || status.mode & STICKY != 0;
        if owner_is_trusted && others_may_not { Self::Trusted } else { Self::Anybody }
    }
}

/// The outcome of examining something that has a leftover's name.
enum SweepOutcome {
    /// It was a leftover and is gone, or it is somebody's who is at work.
    Done,
    /// It may be anything: somebody else can have given it that name.
    Foreign,
}

fn remove_stale(parent: &Dir, name: &Name, renamers: Renamers, ours: [u32; 2]) -> io::Result<SweepOutcome> {
    let status = match Status::of_entry(parent, name) {
        Ok(status) => status,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(SweepOutcome::Done),
        Err(error) => return Err(error),
    };
    // Somebody else's is not ours to remove.
    if status.kind != FileKind::Directory || !ours.contains(&status.owner.uid) {
        return Ok(SweepOutcome::Done);
    }
    match (lock(parent, name)?, renamers) {
        // Without locks, nobody can tell whether it is still somebody's.
        (Lock::Unavailable | Lock::Unsupported(..), _) => Ok(SweepOutcome::Done),
        (Lock::Acquired(..), Renamers::Anybody) => Ok(SweepOutcome::Foreign),
        (Lock::Acquired(dir, _), Renamers::Trusted) => remove_held(parent, name, &dir).map(|()| SweepOutcome::Done),
    }
}
