//! Execline scripts, and the one place that quotes.
//!
//! A user's text reaches a script only as a [`Word`], and scripts take nothing else. A [`Script`] is run by `execlineb -P`,
//! which substitutes nothing; a [`Wrapper`] by `execlineb -S0` or `-s3`, which puts the script's arguments in the place of `$@`, but also
//! of `$1`, `${#}` and the like, wherever they come from: no quoting helps, so such a text is refused. What execlineb's lexer
//! takes for a separator, a quote, a comment or a block is in docs/original.md, "The lexer of execlineb".

use crate::path::Name;
use crate::target::{ProgramDir, ShebangDir};
use crate::tree::Ids;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// Bytes that can be an argument of a program: any but NUL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(Vec<u8>);

/// There is a NUL in what should be a [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot contain a NUL byte")]
pub struct NulError;

impl Text {
    /// Checks `bytes` and makes them a text.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, NulError> {
        let bytes = bytes.into();
        if bytes.contains(&0) { Err(NulError) } else { Ok(Self(bytes)) }
    }

    /// `uid:gid`.
    #[must_use]
    pub fn numbers(ids: Ids) -> Self {
        Self(format!("{ids}").into_bytes())
    }

    /// The text that is a name: there is no NUL in it.
    #[must_use]
    pub fn name(name: &Name) -> Self {
        Self(name.as_bytes().to_vec())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// This text and `head` before it.
    #[must_use]
    pub fn preceded_by(&self, head: &'static str) -> Self {
        Self([head.as_bytes(), self.as_bytes()].concat())
    }

    /// This text and `tail` behind it.
    #[must_use]
    pub fn followed_by(&self, tail: &'static str) -> Self {
        Self([self.as_bytes(), tail.as_bytes()].concat())
    }
}

/// One word of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The form in which the script has it.
    written: Vec<u8>,
    /// `true` if `execlineb -S0` may find something to substitute in it that a user put there.
    substitutable: bool,
}

impl Word {
    /// A word of this program's own, as it stands: a program's option, a brace of a block.
    #[must_use]
    pub fn literal(text: &'static str) -> Self {
        Self { written: text.as_bytes().to_vec(), substitutable: false }
    }

    /// A word of this program's own with a decimal number at its end, such as `n10` or `-C500`.
    #[must_use]
    pub fn number(prefix: &'static str, number: u64) -> Self {
        Self { written: format!("{prefix}{number}").into_bytes(), substitutable: false }
    }

    /// A program, by PATH or in a directory.
    #[must_use]
    pub fn program(dir: Option<&ProgramDir>, name: &'static str) -> Self {
        match dir {
            None => Self::literal(name),
            Some(dir) => Self::bare_if_possible([dir.as_bytes(), b"/", name.as_bytes()].concat()),
        }
    }

    /// A user's text in double quotes, always, as s6's own program writes accounts and directories.
    ///
    /// ```
    /// use s6_instance_maker_core::execline::{Text, Word};
    /// assert_eq!(Word::quoted(&Text::new(*b"caf\xc3\xa9 \"1\"\n")?).as_bytes(), br#""caf\0xc3\0xa9 \"1\"\n""#);
    /// # Ok::<(), s6_instance_maker_core::execline::NulError>(())
    /// ```
    #[must_use]
    pub fn quoted(text: &Text) -> Self {
        Self { written: quote(text.as_bytes()), substitutable: is_substitutable(text.as_bytes()) }
    }

    /// A user's text behind a prefix of this program's own, one word in any case, in quotes only where it needs them.
    #[must_use]
    pub fn prefixed(prefix: &'static str, text: &Text) -> Self {
        Self::bare_if_possible([prefix.as_bytes(), text.as_bytes()].concat())
    }

    /// The word as it stands in a script.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.written
    }

    /// `bytes` begin with a byte of this program's own, so what execlineb only knows at the start of a word (`#`, a lone
    /// brace) cannot occur.
    fn bare_if_possible(bytes: Vec<u8>) -> Self {
        let bare = bytes.iter().all(|&byte| byte > b' ' && byte != b'"' && byte != b'\\');
        let substitutable = is_substitutable(&bytes);
        Self { written: if bare { bytes } else { quote(&bytes) }, substitutable }
    }
}

