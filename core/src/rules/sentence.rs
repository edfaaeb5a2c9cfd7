//! The sentence about a problem: subject, problem, consequence.

use super::problem::{DeniedAccess, LinkDestination, PlaceChange, Problem, S6RcSeries, ServiceKind, StaticProblem, Tally};
use super::script::{Part, Script, Stage};
use crate::escape::Excerpt;
use crate::layout::LOG;
use crate::logging::LOG_FILE_SIZES;
use crate::path::{Name, TreePath};
use crate::target::S6Version;
use crate::tree::Mode;
use alloc::vec::Vec;
use core::fmt;

/// The place, what is wrong, and what follows.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Tally(tally, path, count) = self {
            return tally.say(path, *count, f);
        }
        if let Some(path) = self.path() {
            write!(f, "`{path}` in the template ")?;
        }
        match self {
            Self::Missing(part) => write!(f, "is missing; {}", run(*part).consequence()),
            Self::Script(script, fault) => fault.say(*script, f),
            Self::LogNotADirectory => write!(f, "is not a directory; s6-instance-create refuses to make an instance"),
            Self::Link { path, target, destination } => {
                let (where_to, follows) = destination.say(path);
                write!(f, "is a link to `{}`, which {where_to}; {follows}", Excerpt(target))
            }
            Self::ControlFile(file, value) => {
                write!(f, "contains `{}`; {}", Excerpt(value), file.setting.consequence(value))
            }
            Self::LockFdShared(_, descriptor) => {
                write!(f, "is the descriptor {descriptor}, and so is notification-fd; s6-supervise never starts an instance")
            }
            Self::LockFdTooNew(part, version) => {
                write!(f, "requires a lock, whose file s6 {version} does not make; {}", run(*part).consequence())
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
                Excerpt(directory)
            ),
            Self::UserCannot(denied) => denied.fmt(f),
            Self::OthersCanWrite(_) => {
                write!(
                    f,
                    "can be written by others than the account that runs the scripts; they can run anything in each instance"
                )
            }
            Self::CheckMissing(_) => {
                write!(f, "is missing, and run has s6-notifyoncheck run it; no instance is ever ready")
            }
            Self::NotALongrun(ServiceKind::Oneshot) => {
                write!(f, "says oneshot, a script that runs once; s6-supervise runs run again whenever it ends")
            }
            Self::NotALongrun(ServiceKind::Bundle) => {
                write!(f, "says bundle, a set of other services; there is nothing that s6-supervise can run")
            }
            Self::S6RcDefinition(names) => definition(names, f),
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
            Self::Static(problem, _) => problem.fmt(f),
            Self::LinkToWrapped(_) => {
                write!(
                    f,
                    "leads to a script that runs as the user of -u; in the copy it leads to the wrapper, which needs root"
                )
            }
            Self::SetIdDropped(_) => {
                write!(f, "has a set-id bit that would lend other rights in the copy than in the template; it is not copied")
            }
            Self::EmptyUser => {
                write!(f, "the user of -u is empty; instances run as root, or as whoever runs the supervision tree")
            }
            Self::EssentialDependencies(names) => {
                write!(f, "--essential: the service depends on ")?;
                for (index, name) in names.iter().enumerate() {
                    write!(f, "{}`{name}`", if index > 0 { ", " } else { "" })?;
                }
                write!(f, ", which must be essential too; the repository tools of s6-rc refuse the set otherwise")
            }
            Self::CapacityNeedsSlots(given) => {
                write!(
                    f,
                    "the result of -c {given} without --s6-version requires s6 2.12 or later; an older s6-svscan ends at once"
                )
            }
            Self::Place(change, count) => change.say(*count, f),
            Self::NoExec => write!(f, "nothing can be executed on the file system of DIR; no script of the result runs there"),
            Self::StagingLeft(text) => f.write_str(text),
            Self::WouldBeRefused(text) => write!(f, "without --dry-run, this command line fails: {text}"),
            Self::InstanceEdited(name, path) => {
                write!(f, "the instance `{name}` was edited (`{path}` is of no known template), and is left as it is")
            }
            // Said already.
            Self::Tally(..) => Ok(()),
        }
    }
}

const fn run(part: Part) -> Script {
    Script { part, stage: Stage::Run }
}

