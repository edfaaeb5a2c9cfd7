//! The rules for a reader: one line each, one explained, or the one that was probably meant.

use super::table::Rule;
use alloc::format;
use alloc::string::String;

/// The width of the text, in characters.
const WIDTH: usize = 100;

/// All rules, one line each: the id, its level, and what it finds.
#[must_use]
pub fn list() -> String {
    let width = Rule::ALL.into_iter().map(|rule| rule.id().len()).max().unwrap_or_default();
    Rule::ALL.into_iter().fold(String::new(), |text, rule| {
        text + &format!("{:width$}  {:7}  {}\n", rule.id(), rule.levels().word(), rule.finds())
    })
}

impl Rule {
    /// The rule of that id.
    #[must_use]
    pub fn parse(id: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.id().as_bytes() == id)
    }

    /// Returns the explanation: meaning, consequence and advice, in a few lines.
    #[must_use]
    pub fn explain(self) -> String {
        let finds = if self.more().is_empty() { self.finds().into() } else { format!("{} {}", self.finds(), self.more()) };
        let mut text = format!("{} ({})\n\n", self.id(), self.levels().word());
        for paragraph in [finds, format!("What goes wrong: {}", self.wrong()), format!("What to do: {}.", self.advice())] {
            text += &wrapped(&paragraph);
            text.push('\n');
        }
        text += &wrapped(&format!("--allow {} accepts such a finding; --strict makes a warning an error.", self.id()));
        text
    }
}

/// A paragraph as lines of at most [`WIDTH`] characters, but for longer words.
fn wrapped(paragraph: &str) -> String {
    let mut text = String::new();
    let mut column = 0;
    for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text += word;
        column += length;
    }
    text.push('\n');
    text
}

/// The rule whose id is nearest to `id`, where one is near enough to be meant.
#[cfg(feature = "cli")]
#[must_use]
pub fn nearest(id: &[u8]) -> Option<Rule> {
    /// Longer words are no typing error, and take long to compare.
    const LONGEST: usize = 64;
    let id = core::str::from_utf8(id).ok().filter(|id| id.len() <= LONGEST)?.to_ascii_lowercase();
    let id = id.trim().replace('_', "-");
    let distances = Rule::ALL.into_iter().map(|rule| (strsim::damerau_levenshtein(&id, rule.id()), rule));
    distances.min().map(|(_, rule)| rule).filter(|rule| is_near(&id, rule.id()))
}

/// Returns `true` if a typing error can make one word of the other: no more than a third of it differs.
#[cfg(feature = "cli")]
pub(crate) fn is_near(typed: &str, meant: &str) -> bool {
    3 * strsim::damerau_levenshtein(typed, meant) <= meant.len()
}
