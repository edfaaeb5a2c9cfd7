//! Findings, and the messages about them.

use super::level::Level;
use super::problem::Problem;
use super::remedy::Remedy;
use super::table::Rule;
use crate::message::{Message, MessageKind};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

/// A problem with its level: the result does not work, or probably not as intended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Finding {
    /// Its level.
    pub level: Level,
    /// The problem.
    pub problem: Problem,
}

/// The reason why nothing is made: at least one error, and the warnings that were found with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Findings {
    found: Vec<Finding>,
    followed: BTreeSet<Remedy>,
}

/// The number of different findings of one rule and level that are shown.
const SHOWN_MAX: usize = 10;
/// From so many bytes of text on, of further rules only the number of findings is shown: what a document says may be long.
const TEXT_MAX: usize = 64 * 1024;

impl Finding {
    /// A warning.
    #[must_use]
    pub const fn warning(problem: Problem) -> Self {
        Self { level: Level::Warning, problem }
    }

    /// An error.
    #[must_use]
    pub const fn error(problem: Problem) -> Self {
        Self { level: Level::Error, problem }
    }

    /// The rule that found it.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.problem.rule()
    }

    /// Returns a hint that names no remedy that the command line already has (`followed`).
    #[must_use]
    pub fn hint(&self, followed: &BTreeSet<Remedy>) -> String {
        self.problem.hint(followed)
    }
}

/// The rule's id, the place, what is wrong, and what follows.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule().id(), self.problem)
    }
}

impl Findings {
    /// Findings, of which at least one is an error.
    pub(super) const fn new(found: Vec<Finding>, followed: BTreeSet<Remedy>) -> Self {
        Self { found, followed }
    }

    /// Everything that was found.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.found.iter()
    }

    /// Returns the messages, errors first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        messages(&self.found, &self.followed)
    }
}

/// The errors, one after another in one line.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.found.iter().filter(|finding| finding.level == Level::Error);
        for (index, finding) in errors.enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            finding.fmt(f)?;
        }
        Ok(())
    }
}

/// The findings of one rule, each text once, in the order in which they were found.
#[derive(Default)]
struct Group {
    /// Texts and hints, and how often each was found.
    texts: Vec<(String, String, usize)>,
    /// The index of each text in `texts`.
    places: BTreeMap<String, usize>,
}

impl Group {
    fn add(&mut self, text: String, hint: String) {
        match self.places.get(&text).and_then(|&place| self.texts.get_mut(place)) {
            Some((.., count)) => *count += 1,
            None => {
                self.places.insert(text.clone(), self.texts.len());
                self.texts.push((text, hint, 1));
            }
        }
    }

    fn count(&self) -> usize {
        self.texts.iter().map(|(.., count)| count).sum()
    }
}

/// Returns the messages about findings: errors, then warnings; those of one rule together, with equal hints once, after the last.
pub(super) fn messages(findings: &[Finding], followed: &BTreeSet<Remedy>) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut length = 0;
    for (level, spoken) in [(Level::Error, MessageKind::Fatal), (Level::Warning, MessageKind::Warning)] {
        let mut order: Vec<Rule> = Vec::new();
        let mut groups: BTreeMap<Rule, Group> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.level == level) {
            let rule = finding.rule();
            groups
                .entry(rule)
                .or_insert_with(|| {
                    order.push(rule);
                    Group::default()
                })
                .add(finding.to_string(), finding.hint(followed));
        }
        for (rule, group) in order.iter().filter_map(|rule| Some((rule, groups.get(rule)?))) {
            let lines = lines_of(*rule, group, TEXT_MAX.saturating_sub(length));
            length += lines.iter().map(|(text, _)| text.len()).sum::<usize>();
            messages.extend(lines.into_iter().map(|(text, hint)| Message { kind: spoken, text, hint }));
        }
    }
    messages
}

/// The lines about the findings of one rule, in about `room` bytes.
fn lines_of(rule: Rule, group: &Group, room: usize) -> Vec<(String, Option<String>)> {
    let mut lines: Vec<(String, Option<String>)> = Vec::new();
    let mut length = 0;
    for (text, hint, count) in group.texts.iter().take(SHOWN_MAX) {
        length += text.len();
        if length > room {
            break;
        }
        // Behind several lines, the hint that they share.
        if let Some((_, last)) = lines.last_mut()
            && last.as_ref() == Some(hint)
        {
            *last = None;
        }
        let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
        lines.push((format!("{text}{times}"), Some(hint.clone())));
    }
    let shown: usize = group.texts.iter().take(lines.len()).map(|(.., count)| count).sum();
    match group.count() - shown {
        0 => {}
        all if lines.is_empty() => lines.push((format!("{}: {all} findings", rule.id()), Some(rule.advice().into()))),
        more => {
            let hint = lines.last_mut().and_then(|(_, hint)| hint.take());
            lines.push((format!("{}: and {more} more", rule.id()), hint));
        }
    }
    lines
}
