//! Text from outside, as a person and as execlineb see it.

use s6_instance_maker_core::escape::{Escaped, Excerpt, GutterLine, is_printable};
use s6_instance_maker_core::execline::{Text, Word};
use s6_instance_maker_core::message::{self, Message, MessageKind};

/// Tags are characters that nobody sees, and that say something to programs.
#[test]
fn tags_are_shown() {
    for (text, shown) in [("\u{e0041}", r"\u{e0041}"), ("\u{e0000}", r"\u{e0000}"), ("\u{e007f}", r"\u{e007f}")] {
        assert_eq!(Escaped(text.as_bytes()).to_string(), shown);
        assert!(!is_printable(text) && is_printable(shown));
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

/// Of what somebody else says, so much is shown that a terminal is not flooded; what is left out is marked, and nothing else is.
#[test]
fn long_text_is_cut() {
    let shown = |length| Excerpt("x".repeat(length).as_bytes()).to_string();
    assert_eq!([0, 1, 500].map(shown), [0, 1, 500].map(|length| "x".repeat(length)));
    assert_eq!([501, 100_000].map(shown), [500, 500].map(|length| "x".repeat(length) + "…"));
    assert_eq!(Excerpt(b"a\x1b").to_string(), r"a\x1b");
}

/// The messages of a failing program can be read back from its standard error; other text is not mistaken for them.
#[test]
fn messages_are_read_back() {
    let (fatal, hint) = (message::line(MessageKind::Fatal, &"no: way"), message::line(MessageKind::Hint, &"try that"));
    let warning = message::line(MessageKind::Warning, &"hm");
    assert_eq!(fatal, "s6-instance-maker: fatal: no: way\n");
    assert_eq!(hint, "s6-instance-maker: hint: try that\n");
    assert_eq!(warning, "s6-instance-maker: warning: hm\n");
    let (alone, hinted) = (Message::new(&"no: way", None), Message::new(&"no: way", Some("try that")));
    let warned = Message { kind: MessageKind::Warning, ..hinted.clone() };
    for messages in [
        vec![alone.clone()],
        vec![hinted.clone()],
        vec![alone.clone(), alone.clone()],
        vec![hinted.clone(), alone.clone(), hinted.clone()],
        vec![alone.clone(), warned.clone()],
        vec![hinted.clone(), warned.clone(), Message { hint: None, ..warned.clone() }],
    ] {
        let lines: String = messages.iter().map(Message::lines).collect();
        assert_eq!(message::parse(lines.as_bytes()), Some(messages));
    }
    assert_eq!(hinted.lines(), format!("{fatal}{hint}"));
    let empty = |level| message::line(level, &"");
    for other in [
        String::new(),
        hint.clone(),
        warning.clone(),
        fatal.trim_end().to_owned(),
        format!(" {fatal}"),
        format!("{fatal}\n"),
        format!("{fatal}{warning}{fatal}"),
        format!("{warning}{fatal}"),
        format!("{hint}{fatal}"),
        format!("{fatal}{hint}{hint}"),
        format!("{fatal}{}", hint.trim_end()),
        empty(MessageKind::Fatal),
        format!("{fatal}{}", empty(MessageKind::Hint)),
        "s6-instance-maker: fatal:no\n".to_owned(),
        "s6-instance-maker fatal: no\n".to_owned(),
        "other: fatal: no\n".to_owned(),
    ] {
        assert_eq!(message::parse(other.as_bytes()), None, "{other:?}");
    }
    assert_eq!(message::parse(b"s6-instance-maker: fatal: \xff\n"), None);
}

/// Every character that changes the direction or the visibility of text is escaped, each by itself; their neighbours are not.
#[test]
fn invisible_characters() {
    let invisible = "\u{ad}\u{61c}\u{115f}\u{1160}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\
                     \u{202d}\u{202e}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2065}\u{2066}\u{2067}\u{2068}\u{2069}\u{206a}\u{206b}\u{206c}\
                     \u{206d}\u{206e}\u{206f}\u{3164}\u{feff}\u{ffa0}\u{fff9}\u{fffa}\u{fffb}\u{e0001}\u{e0020}\u{e007f}";
    for character in invisible.chars() {
        let text = character.to_string();
        assert_eq!(Escaped(text.as_bytes()).to_string(), format!("\\u{{{:x}}}", u32::from(character)));
        assert!(!is_printable(&text), "{text:?}");
    }
    for character in
        "\u{ac}\u{61b}\u{115e}\u{1161}\u{180f}\u{200a}\u{2010}\u{2027}\u{202f}\u{205f}\u{2070}\u{3163}\u{3165}\u{ff9f}\u{fffc}"
            .chars()
    {
        let text = character.to_string();
        assert!(is_printable(&text) && Escaped(text.as_bytes()).to_string() == text, "{text:?}");
    }
}

/// A line of a file is shown as it is; or, where something in it cannot be shown, escaped behind another gutter.
#[test]
fn lines_behind_gutters() {
    for (line, shown) in [
        (b"".as_slice(), "|"),
        (br#"s6-log "/a\\b" `x`"#, r#"| s6-log "/a\\b" `x`"#),
        (b"\tindented\t", "| \tindented\t"),
        ("caf\u{e9}".as_bytes(), "| caf\u{e9}"),
        (b"a\x1b[31m\\b", r"\ a\x1b[31m\\b"),
        (b"\xff", r"\ \xff"),
        ("a\u{2067}b".as_bytes(), r"\ a\u{2067}b"),
        (b"end\r", r"\ end\r"),
    ] {
        assert_eq!(GutterLine(line).to_string(), shown);
    }
}
