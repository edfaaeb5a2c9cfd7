//! The lexer of execlineb, written from docs/original.md: what the laws judge quoting by.

use alloc::vec::Vec;

/// Errors that execlineb would report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexError {
    /// A quoted part does not end, or a word ends in a backslash that nothing follows.
    Unterminated,
    /// The number after a backslash is not a byte.
    Number,
}

/// The words of a script as execlineb reads them (docs/original.md, "The lexer of execlineb"). A word that begins or ends a block
/// is that word.
pub fn lex(script: &[u8]) -> Result<Vec<Vec<u8>>, LexError> {
    let mut words = Vec::new();
    let mut rest = script;
    loop {
        rest = skip_separators(rest);
        match rest {
            // Between words a backslash takes a newline, or the end, with it; inside of a word it does not.
            [] | [b'\\'] => return Ok(words),
            [b'\\', b'\n', tail @ ..] => rest = tail,
            [b'#', ..] => {
                let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                rest = rest.get(end..).unwrap_or_default();
            }
            _ => {
                let (word, tail) = lex_word(rest)?;
                words.push(word);
                rest = tail;
            }
        }
    }
}

/// `script` without the separators at its start: every byte up to the space.
fn skip_separators(script: &[u8]) -> &[u8] {
    let start = script.iter().position(|&byte| byte > b' ').unwrap_or(script.len());
    script.get(start..).unwrap_or_default()
}

fn lex_word(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), LexError> {
    let mut word = Vec::new();
    loop {
        match rest {
            [] | [0..=b' ', ..] => return Ok((word, rest)),
            [b'"', tail @ ..] => {
                let (quoted, tail) = lex_quoted(tail)?;
                word.extend(quoted);
                rest = tail;
            }
            [b'\\'] => return Err(LexError::Unterminated),
            [b'\\', byte, tail @ ..] | [byte, tail @ ..] => {
                word.push(*byte);
                rest = tail;
            }
        }
    }
}

fn lex_quoted(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), LexError> {
    let mut word = Vec::new();
    loop {
        let is_number = matches!(rest, [b'\\', b'0'..=b'9', ..]);
        let (byte, tail) = match rest {
            [] | [b'\\'] => return Err(LexError::Unterminated),
            [b'"', tail @ ..] => return Ok((word, tail)),
            [b'\\', b'\n', tail @ ..] => {
                rest = tail;
                continue;
            }
            [b'\\', b'0', b'x', tail @ ..] => lex_number(tail, 16, 2)?,
            [b'\\', b'0', tail @ ..] => lex_number(tail, 8, 3)?,
            [b'\\', b'1'..=b'9', ..] => lex_number(rest.get(1..).unwrap_or_default(), 10, 3)?,
            [b'\\', byte, tail @ ..] => (control(*byte), tail),
            [byte, tail @ ..] => (*byte, tail),
        };
        word.push(byte);
        rest = tail;
        // Where a script ends behind a number, the quoted part does too.
        if is_number && rest.is_empty() {
            return Ok((word, rest));
        }
    }
}

fn lex_number(text: &[u8], radix: u32, digits: usize) -> Result<(u8, &[u8]), LexError> {
    let length = text.iter().take(digits).take_while(|&&byte| char::from(byte).is_digit(radix)).count();
    let (number, tail) = text.split_at_checked(length).ok_or(LexError::Number)?;
    let value = number.iter().try_fold(0u32, |value, &byte| Some(value * radix + char::from(byte).to_digit(radix)?));
    match value.and_then(|value| u8::try_from(value).ok()) {
        Some(byte) if byte != 0 && length > 0 => Ok((byte, tail)),
        _ => Err(LexError::Number),
    }
}

const fn control(letter: u8) -> u8 {
    match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        other => other,
    }
}
