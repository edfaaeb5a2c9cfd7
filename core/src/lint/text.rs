//! What can be told from the text of a script, without running it: only what is sure is told, and a doubt is silence.

use super::commands::{self, Word};
use crate::target::{SHEBANG_MAX, Target};
use crate::template::ELF;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// How a script begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning<'a> {
    /// Like a program, which needs no interpreter, or like something that may be one: it is no text.
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
        /// Whether the line ends with a carriage return that will be in the way.
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
        return match rest.trim_ascii_start() {
            rest if rest.starts_with(b"#!") => Beginning::Late,
            // The kernel can be told of other kinds of programs.
            _ if head.contains(&0) => Beginning::Program,
            _ => Beginning::Nothing,
        };
    };
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let is_read = line.len() + b"#!".len() <= SHEBANG_MAX;
    let (line, crlf) = line.strip_suffix(b"\r").map_or((line, false), |line| (line, is_read));
    let line = trim_blanks(line);
    let length = line.iter().position(|&byte| is_blank(byte)).unwrap_or(line.len());
    match line.split_at_checked(length) {
        Some((path, arguments)) if !path.is_empty() => {
            let arguments = trim_blanks(arguments);
            // perl takes no offence at one behind its options, and others may not.
            let language = Language::of(path, arguments);
            let may_pass = language == Language::Other && !arguments.is_empty() && base(path) != b"env";
            Beginning::Interpreter { path, arguments, crlf: crlf && !may_pass }
        }
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

/// Whether two absolute paths are one directory, or may be: `/bin` and the like are often links to `/usr/bin`.
fn may_be_same(one: &[u8], other: &[u8]) -> bool {
    parts(one) == parts(other)
}

/// What the programs of s6 that scripts run are called, as far as they begin with `s6-`; those of its sister packages may be
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
    words(head).find(|word| is_program(word) && is_elsewhere(word))
}

/// A text up to the end of the last word that surely has ended.
pub(super) fn without_last_word(text: &[u8]) -> &[u8] {
    let length = text.iter().rposition(u8::is_ascii_whitespace).unwrap_or_default();
    text.get(..length).unwrap_or_default()
}

/// The lines of a script but for those that are comments, as its first is; with a here-document in it, any may be text.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let has_document = head.windows(2).any(|bytes| bytes == b"<<");
    head.split(|&byte| byte == b'\n').filter(move |line| has_document || !line.trim_ascii_start().starts_with(b"#"))
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
    /// execline, where arguments are put in place of `$1` and the like: by `-S` or `-s`.
    ExeclineWithArguments,
    /// execline, where they are not.
    Execline,
    /// Another one, of which nothing is known here.
    Other,
}

impl Language {
    /// By its interpreter, which may be found by another program, or be one of busybox's.
    pub(super) fn of(interpreter: &[u8], arguments: &[u8]) -> Self {
        let mut words = arguments.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty());
        let name = match base(interpreter) {
            b"env" | b"busybox" | b"toybox" | b"with-contenv" => {
                words.find(|word| !word.starts_with(b"-") && !word.contains(&b'=')).map_or(b"".as_slice(), base)
            }
            name => name,
        };
        match name {
            b"sh" | b"ash" | b"dash" | b"bash" | b"ksh" | b"mksh" | b"zsh" | b"yash" => Self::Shell,
            b"execlineb" if words.any(|word| word.starts_with(b"-") && word.iter().any(|byte| b"sS".contains(byte))) => {
                Self::ExeclineWithArguments
            }
            b"execlineb" => Self::Execline,
            _ => Self::Other,
        }
    }

    /// Whether a script does anything by which one instance could differ from another: it uses an argument, or its working directory,
    /// or a file there, one of `files` among them, or something that may do so.
    pub(super) fn looks_at_arguments(self, head: &[u8], files: &BTreeSet<&[u8]>) -> bool {
        let is_used = |word: &[u8]| {
            let mut pieces = word.split(|byte| b"=:,".contains(byte));
            self.is_about_arguments(word)
                || pieces.any(|piece| files.contains(piece) || is_relative(piece))
                || word.starts_with(b"/proc/self/")
        };
        let words: Vec<&[u8]> = words(head).collect();
        self == Self::Other
            || self.names_arguments() && lines(head).any(names_argument)
            || words.iter().any(|word| is_used(word))
            || words.split(|word| READS_DIRECTORY.contains(&base(word))).skip(1).any(|behind| {
                let operand = behind.iter().find(|word| !word.starts_with(b"-"));
                operand.is_some_and(|operand| !operand.starts_with(b"/"))
            })
            || self == Self::Shell
                && words.windows(3).any(|words| matches!(words, [b"for" | b"select", _, other] if other != b"in"))
    }

    /// Whether `$1` and the like may stand for arguments.
    const fn names_arguments(self) -> bool {
        matches!(self, Self::Shell | Self::ExeclineWithArguments)
    }

    /// Whether a word is a command that has to do with arguments, or with the working directory.
    fn is_about_arguments(self, word: &[u8]) -> bool {
        let name = base(word);
        match self {
            Self::Shell => matches!(name, b"shift" | b"getopts" | b"eval" | b"." | b"source" | b"pwd"),
            Self::Execline | Self::ExeclineWithArguments => matches!(
                name,
                b"elgetpositionals"
                    | b"elgetopt"
                    | b"dollarat"
                    | b"getcwd"
                    | b"pwd"
                    | b"shift"
                    | b"importas"
                    | b"multisubstitute"
            ),
            // Such a script was taken for one that does before its words are looked at.
            Self::Other => true,
        }
    }

    /// The directory that s6-log writes to in this script, if it is the same for every instance.
    pub(super) fn fixed_log_directory(self, head: &[u8]) -> Option<Vec<u8>> {
        let commands = match self {
            Self::Shell => commands::of_shell(head)?,
            Self::Execline | Self::ExeclineWithArguments => commands::of_execline(head)?,
            Self::Other => return None,
        };
        let is_literal = |word: &Word| match self {
            Self::Execline => !word.is_substituted || !commands.iter().flatten().any(|word| substitutes(&word.text)),
            _ => !word.is_substituted,
        };
        let directory_of = |word: &Word| {
            let text = match variable(&word.text) {
                Some(name) if self == Self::Shell && word.is_substituted => assigned(&commands, name)?,
                _ => is_literal(word).then_some(word.text.as_slice())?,
            };
            text.starts_with(b"/").then(|| text.to_vec())
        };
        let mut found = None;
        for command in &commands {
            let mut words = command.iter();
            let before: Vec<&Word> = words.by_ref().take_while(|word| base(&word.text) != b"s6-log").collect();
            // Another root, or a way that depends on the argument: then the same name may be another directory.
            let is_doubt = |word: &&Word| {
                let is_argument = self.names_arguments() && word.is_substituted && names_argument(&word.text);
                is_argument || self.is_about_arguments(&word.text) || CHANGES_ROOT.contains(&base(&word.text))
            };
            if before.iter().any(is_doubt) {
                return None;
            }
            let is_talk = before.first().is_some_and(|word| TALKS.contains(&word.text.as_slice()));
            if is_talk || before.len() == command.len() {
                continue;
            }
            let directory = words.find_map(directory_of)?;
            found.get_or_insert(directory);
        }
        found
    }
}

