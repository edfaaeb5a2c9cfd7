//! Problems: what one rule found, typed.

use super::control::ControlFile;
use super::remedy::Remedy;
use super::script::{Fault, Part, Script, Stage};
use super::table::Rule;
use crate::account::AccountName;
use crate::escape::Brief;
use crate::layout::{DOWN, LOCK_FD, LOG, RUN};
use crate::logging::LOG_FILE_SIZES;
use crate::path::{Name, TreePath};
use crate::target::S6Version;
use crate::tree::Mode;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What one rule found. Paths are those in the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no `run` in this service directory.
    Missing(Part),
    /// A script that is there has this fault.
    Script(Script, Fault),
    /// `log` is not a directory.
    LogNotADirectory,
    /// A link leads to nothing that is copied.
    Link {
        /// The link.
        path: TreePath,
        /// Its target.
        target: Vec<u8>,
        /// Where it leads.
        leads: Leads,
    },
    /// A control file has a value that s6-supervise does not take; or `(a directory)`, `(a FIFO)`.
    ControlFile(ControlFile, Vec<u8>),
    /// `lock-fd` and `notification-fd` are this descriptor.
    LockFdShared(Part, u32),
    /// `lock-fd` needs a newer s6 than this.
    LockFdTooNew(Part, S6Version),
    /// A directory, or a link to one, is the state of another supervisor.
    StateLeftBehind(TreePath),
    /// Something else is where a supervisor makes its directory.
    StateInTheWay(TreePath),
    /// `down` is there.
    StartsDown(Part),
    /// `run` never uses its argument.
    InstanceNameUnused,
    /// `log/run` writes to this directory for every instance.
    SharedLogDirectory(Vec<u8>),
    /// The user of `-u` lacks a right.
    UserCannot(Denied),
    /// These files are for s6-rc; at least one.
    S6RcDefinition(Vec<Name>),
    /// Logger options without a logger.
    IdleLoggerOptions(Vec<&'static str>),
    /// s6-log uses another file size than this, in bytes.
    LogFileSize(u32),
    /// An s6 that is newer than the newest known.
    NewerS6(S6Version),
    /// A umask by which others may write scripts.
    WritableScripts(Mode),
    /// An account that does not exist here.
    UnknownAccount(AccountName),
    /// A directory that the user of `-u` may write, and that root copies by path whenever it makes an instance.
    UserWritable(TreePath),
    /// A link that leads to a script, and in the copy to its wrapper.
    LinkToWrapped(TreePath),
    /// A file whose set-id bit the copy does not have.
    SetIdDropped(TreePath),
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// Outside the template.
    Outside,
    /// Nowhere.
    Nowhere,
}

/// What the user of `-u` cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Execute a script.
    Execute(Script),
    /// Read a script, which its interpreter must.
    Read(Script),
    /// Pass through a directory.
    Pass(TreePath),
    /// Open a file.
    Open(TreePath),
}

impl Problem {
    /// The rule that finds it.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Missing(Part::Service) => Rule::RunMissing,
            Self::Missing(Part::Logger) => Rule::LogRunMissing,
            Self::Script(script, fault) => fault.rule(*script),
            Self::LogNotADirectory => Rule::LogNotADirectory,
            Self::Link { leads: Leads::Outside, .. } => Rule::LinkLeavesTemplate,
            Self::Link { leads: Leads::Nowhere, .. } => Rule::LinkDangling,
            Self::ControlFile(..) => Rule::ControlFileInvalid,
            Self::LockFdShared(..) => Rule::LockFdEqualsNotificationFd,
            Self::LockFdTooNew(..) => Rule::LockFdNeedsNewerS6,
            Self::StateLeftBehind(_) => Rule::StateLeftBehind,
            Self::StateInTheWay(_) => Rule::StateInTheWay,
            Self::StartsDown(_) => Rule::StartsDown,
            Self::InstanceNameUnused => Rule::InstanceNameUnused,
            Self::SharedLogDirectory(_) => Rule::SharedLogDirectory,
            Self::UserCannot(_) => Rule::NotReadableByUser,
            Self::S6RcDefinition(_) => Rule::S6RcDefinition,
            Self::IdleLoggerOptions(_) => Rule::IdleLoggerOptions,
            Self::LogFileSize(_) => Rule::LogFileSize,
            Self::NewerS6(_) => Rule::NewerS6,
            Self::WritableScripts(_) => Rule::WritableScripts,
            Self::UnknownAccount(_) => Rule::UnknownAccount,
            Self::UserWritable(_) => Rule::UserWritable,
            Self::LinkToWrapped(_) => Rule::LinkToWrapped,
            Self::SetIdDropped(_) => Rule::SetIdDropped,
        }
    }

    /// The path in the template that it is about; none where it is about a command line or an account.
    #[must_use]
    pub fn path(&self) -> Option<TreePath> {
        Some(match self {
            Self::Missing(part) => part.path(&RUN),
            Self::Script(script, _) => script.path(),
            Self::LogNotADirectory => LOG,
            Self::Link { path, .. } => path.clone(),
            Self::ControlFile(file, _) => file.path(),
            Self::LockFdShared(part, _) | Self::LockFdTooNew(part, _) => part.path(&LOCK_FD),
            Self::StartsDown(part) => part.path(&DOWN),
            Self::InstanceNameUnused => RUN.into(),
            Self::SharedLogDirectory(_) => Part::Logger.path(&RUN),
            Self::UserCannot(Denied::Execute(script) | Denied::Read(script)) => script.path(),
            Self::UserCannot(Denied::Pass(path) | Denied::Open(path)) => path.clone(),
            Self::S6RcDefinition(names) => names.first().map(|name| name.clone().into())?,
            Self::StateLeftBehind(path)
            | Self::StateInTheWay(path)
            | Self::UserWritable(path)
            | Self::LinkToWrapped(path)
            | Self::SetIdDropped(path) => path.clone(),
            Self::IdleLoggerOptions(_)
            | Self::LogFileSize(_)
            | Self::NewerS6(_)
            | Self::WritableScripts(_)
            | Self::UnknownAccount(_) => return None,
        })
    }

    /// What to do about it, where `followed` are the remedies that the command line has.
    pub(super) fn hint(&self, followed: &BTreeSet<Remedy>) -> String {
        let _ = followed;
        self.rule().advice().into()
    }
}

