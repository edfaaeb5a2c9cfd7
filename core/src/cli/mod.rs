//! The command line: one grammar for every program of this project.
//!
//! [`parse`] fails on syntax only and says what was typed; [`Request`](crate::request::Request)`::try_from` says what is meant, or why it means nothing.
//! The short options are those of s6's own program (docs/original.md, "Command line"); the long ones are ours.

mod meaning;
mod words;

pub use words::{Grammar, OwnOption, Typed, parse, parse_with};

use crate::escape::Shown;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use clap::{ArgAction, ValueEnum};
use core::fmt::Display;
use meaning::number_in;
use std::ffi::{OsStr, OsString};

/// What was typed.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "s6-instance-maker",
    version,
    about = "Makes an instanced s6 service from a template service directory",
    long_about = "\
Makes a service directory that launches and manages many instances of a service, each of them a copy of the
service directory TEMPLATE; or, with -r, source definition directories for s6-rc that do.

DIR appears whole or not at all. Nothing is written when something is wrong with the options or the template.",
    after_help = "Exit codes: 0 done; 100 wrong usage, or a template that cannot work; 111 the system refused something.",
    override_usage = "s6-instance-maker [OPTIONS] TEMPLATE DIR",
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    next_line_help = false
)]
pub struct Cli {
    /// The template: a service directory that says how to run one instance
    ///
    /// Its run script gets the instance's name as its argument, its finish script as the third one.
    /// When it has a log directory, every instance has a logger of its own, whose run script gets
    /// NAME/log.
    #[arg(verbatim_doc_comment, value_name = "TEMPLATE", help_heading = "Operands", display_order = 1)]
    pub template: OsString,

    /// What to make; must not exist yet, but for -r
    #[arg(value_name = "DIR", help_heading = "Operands", display_order = 2)]
    pub dir: OsString,

    /// Room for N instances, 2 to 90000 [default: 500]
    ///
    /// At most 80000 for a template with a log directory, from s6 2.12 on. When neither -c nor
    /// --s6-version is given, the result leaves the number to s6-svscan: 500, whatever the version.
    #[arg(verbatim_doc_comment, short = 'c', long, value_name = "N", help_heading = "Service")]
    pub max_instances: Option<OsString>,

    /// Instances and their loggers run as USER
    ///
    /// An account's name, or UID:GID. The supervisors stay root; in the template's copy, wrappers
    /// around run, finish, log/run and log/finish drop privileges, and the scripts themselves are
    /// called run.user and so on.
    #[arg(verbatim_doc_comment, short = 'u', long, value_name = "USER", help_heading = "Service")]
    pub user: Option<OsString>,

    /// Instances have names of at most N bytes, 11 to 255 [default: 251]
    ///
    /// Needs s6 2.12 or later.
    #[arg(verbatim_doc_comment, long, value_name = "N", help_heading = "Service")]
    pub name_max: Option<OsString>,

    /// Make s6-rc source definition directories in DIR, which may exist
    ///
    /// The longrun SERVICE; the longrun LOGGER, which needs -L; and PIPELINE, the bundle of both.
    #[arg(verbatim_doc_comment, short = 'r', long, value_name = "SERVICE[/LOGGER[/PIPELINE]]", help_heading = "Service")]
    pub s6_rc: Option<OsString>,

    /// With -r: depend on the service NAME; again and again
    ///
    /// The service does, and its logger.
    #[arg(verbatim_doc_comment, long, value_name = "NAME", action = ArgAction::Append, help_heading = "Service")]
    pub depends_on: Vec<OsString>,

    /// With -r: stay up when services that are not essential are stopped
    #[arg(long, help_heading = "Service")]
    pub essential: bool,

    /// With -r: milliseconds in which the service must be ready; 0: no limit
    #[arg(long, value_name = "MS", help_heading = "Service")]
    pub timeout_up: Option<OsString>,

    /// With -r: milliseconds in which the service must stop; 0: no limit
    #[arg(long, value_name = "MS", help_heading = "Service")]
    pub timeout_down: Option<OsString>,

    /// One logger for all instances, writing to the absolute directory DIR
    #[arg(short = 'L', long, value_name = "DIR", help_heading = "Logger")]
    pub log_dir: Option<OsString>,

    /// The logger runs as USER
    ///
    /// An account's name, or UID:GID. When it starts, the logger's script makes the log directory
    /// and gives it to USER.
    #[arg(verbatim_doc_comment, short = 'l', long, value_name = "USER", help_heading = "Logger")]
    pub log_user: Option<OsString>,

