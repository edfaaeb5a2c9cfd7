//! What links of a template point to that lead out of it: the only way by which something else than the template is read.
//!
//! A link is resolved from the directory that it is in, as the system would; what it leads to is examined before it is opened, since
//! opening a device may do something, and again when it is open.

use crate::authority::Identity;
use crate::error::retry;
use cap_std::AmbientAuthority;
use cap_std::fs::{Dir, File, Metadata};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, statat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;

/// What becomes of links that lead out of the template.
#[derive(Clone, Copy, Debug)]
pub enum Links {
    /// They stay links, like all others.
    Kept,
    /// What they point to is copied in their place.
    Copied(Outside),
}

/// The right to open what links point to, wherever that is.
#[derive(Clone, Copy)]
pub struct Outside {
    /// How many bytes may be copied of it all.
    pub limit: u64,
    _authority: AmbientAuthority,
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// What a link leads to.
#[derive(Debug)]
pub(crate) enum Target {
    /// A regular file.
    File(File, Metadata),
    /// A directory.
    Directory(Dir, Metadata),
    /// Nothing, or something that cannot be copied: a FIFO, a socket, a device.
    NothingToCopy,
}

impl Outside {
    /// What links point to may be opened, up to a size in bytes.
    ///
    /// # Ambient Authority
    ///
    /// Whatever the process may read, a template's links can name.
    #[must_use]
    pub const fn new(limit: u64, authority: AmbientAuthority) -> Self {
        Self { limit, _authority: authority }
    }

    /// Opens what `target`, the text of a link in `dir`, leads to.
    pub(crate) fn open(self, dir: &Dir, target: &OsStr) -> io::Result<Target> {
        let seen = match retry(|| Ok(statat(dir, target, AtFlags::empty())?)) {
            Ok(seen) => seen,
            Err(error) if crate::error::is_one_of(&error, &[Errno::NOENT, Errno::NOTDIR, Errno::LOOP]) => {
                return Ok(Target::NothingToCopy);
            }
            Err(error) => return Err(error),
        };
        let kind = FileType::from_raw_mode(seen.st_mode);
        let flags = match kind {
            FileType::RegularFile => OFlags::empty(),
            FileType::Directory => OFlags::DIRECTORY,
            _ => return Ok(Target::NothingToCopy),
        };
        let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        #[expect(clippy::disallowed_methods, reason = "the one place where a template's links are followed out of it")]
        let opened = retry(|| Ok(rustix::fs::openat(dir, target, flags, Mode::empty())?))?;
        let file = File::from_std(opened.into());
        let metadata = retry(|| file.metadata())?;
        if Identity::of(&metadata) != Identity::new(seen.st_dev, seen.st_ino) {
            // Somebody put something else there meanwhile.
            return Err(Errno::STALE.into());
        }
        Ok(match kind {
            FileType::Directory => Target::Directory(Dir::from_std_file(file.into_std()), metadata),
            _ => Target::File(file, metadata),
        })
    }
}
