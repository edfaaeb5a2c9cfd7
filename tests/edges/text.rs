//! Text from outside, as a person and as execlineb see it.

use s6_instance_maker_core::escape::{Shown, is_shown};
use s6_instance_maker_core::execline::{Text, Word};

/// Tags are characters that nobody sees, and that say something to programs.
#[test]
fn tags_are_shown() {
    for (text, shown) in [("\u{e0041}", r"\u{e0041}"), ("\u{e0000}", r"\u{e0000}"), ("\u{e007f}", r"\u{e007f}")] {
        assert_eq!(Shown(text.as_bytes()).to_string(), shown);
        assert!(!is_shown(text) && is_shown(shown));
    }
}

/// Every byte is quoted as s6's own program does it (docs/original.md, "Quoting"), not only so that execlineb reads it back.
#[test]
fn quoting_is_s6s_own() {
    for byte in 1..=255u8 {
        let expected = match byte {
            7..=13 => format!("\"\\{}\"", char::from(b"abtnvfr"[usize::from(byte - 7)])),
            b'"' | b'\\' => format!("\"\\{}\"", char::from(byte)),
            b' '..=b'~' => format!("\"{}\"", char::from(byte)),
            _ => format!("\"\\0x{byte:02x}\""),
        };
        let text = Text::new([byte]).unwrap();
        assert_eq!(String::from_utf8_lossy(Word::quoted(&text).as_bytes()), expected, "{byte}");
    }
}
