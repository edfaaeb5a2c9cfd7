//! The contents of one file, moved inside the kernel.
//!
//! copy_file_range shares blocks where the file system can; where it cannot be used between two file systems, sendfile moves
//! pages; where neither works, a buffer does. Holes stay holes.

use crate::error::{Error, Place, is_one_of, retry};
use crate::run::Run;
use cap_std::fs::{File, Metadata, MetadataExt as _};
use rustix::fs::{SeekFrom, copy_file_range, seek, sendfile};
use rustix::io::Errno;
use std::io::{self, Read as _, Write as _};

/// How much is asked of the kernel at once, in bytes: small enough to notice a signal, large enough not to matter.
const STEP: usize = 16 << 20;
/// The buffer of the way that always works, in bytes.
const BUFFER: usize = 128 << 10;
/// Smaller files are copied as they are read: looking for holes would cost more than filling them, in bytes.
const HOLES_MATTER: u64 = 64 << 10;
/// What [`Metadata::blocks`] counts in, in bytes.
const BLOCK: u64 = 512;

/// Answers after which another way may work where one does not.
const UNSUPPORTED: &[Errno] = &[Errno::XDEV, Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::BADF, Errno::PERM];

/// One copy: from where to where, for the work and for messages.
pub(crate) struct Copy<'a> {
    pub from: &'a File,
    pub to: &'a File,
    pub from_place: &'a dyn Fn() -> Place,
    pub to_place: &'a dyn Fn() -> Place,
    pub run: &'a Run<'a>,
}

/// Which way worked last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Range,
    Send,
    Buffer,
}

impl Copy<'_> {
    /// Copies `size` bytes; both files are at their beginning. Files that are large enough for holes to matter are looked at,
    /// with `examine`.
    pub(crate) fn contents(&self, size: u64, examine: impl FnOnce() -> Result<Metadata, Error>) -> Result<(), Error> {
        let mut way = Way::Range;
        if size == 0 {
            return self.nothing();
        }
        if size < HOLES_MATTER || examine()?.blocks().saturating_mul(BLOCK) >= size {
            return self.span(size, &mut way);
        }
        let mut at = 0;
        while let Some((start, end)) = self.data(at, size)? {
            for file in [self.from, self.to] {
                retry(|| Ok(seek(file, SeekFrom::Start(start))?)).map_err(|error| self.failed(error))?;
            }
            self.span(end - start, &mut way)?;
            at = end;
        }
        self.to.set_len(size).map_err(|error| self.failed(error))
    }

    /// Fails when there is something to read in what should be empty, as in many files of /proc: only reading tells.
    fn nothing(&self) -> Result<(), Error> {
        match retry(|| (&mut &*self.from).read(&mut [0])) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Error::Changed((self.from_place)())),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The next bytes from `at` on that are no hole.
    fn data(&self, at: u64, size: u64) -> Result<Option<(u64, u64)>, Error> {
        let seek = |to| retry(|| Ok(seek(self.from, to)?));
        match seek(SeekFrom::Data(at)) {
            Ok(start) if start < size => match seek(SeekFrom::Hole(start)) {
                Ok(end) => Ok(Some((start, end.min(size)))),
                Err(error) => Err(self.failed(error)),
            },
            // Nothing but a hole up to the end.
            Ok(_) => Ok(None),
            Err(error) if is_one_of(&error, &[Errno::NXIO]) => Ok(None),
            // A file system that knows no holes has data everywhere.
            Err(error) if is_one_of(&error, &[Errno::INVAL]) => Ok((at < size).then_some((at, size))),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Copies the next `length` bytes.
    fn span(&self, length: u64, way: &mut Way) -> Result<(), Error> {
        let mut left = length;
        while left > 0 {
            self.run.check()?;
            let step = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
            let moved = match self.step(step, *way) {
                Ok(moved) => moved,
                Err(error) if *way != Way::Buffer && is_one_of(&error, UNSUPPORTED) => {
                    *way = if *way == Way::Range { Way::Send } else { Way::Buffer };
                    continue;
                }
                Err(error) => return Err(self.failed(error)),
            };
            if moved == 0 {
                // Shorter than it was: somebody truncated it.
                return Err(Error::Changed((self.from_place)()));
            }
            let moved = moved as u64;
            left -= moved.min(left);
            self.run.progress.copied(moved);
        }
        Ok(())
    }

    fn step(&self, length: usize, way: Way) -> io::Result<usize> {
        match way {
            Way::Range => retry(|| Ok(copy_file_range(self.from, None, self.to, None, length)?)),
            Way::Send => retry(|| Ok(sendfile(self.to, self.from, None, length)?)),
            Way::Buffer => {
                let mut buffer = vec![0; length.min(BUFFER)];
                let read = retry(|| (&mut &*self.from).read(&mut buffer))?;
                (&mut &*self.to).write_all(buffer.get(..read).unwrap_or_default())?;
                Ok(read)
            }
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Between { operation: "copy", from: (self.from_place)(), to: (self.to_place)(), source }
    }
}
