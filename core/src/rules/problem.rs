//! Problems: what one rule found, typed.

use super::control::ControlFile;
use super::script::{Fault, Part, Script};
use super::table::Rule;
use crate::account::AccountName;
use crate::definition::DependencyName;
use crate::instances::InstanceName;
use crate::layout::{DOWN, LOCK_FD, LOG, RUN, TYPE};
use crate::path::{Name, TreePath};
use crate::target::S6Version;
use crate::tree::{Ids, Mode};
use alloc::string::String;
use alloc::vec::Vec;

/// A problem that one rule found. Paths are paths in the template.
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
        /// Its destination.
        destination: LinkDestination,
    },
    /// A control file has a value that s6-supervise does not take; or `(a directory)`, `(a FIFO)`.
    ControlFile(ControlFile, Vec<u8>),
    /// `lock-fd` and `notification-fd` are this descriptor.
    LockFdShared(Part, u32),
    /// `lock-fd` needs a newer s6 than this.
    LockFdTooNew(Part, S6Version),
    /// A directory, or a link to one, is the state of another supervisor.
    StateLeftBehind(TreePath),
    /// Another entry is at the path where a supervisor makes its directory.
    StateInTheWay(TreePath),
    /// `down` is there.
    StartsDown(Part),
    /// `run` never uses its argument.
    InstanceNameUnused,
    /// `log/run` writes to this directory for every instance.
    SharedLogDirectory(Vec<u8>),
    /// The user of `-u` lacks a right.
    UserCannot(DeniedAccess),
    /// Others can write a script, or a directory that leads to one.
    OthersCanWrite(TreePath),
    /// There is no `data/check` for s6-notifyoncheck.
    CheckMissing(Part),
    /// `type` says that the service is none of those that s6-supervise runs.
    NotALongrun(ServiceKind),
    /// Several entries have the same problem: the first of them, and how many there are.
    Tally(Tally, TreePath, u64),
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
    /// s6-rc would make something else of an entry.
    Static(StaticProblem, TreePath),
    /// A link that leads to a script, and in the copy to its wrapper.
    LinkToWrapped(TreePath),
    /// A file whose set-id bit the copy does not have.
    SetIdDropped(TreePath),
    /// An empty user for `-u`.
    EmptyUser,
    /// An essential service that depends on these.
    EssentialDependencies(Vec<DependencyName>),
    /// A capacity, with no version of s6.
    CapacityNeedsSlots(u32),
    /// The file system of the result gives so many entries another owner or mode than the plan.
    Place(PlaceChange, u64),
    /// The file system of the result forbids execution.
    NoExec,
    /// A leftover of an earlier run that this one could not remove, in a sentence.
    StagingLeft(String),
    /// The reason why a plan that is printed could not be carried out, in a sentence.
    WouldBeRefused(String),
    /// An instance whose copy of the template was edited: its name, and the first edited entry.
    InstanceEdited(InstanceName, TreePath),
}

/// A problem of an entry of a template whose instances s6-rc runs itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaticProblem {
    /// s6-rc-compile passes over it.
    Ignored,
    /// s6-rc-compile passes over it before this version.
    NeedsNewer(S6RcSeries),
    /// Its name is one that s6-rc requires in a service directory.
    NameTaken,
    /// It is `data` or `env`, and not a directory.
    NotADirectory,
    /// It is `log`, and not a directory.
    LogNotADirectory,
    /// s6-rc-compile refuses this value.
    Value(Vec<u8>),
    /// It is a link, with this target, that leads to something else in an instance.
    LinkBreaks(Vec<u8>),
    /// It is a script that names this path, which begins with `../`.
    NamesParent(Vec<u8>),
    /// It is a script that takes the name of its working directory.
    NameFromDirectory,
    /// It is a service directory with this mode, which s6-rc-compile opens.
    Opened(Mode),
    /// It is a directory that the user of `-u` can write, and that root copies by path whenever s6-rc compiles or updates it.
    UserWritable,
}

/// Releases of s6-rc from which on a file is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum S6RcSeries {
    /// 0.6.1.
    V0_6_1,
    /// 0.7.
    V0_7,
}

impl StaticProblem {
    /// The rule that finds it.
    #[must_use]
    pub(super) const fn rule(&self) -> Rule {
        match self {
            Self::Ignored => Rule::StaticEntryIgnored,
            Self::NeedsNewer(_) => Rule::StaticNeedsNewerS6Rc,
            Self::NameTaken => Rule::StaticNameTaken,
            Self::NotADirectory => Rule::StaticDataNotADirectory,
            Self::LogNotADirectory => Rule::LogNotADirectory,
            Self::Value(_) => Rule::ControlFileInvalid,
            Self::LinkBreaks(_) => Rule::StaticLinkBreaks,
            Self::NamesParent(_) => Rule::StaticNamesParent,
            Self::NameFromDirectory => Rule::StaticNameFromDirectory,
            Self::Opened(_) => Rule::StaticOpensDirectory,
            Self::UserWritable => Rule::StaticUserWritable,
        }
    }
}

/// The destination of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkDestination {
    /// Outside the template.
    Outside,
    /// Outside the template, to an absolute path.
    Absolute,
    /// Nowhere.
    Nowhere,
}

