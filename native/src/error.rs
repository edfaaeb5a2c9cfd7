//! What can go wrong, in words for the person who has to do something about it; an error knows its exit code.

use s6_instance_maker_core::account::AccountName;
use s6_instance_maker_core::check::Violation;
use s6_instance_maker_core::cli::UsageError;
use s6_instance_maker_core::escape::Shown;
use s6_instance_maker_core::instances::{DeclaredTwice, ListError};
use s6_instance_maker_core::message::Said;
use s6_instance_maker_core::options::Mismatch;
use s6_instance_maker_core::path::{PathError, TreePath};
use s6_instance_maker_core::plan::{OtherTemplate, PlanError};
use s6_instance_maker_core::tree::{Ids, Mode, TreeError};
use s6_instance_maker_core::wire::{TemplateDigest, WireError};
use std::fmt;
use std::io;

/// A failure. Nothing was made then and what was there is as it was, but after [`Error::Unflushed`], and for what
/// [`Error::Leftover`] names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command line is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// An instance is declared on the command line and in the list.
    #[error(transparent)]
    DeclaredTwice(#[from] DeclaredTwice),
    /// A plan was computed for other options than those of the command line.
    #[error(transparent)]
    OtherOptions(#[from] Mismatch),
    /// There is no plan for such a template.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The template cannot be used.
    #[error("{place}: {reason}")]
    Template {
        /// What in it.
        place: Place,
        /// Why.
        reason: TemplateReason,
    },
    /// The name of the result is taken.
    #[error("unable to create {0}: it exists")]
    Exists(Place),
    /// The directory that the result would be in cannot be opened.
    #[error("unable to open {place}, the directory that DIR would be in: {}", Cause(.source))]
    Parent {
        /// The directory.
        place: Place,
        /// The system's answer.
        source: io::Error,
    },
    /// Something else is where this run put something.
    #[error("{0} is not what was made: somebody replaced it")]
    Replaced(Place),
    /// The file system does not take the name.
    #[error("unable to make {0}: the file system does not accept that name")]
    NameRefused(Place),
    /// The file system changed what was made, in another way than it does to a probe.
    #[error("{place} has {became} instead of {asked}: the file system changed it")]
    Altered {
        /// The directory.
        place: Place,
        /// What it was given.
        asked: Rights,
        /// What it has.
        became: Rights,
    },
    /// Somebody changed the template while it was in use.
    #[error("{0} changed while the template was being copied")]
    Changed(Place),
    /// What should name instances does not.
    #[error("{place}: {source}")]
    Instances {
        /// Where it was read.
        place: Place,
        /// What is wrong with it.
        source: ListError,
    },
    /// What should be a plan is none.
    #[error("{place}: {source}")]
    Document {
        /// Where it was read.
        place: Place,
        /// What is wrong with it.
        source: WireError,
    },
    /// A plan was computed for another template than this, or for this one when it was otherwise.
    #[error("the plan is refused: it was computed for another state of the template {place}: {difference}")]
    OtherTemplate {
        /// The template.
        place: Place,
        /// The first difference that the plan shows.
        difference: Box<OtherTemplate>,
        /// The digest of the template that the plan was computed for.
        expected: TemplateDigest,
        /// The digest of the template that is there.
        found: TemplateDigest,
    },
    /// A plan that was computed elsewhere would do what no plan may.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// A planner that runs elsewhere failed.
    #[error("{}", said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("; "))]
    Planner {
        /// What it said.
        said: Vec<Said>,
        /// 100 where there can be no plan, 111 where it could not be computed.
        exit_code: u8,
    },
    /// The system refused something.
    #[error("unable to {operation} {place}: {}", Cause(.source))]
    Io {
        /// What was tried.
        operation: &'static str,
        /// With what.
        place: Place,
        /// The system's answer.
        source: io::Error,
    },
    /// The system refused something that needs two files.
    #[error("unable to {operation} {from} to {to}: {}", Cause(.source))]
    Between {
        /// What was tried.
        operation: &'static str,
        /// From where.
        from: Place,
        /// To where.
        to: Place,
        /// The system's answer.
        source: io::Error,
    },
    /// Standard output could not be written.
    #[error("unable to write to standard output: {}", Cause(.0))]
    Output(io::Error),
    /// Handlers for signals could not be installed.
    #[error("unable to catch signals: {}", Cause(.0))]
    Signals(io::Error),
    /// A signal asked the program to end.
    #[error("interrupted by a signal")]
    Interrupted,
    /// An account could not be looked up; that is not the same as that there is none.
    #[error("unable to look up the account `{name}`: {}", Cause(.source))]
    Account {
        /// Which.
        name: AccountName,
        /// The system's answer.
        source: io::Error,
    },
    /// A stand-in for root is there, and this program is not seen by it.
    #[error("{name} is active and does not see this program, which is linked statically: the result would not belong to root")]
    Unseen {
        /// Its name.
        name: &'static str,
    },
    /// It could not be found out to whom files can be given.
    #[error("unable to find out to which owners files can be given: {}", Cause(.0))]
    Owners(io::Error),
    /// Something has the name of a leftover staging directory, and others could have given it that name.
    #[error("{0} looks like a leftover of a run that was killed, but others may write where it is: remove it yourself")]
    Foreign(Place),
    /// The result is there, complete, and the directory that holds it could not be flushed: the result may be lost when the whole
    /// system stops.
    #[error("all is made, but may not be on disk yet: {0}")]
    Unflushed(Box<Error>),
    /// Something failed, and what was half made could not be removed.
    #[error("{first}; and what was half made is still there: {second}")]
    Leftover {
        /// What failed first.
        first: Box<Error>,
        /// Why it could not be removed.
        second: Box<Error>,
    },
}

/// Why something in a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateReason {
    /// The template is something else.
    #[error("it is no directory")]
    NotADirectory,
    /// Nobody could listen on the copy.
    #[error("it is a socket, which cannot be copied")]
    Socket,
    /// A device node in a template is a mistake or an attack.
    #[error("it is a device node, which is not copied")]
    Device,
    /// The result would lie inside of the template and the template's copy inside of the result.
    #[error("DIR lies in there: a template cannot hold its own result")]
    HoldsResult,
    /// A directory would be copied into itself, again and again.
    #[error("it leads to a directory that it is in itself: the copy would have no end")]
    Endless,
    /// More than was allowed would be copied.
    #[error("what links lead to is more than {limit} bytes, where an entry counts {entry} at least")]
    TooMuchOutside {
        /// How much was allowed, in bytes.
        limit: u64,
        /// What an entry counts besides its contents, in bytes.
        entry: u64,
    },
    /// Its name cannot be in a service directory.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A directory lists something twice.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Error {
    /// 100: wrong usage, or a template that cannot work. 111: the system refused something.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Plan(_) | Self::Template { .. } | Self::DeclaredTwice(_) | Self::OtherOptions(_) => 100,
            Self::Instances { .. } | Self::Document { .. } | Self::OtherTemplate { .. } | Self::Violation(_) => 100,
            Self::Planner { exit_code, .. } => *exit_code,
            _ => 111,
        }
    }

    /// What there is to say about it: mostly one thing, and perhaps what may help.
    #[must_use]
    pub fn said(&self) -> Vec<Said> {
        match self {
            Self::Plan(error) => error.said(),
            Self::Planner { said, .. } => said.clone(),
            other => vec![Said::new(other, other.hint())],
        }
    }

    fn hint(&self) -> Option<&str> {
        match self {
            Self::Usage(error) => error.hint(),
            Self::Exists(_) => {
                Some("remove it first, or choose another DIR; with -r, DIR may exist if it lacks SERVICE and LOGGER")
            }
            Self::Parent { source, .. } if source.kind() == io::ErrorKind::NotFound => Some("create it first: mkdir -p"),
            Self::Unseen { .. } => Some("use an s6-instance-maker that is linked to the C library dynamically"),
            Self::OtherTemplate { .. } => Some("compute a new plan for the template as it is: --dry-run --format json"),
            Self::OtherOptions(_) => Some("leave the option out, or compute a new plan with it: --dry-run --format json"),
            Self::Template { reason: TemplateReason::TooMuchOutside { .. }, .. } => {
                Some("put into the template what is meant, or allow more: --dereference-limit BYTES")
            }
            _ => None,
        }
    }
}

