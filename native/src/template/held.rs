//! Contents of small files that are held in memory from the reading of a template on, so that each is opened once.

use crate::sys::{FileKind, Status, retry};
use rustix::buffer::spare_capacity;
use rustix::io::pread;
use std::fs::File;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

/// The largest file whose contents are held, in bytes: a page, as most scripts and settings have at most.
const FILE_MAX: usize = 4096;
/// The room for contents of all files together, in bytes.
const ALL_MAX: usize = 12 << 20;
/// The most by which the recorded time of a change can be too early: file systems take it from a clock that advances a hundred times in
/// a second, or more often.
const SETTLED: Duration = Duration::from_millis(20);

/// The room that is left for contents.
#[derive(Debug)]
pub(crate) struct Room(AtomicUsize);

impl Default for Room {
    fn default() -> Self {
        Self(AtomicUsize::new(ALL_MAX))
    }
}

impl Room {
    /// Returns `true` if there is room for any small file.
    pub(crate) fn is_left(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= FILE_MAX
    }

    /// Reads a file that was just opened. Returns its status, and its contents at the moment of that; no contents where they are
    /// large, or not of the size that the status says, or change, or there is no room for them.
    pub(crate) fn read(&self, file: &File) -> io::Result<(Status, Option<Box<[u8]>>)> {
        #[expect(clippy::disallowed_methods, reason = "a file that changed just now is read again")]
        let before = SystemTime::now();
        let mut snapshot = Snapshot::of(file)?;
        // Contents are those of the moment of the status if the last change is older. Otherwise a second look decides.
        if snapshot.is_whole() && !snapshot.status.is_older_than(before.checked_sub(SETTLED)) {
            let first = mem::replace(&mut snapshot, Snapshot::of(file)?);
            if first != snapshot {
                return Ok((snapshot.status, None));
            }
        }
        let is_held = snapshot.is_whole() && self.take(snapshot.bytes.len());
        Ok((snapshot.status, is_held.then(|| snapshot.bytes.into())))
    }

    /// Takes so much of the room, if it is there.
    fn take(&self, length: usize) -> bool {
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(length)).is_ok()
    }
}

/// The beginning of a file, and the status that the file had afterwards.
#[derive(PartialEq, Eq)]
struct Snapshot {
    bytes: Vec<u8>,
    status: Status,
}

impl Snapshot {
    fn of(file: &File) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(FILE_MAX + 1);
        retry(|| Ok(pread(file, spare_capacity(&mut bytes), 0)?))?;
        Ok(Self { bytes, status: Status::of(file)? })
    }

    /// Returns `true` if these are all bytes of a small regular file.
    fn is_whole(&self) -> bool {
        let Self { bytes, status } = self;
        status.kind == FileKind::Regular && bytes.len() <= FILE_MAX && status.size == bytes.len() as u64
    }
}
