//! The copies of a template that instances are: of which template, and whether somebody edited them.

use super::scope::is_of_supervisors;
use super::state::{Digest, Found, State, StateKind, within};
use crate::instances::InstanceName;
use crate::layout::INSTANCES;
use crate::path::TreePath;
use crate::tree::Mode;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The state of an entry, as far as copies of it have it: all but the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fingerprint {
    /// A directory and its mode.
    Directory(Mode),
    /// A regular file, its mode, and the digest of its contents. `None`: they were not read, and equal nothing.
    File(Mode, Option<Digest>),
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// A named pipe and its mode.
    Fifo(Mode),
    /// An entry that no template contains.
    Other,
}

impl Fingerprint {
    /// The fingerprint of an entry in this state.
    #[must_use]
    pub fn of(state: &State) -> Self {
        match &state.kind {
            StateKind::Directory => Self::Directory(state.mode),
            StateKind::File { digest, .. } => Self::File(state.mode, *digest),
            StateKind::Symlink(target) => Self::Symlink(target.clone()),
            StateKind::Fifo => Self::Fifo(state.mode),
            StateKind::Socket | StateKind::Device => Self::Other,
        }
    }

    /// Returns `true` if both are known and equal.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        !matches!(self, Self::File(_, None) | Self::Other) && self == other
    }
}

/// A template at one moment: its entries by path, without the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version(pub BTreeMap<TreePath, Fingerprint>);

impl Version {
    /// The entries of `found` below `directory`, a template or a copy of one, as far as copies have them.
    #[must_use]
    pub fn below(found: &Found, directory: &TreePath) -> Self {
        let inner = |path: &TreePath| path.below(directory).filter(|inner| !is_of_supervisors(inner.components()));
        Self(within(found, directory).filter_map(|(path, state)| Some((inner(path)?, Fingerprint::of(state)))).collect())
    }

    /// Returns `true` if `copy` has an entry of this version that `current` does not have.
    #[must_use]
    pub fn explains(&self, copy: &Self, current: &Self) -> bool {
        copy.0.iter().any(|(path, found)| self.has(path, found) && !current.has(path, found))
    }

    fn has(&self, path: &TreePath, found: &Fingerprint) -> bool {
        self.0.get(path).is_some_and(|fingerprint| fingerprint.is(found))
    }
}

/// The state of an instance's copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyState {
    /// It equals the template of the plan.
    Current,
    /// Each of its entries equals one of a known template, and some are older or absent.
    Older,
    /// The entry at this path, in the instance, equals none of any known template.
    Edited(TreePath),
}

impl CopyState {
    /// Judges `copy`. An entry that no version has at all is not part of a copy; it stays.
    #[must_use]
    pub fn of(copy: &Version, current: &Version, older: &[Version]) -> Self {
        let known = |path: &TreePath| current.0.contains_key(path) || older.iter().any(|version| version.0.contains_key(path));
        let is_known = |path: &TreePath, found: &Fingerprint| {
            current.has(path, found) || older.iter().any(|version| version.has(path, found))
        };
        if let Some((path, _)) = copy.0.iter().find(|(path, found)| known(path) && !is_known(path, found)) {
            return Self::Edited(path.clone());
        }
        let is_current = current.0.iter().all(|(path, expected)| copy.0.get(path).is_some_and(|found| found.is(expected)))
            && copy.0.keys().all(|path| current.0.contains_key(path) || !known(path));
        if is_current { Self::Current } else { Self::Older }
    }
}

/// The instances whose copies are among `found`, and the paths of these.
pub fn instances(found: &Found) -> impl Iterator<Item = (InstanceName, TreePath)> + '_ {
    found.iter().filter_map(|(path, state)| {
        let (directory, name) = path.split()?;
        let is_copy = directory == INSTANCES.as_bytes() && state.kind == StateKind::Directory;
        let name = is_copy.then(|| InstanceName::new(name).ok()).flatten()?;
        Some((name, path.clone()))
    })
}
