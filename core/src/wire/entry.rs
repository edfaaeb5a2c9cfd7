//! Entries of a template or of a plan, and the digest by which a plan says which template it was computed from.

use super::bytes::{Bytes, sha256};
use super::json::{WireError, to_json, word};
use crate::compare::Digest;
use crate::path::TreePath;
use crate::template::Template;
use crate::tree::{Ids, Kind, Meta, Mode, Node, Tree};
use alloc::borrow::Cow;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a template's manifest: names, kinds, modes, owners, sizes, link targets and the first bytes of control scripts;
/// no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateDigest([u8; 32]);

impl TemplateDigest {
    /// The digest of a manifest.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        Self(Sha256::digest(to_json(&entries_of_template(template))).into())
    }

    /// Reads 64 lower-case hexadecimal digits, the form that is displayed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        sha256(text).map(Self)
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for TemplateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digest(self.0).fmt(f)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KindV3 {
    Dir,
    File,
    Link,
    Fifo,
}

/// An entry of a template or of a plan; which members it has depends on its kind and on the document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryV3<'a> {
    #[serde(borrow)]
    pub(super) path: Bytes<'a>,
    #[serde(deserialize_with = "word")]
    pub(super) kind: KindV3,
    #[serde(borrow)]
    pub(super) mode: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<[u32; 2]>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Bytes<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<Bytes<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Bytes<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) copy: Option<Bytes<'a>>,
}

impl<'a> EntryV3<'a> {
    pub(super) fn of<C>(path: &'a TreePath, node: &'a Node<C>) -> Self {
        let (kind, target) = match &node.kind {
            Kind::Directory => (KindV3::Dir, None),
            Kind::File(_) => (KindV3::File, None),
            Kind::Symlink(target) => (KindV3::Link, Some(Bytes::of(target))),
            Kind::Fifo => (KindV3::Fifo, None),
        };
        Self {
            path: Bytes::of(path.as_bytes()),
            kind,
            mode: node.meta.mode.to_string().into(),
            owner: node.meta.owner.map(owner),
            target,
            size: None,
            head: None,
            text: None,
            copy: None,
        }
    }
}

/// The members of an entry that describe the content of a file.
pub(super) struct FileEntry<'a> {
    pub(super) size: Option<u64>,
    pub(super) head: Option<Bytes<'a>>,
    pub(super) text: Option<Bytes<'a>>,
    pub(super) copy: Option<Bytes<'a>>,
}

pub(super) fn entries_of_template(template: &Template) -> Vec<EntryV3<'_>> {
    let entries = template.tree().iter().map(|(path, node)| {
        let mut entry = EntryV3::of(path, node);
        if let Kind::File(file) = &node.kind {
            entry.size = Some(file.size);
            entry.head = file.head.as_deref().map(Bytes::of);
        }
        entry
    });
    entries.collect()
}

/// The tree that `entries` are; the first one is its root.
pub(super) fn tree_of<'a, C>(
    what: &'static str,
    entries: Vec<EntryV3<'a>>,
    content: impl Fn(FileEntry<'a>) -> Result<C, &'static str>,
) -> Result<Tree<C>, WireError> {
    let mut tree: Option<Tree<C>> = None;
    for (index, entry) in entries.into_iter().enumerate() {
        let path = TreePath::parse(entry.path.0).map_err(|source| WireError::Path { what, index, source })?;
        let refuse = |reason| WireError::Entry { what, path: path.clone(), reason };
        let mode = Mode::parse(entry.mode.as_bytes()).ok_or_else(|| refuse("its mode is not four octal digits"))?;
        let meta = Meta { mode, owner: entry.owner.map(ids) };
        let is_file = entry.kind == KindV3::File;
        let file = FileEntry { size: entry.size, head: entry.head, text: entry.text, copy: entry.copy };
        let has_content = file.size.is_some() || file.head.is_some() || file.text.is_some() || file.copy.is_some();
        if has_content && !is_file {
            return Err(refuse("only a file has contents"));
        }
        let kind = match (entry.kind, entry.target) {
            (KindV3::Link, Some(target)) if !target.0.is_empty() && !target.0.contains(&0) => {
                Kind::Symlink(target.0.into_owned())
            }
            (KindV3::Link, _) => return Err(refuse("a link has a target, without a NUL in it")),
            (_, Some(_)) => return Err(refuse("only a link has a target")),
            (KindV3::Dir, None) => Kind::Directory,
            (KindV3::Fifo, None) => Kind::Fifo,
            (KindV3::File, None) => Kind::File(content(file).map_err(refuse)?),
        };
        match (&mut tree, kind) {
            (None, Kind::Directory) if path.is_root() => tree = Some(Tree::new(meta)),
            (None, _) => return Err(refuse("the first entry must be the root directory")),
            (Some(tree), kind) => {
                tree.insert(path, Node::new(meta, kind)).map_err(|source| WireError::Tree { what, source })?;
            }
        }
    }
    tree.ok_or(WireError::Part { what, part: "list of entries: it is empty" })
}

pub(super) const fn owner(ids: Ids) -> [u32; 2] {
    [ids.uid, ids.gid]
}

pub(super) const fn ids([uid, gid]: [u32; 2]) -> Ids {
    Ids { uid, gid }
}
