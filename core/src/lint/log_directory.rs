//! The directory that a logger's script writes to, if it surely is the same for every instance.

use super::commands::{self, Word};
use super::language::{Arguments, Language, base};
use super::tokens::names_argument;
use alloc::vec::Vec;

/// Programs behind which paths mean something else.
const CHANGES_ROOT: [&[u8]; 6] = [b"chroot", b"unshare", b"nsenter", b"bwrap", b"mount", b"firejail"];
/// Commands that do not run their arguments.
const TALKS: [&[u8]; 9] = [b"echo", b"printf", b"logger", b"command", b"type", b"which", b"test", b"[", b"hash"];

impl Language {
    /// The directory that s6-log, multilog or svlogd writes to in this script, if it is the same for every instance.
    pub(super) fn fixed_log_directory(self, text: &[u8]) -> Option<Vec<u8>> {
        let commands = match self {
            Self::Shell => commands::of_shell(text)?,
            Self::Execline(_) => commands::of_execline(text)?,
            Self::Other => return None,
        };
        let directory_of = |word: &Word| {
            let text = self.value(word, &commands)?;
            text.starts_with(b"/").then_some(text)
        };
        let mut found = None;
        for command in &commands {
            let is_logger = |word: &&Word| matches!(base(&word.text), b"s6-log" | b"multilog" | b"svlogd");
            let mut words = command.iter();
            let before: Vec<&Word> = words.by_ref().take_while(|word| !is_logger(word)).collect();
            // Another root, or a way that depends on the argument: then the same name may be another directory.
            let is_doubt = |word: &&Word| {
                let is_argument = self.names_arguments() && word.is_substituted() && names_argument(&word.text);
                is_argument || self.may_depend(&word.text) || CHANGES_ROOT.contains(&base(&word.text))
            };
            if before.iter().any(is_doubt) {
                return None;
            }
            let is_talk = before.first().is_some_and(|word| TALKS.contains(&word.text.as_slice()));
            if is_talk || before.len() == command.len() {
                continue;
            }
            let is_svlogd = command.get(before.len()).is_some_and(|word| base(&word.text) == b"svlogd");
            let operands: Vec<&Word> = if is_svlogd { svlogd_operands(words) } else { words.collect() };
            let directory = operands.into_iter().find_map(directory_of)?;
            found.get_or_insert(directory);
        }
        found
    }

    /// Returns the text of a word, if it is certain and the same for every instance.
    fn value(self, word: &Word, commands: &[Vec<Word>]) -> Option<Vec<u8>> {
        if !word.is_substituted() {
            return Some(word.text.clone());
        }
        match self {
            Self::Shell => assigned(commands, variable(&word.text)?).map(<[u8]>::to_vec),
            Self::Execline(arguments) => {
                let substitutes = commands.iter().flatten().any(|word| substitutes(&word.text));
                if !substitutes && arguments != Arguments::Substituted {
                    return Some(word.text.clone());
                }
                expanded(word, commands, DEFINITIONS_MAX)
            }
            Self::Other => None,
        }
    }

    /// Returns `true` if behind this command the same words may mean something else in another instance.
    fn may_depend(self, word: &[u8]) -> bool {
        self.is_about_arguments(word) || self != Self::Shell && base(word) == b"importas"
    }
}

/// The operands of svlogd, which are directories.
fn svlogd_operands<'a>(words: impl Iterator<Item = &'a Word>) -> Vec<&'a Word> {
    let mut operands = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        match word.text.as_slice() {
            b"--" => operands.extend(words.by_ref()),
            // The value of these options is in the next word, where it is not in the same.
            [b'-', .., b'r' | b'R' | b'l' | b'b'] if operands.is_empty() => {
                words.next();
            }
            [b'-', ..] if operands.is_empty() => {}
            _ => operands.push(word),
        }
    }
    operands
}

/// The name of the variable that a word of a shell stands for, if it is nothing but that.
fn variable(word: &[u8]) -> Option<&[u8]> {
    let name = word.strip_prefix(b"$")?;
    let name = name.strip_prefix(b"{").map_or(Some(name), |name| name.strip_suffix(b"}"))?;
    name.iter().all(is_of_name).then_some(name)
}

fn is_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// Returns the value of a variable of a shell script, if it is certain: it is assigned once, and nothing else names the variable.
fn assigned<'a>(commands: &'a [Vec<Word>], name: &[u8]) -> Option<&'a [u8]> {
    let mut found = None;
    for (command, word) in commands.iter().flat_map(|command| command.iter().map(move |word| (command, word))) {
        match word.text.strip_prefix(name) {
            Some([b'=', value @ ..]) if found.is_none() && command.len() == 1 && !word.is_substituted() => found = Some(value),
            Some([] | [b'=', ..] | [b'+', b'=', ..]) => return None,
            _ => {}
        }
    }
    found
}

/// Values that are defined by others, one within another: each more multiplies the time that a hostile script takes.
const DEFINITIONS_MAX: usize = 1;

/// A word of execline with the values of what is defined in place of its variables; none where one of them is something else.
fn expanded(word: &Word, commands: &[Vec<Word>], depth: usize) -> Option<Vec<u8>> {
    let mut parts = word.text.split(|&byte| byte == b'$');
    let mut text = parts.next().unwrap_or_default().to_vec();
    let mut count = 0;
    for part in parts {
        count += 1;
        let (name, rest) = match part.strip_prefix(b"{") {
            Some(part) => part.split_at_checked(part.iter().position(|&byte| byte == b'}')?)?,
            // Without braces, a name reaches to the end of the word.
            None => (part, b"}".as_slice()),
        };
        text.extend(defined(commands, name, depth)?);
        text.extend(rest.get(1..).unwrap_or_default());
    }
    // Where some of them are escaped, it is not known which.
    (count == word.substitutions).then_some(text)
}

/// Returns the value of a name of an execline script, if it is defined once and nothing else replaces the name.
fn defined(commands: &[Vec<Word>], name: &[u8], depth: usize) -> Option<Vec<u8>> {
    if name.is_empty() || !name.iter().all(is_of_name) {
        return None;
    }
    let mut found = None;
    for command in commands {
        for (index, _) in command.iter().enumerate().filter(|(_, word)| base(&word.text) == b"define") {
            let mut words = command.iter().skip(index + 1).peekable();
            let is_split = words.next_if(|word| word.text == b"-s").is_some();
            if let (Some(variable), Some(value)) = (words.next(), words.next())
                && variable.text == name
            {
                // Split, it may be several words.
                if found.is_some() || is_split && value.text.iter().any(u8::is_ascii_whitespace) {
                    return None;
                }
                found = Some(value);
            }
        }
    }
    // Named anywhere else, it may be put in its place by that.
    let named = commands.iter().flatten().filter(|word| word.text == name).count();
    let value = found.filter(|_| named == 1)?;
    if value.is_substituted() { expanded(value, commands, depth.checked_sub(1)?) } else { Some(value.text.clone()) }
}

/// Returns `true` if a word is a command of execline that puts something in place of `$name`.
fn substitutes(word: &[u8]) -> bool {
    matches!(
        base(word),
        b"define"
            | b"multidefine"
            | b"importas"
            | b"multisubstitute"
            | b"elglob"
            | b"elgetpositionals"
            | b"backtick"
            | b"forx"
            | b"forbacktickx"
            | b"forstdin"
            | b"dollarat"
    )
}
