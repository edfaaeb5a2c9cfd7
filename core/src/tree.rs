//! A tree of files, generic in what a regular file holds: a [`Template`](crate::template::Template) and a
//! [`Plan`](crate::plan::Plan) are both one, so that order, lookup and display are written once.
//!
//! A tree is always whole: it has a root directory, and every entry's parent is a directory in it. Sockets and device nodes
//! have no place in it.

use crate::escape::EscapedWord;
use crate::path::TreePath;
use crate::path_map::PathMap;
use alloc::vec::Vec;
use core::fmt;

/// The permission bits of an entry: 0 to 0o7777, set-user-id, set-group-id and sticky included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(u16);

impl Mode {
    /// The set-user-id bit.
    pub const SET_UID: u16 = 0o4000;
    /// The set-group-id bit.
    pub const SET_GID: u16 = 0o2000;

    /// Takes the low twelve bits of `bits` and leaves out the rest, such as the file type in `st_mode`.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self((bits & 0o7777) as u16)
    }

    /// Reads four octal digits, the form that is displayed.
    #[must_use]
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let bits = |digits: [u8; 4]| digits.into_iter().fold(0, |bits, digit| 8 * bits + u32::from(digit - b'0'));
        let digits = <[u8; 4]>::try_from(digits).ok()?;
        digits.iter().all(|digit| matches!(digit, b'0'..=b'7')).then(|| Self::new(bits(digits)))
    }

    /// The four octal digits, as [`parse`](Self::parse) reads them.
    pub(crate) fn digits(self) -> [u8; 4] {
        [9, 6, 3, 0].map(|shift| b'0' + (self.0 >> shift & 7) as u8)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// This mode without `bits`.
    #[must_use]
    pub const fn without(self, bits: u16) -> Self {
        Self(self.0 & !bits)
    }

    /// Returns `true` if any of `bits` is set.
    #[must_use]
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits != 0
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

/// A user and a group, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ids {
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

/// Mode and owner of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The permission bits; for a symbolic link 0o777, which means nothing.
    pub mode: Mode,
    /// The owner. `None`: the caller that makes it.
    pub owner: Option<Ids>,
}

impl Meta {
    /// An entry that belongs to whoever makes it.
    #[must_use]
    pub const fn callers(mode: Mode) -> Self {
        Self { mode, owner: None }
    }
}

/// An entry at a path. `C` is the content of a regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<C> {
    /// A directory; its content is the tree's other entries.
    Directory,
    /// A regular file.
    File(C),
    /// A symbolic link and its target, any bytes but NUL, never followed.
    Symlink(Vec<u8>),
    /// A named pipe.
    Fifo,
}

impl<C> Kind<C> {
    /// The word that the text form has for it: `dir`, `file`, `link` or `fifo`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Directory => "dir",
            Self::File(_) => "file",
            Self::Symlink(_) => "link",
            Self::Fifo => "fifo",
        }
    }
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node<C> {
    /// Mode and owner.
    pub meta: Meta,
    /// The entry.
    pub kind: Kind<C>,
}

impl<C> Node<C> {
    /// An entry.
    #[must_use]
    pub const fn new(meta: Meta, kind: Kind<C>) -> Self {
        Self { meta, kind }
    }
}

/// Entries by path, parents first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree<C>(PathMap<Node<C>>);

/// The reason why an entry cannot be added to a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The path has an entry already.
    #[error("duplicate entry `{0}`")]
    Duplicate(TreePath),
    /// The directory that it would be in is not in the tree.
    #[error("the parent of `{0}` is missing")]
    Orphan(TreePath),
    /// The entry that it would be in is not a directory.
    #[error("the parent of `{0}` is not a directory")]
    ParentNotDirectory(TreePath),
}

impl<C> Tree<C> {
    /// A tree with nothing but its root directory.
    #[must_use]
    pub fn new(root: Meta) -> Self {
        Self(PathMap::listed([(TreePath::ROOT, Node::new(root, Kind::Directory))].into()))
    }

    /// The tree with these entries below its root, in any order; takes no more memory than they do.
    pub(crate) fn collected(root: Meta, mut entries: Vec<(TreePath, Node<C>)>) -> Result<Self, TreeError> {
        entries.insert(0, (TreePath::ROOT, Node::new(root, Kind::Directory)));
        if !entries.is_sorted_by(|(one, _), (other, _)| one <= other) {
            entries.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        }
        entries.shrink_to_fit();
        for pair in entries.windows(2) {
            if let [(last, node), (path, _)] = pair {
                if last == path {
                    return Err(TreeError::Duplicate(path.clone()));
                }
                let (parent, _) = path.split().unwrap_or_default();
                check_parent(parent_after((last, node), parent), path)?;
            }
        }
        Ok(Self(PathMap::listed(entries)))
    }

