//! Flushing: whether a result survives a stop of the whole system.

use crate::error::{Error, Place, cannot};
use crate::sys::{open_readable, retry};
use cap_std::fs::Dir;
use rustix::fs::fsync;
use s6_instance_maker_core::path::TreePath;
use std::os::fd::AsFd;

/// The protection of a result against a stop of the whole system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The system writes the result to disk in its own time.
    #[default]
    Eventual,
    /// Every file and directory is flushed before the result appears, and the directory that it appears in after that.
    Flushed,
}

impl Durability {
    /// Opens `dir` such that it can be flushed later. Whoever may make entries in a directory may still not be allowed to read it,
    /// and could not flush it: better to know while nothing is made.
    pub(super) fn prepare(self, dir: &Dir, place: &Place) -> Result<PendingFlush, Error> {
        Ok(PendingFlush(match self {
            Self::Eventual => None,
            Self::Flushed => Some((open_readable(dir, &TreePath::ROOT).map_err(place.cannot("flush"))?, place.clone())),
        }))
    }

    /// Flushes `handle`, where that is asked for.
    pub(crate) fn flush(self, handle: &impl AsFd, place: impl FnOnce() -> Place) -> Result<(), Error> {
        match self {
            Self::Eventual => Ok(()),
            // Nothing but EINTR is tried again: after a failure, the system may take what it could not write for written.
            Self::Flushed => retry(|| Ok(fsync(handle)?)).map_err(cannot("flush", place)),
        }
    }
}

/// A directory that is to be flushed once the result has its name in it, if anything is to be flushed.
#[derive(Debug)]
#[must_use]
pub(crate) struct PendingFlush(Option<(Dir, Place)>);

impl PendingFlush {
    /// Flushes the directory. A failure takes nothing back: the result is there, whole, and somebody may have begun to use it.
    pub(super) fn flush(self) -> Result<(), Error> {
        self.0.map_or(Ok(()), |(dir, place)| {
            Durability::Flushed.flush(&dir, || place).map_err(|error| Error::Unflushed(error.into()))
        })
    }
}
