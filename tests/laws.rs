//! The laws of the core, on generated inputs.

use proptest::prelude::*;
use s6_instance_maker_core::cli::{self, NoOptions, ParsedArgs, Program};
use s6_instance_maker_core::execline::Text;
use s6_instance_maker_core::laws;
use s6_instance_maker_core::path::TreePath;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// Every byte but NUL, alone and before what could be taken for part of its escape.
#[test]
fn every_byte_survives_quoting() {
    let mut checked = 0;
    for byte in 1..=255u8 {
        for follower in [b"".as_slice(), b"0", b"7", b"a", b"f", b"x", b"n", b" ", b"\"", b"\\", b"\n", b"#", b"{", b"}", b"$"]
        {
            for leader in [b"".as_slice(), b"x", b"\\", b"\"", b"\\0", b" "] {
                let text = Text::new([leader, &[byte], follower].concat()).unwrap();
                assert!(laws::quoted_text_is_one_word(&text), "{text:?}");
                assert!(laws::prefixed_text_is_one_word(&text), "{text:?}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 255 * 15 * 6);
}

/// The lexer of the laws is no identity: it knows what a word is.
#[test]
fn the_lexer_reads_execline() {
    let words = |script: &str| {
        laws::lex(script.as_bytes())
            .map(|words| words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(words("a  b\tc\nd #e\nf"), Ok(vec!["a".into(), "b".into(), "c".into(), "d".into(), "f".into()]));
    assert_eq!(words("a\"b c\"d #"), Ok(vec!["ab cd".into()]));
    assert_eq!(words("a\\ b a\\n \\\nc a#b"), Ok(vec!["a b".into(), "an".into(), "c".into(), "a#b".into()]));
    assert_eq!(words(r#""\a\n\0x41\0x4g\0101\65\q\"""#), Ok(vec!["\u{7}\nA\u{4}gAAq\"".into()]));
    // A backslash before a newline: between words, inside of one, in quotes.
    assert_eq!(words("a \\\n\\\n#b\nc\\\nd \"e\\\nf\"\\\n"), Ok(vec!["a".into(), "c\nd".into(), "ef\n".into()]));
    // A script that ends early.
    assert_eq!(words("a \\"), Ok(vec!["a".into()]));
    assert_eq!(words("a\\"), Err(laws::LexError::Unterminated));
    assert_eq!(words(r#""\65\0x4"#), Ok(vec!["A\u{4}".into()]));
    assert_eq!(words("\"a"), Err(laws::LexError::Unterminated));
    assert_eq!(words("\"a\\"), Err(laws::LexError::Unterminated));
    assert_eq!(words(r#""\0x0""#), Err(laws::LexError::Number));
    assert_eq!(words(r#""\256""#), Err(laws::LexError::Number));
}

/// Each of s6's own options, with its value behind it and in the same word: read without the grammar, and as by the grammar.
#[test]
fn short_command_lines() {
    let values: [&[u8]; 8] = [b"10", b"", b"-c", b"--", b"=5", b"/l", b"svc/log", b"\xff"];
    for letter in "culLtnsSPr".bytes() {
        for value in values {
            let option = [b'-', letter];
            for (words, is_short) in [
                ([&[option.as_slice(), value], [b"t".as_slice(), b"d"].as_slice()].concat(), true),
                ([&[[&option, value].concat().as_slice(), b"t"], [b"d".as_slice()].as_slice()].concat(), !value.is_empty()),
                (vec![b"t", b"d", &option, value], true),
                (vec![b"t", b"--", b"d", &option, value], false),
                (vec![b"t", b"d", b"--sync", &option, value], false),
                (vec![b"t", &option, value], false),
            ] {
                laws::command_line(&words.join(&0)).unwrap();
                let words = [b"p".as_slice()].into_iter().chain(words).map(|word| OsString::from_vec(word.to_vec()));
                let words: Vec<_> = words.collect();
                if let Ok(ParsedArgs { common, .. }) = cli::parse::<NoOptions>(Program::MAKER, words.clone()) {
                    // The grammar's readings have long options.
                    assert_eq!(common == words, is_short, "{words:?}");
                }
            }
        }
    }
}

/// Words of a command line that are often nearly right.
fn word() -> impl Strategy<Value = OsString> {
    let options = prop::sample::select(vec![
        "-c",
        "-u",
        "-r",
        "-l",
        "-L",
        "-t",
        "-n",
        "-s",
        "-S",
        "-P",
        "-h",
        "-V",
        "--",
        "-",
        "--log-dir",
        "--log-prefix=",
        "--dry-run",
        "--s6-version",
        "--installation",
        "--no-prepare-log-dir",
        "--shebang-dir",
        "-c10",
        "-P=x",
        "-L/l",
        "-rsvc/log",
        "-rsvc",
        "--static",
        "--count=3",
        "--instance=a",
        "--instance=a-log",
    ]);
    let values = prop::sample::select(vec![
        "10",
        "0",
        "/l",
        "nobody",
        "33:33",
        "svc",
        "svc/log/pipe",
        "2.15",
        "debian",
        "template",
        "dir",
        "",
    ]);
    prop_oneof![
        3 => options.prop_map(OsString::from),
        3 => values.prop_map(OsString::from),
        1 => prop::collection::vec(1..=255u8, 0..12).prop_map(OsString::from_vec),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quoting(bytes in prop::collection::vec(1..=255u8, 0..200)) {
        let text = Text::new(bytes).unwrap();
        prop_assert!(laws::quoted_text_is_one_word(&text));
        prop_assert!(laws::prefixed_text_is_one_word(&text));
    }

    #[test]
    fn paths_never_escape(bytes in prop::collection::vec(prop_oneof![Just(b'/'), Just(b'.'), Just(b'a'), any::<u8>()], 0..40)) {
        prop_assert!(laws::tree_path_never_escapes(&bytes));
    }

    #[test]
    fn long_paths_never_escape(name in 1usize..300, count in 1usize..40) {
        let bytes = vec!["x".repeat(name); count].join("/");
        prop_assert!(laws::tree_path_never_escapes(bytes.as_bytes()));
        prop_assert_eq!(TreePath::parse(bytes.as_bytes()).is_ok(), name <= 255 && bytes.len() <= 4095);
    }

    #[test]
    fn paths_sort_by_component(
        left in prop::collection::vec("[!-.0-~]{1,3}", 1..4),
        right in prop::collection::vec("[!-.0-~]{1,3}", 1..4),
    ) {
        let path = |names: Vec<String>| TreePath::parse(names.join("/").into_bytes());
        if let (Ok(left), Ok(right)) = (path(left), path(right)) {
            prop_assert!(laws::tree_path_order_is_by_component(&left, &right));
        }
    }

    /// Whatever is typed, there is a request or a refusal, and what follows from a request is as it must be.
    #[test]
    fn command_lines(words in prop::collection::vec(word(), 0..10)) {
        let bytes = words.into_iter().map(OsString::into_vec).collect::<Vec<_>>().join(&0);
        let held = laws::command_line(&bytes);
        prop_assert!(held.is_ok(), "{}", held.unwrap_err());
    }
}
