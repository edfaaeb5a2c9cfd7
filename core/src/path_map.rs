//! A map from paths to values, in the order of the paths.
//!
//! Nearly all maps with paths as keys are made in that order: from a document, from a plan in the making. They are a list, which
//! takes the least memory and time. A map whose entries come in another order is a [`BTreeMap`].

use crate::path::TreePath;
use alloc::collections::{BTreeMap, btree_map};
use alloc::vec::Vec;
use core::iter::FusedIterator;
use core::mem;
use core::slice;

/// Values by path.
#[derive(Clone, Debug)]
pub(crate) struct PathMap<V>(Entries<V>);

#[derive(Clone, Debug)]
enum Entries<V> {
    /// In the order of the paths, none twice.
    Listed(Vec<(TreePath, V)>),
    /// Entries that came in another order.
    Mapped(BTreeMap<TreePath, V>),
}

impl<V> PathMap<V> {
    /// The map of these entries, which are in the order of the paths, none twice.
    pub(crate) fn listed(entries: Vec<(TreePath, V)>) -> Self {
        Self(Entries::Listed(entries))
    }

    /// Returns the value at `path`.
    pub(crate) fn get(&self, path: &TreePath) -> Option<&V> {
        match &self.0 {
            Entries::Listed(list) => {
                let at = list.binary_search_by(|(key, _)| key.cmp(path)).ok()?;
                list.get(at).map(|(_, value)| value)
            }
            Entries::Mapped(map) => map.get(path),
        }
    }

    /// Returns the value at `path`.
    pub(crate) fn get_mut(&mut self, path: &TreePath) -> Option<&mut V> {
        match &mut self.0 {
            Entries::Listed(list) => {
                let at = list.binary_search_by(|(key, _)| key.cmp(path)).ok()?;
                list.get_mut(at).map(|(_, value)| value)
            }
            Entries::Mapped(map) => map.get_mut(path),
        }
    }

    /// The last entry of a list; entries behind it can be [appended](Self::insert) without a search. `None`: there is no such list.
    pub(crate) fn last_listed(&self) -> Option<(&TreePath, &V)> {
        match &self.0 {
            Entries::Listed(list) => list.last().map(|(path, value)| (path, value)),
            Entries::Mapped(_) => None,
        }
    }

    /// Adds an entry; where there is one, it stays and its path is returned.
    pub(crate) fn insert(&mut self, path: TreePath, value: V) -> Result<(), TreePath> {
        match &mut self.0 {
            Entries::Listed(list) if list.last().is_none_or(|(last, _)| *last < path) => list.push((path, value)),
            Entries::Listed(list) => {
                self.0 = Entries::Mapped(mem::take(list).into_iter().collect());
                return self.insert(path, value);
            }
            Entries::Mapped(map) => match map.entry(path) {
                btree_map::Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                btree_map::Entry::Occupied(entry) => return Err(entry.key().clone()),
            },
        }
        Ok(())
    }

    /// All entries, in order.
    pub(crate) fn iter(&self) -> Iter<'_, V> {
        match &self.0 {
            Entries::Listed(list) => Iter::Listed(list.iter()),
            Entries::Mapped(map) => Iter::Mapped(map.iter()),
        }
    }

    /// The entries from `path` on, in order, whether it has one or not.
    pub(crate) fn from<'m>(&'m self, path: &TreePath) -> impl Iterator<Item = (&'m TreePath, &'m V)> + use<'m, V> {
        let (list, map) = match &self.0 {
            Entries::Listed(list) => (list.get(list.partition_point(|(key, _)| key < path)..), None),
            Entries::Mapped(map) => (None, Some(map.range(path.clone()..))),
        };
        list.into_iter().flatten().map(|(path, value)| (path, value)).chain(map.into_iter().flatten())
    }

    /// Returns the same map with its values changed by `change`, in the form that takes the least memory.
    pub(crate) fn changed(self, mut change: impl FnMut(&mut V)) -> Self {
        let mut list: Vec<_> = match self.0 {
            Entries::Listed(list) => list,
            Entries::Mapped(map) => map.into_iter().collect(),
        };
        list.shrink_to_fit();
        list.iter_mut().for_each(|(_, value)| change(value));
        Self(Entries::Listed(list))
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        match &self.0 {
            Entries::Listed(list) => list.len(),
            Entries::Mapped(map) => map.len(),
        }
    }
}

/// Maps with the same entries are equal, whatever order the entries came in.
impl<V: PartialEq> PartialEq for PathMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<V: Eq> Eq for PathMap<V> {}

/// The entries of a map, in order.
pub(crate) enum Iter<'m, V> {
    Listed(slice::Iter<'m, (TreePath, V)>),
    Mapped(btree_map::Iter<'m, TreePath, V>),
}

impl<'m, V> Iterator for Iter<'m, V> {
    type Item = (&'m TreePath, &'m V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Listed(entries) => entries.next().map(|(path, value)| (path, value)),
            Self::Mapped(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Listed(entries) => entries.size_hint(),
            Self::Mapped(entries) => entries.size_hint(),
        }
    }
}

impl<V> DoubleEndedIterator for Iter<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Self::Listed(entries) => entries.next_back().map(|(path, value)| (path, value)),
            Self::Mapped(entries) => entries.next_back(),
        }
    }
}

impl<V> ExactSizeIterator for Iter<'_, V> {}

impl<V> FusedIterator for Iter<'_, V> {}
