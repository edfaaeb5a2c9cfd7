//! The steps of a refresh, computed from the differences.

use super::copies;
use super::difference::{Differences, Fate};
use super::note::Note;
use super::refresh_error::RefreshError;
use super::scope::{Claim, Scope};
use super::sides::{Sides, refusal};
use super::state::{StateKind, within};
use crate::layout::{INSTANCE, INSTANCES, LOG};
use crate::path::{Name, TreePath};
use crate::plan::{Content, Placement, Plan};
use crate::tree::{Kind, Tree};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// A refresh: what is built beside DIR's own entries, and the steps that put it into their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The entries that are built, with the directories that they are in: a part of the plan.
    pub built: Tree<Content>,
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// The appearance or disappearance of DIR's own logger.
    pub logger: Option<LoggerChange>,
}

/// One step of a refresh. Each path is one below DIR, and in the staging directory what is built has the same path there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A directory that stays is given the mode and owner of the plan.
    Rights(TreePath),
    /// A built entry is put where no entry is.
    Add(TreePath),
    /// A built entry and an existing one are exchanged at once, because one of them is a directory.
    Exchange(TreePath),
    /// A built entry replaces a file, a link or a FIFO.
    Replace(TreePath),
    /// A declared instance appears, first its copy of the template, and then the link in the scan directory.
    AddInstance(TreePath),
    /// The entry is removed.
    Remove(TreePath),
}

impl Step {
    /// The path of the entry.
    #[must_use]
    pub const fn path(&self) -> &TreePath {
        match self {
            Self::Rights(path) | Self::Add(path) | Self::Exchange(path) => path,
            Self::Replace(path) | Self::AddInstance(path) | Self::Remove(path) => path,
        }
    }

    /// Returns `true` if it puts something built into its place.
    #[must_use]
    pub const fn is_built(&self) -> bool {
        !matches!(self, Self::Rights(_) | Self::Remove(_))
    }
}

/// A change that a supervised service cannot follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggerChange {
    /// The service has no logger, and gets one.
    Appears,
    /// The service has a logger, and loses it.
    Disappears,
}

impl Refresh {
    /// Computes the steps that remove `differences`, where the result has room for so many instances.
    ///
    /// # Errors
    ///
    /// DIR is something else, has more instances than the plan has room for, or has an entry that stays where none can stay.
    pub fn of(sides: &Sides<'_>, differences: &Differences, room: u32) -> Result<Self, RefreshError> {
        let scope = sides.scope;
        refusal(sides).map_or(Ok(()), Err)?;
        check_room(sides, room)?;
        let mut steps = BTreeMap::new();
        for difference in differences.entries.iter().filter(|difference| difference.fate != Fate::Kept) {
            let unit = scope.unit(&difference.path);
            if let Some(step) = step(sides, scope, &unit)? {
                steps.insert(unit, step);
            }
        }
        for note in &differences.notes {
            if let Note::EmptyDirectory(path) = note {
                steps.insert(path.clone(), Step::Add(path.clone()));
            }
        }
        let whole: BTreeSet<TreePath> =
            steps.iter().filter(|(_, step)| !matches!(step, Step::Rights(_))).map(|(path, _)| path.clone()).collect();
        steps.retain(|path, _| !is_inside(path, &whole));
        let logger = match steps.get(&LOG) {
            Some(Step::Add(_)) if sides.plan.placement == Placement::New && !sides.is_new() => Some(LoggerChange::Appears),
            Some(Step::Remove(_)) => Some(LoggerChange::Disappears),
            _ => None,
        };
        check_removed(sides, &steps)?;
        let built = built(sides.plan, steps.values().filter(|step| step.is_built()).map(Step::path));
        let mut steps: Vec<Step> = steps.into_values().collect();
        // A definition goes before it leaves the list: what the list does not have is somebody else's at any moment.
        let is_delisted = |step: &Step| matches!(step, Step::Remove(path) if Name::new(path.as_bytes()).is_ok_and(|name| scope.is_listed(&name)));
        steps.sort_by_key(|step| (!is_delisted(step), rank(step)));
        Ok(Self { built, steps, logger })
    }

    /// A note about the refusal of a refresh. `None`: there are [steps](Self::of).
    #[must_use]
    pub fn refusal(sides: &Sides<'_>, differences: &Differences, room: u32) -> Option<Note> {
        Self::of(sides, differences, room).err().map(Note::NotRefreshable)
    }
}

