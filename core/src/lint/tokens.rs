//! The words of a script, as far as they can be told apart without running it.

use alloc::vec::Vec;

/// The lines of a script but for those that are comments, as its first is; with a here-document in it, any may be text.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let has_document = text.windows(2).any(|bytes| bytes == b"<<");
    text.split(|&byte| byte == b'\n').filter(move |line| has_document || !line.trim_ascii_start().starts_with(b"#"))
}

/// Characters between the words of a shell: blanks, quotes and separators.
pub(super) fn words_of<'a>(texts: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    let is_separator = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`;&|(){}<>".contains(byte);
    texts.flat_map(move |text| text.split(is_separator)).filter(|word| !word.is_empty())
}

/// A text up to the end of the last word that surely has ended.
pub(super) fn without_last_word(text: &[u8]) -> &[u8] {
    let length = text.iter().rposition(u8::is_ascii_whitespace).unwrap_or_default();
    text.get(..length).unwrap_or_default()
}

/// The same text where `$` stands for each `${...}`: what is in the braces only looks like words, but for what takes the place of
/// an empty variable, which stands behind it.
pub(super) fn without_expansions(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        plain.push(*byte);
        rest = behind;
        if *byte != b'$' {
            continue;
        }
        let Some((inner, behind)) = behind.strip_prefix(b"{").and_then(in_braces) else { continue };
        rest = behind;
        let name = inner.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(inner.len());
        let operator = inner.get(name..).unwrap_or_default();
        if let [b':', b'-' | b'=' | b'+' | b'?', value @ ..] | [b'-' | b'=' | b'+' | b'?', value @ ..] = operator {
            plain.push(b' ');
            plain.extend(without_expansions(value));
        }
    }
    plain
}

/// Returns the text before the brace that ends an expansion, and the text after it. `None`: there is no such brace.
fn in_braces(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut depth = 0_usize;
    let end = text.iter().position(|byte| match byte {
        b'{' => {
            depth += 1;
            false
        }
        b'}' if depth == 0 => true,
        b'}' => {
            depth -= 1;
            false
        }
        _ => false,
    })?;
    text.split_at_checked(end).map(|(inner, behind)| (inner, behind.get(1..).unwrap_or_default()))
}

/// Returns `true` if a word is a replacement as sed knows it, which only looks like a path: `s/a/b/`, `y,a,b,`, `s|a|b|g`.
pub(super) fn is_replacement(word: &[u8]) -> bool {
    let word = word.trim_ascii_start();
    let address = word.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'$').unwrap_or_default();
    let Some([b's' | b'y', delimiter, rest @ ..]) = word.get(address..) else { return false };
    let mut parts = rest.split(|byte| byte == delimiter);
    let (from, to, flags) = (parts.next(), parts.next(), parts.next());
    let is_flag = |byte: &u8| byte.is_ascii_digit() || b"gpeiImMw".contains(byte);
    delimiter.is_ascii_punctuation()
        && from.is_some_and(|from| !from.is_empty())
        && to.is_some()
        && flags.is_some_and(|flags| flags.iter().all(is_flag))
        && parts.next().is_none()
}

/// Returns `true` if a word is an address with a scheme, as `http://host/path`.
pub(super) fn is_address(word: &[u8]) -> bool {
    word.windows(3).any(|bytes| bytes == b"://")
}

/// Returns `true` if a word is, or may be, a path that begins in the working directory.
pub(super) fn is_relative(word: &[u8]) -> bool {
    let begins_with_name = word.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._".contains(byte));
    matches!(word, b"." | b"..") || begins_with_name && word.contains(&b'/') && !is_replacement(word)
}

/// The pieces of a word that may be a path by itself: `a` and `b` of `--file=a:b`.
pub(super) fn pieces(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    word.split(|byte| b"=:,".contains(byte))
}

/// Returns `true` if a variable for arguments, for the script itself, or for the working directory, is in a line: `$1`, `$0`, `$@`,
/// `$*`, `$#`, these in braces, `$PWD`, and what some shells have besides.
pub(super) fn names_argument(line: &[u8]) -> bool {
    const NAMES: [&[u8]; 4] = [b"PWD", b"OLDPWD", b"argv", b"BASH_ARG"];
    let is_name = |byte: u8| matches!(byte, b'0'..=b'9' | b'@' | b'*' | b'#');
    line.split(|&byte| byte == b'$').skip(1).any(|rest| match rest {
        [b'{', b'!' | b'#', byte, ..] | [b'{', byte, ..] | [byte, ..] if is_name(*byte) => true,
        [b'{', rest @ ..] | rest => NAMES.iter().any(|name| rest.starts_with(name)),
    })
}
