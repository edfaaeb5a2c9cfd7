//! The program that tells s6-notifyoncheck whether an instance is ready.

use super::Linter;
use super::language::base;
use super::tokens::{lines, words_of};
use crate::layout::DATA_CHECK;
use crate::rules::{CheckFault, Part, Problem};
use crate::template::Resolved;
use alloc::vec::Vec;

impl Linter<'_> {
    /// With `text` of the `run` of a service directory: whether `data/check` is there for it.
    pub(super) fn check(&mut self, part: Part, text: &[u8]) {
        if !polls_data_check(text) {
            return;
        }
        let fault = match self.template.resolve(&part.join(&DATA_CHECK)) {
            Resolved::Entry(end) => {
                let meta = self.template.tree().get(&end).map(|node| self.copying.meta(&end, node));
                let is_executable = !self.is_directory(&end) && meta.is_some_and(|meta| meta.mode.has(0o111));
                (!is_executable).then_some(CheckFault::NotExecutable)
            }
            Resolved::Missing | Resolved::Loop => Some(CheckFault::Missing),
            // The link that leads there is reported.
            Resolved::Outside(_) => None,
        };
        if let Some(fault) = fault {
            self.warn(Problem::Check(part, fault));
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
