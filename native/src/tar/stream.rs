//! The entries of an archive, one after another, with contents from the template.

use super::archive::Archive;
use super::blocks::{BUFFER, BlockWriter, Header};
use crate::cursor::Cursor;
use crate::error::{Error, cannot};
use crate::run::Run;
use crate::template::source::{Source, SourceFile};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::Content;
use s6_instance_maker_core::tree::{Ids, Kind, Node};
use std::io::{Read as _, Write};

/// An entry of a plan.
#[derive(Clone, Copy)]
pub(super) struct ArchiveEntry<'p> {
    pub path: &'p TreePath,
    pub node: &'p Node<Content>,
    /// The size of its contents, in bytes.
    pub size: u64,
}

/// The owner of an entry without an owner of its own: root.
const OWNER: Ids = Ids { uid: 0, gid: 0 };

/// What entries are written from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    pub archive: &'a Archive,
    pub source: &'a Source,
    pub run: &'a Run<'a>,
}

/// What one thread keeps from one entry to the next.
pub(super) struct EntryWriter<'a> {
    origin: Origin<'a>,
    /// The directory of the template that was read from last.
    cursor: Cursor,
    buffer: Vec<u8>,
}

impl<'a> EntryWriter<'a> {
    pub(super) fn new(origin: Origin<'a>) -> Self {
        Self { origin, cursor: Cursor::default(), buffer: vec![0; BUFFER] }
    }

    /// Writes an entry to `out`.
    pub(super) fn write(&mut self, entry: ArchiveEntry<'_>, out: &mut BlockWriter<impl Write>) -> Result<(), Error> {
        let Origin { archive, run, .. } = self.origin;
        let ArchiveEntry { path, node, size } = entry;
        let (kind, target): (_, &[u8]) = match &node.kind {
            Kind::File(_) => (b'0', b""),
            Kind::Symlink(target) => (b'2', target),
            Kind::Directory => (b'5', b""),
            Kind::Fifo => (b'6', b""),
        };
        run.check()?;
        out.header(&Header {
            name: &archive.name(path, node),
            mode: node.meta.mode,
            owner: archive.owners.of(node.meta.owner.unwrap_or(OWNER)),
            size,
            time: archive.time,
            kind,
            target,
            user: archive.owners.user_name(),
            group: archive.owners.group_name(),
        })?;
        match &node.kind {
            Kind::File(Content::Generated(bytes)) => out.put(bytes)?,
            Kind::File(Content::Template(from)) => self.contents(from, out)?,
            Kind::Directory | Kind::Symlink(_) | Kind::Fifo => {}
        }
        run.progress.made(1);
        out.pad()
    }

    /// Writes what the template has at `from`, if that is what was read there.
    fn contents(&mut self, from: &TreePath, out: &mut BlockWriter<impl Write>) -> Result<(), Error> {
        let Self { origin: Origin { source, run, .. }, cursor, buffer } = self;
        source.with_contents(cursor, from, |original| {
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
                out.put(bytes)?;
                left = left.saturating_sub(bytes.len() as u64);
                run.progress.copied(bytes.len() as u64);
            }
            Ok(())
        })
    }
}

/// Reads the next bytes of a file, at most as many as `buffer` has; none at its end.
fn read<'b>(original: &mut SourceFile<'_>, buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
    let read = original.read(buffer).map_err(cannot("read", || original.place()))?;
    Ok(buffer.get(..read).unwrap_or_default())
}
