//! The state of one entry: the same type for what was planned and for what was found.

use crate::path::TreePath;
use crate::tree::{Ids, Mode};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

/// A SHA-256 of the contents of a file. Displayed as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An entry at one moment, planned or found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The permission bits; those of a symbolic link mean nothing.
    pub mode: Mode,
    /// The owner.
    pub owner: Ids,
    /// The type, and what belongs to it.
    pub kind: StateKind,
}

/// The type of an entry. Unlike a [`Kind`](crate::tree::Kind), it includes those that no plan contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateKind {
    /// A directory.
    Directory,
    /// A regular file.
    File {
        /// Its size, in bytes.
        size: u64,
        /// The digest of its contents. `None`: they were not read.
        digest: Option<Digest>,
    },
    /// A symbolic link and its target.
    Symlink(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device node.
    Device,
}

impl StateKind {
    /// The word for it: as [`Kind::word`](crate::tree::Kind::word), and `socket` and `device`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Directory => "dir",
            Self::File { .. } => "file",
            Self::Symlink(_) => "link",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Device => "device",
        }
    }

    /// The size of a regular file, in bytes.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        match self {
            Self::File { size, .. } => Some(*size),
            _ => None,
        }
    }
}

/// The entries that were found at DIR, as far as [`Scope`](super::Scope) asks for them, by path.
pub type Found = BTreeMap<TreePath, State>;

/// The entries at and below `directory`, in order.
pub fn within<'e, V>(
    entries: &'e BTreeMap<TreePath, V>,
    directory: &TreePath,
) -> impl Iterator<Item = (&'e TreePath, &'e V)> + use<'e, V> {
    let outer = directory.clone();
    // A directory sorts directly before its content.
    entries.range(directory.clone()..).take_while(move |(path, _)| path.starts_with(&outer))
}
