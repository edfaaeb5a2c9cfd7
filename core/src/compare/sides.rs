//! The two sides of a comparison, and the comparison itself.

use super::copies::{Fingerprint, Version};
use super::difference::{Difference, Differences, Fate, cause};
use super::note::{Note, Owners};
use super::refresh_error::RefreshError;
use super::scope::{Claim, Scope, is_of_supervisors};
use super::state::{Digest, Found, State, StateKind};
use crate::layout::{INSTANCE, INSTANCES, RECORD, RUN, TEMPLATE, TYPE};
use crate::path::{Name, TreePath};
use crate::plan::{Content, Placement, Plan};
use crate::template::Template;
use crate::tree::{Ids, Kind, Node};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The contents of files, as far as they were read: compared, or as digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The files at DIR that have the planned contents, by their paths there.
    pub equal: BTreeSet<TreePath>,
    /// Those of files of the template, by their paths in it.
    pub template: BTreeMap<TreePath, Digest>,
    /// Those of generated files, by their paths in the plan.
    pub generated: BTreeMap<TreePath, Digest>,
    /// Those of files at DIR, by their paths there.
    pub found: BTreeMap<TreePath, Digest>,
}

/// The power of the caller over owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerPower {
    /// It can give files away: another owner is a difference.
    Gives,
    /// It cannot: another owner is a note.
    Keeps,
}

/// The two sides of a comparison, and who compares.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The template of the plan.
    pub template: &'a Template,
    /// The entries at DIR. Empty: DIR is absent.
    pub found: &'a Found,
    /// The entries of DIR that are compared.
    pub scope: &'a Scope,
    /// The caller, the owner of whatever a plan names no owner for.
    pub caller: Ids,
    /// Its power over owners.
    pub power: OwnerPower,
}

/// Compares. Of each file that [`Sides::questions`] names, `contents` must have the digests, or that it is equal; any other file
/// counts as different.
#[must_use]
pub fn compare(sides: &Sides<'_>, contents: &Contents) -> Differences {
    let scope = sides.scope;
    let mut owners = Owners::default();
    let mut differences = Vec::new();
    for path in sides.paths(scope) {
        let (planned, found) = (sides.plan.tree.get(&path), sides.found.get(&path));
        let planned = planned.map(|node| (node, sides.planned(&path, node, contents)));
        let found = found.map(|state| sides.read(&path, state, contents));
        differences.extend(sides.difference(scope, path, planned, found, contents, &mut owners));
    }
    let mut notes = sides.absent_directories();
    notes.extend(owners.note());
    Differences { entries: differences, notes }
}

/// The files whose contents a comparison needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Files of the template, by their paths in it.
    pub template: BTreeSet<TreePath>,
    /// Generated files, by their paths in the plan.
    pub generated: BTreeSet<TreePath>,
    /// Files at DIR, by their paths there.
    pub found: BTreeSet<TreePath>,
}

