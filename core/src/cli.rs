//! The command line: one grammar for every program of this project.
//!
//! [`parse`] fails on syntax only and says what was typed; [`Request::try_from`] says what is meant, or why it means nothing.
//! The short options are those of s6's own program (docs/original.md, "Command line"); the long ones are ours.

use crate::definition::{Consumer, Definition, Management, ServiceName};
use crate::escape::Shown;
use crate::execline::Text;
use crate::instances::{InstanceName, Instances, NameMax};
use crate::lint::{self, Rule, Severity};
use crate::message;
use crate::number;
use crate::request::{Account, LOGGER_OPTIONS, LogDir, LogUser, Logging, MaxInstances, PrepareLogDir};
use crate::request::{Request, ScriptModes, Shape, Timestamp};
use crate::target::{Installation, ProgramDir, S6Version, ShebangDir, Target};
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, CommandFactory as _, FromArgMatches as _, ValueEnum};
use clap_lex::OsStrExt as _;
use core::fmt::Display;
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
    /// See [`Installation::Path`].
    Path,
    /// See [`Installation::Debian`].
    Debian,
    /// See [`Installation::Slashpackage`].
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

/// What is its own about a program's command line; the rest is the same for all of them.
#[derive(Clone, Copy, Debug)]
pub struct Grammar {
    /// What the program is called in its help.
    pub program: &'static str,
    /// Options that only this program has.
    pub own: &'static [OwnOption],
}

/// An option that one program has besides those of all programs: `--LONG VALUE`.
#[derive(Clone, Copy, Debug)]
pub struct OwnOption {
    /// Its name, without the dashes.
    pub long: &'static str,
    /// What its value is called in the help.
    pub value_name: &'static str,
    /// A line for the help.
    pub help: &'static str,
    /// Under which heading the help has it.
    pub heading: &'static str,
}

impl Grammar {
    /// Nothing but what all programs understand.
    pub const COMMON: Self = Self { program: message::PROGRAM, own: &[] };

    fn command(&self) -> clap::Command {
        let own = self.own.iter().map(|option| {
            clap::Arg::new(option.long)
                .long(option.long)
                .value_name(option.value_name)
                .value_parser(clap::value_parser!(OsString))
                .help(option.help)
                .help_heading(option.heading)
        });
        let usage = format!("{} [OPTIONS] TEMPLATE DIR", self.program);
        Cli::command().name(self.program).override_usage(usage).args(own)
    }
}

/// A command line that was read by a [`Grammar`].
#[derive(Clone, Debug)]
pub struct Typed {
    /// What all programs understand.
    pub cli: Cli,
    /// The same as words, the program's name first: any program of this project reads the same from them. The program's own options
    /// are not among them.
    pub common: Vec<OsString>,
    own: Vec<(&'static str, OsString)>,
}

impl Typed {
    /// The value of one of the program's own options.
    #[must_use]
    pub fn own(&self, long: &str) -> Option<&OsStr> {
        self.own.iter().rev().find(|(name, _)| *name == long).map(|(_, value)| value.as_os_str())
    }

    /// The value of one of the program's own options as a number from `min` to `max`.
    pub fn own_number<N>(&self, long: &str, min: N, max: N) -> Result<Option<N>, UsageError>
    where
        N: TryFrom<u64> + PartialOrd + Display,
    {
        number_within(&format!("--{long}"), self.own(long), min, max)
    }
}

/// Reads a command line, the program's name first.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Refusal> {
    parse_with(&Grammar::COMMON, args).map(|typed| typed.cli)
}

