//! The words of a command line: what clap makes of them, and what has to be done for it before and after.

use super::meaning::number_within;
use super::{Cli, Refusal, UsageError};
use crate::escape::Shown;
use crate::message;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};
use clap_lex::OsStrExt as _;
use core::fmt::Display;
use std::ffi::{OsStr, OsString};

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