    /// With -l: leave the log directory as it is
    #[arg(long, help_heading = "Logger")]
    pub no_prepare_log_dir: bool,

    /// Timestamps: 0 none, 1 TAI64N, 2 ISO 8601, 3 both [default: 1]
    #[arg(short = 't', long, value_name = "N", help_heading = "Logger")]
    pub timestamp: Option<OsString>,

    /// Keep N old log files [default: 10]
    #[arg(short = 'n', long, value_name = "N", help_heading = "Logger")]
    pub log_archives: Option<OsString>,

    /// Rotate a log file at this size [default: 1000000]
    ///
    /// s6-log uses 4096 to 268435455 as they are.
    #[arg(verbatim_doc_comment, short = 's', long, value_name = "BYTES", help_heading = "Logger")]
    pub log_file_size: Option<OsString>,

    /// Keep at most so many bytes of old log files; 0: no limit [default: 0]
    #[arg(short = 'S', long, value_name = "BYTES", help_heading = "Logger")]
    pub log_total_size: Option<OsString>,

    /// Put TEXT before every line of the log
    #[arg(short = 'P', long, value_name = "TEXT", help_heading = "Logger")]
    pub log_prefix: Option<OsString>,

    /// Which s6 will run the result [default: any for the result, the newest known for -c]
    ///
    /// Missing parts are those of the newest of that series. From 2.11.3.0 on.
    #[arg(verbatim_doc_comment, long, value_name = "X.Y[.Z[.W]]", help_heading = "Where it will run")]
    pub s6_version: Option<OsString>,

    /// Where programs are: path, debian or slashpackage [default: path]
    ///
    /// path: execlineb in /usr/bin, all else found by PATH. debian: execlineb and s6 in /usr/bin,
    /// execline's other programs in /usr/lib/execline/bin. slashpackage: all in /command. The next
    /// three options override it.
    #[arg(
        verbatim_doc_comment,
        long,
        value_name = "NAME",
        value_enum,
        hide_possible_values = true,
        help_heading = "Where it will run"
    )]
    pub installation: Option<InstallationName>,

    /// Where execlineb is, for interpreter lines [default: /usr/bin]
    #[arg(long, value_name = "DIR", help_heading = "Where it will run")]
    pub shebang_dir: Option<OsString>,

    /// Where execline's other programs are [default: found by PATH]
    #[arg(long, value_name = "DIR", help_heading = "Where it will run")]
    pub execline_dir: Option<OsString>,

    /// Where s6's programs are [default: found by PATH]
    #[arg(long, value_name = "DIR", help_heading = "Where it will run")]
    pub s6_dir: Option<OsString>,

    /// Accept what the rule RULE finds in the template; again and again
    ///
    /// Every error and every warning about the template begins with the name of its rule; docs/lint.md
    /// lists them.
    #[arg(verbatim_doc_comment, long, value_name = "RULE", action = ArgAction::Append, help_heading = "Template")]
    pub allow: Vec<OsString>,

    /// Take every warning about the template for an error
    #[arg(long, help_heading = "Template")]
    pub strict: bool,

    /// Copy what links point to that lead out of the template
    ///
    /// Only files and directories; links inside of the template stay links.
    #[arg(verbatim_doc_comment, long, help_heading = "Template")]
    pub dereference: bool,

    /// With --dereference: copy at most so many bytes [default: 67108864]
    ///
    /// What links point to, with at least 256 bytes for each file and directory.
    #[arg(verbatim_doc_comment, long, value_name = "BYTES", help_heading = "Template")]
    pub dereference_limit: Option<OsString>,

    /// Make run, finish, log/run and log/finish executable in the copy
    ///
    /// For whoever may read them.
    #[arg(verbatim_doc_comment, long, help_heading = "Template")]
    pub fix_modes: bool,

    /// The instance NAME is there from the start; again and again
    #[arg(long, value_name = "NAME", action = ArgAction::Append, help_heading = "Template")]
    pub instance: Vec<OsString>,

    /// So are those that FILE lists, a name a line; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = "Template")]
    pub instances_from: Option<OsString>,

    /// Print what would be made; write nothing
    #[arg(long, help_heading = "What to do")]
    pub dry_run: bool,

    /// With --dry-run: text, or json for a plan that --apply-plan takes [default: text]
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true, help_heading = "What to do")]
    pub format: Option<Format>,

    /// Print the job that the WASI module reads; write nothing
    #[arg(long, help_heading = "What to do")]
    pub print_job: bool,

    /// Carry out the plan in FILE, computed elsewhere; `-` is standard input
    ///
    /// It is refused when the template is another one than the one that it was computed for, and when it
    /// would do what no plan may. Other options that say what to make are not looked at.
    #[arg(verbatim_doc_comment, long, value_name = "FILE", help_heading = "What to do")]
    pub apply_plan: Option<OsString>,

    /// Flush everything to disk before the result appears
    ///
    /// And the directory that it appears in after that: with exit code 0, it survives a crash of the
    /// whole system. What only prints is the same with it.
    #[arg(verbatim_doc_comment, long, help_heading = "What to do")]
    pub sync: bool,

    /// Print a short help (-h) or this one (--help)
    #[arg(short = 'h', long, action = ArgAction::Help, help_heading = "What to do")]
    help: Option<bool>,

    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "What to do")]
    version: Option<bool>,
}

