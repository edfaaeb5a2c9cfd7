//! The reasons why DIR cannot be refreshed.

use crate::path::{Name, TreePath};
use alloc::collections::BTreeSet;
use core::fmt;

/// The reason why DIR cannot be refreshed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// DIR, or a definition in it, is something else.
    #[error("`{0}` is missing: not a directory that this program made")]
    NotOurs(TreePath),
    /// A static instance would have the name of a definition that the bundle does not list.
    #[error("the definition `{definition}` is not in `{list}`: it is not one of this program, and stays")]
    Taken {
        /// The definition.
        definition: Name,
        /// The list.
        list: TreePath,
    },
    /// Definitions that would stay fit none of the plan's.
    #[error(
        "{} would stay, and s6-rc-compile would refuse {}: the new definitions have other producers, consumers or pipelines",
        Listed(.0),
        if .0.len() == 1 { "it" } else { "them" }
    )]
    Conflict(BTreeSet<Name>),
    /// A directory of DIR, or of a declared instance, is another type of file.
    #[error("`{0}` is not a directory")]
    NotADirectory(TreePath),
    /// The link of a declared instance is another type of file.
    #[error("`{0}` is not a link")]
    NotALink(TreePath),
    /// A directory that is no longer part of the plan contains something else.
    #[error("`{foreign}` is not this program's; `{directory}` cannot be removed")]
    Occupied {
        /// The directory.
        directory: TreePath,
        /// The entry of it that stays.
        foreign: TreePath,
    },
    /// More instances exist than the plan has a capacity for.
    #[error("{existing} instances are declared or exist; the capacity is {room}")]
    TooManyInstances {
        /// The number of instances that exist or are declared.
        existing: usize,
        /// The capacity of the plan.
        room: u32,
    },
}

impl RefreshError {
    /// The first entry of DIR that is a reason.
    #[must_use]
    pub fn entry(&self) -> Option<&[u8]> {
        match self {
            Self::NotOurs(path) | Self::NotADirectory(path) | Self::NotALink(path) => Some(path.as_bytes()),
            Self::Taken { definition, .. } => Some(definition.as_bytes()),
            Self::Conflict(definitions) => definitions.first().map(Name::as_bytes),
            Self::Occupied { foreign, .. } => Some(foreign.as_bytes()),
            Self::TooManyInstances { .. } => None,
        }
    }
}

/// Names of definitions in a sentence.
struct Listed<'a>(&'a BTreeSet<Name>);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for (index, name) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}`{name}`", if index > 0 { ", " } else { "" })?;
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}