/// The mode and owner of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The permission bits.
    pub mode: Mode,
    /// The owner.
    pub owner: Ids,
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mode {} and owner {}", self.mode, self.owner)
    }
}

/// A file for a message: what was typed, and a path below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    base: Vec<u8>,
    path: TreePath,
}

impl Place {
    /// What was typed itself.
    #[must_use]
    pub fn new(base: &[u8]) -> Self {
        Self { base: base.to_vec(), path: TreePath::ROOT }
    }

    /// Something in it.
    #[must_use]
    pub fn at(&self, path: &TreePath) -> Self {
        // A path that is too long for a tree is shown without what it is too long for.
        Self { base: self.base.clone(), path: self.path.join_path(path).unwrap_or_else(|_| path.clone()) }
    }

    /// For `map_err`: the system refused `operation` with this place.
    pub(crate) fn cannot(&self, operation: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { operation, place: self.clone(), source }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}", Shown(&self.base))?;
        if !self.path.is_root() {
            let separator = if self.base.ends_with(b"/") { "" } else { "/" };
            write!(f, "{separator}{}", self.path)?;
        }
        f.write_str("`")
    }
}

/// The system's own words, without the number that std puts behind them.
pub struct Cause<'a>(pub &'a io::Error);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        f.write_str(text.split(" (os error ").next().unwrap_or(&text))
    }
}
