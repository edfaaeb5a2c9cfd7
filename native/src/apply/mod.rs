//! Carrying out a plan: staged, then renamed into place; all of it or nothing.

mod durability;
mod effects;
pub mod entry;
mod fill;
mod place;
pub mod publish;
pub(crate) mod refresh;
mod removal;
pub(crate) mod stage;
mod transfer;

pub use durability::Durability;

use crate::authority::{self, Destination};
use crate::cursor::Cursor;
use crate::error::{Error, Place};
use crate::run::Run;
use crate::template::source::Source;
use crate::workers;
use entry::OpenDir;
use fill::{Fill, PlanEntry};
use place::Habits;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::message::Message;
use s6_instance_maker_core::path::Name;
use s6_instance_maker_core::plan::{Content, Plan, PlanError};
use s6_instance_maker_core::rights::Runner;
use s6_instance_maker_core::rules::{Finding, Level, Settings};
use s6_instance_maker_core::tree::{Kind, Meta, Node};
use stage::Stage;

/// The terms on which a plan is carried out.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The protection against a stop of the whole system.
    pub durability: Durability,
    /// Facts about this process.
    pub facts: &'a Facts,
    /// The account that runs the instances, who must not be able to change what root runs.
    pub runner: &'a Runner,
    /// The treatment of findings by the command line.
    pub settings: &'a Settings,
}

/// Facts about a result that was made.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The effects of its place.
    pub findings: Vec<Finding>,
    /// Leftovers of earlier runs that this one could not remove.
    pub leftovers: Vec<Error>,
    /// The effects of a refresh, each with the command that carries it on.
    pub notes: Vec<Message>,
}

/// Makes what `plan` says at `destination`, with contents from `source`.
///
/// # Errors
///
/// Whatever fails, nothing of the plan is there then, with two exceptions: [`Error::Unflushed`], which says that everything is
/// there and may not survive a stop of the system; and [`Error::Leftover`], which says what is there.
pub fn apply(
    plan: &Plan,
    source: &Source,
    destination: &Destination,
    terms: &Terms<'_>,
    run: &Run<'_>,
) -> Result<Outcome, Error> {
    let Destination { place, publication } = destination;
    let (durability, caller) = (terms.durability, terms.facts.caller);
    let parts: Vec<Name> = plan.parts().collect();
    // A plan without parts leaves an existing directory as it is.
    let Some(label) = publication.label(&parts) else { return Ok(Outcome::default()) };
    let mut leftovers = publication.sweep(caller);
    destination.check_free(plan)?;
    run.check()?;
    let parent = publication.parent();
    let outer = durability.prepare(&parent.dir, &parent.place)?;
    let stage = Stage::new(parent, label, caller)?;
    let filled =
        examine(&stage, label, (plan, publication.root(plan)), (parent, place), terms).and_then(|(habits, findings)| {
            let fill = Fill { stage: &stage, source, place, run, habits: &habits, caller, durability };
            make_all(&fill, plan, publication.root(plan))?;
            run.check()?;
            Ok(findings)
        });
    match filled {
        Ok(findings) => {
            leftovers.extend(publication.publish(stage, &parts, place, durability, outer)?);
            Ok(Outcome { findings, leftovers, notes: Vec::new() })
        }
        Err(error) => Err(stage.discard(error)),
    }
}

/// Finds out what the place of the result does to it; `root` is the entry that the staging directory becomes. Fails where that is not
/// accepted.
fn examine(
    stage: &Stage<'_>,
    label: &Name,
    (plan, root): (&Plan, Option<&Node<Content>>),
    (parent, place): (&OpenDir, &Place),
    terms: &Terms<'_>,
) -> Result<(Habits, Vec<Finding>), Error> {
    let caller = terms.facts.caller;
    let (habits, changes) = Habits::probe(&stage.dir, label, (plan, root), caller, place)?;
    let gains = |node: &Node<Content>| {
        let planned = Meta { owner: Some(node.meta.owner.unwrap_or(caller)), ..node.meta };
        terms.facts.gains(terms.runner, planned, habits.result(node, caller))
    };
    let mut nodes = plan.tree.iter().map(|(_, node)| node).filter(|node| !matches!(node.kind, Kind::Symlink(_)));
    let level = if !changes.is_empty() && nodes.any(gains) { Level::Error } else { Level::Warning };
    let changes = changes.into_iter().map(|problem| Finding { level, problem });
    let findings = authority::problems(parent)?.into_iter().map(Finding::warning).chain(changes).collect();
    Ok((habits, terms.settings.judge(findings).map_err(PlanError::from)?))
}

/// Makes all entries of `plan`: directories first, and their final modes last, so that any mode can be filled.
fn make_all(fill: &Fill<'_>, plan: &Plan, root: Option<&Node<Content>>) -> Result<(), Error> {
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
    workers::for_each(&others, bytes, |cursors, entry| fill.other(cursors, entry))?;
    let mut cursor = Cursor::default();
    for directory in directories.iter().rev() {
        fill.run.check()?;
        fill.finish_directory(&mut cursor, directory)?;
    }
    root.map_or(Ok(()), |root| fill.finish_root(root))
}

/// The size of an entry's contents, in bytes.
pub(crate) fn size(source: &Source, node: &Node<Content>) -> u64 {
    match &node.kind {
        Kind::File(content) => content.size(source.template()),
        _ => 0,
    }
}
