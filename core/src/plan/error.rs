//! Why there can be no plan.

use super::scripts::MOST_LOGGED;
use super::wrap::WrapError;
use crate::instances::{InstanceName, NameMax};
use crate::lint::Findings;
use crate::message::Said;
use crate::path::{PathError, TreePath};
use crate::tree::{Mode, TreeError};
use alloc::vec::Vec;

/// Why there can be no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// s6-svscan has no room for so many instances with their loggers.
    #[error(
        "-c {given}: the template has a log directory, and s6-svscan from 2.12 on has room for {most} instances with a logger",
        most = MOST_LOGGED
    )]
    TooManyLogged {
        /// How many were asked for.
        given: u32,
    },
    /// The result's owner could not read it.
    #[error("umask {umask}: the files would be unreadable for their owner")]
    UnreadableUmask {
        /// The umask.
        umask: Mode,
    },
    /// The template cannot work, or is not as it should be.
    #[error(transparent)]
    Lint(#[from] Findings),
    /// The instances cannot run as the user that was asked for.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// More instances are declared than there is room for.
    #[error("{declared} instances are declared, and there is room for {room}")]
    TooManyInstances {
        /// How many.
        declared: usize,
        /// For how many there is room.
        room: u32,
    },
    /// A declared instance has a name that s6-svscan will pass over.
    #[error("the instance `{name}` has a longer name than --name-max allows, {} bytes", .name_max.get())]
    LongInstanceName {
        /// The name.
        name: InstanceName,
        /// What is allowed.
        name_max: NameMax,
    },
    /// A path of the result is too long.
    #[error("`{directory}/{path}`: {source}")]
    Path {
        /// The directory of the result that it would be in.
        directory: TreePath,
        /// The path below it.
        path: TreePath,
        /// What is wrong with it.
        source: PathError,
    },
    /// Two parts of the result are in each other's way.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl PlanError {
    /// What there is to say about it: a line for each finding about the template, one for anything else.
    #[must_use]
    pub fn said(&self) -> Vec<Said> {
        match self {
            Self::Lint(findings) => findings.iter().map(|finding| Said::new(finding, Some(finding.rule.hint()))).collect(),
            other => Vec::from([Said::new(other, None)]),
        }
    }
}
