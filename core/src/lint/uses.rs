//! Uses of anything by which one instance can differ from another. Only a certain answer is reported; a doubt is not.

use super::commands::{self, Word};
use super::language::{Arguments, Language, base};
use super::tokens::{is_address, is_relative, lines, names_argument, pieces, without_expansions, words_of};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Programs that read a directory, their first operand.
const READS_DIRECTORY: [&[u8]; 3] = [b"s6-envdir", b"envdir", b"envfile"];
/// Commands that print their arguments: a text after a blank in an argument is not a path.
const SHOWS: [&[u8]; 3] = [b"echo", b"printf", b"logger"];
/// Commands for which `$1` in a text that a shell does not expand is nothing that the shell has.
const TAKES_TEXT: [&[u8]; 6] = [b"echo", b"printf", b"awk", b"gawk", b"mawk", b"sed"];
/// Words that can stand before a command of a shell.
const BEFORE_COMMANDS: [&[u8]; 9] = [b"then", b"do", b"else", b"elif", b"if", b"while", b"until", b"{", b"!"];

impl Language {
    /// Returns `true` if a script uses an argument, or its working directory, or a file there, one of `files` among them, or
    /// something that may do so.
    pub(super) fn looks_at_arguments(self, text: &[u8], files: &BTreeSet<&[u8]>) -> bool {
        if self == Self::Other || self.names_arguments() && self.names_argument(text) {
            return true;
        }
        let plain = without_expansions(text);
        let commands = if self == Self::Shell { commands::of_shell(&plain) } else { None };
        let words: Vec<&[u8]> = match &commands {
            Some(commands) => words_of(commands.iter().flat_map(|command| used_of(command))).collect(),
            None => words_of(lines(&plain)).collect(),
        };
        let is_used =
            |word: &[u8]| self.is_about_arguments(word) || word.starts_with(b"/proc/self/") || names_file(word, files);
        words.iter().any(|word| is_used(word))
            || words.split(|word| READS_DIRECTORY.contains(&base(word))).skip(1).any(|behind| {
                let operand = behind.iter().find(|word| !word.starts_with(b"-"));
                operand.is_some_and(|operand| !operand.starts_with(b"/"))
            })
            || words
                .split(|word| base(word) == b"chpst")
                .skip(1)
                .any(|behind| behind.windows(2).any(|pair| matches!(pair, [b"-e", directory] if !directory.starts_with(b"/"))))
            || match &commands {
                Some(commands) => commands.iter().any(|command| loops_over_arguments(command)),
                None => {
                    let is_loop = |words: &[&[u8]]| matches!(words, [b"for" | b"select", _, other] if other != b"in");
                    self == Self::Shell && words.windows(3).any(is_loop)
                }
            }
            || self != Self::Shell
                && words.split(|word| base(word) == b"importas").skip(1).any(|behind| self.imports_argument(behind))
    }

    /// Returns `true` if a variable for an argument, or for the working directory, is in a script, but for text that only shows it,
    /// or that is a program for awk or sed.
    fn names_argument(self, text: &[u8]) -> bool {
        let commands = if self == Self::Shell { commands::of_shell(text) } else { None };
        commands.map_or_else(
            || lines(text).any(names_argument),
            |commands| {
                let is_named = |command: &[Word]| {
                    let is_text = command.first().is_some_and(|word| TAKES_TEXT.contains(&base(&word.text)));
                    command.iter().any(|word| (word.is_substituted() || !is_text) && names_argument(&word.text))
                };
                commands.iter().any(|command| is_named(command))
            },
        )
    }

    /// Returns `true` if a word is a command that has to do with arguments, or with the working directory.
    pub(super) fn is_about_arguments(self, word: &[u8]) -> bool {
        let name = base(word);
        match self {
            Self::Shell => matches!(name, b"shift" | b"getopts" | b"eval" | b"." | b"source" | b"pwd"),
            Self::Execline(_) => {
                matches!(name, b"elgetpositionals" | b"elgetopt" | b"dollarat" | b"getcwd" | b"pwd" | b"shift")
            }
            // Such a script counts as one that does, before its words are read.
            Self::Other => true,
        }
    }

    /// Returns `true` if these words of execline, behind `importas`, put an argument in place of a name, or what may be the working
    /// directory.
    fn imports_argument(self, words: &[&[u8]]) -> bool {
        let mut words = words.iter();
        // The value of these options is in the next word, where it is not in the same.
        let operand = loop {
            match words.next() {
                Some([b'-', .., b'D' | b'd']) => words.next(),
                Some([b'-', ..]) => continue,
                other => break other,
            };
        };
        let Some((_, variable)) = operand.zip(words.next()) else { return false };
        match *variable {
            b"PWD" | b"OLDPWD" => true,
            // Without -P, arguments are variables of these names.
            name => {
                self == Self::Execline(Arguments::Variables) && name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'#')
            }
        }
    }
}

/// Returns `true` if a word names something that begins in the working directory, or one of its files.
fn names_file(word: &[u8], files: &BTreeSet<&[u8]>) -> bool {
    // A number before a path is a port.
    let is_port = |piece: &[u8]| {
        let first = piece.split(|&byte| byte == b'/').next().unwrap_or_default();
        word.contains(&b':') && first.iter().all(u8::is_ascii_digit)
    };
    pieces(word).any(|piece| files.contains(piece))
        || !is_address(word)
            && !super::tokens::is_replacement(word)
            && pieces(word).any(|piece| is_relative(piece) && !is_port(piece))
}

/// The words of a command that may be used as they are.
fn used_of(command: &[Word]) -> impl Iterator<Item = &[u8]> {
    let is_display = command.first().is_some_and(|word| SHOWS.contains(&base(&word.text)));
    // Sets of characters.
    let is_sets = command.first().is_some_and(|word| base(&word.text) == b"tr");
    let is_text = move |text: &&[u8]| is_sets || is_display && text.contains(&b' ') || super::tokens::is_replacement(text);
    command.iter().map(|word| word.text.as_slice()).filter(move |text| !is_text(text))
}

/// Returns `true` if a command begins a loop over the arguments: `for NAME`, without a list.
fn loops_over_arguments(command: &[Word]) -> bool {
    let words: Vec<&[u8]> = command.iter().map(|word| word.text.as_slice()).collect();
    let begin = words.iter().position(|word| !BEFORE_COMMANDS.contains(word)).unwrap_or_default();
    match words.get(begin..) {
        Some([b"for" | b"select", _, other, ..]) => *other != b"in",
        Some([b"for" | b"select", _]) => true,
        _ => false,
    }
}