/// The place, what is wrong, and what follows.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path() {
            write!(f, "`{path}` in the template ")?;
        }
        match self {
            Self::Missing(part) => {
                write!(f, "is missing; {}", Script { part: *part, stage: Stage::Run }.consequence())
            }
            Self::Script(script, fault) => fault.say(*script, f),
            Self::LogNotADirectory => write!(f, "is not a directory; s6-instance-create refuses to make an instance"),
            Self::Link { target, leads: Leads::Outside, .. } => write!(
                f,
                "is a link to `{}`, which is outside the template and not copied; each instance finds what exists there at that \
                 time, if anything",
                Brief(target)
            ),
            Self::Link { path, target, leads: Leads::Nowhere } => {
                let follows = if *path == LOG { "no instance has a logger" } else { "whatever opens it in an instance fails" };
                write!(f, "is a link to `{}`, which leads nowhere; {follows}", Brief(target))
            }
            Self::ControlFile(file, value) => {
                write!(f, "contains `{}`; {}", Brief(value), file.setting.consequence(value))
            }
            Self::LockFdShared(_, descriptor) => {
                write!(f, "is the descriptor {descriptor}, and so is notification-fd; s6-supervise never starts an instance")
            }
            Self::LockFdTooNew(part, version) => {
                let follows = Script { part: *part, stage: Stage::Run }.consequence();
                write!(f, "requires a lock, whose file s6 {version} does not make; {follows}")
            }
            Self::StateLeftBehind(_) => write!(f, "is the state of a supervisor; it is not copied"),
            Self::StateInTheWay(_) => write!(
                f,
                "is not a directory, and s6-supervise makes one of that name; s6-instance-create refuses to make an instance"
            ),
            Self::StartsDown(part) => {
                let who = match part {
                    Part::Service => "each instance",
                    Part::Logger => "the logger of each instance",
                };
                write!(f, "keeps {who} down until somebody starts it")
            }
            Self::InstanceNameUnused => write!(f, "never uses its argument, the instance's name; all instances do the same"),
            Self::SharedLogDirectory(directory) => write!(
                f,
                "has every instance's logger write to `{}`; from the second instance on, the logger cannot lock it and ends at once",
                Brief(directory)
            ),
            Self::UserCannot(denied) => denied.fmt(f),
            Self::S6RcDefinition(names) => {
                let others: Vec<&Name> = names.iter().skip(1).collect();
                let (also, they_have) = match others.as_slice() {
                    [] => ("", "it has"),
                    [_] => (", as is ", "they have"),
                    _ => (", as are ", "they have"),
                };
                write!(f, "is for s6-rc{also}{}; s6-rc never reads a template, and {they_have} no effect", List(&others))
            }
            Self::IdleLoggerOptions(options) => {
                let (what, have) = if options.len() == 1 { ("option", "has") } else { ("options", "have") };
                write!(f, "the {what} {} {have} no effect without -L", List(options))
            }
            Self::LogFileSize(given) => {
                let (least, most) = (LOG_FILE_SIZES.start(), LOG_FILE_SIZES.end());
                write!(f, "s6-log rotates at {} bytes, not at {given}; it accepts {least} to {most}", given.clamp(least, most))
            }
            Self::NewerS6(given) => {
                write!(f, "s6 {given} is newer than the newest known, {}; the result is one for that", S6Version::NEWEST)
            }
            Self::WritableScripts(umask) => {
                write!(f, "umask {umask}: {} may write scripts that the supervision tree runs", writers(*umask))
            }
            Self::UnknownAccount(name) => {
                write!(f, "there is no account `{name}` here; its rights in the template were judged as anybody's")
            }
            Self::UserWritable(_) => write!(f, "can be written by the user of -u, and s6-instance-create copies it as root"),
            Self::LinkToWrapped(_) => {
                write!(
                    f,
                    "leads to a script that runs as the user of -u; in the copy it leads to the wrapper, which needs root"
                )
            }
            Self::SetIdDropped(_) => {
                write!(f, "has a set-id bit that would lend other rights in the copy than in the template; it is not copied")
            }
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Execute(script) => write!(f, "cannot be executed by the user of -u; {}", script.consequence()),
            Self::Read(script) => {
                write!(f, "cannot be read by the user of -u, as a script must be; {}", script.consequence())
            }
            Self::Pass(_) => write!(f, "is a directory that the user of -u cannot pass through; nothing in it can be used"),
            Self::Open(_) => write!(f, "cannot be read by the user of -u; whatever opens it in an instance fails"),
        }
    }
}

/// Who besides the owner may write what is made under `umask`; nobody: empty.
#[must_use]
pub(crate) fn writers(umask: Mode) -> &'static str {
    match (umask.has(0o020), umask.has(0o002)) {
        (true, true) => "",
        (true, false) => "others",
        (false, true) => "the group",
        (false, false) => "the group and others",
    }
}

/// Words with commas and an `and`.
struct List<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            f.write_str(match (index, self.0.len() - index) {
                (0, _) => "",
                (_, 1) => " and ",
                _ => ", ",
            })?;
            word.fmt(f)?;
        }
        Ok(())
    }
}