impl Sides<'_> {
    /// Returns the files that must be read: those that have the size that is planned. Others differ without being read.
    #[must_use]
    pub fn questions(&self) -> Questions {
        let scope = self.scope;
        let mut questions = Questions::default();
        for (path, node) in self.plan.tree.iter() {
            let Kind::File(content) = &node.kind else { continue };
            let found = self.found.get(path).and_then(|state| state.kind.size());
            if scope.claim(path) != Claim::Plan || found != Some(content.size(self.template)) {
                continue;
            }
            match content {
                Content::Template(original) => questions.template.insert(original.clone()),
                Content::Generated(_) => questions.generated.insert(path.clone()),
            };
            questions.found.insert(path.clone());
        }
        questions
    }

    /// Returns `true` if nothing is at DIR, or an empty directory.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.found.keys().all(TreePath::is_root)
    }

    /// The paths of both sides that can differ, in order.
    fn paths(&self, scope: &Scope) -> BTreeSet<TreePath> {
        let is_compared = |path: &&TreePath| match scope.claim(path) {
            Claim::Plan | Claim::Foreign => true,
            Claim::Instance | Claim::Record => false,
        };
        // The root of a plan that becomes entries of DIR is not DIR.
        let is_dir = |path: &&TreePath| self.plan.placement == Placement::New || !path.is_root();
        let planned = self
            .plan
            .tree
            .iter()
            .map(|(path, _)| path)
            .filter(|path| is_compared(path) || self.is_new_instance(path) || self.is_no_instance(path));
        planned.chain(self.found.keys().filter(is_compared)).filter(is_dir).cloned().collect()
    }

    /// Returns `true` if `path` belongs to a declared instance that is absent.
    fn is_new_instance(&self, path: &TreePath) -> bool {
        let mut names = path.components();
        match (names.next(), names.next()) {
            (Some(directory), Some(_)) if directory == INSTANCE.as_bytes() => !self.found.contains_key(path),
            (Some(directory), Some(name)) if directory == INSTANCES.as_bytes() => {
                let name = Name::new(name).ok();
                let copy = name.and_then(|name| INSTANCES.join(&name).ok());
                copy.is_some_and(|copy| !self.found.contains_key(&copy))
            }
            _ => false,
        }
    }

    /// Returns `true` if another type of file is at `path` than the link or the directory of a declared instance.
    fn is_no_instance(&self, path: &TreePath) -> bool {
        let directory = path.split().map(|(directory, _)| directory);
        match self.found.get(path).filter(|_| self.plan.tree.get(path).is_some()).map(|found| &found.kind) {
            Some(kind) if directory == Some(INSTANCE.as_bytes()) => !matches!(kind, StateKind::Symlink(_)),
            Some(kind) if directory == Some(INSTANCES.as_bytes()) => *kind != StateKind::Directory,
            _ => false,
        }
    }

    /// The state that the plan gives an entry.
    pub(super) fn planned(&self, path: &TreePath, node: &Node<Content>, contents: &Contents) -> State {
        let kind = match &node.kind {
            Kind::Directory => StateKind::Directory,
            Kind::Symlink(target) => StateKind::Symlink(target.clone()),
            Kind::Fifo => StateKind::Fifo,
            Kind::File(content) => {
                let digest = match content {
                    Content::Template(original) => contents.template.get(original),
                    Content::Generated(_) => contents.generated.get(path),
                };
                StateKind::File { size: content.size(self.template), digest: digest.copied() }
            }
        };
        State { mode: node.meta.mode, owner: node.meta.owner.unwrap_or(self.caller), kind }
    }

    /// A found state with the digest of its contents.
    fn read(&self, path: &TreePath, state: &State, contents: &Contents) -> State {
        match state.kind {
            StateKind::File { size, digest } => {
                let digest = digest.or_else(|| contents.found.get(path).copied());
                State { kind: StateKind::File { size, digest }, ..*state }
            }
            _ => state.clone(),
        }
    }

    fn difference(
        &self,
        scope: &Scope,
        path: TreePath,
        planned: Option<(&Node<Content>, State)>,
        found: Option<State>,
        contents: &Contents,
        owners: &mut Owners,
    ) -> Option<Difference> {
        let (fate, cause) = match (&planned, &found) {
            (None, None) => return None,
            (None, Some(_)) if scope.claim(&path) == Claim::Plan => (Fate::Removed, None),
            (None, Some(_)) => (Fate::Kept, None),
            // git keeps no empty directories.
            (Some(_), None) if self.is_empty_directory(&path) => return None,
            (Some(_), None) => (Fate::Created, None),
            (Some((node, planned)), Some(found)) => {
                let other_owner = planned.owner != found.owner;
                if other_owner && self.power == OwnerPower::Keeps {
                    owners.add(&path, found.owner, planned.owner);
                }
                let is_different =
                    !is_same(planned, found, contents.equal.contains(&path)) || other_owner && self.power == OwnerPower::Gives;
                if !is_different {
                    return None;
                }
                (Fate::Replaced, cause(node, planned, found))
            }
        };
        Some(Difference { path, found, planned: planned.map(|(_, state)| state), fate, cause })
    }

    /// Returns `true` if `path` is `instance` or `instances`, and the plan puts nothing into it that is absent.
    fn is_empty_directory(&self, path: &TreePath) -> bool {
        let is_inside = |inner: &TreePath| inner != path && inner.starts_with(path);
        self.plan.placement == Placement::New
            && !self.found.is_empty()
            && [INSTANCE, INSTANCES].contains(path)
            && !self.plan.tree.iter().any(|(inner, _)| is_inside(inner))
    }

    fn absent_directories(&self) -> Vec<Note> {
        let absent = [INSTANCE, INSTANCES].into_iter().filter(|path| {
            self.plan.tree.get(path).is_some() && !self.found.contains_key(path) && self.is_empty_directory(path)
        });
        absent.map(Note::EmptyDirectory).collect()
    }

    /// The part of the plan that is the copy of the template, by paths below it, as far as copies of it have it.
    #[must_use]
    pub fn template_version(&self, contents: &Contents) -> Version {
        let entries = self.template_entries().filter(|(inner, _)| !inner.is_root()).map(|(inner, node)| {
            let state = self.planned(&below_template(&inner), node, contents);
            (inner, Fingerprint::of(&state))
        });
        Version(entries.collect())
    }

    /// The entries of the copy of the template that copies of it have, by their paths below it; the root first.
    pub(super) fn template_entries(&self) -> impl Iterator<Item = (TreePath, &Node<Content>)> {
        self.plan.tree.within(&TEMPLATE).filter_map(|(path, node)| {
            let inner = if *path == TEMPLATE { TreePath::ROOT } else { path.below(&TEMPLATE)? };
            let inner = Some(inner).filter(|inner| !is_of_supervisors(inner.components()))?;
            Some((inner, node))
        })
    }
}

