//! Untrusted bytes as text for a person: what a terminal or a log may be shown.
//!
//! This is for messages and for the text form of a plan. It is not quoting for scripts: that is [`crate::execline`].

use core::fmt;
use core::fmt::Write as _;

/// Displays bytes so that one line stays one line and no escape sequence reaches a terminal.
///
/// Valid UTF-8 is shown as it is, but for control characters, the backslash and characters that change the direction or the
/// visibility of text; those, and bytes that are not UTF-8, appear as `\n`, `\t`, `\\`, `\x1b`, `\u{202e}`.
///
/// ```
/// use s6_instance_maker_core::escape::Escaped;
/// assert_eq!(Escaped(b"run\x1b[31m\xff\n").to_string(), r"run\x1b[31m\xff\n");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    // It ends what is shown in messages.
                    '\\' | '`' => write!(f, "\\{character}")?,
                    '\n' => f.write_str("\\n")?,
                    '\t' => f.write_str("\\t")?,
                    '\r' => f.write_str("\\r")?,
                    c if c.is_ascii_control() => write!(f, "\\x{:02x}", u32::from(c))?,
                    c if c.is_control() || is_invisible(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                    c => f.write_char(c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Displays the beginning of bytes, and a `…` for what is left out: for text from somebody who could flood the reader.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a>(pub &'a [u8]);

impl Excerpt<'_> {
    /// The number of bytes that are shown: more than any honest text of this kind has.
    const MOST: usize = 500;
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get(..Self::MOST) {
            Some(begin) if begin.len() < self.0.len() => write!(f, "{}…", Escaped(begin)),
            _ => Escaped(self.0).fmt(f),
        }
    }
}

/// Displays a line of a file behind a gutter: `| ` and the line as it is; or, where something in it cannot be shown, `\ ` and the
/// line as [`Escaped`] has it. So a reader can always tell what the file contains.
///
/// ```
/// use s6_instance_maker_core::escape::GutterLine;
/// assert_eq!(GutterLine(br#"s6-log "/a\b""#).to_string(), r#"| s6-log "/a\b""#);
/// assert_eq!(GutterLine(b"echo \x1b[31m\\").to_string(), r"\ echo \x1b[31m\\");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GutterLine<'a>(pub &'a [u8]);

impl fmt::Display for GutterLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match core::str::from_utf8(self.0) {
            Ok("") => f.write_str("|"),
            Ok(line) if line.split('\t').all(is_printable) => write!(f, "| {line}"),
            _ => write!(f, "\\ {}", Escaped(self.0)),
        }
    }
}

/// Returns `true` if `text` can be shown as it is, as one line: there is nothing in it that [`Escaped`] never leaves. For text that
/// says that it is escaped already.
#[must_use]
pub fn is_printable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_invisible(c))
}

/// Displays bytes as one word of a line: in double quotes where there is a blank or a quote in them.
#[derive(Clone, Copy, Debug)]
pub struct EscapedWord<'a>(pub &'a [u8]);

impl fmt::Display for EscapedWord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.iter().any(|byte| matches!(byte, b' ' | b'"')) {
            return Escaped(self.0).fmt(f);
        }
        f.write_str("\"")?;
        for (index, part) in self.0.split(|&byte| byte == b'"').enumerate() {
            f.write_str(if index > 0 { "\\\"" } else { "" })?;
            Escaped(part).fmt(f)?;
        }
        f.write_str("\"")
    }
}

/// Controls of direction, zero-width and blank characters, separators of lines and paragraphs, tags: they make a line lie about its
/// content.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}
