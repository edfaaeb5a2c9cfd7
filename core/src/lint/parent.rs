//! Paths by which a script leaves its service directory.

use super::language::base;
use super::tokens::{is_address, is_replacement, lines, pieces, without_expansions, words_of};
use crate::rules::Part;
use alloc::vec::Vec;

/// Words for the directory that a script is in, and runs in.
const ITSELF: [&[u8]; 9] = [
    b"$(dirname \"$0\")",
    b"$(dirname -- \"$0\")",
    b"$(dirname $0)",
    b"`dirname $0`",
    b"${0%/*}",
    b"${PWD}",
    b"$PWD",
    b"$(pwd)",
    b"`pwd`",
];

/// The first word of a script that names something outside the service directory by `../`, unless it may be elsewhere by then. For
/// a logger's script, the directory above is the service's.
pub(super) fn outside(text: &[u8], part: Part) -> Option<Vec<u8>> {
    let levels = match part {
        Part::Service => 0,
        Part::Logger => 1,
    };
    let text = ITSELF.iter().fold(text.to_vec(), |text, itself| replaced(&text, itself, b"."));
    let plain = without_expansions(&text);
    for line in lines(&plain) {
        let line = without_subshells(line);
        let words: Vec<&[u8]> = words_of(core::iter::once(line.as_slice())).collect();
        for (index, word) in words.iter().enumerate() {
            let leaves = |piece: &[u8]| leaves(piece, levels);
            if !is_address(word) && !is_replacement(word) && pieces(word).any(leaves) {
                return Some(word.to_vec());
            }
            if changes_directory(word) && words.get(index + 1).is_none_or(|to| !to.starts_with(b".")) {
                return None;
            }
        }
    }
    None
}

/// Returns `true` if a path that begins in the working directory ends more than so many levels above it.
fn leaves(path: &[u8], levels: usize) -> bool {
    if path.starts_with(b"/") || !path.windows(3).any(|bytes| bytes == b"../") {
        return false;
    }
    let mut depth = levels;
    for name in path.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

fn changes_directory(word: &[u8]) -> bool {
    matches!(base(word), b"cd" | b"pushd")
}

/// The line of a shell without what is in parentheses and changes the directory there, which ends with them.
fn without_subshells(line: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(line.len());
    // Where each subshell begins.
    let mut begins: Vec<usize> = Vec::new();
    let (mut quote, mut is_escaped) = (None, false);
    for &byte in line {
        plain.push(byte);
        match (quote, byte) {
            _ if is_escaped => is_escaped = false,
            (None | Some(b'"'), b'\\') => is_escaped = true,
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'' | b'`') => quote = Some(byte),
            (None, b'(') => begins.push(plain.len()),
            (None, b')') => {
                if let Some(begin) = begins.pop()
                    && let Some(inner) = plain.get(begin..)
                    && words_of(core::iter::once(inner)).any(changes_directory)
                {
                    plain.truncate(begin);
                }
            }
            _ => {}
        }
    }
    plain
}

fn replaced(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        match rest.strip_prefix(from) {
            Some(behind) => {
                result.extend(to);
                rest = behind;
            }
            None => {
                result.push(*byte);
                rest = behind;
            }
        }
    }
    result
}
