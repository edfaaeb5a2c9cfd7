//! A plan as a tar archive, which is written as a stream: nothing is made on disk, and memory does not grow with contents.
//!
//! The form and the bytes are those that GNU tar writes with `--format=gnu --sort=name --numeric-owner` of the same tree; `tests/tar.rs`
//! compares them. Nothing in them depends on who writes them or where: owners are numbers, the time is one for all entries.

mod ahead;
mod archive;
mod blocks;
mod stream;

pub use archive::Archive;

use crate::apply::size;
use crate::error::Error;
use crate::run::Run;
use crate::template::source::Source;
use blocks::BlockWriter;
use s6_instance_maker_core::compare::Digest;
use s6_instance_maker_core::plan::{Placement, Plan};
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};
use stream::{ArchiveEntry, Origin};

/// The form in which an archive is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveForm {
    /// The archive itself.
    Stream,
    /// Its SHA-256, 64 hexadecimal digits on a line.
    Digest,
}

impl Archive {
    /// Writes the tree of `plan`, with contents from `source`, to `out`.
    ///
    /// # Errors
    ///
    /// `out` takes nothing more, or a file cannot be read, or is not the one that was read with the template. What was written by then
    /// is no whole archive: its end is missing.
    pub fn write(&self, plan: &Plan, source: &Source, run: &Run<'_>, out: &mut dyn Write) -> Result<(), Error> {
        let entries = plan.tree.iter().filter(|(path, _)| plan.placement == Placement::New || !path.is_root());
        let entries = entries.map(|(path, node)| ArchiveEntry { path, node, size: size(source, node) });
        let entries: Vec<ArchiveEntry<'_>> = entries.collect();
        let bytes = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.size));
        run.progress.plan(entries.len() as u64, bytes);
        let mut blocks = BlockWriter::new(out);
        ahead::write(Origin { archive: self, source, run }, &entries, &mut blocks)?;
        blocks.end()
    }

    /// The line with the SHA-256 of what [`write`](Self::write) would write.
    pub fn digest(&self, plan: &Plan, source: &Source, run: &Run<'_>) -> Result<String, Error> {
        let mut sum = Sum(Sha256::new());
        self.write(plan, source, run, &mut sum)?;
        Ok(format!("{}\n", Digest(sum.0.finalize().into())))
    }
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
