//! What can be told from the text of a script, without running it: only what is sure is told, and a doubt is silence.

use crate::target::Target;
use crate::template::ELF;
use alloc::vec::Vec;

/// How a script begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning<'a> {
    /// Like a program, which needs no interpreter.
    Program,
    /// With neither `#!` nor a program's first bytes.
    Nothing,
    /// With `#!`, but not at once.
    Late,
    /// With an interpreter line.
    Interpreter {
        /// The interpreter.
        path: &'a [u8],
        /// What else is on the line.
        arguments: &'a [u8],
        /// Whether the line ends with a carriage return.
        crlf: bool,
    },
}

/// How the script with these first bytes begins.
pub(super) fn beginning(head: &[u8]) -> Beginning<'_> {
    if head.starts_with(ELF) {
        return Beginning::Program;
    }
    let Some(line) = head.strip_prefix(b"#!") else {
        let rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let rest = rest.trim_ascii_start();
        return if rest.starts_with(b"#!") { Beginning::Late } else { Beginning::Nothing };
    };
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let (line, crlf) = line.strip_suffix(b"\r").map_or((line, false), |line| (line, true));
    let line = trim_blanks(line);
    let length = line.iter().position(|&byte| is_blank(byte)).unwrap_or(line.len());
    match line.split_at_checked(length) {
        Some((path, arguments)) if !path.is_empty() => Beginning::Interpreter { path, arguments: trim_blanks(arguments), crlf },
        // A line with nothing but `#!` is none for the kernel.
        _ => Beginning::Nothing,
    }
}

/// What the kernel takes for blanks in an interpreter line.
const fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim_blanks(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

/// The last name of a path.
fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// The directory of an absolute path, without a slash at its end.
fn directory(path: &[u8]) -> Option<&[u8]> {
    path.strip_suffix(base(path)).filter(|directory| directory.starts_with(b"/")).map(|directory| {
        let end = directory.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
        directory.get(..end).unwrap_or_default()
    })
}

/// The first program in a script that is named by a path in another directory than the target's: execlineb as the interpreter, a
/// program of s6 anywhere. Where the target's are found by PATH, no directory of s6 is another one.
pub(super) fn program_elsewhere<'a>(interpreter: &'a [u8], head: &'a [u8], target: &Target) -> Option<&'a [u8]> {
    let expected = |program: &[u8]| match base(program) {
        b"execlineb" => Some(target.shebang_dir.as_bytes()),
        name if name.starts_with(b"s6-") => target.s6_dir.as_ref().map(|dir| dir.as_bytes()),
        _ => None,
    };
    let is_elsewhere = |program: &[u8]| match (directory(program), expected(program)) {
        (Some(found), Some(expected)) => found != expected,
        _ => false,
    };
    if is_elsewhere(interpreter) {
        return Some(interpreter);
    }
    // Beyond the interpreter line: `s6-...` in a directory for programs, so that no configuration file is taken for one.
    let is_program = |word: &[u8]| {
        base(word).starts_with(b"s6-")
            && directory(word).is_some_and(|directory| matches!(base(directory), b"bin" | b"sbin" | b"command"))
    };
    words(head).find(|word| is_program(word) && is_elsewhere(word))
}

/// The lines of a script but for the interpreter line and those that are comments.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"))
}

