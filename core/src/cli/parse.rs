//! From words to an invocation, for programs with options of their own and for those without.

use super::grammar::Arguments;
use super::invocation::Invocation;
use super::refusal::Refusal;
use super::template_options::about_rules;
use super::words::Words;
use crate::message;
use crate::options;
use alloc::format;
use alloc::vec::Vec;
use clap::{Args, CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;

/// The parts of a command line that only one program has; the rest is the same for all.
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
    /// The arguments that all programs of this project understand.
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
    if let Some(text) = about_rules(&words)? {
        return Err(Refusal::Show(text));
    }
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
