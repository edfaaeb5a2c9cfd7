//! The program that tells s6-notifyoncheck whether an instance is ready.

use super::Linter;
use super::language::base;
use super::tokens::{lines, words_of};
use crate::rules::{Part, Problem, Script};
use crate::template::Resolved;
use alloc::vec::Vec;

impl Linter<'_> {
    /// With `text` of the `run` of a service directory: `data/check`, if that text makes use of it.
    pub(super) fn check(&mut self, part: Part, text: &[u8]) {
        if !polls_data_check(text) {
            return;
        }
        let script = Script::check(part);
        match self.template.resolve(&script.path()) {
            Resolved::Entry(end) => {
                self.checks.push(script);
                self.script_at(script, &end);
            }
            Resolved::Missing | Resolved::Loop => self.warn(Problem::CheckMissing(part)),
            // The link that leads there is reported.
            Resolved::Outside(_) => {}
        }
    }
}

/// Returns `true` if a script runs s6-notifyoncheck, and that runs `data/check`: there is no option -c.
fn polls_data_check(text: &[u8]) -> bool {
    let words: Vec<&[u8]> = words_of(lines(text)).collect();
    let Some(at) = words.iter().position(|word| base(word) == b"s6-notifyoncheck") else { return false };
    let mut options = words.iter().skip(at + 1);
    while let Some([b'-', letters @ ..]) = options.next() {
        let value = letters.iter().position(|letter| *letter != b'd');
        match value.and_then(|value| letters.split_at_checked(value)) {
            Some((_, [b'c', ..])) => return false,
            // `--`
            Some((_, [b'-'])) => return true,
            // The value of these options is in the next word, where it is not in the same.
            Some((_, [_])) => {
                options.next();
            }
            Some(_) | None => {}
        }
    }
    true
}
