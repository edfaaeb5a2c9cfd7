//! Entries of a template or of a plan, and the digest by which a plan says which template it was computed from.

use super::bytes::{Bytes, sha256};
use super::json::{Object, WireError, to_json, word};
use crate::compare::Digest;
use crate::path::TreePath;
use crate::template::Template;
use crate::tree::{Ids, Kind, Meta, Mode, Node, Tree};
use alloc::borrow::Cow;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a template's manifest: names, kinds, modes, owners, sizes, link targets and the first bytes of control scripts;
/// no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateDigest([u8; 32]);

impl TemplateDigest {
    /// The digest of a manifest.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        Self(Sha256::digest(to_json(&Entries(template.tree()))).into())
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

/// The members about files in the entries of one kind of document.
pub(super) trait FileContent: Sized {
    /// The document, in messages.
    const WHAT: &'static str;
    /// `true` if every entry has an owner, and not only those that are not the caller's.
    const HAS_OWNERS: bool;

    /// Writes the members about a file.
    fn write<S: SerializeStruct>(&self, entry: &mut S) -> Result<(), S::Error>;

    /// Reads them; the error is the reason why there is no such file.
    fn read(file: FileEntry<'_>) -> Result<Self, &'static str>;
}

/// The entries of a tree, to be written one by one.
pub(super) struct Entries<'a, C>(pub(super) &'a Tree<C>);

impl<C: FileContent> Serialize for Entries<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(path, node)| Entry(path, node)))
    }
}

struct Entry<'a, C>(&'a TreePath, &'a Node<C>);

impl<C: FileContent> Serialize for Entry<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(path, node) = self;
        // JSON does not count members; all that matters is that there are some.
        let mut entry = serializer.serialize_struct("entry", 3)?;
        entry.serialize_field("path", &Bytes::of(path.as_bytes()))?;
        entry.serialize_field("kind", &KindV3::of(&node.kind))?;
        entry.serialize_field("mode", &Bytes::of(&node.meta.mode.digits()))?;
        if let Some(ids) = node.meta.owner {
            entry.serialize_field("owner", &owner(ids))?;
        }
        match &node.kind {
            Kind::File(content) => content.write(&mut entry)?,
            Kind::Symlink(target) => entry.serialize_field("target", &Bytes::of(target))?,
            Kind::Directory | Kind::Fifo => {}
        }
        entry.end()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindV3 {
    Dir,
    File,
    Link,
    Fifo,
}

impl KindV3 {
    const fn of<C>(kind: &Kind<C>) -> Self {
        match kind {
            Kind::Directory => Self::Dir,
            Kind::File(_) => Self::File,
            Kind::Symlink(_) => Self::Link,
            Kind::Fifo => Self::Fifo,
        }
    }
}

/// An entry of a template or of a plan, as it is read; which members it has depends on its kind and on the document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryV3<'a> {
    #[serde(borrow)]
    path: Bytes<'a>,
    #[serde(deserialize_with = "word")]
    kind: KindV3,
    #[serde(borrow)]
    mode: Cow<'a, str>,
    #[serde(default)]
    owner: Option<[u32; 2]>,
    #[serde(default, borrow)]
    target: Option<Bytes<'a>>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default, borrow)]
    head: Option<Bytes<'a>>,
    #[serde(default, borrow)]
    text: Option<Bytes<'a>>,
    #[serde(default, borrow)]
    copy: Option<Bytes<'a>>,
}

/// The members of an entry that describe the content of a file.
pub(super) struct FileEntry<'a> {
    pub(super) size: Option<u64>,
    pub(super) head: Option<Bytes<'a>>,
    pub(super) text: Option<Bytes<'a>>,
    pub(super) copy: Option<Bytes<'a>>,
}

/// Entries that are read one by one: the tree that they are, or the first problem. The first one is its root.
pub(super) struct ReadEntries<C>(pub(super) Result<Tree<C>, WireError>);

impl<'de, C: FileContent> Deserialize<'de> for ReadEntries<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor(PhantomData)).map(Self)
    }
}

struct EntriesVisitor<C>(PhantomData<C>);

impl<'de, C: FileContent> Visitor<'de> for EntriesVisitor<C> {
    type Value = Result<Tree<C>, WireError>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    /// Invalid JSON is the reader's error, also behind an entry that is none.
    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut tree = None;
        let mut problem = Ok(());
        let mut index = 0;
        while let Some(Object(entry)) = entries.next_element()? {
            problem = problem.and_then(|()| add(&mut tree, index, entry));
            index += 1;
        }
        Ok(problem.and_then(|()| tree.ok_or(WireError::Part { what: C::WHAT, part: "list of entries: it is empty" })))
    }
}

/// Adds the entry of that index to a tree.
fn add<C: FileContent>(tree: &mut Option<Tree<C>>, index: usize, entry: EntryV3<'_>) -> Result<(), WireError> {
    let what = C::WHAT;
    if C::HAS_OWNERS && entry.owner.is_none() {
        return Err(WireError::NoOwner { what, index });
    }
    let path = TreePath::parse(&entry.path.0).map_err(|source| WireError::Path { what, index, source })?;
    let node = node_of(entry).map_err(|reason| WireError::Entry { what, path: path.clone(), reason })?;
    match tree {
        None if path.is_root() && matches!(node.kind, Kind::Directory) => *tree = Some(Tree::new(node.meta)),
        None => return Err(WireError::Entry { what, path, reason: "the first entry must be the root directory" }),
        Some(tree) => tree.insert(path, node).map_err(|source| WireError::Tree { what, source })?,
    }
    Ok(())
}

/// The node that an entry is; or the reason why it is none.
fn node_of<C: FileContent>(entry: EntryV3<'_>) -> Result<Node<C>, &'static str> {
    let mode = Mode::parse(entry.mode.as_bytes()).ok_or("its mode is not four octal digits")?;
    let meta = Meta { mode, owner: entry.owner.map(ids) };
    let file = FileEntry { size: entry.size, head: entry.head, text: entry.text, copy: entry.copy };
    let has_content = file.size.is_some() || file.head.is_some() || file.text.is_some() || file.copy.is_some();
    if has_content && entry.kind != KindV3::File {
        return Err("only a file has contents");
    }
    let kind = match (entry.kind, entry.target) {
        (KindV3::Link, Some(target)) if !target.0.is_empty() && !target.0.contains(&0) => Kind::Symlink(target.0.into_owned()),
        (KindV3::Link, _) => return Err("a link has a target, without a NUL in it"),
        (_, Some(_)) => return Err("only a link has a target"),
        (KindV3::Dir, None) => Kind::Directory,
        (KindV3::Fifo, None) => Kind::Fifo,
        (KindV3::File, None) => Kind::File(C::read(file)?),
    };
    Ok(Node::new(meta, kind))
}

pub(super) const fn owner(ids: Ids) -> [u32; 2] {
    [ids.uid, ids.gid]
}

pub(super) const fn ids([uid, gid]: [u32; 2]) -> Ids {
    Ids { uid, gid }
}
