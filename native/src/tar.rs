//! A plan as a tar archive, which is written as a stream: nothing is made on disk, and memory does not grow with contents.
//!
//! The form and the bytes are those that GNU tar writes with `--format=gnu --sort=name --numeric-owner` of the same tree; `tests/tar.rs`
//! compares them. Nothing in them depends on who writes them or where: owners are numbers, the time is one for all entries.

use crate::apply::size;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::run::Run;
use crate::sys::{last_name, retry};
use crate::template::source::{Source, SourceFile};
use s6_instance_maker_core::archive::{ArchiveOwners, ArchivePath, ArchiveTime};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::{Content, Placement, Plan};
use s6_instance_maker_core::tree::{Ids, Kind, Mode, Node};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufWriter, Read as _, Write};

/// The unit of an archive, in bytes: what a header takes, and a multiple of which contents take.
const BLOCK: u64 = 512;
/// What the size of an archive is a multiple of, in bytes: 20 blocks, tar's default.
const RECORD: u64 = 20 * BLOCK;
/// The longest name or target that a header has room for, in bytes.
const NAME_MAX: usize = 100;
/// The size of what is read or written at once, in bytes.
const BUFFER: usize = 128 << 10;

/// The properties of an archive besides its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The path of DIR.
    pub path: ArchivePath,
    /// The owners of its entries.
    pub owners: ArchiveOwners,
    /// The time of its entries.
    pub time: ArchiveTime,
}

/// The form in which an archive is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveForm {
    /// The archive itself.
    Stream,
    /// Its SHA-256, 64 hexadecimal digits on a line.
    Digest,
}

impl Archive {
    /// The owner of an entry without an owner of its own: root.
    const OWNER: Ids = Ids { uid: 0, gid: 0 };

    /// Writes the tree of `plan`, with contents from `source`, to `out`.
    ///
    /// # Errors
    ///
    /// `out` takes nothing more, or a file cannot be read, or is not the one that was read with the template. What was written by then
    /// is no whole archive: its end is missing.
    pub fn write(&self, plan: &Plan, source: &Source, run: &Run<'_>, out: &mut dyn Write) -> Result<(), Error> {
        let mut stream = Stream {
            archive: self,
            source,
            run,
            cursor: Cursor::default(),
            buffer: vec![0; BUFFER],
            sink: Sink { out: BufWriter::with_capacity(BUFFER, out), written: 0 },
        };
        let entries = || plan.tree.iter().filter(|(path, _)| plan.placement == Placement::New || !path.is_root());
        let bytes = entries().fold(0u64, |sum, (_, node)| sum.saturating_add(size(source, node)));
        run.progress.plan(entries().count() as u64, bytes);
        for (path, node) in entries() {
            run.check()?;
            stream.entry(path, node)?;
            run.progress.made(1);
        }
        stream.sink.end()
    }

    /// The line with the SHA-256 of what [`write`](Self::write) would write.
    pub fn digest(&self, plan: &Plan, source: &Source, run: &Run<'_>) -> Result<String, Error> {
        let mut sum = Sum(Sha256::new());
        self.write(plan, source, run, &mut sum)?;
        let digits = sum.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Ok(digits + "\n")
    }

    /// The name of what is at `path` in the plan; that of a directory ends with a slash.
    fn name(&self, path: &TreePath, node: &Node<Content>) -> Vec<u8> {
        let mut name = self.path.as_bytes().to_vec();
        if !path.is_root() {
            name.push(b'/');
            name.extend_from_slice(path.as_bytes());
        }
        if matches!(node.kind, Kind::Directory) {
            name.push(b'/');
        }
        name
    }
}

/// An archive that is being written.
struct Stream<'a> {
    archive: &'a Archive,
    source: &'a Source,
    run: &'a Run<'a>,
    /// The directory of the template that was read from last.
    cursor: Cursor,
    buffer: Vec<u8>,
    sink: Sink<'a>,
}

