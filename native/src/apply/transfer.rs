//! The contents of one file: what is held in memory is written, everything else moved inside the kernel.
//!
//! copy_file_range shares blocks where the file system can; where it cannot be used between two file systems, sendfile moves
//! pages; where neither works, a buffer does, as it does for small files, for which those calls cost more than they save. On file
//! systems that cannot share blocks, two threads copy a large file: one reads while the other one writes. Holes stay holes.

use crate::error::{Error, Place};
use crate::run::Run;
use crate::sys::{is_one_of, retry};
use crate::template::source::{SourceContents, SourceFile, Stamp};
use crate::threads::{threads, together};
use rustix::fs::{SeekFrom, copy_file_range, fstatfs, seek, sendfile};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most that is asked of the kernel at once, in bytes: small enough to notice a signal, large enough not to matter.
const STEP: usize = 16 << 20;
/// The buffer of the method that always works, in bytes.
const BUFFER: usize = 128 << 10;
/// The largest file that is moved by way of a buffer although the kernel could, in bytes.
const SMALL: u64 = 16 << 10;
/// The size from which holes are looked for, in bytes: in smaller files looking would cost more than filling them.
const HOLES_MATTER: u64 = 64 << 10;

/// The size from which two threads copy, in bytes: to start one takes as long as to copy a hundredth of it.
const LARGE: u64 = 8 << 20;
/// The part of a large file that a thread copies at once, in bytes.
const PIECE: u64 = 1 << 20;
/// The file systems that cannot share blocks, and are no network's, by the numbers that statfs(2) lists: ext2 to ext4, and tmpfs.
const LOCAL: [u64; 2] = [0xef53, 0x0102_1994];

/// Answers after which another method may work where one does not.
const UNSUPPORTED: &[Errno] = &[Errno::XDEV, Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::BADF, Errno::PERM];

/// A transfer of a file's contents into a new file; both are at their beginning.
pub(super) struct Transfer<'a> {
    original: &'a SourceFile<'a>,
    to: &'a File,
    to_place: &'a (dyn Fn() -> Place + Sync),
    run: &'a Run<'a>,
    method: Method,
}

/// The method that worked last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    CopyRange,
    SendFile,
    Buffer,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        original: &'a SourceFile<'a>,
        to: &'a File,
        to_place: &'a (dyn Fn() -> Place + Sync),
        run: &'a Run<'a>,
    ) -> Self {
        let method = if original.size <= SMALL { Method::Buffer } else { Method::CopyRange };
        Self { original, to, to_place, run, method }
    }

    /// Moves as many bytes as the file had when it was read.
    pub(super) fn all(mut self) -> Result<(), Error> {
        match self.original.contents {
            SourceContents::Held(bytes) => {
                (&mut &*self.to).write_all(bytes).map_err(|error| self.failed(error))?;
                self.run.progress.copied(bytes.len() as u64);
                Ok(())
            }
            SourceContents::Open(from, stamp) => self.all_of(from, stamp),
        }
    }

    fn all_of(&mut self, from: &File, stamp: Stamp) -> Result<(), Error> {
        let size = self.original.size;
        if size == 0 {
            return self.nothing(from);
        }
        if size < HOLES_MATTER || self.original.examine(from, stamp)?.allocated >= size {
            return self.span(from, 0, size);
        }
        let mut at = 0;
        while let Some((start, end)) = self.data(from, at)? {
            for file in [from, self.to] {
                retry(|| Ok(seek(file, SeekFrom::Start(start))?)).map_err(|error| self.failed(error))?;
            }
            self.span(from, start, end - start)?;
            at = end;
        }
        self.to.set_len(size).map_err(|error| self.failed(error))
    }

    /// Fails when there is something to read in what should be empty, as in many files of /proc: only reading shows it.
    fn nothing(&self, from: &File) -> Result<(), Error> {
        match retry(|| (&mut &*from).read(&mut [0])) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Error::Changed(self.original.place())),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The next bytes from `at` on that are no hole.
    fn data(&self, from: &File, at: u64) -> Result<Option<(u64, u64)>, Error> {
        let size = self.original.size;
        let seek = |to| retry(|| Ok(seek(from, to)?));
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

    /// Moves the next `length` bytes, which are those from `start` on.
    fn span(&mut self, from: &File, start: u64, length: u64) -> Result<(), Error> {
        if length >= LARGE && threads() > 1 && self.is_local().map_err(|error| self.failed(error))? {
            return self.pieces(from, start, length);
        }
        let mut left = length;
        while left > 0 {
            self.run.check()?;
            let step = usize::try_from(left).map_or(STEP, |left| left.min(STEP));
            let moved = match self.step(from, step) {
                Ok(moved) => moved,
                Err(error) if self.method != Method::Buffer && is_one_of(&error, UNSUPPORTED) => {
                    self.method = if self.method == Method::CopyRange { Method::SendFile } else { Method::Buffer };
                    continue;
                }
                Err(error) => return Err(self.failed(error)),
            };
            if moved == 0 {
                // Shorter than it was: somebody truncated it, or its size never was that of its contents, as in /sys.
                return Err(Error::Changed(self.original.place()));
            }
            let moved = moved as u64;
            left -= moved.min(left);
            self.run.progress.copied(moved);
        }
        Ok(())
    }

    /// Returns `true` if the new file is on one of the file systems for which two threads are worth it.
    fn is_local(&self) -> io::Result<bool> {
        let found = retry(|| Ok(fstatfs(self.to)?))?;
        Ok(u64::try_from(found.f_type).is_ok_and(|number| LOCAL.contains(&number)))
    }

    /// Copies `length` bytes from `start` on, by two threads: the file system has one of them write at a time.
    fn pieces(&self, from: &File, start: u64, length: u64) -> Result<(), Error> {
        let next = AtomicU64::new(0);
        let results = together(2, || {
            let mut buffer = Vec::new();
            loop {
                let at = next.fetch_add(PIECE, Ordering::Relaxed);
                if at >= length {
                    return Ok(());
                }
                buffer.resize(usize::try_from(PIECE.min(length - at)).unwrap_or_default(), 0);
                if let Err(error) = self.piece(from, start + at, &mut buffer) {
                    // The other thread finds nothing left to do.
                    next.store(length, Ordering::Relaxed);
                    return Err(error);
                }
            }
        });
        results.into_iter().collect()
    }

    /// Copies the bytes from `at` on, as many as `buffer` has.
    fn piece(&self, from: &File, at: u64, buffer: &mut [u8]) -> Result<(), Error> {
        self.run.check()?;
        from.read_exact_at(buffer, at).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Error::Changed(self.original.place()),
            _ => self.failed(error),
        })?;
        self.to.write_all_at(buffer, at).map_err(|error| self.failed(error))?;
        self.run.progress.copied(buffer.len() as u64);
        Ok(())
    }

    fn step(&self, from: &File, length: usize) -> io::Result<usize> {
        match self.method {
            Method::CopyRange => retry(|| Ok(copy_file_range(from, None, self.to, None, length)?)),
            Method::SendFile => retry(|| Ok(sendfile(self.to, from, None, length)?)),
            Method::Buffer => {
                let mut buffer = vec![0; length.min(BUFFER)];
                let read = retry(|| (&mut &*from).read(&mut buffer))?;
                (&mut &*self.to).write_all(buffer.get(..read).unwrap_or_default())?;
                Ok(read)
            }
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Between { operation: "copy", from: self.original.place(), to: (self.to_place)(), source }
    }
}
