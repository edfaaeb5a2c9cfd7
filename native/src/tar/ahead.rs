//! Threads that read small files ahead of the one that writes an archive.
//!
//! The entries are cut into runs. Of T threads each makes every T-th run, in memory, and passes it on; the writer takes them by
//! turns, so that the archive has the order of the plan, and the first error in it is the one that is reported. A thread is two runs
//! ahead at most, which bounds the memory.

use super::blocks::BlockWriter;
use super::stream::{ArchiveEntry, EntryWriter, Origin};
use crate::error::Error;
use crate::threads::threads_for;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The most entries of a run.
const RUN: usize = 32;
/// The most contents of a run of more than one entry, in bytes. A run of one larger file is left to the writer, which needs no memory
/// for it.
const RUN_BYTES: u64 = 256 << 10;

/// The blocks that a thread has made of a run.
type Blocks = Result<Vec<u8>, Error>;

/// Writes `entries` to `out`, in their order.
pub(super) fn write(origin: Origin<'_>, entries: &[ArchiveEntry<'_>], out: &mut BlockWriter<impl Write>) -> Result<(), Error> {
    let mut writer = EntryWriter::new(origin);
    let threads = threads_for(entries.len());
    if threads == 1 {
        return entries.iter().try_for_each(|entry| writer.write(*entry, out));
    }
    let runs = cut(entries);
    let runs = runs.as_slice();
    std::thread::scope(|scope| {
        let readers: Vec<Option<Receiver<Blocks>>> = (0..threads)
            .map(|first| {
                let (sender, receiver) = sync_channel(1);
                let read = move || read_ahead(origin, runs.iter().skip(first).step_by(threads), &sender);
                // Where the system has no room for another thread, the writer does its work.
                std::thread::Builder::new().spawn_scoped(scope, read).ok().map(|_| receiver)
            })
            .collect();
        for (run, reader) in runs.iter().zip(readers.iter().cycle()) {
            // A thread that ended has told why before.
            match reader.as_ref().filter(|_| run.is_small).and_then(|reader| reader.recv().ok()) {
                Some(blocks) => out.put(&blocks?)?,
                None => run.entries.iter().try_for_each(|entry| writer.write(*entry, out))?,
            }
        }
        Ok(())
    })
}

/// Neighbours among the entries.
struct Run<'e, 'p> {
    entries: &'e [ArchiveEntry<'p>],
    is_small: bool,
}

fn cut<'e, 'p>(entries: &'e [ArchiveEntry<'p>]) -> Vec<Run<'e, 'p>> {
    let mut runs = Vec::new();
    let mut rest = entries;
    while !rest.is_empty() {
        let mut bytes = 0u64;
        let fits = |entry: &&ArchiveEntry<'_>| {
            bytes = bytes.saturating_add(entry.size);
            bytes <= RUN_BYTES
        };
        let count = rest.iter().take(RUN).take_while(fits).count();
        let (run, others) = rest.split_at_checked(count.max(1)).unwrap_or((rest, &[]));
        runs.push(Run { entries: run, is_small: count > 0 });
        rest = others;
    }
    runs
}

/// Makes the small ones of `runs` until one fails, or the writer takes no more.
fn read_ahead<'e>(origin: Origin<'_>, runs: impl Iterator<Item = &'e Run<'e, 'e>>, sender: &SyncSender<Blocks>) {
    let mut writer = EntryWriter::new(origin);
    for run in runs.filter(|run| run.is_small) {
        let mut blocks = BlockWriter::new(Vec::new());
        let made = run.entries.iter().try_for_each(|entry| writer.write(*entry, &mut blocks));
        let blocks = made.and_then(|()| blocks.into_inner());
        let is_over = blocks.is_err();
        if sender.send(blocks).is_err() || is_over {
            return;
        }
    }
}
