//! The targets of a template's links that lead out of it: the only way by which something else than the template is read.
//!
//! A link is resolved from the directory that it is in, as the system would; its target is examined before it is opened, since
//! opening a device may do something, and again when it is open.

use crate::sys::{FileKind, Status, is_one_of, retry};
use cap_std::AmbientAuthority;
use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode, OFlags, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io;

/// The treatment of links that lead out of the template.
#[derive(Clone, Copy, Debug)]
pub enum Links {
    /// They stay links, like all others.
    Kept,
    /// Their targets are copied in their place.
    Copied(Outside),
}

/// The right to open the targets of links, wherever they are.
#[derive(Clone, Copy)]
pub struct Outside {
    /// The most that may be copied of all targets together, in bytes.
    pub limit: u64,
    _authority: AmbientAuthority,
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// The target of a link.
#[derive(Debug)]
pub(crate) enum Target {
    /// A regular file.
    File(File, Status),
    /// A directory.
    Directory(Dir, Status),
    /// No entry, or one that cannot be copied: a FIFO, a socket, a device.
    NothingToCopy,
}

impl Outside {
    /// Allows to open the targets of links, up to a size in bytes.
    ///
    /// # Ambient Authority
    ///
    /// Whatever the process may read, a template's links can name.
    #[must_use]
    pub const fn new(limit: u64, authority: AmbientAuthority) -> Self {
        Self { limit, _authority: authority }
    }

    /// Opens the target of a link in `dir`, whose text is `target`.
    #[expect(clippy::disallowed_methods, reason = "the one place where a template's links are followed out of it")]
    pub(crate) fn open(self, dir: &Dir, target: &OsStr) -> io::Result<Target> {
        let seen = match retry(|| Ok(statat(dir, target, AtFlags::empty())?)) {
            Ok(seen) => Status::from(&seen),
            Err(error) if is_one_of(&error, &[Errno::NOENT, Errno::NOTDIR, Errno::LOOP]) => return Ok(Target::NothingToCopy),
            Err(error) => return Err(error),
        };
        let flags = match seen.kind {
            FileKind::Regular => OFlags::empty(),
            FileKind::Directory => OFlags::DIRECTORY,
            _ => return Ok(Target::NothingToCopy),
        };
        let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(retry(|| Ok(rustix::fs::openat(dir, target, flags, Mode::empty())?))?);
        let status = Status::of(&file)?;
        if status.identity != seen.identity {
            // Somebody put something else there meanwhile.
            return Err(Errno::STALE.into());
        }
        Ok(match seen.kind {
            FileKind::Directory => Target::Directory(Dir::from_std_file(file), status),
            _ => Target::File(file, status),
        })
    }
}
