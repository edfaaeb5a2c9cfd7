//! Names and paths in a tree: byte strings that are checked once and cannot escape the tree.
//!
//! This is not `std::path`: no path here is absolute, none has `.` or `..`, and nothing is looked up anywhere.

use crate::escape::Escaped;
use alloc::borrow::Cow;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};

/// The longest name of a directory entry, in bytes: NAME_MAX of every file system that Linux runs services from.
pub const NAME_MAX: usize = 255;

/// The longest [`TreePath`], in bytes: Linux's PATH_MAX less the NUL at its end.
///
/// A longer path cannot be given to any system call, and `s6-instance-create`, which copies the template again by path, would
/// leave out what lies deeper without a word (docs/original.md, "The template's copy").
pub const PATH_MAX: usize = 4095;

/// One name in a directory: 1 to 255 bytes, no `/`, no NUL, neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Cow<'static, [u8]>);

/// The reason why bytes are not a [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There are none.
    #[error("a name cannot be empty")]
    Empty,
    /// More than [`NAME_MAX`] of them.
    #[error("a name cannot be longer than {NAME_MAX} bytes")]
    TooLong,
    /// `.` or `..`.
    #[error("a name cannot be `.` or `..`")]
    Dots,
    /// A slash or a NUL among them.
    #[error("a name cannot contain a slash or a NUL")]
    Forbidden,
}

impl Name {
    /// Checks `bytes` and makes them a name.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, NameError> {
        let bytes = bytes.into();
        check_name(&bytes)?;
        Ok(Self(Cow::Owned(bytes)))
    }

    /// A name known when the program is built.
    ///
    /// # Panics
    ///
    /// If `text` is not a name. Use it in a `const`, where that is a compile error.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated in constants only: a wrong literal does not compile")]
    pub const fn constant(text: &'static str) -> Self {
        match check_name(text.as_bytes()) {
            Ok(()) => Self(Cow::Borrowed(text.as_bytes())),
            Err(_) => panic!("not a name"),
        }
    }

    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The name that is a number in decimal.
impl From<u32> for Name {
    fn from(number: u32) -> Self {
        Self(Cow::Owned(format!("{number}").into_bytes()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(&self.0).fmt(f)
    }
}

/// A path inside a tree: names joined by `/`, at most [`PATH_MAX`] bytes. The tree's root is the empty path.
///
/// The order is by component, so that a directory stands directly before what is in it, and its content before its
/// siblings.
///
/// ```
/// use s6_instance_maker_core::path::TreePath;
/// assert!(TreePath::parse(*b"log/run").is_ok());
/// assert!(TreePath::parse(*b"../run").is_err());
/// assert!(TreePath::parse(*b"/etc/passwd").is_err());
/// assert!(TreePath::parse(*b"log")? < TreePath::parse(*b"log/run")?);
/// assert!(TreePath::parse(*b"log/run")? < TreePath::parse(*b"log!")?);
/// # Ok::<(), s6_instance_maker_core::path::PathError>(())
/// ```
#[derive(Clone)]
pub struct TreePath(Text);

/// The bytes of a path. Copies share them: a template, its plan and what is remembered of its files have the same paths. It is as
/// large as a slice: a constant is behind a reference of one word.
#[derive(Clone)]
enum Text {
    Constant(&'static &'static str),
    Shared(Arc<[u8]>),
}

const _: () = assert!(size_of::<TreePath>() == size_of::<&[u8]>());

/// The reason why bytes are not a [`TreePath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// A component is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// More than [`PATH_MAX`] bytes.
    #[error("a path in a service directory cannot be longer than {PATH_MAX} bytes")]
    TooLong,
}

impl TreePath {
    /// The tree's own directory.
    pub const ROOT: Self = Self(Text::Constant(&""));

    /// Checks `bytes`, names joined by single slashes, and makes them a path; no bytes are the root.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, PathError> {
        let bytes = bytes.as_ref();
        check_path(bytes)?;
        Ok(Self::of(bytes))
    }

    fn of(bytes: &[u8]) -> Self {
        Self(Text::Shared(bytes.into()))
    }

    /// A path known when the program is built, as in `TreePath::constant(&"log/run")`.
    ///
    /// # Panics
    ///
    /// If `text` is not a path. Use it in a `const`, where that is a compile error.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated in constants only: a wrong literal does not compile")]
    pub const fn constant(text: &'static &'static str) -> Self {
        match check_path(text.as_bytes()) {
            Ok(()) => Self(Text::Constant(text)),
            Err(_) => panic!("not a path"),
        }
    }

    /// The path of `name` in the directory that this path is.
    pub fn join(&self, name: &Name) -> Result<Self, PathError> {
        self.append(name.as_bytes())
    }

    /// The path of `inner` below the directory that this path is.
    pub fn join_path(&self, inner: &Self) -> Result<Self, PathError> {
        match (self.is_root(), inner.is_root()) {
            (true, _) => Ok(inner.clone()),
            (_, true) => Ok(self.clone()),
            (false, false) => self.append(inner.as_bytes()),
        }
    }

