//! The words of a command line in the one form in which clap takes every value as it is.
//!
//! clap would drop the `=` of `-P=x`, and stop at a value that begins with `-`; so every option with a value becomes `--long=VALUE`
//! before clap sees it. Refused here is what clap could only report as text: too many operands, and options that are not UTF-8.

use super::program::Site;
use super::refusal::{USAGE, UsageError};
use crate::escape::Escaped;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use clap::ArgAction;
use clap_lex::OsStrExt as _;
use std::ffi::{OsStr, OsString};

/// A command line whose options with values are one word each, `--long=VALUE`; the program's name comes first.
pub(super) struct Words(Vec<OsString>);

impl Words {
    /// Brings `args` into that form, by the options that `command` knows.
    pub(super) fn read(command: &clap::Command, args: impl IntoIterator<Item = OsString>) -> Result<Self, UsageError> {
        let mut args = args.into_iter();
        let mut words = Self(args.next().into_iter().collect());
        let mut operands = Operands::new(command);
        let mut ended = false;
        while let Some(arg) = args.next() {
            if ended || arg == "-" || !arg.as_encoded_bytes().starts_with(b"-") {
                operands.count(&arg);
                words.0.push(arg);
                continue;
            }
            if arg == "--" {
                ended = true;
                words.0.push(arg);
                continue;
            }
            match OptionWord::of(command, &arg) {
                OptionWord::Valued { option, attached } => {
                    let value = if attached.is_empty() { args.next() } else { Some(attached) };
                    let Some(value) = value else {
                        return Err(
                            UsageError::new(format!("{} requires a value", Escaped(arg.as_encoded_bytes()))).with_hint(USAGE)
                        );
                    };
                    let name = option.get_long().unwrap_or_default();
                    operands.note_repeatable(option);
                    let mut word = OsString::from(format!("--{name}="));
                    word.push(value);
                    words.0.push(word);
                }
                OptionWord::Whole => words.0.push(arg),
                OptionWord::Unknown if arg.to_str().is_none() && !arg.as_encoded_bytes().contains(&b'=') => {
                    let error = UsageError::new(format!("unknown option `{}`", Escaped(arg.as_encoded_bytes())));
                    return Err(error.with_hint(USAGE));
                }
                // clap's own error may suggest the right one.
                OptionWord::Unknown => {
                    operands.ignore_excess();
                    words.0.push(arg);
                }
            }
        }
        operands.check()?;
        Ok(words)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &OsString> {
        self.0.iter()
    }

    /// Puts the defaults of a site before all others, so that those count for nothing where the same option follows.
    pub(super) fn put_first(&mut self, site: Site) {
        put_first(&mut self.0, site);
    }

    /// Returns `true` if the option `long` is among them.
    pub(super) fn has(&self, long: &str) -> bool {
        self.options().any(|word| is_option(word, long))
    }

    /// The value of the option `long`: the last one counts.
    pub(super) fn value(&self, long: &str) -> Option<&OsStr> {
        self.options().filter_map(|word| word.strip_prefix("--")?.strip_prefix(long)?.strip_prefix("=")).last()
    }

    /// Returns `true` if there are operands.
    pub(super) fn has_operands(&self) -> bool {
        self.options().count() + 1 < self.0.len()
            || self.options().any(|word| word == "-" || !word.as_encoded_bytes().starts_with(b"-"))
    }

    /// The words but for the options of `own`.
    pub(super) fn without(self, own: &clap::Command) -> Vec<OsString> {
        let count = self.options().count();
        let is_own = |word: &OsStr| own.get_arguments().filter_map(clap::Arg::get_long).any(|long| is_option(word, long));
        // The program's own name may be anything.
        let is_kept = |(place, word): &(usize, OsString)| *place == 0 || *place > count || !is_own(word);
        self.0.into_iter().enumerate().filter(is_kept).map(|(_, word)| word).collect()
    }

    /// The words between the program's name and `--`.
    fn options(&self) -> impl Iterator<Item = &OsString> {
        self.0.iter().skip(1).take_while(|word| *word != "--")
    }
}

/// Puts the defaults of a site behind the program's name.
pub(super) fn put_first(words: &mut Vec<OsString>, site: Site) {
    let at = words.len().min(1);
    words.splice(at..at, site.options().map(|(name, value)| OsString::from(format!("--{name}={value}"))));
}

/// Returns `true` if a word is the option `long`, with a value or without.
fn is_option(word: &OsStr, long: &str) -> bool {
    word.strip_prefix("--")
        .and_then(|word| word.strip_prefix(long))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("="))
}

/// A word that begins with `-`.
enum OptionWord<'c> {
    /// An option that has a value, and what of it is attached.
    Valued { option: &'c clap::Arg, attached: OsString },
    /// An option in one word: a flag, or `--long=VALUE`.
    Whole,
    /// An unknown option.
    Unknown,
}

impl<'c> OptionWord<'c> {
    fn of(command: &'c clap::Command, word: &OsStr) -> Self {
        for option in command.get_arguments().filter(|option| !option.is_positional()) {
            let long = option.get_long().unwrap_or_default();
            let is_long = !long.is_empty() && word == format!("--{long}").as_str();
            let short = option.get_short().and_then(|short| word.strip_prefix(&format!("-{short}")));
            if option.get_action().takes_values() {
                if let Some(attached) = short.or(is_long.then_some(OsStr::new(""))) {
                    return OptionWord::Valued { option, attached: attached.to_owned() };
                }
                if !long.is_empty() && is_option(word, long) {
                    return OptionWord::Whole;
                }
            } else if is_long || short.is_some_and(OsStr::is_empty) {
                return OptionWord::Whole;
            }
        }
        OptionWord::Unknown
    }
}

/// The operands, counted, and the hint where there are too many.
struct Operands {
    expected: usize,
    seen: usize,
    excess: Option<OsString>,
    /// The last repeatable option on the command line.
    repeatable: Option<String>,
    certainty: Certainty,
}

/// The certainty that operands are not values of options.
#[derive(PartialEq, Eq)]
enum Certainty {
    Sure,
    /// There is an unknown option, which may have a value that looks like an operand: then the option is what is reported.
    Unsure,
}

impl Operands {
    fn new(command: &clap::Command) -> Self {
        let expected = command.get_positionals().count();
        Self { expected, seen: 0, excess: None, repeatable: None, certainty: Certainty::Sure }
    }

    fn count(&mut self, operand: &OsStr) {
        self.seen += 1;
        if self.seen > self.expected && self.excess.is_none() && self.certainty == Certainty::Sure {
            self.excess = Some(operand.to_owned());
        }
    }

    fn note_repeatable(&mut self, option: &clap::Arg) {
        if matches!(option.get_action(), ArgAction::Append) {
            self.repeatable = option.get_long().map(|long| format!("--{long}"));
        }
    }

    fn ignore_excess(&mut self) {
        self.certainty = Certainty::Unsure;
    }

    fn check(self) -> Result<(), UsageError> {
        let Some(operand) = self.excess else { return Ok(()) };
        let error = UsageError::new(format!("unexpected operand `{}`", Escaped(operand.as_encoded_bytes())));
        Err(error.with_hint(match self.repeatable {
            Some(option) => format!("{option} takes one value; repeat the option for each: {option} A {option} B"),
            None => USAGE.to_owned(),
        }))
    }
}
