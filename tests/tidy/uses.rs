//! The paths that a Rust file names, in `use` declarations and elsewhere, each written out; no comments, no texts.

use std::collections::BTreeMap;

/// The paths that `source` names, of two names or more, as they are written: `a::b` for each item of `use a::{b, c as d}`, and
/// `b::e` where the file says so. `a::*` ends with `*`.
pub(super) fn paths(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = if token == "use" {
            tree(&tokens, at + 1, "", &mut |path| paths.push(path.to_owned()))
        } else if is_name(token) && tokens.get(at + 1).is_some_and(|colons| colons == "::") {
            let (path, next) = plain(&tokens, at);
            paths.push(path);
            next
        } else {
            at + 1
        };
        at = next;
    }
    paths
}

/// [`paths`], with names that a `use` brought in replaced by what they stand for: `fs::stat` is `rustix::fs::stat` after
/// `use rustix::fs`.
pub(super) fn full_paths(source: &str) -> Vec<String> {
    let mut aliases = BTreeMap::new();
    let tokens = tokens(source);
    for at in tokens.iter().enumerate().filter(|(_, token)| *token == "use").map(|(at, _)| at) {
        tree(&tokens, at + 1, "", &mut |path| {
            let (path, alias) = path.split_once(" as ").unwrap_or((path, path.rsplit("::").next().unwrap()));
            aliases.insert(alias.to_owned(), path.to_owned());
        });
    }
    let expand = |path: String| {
        let path = path.split(" as ").next().unwrap().to_owned();
        match path.split_once("::") {
            Some((first, rest)) => {
                aliases.get(first).filter(|full| *full != first).map_or(path.clone(), |full| format!("{full}::{rest}"))
            }
            None => path,
        }
    };
    paths(source).into_iter().map(expand).collect()
}

/// Reads a `use` tree from `at` on, and reports each path in it after `prefix`. Returns where it ends.
fn tree(tokens: &[String], at: usize, prefix: &str, report: &mut dyn FnMut(&str)) -> usize {
    let mut path = prefix.to_owned();
    let mut at = at;
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("::") if path.is_empty() => at += 1,
            Some("::") => {
                path.push_str("::");
                at += 1;
            }
            Some("{") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = tree(tokens, at, &path, report);
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some("as") => {
                report(&format!("{path} as {}", tokens.get(at + 1).unwrap()));
                return at + 2;
            }
            Some("self") if path.ends_with("::") => {
                path.truncate(path.len() - 2);
                at += 1;
            }
            Some(name) if name == "*" || is_name(name) => {
                path.push_str(name);
                at += 1;
            }
            _ => {
                report(&path);
                return at;
            }
        }
    }
}

/// A path that is no `use`, from `at` on, and where it ends.
fn plain(tokens: &[String], at: usize) -> (String, usize) {
    let mut path = tokens[at].clone();
    let mut at = at + 1;
    while tokens.get(at).is_some_and(|colons| colons == "::") && tokens.get(at + 1).is_some_and(|name| is_name(name)) {
        path.push_str("::");
        path.push_str(&tokens[at + 1]);
        at += 2;
    }
    (path, at.max(1))
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::` and single marks; neither comments nor texts nor characters.
fn tokens(source: &str) -> Vec<String> {
    let characters: Vec<char> = source.chars().collect();
    let mut tokens: Vec<String> = Vec::new();
    let mut at = 0;
    let starts = |at: usize, text: &str| characters[at..].iter().take(text.len()).collect::<String>() == text;
    while at < characters.len() {
        let character = characters[at];
        if starts(at, "//") {
            at += characters[at..].iter().take_while(|character| **character != '\n').count();
        } else if character == '"' {
            at = end_of_text(&characters, at + 1);
        } else if character == 'r' && (starts(at, "r\"") || starts(at, "r#\"")) || starts(at, "br\"") {
            let open = characters[at..].iter().position(|character| *character == '"').unwrap();
            let close = if starts(at, "r#") { "\"#" } else { "\"" };
            at += open + 1;
            while !starts(at, close) {
                at += 1;
            }
            at += close.len();
        } else if character == '\'' {
            // A character or a byte, else a lifetime.
            let length = if characters.get(at + 1) == Some(&'\\') {
                characters[at + 3..].iter().position(|character| *character == '\'').map(|end| end + 4)
            } else {
                (characters.get(at + 2) == Some(&'\'')).then_some(3)
            };
            at += length.unwrap_or(1);
        } else if character.is_alphanumeric() || character == '_' {
            let name: String =
                characters[at..].iter().take_while(|character| character.is_alphanumeric() || **character == '_').collect();
            at += name.chars().count();
            tokens.push(name);
        } else if starts(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !character.is_whitespace() {
                tokens.push(character.to_string());
            }
            at += 1;
        }
    }
    tokens
}

fn end_of_text(characters: &[char], mut at: usize) -> usize {
    while characters[at] != '"' {
        at += if characters[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

#[test]
fn paths_are_written_out() {
    let source = r#"
        //! Not [`crate::comment`].
        use crate::a::{self, b::{C, D as E}, f::*};
        pub(crate) use super::g;
        fn h() -> i::J { crate::k::l("crate::text", '"', b'\'', "\"crate::text", m) }
        use rustix::fs::{CWD as HERE, open};
        fn n() { use std::process; process::exit(fs::stat::<'static>(HERE)) }
    "#;
    let expected = [
        "crate::a",
        "crate::a::b::C",
        "crate::a::b::D as E",
        "crate::a::f::*",
        "super::g",
        "i::J",
        "crate::k::l",
        "rustix::fs::CWD as HERE",
        "rustix::fs::open",
        "std::process",
        "process::exit",
        "fs::stat",
    ];
    assert_eq!(paths(source), expected);
    assert!(full_paths(source).contains(&"std::process::exit".to_owned()));
    assert!(full_paths(source).contains(&"rustix::fs::CWD".to_owned()));
}
