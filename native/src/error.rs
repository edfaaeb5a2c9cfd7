//! Errors, in words for the person who has to act; an error knows its exit code.

use s6_instance_maker_core::account::AccountName;
use s6_instance_maker_core::check::Violation;
use s6_instance_maker_core::cli::UsageError;
use s6_instance_maker_core::compare::{LoggerChange, RefreshError};
use s6_instance_maker_core::escape::{Escaped, is_printable};
use s6_instance_maker_core::instances::{DuplicateInstance, ListError};
use s6_instance_maker_core::message::Message;
use s6_instance_maker_core::options::Mismatch;
use s6_instance_maker_core::path::{PathError, TreePath};
use s6_instance_maker_core::plan::{PlanError, TemplateDifference};
use s6_instance_maker_core::tree::{Ids, Mode, TreeError};
use s6_instance_maker_core::wire::{TemplateDigest, WireError};
use std::borrow::Cow;
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
    DuplicateInstance(#[from] DuplicateInstance),
    /// A plan was computed for other options than those of the command line.
    #[error(transparent)]
    OtherOptions(#[from] Mismatch),
    /// No plan exists for such a template.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The template cannot be used.
    #[error("{place}: {reason}")]
    Template {
        /// The template, or an entry of it.
        place: Place,
        /// The reason.
        reason: TemplateReason,
    },
    /// The name of the result is taken.
    #[error("unable to create {0}: it already exists")]
    Exists(Place),
    /// The directory that the result would be in cannot be opened.
    #[error("unable to open {place}, the parent of DIR: {}", Cause(.source))]
    Parent {
        /// The directory.
        place: Place,
        /// The system's answer.
        source: io::Error,
    },
    /// Another entry is at a path where this run made one.
    #[error("{0}: replaced by another process meanwhile")]
    Replaced(Place),
    /// The file system does not accept the name.
    #[error("unable to create {0}: the file system does not accept that name")]
    NameRefused(Place),
    /// The file system changed a directory in another way than it does to a probe.
    #[error("{place}: has {became} instead of {asked}; the file system changed it")]
    Altered {
        /// The directory.
        place: Place,
        /// The rights that it was given.
        asked: Rights,
        /// The rights that it has.
        became: Rights,
    },
    /// The template changed while it was in use.
    #[error("{0}: changed while the template was copied")]
    Changed(Place),
    /// DIR changed while it was compared with the plan.
    #[error("{0}: changed while it was read")]
    DirChanged(Place),
    /// Another refresh of DIR is at work.
    #[error("{0}: another refresh is at work")]
    Busy(Place),
    /// DIR cannot be refreshed.
    #[error("unable to refresh {place}: {reason}")]
    Refresh {
        /// DIR.
        place: Place,
        /// The reason.
        reason: RefreshError,
    },
    /// The logger of a supervised service would appear or disappear.
    #[error("unable to refresh {place}: the logger of the service {}, and a supervisor is at work", Verb(.change))]
    Supervised {
        /// DIR.
        place: Place,
        /// The change.
        change: LoggerChange,
    },
    /// The file system does not exchange two entries.
    #[error("unable to exchange {place} with its new version: {}", Cause(.source))]
    Exchange {
        /// The entry.
        place: Place,
        /// The system's answer.
        source: io::Error,
    },
    /// A refresh failed after some parts were replaced.
    #[error("{place}: partly up to date, each part is old or new: {error}")]
    Partly {
        /// DIR.
        place: Place,
        /// The failure.
        error: Box<Error>,
    },
    /// DIR is up to date, and instances could not be compared with it.
    #[error("{place}: up to date; its instances, and which records in `.s6-instance-maker` they need, are not known: {error}")]
    Uncompared {
        /// DIR.
        place: Place,
        /// The failure.
        error: Box<Error>,
    },
    /// A list of instances is refused.
    #[error("{place}: {source}")]
    Instances {
        /// The list.
        place: Place,
        /// The problem.
        source: ListError,
    },
    /// A plan document is refused.
    #[error("{place}: {source}")]
    Document {
        /// The document.
        place: Place,
        /// The problem.
        source: WireError,
    },
    /// A plan was computed for another template than this, or for this one when it was otherwise.
    #[error("the plan is refused: it was computed for another state of the template {place}: {difference}")]
    OtherTemplate {
        /// The template.
        place: Place,
        /// The first difference that the plan shows.
        difference: Box<TemplateDifference>,
        /// The digest of the template that the plan was computed for.
        expected: TemplateDigest,
        /// The digest of the template that is there.
        found: TemplateDigest,
    },
    /// A plan that was computed elsewhere would do what no plan may.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// A planner that runs elsewhere failed.
    #[error("{}", messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("; "))]
    Planner {
        /// Its messages.
        messages: Vec<Message>,
        /// 100 where there can be no plan, 111 where it could not be computed.
        exit_code: u8,
    },
    /// The system refused something.
    #[error("unable to {operation} {place}: {}", Cause(.source))]
    Io {
        /// The operation.
        operation: &'static str,
        /// With what.
        place: Place,
        /// The system's answer.
        source: io::Error,
    },
    /// The system refused something that needs two files.
    #[error("unable to {operation} {from} to {to}: {}", Cause(.source))]
    Between {
        /// The operation.
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
        /// The account.
        name: AccountName,
        /// The system's answer.
        source: io::Error,
    },
    /// A stand-in for root is active and does not see this program.
    #[error("{name}: active, and does not see this program, which is linked statically; the result would not belong to root")]
    Unseen {
        /// The name of the stand-in.
        name: &'static str,
    },
    /// The owners that files can be given to could not be found out.
    #[error("unable to find out to which owners files can be given: {}", Cause(.0))]
    Owners(io::Error),
    /// An entry has the name of a leftover staging directory, and other accounts could have given it that name.
    #[error("{0}: looks like a leftover of a killed run, but others can write in its directory; remove it by hand")]
    Foreign(Place),
    /// The result is there, complete, and the directory that holds it could not be flushed: the result may be lost when the whole
    /// system stops.
    #[error("the result is complete, but may not be on disk: {0}")]
    Unflushed(Box<Error>),
    /// A run failed, and its unfinished result could not be removed.
    #[error("{first}; the unfinished result remains: {second}")]
    Leftover {
        /// The first failure.
        first: Box<Error>,
        /// The failure of the removal.
        second: Box<Error>,
    },
}

/// The reason why an entry of a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateReason {
    /// The template is something else.
    #[error("not a directory")]
    NotADirectory,
    /// No process could listen on the copy.
    #[error("a socket, which cannot be copied")]
    Socket,
    /// A device node in a template is a mistake or an attack.
    #[error("a device node, which is not copied")]
    Device,
    /// The result would lie inside of the template and the template's copy inside of the result.
    #[error("contains DIR; a template cannot contain its own result")]
    HoldsResult,
    /// A directory would be copied into itself without end.
    #[error("a link to a directory that contains it; the copy would have no end")]
    Endless,
    /// More than was allowed would be copied.
    #[error("the targets of links are larger than {limit} bytes; each entry counts {entry} bytes and its contents")]
    TooMuchOutside {
        /// The limit, in bytes.
        limit: u64,
        /// The size that an entry counts besides its contents, in bytes.
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
    /// 100: wrong usage, a template that cannot work, or a DIR that cannot be refreshed so. 111: the system refused something.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Plan(_) | Self::Template { .. } | Self::DuplicateInstance(_) | Self::OtherOptions(_) => 100,
            Self::Supervised { .. } | Self::Refresh { .. } => 100,
            Self::Instances { .. } | Self::Document { .. } | Self::OtherTemplate { .. } | Self::Violation(_) => 100,
            Self::Planner { exit_code, .. } => *exit_code,
            _ => 111,
        }
    }

    /// Returns the messages: mostly one, perhaps with a hint.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        match self {
            Self::Plan(error) => error.messages(),
            Self::Planner { messages, .. } => messages.clone(),
            other => vec![Message::new(other, other.hint().as_deref())],
        }
    }

    fn hint(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Usage(error) => error.hint()?.into(),
            Self::Exists(place) if !place.path.is_root() => "bring it up to date if this program made it (--refresh), remove it first, or choose another SERVICE, LOGGER or DIR".into(),
            Self::Exists(_) => {
                "bring it up to date if this program made it (--refresh), remove it first, or choose another DIR"
                    .into()
            }
            Self::Parent { place, source } if source.kind() == io::ErrorKind::NotFound => match place.as_plain_word() {
                Some(path) => format!("create it first: mkdir -p {path}").into(),
                None => "create it first: mkdir -p".into(),
            },
            Self::OtherTemplate { .. } => NEW_PLAN.into(),
            Self::OtherOptions(_) => format!("leave the option out, or {NEW_PLAN}").into(),
            Self::DuplicateInstance(_) => {
                "--instance, --instances-from and --count add up: declare it by one of them, once".into()
            }
            Self::Partly { .. } => "run the same command again: it completes the refresh".into(),
            Self::Exchange { .. } => {
                "stop the service, move DIR away, create it anew, and start the service".into()
            }
            Self::Supervised { .. } => "stop the service and its supervisor first (s6-svunlink, or s6-svc -dx)".into(),
            Self::Refresh { reason: RefreshError::NotOurs(_), .. } => {
                "--refresh brings up to date what this program made; choose that directory".into()
            }
            Self::Refresh { reason: RefreshError::Taken { .. }, .. } => {
                "choose another name, or move that definition away".into()
            }
            Self::Refresh { place, reason: RefreshError::Conflict(definitions) } => {
                let paths = definitions.iter().map(|name| place.at(&name.clone().into()).as_word("DIR/NAME"));
                format!(
                    "if nothing else requires it, remove it, and run the same command again: rm -r -- {}",
                    paths.collect::<Vec<_>>().join(" ")
                )
                .into()
            }
            Self::Refresh { reason: RefreshError::NotADirectory(_) | RefreshError::NotALink(_) | RefreshError::Occupied { .. }, .. } => {
                "move it away, and run the same command again".into()
            }
            Self::Refresh { reason: RefreshError::TooManyInstances { .. }, .. } => {
                "raise the capacity (-c), or delete instances first (s6-instance-delete)".into()
            }
            Self::Unseen { name } => format!(
                "use an s6-instance-maker that is linked to the C library dynamically, or make an archive without {name}: \
                 --tar --owner 0 --group 0"
            )
            .into(),
            Self::Template { reason: TemplateReason::TooMuchOutside { .. }, .. } => {
                "put the targets into the template, or raise the limit: --dereference-limit BYTES".into()
            }
            _ => return None,
        })
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