/// The name of the variable that a word of a shell stands for, if it is nothing but that.
fn variable(word: &[u8]) -> Option<&[u8]> {
    let name = word.strip_prefix(b"$")?;
    let name = name.strip_prefix(b"{").map_or(Some(name), |name| name.strip_suffix(b"}"))?;
    let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    is_name.then_some(name)
}

/// What a script of a shell surely has in a variable: what is assigned to it, if that is said once, and nothing else names it.
fn assigned<'a>(commands: &'a [Vec<Word>], name: &[u8]) -> Option<&'a [u8]> {
    let mut found = None;
    for (command, word) in commands.iter().flat_map(|command| command.iter().map(move |word| (command, word))) {
        match word.text.strip_prefix(name) {
            Some([b'=', value @ ..]) if found.is_none() && command.len() == 1 && !word.is_substituted => found = Some(value),
            Some([] | [b'=', ..] | [b'+', b'=', ..]) => return None,
            _ => {}
        }
    }
    found
}

/// Programs that read a directory, their first operand.
const READS_DIRECTORY: [&[u8]; 3] = [b"s6-envdir", b"envdir", b"envfile"];
/// Programs behind which paths mean something else.
const CHANGES_ROOT: [&[u8]; 6] = [b"chroot", b"unshare", b"nsenter", b"bwrap", b"mount", b"firejail"];
/// Commands that do not run their arguments.
const TALKS: [&[u8]; 9] = [b"echo", b"printf", b"logger", b"command", b"type", b"which", b"test", b"[", b"hash"];

/// Whether a word is a command of execline that puts something in place of `$name`.
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

/// Whether a word is, or may be, a path that begins in the working directory.
fn is_relative(word: &[u8]) -> bool {
    let begins_with_name = word.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._".contains(byte));
    matches!(word, b"." | b"..") || begins_with_name && word.contains(&b'/')
}

/// Whether a variable for arguments, for the script itself, or for the working directory, is in a line: `$1`, `$0`, `$@`, `$*`, `$#`,
/// these in braces, `$PWD`, and what some shells have besides.
fn names_argument(line: &[u8]) -> bool {
    const NAMES: [&[u8]; 4] = [b"PWD", b"OLDPWD", b"argv", b"BASH_ARG"];
    let is_name = |byte: u8| matches!(byte, b'0'..=b'9' | b'@' | b'*' | b'#');
    line.split(|&byte| byte == b'$').skip(1).any(|rest| match rest {
        [b'{', b'!' | b'#', byte, ..] | [b'{', byte, ..] | [byte, ..] if is_name(*byte) => true,
        [b'{', rest @ ..] | rest => NAMES.iter().any(|name| rest.starts_with(name)),
    })
}
