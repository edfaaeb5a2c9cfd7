//! A plan beside what is at DIR: the differences that a refresh would remove, and notes about what it leaves alone.
//!
//! Pure: a walk and the contents of files are its arguments. What belongs to the living service is never a difference
//! (docs/original.md, "Bringing a living service up to date").

mod copies;
mod difference;
mod instance;
mod note;
mod scope;
mod sides;
mod state;
mod step;

pub use copies::{CopyState, Fingerprint, Version, instances};
pub use difference::{Cause, Difference, Differences, Fate};
pub use instance::InstanceRefresh;
pub use note::{Note, notes};
pub use scope::{Claim, Scope, Visit};
pub use sides::{Contents, OwnerPower, Questions, Sides, template_path};
pub use state::{Digest, Found, State, StateKind};
pub use step::{LoggerChange, Refresh, RefreshError, Step};

pub use crate::layout::{RECORD, STAGING_PREFIX};

use crate::layout::{INSTANCE, INSTANCES};
use crate::path::TreePath;
use crate::plan::{Content, Placement};
use crate::tree::Node;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use sides::is_same;

/// Compares. `contents` must have the digests that [`Sides::questions`] names; a file whose digest is missing counts as different.
#[must_use]
pub fn compare(sides: &Sides<'_>, contents: &Contents) -> Differences {
    let scope = Scope::of(sides.plan);
    let mut owners = note::Owners::default();
    let mut differences = Vec::new();
    for path in sides.paths(&scope) {
        let (planned, found) = (sides.plan.tree.get(&path), sides.found.get(&path));
        let planned = planned.map(|node| (node, sides.planned(&path, node, contents)));
        let found = found.map(|state| sides.read(&path, state, contents));
        differences.extend(sides.difference(&scope, path, planned, found, &mut owners));
    }
    let mut notes = sides.absent_directories();
    notes.extend(owners.note());
    notes.extend(sides.foreign(&scope));
    Differences { entries: differences, notes }
}

impl Sides<'_> {
    /// The paths of both sides that can differ, in order.
    fn paths(&self, scope: &Scope) -> BTreeSet<TreePath> {
        let is_compared = |path: &&TreePath| match scope.claim(path) {
            Claim::Plan | Claim::Foreign => true,
            Claim::Instance => false,
        };
        // The root of a plan that becomes entries of DIR is not DIR.
        let is_dir = |path: &&TreePath| self.plan.placement == Placement::New || !path.is_root();
        let planned =
            self.plan.tree.iter().map(|(path, _)| path).filter(|path| is_compared(path) || self.is_new_instance(path));
        planned.chain(self.found.keys().filter(is_compared)).filter(is_dir).cloned().collect()
    }

    /// Returns `true` if `path` belongs to a declared instance that is absent.
    fn is_new_instance(&self, path: &TreePath) -> bool {
        let mut names = path.components();
        match (names.next(), names.next()) {
            (Some(directory), Some(_)) if directory == INSTANCE.as_bytes() => !self.found.contains_key(path),
            (Some(directory), Some(name)) if directory == INSTANCES.as_bytes() => {
                let name = crate::path::Name::new(name).ok();
                let copy = name.and_then(|name| INSTANCES.join(&name).ok());
                copy.is_some_and(|copy| !self.found.contains_key(&copy))
            }
            _ => false,
        }
    }

    fn difference(
        &self,
        scope: &Scope,
        path: TreePath,
        planned: Option<(&Node<Content>, State)>,
        found: Option<State>,
        owners: &mut note::Owners,
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
                let is_different = !is_same(planned, found) || other_owner && self.power == OwnerPower::Gives;
                if !is_different {
                    return None;
                }
                (Fate::Replaced, difference::cause(node, planned, found))
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

    /// A note where DIR is there, and is not what a refresh would accept.
    fn foreign(&self, scope: &Scope) -> Option<Note> {
        step::stranger(self, scope).map(Note::NotOurs)
    }
}