/// Reads a command line of a program that has options of its own, the program's name first.
pub fn parse_with(grammar: &Grammar, args: impl IntoIterator<Item = OsString>) -> Result<Typed, Refusal> {
    let command = grammar.command();
    let words = long_form(&command, args).map_err(Refusal::Usage)?;
    let matches = command.try_get_matches_from(&words).map_err(|error| refusal(&error))?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| refusal(&error))?;
    let of = |option: &OwnOption| matches.get_one::<OsString>(option.long).map(|value| (option.long, value.clone()));
    let own = grammar.own.iter().filter_map(of).collect();
    // In the long form an option is one word, and what follows `--` is none.
    let mut ended = false;
    let is_common = |(place, word): &(usize, OsString)| {
        // The program's own name may be anything.
        let is_word = *place > 0;
        ended |= is_word && word == "--";
        let is_own = || grammar.own.iter().any(|option| is_in_long_form(word, option.long));
        !is_word || ended || !is_own()
    };
    let common = words.into_iter().enumerate().filter(is_common).map(|(_, word)| word).collect();
    Ok(Typed { cli, common, own })
}

/// Rewrites every option with a value to `--long=VALUE`, the one form in which clap takes a value as it is: it would drop the
/// `=` of `-P=x`, and stop at a value that begins with `-`. Refuses here what clap could only tell as text: operands that are too
/// many, options that are not UTF-8. Everything else is left to clap.
fn long_form(command: &clap::Command, args: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, UsageError> {
    let refuse = |message| Err(UsageError { message, hint: Some(USAGE.to_owned()) });
    let options: Vec<_> =
        command.get_arguments().filter(|arg| arg.get_action().takes_values() && !arg.is_positional()).collect();
    let operands = command.get_positionals().count();
    let mut args = args.into_iter();
    let mut result: Vec<OsString> = args.next().into_iter().collect();
    let is_flag = |word: &OsStr| {
        command.get_arguments().any(|arg| {
            let short = arg.get_short().is_some_and(|short| *word == *format!("-{short}"));
            short || arg.get_long().is_some_and(|long| *word == *format!("--{long}"))
        })
    };
    let (mut seen, mut ended) = (0, false);
    // What is wrong first is told: an option that clap does not know may have a value that looks like an operand.
    let mut unknown = false;
    let mut excess = None;
    while let Some(arg) = args.next() {
        let shown = Shown(arg.as_encoded_bytes());
        if ended || arg == "-" || !arg.as_encoded_bytes().starts_with(b"-") {
            seen += 1;
            if seen > operands && !unknown && excess.is_none() {
                excess = Some(format!("`{shown}`: there is nothing to take after TEMPLATE and DIR"));
            }
            result.push(arg);
            continue;
        }
        if arg == "--" {
            ended = true;
            result.push(arg);
            continue;
        }
        let attached = options.iter().find_map(|option| {
            let short = option.get_short().and_then(|short| arg.strip_prefix(&format!("-{short}")));
            let exact = option.get_long().is_some_and(|long| arg == *format!("--{long}"));
            short.or(exact.then_some(OsStr::new(""))).map(|value| (option, value.to_owned()))
        });
        match attached {
            None if arg.to_str().is_none() && !arg.as_encoded_bytes().contains(&b'=') => {
                return refuse(format!("there is no option `{shown}`"));
            }
            None => {
                let is_option = options.iter().any(|option| option.get_long().is_some_and(|long| is_in_long_form(&arg, long)));
                unknown |= !is_option && !is_flag(&arg);
                result.push(arg);
            }
            Some((option, value)) => {
                let value = if value.is_empty() { args.next() } else { Some(value) };
                let Some(value) = value else { return refuse(format!("{shown} needs a value")) };
                let mut long = OsString::from(format!("--{}=", option.get_long().unwrap_or_default()));
                long.push(value);
                result.push(long);
            }
        }
    }
    match excess {
        Some(message) => refuse(message),
        None => Ok(result),
    }
}

/// Whether a word is the option `long` with its value, `--long=VALUE`.
fn is_in_long_form(word: &OsStr, long: &str) -> bool {
    word.strip_prefix(&format!("--{long}=")).is_some()
}

const USAGE: &str = "usage: s6-instance-maker [OPTIONS] TEMPLATE DIR, and see --help";

/// What clap says, in our words and escaped.
fn refusal(error: &clap::Error) -> Refusal {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(Shown(text.as_bytes()).to_string()),
        Some(ContextValue::Strings(texts)) => {
            Some(texts.iter().map(|text| Shown(text.as_bytes()).to_string()).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    };
    let arg = || context(ContextKind::InvalidArg).unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return Refusal::Show(error.render().to_string()),
        ErrorKind::UnknownArgument => format!("there is no option `{}`", arg()),
        ErrorKind::MissingRequiredArgument => format!("{} missing", arg().replace(['<', '>'], "")),
        ErrorKind::InvalidValue => {
            format!("{}: there is no `{}`", arg(), context(ContextKind::InvalidValue).unwrap_or_default())
        }
        // For what clap may come to say: no command line is known that gets this far, nor to the last of these.
        ErrorKind::InvalidUtf8 => "an option's name, or a value that must be one of a few words, is not UTF-8".to_owned(),
        ErrorKind::TooManyValues => format!("{} takes no value", arg()),
        _ => Shown(error.kind().to_string().as_bytes()).to_string(),
    };
    let suggested = context(ContextKind::SuggestedArg).or_else(|| context(ContextKind::SuggestedValue));
    let hint = match (suggested, context(ContextKind::ValidValue)) {
        (Some(suggested), _) => format!("did you mean `{suggested}`?"),
        (None, Some(valid)) if !valid.is_empty() => format!("there are {valid}"),
        (None, _) => USAGE.to_owned(),
    };
    Refusal::Usage(UsageError { message, hint: Some(hint) })
}

impl TryFrom<&Cli> for Request {
    type Error = UsageError;

    fn try_from(cli: &Cli) -> Result<Self, UsageError> {
        cli.check_operands()?;
        let max_instances = cli.max_instances.as_deref().map(|value| {
            let number = number::parse(value.as_encoded_bytes()).and_then(MaxInstances::new);
            let range = format!("it must be a number from {} to {}", MaxInstances::MIN, MaxInstances::MAX);
            number.ok_or_else(|| UsageError::value("-c", value, range))
        });
        let log = LoggerOptions::of(cli)?;
        let target = target(cli)?;
        let user = account("-u", cli.user.as_deref())?;
        let max_instances = max_instances.transpose()?;
        let name_max = name_max(cli, &target)?;
        let lint = lint_settings(cli)?;
        // What is done with links is not asked for here, but must mean something.
        cli.dereference()?;
        let script_modes = if cli.fix_modes { ScriptModes::Executable } else { ScriptModes::Kept };
        let idle_logger_options = if log.logging.is_none() { log.given } else { Vec::new() };
        let management = management(cli)?;
        let shape = match &cli.s6_rc {
            None => {
                let option = [
                    ("--depends-on", !cli.depends_on.is_empty()),
                    ("--essential", cli.essential),
                    ("--timeout-up", cli.timeout_up.is_some()),
                    ("--timeout-down", cli.timeout_down.is_some()),
                ];
                if let Some((option, _)) = option.into_iter().find(|(_, given)| *given) {
                    return Err(UsageError::new(format!("{option} means something with -r only: it is said to s6-rc")));
                }
                Shape::ServiceDirectory { log: log.logging, instances: declared(cli)? }
            }
            Some(names) => {
                let option = [("--instance", !cli.instance.is_empty()), ("--instances-from", cli.instances_from.is_some())];
                if let Some((option, _)) = option.into_iter().find(|(_, given)| *given) {
                    let reason = "s6-rc-compile makes the directories for instances itself, empty";
                    return Err(UsageError::new(format!("{option} means nothing with -r: {reason}")));
                }
                Shape::S6Rc(definition(names, log.logging, management)?)
            }
        };
        Ok(Self { shape, max_instances, name_max, user, script_modes, lint, target, idle_logger_options })
    }
}

/// The longest name of an instance, which s6-svscan can be told from 2.12 on.
fn name_max(cli: &Cli, target: &Target) -> Result<Option<NameMax>, UsageError> {
    let Some(value) = cli.name_max.as_deref() else { return Ok(None) };
    if target.s6_version.is_some_and(|version| !version.counts_slots()) {
        return Err(UsageError::new("--name-max needs s6 2.12 or later: an older s6-svscan knows no such limit"));
    }
    let number = number_within("--name-max", Some(value), NameMax::MIN, NameMax::MAX)?;
    // In range, just checked.
    Ok(number.and_then(|number| NameMax::new(number.into())))
}

fn lint_settings(cli: &Cli) -> Result<lint::Settings, UsageError> {
    let rule = |id: &OsString| {
        Rule::parse(id.as_encoded_bytes()).ok_or_else(|| UsageError {
            message: format!("--allow `{}`: there is no such rule", Shown(id.as_encoded_bytes())),
            hint: Some(format!("there are {}", Rule::ALL.map(Rule::id).join(", "))),
        })
    };
    let allowed = cli.allow.iter().map(rule).collect::<Result<_, _>>()?;
    Ok(lint::Settings { allowed, severity: if cli.strict { Severity::Strict } else { Severity::Usual } })
}

/// The instances that the command line itself names.
fn declared(cli: &Cli) -> Result<Instances, UsageError> {
    let mut instances = Instances::default();
    for value in &cli.instance {
        let name = checked("--instance", value, InstanceName::new)?;
        instances.declare(name).map_err(|error| UsageError::value("--instance", value, error))?;
    }
    Ok(instances)
}

/// What s6-rc is told about the service.
fn management(cli: &Cli) -> Result<Management, UsageError> {
    let depends_on = cli.depends_on.iter().map(|name| checked("--depends-on", name, ServiceName::new));
    Ok(Management {
        depends_on: depends_on.collect::<Result<_, _>>()?,
        essential: cli.essential,
        timeout_up: number_in("--timeout-up", cli.timeout_up.as_deref(), u32::MAX)?,
        timeout_down: number_in("--timeout-down", cli.timeout_down.as_deref(), u32::MAX)?,
    })
}

/// The logger's options: what they mean, and which of s6's own were given at all.
struct LoggerOptions {
    logging: Option<Logging>,
    given: Vec<&'static str>,
}

impl LoggerOptions {
    fn of(cli: &Cli) -> Result<Self, UsageError> {
        let dir = cli.log_dir.as_deref().map(|value| checked("-L", value, LogDir::new)).transpose()?;
        let timestamp = number_in("-t", cli.timestamp.as_deref(), 3)?.map_or(Some(Timestamp::Tai64n), Timestamp::new);
        // In range, just checked.
        let timestamp = timestamp.unwrap_or(Timestamp::Tai64n);
        let archives = number_in("-n", cli.log_archives.as_deref(), u32::MAX)?.unwrap_or(10);
        let file_size = number_in("-s", cli.log_file_size.as_deref(), u32::MAX)?.unwrap_or(1_000_000);
        let total_size = number_in("-S", cli.log_total_size.as_deref(), u64::MAX)?.unwrap_or(0);
        let prefix = cli.log_prefix.as_deref().map(|value| checked("-P", value, Text::new)).transpose()?;
        let account = account("-l", cli.log_user.as_deref())?;
        if cli.no_prepare_log_dir && (account.is_none() || dir.is_none()) {
            return Err(UsageError::new("--no-prepare-log-dir means something with -L and -l only"));
        }
        let user = match (account, &dir) {
            (None, _) => None,
            // Without a logger it is not prepared either.
            (Some(account), None) => Some(LogUser { account, prepare: PrepareLogDir::No }),
            (Some(account), Some(_)) if cli.no_prepare_log_dir => Some(LogUser { account, prepare: PrepareLogDir::No }),
            (Some(account), Some(dir)) => {
                let reason = "-l would give it away whole; end it in a name, or add --no-prepare-log-dir";
                let typed = cli.log_dir.as_deref().unwrap_or_default();
                let entry = dir.entry().ok_or_else(|| UsageError::value("-L", typed, reason))?;
                Some(LogUser { account, prepare: PrepareLogDir::Yes(entry) })
            }
        };
        let given = [
            user.is_some(),
            cli.timestamp.is_some(),
            cli.log_archives.is_some(),
            cli.log_file_size.is_some(),
            cli.log_total_size.is_some(),
            cli.log_prefix.is_some(),
        ];
        let given = LOGGER_OPTIONS.into_iter().zip(given).filter_map(|(option, given)| given.then_some(option)).collect();
        let logging = dir.map(|dir| Logging { dir, user, timestamp, archives, file_size, total_size, prefix });
        Ok(Self { logging, given })
    }
}

fn target(cli: &Cli) -> Result<Target, UsageError> {
    let mut target = Target::installed(match cli.installation {
        None | Some(InstallationName::Path) => Installation::Path,
        Some(InstallationName::Debian) => Installation::Debian,
        Some(InstallationName::Slashpackage) => Installation::Slashpackage,
    });
    if let Some(dir) = &cli.shebang_dir {
        target.shebang_dir = checked("--shebang-dir", dir, ShebangDir::new)?;
    }
    if let Some(dir) = &cli.execline_dir {
        target.execline_dir = Some(checked("--execline-dir", dir, ProgramDir::new)?);
    }
    if let Some(dir) = &cli.s6_dir {
        target.s6_dir = Some(checked("--s6-dir", dir, ProgramDir::new)?);
    }
    target.s6_version = cli.s6_version.as_deref().map(|text| checked("--s6-version", text, S6Version::parse)).transpose()?;
    Ok(target)
}

/// SERVICE[/LOGGER[/PIPELINE]], with a logger exactly when there is something for it to do.
fn definition(names: &OsStr, logging: Option<Logging>, management: Management) -> Result<Definition, UsageError> {
    let refuse = |reason: &str| UsageError::value("-r", names, reason);
    let mut parts = names.as_encoded_bytes().split(|&byte| byte == b'/');
    let mut next = |what: &str| {
        let name =
            parts.next().map(|part| ServiceName::new(part).map_err(|error| refuse(&format!("the {what}'s name: {error}"))));
        name.transpose()
    };
    let (service, logger, pipeline) = (next("service")?, next("logger")?, next("pipeline")?);
    if parts.next().is_some() {
        return Err(refuse("it must be SERVICE, SERVICE/LOGGER or SERVICE/LOGGER/PIPELINE"));
    }
    // Splitting always yields a first part.
    let service = service.ok_or_else(|| refuse("it names no service"))?;
    let consumer = match (logger, logging) {
        (Some(logger), Some(logging)) => Some(Consumer { logger, pipeline, logging }),
        (None, None) => None,
        (Some(_), None) => return Err(refuse("it names a logger, and without -L there is nothing for it to do")),
        (None, Some(_)) => return Err(refuse("with -L it must name a logger too: SERVICE/LOGGER")),
    };
    Definition::new(service, consumer, management).map_err(|error| refuse(&error.to_string()))
}

/// An account; an empty value is none.
fn account(option: &str, value: Option<&OsStr>) -> Result<Option<Account>, UsageError> {
    value.filter(|value| !value.is_empty()).map(|value| checked(option, value, Account::parse)).transpose()
}

fn checked<'a, T, E: Display>(
    option: &str,
    value: &'a OsStr,
    check: impl FnOnce(&'a [u8]) -> Result<T, E>,
) -> Result<T, UsageError> {
    check(value.as_encoded_bytes()).map_err(|error| UsageError::value(option, value, error))
}

/// A number from 0 to `max`.
fn number_in<N>(option: &str, value: Option<&OsStr>, max: N) -> Result<Option<N>, UsageError>
where
    N: TryFrom<u64> + PartialOrd + Display + Default,
{
    number_within(option, value, N::default(), max)
}

/// A number from `min` to `max`.
fn number_within<N>(option: &str, value: Option<&OsStr>, min: N, max: N) -> Result<Option<N>, UsageError>
where
    N: TryFrom<u64> + PartialOrd + Display,
{
    let Some(value) = value else { return Ok(None) };
    let number = number::parse(value.as_encoded_bytes()).and_then(|number| N::try_from(number).ok());
    match number {
        Some(number) if min <= number && number <= max => Ok(Some(number)),
        _ => Err(UsageError::value(option, value, format!("it must be a number from {min} to {max}"))),
    }
}
