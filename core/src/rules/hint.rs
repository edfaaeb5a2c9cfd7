//! Hints: what to do about a problem, in words that can be followed as they stand.

use super::control::Setting;
use super::interpreter_line::InterpreterLine;
use super::problem::{DeniedAccess, LinkDestination, Problem, ServiceKind};
use super::remedy::Remedy;
use super::script::{Fault, Script, Stage};
use crate::escape::Excerpt;
use crate::layout::{
    CONSUMER_FOR, DEPENDENCIES, DEPENDENCIES_D, FLAG_ESSENTIAL, FLAG_RECOMMENDED, PIPELINE_NAME, PRODUCER_FOR, TIMEOUT_DOWN,
    TIMEOUT_UP,
};
use crate::path::Name;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

impl Problem {
    /// Returns a hint that names no remedy that the command line already has (`followed`).
    pub(super) fn hint(&self, followed: &BTreeSet<Remedy>) -> String {
        let has = |remedy| followed.contains(&remedy);
        match self {
            Self::Link { destination: destination @ (LinkDestination::Outside | LinkDestination::Absolute), .. }
                if has(Remedy::Dereference) =>
            {
                let id = self.rule().id();
                match destination {
                    LinkDestination::Absolute => format!(
                        "nothing here can be copied in its place; --allow {id} accepts it where the target exists in the end"
                    ),
                    _ => format!("nothing here can be copied in its place: put the target into the template, or --allow {id}"),
                }
            }
            Self::Script(_, Fault::InterpreterMissing(path)) if path.starts_with(b"/") => {
                "write a shorter path into the line, such as that of a link to the interpreter, without blanks before it".into()
            }
            Self::Script(_, Fault::Elsewhere(program)) => elsewhere(program),
            Self::Script(_, Fault::InterpreterRejects(line)) => {
                InterpreterLine::of(line).hint().unwrap_or_else(|| self.rule().advice().into())
            }
            Self::ControlFile(file, _) => {
                let value = match file.setting {
                    Setting::NotificationFd | Setting::LockFd => "a descriptor, a number from 3 to 2147483647,",
                    Setting::TimeoutKill | Setting::TimeoutFinish => "a number of milliseconds",
                    Setting::MaxDeathTally => "a number",
                    Setting::DownSignal | Setting::ReloadSignal => "the name of a signal, such as SIGHUP,",
                };
                let name = file.setting.name();
                format!("write {value} on the first line of {name}, without blanks, or remove {name}")
            }
            Self::SharedLogDirectory(directory) => shared(directory),
            Self::Script(Script { stage: Stage::Check, .. }, Fault::NotAFile(_)) => {
                "replace data/check by a script or a program".into()
            }
            Self::SetIdDropped(_) if has(Remedy::FixModes) => {
                format!("make the file executable in the template (chmod +x); {}", self.rule().advice())
            }
            Self::UserCannot(denied) => denied.hint().to_string(),
            Self::NotALongrun(ServiceKind::Oneshot) => {
                "make run a program that stays, and remove type; what runs once belongs into an s6-rc service of its own".into()
            }
            Self::NotALongrun(ServiceKind::Bundle) => {
                "write a run that stays, and remove type and contents.d; a bundle belongs into an s6-rc source directory".into()
            }
            Self::S6RcDefinition(names) => definition(names, followed),
            _ => self.rule().advice().into(),
        }
    }
}

impl DeniedAccess {
    const fn hint(&self) -> &'static str {
        match self {
            Self::Execute(_) | Self::Read(_) => "give the user the right to read and execute it: chmod a+rx",
            Self::Pass(_) => "give the user the right to pass through the directory: chmod a+x",
            Self::Open(_) => {
                "if instances need it, give the user the right to read it: chmod a+r, or chgrp to a group of the user and chmod g+r"
            }
        }
    }
}

/// Returns the hint about a program in another directory: each kind has its option.
fn elsewhere(program: &[u8]) -> String {
    let at = program.iter().rposition(|&byte| byte == b'/').unwrap_or_default();
    let (directory, name) = program.split_at_checked(at).unwrap_or_default();
    let directory = if directory.is_empty() { b"/".as_slice() } else { directory };
    let option = if name == b"/execlineb" { "--shebang-dir" } else { "--s6-dir" };
    format!("change the path in the script, or say that such programs are there: {option} {}", Excerpt(directory))
}

/// A log directory for each instance. Its parent is the instance's, which s6-log does not make.
fn shared(directory: &[u8]) -> String {
    let own = if directory.windows(2).any(|bytes| bytes == b"$1") { "" } else { "/$1" };
    let directory = Excerpt(directory);
    format!(
        "run mkdir -p \"{directory}{own}\" before the logger, and have it write to \"{directory}{own}\": $1 is NAME/log in a shell, and in \
         execlineb with -S1"
    )
}

/// Returns the options by which s6-rc learns the same about the service that is made, but for those that the command line has.
fn definition(names: &[Name], followed: &BTreeSet<Remedy>) -> String {
    let lacks = |remedy, files: &[Name]| !followed.contains(&remedy) && files.iter().any(|name| names.contains(name));
    let logger = if lacks(Remedy::Pipeline, &[PIPELINE_NAME]) {
        "-r SERVICE/LOGGER/PIPELINE -L DIR"
    } else {
        "-r SERVICE/LOGGER -L DIR"
    };
    let options: Vec<&str> = [
        ("--depends-on NAME", lacks(Remedy::DependsOn, &[DEPENDENCIES_D, DEPENDENCIES])),
        (logger, lacks(Remedy::Logger, &[PRODUCER_FOR, CONSUMER_FOR]) || lacks(Remedy::Pipeline, &[PIPELINE_NAME])),
        ("--essential", lacks(Remedy::Essential, &[FLAG_ESSENTIAL])),
        ("--recommended", lacks(Remedy::Recommended, &[FLAG_RECOMMENDED])),
        ("--timeout-up MS", lacks(Remedy::TimeoutUp, &[TIMEOUT_UP])),
        ("--timeout-down MS", lacks(Remedy::TimeoutDown, &[TIMEOUT_DOWN])),
    ]
    .into_iter()
    .filter_map(|(option, is_missing)| is_missing.then_some(option))
    .collect();
    let them = if names.len() == 1 { "it" } else { "them" };
    match options.as_slice() {
        [] => format!("remove {them} from the template"),
        options => {
            format!("remove {them} from the template; for the service that is made here, with -r: {}", options.join(", "))
        }
    }
}
