//! From words to an invocation, for programs with options of their own and for those without.

use super::generate::generated;
use super::grammar::Arguments;
use super::invocation::Invocation;
use super::program::{Program, Site};
use super::refusal::Refusal;
use super::short;
use super::template_options::about_rules;
use super::words::{Words, put_first};
use crate::options;
use crate::target::S6Version;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use clap::{Args, CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;

/// The options of a program that has none of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
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

/// Reads the command line of a program with the options `O` of its own, whose default is that none of them is given. The program's
/// name comes first.
pub fn parse<O: Args + Default>(program: Program, args: impl IntoIterator<Item = OsString>) -> Result<ParsedArgs<O>, Refusal> {
    let typed: Vec<OsString> = args.into_iter().collect();
    let mut common = typed.clone();
    put_first(&mut common, program.site);
    match short::read(&common) {
        // A plan that was computed elsewhere, which alone asks what was typed, has no such command line.
        Some(arguments) => Ok(ParsedArgs { invocation: Invocation::new(&arguments, &[])?, own: O::default(), common }),
        None => parse_any(program, typed),
    }
}

/// Reads any command line, by the grammar.
pub(crate) fn parse_any<O: Args>(program: Program, args: impl IntoIterator<Item = OsString>) -> Result<ParsedArgs<O>, Refusal> {
    let own = O::augment_args(clap::Command::new(program.name));
    let usage = format!("{} [OPTIONS] TEMPLATE DIR", program.name);
    let common = Arguments::command();
    // The documentation of `O` is not the program's.
    let (about, long_about) = (common.get_about().cloned(), common.get_long_about().cloned());
    let command = O::augment_args(common).name(program.name).override_usage(usage);
    let command = command.about(about.unwrap_or_default()).long_about(long_about.unwrap_or_default());
    let command = with_defaults(command, program.site);
    let mut words = Words::read(&command, args)?;
    if let Some(text) = about_rules(&words)? {
        return Err(Refusal::Show(text));
    }
    if let Some(text) = generated(&words, &command, program)? {
        return Err(Refusal::Show(text));
    }
    // What was typed is what a plan that was computed elsewhere must agree with; a default is not typed, and comes before all that is.
    let typed: Vec<&'static str> = options::NAMES.into_iter().filter(|name| words.has(name)).collect();
    words.put_first(program.site);
    let mut matches = command.try_get_matches_from(words.iter())?;
    let arguments = Arguments::from_arg_matches_mut(&mut matches)?;
    let own_options = O::from_arg_matches_mut(&mut matches)?;
    let invocation = Invocation::new(&arguments, &typed)?;
    Ok(ParsedArgs { invocation, own: own_options, common: words.without(&own) })
}

/// Reads a command line that has no options but the common ones. The program's name comes first.
pub fn parse_common(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, Refusal> {
    parse::<NoOptions>(Program::MAKER, args).map(|parsed| parsed.invocation)
}

/// The grammar with the site's defaults in its help and its version.
fn with_defaults(command: clap::Command, site: Site) -> clap::Command {
    let newest = S6Version::NEWEST;
    let mut version = format!("{}\nnewest known s6: {newest}", env!("CARGO_PKG_VERSION"));
    let mut command = command;
    for (name, value) in site.options() {
        version += &format!("\nbuilt-in default: --{name} {value}");
        command = command.mut_args(|option| if option.get_long() == Some(name) { with_default(option, value) } else { option });
    }
    command.version(version)
}

/// The option with the default of a site in its help.
fn with_default(option: clap::Arg, value: &str) -> clap::Arg {
    let text = |help: Option<&clap::builder::StyledStr>| help.map(ToString::to_string).unwrap_or_default();
    let (help, long) = (text(option.get_help()), text(option.get_long_help()));
    // It takes the place of the usual default.
    let help = help.split(" [default").next().unwrap_or_default().to_owned();
    let long = long.replacen(" [default: path]", "", 1);
    let long = long.split(" By default").next().unwrap_or_default();
    option.help(format!("{help} [default: {value}]")).long_help(format!("{long}\n\nThis program is built for {value}."))
}