    /// Adds an entry; its parent must be there already.
    pub fn insert(&mut self, path: TreePath, node: Node<C>) -> Result<(), TreeError> {
        let Some((parent, _)) = path.split() else { return Err(TreeError::Duplicate(path)) };
        let parent = match self.0.last_listed().filter(|(last, _)| **last < path) {
            Some(last) => parent_after(last, parent),
            None => path.parent().and_then(|parent| self.0.get(&parent)).map(|parent| &parent.kind),
        };
        check_parent(parent, &path)?;
        self.0.insert(path, node).map_err(TreeError::Duplicate)
    }

    /// Returns the entry at `path`.
    #[must_use]
    pub fn get(&self, path: &TreePath) -> Option<&Node<C>> {
        self.0.get(path)
    }

    pub(crate) fn get_mut(&mut self, path: &TreePath) -> Option<&mut Node<C>> {
        self.0.get_mut(path)
    }

    /// Returns the same tree with its entries changed by `change`.
    pub(crate) fn changed(self, change: impl FnMut(&mut Node<C>)) -> Self {
        Self(self.0.changed(change))
    }

    /// All entries, the root first, every directory directly before its content.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&TreePath, &Node<C>)> + ExactSizeIterator {
        self.0.iter()
    }

    /// The entries at and below `directory`, in order.
    pub(crate) fn within<'t>(&'t self, directory: &TreePath) -> impl Iterator<Item = (&'t TreePath, &'t Node<C>)> + use<'t, C> {
        let outer = directory.clone();
        self.0.from(directory).take_while(move |(path, _)| path.starts_with(&outer))
    }

    /// The entries that `keep` names, with the root. `keep` must name every directory around an entry that it names.
    #[must_use]
    pub(crate) fn filtered(&self, keep: impl Fn(&TreePath) -> bool) -> Self
    where
        C: Clone,
    {
        let kept = self.0.iter().filter(|(path, _)| path.is_root() || keep(path));
        Self(PathMap::listed(kept.map(|(path, node)| (path.clone(), node.clone())).collect()))
    }

    /// The number of entries, the root among them: never 0.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// The entry at `parent` in a tree whose next entry is in it. `None`: it is missing.
fn parent_after<'a, C>((last, node): (&TreePath, &'a Node<C>), parent: &[u8]) -> Option<&'a Kind<C>> {
    // All that is in a directory stands directly behind it: the parent of the next entry is the last one, or around it.
    match last.as_bytes() {
        last if last == parent => Some(&node.kind),
        last if is_below(last, parent) => Some(&Kind::Directory),
        _ => None,
    }
}

/// Fails unless the parent of what is to be at `path` is a directory.
fn check_parent<C>(parent: Option<&Kind<C>>, path: &TreePath) -> Result<(), TreeError> {
    match parent {
        None => Err(TreeError::Orphan(path.clone())),
        Some(Kind::Directory) => Ok(()),
        Some(_) => Err(TreeError::ParentNotDirectory(path.clone())),
    }
}

/// Returns `true` if `path` lies below `directory`, given as bytes; all but the root lie below it.
fn is_below(path: &[u8], directory: &[u8]) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with(b"/"))
}

/// The text form of a regular file's content in the text form of a tree.
pub trait DisplayContent {
    /// Writes the text after the path on the entry's own line, and the lines below it.
    fn fmt_content(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// The text form: a line an entry with mode, kind and path, its owner in parentheses where that is not whoever makes it.
impl<C: DisplayContent> fmt::Display for Tree<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, node) in self.iter() {
            write!(f, "{} {:<4} ", node.meta.mode, node.kind.word())?;
            if path.is_root() {
                f.write_str(".")?
            } else {
                EscapedWord(path.as_bytes()).fmt(f)?
            }
            if let Some(owner) = node.meta.owner {
                write!(f, " ({owner})")?;
            }
            match &node.kind {
                Kind::File(content) => content.fmt_content(f)?,
                Kind::Symlink(target) => write!(f, " -> {}", EscapedWord(target))?,
                Kind::Directory | Kind::Fifo => {}
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}
