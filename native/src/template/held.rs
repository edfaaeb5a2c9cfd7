//! Contents of small files that are held in memory from the reading of a template on, so that each is opened once.

use crate::sys::{FileKind, Status, retry};
use rustix::io::pread;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

/// The largest file whose contents are held, in bytes: a page, as most scripts and settings have at most.
const FILE_MAX: usize = 4096;
/// The room for contents of all files together, in bytes.
const ALL_MAX: usize = 12 << 20;
/// The time for which a change that was just made may not show in the time of a file's last change: file systems take that from a
/// clock that advances a hundred times in a second, or more often.
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
        let mut buffer = [0; FILE_MAX + 1];
        #[expect(clippy::disallowed_methods, reason = "a file that changed just now is read again")]
        let before = SystemTime::now();
        let length = read_at_beginning(file, &mut buffer)?;
        let mut status = Status::of(file)?;
        let is_whole = status.kind == FileKind::Regular && length <= FILE_MAX && status.size == length as u64;
        if !is_whole || !self.take(length) {
            return Ok((status, None));
        }
        // What was last changed before it was read is what was read. It has to be read once more where that is in doubt.
        if !status.is_older_than(before.checked_sub(SETTLED)) {
            let mut again = [0; FILE_MAX + 1];
            let length_again = read_at_beginning(file, &mut again)?;
            let seen = status;
            status = Status::of(file)?;
            if status != seen || length_again != length || again.get(..length) != buffer.get(..length) {
                self.0.fetch_add(length, Ordering::Relaxed);
                return Ok((status, None));
            }
        }
        Ok((status, buffer.get(..length).map(Into::into)))
    }

    /// Takes so much of the room, if it is there.
    fn take(&self, length: usize) -> bool {
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(length)).is_ok()
    }
}

fn read_at_beginning(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    retry(|| Ok(pread(file, &mut *buffer, 0)?))
}