    fn append(&self, tail: &[u8]) -> Result<Self, PathError> {
        let separator: &[u8] = if self.is_root() { b"" } else { b"/" };
        let parts = [self.as_bytes(), separator, tail];
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        if length > PATH_MAX {
            return Err(PathError::TooLong);
        }
        // A path of usual length is put together without an allocation of its own.
        let mut bytes = [0; 128];
        let Some(room) = bytes.get_mut(..length) else { return Ok(Self::of(&parts.concat())) };
        let mut rest = &mut *room;
        for part in parts {
            // The room is as long as the parts together.
            let Some((place, behind)) = rest.split_at_mut_checked(part.len()) else { break };
            place.copy_from_slice(part);
            rest = behind;
        }
        Ok(Self::of(room))
    }

    /// Returns `true` if this is the tree's own directory.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// The bytes of the path; none for the root.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Constant(text) => text.as_bytes(),
            Text::Shared(bytes) => bytes,
        }
    }

    /// The directory that holds what this path names; none for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.split().map(|(parent, _)| Self::of(parent))
    }

    /// The bytes of the parent's path and of the last name; none for the root.
    #[must_use]
    pub fn split(&self) -> Option<(&[u8], &[u8])> {
        if self.is_root() {
            return None;
        }
        let bytes = self.as_bytes();
        match bytes.iter().rposition(|&byte| byte == b'/') {
            // The separator stands between the two halves and belongs to neither.
            Some(at) => bytes.split_at_checked(at).map(|(parent, name)| (parent, name.get(1..).unwrap_or_default())),
            None => Some((b"", bytes)),
        }
    }

    /// The names that the path is made of.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.as_bytes().split(|&byte| byte == b'/').filter(|name| !name.is_empty())
    }

    /// The directories that this path is in, the nearest first, the root last.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> + use<> {
        core::iter::successors(self.parent(), Self::parent)
    }

    /// The path from `directory` to this one. `None`: it does not lie below `directory`.
    #[must_use]
    pub fn below(&self, directory: &Self) -> Option<Self> {
        let below = match directory.is_root() {
            true => self.as_bytes(),
            false => self.as_bytes().strip_prefix(directory.as_bytes())?.strip_prefix(b"/")?,
        };
        (!below.is_empty()).then(|| Self::of(below))
    }

    /// Returns `true` if this path is `directory` or lies below it.
    #[must_use]
    pub fn starts_with(&self, directory: &Self) -> bool {
        directory.is_root()
            || self.as_bytes().strip_prefix(directory.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    }
}

impl From<Name> for TreePath {
    fn from(name: Name) -> Self {
        Self::of(&name.0)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TreePath").field(&self.as_bytes()).finish()
    }
}

impl PartialEq for TreePath {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for TreePath {}

impl Hash for TreePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Ord for TreePath {
    fn cmp(&self, other: &Self) -> Ordering {
        // What both begin with does not matter; in a deep tree that is nearly all, so it is passed over eight bytes at a time.
        let (mine, theirs) = (self.as_bytes(), other.as_bytes());
        let chunks = mine.as_chunks::<8>().0.iter().zip(theirs.as_chunks::<8>().0);
        let equal = 8 * chunks.take_while(|(mine, theirs)| mine == theirs).count();
        // NUL is in no name, so a slash that counts as NUL sorts by component.
        let key = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
        mine.iter().skip(equal).map(key).cmp(theirs.iter().skip(equal).map(key))
    }
}

impl PartialOrd for TreePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_str(".") } else { Escaped(self.as_bytes()).fmt(f) }
    }
}

const fn check_name(name: &[u8]) -> Result<(), NameError> {
    match name {
        [] => Err(NameError::Empty),
        [b'.'] | [b'.', b'.'] => Err(NameError::Dots),
        _ if name.len() > NAME_MAX => Err(NameError::TooLong),
        _ if contains(name, b'/') || contains(name, 0) => Err(NameError::Forbidden),
        _ => Ok(()),
    }
}

const fn check_path(bytes: &[u8]) -> Result<(), PathError> {
    if bytes.len() > PATH_MAX {
        return Err(PathError::TooLong);
    }
    if bytes.is_empty() {
        return Ok(());
    }
    // The name that is being read, as far as it was read.
    let (mut length, mut has_only_dots, mut has_nul) = (0, true, false);
    let mut rest = bytes;
    loop {
        match rest {
            [] | [b'/', ..] => {
                let error = match length {
                    0 => Some(NameError::Empty),
                    1 | 2 if has_only_dots => Some(NameError::Dots),
                    _ if length > NAME_MAX => Some(NameError::TooLong),
                    _ if has_nul => Some(NameError::Forbidden),
                    _ => None,
                };
                if let Some(error) = error {
                    return Err(PathError::Name(error));
                }
                match rest {
                    [_, tail @ ..] => rest = tail,
                    [] => return Ok(()),
                }
                (length, has_only_dots, has_nul) = (0, true, false);
            }
            [byte, tail @ ..] => {
                length += 1;
                has_only_dots &= *byte == b'.';
                has_nul |= *byte == 0;
                rest = tail;
            }
        }
    }
}

const fn contains(mut bytes: &[u8], wanted: u8) -> bool {
    while let [byte, tail @ ..] = bytes {
        if *byte == wanted {
            return true;
        }
        bytes = tail;
    }
    false
}