fn definition(names: &[Name], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let others: Vec<&Name> = names.iter().skip(1).collect();
    let (also, they_have) = match others.as_slice() {
        [] => ("", "it has"),
        [_] => (", as is ", "they have"),
        _ => (", as are ", "they have"),
    };
    write!(f, "is for s6-rc{also}{}; s6-rc never reads a template, and {they_have} no effect", List(&others))
}

impl LinkDestination {
    /// Returns the destination of the link at `path`, and the consequence.
    fn say(self, path: &TreePath) -> (&'static str, &'static str) {
        let is_log = *path == LOG;
        match self {
            Self::Outside if is_log => (
                "is outside the template and not copied",
                "all instances share one logger directory with its state, and at most one logger starts",
            ),
            Self::Outside => {
                ("is outside the template and not copied", "each instance finds what exists there at that time, if anything")
            }
            Self::Absolute => {
                ("is absolute and not copied", "it must exist where the instances run: each of them uses what is there")
            }
            Self::Nowhere if is_log => ("leads nowhere", "no instance has a logger"),
            Self::Nowhere => ("leads nowhere", "whatever opens it in an instance fails"),
        }
    }
}

impl fmt::Display for StaticProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored => write!(f, "has no effect with --static; s6-rc-compile does not copy it"),
            Self::NeedsNewer(series) => {
                write!(f, "has no effect with --static before s6-rc {}, which does not copy it", series.number())
            }
            Self::NameTaken => {
                write!(f, "has a name that is taken in an s6-rc service; an instance would not find it")
            }
            Self::NotADirectory => {
                write!(f, "is not a directory; s6-rc-compile copies nothing but a directory of that name")
            }
            Self::LogNotADirectory => write!(f, "is not a directory; no instance has a logger"),
            Self::Value(value) => write!(f, "contains `{}`; s6-rc-compile refuses the definition", Excerpt(value)),
            Self::LinkBreaks(target) => {
                write!(f, "is a link to `{}`, which in an s6-rc service leads to something else or nowhere", Excerpt(target))
            }
            Self::NamesParent(path) => {
                write!(f, "names `{}`; in an s6-rc service, `..` is the directory of all service directories", Excerpt(path))
            }
            Self::NameFromDirectory => {
                write!(f, "takes the name of its directory, which is SERVICE@NAME for an instance of --static")
            }
            Self::Opened(mode) => {
                write!(f, "has mode {mode}, and a service directory of s6-rc has mode 0755; others can reach its data and env")
            }
            Self::UserWritable => write!(f, "can be written by the user of -u, and s6-rc copies it as root"),
        }
    }
}

impl S6RcSeries {
    /// The number of the first release.
    pub(super) const fn number(self) -> &'static str {
        match self {
            Self::V0_6_1 => "0.6.1",
            Self::V0_7 => "0.7",
        }
    }
}

impl fmt::Display for DeniedAccess {
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

impl Tally {
    /// The first entry, how many there are, and what follows.
    fn say(self, first: &TreePath, count: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match count {
            0 | 1 => write!(f, "`{first}` in the template ")?,
            2 => write!(f, "`{first}` and 1 more entry in the template ")?,
            _ => write!(f, "`{first}` and {} more entries in the template ", count - 1)?,
        }
        let one = count < 2;
        let (is, has, belongs) = if one { ("is", "has", "belongs") } else { ("are", "have", "belong") };
        match self {
            Self::Leftovers => write!(f, "{is} of an editor or a version control system; every instance gets a copy"),
            Self::Acl => write!(f, "{has} an access control list, which is not copied; the mode of the copy grants no more"),
            Self::Capability => write!(f, "{has} file capabilities, which are not copied; the copy runs without them"),
            Self::Attribute => write!(f, "{has} extended attributes, which are not copied"),
            Self::Owner => {
                write!(f, "{belongs} to a user or group that this process cannot give files to; the caller owns the copy")
            }
        }
    }
}

impl PlaceChange {
    fn say(self, count: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entries, belong, have) = if count == 1 { ("entry", "belongs", "has") } else { ("entries", "belong", "have") };
        match self {
            Self::Owner { asked, became } => {
                write!(f, "{count} {entries} of the result {belong} to {became} instead of {asked}; the file system decides it")
            }
            Self::Mode { asked, became } => write!(
                f,
                "{count} {entries} of the result {have} modes that the file system decides; where {asked} is asked for, it is {became}"
            ),
        }
    }
}

/// The accounts besides the owner that may write files made under `umask`. Empty: none.
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