/// A script that ignores its arguments: an interpreter line and lines of [`Word`]s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script(Vec<u8>);

impl Script {
    /// A script that execlineb in `shebang_dir` runs.
    #[must_use]
    pub fn new(shebang_dir: &ShebangDir) -> Self {
        Self::with_option(shebang_dir, b"-P")
    }

    fn with_option(shebang_dir: &ShebangDir, option: &[u8]) -> Self {
        Self([b"#!", shebang_dir.as_bytes(), b"/execlineb ", option, b"\n"].concat())
    }

    /// An empty line.
    pub fn blank(&mut self) {
        self.0.push(b'\n');
    }

    /// A line of words, one space between two.
    pub fn line(&mut self, words: impl IntoIterator<Item = Word>) {
        for (index, word) in words.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b' ');
            }
            self.0.extend_from_slice(word.as_bytes());
        }
        self.0.push(b'\n');
    }

    /// The bytes of the file.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A script that runs another one with its own arguments, after a command that becomes that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper(Script);

/// A text in a [`Wrapper`] that execlineb would take for one of the script's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("-u: USER and --s6-dir cannot contain `$1`, `$@`, `$#`, `${{1}}` or the like; execlineb may substitute it")]
pub struct SubstitutionError;

impl Wrapper {
    /// A script that execlineb in `shebang_dir` runs: the words of `command`, then `script` and the arguments.
    pub fn new(shebang_dir: &ShebangDir, command: [Word; 2], script: &'static str) -> Result<Self, SubstitutionError> {
        if command.iter().any(|word| word.substitutable) {
            return Err(SubstitutionError);
        }
        let mut wrapper = Script::with_option(shebang_dir, b"-S0");
        wrapper.line(command);
        wrapper.line([Word::literal(script), Word::literal("$@")]);
        Ok(Self(wrapper))
    }

    /// A script `finish` that execlineb in `shebang_dir` runs: the words of `command`, then `script` with the arguments of s6-supervise,
    /// of which `name` replaces the third. It has three or four arguments, and with `-S3` the first three would be in `$@` again.
    pub fn finish(
        shebang_dir: &ShebangDir,
        command: Option<[Word; 2]>,
        script: &'static str,
        name: Word,
    ) -> Result<Self, SubstitutionError> {
        if command.iter().flatten().chain([&name]).any(|word| word.substitutable) {
            return Err(SubstitutionError);
        }
        let mut wrapper = Script::with_option(shebang_dir, b"-s3");
        if let Some(command) = command {
            wrapper.line(command);
        }
        let [code, signal, rest] = ["$1", "$2", "$@"].map(Word::literal);
        wrapper.line([Word::literal(script), code, signal, name, rest]);
        Ok(Self(wrapper))
    }

    /// The bytes of the file.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// Returns `true` if `execlineb -S0` may take something in `text` for a variable: `$` and then `#`, `@` or a digit, or these in
/// braces.
fn is_substitutable(text: &[u8]) -> bool {
    let names_argument = |byte: &u8| matches!(byte, b'0'..=b'9' | b'@' | b'#');
    let dollars = text.iter().enumerate().filter(|(_, byte)| **byte == b'$');
    dollars.filter_map(|(at, _)| text.get(at + 1..)).any(|rest| match rest {
        [b'{', inner, ..] => names_argument(inner),
        [next, ..] => names_argument(next),
        [] => false,
    })
}

/// s6's own quoting (docs/original.md, "Quoting"): right for every byte but NUL, and pure ASCII.
fn quote(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = String::with_capacity(bytes.len() + 2);
    quoted.push('"');
    for &byte in bytes {
        match byte {
            0x07 => quoted.push_str("\\a"),
            0x08 => quoted.push_str("\\b"),
            b'\t' => quoted.push_str("\\t"),
            b'\n' => quoted.push_str("\\n"),
            0x0b => quoted.push_str("\\v"),
            0x0c => quoted.push_str("\\f"),
            b'\r' => quoted.push_str("\\r"),
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => {
                // Writing into a String cannot fail.
                let _ = write!(quoted, "\\0x{byte:02x}");
            }
        }
    }
    quoted.push('"');
    quoted.into_bytes()
}
