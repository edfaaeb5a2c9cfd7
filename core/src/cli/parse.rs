//! From words to an invocation, for programs with options of their own and for those without.

use super::generate::generated;
use super::grammar::Arguments;
use super::invocation::Invocation;
use super::refusal::Refusal;
use super::template_options::about_rules;
use super::words::Words;
use crate::message;
use crate::options;
use crate::target::S6Version;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use clap::{Args, CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;

/// The parts of a command line that only one program has; the rest is the same for all.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the program in its help.
    pub name: &'static str,
    /// The defaults of the site that it was built for.
    pub site: Site,
    /// Its manual page in roff, where `@VERSION@` and the line `@OPTIONS@` stand for what is generated. Empty: it has none.
    pub manual: &'static str,
}

/// Defaults that a program was built with: those of the system that it is for, as s6's own program has them compiled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Site {
    s6_version: Option<&'static str>,
    installation: Option<&'static str>,
}

impl Site {
    /// No defaults: the result suits every system.
    pub const NONE: Self = Self { s6_version: None, installation: None };

    /// Takes the values of `--s6-version` and `--installation`; `None` and an empty text are no default.
    ///
    /// # Panics
    ///
    /// When a value means nothing. Use it in a `const`, where that is a compile error.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated in constants only: a wrong default does not compile")]
    pub const fn new(s6_version: Option<&'static str>, installation: Option<&'static str>) -> Self {
        let s6_version = not_empty(s6_version);
        let installation = not_empty(installation);
        if let Some(version) = s6_version
            && !is_version(version.as_bytes())
        {
            panic!("S6_INSTANCE_MAKER_S6_VERSION must be X.Y, X.Y.Z or X.Y.Z.W, from 2.11.3.0 on");
        }
        if let Some(name) = installation
            && !matches!(name.as_bytes(), b"path" | b"debian" | b"slashpackage")
        {
            panic!("S6_INSTANCE_MAKER_INSTALLATION must be path, debian or slashpackage");
        }
        Self { s6_version, installation }
    }

    /// The defaults by the names of their options.
    fn options(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let options = [("s6-version", self.s6_version), ("installation", self.installation)];
        options.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

const fn not_empty(value: Option<&'static str>) -> Option<&'static str> {
    match value {
        Some(value) if !value.is_empty() => Some(value),
        _ => None,
    }
}

/// Returns `true` if a text is two to four short numbers with dots between them, and no version before 2.11.3.0.
const fn is_version(mut text: &[u8]) -> bool {
    let mut parts = [0u32; 4];
    let mut given = 0;
    let mut digits = 0;
    while let [byte, rest @ ..] = text {
        text = rest;
        match *byte {
            b'.' if digits > 0 && given < 3 => {
                given += 1;
                digits = 0;
            }
            digit @ b'0'..=b'9' if digits < 5 => {
                let [a, b, c, d] = parts;
                parts = match given {
                    0 => [a * 10 + (digit - b'0') as u32, b, c, d],
                    1 => [a, b * 10 + (digit - b'0') as u32, c, d],
                    2 => [a, b, c * 10 + (digit - b'0') as u32, d],
                    _ => [a, b, c, d * 10 + (digit - b'0') as u32],
                };
                digits += 1;
            }
            _ => return false,
        }
    }
    let [major, minor, patch, _] = parts;
    let is_old = major < 2 || major == 2 && (minor < 11 || minor == 11 && given >= 2 && patch < 3);
    digits > 0 && given >= 1 && !is_old
}

impl Program {
    /// s6-instance-maker itself, for no site in particular.
    pub const MAKER: Self = Self { name: message::PROGRAM, site: Site::NONE, manual: "" };
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
    words.put_first(program.site.options());
    let matches = command.try_get_matches_from(words.iter())?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    let own_options = O::from_arg_matches(&matches)?;
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
        let Some(option) = command.get_arguments().find(|option| option.get_long() == Some(name)) else { continue };
        let id = option.get_id().clone();
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.split(" [default").next().unwrap_or_default().to_owned();
        let long = option.get_long_help().map(ToString::to_string).unwrap_or_default();
        let long = long.replacen(" [default: path]", "", 1);
        command = command.mut_arg(id, |option| {
            option.help(format!("{help} [default: {value}]")).long_help(format!("{long}\n\nThis program is built for {value}."))
        });
    }
    command.version(version)
}
