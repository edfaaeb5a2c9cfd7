//! Interpreter lines that fail by what is behind the interpreter: the kernel passes it as one argument, blanks and all.
//!
//! Only what surely fails is rejected, and a hint is a line that works (`tests/lint/interpreter_lines.rs` tries them).

use crate::escape::Excerpt;
use crate::target::SHEBANG_MAX;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// An interpreter line without its `#!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InterpreterLine<'a> {
    interpreter: &'a [u8],
    arguments: &'a [u8],
}

/// Options of bash that only its command line accepts, and that take no value.
const OF_BASH: [&[u8]; 7] = [b"--login", b"--noediting", b"--noprofile", b"--norc", b"--posix", b"--restricted", b"--verbose"];

impl<'a> InterpreterLine<'a> {
    pub(crate) const fn new(interpreter: &'a [u8], arguments: &'a [u8]) -> Self {
        Self { interpreter, arguments }
    }

    /// The line, as documents have it.
    pub(crate) fn text(self) -> Vec<u8> {
        [self.interpreter, self.arguments].join(&b' ').trim_ascii_end().to_vec()
    }

    /// The line with this text.
    pub(super) fn of(text: &'a [u8]) -> Self {
        let length = text.iter().position(|&byte| is_blank(byte)).unwrap_or(text.len());
        let (interpreter, arguments) = text.split_at_checked(length).unwrap_or_default();
        Self { interpreter, arguments: arguments.trim_ascii() }
    }

    /// Returns `true` if the interpreter surely fails with what the line passes.
    pub(crate) fn is_rejected(self) -> bool {
        if self.arguments.len() >= SHEBANG_MAX.saturating_sub(self.interpreter.len()) {
            return false;
        }
        if self.name() == b"env" {
            return self.runs_itself() || self.has_blanks() && self.split_by_env().is_none();
        }
        let first = words(self.arguments).next().unwrap_or_default();
        let is_cluster_of = |letters: &[u8]| match first {
            [b'-', options @ ..] => !options.is_empty() && options.iter().all(|option| letters.contains(option)),
            _ => false,
        };
        self.has_blanks()
            && match self.name() {
                // A value behind one of its other options may contain blanks.
                b"fish" => is_cluster_of(b"NPil") || first.starts_with(b"--") && !first.contains(&b'='),
                name if is_python(name) => is_cluster_of(b"BEIOPRSbdhiqsuvx"),
                // What is behind -c is a script.
                b"execlineb" => !(first.starts_with(b"-") && first.contains(&b'c')),
                name => name == b"busybox" || is_shell(name),
            }
    }

    /// Returns `true` if the line has env run no program but the script, which runs env again.
    pub(super) fn runs_itself(self) -> bool {
        let is_setting = |word: &[u8]| match word {
            [b'-', options @ ..] => options.iter().all(|option| b"0iv".contains(option)) || word == b"--ignore-environment",
            _ => word.contains(&b'='),
        };
        self.name() == b"env" && words(self.split_by_env().unwrap_or(self.arguments)).all(is_setting)
    }

    /// A hint with a line that works in its place. `None`: there is none that surely means the same.
    pub(super) fn hint(self) -> Option<String> {
        let interpreter = Excerpt(self.interpreter);
        let (first, rest) = split(self.arguments);
        match self.name() {
            b"env" if self.runs_itself() => Some(format!("name the interpreter behind env, such as #!{interpreter} sh")),
            b"env" => is_plain(self.arguments).then(|| format!("write #!{interpreter} -S {}", Excerpt(self.arguments))),
            b"execlineb" => {
                let option = execlineb_option(self.arguments);
                Some(format!("write its options as one: #!{interpreter}{option}"))
            }
            b"busybox" if is_shell(first) => {
                self.shell_hint(&format!("{interpreter} {}", Excerpt(first)), first, rest, Place::Taken)
            }
            name if is_shell(name) => self.shell_hint(&interpreter.to_string(), name, self.arguments, Place::Free),
            _ => self.by_env(),
        }
    }

    /// The same line, for env to split.
    fn by_env(self) -> Option<String> {
        let text = self.text();
        // A shell refuses a long option behind a short one.
        let mut options = words(self.arguments).take_while(|word| word.starts_with(b"-"));
        let is_ordered = !options.by_ref().any(|word| !word.starts_with(b"--")) || !options.any(|word| word.starts_with(b"--"));
        (is_plain(&text) && is_ordered).then(|| format!("write #!/usr/bin/env -S {}", Excerpt(&text)))
    }