/// The place of a step in the order: whatever another one needs comes before it.
pub(super) fn rank(step: &Step) -> u8 {
    match step {
        // First, since some file systems refuse it: then everything is as it was.
        Step::Exchange(_) => 0,
        Step::Rights(_) => 1,
        Step::Add(_) => 2,
        Step::Replace(_) => 3,
        // The link comes last: whoever sees it finds the instance.
        Step::AddInstance(path) if path.starts_with(&INSTANCES) => 4,
        Step::AddInstance(_) => 5,
        Step::Remove(_) => 6,
    }
}

fn is_inside(path: &TreePath, whole: &BTreeSet<TreePath>) -> bool {
    path.ancestors().any(|directory| whole.contains(&directory))
}

/// The step that brings `unit` up to date.
fn step(sides: &Sides<'_>, scope: &Scope, unit: &TreePath) -> Result<Option<Step>, RefreshError> {
    let planned = sides.plan.tree.get(unit).map(|node| &node.kind);
    let found = sides.found.get(unit).map(|state| &state.kind);
    let is_directory = |kind: &StateKind| *kind == StateKind::Directory;
    Ok(Some(match (planned, found) {
        (None, None) => return Ok(None),
        (Some(_), None) if scope.claim(unit) == Claim::Instance => Step::AddInstance(unit.clone()),
        (Some(_), None) => Step::Add(unit.clone()),
        (None, Some(_)) => Step::Remove(unit.clone()),
        (Some(_), Some(found)) if scope.is_open(unit) => {
            if !is_directory(found) {
                return Err(RefreshError::NotADirectory(unit.clone()));
            }
            Step::Rights(unit.clone())
        }
        // Nobody but the programs of s6 replaces the parts of an instance.
        (Some(planned), Some(_)) if scope.claim(unit) == Claim::Instance => {
            return Err(match planned {
                Kind::Symlink(_) => RefreshError::NotALink(unit.clone()),
                _ => RefreshError::NotADirectory(unit.clone()),
            });
        }
        (Some(planned), Some(found)) => match (planned, found) {
            (Kind::Directory, _) | (_, StateKind::Directory) => Step::Exchange(unit.clone()),
            _ => Step::Replace(unit.clone()),
        },
    }))
}

/// Fails when a directory that is removed contains what stays.
fn check_removed(sides: &Sides<'_>, steps: &BTreeMap<TreePath, Step>) -> Result<(), RefreshError> {
    for directory in steps.values().filter(|step| matches!(step, Step::Remove(_))).map(Step::path) {
        if let Some((foreign, _)) = within(sides.found, directory).find(|(path, _)| sides.scope.claim(path) == Claim::Foreign) {
            return Err(RefreshError::Occupied { directory: directory.clone(), foreign: foreign.clone() });
        }
    }
    Ok(())
}

fn check_room(sides: &Sides<'_>, room: u32) -> Result<(), RefreshError> {
    if sides.plan.placement == Placement::Within {
        return Ok(());
    }
    let linked = sides.found.keys().filter_map(|path| path.split()).filter(|(directory, _)| *directory == INSTANCE.as_bytes());
    let declared = sides.plan.tree.iter().filter_map(|(path, _)| path.split());
    let declared = declared.filter(|(directory, _)| *directory == INSTANCE.as_bytes());
    let mut names: BTreeSet<&[u8]> = linked.chain(declared).map(|(_, name)| name).collect();
    let copies: Vec<_> = copies::instances(sides.found).map(|(_, path)| path).collect();
    names.extend(copies.iter().filter_map(|path| path.split()).map(|(_, name)| name));
    let existing = names.len();
    if u32::try_from(existing).map_or(true, |existing| existing > room) {
        return Err(RefreshError::TooManyInstances { existing, room });
    }
    Ok(())
}

/// The part of the plan at and below `units`, with the directories that they are in.
fn built<'u>(plan: &Plan, units: impl Iterator<Item = &'u TreePath>) -> Tree<Content> {
    let units: BTreeSet<TreePath> = units.cloned().collect();
    let around: BTreeSet<TreePath> = units.iter().flat_map(TreePath::ancestors).collect();
    plan.tree.filtered(|path| units.contains(path) || around.contains(path) || is_inside(path, &units))
}
