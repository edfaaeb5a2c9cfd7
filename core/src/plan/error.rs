//! Errors of planning.

use super::scripts::MOST_LOGGED;
use super::wrap::WrapError;
use crate::instances::{InstanceName, NameMax};
use crate::layout::DATA_TEMPLATE;
use crate::message::Message;
use crate::path::{NAME_MAX, PathError, TreePath};
use crate::rules::{Finding, Findings, Settings};
use crate::static_instances::StaticInstanceError;
use crate::static_layout::LayoutError;
use crate::tree::{Mode, TreeError};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The reason why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// s6-svscan has no room for so many instances with their loggers.
    #[error(
        "-c {given}: too many for a template with a log directory; s6-svscan 2.12 and later has a capacity of {most} instances with loggers",
        most = MOST_LOGGED
    )]
    TooManyLogged {
        /// The requested number.
        given: u32,
    },
    /// The result's owner could not read it.
    #[error("umask {umask}: removes the owner's right to read; the files would be unreadable")]
    UnreadableUmask {
        /// The umask.
        umask: Mode,
    },
    /// Rules find errors.
    #[error(transparent)]
    Rules(#[from] Findings),
    /// There can be no plan, and there are findings beside that.
    #[error("{error}")]
    Beside {
        /// The error.
        error: Box<Self>,
        /// The hint.
        hint: Option<&'static str>,
        /// The messages about findings.
        messages: Vec<Message>,
    },
    /// The instances cannot run as the user that was asked for.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// More instances are declared than there is room for.
    #[error("too many instances are declared, {declared}; the capacity (-c) is {room}")]
    TooManyInstances {
        /// The number of instances.
        declared: usize,
        /// For how many there is room.
        room: u32,
    },
    /// A declared instance has a name that s6-svscan will pass over.
    #[error("the name of the instance `{name}` is longer than --name-max allows, {} bytes", .name_max.get())]
    LongInstanceName {
        /// The name.
        name: InstanceName,
        /// The highest number.
        name_max: NameMax,
    },
    /// A path of the result is too long.
    #[error("`{directory}/{path}`: {source}")]
    Path {
        /// The directory of the result that it would be in.
        directory: TreePath,
        /// The path below it.
        path: TreePath,
        /// The problem.
        source: PathError,
    },
    /// An instance cannot be an s6-rc service.
    #[error(transparent)]
    Static(#[from] StaticInstanceError),
    /// Without instances, the pipeline is a bundle with a directory of its own, and its name cannot be that of one.
    #[error(
        "without instances, the pipeline is a directory: its name cannot be longer than {NAME_MAX} bytes, and s6-rc-compile would ignore one that begins with a dot"
    )]
    BundleWithoutDirectory,
    /// Two parts of the result are in each other's way.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl From<LayoutError> for PlanError {
    fn from(LayoutError { path, source }: LayoutError) -> Self {
        Self::Path { directory: DATA_TEMPLATE, path, source }
    }
}

impl PlanError {
    /// The same error with what rules found beside it; what they found is part of [`Self::Rules`] already.
    pub(super) fn beside(self, findings: Vec<Finding>, settings: &Settings) -> Self {
        let hint = match &self {
            Self::Rules(_) => return self,
            Self::Wrap(error) => error.hint(&settings.followed),
            _ => None,
        };
        let messages = match settings.judge(findings) {
            Ok(warnings) => settings.messages(&warnings),
            Err(findings) => findings.messages(),
        };
        if messages.is_empty() && hint.is_none() { self } else { Self::Beside { error: Box::new(self), hint, messages } }
    }

    /// Returns the messages: errors, then warnings.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        match self {
            Self::Rules(findings) => findings.messages(),
            Self::Beside { error, hint, messages } => {
                core::iter::once(Message::new(error, *hint)).chain(messages.iter().cloned()).collect()
            }
            other => Vec::from([Message::new(other, None)]),
        }
    }
}
