//! The commands of a script, as far as its language is simple enough for that.

use alloc::vec::Vec;
use core::mem::take;

/// A word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The text, without its quotes.
    pub text: Vec<u8>,
    /// The number of expansions in it, certain or possible.
    pub substitutions: usize,
}

impl Word {
    /// Returns `true` if it may say something else when the command is run.
    pub(super) const fn is_substituted(&self) -> bool {
        self.substitutions > 0
    }
}

/// Commands, and the word that is being read.
#[derive(Default)]
struct Reader {
    commands: Vec<Vec<Word>>,
    command: Vec<Word>,
    word: Option<Word>,
}

impl Reader {
    fn push(&mut self, byte: u8) {
        self.word.get_or_insert_default().text.push(byte);
    }

    fn substitute(&mut self, byte: u8) {
        self.push(byte);
        self.word.get_or_insert_default().substitutions += 1;
    }

    fn end_word(&mut self) {
        self.command.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        self.commands.push(take(&mut self.command));
    }
}

/// The commands of a shell's script; none where there is a here-document, since that may be anything, or where a quote has no end.
pub(super) fn of_shell(text: &[u8]) -> Option<Vec<Vec<Word>>> {
    let mut reader = Reader::default();
    let mut quote = None;
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match (quote, *byte) {
            (Some(b'\''), b'\'') | (Some(b'"'), b'"') => quote = None,
            (Some(b'\''), byte) => reader.push(byte),
            (_, b'\\') => {
                // At the end of a script there is nothing behind it.
                if let [escaped, behind @ ..] = rest {
                    rest = behind;
                    // A line that ends so goes on.
                    if *escaped != b'\n' {
                        reader.push(*escaped);
                    }
                }
            }
            (_, b'$' | b'`') => reader.substitute(*byte),
            (Some(_), byte) => reader.push(byte),
            (None, b'\'' | b'"') => {
                quote = Some(*byte);
                reader.word.get_or_insert_default();
            }
            (None, b'#') if reader.word.is_none() => rest = behind_comment(rest),
            (None, b'<') if rest.starts_with(b"<") => return None,
            (None, b'*' | b'?' | b'[') => reader.substitute(*byte),
            (None, b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>') => reader.end_command(),
            (None, byte) if byte.is_ascii_whitespace() => reader.end_word(),
            (None, byte) => reader.push(byte),
        }
    }
    reader.end_command();
    quote.is_none().then_some(reader.commands)
}

/// The commands of a script in execline: what is not in a block, and each block; none where a quote has no end.
pub(super) fn of_execline(text: &[u8]) -> Option<Vec<Vec<Word>>> {
    let mut reader = Reader::default();
    let mut is_quoted = false;
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match (is_quoted, *byte) {
            (_, b'"') => {
                is_quoted = !is_quoted;
                reader.word.get_or_insert_default();
            }
            (_, b'\\') => {
                if let [escaped, behind @ ..] = rest {
                    rest = behind;
                    if *escaped != b'\n' {
                        reader.push(*escaped);
                    }
                }
            }
            (_, b'$') => reader.substitute(b'$'),
            (false, b'#') if reader.word.is_none() => rest = behind_comment(rest),
            (false, b'{' | b'}') if reader.word.is_none() && rest.first().is_none_or(u8::is_ascii_whitespace) => {
                reader.end_command();
            }
            (false, byte) if byte.is_ascii_whitespace() => reader.end_word(),
            (_, byte) => reader.push(byte),
        }
    }
    reader.end_command();
    (!is_quoted).then_some(reader.commands)
}

/// Returns the text after a comment, from the end of its line on.
fn behind_comment(text: &[u8]) -> &[u8] {
    let length = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    text.get(length..).unwrap_or_default()
}
