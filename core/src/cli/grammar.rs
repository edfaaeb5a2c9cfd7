//! The grammar: the operands, the families of options, and what a program may add to them.

use super::action_options::ActionOptions;
use super::instance_options::InstanceOptions;
use super::invocation::Invocation;
use super::logger_options::LoggerOptions;
use super::refusal::{Refusal, UsageError};
use super::s6_rc_options::S6RcOptions;
use super::service_options::ServiceOptions;
use super::target_options::TargetOptions;
use super::template_options::TemplateOptions;
use super::words::Words;
use crate::message;
use crate::options;
use alloc::format;
use alloc::vec::Vec;
use clap::{Args, CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;

/// What was typed, family by family.
#[derive(Clone, Debug, clap::Parser)]
#[command(
    name = "s6-instance-maker",
    version,
    about = "Makes an instanced s6 service from a template service directory",
    long_about = "\
Makes a service directory that launches and manages many instances of a service, each of them a
copy of the service directory TEMPLATE; or, with -r, source definition directories for s6-rc.

DIR appears whole or not at all. Nothing is written when the options or the template are wrong.",
    after_help = "Exit codes: 0 done; 100 wrong usage, or a template that cannot work;\n111 the system refused something.",
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    next_line_help = false
)]
pub(super) struct Arguments {
    /// Service directory that runs one instance
    ///
    /// Its run script gets the name of the instance as its first argument, its finish script as the
    /// third one. Where it has a log directory, every instance has a logger of its own, whose run
    /// script gets NAME/log.
    #[arg(verbatim_doc_comment, value_name = "TEMPLATE", help_heading = "Operands", display_order = 1)]
    template_operand: OsString,

    /// Directory to create; may exist with -r only
    #[arg(value_name = "DIR", help_heading = "Operands", display_order = 2)]
    dir_operand: OsString,

    #[command(flatten)]
    pub(super) service: ServiceOptions,
    #[command(flatten)]
    pub(super) s6_rc: S6RcOptions,
    #[command(flatten)]
    pub(super) logger: LoggerOptions,
    #[command(flatten)]
    pub(super) target: TargetOptions,
    #[command(flatten)]
    pub(super) template: TemplateOptions,
    #[command(flatten)]
    pub(super) instances: InstanceOptions,
    #[command(flatten)]
    pub(super) action: ActionOptions,
}

impl Arguments {
    /// TEMPLATE and DIR.
    pub(super) fn operands(&self) -> Result<[OsString; 2], UsageError> {
        let named = [("TEMPLATE", &self.template_operand), ("DIR", &self.dir_operand)];
        match named.iter().find(|(_, value)| value.is_empty()) {
            Some((name, _)) => Err(UsageError::new(format!("{name} is empty"))),
            None => Ok(named.map(|(_, value)| value.clone())),
        }
    }
}

/// What is special about one program's command line; the rest is the same for all.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the program in its help.
    pub name: &'static str,
}

impl Program {
    /// s6-instance-maker itself.
    pub const MAKER: Self = Self { name: message::PROGRAM };
}

/// The options of a program that has none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub struct NoOptions {}

/// A command line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedArgs<O> {
    /// What all programs of this project understand.
    pub invocation: Invocation,
    /// The options that only this program has.
    pub own: O,
    /// The command line without those, the program's name first: every program of this project reads the same from it.
    pub common: Vec<OsString>,
}

/// Reads the command line of a program with the options `O` of its own. The program's name comes first.
pub fn parse<O: Args>(program: Program, args: impl IntoIterator<Item = OsString>) -> Result<ParsedArgs<O>, Refusal> {
    let own = O::augment_args(clap::Command::new(program.name));
    let usage = format!("{} [OPTIONS] TEMPLATE DIR", program.name);
    let common = Arguments::command();
    // The documentation of `O` is not the program's.
    let (about, long_about) = (common.get_about().cloned(), common.get_long_about().cloned());
    let command = O::augment_args(common).name(program.name).override_usage(usage);
    let command = command.about(about.unwrap_or_default()).long_about(long_about.unwrap_or_default());
    let words = Words::read(&command, args)?;
    let matches = command.try_get_matches_from(words.iter())?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    let own_options = O::from_arg_matches(&matches)?;
    let typed: Vec<&'static str> = options::NAMES.into_iter().filter(|name| words.has(name)).collect();
    let invocation = Invocation::new(&arguments, &typed)?;
    Ok(ParsedArgs { invocation, own: own_options, common: words.without(&own) })
}

/// Reads a command line that has no options but the common ones. The program's name comes first.
pub fn parse_common(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, Refusal> {
    parse::<NoOptions>(Program::MAKER, args).map(|parsed| parsed.invocation)
}
