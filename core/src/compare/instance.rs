//! The refresh of one instance's copy of the template, in place (docs/original.md, "Bringing a living service up to date").

use super::copies::{Fingerprint, Version};
use super::sides::{Contents, Equality, OwnerPower, Sides, below_template, is_same};
use super::state::{Found, State, StateKind, within};
use super::step::{Step, rank};
use crate::layout::{INSTANCES, LOG};
use crate::path::TreePath;
use crate::plan::Content;
use crate::tree::{Kind, Meta, Mode, Node, Tree};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Directories that s6 gives a meaning as a whole, and that are exchanged as a whole.
const WHOLE: [TreePath; 2] = [TreePath::constant(&"data"), TreePath::constant(&"env")];

/// The refresh of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceRefresh {
    /// The entries that are built, with the directories that they are in, by their paths below DIR.
    pub built: Tree<Content>,
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// The template has a logger and the copy has none, or the other way round: `log` stays as it is.
    pub keeps_logger: bool,
}

impl Sides<'_> {
    /// Computes the refresh of the copy `instances/NAME`, which is at `copy`, to `current`, the plan's own
    /// [version](Self::template_version) of the template. `found` has the digests of its files; `older` are the templates that it
    /// can be a copy of as well.
    #[must_use]
    pub fn refresh_instance(
        &self,
        copy: &TreePath,
        found: &Found,
        contents: &Contents,
        current: &Version,
        older: &[Version],
    ) -> InstanceRefresh {
        let mut work = Work { copy, found, current, older, steps: Vec::new(), done: BTreeSet::new() };
        let mut keeps_logger = false;
        let planned: Vec<(TreePath, &Node<Content>)> = self.template_entries().collect();
        for (inner, node) in &planned {
            let Ok(path) = copy.join_path(inner) else { continue };
            if work.is_done(&path) {
                continue;
            }
            let expected = self.planned(&below_template(inner), node, contents);
            let there = found.get(&path);
            if *inner == LOG && is_directory(&expected) != there.is_some_and(is_directory) {
                keeps_logger = true;
                work.done.insert(path);
                continue;
            }
            match there {
                None => work.whole(Step::Add(path)),
                Some(there) => {
                    let is_equal = is_same(&expected, there, Equality::NotShown)
                        && (self.power == OwnerPower::Keeps || expected.owner == there.owner);
                    work.bring(inner, path, &expected, there, is_equal);
                }
            }
        }
        keeps_logger |= work.remove_outdated();
        let Work { mut steps, .. } = work;
        steps.sort_by_key(rank);
        let built = self.instance_tree(copy, &planned, &steps);
        InstanceRefresh { built, steps, keeps_logger }
    }

    /// The part of the template that `steps` need, as part of the copy, with the directories around it.
    fn instance_tree(&self, copy: &TreePath, planned: &[(TreePath, &Node<Content>)], steps: &[Step]) -> Tree<Content> {
        let meta = Meta::callers(Mode::new(0o755));
        let mut tree = Tree::new(meta);
        let units: BTreeSet<TreePath> = steps.iter().filter(|step| step.is_built()).map(|step| step.path().clone()).collect();
        let is_needed = |path: &TreePath| units.iter().any(|unit| path.starts_with(unit) || unit.starts_with(path));
        if !units.is_empty() {
            // Neither can be a duplicate, nor without a parent.
            let _ = tree.insert(INSTANCES, Node::new(meta, Kind::Directory));
        }
        for (inner, node) in planned {
            if let Ok(path) = copy.join_path(inner)
                && is_needed(&path)
            {
                let _ = tree.insert(path, (*node).clone());
            }
        }
        tree
    }
}

/// An instance's refresh in the making.
struct Work<'w> {
    copy: &'w TreePath,
    found: &'w Found,
    current: &'w Version,
    older: &'w [Version],
    steps: Vec<Step>,
    /// Entries that are dealt with, with all that is below them.
    done: BTreeSet<TreePath>,
}

impl Work<'_> {
    fn is_done(&self, path: &TreePath) -> bool {
        self.done.contains(path) || path.ancestors().any(|directory| self.done.contains(&directory))
    }

    fn whole(&mut self, step: Step) {
        self.done.insert(step.path().clone());
        self.steps.push(step);
    }

    /// Adds the step by which an entry that is there becomes what is expected.
    fn bring(&mut self, inner: &TreePath, path: TreePath, expected: &State, there: &State, is_equal: bool) {
        match (is_directory(expected), is_directory(there)) {
            (true, true) if WHOLE.contains(inner) && self.is_known(&path) && !self.is_current(inner, &path, is_equal) => {
                self.whole(Step::Exchange(path));
            }
            (true, true) if !is_equal => self.steps.push(Step::Rights(path)),
            _ if is_equal => {}
            (false, false) => self.whole(Step::Replace(path)),
            // What no template put there would be lost with the directory.
            (false, true) if !self.is_known(&path) => {
                self.done.insert(path);
            }
            _ => self.whole(Step::Exchange(path)),
        }
    }

    /// Adds the steps that take away what only older templates have. Returns `true` if that is a logger, which stays.
    fn remove_outdated(&mut self) -> bool {
        let mut keeps_logger = false;
        let below: Vec<(TreePath, TreePath)> = self.below(self.copy).collect();
        for (inner, path) in below {
            if self.is_done(&path) || self.current.0.contains_key(&inner) || !self.was_template(&inner) {
                continue;
            }
            if inner == LOG {
                keeps_logger = true;
                self.done.insert(path);
            } else if self.is_known(&path) {
                self.whole(Step::Remove(path));
            }
        }
        keeps_logger
    }

    /// The entries below `directory`, each by its path in the template and below DIR.
    fn below(&self, directory: &TreePath) -> impl Iterator<Item = (TreePath, TreePath)> + '_ {
        within(self.found, directory).filter_map(|(path, _)| Some((path.below(self.copy)?, path.clone())))
    }

    fn was_template(&self, inner: &TreePath) -> bool {
        self.older.iter().any(|version| version.0.contains_key(inner))
    }

    /// Returns `true` if `path` and all below it are entries that a template has had.
    fn is_known(&self, path: &TreePath) -> bool {
        self.below(path).all(|(inner, _)| self.current.0.contains_key(&inner) || self.was_template(&inner))
    }

    /// Returns `true` if the directory at `path` equals that of the current template, with all below it.
    fn is_current(&self, directory: &TreePath, path: &TreePath, is_equal: bool) -> bool {
        let found = |inner: &TreePath| self.copy.join_path(inner).ok().and_then(|path| self.found.get(&path));
        let mut expected = within(&self.current.0, directory);
        is_equal
            && expected.all(|(inner, expected)| found(inner).is_some_and(|state| expected.is(&Fingerprint::of(state))))
            && self.below(path).all(|(inner, _)| self.current.0.contains_key(&inner))
    }
}

fn is_directory(state: &State) -> bool {
    state.kind == StateKind::Directory
}
