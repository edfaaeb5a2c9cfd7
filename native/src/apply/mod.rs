//! Carrying out a plan: staged, then renamed into place; all of it or nothing.

mod durability;
pub mod entry;
mod fill;
pub mod publish;
mod quirks;
pub(crate) mod stage;
mod transfer;
mod workers;

pub use durability::Durability;

use crate::authority::Destination;
use crate::error::Error;
use crate::run::Run;
use crate::sys::Cursor;
use crate::template::source::Source;
use fill::{Fill, PlanEntry};
use quirks::FileSystemQuirks;
use s6_instance_maker_core::path::Name;
use s6_instance_maker_core::plan::{Content, Plan};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Node};
use stage::Stage;

/// Makes what `plan` says at `destination`, with contents from `source`, on behalf of `caller`. Returns what else should be
/// known: leftovers of earlier runs that could not be removed.
///
/// # Errors
///
/// Whatever fails, nothing of the plan is there then, with two exceptions: [`Error::Unflushed`], which says that everything is there
/// and may not survive a stop of the system; and [`Error::Leftover`], which says what is there.
pub fn apply(
    plan: &Plan,
    source: &Source,
    destination: &Destination,
    durability: Durability,
    caller: Ids,
    run: &Run<'_>,
) -> Result<Vec<Error>, Error> {
    let Destination { place, publication } = destination;
    let parts: Vec<Name> = plan.parts().collect();
    // A plan without parts leaves an existing directory as it is.
    let Some(label) = publication.label(&parts) else { return Ok(Vec::new()) };
    let mut leftovers = publication.sweep(caller);
    destination.check_free(plan)?;
    run.check()?;
    let parent = publication.parent();
    let outer = durability.prepare(&parent.dir, &parent.place)?;
    let stage = Stage::new(parent, label, caller)?;
    let filled = FileSystemQuirks::probe(&stage.dir, caller)
        .map_err(place.cannot("make a file for"))
        .and_then(|quirks| {
            let fill = Fill { stage: &stage, source, place, run, quirks, caller, durability };
            make_all(&fill, plan, publication.root(plan))
        })
        .and_then(|()| run.check());
    match filled {
        Ok(()) => leftovers.extend(publication.publish(stage, &parts, place, durability, outer)?),
        Err(error) => return Err(stage.discard(error)),
    }
    Ok(leftovers)
}

/// Makes all entries of `plan`: directories first, and their final modes last, so that any mode can be filled.
fn make_all(fill: &Fill<'_>, plan: &Plan, root: Option<Meta>) -> Result<(), Error> {
    let inner = plan.tree.iter().filter(|(path, _)| !path.is_root());
    let (directories, others): (Vec<PlanEntry<'_>>, Vec<PlanEntry<'_>>) =
        inner.partition(|(_, node)| matches!(node.kind, Kind::Directory));
    let bytes = others.iter().map(|(_, node)| size(fill.source, node)).sum();
    fill.run.progress.plan((directories.len() + others.len()) as u64, bytes);
    let mut cursor = Cursor::default();
    for directory in &directories {
        fill.run.check()?;
        fill.directory(&mut cursor, directory)?;
    }
    drop(cursor);
    workers::make(fill, &others, bytes)?;
    for directory in directories.iter().rev() {
        fill.run.check()?;
        fill.finish_directory(directory)?;
    }
    root.map_or(Ok(()), |meta| fill.finish_root(meta))
}

/// The size of an entry's contents, in bytes.
pub(crate) fn size(source: &Source, node: &Node<Content>) -> u64 {
    match &node.kind {
        Kind::File(Content::Generated(bytes)) => bytes.len() as u64,
        Kind::File(Content::Template(path)) => match source.template().tree().get(path).map(|node| &node.kind) {
            Some(Kind::File(file)) => file.size,
            _ => 0,
        },
        _ => 0,
    }
}