/// What stands between blanks, quotes and separators of a shell in a script.
fn words(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_separator = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`;&|(){}<>".contains(byte);
    lines(head).flat_map(move |line| line.split(is_separator)).filter(|word| !word.is_empty())
}

/// What a script is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// That of a POSIX shell.
    Shell,
    /// execline.
    Execline,
    /// Another one, of which nothing is known here.
    Other,
}

impl Language {
    /// By its interpreter, which may be found by env, or be one of busybox's.
    pub(super) fn of(interpreter: &[u8], arguments: &[u8]) -> Self {
        let by_name = |name: &[u8]| match name {
            b"sh" | b"ash" | b"dash" | b"bash" | b"ksh" | b"mksh" | b"zsh" | b"yash" => Self::Shell,
            b"execlineb" => Self::Execline,
            _ => Self::Other,
        };
        match base(interpreter) {
            b"env" | b"busybox" | b"toybox" => {
                let mut words = arguments.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty());
                words
                    .find(|word| !word.starts_with(b"-") && !word.contains(&b'='))
                    .map_or(Self::Other, |name| by_name(base(name)))
            }
            name => by_name(name),
        }
    }

    /// Whether a script does anything by which one instance could differ from another: it uses an argument, or its working directory,
    /// or something that may do so.
    pub(super) fn looks_at_arguments(self, head: &[u8]) -> bool {
        let is_used = |word: &[u8]| match self {
            Self::Shell => matches!(
                word,
                b"shift" | b"getopts" | b"eval" | b"." | b"source" | b"pwd" | b"for" | b"select" | b"argv" | b"set"
            ),
            Self::Execline => matches!(
                word,
                b"elgetpositionals"
                    | b"elgetopt"
                    | b"dollarat"
                    | b"getcwd"
                    | b"pwd"
                    | b"shift"
                    | b"importas"
                    | b"multisubstitute"
            ),
            Self::Other => true,
        };
        self == Self::Other || names_argument(head) || words(head).any(|word| is_used(base(word)))
    }

    /// The directory that s6-log writes to in this script, if it is the same for every instance.
    pub(super) fn fixed_log_directory(self, head: &[u8]) -> Option<Vec<u8>> {
        if self == Self::Other {
            return None;
        }
        // A shell's command ends with its line; one of execline with the script.
        let text: Vec<u8> = match self {
            Self::Shell => join_continued(head),
            _ => lines(head).collect::<Vec<_>>().join(&b' '),
        };
        text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#")).find_map(log_directory)
    }
}

/// A script whose lines that end with a backslash are joined with the next.
fn join_continued(head: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(head.len());
    let mut rest = head;
    loop {
        rest = match rest {
            [] => return text,
            [b'\\', b'\n', rest @ ..] => {
                text.push(b' ');
                rest
            }
            [byte, rest @ ..] => {
                text.push(*byte);
                rest
            }
        };
    }
}

/// The first absolute directory that a command line gives to s6-log, where nothing in it is substituted.
fn log_directory(line: &[u8]) -> Option<Vec<u8>> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(unquoted);
    words.find(|word| base(word) == b"s6-log")?;
    // What ends a command ends the search.
    let ends = |word: &[u8]| word.iter().any(|byte| b";&|<>".contains(byte)) || matches!(word, b"}" | b"{" | b")");
    let directory = words.take_while(|word| !ends(word)).find(|word| word.starts_with(b"/"))?;
    let is_fixed = !directory.iter().any(|byte| b"$`".contains(byte));
    is_fixed.then(|| directory.to_vec())
}

/// A word without the quotes around it.
fn unquoted(word: &[u8]) -> &[u8] {
    let mut word = word;
    while let [b'"' | b'\'', rest @ ..] | [rest @ .., b'"' | b'\''] = word {
        word = rest;
    }
    word
}

/// Whether a variable for arguments, or for the working directory, is in a script: `$1`, `$@`, `$*`, `$#`, these in braces, `$PWD`.
fn names_argument(head: &[u8]) -> bool {
    let is_name = |byte: u8| matches!(byte, b'1'..=b'9' | b'@' | b'*' | b'#');
    let dollars = || {
        lines(head).flat_map(|line| {
            line.iter().enumerate().filter(|(_, byte)| **byte == b'$').filter_map(|(at, _)| line.get(at + 1..))
        })
    };
    dollars().any(|rest| match rest {
        [b'{', b'!' | b'#', byte, ..] | [b'{', byte, ..] | [byte, ..] if is_name(*byte) => true,
        [b'{', rest @ ..] | rest => rest.starts_with(b"PWD") || rest.starts_with(b"OLDPWD"),
    })
}
