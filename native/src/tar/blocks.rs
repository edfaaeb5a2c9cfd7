//! The blocks of a tar archive in GNU format: headers, long names, contents, padding.

use crate::error::Error;
use s6_instance_maker_core::archive::ArchiveTime;
use s6_instance_maker_core::tree::{Ids, Mode};
use std::io::Write;

/// The unit of an archive, in bytes: what a header takes, and a multiple of which contents take.
const BLOCK: usize = 512;
/// The unit of the size of an archive, in bytes: 20 blocks, tar's default.
const RECORD: usize = 20 * BLOCK;
/// The longest name or target that a header has room for, in bytes.
const NAME_MAX: usize = 100;
/// The size of what is written at once, in bytes.
pub(super) const BUFFER: usize = 128 << 10;

/// A writer of blocks.
///
/// Not a `BufWriter`: that writes once more when it is dropped, so that an archive could become whole after an error was reported.
pub(super) struct BlockWriter<W> {
    out: W,
    /// The bytes that are not yet written, fewer than [`BUFFER`].
    pending: Vec<u8>,
    /// The size of the archive until now, in bytes.
    written: u64,
}

impl<W: Write> BlockWriter<W> {
    pub(super) const fn new(out: W) -> Self {
        Self { out, pending: Vec::new(), written: 0 }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.written += bytes.len() as u64;
        if self.pending.len() + bytes.len() >= BUFFER {
            self.flush()?;
        }
        if bytes.len() >= BUFFER {
            return self.out.write_all(bytes).map_err(Error::Output);
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.out.write_all(&self.pending).and_then(|()| self.out.flush()).map_err(Error::Output)?;
        self.pending.clear();
        Ok(())
    }

    /// Flushes, and returns what was written to.
    pub(super) fn into_inner(mut self) -> Result<W, Error> {
        self.flush()?;
        Ok(self.out)
    }

    /// Writes a header, before it what it has no room for.
    pub(super) fn header(&mut self, header: &Header<'_>) -> Result<(), Error> {
        self.long(b'K', header.target)?;
        self.long(b'L', header.name)?;
        self.put(&header.block())
    }

    /// Writes a text that the next header has no room for, as GNU tar does: like the contents of a file of a kind of its own.
    fn long(&mut self, kind: u8, text: &[u8]) -> Result<(), Error> {
        if text.len() <= NAME_MAX {
            return Ok(());
        }
        let header = Header {
            name: b"././@LongLink",
            mode: Mode::new(0o644),
            owner: Ids { uid: 0, gid: 0 },
            size: text.len() as u64 + 1,
            time: ArchiveTime::default(),
            kind,
            target: b"",
            user: b"",
            group: b"",
        };
        self.put(&header.block())?;
        self.put(text)?;
        self.put(&[0])?;
        self.pad()
    }

    /// Writes zeros up to the end of the block.
    pub(super) fn pad(&mut self) -> Result<(), Error> {
        self.pad_to(BLOCK)
    }

    /// Writes zeros up to the next multiple of `unit`, which is at most a record.
    fn pad_to(&mut self, unit: usize) -> Result<(), Error> {
        const ZEROS: [u8; RECORD] = [0; RECORD];
        let unit = unit as u64;
        // Less than `unit`.
        let missing = (self.written.next_multiple_of(unit) - self.written) as usize;
        self.put(ZEROS.get(..missing).unwrap_or_default())
    }

    /// Ends the archive: two blocks of zeros, and as many as are missing from the last record.
    pub(super) fn end(mut self) -> Result<(), Error> {
        self.put(&[0; 2 * BLOCK])?;
        self.pad_to(RECORD)?;
        self.flush()
    }
}

/// A header's fields.
pub(super) struct Header<'h> {
    pub name: &'h [u8],
    pub mode: Mode,
    pub owner: Ids,
    pub size: u64,
    pub time: ArchiveTime,
    pub kind: u8,
    pub target: &'h [u8],
    pub user: &'h [u8],
    pub group: &'h [u8],
}

impl Header<'_> {
    fn block(&self) -> Vec<u8> {
        let mut block = Vec::with_capacity(BLOCK);
        block.extend_from_slice(&text::<NAME_MAX>(self.name));
        block.extend_from_slice(&number::<8>(self.mode.bits().into()));
        block.extend_from_slice(&number::<8>(self.owner.uid.into()));
        block.extend_from_slice(&number::<8>(self.owner.gid.into()));
        block.extend_from_slice(&number::<12>(self.size));
        block.extend_from_slice(&number::<12>(self.time.seconds()));
        let sum_at = block.len();
        // The sum is that of a header with blanks in its place.
        block.extend_from_slice(b"        ");
        block.push(self.kind);
        block.extend_from_slice(&text::<NAME_MAX>(self.target));
        block.extend_from_slice(b"ustar  \0");
        block.extend_from_slice(&text::<32>(self.user));
        block.extend_from_slice(&text::<32>(self.group));
        block.resize(BLOCK, 0);
        let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
        // Six digits and a NUL; the blank stays.
        block.iter_mut().skip(sum_at).zip(number::<7>(sum)).for_each(|(to, from)| *to = from);
        block
    }
}

/// A field with the first bytes of a text, and zeros behind a shorter one.
fn text<const SIZE: usize>(bytes: &[u8]) -> [u8; SIZE] {
    let mut field = [0; SIZE];
    field.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    field
}

/// A field with a number: octal digits and a NUL, or, where those would not fit, GNU tar's form: binary, marked by the highest bit.
fn number<const SIZE: usize>(value: u64) -> [u8; SIZE] {
    let mut field = [0; SIZE];
    let mut rest = value;
    for digit in field.iter_mut().rev().skip(1) {
        // Less than 8.
        *digit = b'0' + (rest % 8) as u8;
        rest /= 8;
    }
    if rest > 0 {
        field = [0; SIZE];
        field.iter_mut().rev().zip(value.to_be_bytes().iter().rev()).for_each(|(to, from)| *to = *from);
        if let Some(mark) = field.first_mut() {
            *mark |= 0x80;
        }
    }
    field
}