    /// The options that `set` accepts go into the script. One option that only a command line accepts can stay, where there is `place` for it.
    fn shell_hint(self, shown: &str, name: &[u8], options: &[u8], place: Place) -> Option<String> {
        let safe = format!("write #!{shown}, and set its options in the script (set -eu)");
        let (mut set, mut kept): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
        let mut words = words(options).peekable();
        while let Some(word) = words.next() {
            match word {
                [b'-', letters @ .., last] if letters.iter().all(|letter| is_set(name, *letter)) && is_set(name, *last) => {
                    set.push(word);
                }
                [b'-', letters @ .., b'o'] if letters.iter().all(|letter| is_set(name, *letter)) => {
                    let Some(value) = words.next_if(|value| value.iter().all(u8::is_ascii_lowercase)) else {
                        return Some(safe);
                    };
                    set.extend([word, value]);
                }
                _ if is_kept(name, word) => kept.push(word),
                [b'-' | b'+', ..] => return Some(safe),
                // A file that the shell runs in place of the script.
                _ => return self.by_env().or(Some(safe)),
            }
        }
        let set = Excerpt(&set.join(&b' ')).to_string();
        match (kept.as_slice(), place) {
            ([], _) => Some(format!("write #!{shown}, and set {set} on the next line")),
            ([option], Place::Free) if !set.is_empty() => {
                Some(format!("write #!{shown} {}, and set {set} on the next line", Excerpt(option)))
            }
            _ => self.by_env().or(Some(safe)),
        }
    }

    fn name(self) -> &'a [u8] {
        self.interpreter.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    fn has_blanks(self) -> bool {
        self.arguments.iter().any(|&byte| is_blank(byte))
    }

    /// The text behind `-S`, which env itself splits into words.
    fn split_by_env(self) -> Option<&'a [u8]> {
        if let Some(text) = self.arguments.strip_prefix(b"--split-string=") {
            return Some(text);
        }
        let (first, _) = split(self.arguments);
        let at =
            first.iter().position(|&byte| byte == b'S').filter(|_| first.starts_with(b"-") && !first.starts_with(b"--"))?;
        self.arguments.get(at + 1..)
    }
}

/// The room for an option in an interpreter line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Free,
    /// The name of one of busybox's programs is there.
    Taken,
}

/// Shells of which it is known that they refuse a blank in an option.
fn is_shell(name: &[u8]) -> bool {
    matches!(name, b"sh" | b"ash" | b"dash" | b"bash" | b"rbash" | b"zsh" | b"ksh" | b"ksh93" | b"mksh" | b"lksh")
}

fn is_python(name: &[u8]) -> bool {
    name.strip_prefix(b"python3").is_some_and(|rest| rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'))
}

/// Returns `true` if `set` in a script of this shell does what the option does before the script.
fn is_set(shell: &[u8], option: u8) -> bool {
    // In zsh some letters mean something else.
    b"aCeuvx".contains(&option) || shell != b"zsh" && b"bfm".contains(&option)
}

/// Returns `true` if only a command line of this shell accepts the option.
fn is_kept(shell: &[u8], option: &[u8]) -> bool {
    match shell {
        b"bash" | b"rbash" => matches!(option, b"-l" | b"-p" | b"-r") || OF_BASH.contains(&option),
        b"zsh" => matches!(option, b"-l" | b"-f"),
        _ => option == b"-l",
    }
}

/// The option that says of execlineb's options as much as one can, behind a blank: of those that exclude each other the one that
/// substitutes the arguments.
fn execlineb_option(arguments: &[u8]) -> String {
    let (mut flags, mut push, mut substitution) = (String::new(), None, None);
    let mut words = words(arguments);
    while let Some([b'-', options @ ..]) = words.next() {
        let length = options.iter().position(|option| b"Ss".contains(option)).unwrap_or(options.len());
        let (before, from) = options.split_at_checked(length).unwrap_or_default();
        for &option in before {
            match option {
                b'q' | b'w' | b'W' | b'e' if !flags.contains(char::from(option)) => flags.push(char::from(option)),
                b'p' | b'P' => push = Some(char::from(option)),
                _ => {}
            }
        }
        if let [option, number @ ..] = from {
            let number = if number.is_empty() { words.next().unwrap_or_default() } else { number };
            if !number.is_empty() && number.iter().all(u8::is_ascii_digit) {
                substitution = Some(format!("{}{}", char::from(*option), Excerpt(number)));
            }
        }
    }
    match substitution.or_else(|| push.map(String::from)) {
        None if flags.is_empty() => String::new(),
        last => format!(" -{flags}{}", last.unwrap_or_default()),
    }
}

/// Characters that the kernel takes for blanks in an interpreter line.
pub(crate) const fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty())
}

/// The first word, and the rest.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().position(|&byte| is_blank(byte)).unwrap_or(text.len());
    let (first, rest) = text.split_at_checked(length).unwrap_or_default();
    (first, rest.trim_ascii())
}

/// Returns `true` if env splits a text at its blanks and changes nothing else.
fn is_plain(text: &[u8]) -> bool {
    !text.iter().any(|byte| b"\\\"'$#".contains(byte)) && text.iter().all(|byte| byte.is_ascii_graphic() || is_blank(*byte))
}
