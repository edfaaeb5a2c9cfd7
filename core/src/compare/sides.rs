//! The two sides of a comparison: the state that the plan gives an entry, and the one that was found.

use super::copies::{Fingerprint, Version};
use super::scope::{Claim, Scope};
use super::state::{Digest, Found, State, StateKind};
use crate::layout::TEMPLATE;
use crate::path::TreePath;
use crate::plan::{Content, Plan};
use crate::template::Template;
use crate::tree::{Ids, Kind, Node};
use alloc::collections::{BTreeMap, BTreeSet};

/// The digests of file contents, as far as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
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
    /// What is at DIR. Empty: nothing is.
    pub found: &'a Found,
    /// The caller, the owner of whatever a plan names no owner for.
    pub caller: Ids,
    /// Its power over owners.
    pub power: OwnerPower,
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
        let scope = Scope::of(self.plan);
        let mut questions = Questions::default();
        for (path, node) in self.plan.tree.iter() {
            let Kind::File(content) = &node.kind else { continue };
            let found = self.found.get(path).and_then(|state| state.kind.size());
            if scope.claim(path) != Claim::Plan || found != Some(self.size(content)) {
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

    /// The size of a planned file, in bytes.
    fn size(&self, content: &Content) -> u64 {
        match content {
            Content::Generated(bytes) => bytes.len() as u64,
            Content::Template(path) => match self.template.tree().get(path).map(|node| &node.kind) {
                Some(Kind::File(file)) => file.size,
                _ => 0,
            },
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
                StateKind::File { size: self.size(content), digest: digest.copied() }
            }
        };
        State { mode: node.meta.mode, owner: node.meta.owner.unwrap_or(self.caller), kind }
    }

    /// A found state with the digest of its contents.
    pub(super) fn read(&self, path: &TreePath, state: &State, contents: &Contents) -> State {
        match state.kind {
            StateKind::File { size, digest } => {
                let digest = digest.or_else(|| contents.found.get(path).copied());
                State { kind: StateKind::File { size, digest }, ..*state }
            }
            _ => state.clone(),
        }
    }

    /// The part of the plan that is the copy of the template, by paths below it.
    #[must_use]
    pub fn template_version(&self, contents: &Contents) -> Version {
        let below = |path: &TreePath| {
            let inner = path.as_bytes().strip_prefix(TEMPLATE.as_bytes())?.strip_prefix(b"/")?;
            TreePath::parse(inner).ok()
        };
        let entries = self.plan.tree.iter().filter_map(|(path, node)| {
            let inner = below(path)?;
            Some((inner, Fingerprint::of(&self.planned(path, node, contents))))
        });
        Version(entries.collect())
    }
}

/// The path of the copy of the template in DIR.
#[must_use]
pub const fn template_path() -> TreePath {
    TEMPLATE
}

/// Returns `true` if nothing but the owner can differ.
pub(super) fn is_same(planned: &State, found: &State) -> bool {
    match (&planned.kind, &found.kind) {
        // The mode of a link means nothing.
        (StateKind::Symlink(planned), StateKind::Symlink(found)) => planned == found,
        (StateKind::File { size, digest }, StateKind::File { size: found_size, digest: found_digest }) => {
            planned.mode == found.mode && size == found_size && digest.is_some() && digest == found_digest
        }
        (planned_kind, found_kind) => planned.mode == found.mode && planned_kind == found_kind,
    }
}
