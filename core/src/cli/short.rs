//! Short command lines: s6's own ten options, the defaults of a site, and the two operands.
//!
//! Most command lines are such ones, and the grammar, which clap builds from all options and their help, takes a tenth of a small run.
//! So these are read without it. What they mean is said where it is said for all; a law compares the two readings.

use super::grammar::Arguments;
use alloc::borrow::ToOwned as _;
use alloc::format;
use clap_lex::OsStrExt as _;
use std::ffi::OsString;

/// Reads a command line, the program's name first. `None`: it is another one, or a wrong one, and the grammar's to read.
pub(super) fn read(words: &[OsString]) -> Option<Arguments> {
    let mut options = Arguments::default();
    let mut operands = [None, None];
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_encoded_bytes() {
            [b'-', b'-', ..] => {
                let (name, value) = word.strip_prefix("--")?.split_once("=")?;
                options.target.take_site_option(name.to_str()?, value)?;
            }
            [b'-', letter, ..] => {
                let place = options.short(*letter)?;
                let attached = word.strip_prefix(&format!("-{}", char::from(*letter)))?;
                *place = Some(if attached.is_empty() { words.next()?.clone() } else { attached.to_owned() });
            }
            _ => *operands.iter_mut().find(|place| place.is_none())? = Some(word.clone()),
        }
    }
    let [Some(template), Some(dir)] = operands else { return None };
    Some(options.with_operands(template, dir))
}
