//! The interpreter line of a script, and whether the kernel and the interpreter can do anything with it.

use super::language::{Language, base};
use super::tokens::{lines, words_of};
use crate::rules::is_blank;
use crate::target::{SHEBANG_MAX, Target};
use crate::template::ELF;
use alloc::vec::Vec;

/// The format of a script, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScriptHead<'a> {
    /// A program, which requires no interpreter, or bytes that may be one: not text.
    Program,
    /// Text without `#!`.
    Nothing,
    /// Text with `#!` after other bytes.
    TextBeforeShebang,
    /// Text with an interpreter line that ends with a carriage return, which makes it invalid.
    Crlf,
    /// Text with an interpreter line that the kernel does not read to the end of the interpreter, which is this.
    TooLong(&'a [u8]),
    /// Text with an interpreter line.
    Interpreter {
        /// The interpreter.
        path: &'a [u8],
        /// The rest of the line.
        arguments: &'a [u8],
    },
}

/// Returns the format of a script with these first bytes.
pub(super) fn beginning(head: &[u8]) -> ScriptHead<'_> {
    if head.starts_with(ELF) {
        return ScriptHead::Program;
    }
    let Some(text) = head.strip_prefix(b"#!") else {
        let rest = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        return match rest.trim_ascii_start() {
            rest if rest.starts_with(b"#!") => ScriptHead::TextBeforeShebang,
            // The kernel can be configured for other kinds of programs.
            _ if head.contains(&0) => ScriptHead::Program,
            _ => ScriptHead::Nothing,
        };
    };
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let is_read = line.len() + b"#!".len() <= SHEBANG_MAX;
    let (line, crlf) = line.strip_suffix(b"\r").map_or((line, false), |line| (line, is_read));
    let line = trim_blanks(line);
    let length = line.iter().position(|&byte| is_blank(byte)).unwrap_or(line.len());
    match line.split_at_checked(length) {
        Some((path, _)) if !path.is_empty() && head.len() - text.trim_ascii_start().len() + path.len() > SHEBANG_MAX => {
            ScriptHead::TooLong(path)
        }
        Some((path, arguments)) if !path.is_empty() => {
            let arguments = trim_blanks(arguments);
            // perl takes no offence at one behind its options, and others may not.
            let language = Language::of(path, arguments);
            let may_pass = language == Language::Other && !arguments.is_empty() && base(path) != b"env";
            if crlf && !may_pass { ScriptHead::Crlf } else { ScriptHead::Interpreter { path, arguments } }
        }
        // A line with nothing but `#!` is none for the kernel.
        _ => ScriptHead::Nothing,
    }
}

fn trim_blanks(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

/// The directory of an absolute path.
fn directory(path: &[u8]) -> Option<&[u8]> {
    path.strip_suffix(base(path)).filter(|directory| directory.starts_with(b"/"))
}

/// The names in a path to a directory.
fn parts(path: &[u8]) -> Vec<&[u8]> {
    let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').filter(|part| !matches!(part, [] | [b'.'])).collect();
    match parts.as_slice() {
        [b"bin" | b"sbin"] | [b"usr", b"bin" | b"sbin"] => Vec::from([b"bin".as_slice()]),
        _ => parts,
    }
}

/// Returns `true` if two absolute paths are one directory, or may be: `/bin` and the like are often links to `/usr/bin`.
fn may_be_same(one: &[u8], other: &[u8]) -> bool {
    parts(one) == parts(other)
}

/// The programs of s6 that scripts run, as far as their names begin with `s6-`; those of its sister packages may be
/// elsewhere.
const S6_PROGRAMS: [&str; 42] = [
    "s6-applyuidgid",
    "s6-cleanfifodir",
    "s6-connlimit",
    "s6-envdir",
    "s6-envuidgid",
    "s6-fdholder-retrieve",
    "s6-fdholder-store",
    "s6-fghack",
    "s6-ftrig-listen",
    "s6-ftrig-listen1",
    "s6-ftrig-notify",
    "s6-ftrig-wait",
    "s6-instance-control",
    "s6-instance-create",
    "s6-instance-delete",
    "s6-ioconnect",
    "s6-ipcclient",
    "s6-ipcserver",
    "s6-ipcserver-access",
    "s6-ipcserver-socketbinder",
    "s6-ipcserverd",
    "s6-log",
    "s6-mkfifodir",
    "s6-notifyoncheck",
    "s6-permafailon",
    "s6-setlock",
    "s6-setsid",
    "s6-setuidgid",
    "s6-socklog",
    "s6-softlimit",
    "s6-sudo",
    "s6-sudoc",
    "s6-sudod",
    "s6-svc",
    "s6-svlisten",
    "s6-svlisten1",
    "s6-svok",
    "s6-svscan",
    "s6-svstat",
    "s6-svwait",
    "s6-tai64n",
    "s6-tai64nlocal",
];

/// The first program in a script that is named by a path in another directory than the target's: execlineb as the interpreter, a
/// program of s6 anywhere. Where the target's are found by PATH, no directory of s6 is another one.
pub(super) fn program_elsewhere<'a>(interpreter: &'a [u8], head: &'a [u8], target: &Target) -> Option<&'a [u8]> {
    let expected = |program: &[u8]| match base(program) {
        b"execlineb" => Some(target.shebang_dir.as_bytes()),
        name if S6_PROGRAMS.iter().any(|known| known.as_bytes() == name) => target.s6_dir.as_ref().map(|dir| dir.as_bytes()),
        _ => None,
    };
    let is_elsewhere = |program: &[u8]| match (directory(program), expected(program)) {
        (Some(found), Some(expected)) => !may_be_same(found, expected),
        _ => false,
    };
    if is_elsewhere(interpreter) {
        return Some(interpreter);
    }
    // Beyond the interpreter line: in a directory for programs, so that no configuration file is taken for one.
    let is_program = |word: &[u8]| {
        let last = directory(word).and_then(|directory| parts(directory).pop());
        base(word) != b"execlineb" && matches!(last, Some(b"bin" | b"sbin" | b"command"))
    };
    words_of(lines(head)).find(|word| is_program(word) && is_elsewhere(word))
}
