//! Laws about the core's smallest parts: paths and quoted texts.

use super::lexer::lex;
use crate::execline::{Text, Word};
use crate::path::TreePath;
use alloc::vec::Vec;

/// A [`TreePath`] that is accepted never escapes: no empty, `.` or `..` component, no slash at either end, no NUL, and its bytes
/// are what was given.
#[must_use]
pub fn tree_path_never_escapes(bytes: &[u8]) -> bool {
    TreePath::parse(bytes).is_err_and(|_| !is_plain_relative(bytes)) || {
        TreePath::parse(bytes).is_ok_and(|path| path.as_bytes() == bytes && is_plain_relative(bytes))
    }
}

fn is_plain_relative(bytes: &[u8]) -> bool {
    bytes.is_empty()
        || bytes.len() <= crate::path::PATH_MAX
            && bytes.split(|&byte| byte == b'/').all(|name| {
                !name.is_empty() && name.len() <= crate::path::NAME_MAX && name != b"." && name != b".." && !name.contains(&0)
            })
}

/// The order of paths puts a directory before what is in it, and nothing between them that is not in it.
#[must_use]
pub fn tree_path_order_is_by_component(left: &TreePath, right: &TreePath) -> bool {
    left.cmp(right) == left.components().cmp(right.components())
}

/// A quoted text is one word for execlineb, the same bytes.
#[must_use]
pub fn quoted_text_is_one_word(text: &Text) -> bool {
    lex(Word::quoted(text).as_bytes()) == Ok(Vec::from([text.as_bytes().to_vec()]))
}

/// A text behind a prefix is one word for execlineb, the same bytes.
#[must_use]
pub fn prefixed_text_is_one_word(text: &Text) -> bool {
    let expected = [b"p", text.as_bytes()].concat();
    lex(Word::prefixed("p", text).as_bytes()) == Ok(Vec::from([expected]))
}