/// The forms in which a plan can be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: see [`Plan`](crate::plan::Plan)'s `Display`.
    #[default]
    Text,
    /// For programs: see docs/plan-format.md.
    Json,
}

/// What a command line says to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something with what the other options ask for.
    Request(Purpose),
    /// Carry out the plan in this file; `-` is standard input.
    ApplyPlan(OsString),
}

/// What to do with what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Compute a plan and carry it out.
    Make,
    /// Compute a plan and print it.
    Print(Format),
    /// Print what a plan is computed from.
    PrintJob,
}

impl Cli {
    /// What to do: one thing.
    pub fn action(&self) -> Result<Action, UsageError> {
        if self.format.is_some() && !self.dry_run {
            return Err(UsageError::new("--format means something with --dry-run only"));
        }
        match (self.dry_run, self.print_job, &self.apply_plan) {
            (false, false, None) => Ok(Action::Request(Purpose::Make)),
            (true, false, None) => Ok(Action::Request(Purpose::Print(self.format.unwrap_or_default()))),
            (false, true, None) => Ok(Action::Request(Purpose::PrintJob)),
            (false, false, Some(file)) => Ok(Action::ApplyPlan(file.clone())),
            _ => Err(UsageError::new("of --dry-run, --print-job and --apply-plan only one can be done")),
        }
    }

    /// How many bytes may be copied of what links point to; none: links stay links.
    pub fn dereference(&self) -> Result<Option<u64>, UsageError> {
        let limit = number_in("--dereference-limit", self.dereference_limit.as_deref(), u64::MAX)?;
        match (self.dereference, limit) {
            (false, Some(_)) => Err(UsageError::new("--dereference-limit means something with --dereference only")),
            (false, None) => Ok(None),
            (true, limit) => Ok(Some(limit.unwrap_or(DEREFERENCE_LIMIT))),
        }
    }

    /// Fails when an operand is empty.
    pub fn check_operands(&self) -> Result<(), UsageError> {
        for (operand, value) in [("TEMPLATE", &self.template), ("DIR", &self.dir)] {
            if value.is_empty() {
                return Err(UsageError::new(format!("{operand} cannot be empty")));
            }
        }
        Ok(())
    }
}

/// How much is copied of what links point to unless told otherwise, in bytes: much for configuration, little for a disk.
const DEREFERENCE_LIMIT: u64 = 64 << 20;

/// The customary installations, as they are named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InstallationName {
    /// See [`Installation::Path`](crate::target::Installation::Path).
    Path,
    /// See [`Installation::Debian`](crate::target::Installation::Debian).
    Debian,
    /// See [`Installation::Slashpackage`](crate::target::Installation::Slashpackage).
    Slashpackage,
}

/// Why a command line asks for nothing that could be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It asks for help or for the version: the text to print on standard output.
    Show(String),
    /// It is wrong.
    Usage(UsageError),
}

/// What is wrong with a command line; the text is escaped already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    message: String,
    hint: Option<String>,
}

impl UsageError {
    /// What may help, for a line of its own.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// An option that this program was built without, and what may help.
    #[must_use]
    pub fn unsupported(option: &str, hint: &str) -> Self {
        Self { message: format!("{option} is not in this program"), hint: Some(hint.to_owned()) }
    }

    /// An option's value that means nothing, and why.
    fn value(option: &str, value: &OsStr, reason: impl Display) -> Self {
        Self::new(format!("{option} `{}`: {reason}", Shown(value.as_encoded_bytes())))
    }
}