impl Stream<'_> {
    fn entry(&mut self, path: &TreePath, node: &Node<Content>) -> Result<(), Error> {
        let Archive { owners, time, .. } = self.archive;
        let (kind, target): (_, &[u8]) = match &node.kind {
            Kind::File(_) => (b'0', b""),
            Kind::Symlink(target) => (b'2', target),
            Kind::Directory => (b'5', b""),
            Kind::Fifo => (b'6', b""),
        };
        let name = self.archive.name(path, node);
        self.sink.long(b'K', target)?;
        self.sink.long(b'L', &name)?;
        self.sink.header(&Header {
            name: &name,
            mode: node.meta.mode,
            owner: owners.of(node.meta.owner.unwrap_or(Archive::OWNER)),
            size: size(self.source, node),
            time: *time,
            kind,
            target,
            user: owners.user_name(),
            group: owners.group_name(),
        })?;
        match &node.kind {
            Kind::File(Content::Generated(bytes)) => self.sink.put(bytes)?,
            Kind::File(Content::Template(from)) => self.contents(from)?,
            Kind::Directory | Kind::Symlink(_) | Kind::Fifo => {}
        }
        self.sink.pad(BLOCK)
    }

    /// Writes what the template has at `from`, if that is what was read there.
    fn contents(&mut self, from: &TreePath) -> Result<(), Error> {
        let Self { source, run, cursor, buffer, sink, .. } = self;
        let Some(name) = last_name(from) else { return Err(Error::Changed(source.place(from))) };
        let parent = cursor.parent_of(from, |parent| source.open_dir(parent))?;
        source.with_contents(parent, &name, from, |original| {
            if original.size == 0 {
                // Many files of /proc are not as empty as they seem: only reading shows it.
                return match read(original, buffer)? {
                    [] => Ok(()),
                    _ => Err(Error::Changed(original.place())),
                };
            }
            let mut left = original.size;
            while left > 0 {
                run.check()?;
                let room = usize::try_from(left).map_or(BUFFER, |left| left.min(BUFFER));
                let bytes = read(original, buffer.get_mut(..room).unwrap_or_default())?;
                if bytes.is_empty() {
                    // Shorter than it was: somebody truncated it, or its size never was that of its contents, as in /sys.
                    return Err(Error::Changed(original.place()));
                }
                sink.put(bytes)?;
                left = left.saturating_sub(bytes.len() as u64);
                run.progress.copied(bytes.len() as u64);
            }
            Ok(())
        })
    }
}

/// Reads the next bytes of a file, at most as many as `buffer` has; none at its end.
fn read<'b>(original: &SourceFile<'_>, buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
    let read = retry(|| (&mut &*original.file).read(buffer)).map_err(original.place().cannot("read"))?;
    Ok(buffer.get(..read).unwrap_or_default())
}

/// A writer of blocks.
struct Sink<'a> {
    out: BufWriter<&'a mut dyn Write>,
    /// In bytes.
    written: u64,
}

impl Sink<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes).map_err(Error::Output)
    }

    fn header(&mut self, header: &Header<'_>) -> Result<(), Error> {
        self.put(&header.bytes())?;
        self.pad(BLOCK)
    }

    /// Writes a text that the next header has no room for, as GNU tar does: like the contents of a file of a kind of its own.
    fn long(&mut self, kind: u8, text: &[u8]) -> Result<(), Error> {
        if text.len() <= NAME_MAX {
            return Ok(());
        }
        self.header(&Header {
            name: b"././@LongLink",
            mode: Mode::new(0o644),
            owner: Archive::OWNER,
            size: text.len() as u64 + 1,
            time: ArchiveTime::default(),
            kind,
            target: b"",
            user: b"",
            group: b"",
        })?;
        self.put(text)?;
        self.put(&[0])?;
        self.pad(BLOCK)
    }

    /// Writes zeros up to the next multiple of `unit`.
    fn pad(&mut self, unit: u64) -> Result<(), Error> {
        let missing = self.written.next_multiple_of(unit) - self.written;
        self.written += missing;
        io::copy(&mut io::repeat(0).take(missing), &mut self.out).map(|_| ()).map_err(Error::Output)
    }

    /// Ends the archive: two blocks of zeros, and as many as are missing from the last record.
    fn end(mut self) -> Result<(), Error> {
        self.put(&[0; 2 * BLOCK as usize])?;
        self.pad(RECORD)?;
        self.out.flush().map_err(Error::Output)
    }
}

/// A header's fields.
struct Header<'h> {
    name: &'h [u8],
    mode: Mode,
    owner: Ids,
    size: u64,
    time: ArchiveTime,
    kind: u8,
    target: &'h [u8],
    user: &'h [u8],
    group: &'h [u8],
}

impl Header<'_> {
    /// The bytes of the header without the zeros at its end.
    fn bytes(&self) -> Vec<u8> {
        const NO_SUM: &[u8] = b"        ";
        let sum: u32 = self.with_sum(NO_SUM).iter().map(|&byte| u32::from(byte)).sum();
        self.with_sum(format!("{sum:06o}\0 ").as_bytes())
    }

    fn with_sum(&self, sum: &[u8]) -> Vec<u8> {
        [
            text::<NAME_MAX>(self.name).as_slice(),
            &number::<8>(self.mode.bits().into()),
            &number::<8>(self.owner.uid.into()),
            &number::<8>(self.owner.gid.into()),
            &number::<12>(self.size),
            &number::<12>(self.time.seconds()),
            sum,
            &[self.kind],
            &text::<NAME_MAX>(self.target),
            b"ustar  \0",
            &text::<32>(self.user),
            &text::<32>(self.group),
        ]
        .concat()
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
    let digits = format!("{value:0width$o}", width = SIZE - 1);
    if digits.len() < SIZE {
        return text(digits.as_bytes());
    }
    let mut field = [0; SIZE];
    field.iter_mut().rev().zip(value.to_be_bytes().iter().rev()).for_each(|(to, from)| *to = *from);
    if let Some(mark) = field.first_mut() {
        *mark |= 0x80;
    }
    field
}

/// A writer that keeps nothing but a digest.
struct Sum(Sha256);

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