/// The change of a logger as a verb.
struct Verb<'a>(&'a LoggerChange);

impl fmt::Display for Verb<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            LoggerChange::Appears => "would appear",
            LoggerChange::Disappears => "would disappear",
        })
    }
}

/// The hint about a plan that is out of date.
const NEW_PLAN: &str = "make a new plan: s6-instance-maker --dry-run --format json [OPTIONS] TEMPLATE DIR >PLAN";

/// A file for a message: what was typed, and a path below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    base: Vec<u8>,
    path: TreePath,
}

impl Place {
    /// The path as it was typed.
    #[must_use]
    pub fn new(base: &[u8]) -> Self {
        Self { base: base.to_vec(), path: TreePath::ROOT }
    }

    /// An entry below it.
    #[must_use]
    pub fn at(&self, path: &TreePath) -> Self {
        // A path that is too long for a tree is shown without what it is too long for.
        Self { base: self.base.clone(), path: self.path.join_path(path).unwrap_or_else(|_| path.clone()) }
    }

    /// The path as one word of a shell, if it is one without quotes.
    fn as_plain_word(&self) -> Option<&str> {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._+,=@%".contains(byte) || *byte == b'-';
        let is_word = self.path.is_root() && self.base.iter().all(is_plain) && !self.base.starts_with(b"-");
        core::str::from_utf8(&self.base).ok().filter(|_| is_word)
    }

    /// The path as one word of a shell, behind a `--`; `placeholder` where it cannot be shown.
    pub(crate) fn as_word(&self, placeholder: &str) -> String {
        let mut path = self.base.clone();
        if !self.path.is_root() {
            path.extend_from_slice(if path.ends_with(b"/") { b"" } else { b"/" });
            path.extend_from_slice(self.path.as_bytes());
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._+,=@%-".contains(&byte);
        match std::str::from_utf8(&path) {
            Ok(text) if path.iter().copied().all(is_plain) => text.to_owned(),
            Ok(text) if is_printable(text) => format!("'{}'", text.replace('\'', "'\\''")),
            _ => placeholder.to_owned(),
        }
    }

    /// For `map_err`: the system refused `operation` with this place.
    pub(crate) fn cannot(&self, operation: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { operation, place: self.clone(), source }
    }
}

/// For `map_err`: the system refused `operation` with the place that `place` returns.
pub(crate) fn cannot(operation: &'static str, place: impl FnOnce() -> Place) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { operation, place: place(), source }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}", Escaped(&self.base))?;
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