/// The path of an entry of the template in DIR.
pub(super) fn below_template(inner: &TreePath) -> TreePath {
    TEMPLATE.join_path(inner).unwrap_or(TEMPLATE)
}

/// Returns `true` if nothing but the owner can differ. `are_equal`: the contents were compared.
pub(super) fn is_same(planned: &State, found: &State, are_equal: impl Into<Equality>) -> bool {
    match (&planned.kind, &found.kind) {
        // The mode of a link means nothing.
        (StateKind::Symlink(planned), StateKind::Symlink(found)) => planned == found,
        (StateKind::File { size, digest }, StateKind::File { size: found_size, digest: found_digest }) => {
            let is_equal = are_equal.into() == Equality::Shown || digest.is_some() && digest == found_digest;
            planned.mode == found.mode && size == found_size && is_equal
        }
        (planned_kind, found_kind) => planned.mode == found.mode && planned_kind == found_kind,
    }
}

/// The result of a comparison of contents, byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Equality {
    /// They are equal.
    Shown,
    /// There was none, or they differ.
    NotShown,
}

impl From<bool> for Equality {
    fn from(is_equal: bool) -> Self {
        if is_equal { Self::Shown } else { Self::NotShown }
    }
}

/// The reason why DIR is refused whatever differs.
pub(super) fn refusal(sides: &Sides<'_>) -> Option<RefreshError> {
    if let Some(missing) = stranger(sides, sides.scope) {
        return Some(RefreshError::NotOurs(missing));
    }
    let conflicts = sides.scope.conflicts();
    taken(sides).or_else(|| (!conflicts.is_empty()).then(|| RefreshError::Conflict(conflicts.clone())))
}

/// A static instance of the plan whose name somebody else's definition has.
fn taken(sides: &Sides<'_>) -> Option<RefreshError> {
    let list = sides.scope.list()?;
    let is_taken = |part: &Name| {
        sides.scope.is_static(part) && sides.found.contains_key(&TreePath::from(part.clone())) && !sides.scope.is_listed(part)
    };
    sides.plan.parts().find(is_taken).map(|definition| RefreshError::Taken { definition, list })
}

/// The entry that shows by its absence that DIR is something else.
fn stranger(sides: &Sides<'_>, scope: &Scope) -> Option<TreePath> {
    let is_missing = |path: &TreePath| !sides.found.contains_key(path);
    match sides.plan.placement {
        Placement::New => {
            // A refresh of an empty directory that was killed leaves the record.
            let is_ours = sides.is_new() || !is_missing(&TreePath::from(RECORD));
            let signs = [TreePath::from(RUN), TEMPLATE];
            (!is_ours).then(|| signs.into_iter().find(is_missing)).flatten()
        }
        Placement::Within => {
            let parts = sides.plan.parts().map(TreePath::from).filter(|part| !is_missing(part) && scope.is_open(part));
            parts.filter_map(|part| part.join(&TYPE).ok()).find(is_missing)
        }
    }
}