/// Kinds of s6-rc services that s6-supervise does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    /// A script that runs once.
    Oneshot,
    /// A set of other services.
    Bundle,
}

/// A problem that several entries share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tally {
    /// Editors or version control systems left them.
    Leftovers,
    /// Their access control lists are not copied.
    Acl,
    /// Their file capabilities are not copied.
    Capability,
    /// Their extended attributes are not copied.
    Attribute,
    /// Their owners are not those of the copies: the caller cannot give them away.
    Owner,
}

/// A change that a file system makes to a planned result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceChange {
    /// Another owner.
    Owner {
        /// The owner of the plan.
        asked: Ids,
        /// The owner on that file system.
        became: Ids,
    },
    /// Another mode.
    Mode {
        /// A mode.
        asked: Mode,
        /// The mode on that file system.
        became: Mode,
    },
}

/// An action that the user of `-u` has no right to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeniedAccess {
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
            Self::Link { destination: LinkDestination::Outside, .. } => Rule::LinkLeavesTemplate,
            Self::Link { destination: LinkDestination::Absolute, .. } => Rule::AbsoluteLink,
            Self::Link { destination: LinkDestination::Nowhere, .. } => Rule::LinkDangling,
            Self::ControlFile(..) => Rule::ControlFileInvalid,
            Self::LockFdShared(..) => Rule::LockFdEqualsNotificationFd,
            Self::LockFdTooNew(..) => Rule::LockFdNeedsNewerS6,
            Self::StateLeftBehind(_) => Rule::StateLeftBehind,
            Self::StateInTheWay(_) => Rule::StateInTheWay,
            Self::StartsDown(_) => Rule::StartsDown,
            Self::InstanceNameUnused => Rule::InstanceNameUnused,
            Self::SharedLogDirectory(_) => Rule::SharedLogDirectory,
            Self::UserCannot(_) => Rule::NotReadableByUser,
            Self::OthersCanWrite(_) => Rule::OthersCanWrite,
            Self::CheckMissing(_) => Rule::CheckMissing,
            Self::NotALongrun(_) => Rule::NotALongrun,
            Self::Tally(tally, ..) => tally.rule(),
            Self::S6RcDefinition(_) => Rule::S6RcDefinition,
            Self::IdleLoggerOptions(_) => Rule::IdleLoggerOptions,
            Self::LogFileSize(_) => Rule::LogFileSize,
            Self::NewerS6(_) => Rule::NewerS6,
            Self::WritableScripts(_) => Rule::WritableScripts,
            Self::UnknownAccount(_) => Rule::UnknownAccount,
            Self::UserWritable(_) => Rule::UserWritable,
            Self::Static(problem, _) => problem.rule(),
            Self::LinkToWrapped(_) => Rule::LinkToWrapped,
            Self::SetIdDropped(_) => Rule::SetIdDropped,
            Self::EmptyUser => Rule::EmptyUser,
            Self::EssentialDependencies(_) => Rule::EssentialDependencies,
            Self::CapacityNeedsSlots(_) => Rule::CapacityNeedsSlots,
            Self::Place(..) => Rule::PlaceChangesRights,
            Self::NoExec => Rule::NoExec,
            Self::StagingLeft(_) => Rule::StagingLeft,
            Self::WouldBeRefused(_) => Rule::WouldBeRefused,
            Self::InstanceEdited(..) => Rule::InstanceEdited,
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
            Self::UserCannot(DeniedAccess::Execute(script) | DeniedAccess::Read(script)) => script.path(),
            Self::UserCannot(DeniedAccess::Pass(path) | DeniedAccess::Open(path)) => path.clone(),
            Self::CheckMissing(part) => Script::check(*part).path(),
            Self::NotALongrun(_) => TYPE.into(),
            Self::S6RcDefinition(names) => names.first().map(|name| name.clone().into())?,
            Self::StateLeftBehind(path)
            | Self::StateInTheWay(path)
            | Self::UserWritable(path)
            | Self::Static(_, path)
            | Self::LinkToWrapped(path)
            | Self::SetIdDropped(path)
            | Self::OthersCanWrite(path)
            | Self::Tally(_, path, _) => path.clone(),
            Self::IdleLoggerOptions(_)
            | Self::LogFileSize(_)
            | Self::NewerS6(_)
            | Self::WritableScripts(_)
            | Self::UnknownAccount(_)
            | Self::EmptyUser
            | Self::EssentialDependencies(_)
            | Self::CapacityNeedsSlots(_)
            | Self::Place(..)
            | Self::NoExec
            | Self::StagingLeft(_)
            | Self::WouldBeRefused(_)
            | Self::InstanceEdited(..) => return None,
        })
    }
}

impl Tally {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::Leftovers, Self::Acl, Self::Capability, Self::Attribute, Self::Owner];

    /// The rule that counts them.
    #[must_use]
    pub(super) const fn rule(self) -> Rule {
        match self {
            Self::Leftovers => Rule::LeftoverFiles,
            Self::Acl => Rule::AclNotCopied,
            Self::Capability => Rule::CapabilityNotCopied,
            Self::Attribute => Rule::AttributeNotCopied,
            Self::Owner => Rule::OwnerNotGiven,
        }
    }
}
