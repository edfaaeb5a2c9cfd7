//! The text of differences: a line for each entry, and a unified diff where both sides are text.
//!
//! Whatever cannot be shown as it is (control characters, bytes that are not UTF-8) is not text: its sizes and digests are shown.

use crate::compare::Comparison;
use crate::error::Error;
use s6_instance_maker_core::cli::{Format, PrivateText};
use s6_instance_maker_core::compare::{Cause, Difference, Differences, Fate, State, StateKind};
use s6_instance_maker_core::escape::{EscapedWord, is_printable};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::tree::Mode;
use s6_instance_maker_core::wire::DifferenceDocument;
use similar::TextDiff;
use std::fmt::Write as _;

/// The size up to which the text of a file is compared line by line, in bytes.
const TEXT_MAX: u64 = 1 << 20;

/// A report of differences.
pub(crate) struct Report<'a> {
    pub compared: &'a Comparison<'a>,
    pub differences: &'a Differences,
    pub private: PrivateText,
}

impl Report<'_> {
    /// Returns the report in the form that was asked for.
    pub(crate) fn bytes(&self, format: Format) -> Result<Vec<u8>, Error> {
        match format {
            Format::Text => self.text().map(String::into_bytes),
            Format::Json => Ok(DifferenceDocument::encode(self.differences)),
        }
    }

    fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        for difference in &self.differences.entries {
            text += &heading(difference);
            text += &self.contents(difference)?;
        }
        for note in &self.differences.notes {
            // Writing to a String does not fail.
            let _ = writeln!(text, "note: {note}");
        }
        Ok(text)
    }

    /// The lines about the contents of a file that differ.
    fn contents(&self, difference: &Difference) -> Result<String, Error> {
        let Difference { path, found, planned, .. } = difference;
        let (before, after) = (file(found), file(planned));
        let is_same = before.is_some() && before == after;
        if (before, after) == (None, None) || is_same || difference.fate == Fate::Kept {
            return Ok(String::new());
        }
        let large = [before, after].iter().flatten().any(|(size, _)| *size > TEXT_MAX);
        if !large && (self.private == PrivateText::Shown || !self.is_private(difference)) {
            let before = before.map(|_| self.compared.found_text(path, TEXT_MAX)).transpose()?;
            let after = after.map(|_| self.compared.planned_text(path, TEXT_MAX)).transpose()?;
            if let (Some(old), Some(new)) = (text_of(before.as_deref()), text_of(after.as_deref())) {
                return Ok(unified(path, (before.is_some(), old), (after.is_some(), new)));
            }
        }
        Ok(sums(found, planned))
    }

    /// Returns `true` if others than the owner and the group cannot read the file on one of the sides.
    fn is_private(&self, difference: &Difference) -> bool {
        let closed = |mode: Mode, right: u16| !mode.has(right);
        let is_closed = |state: &Option<State>| state.as_ref().is_some_and(|state| closed(state.mode, 0o004));
        if is_closed(&difference.found) || is_closed(&difference.planned) {
            return true;
        }
        difference.path.ancestors().any(|directory| {
            let found = self.compared.found.get(&directory).map(|state| state.mode);
            let planned = self.compared.plan.tree.get(&directory).map(|node| node.meta.mode);
            [found, planned].into_iter().flatten().any(|mode| closed(mode, 0o001))
        })
    }
}

/// The size and digest of a regular file.
fn file(state: &Option<State>) -> Option<(u64, Option<s6_instance_maker_core::compare::Digest>)> {
    match state.as_ref().map(|state| &state.kind) {
        Some(StateKind::File { size, digest }) => Some((*size, *digest)),
        _ => None,
    }
}

/// The line of an entry, like `replace 0755 file run (mode 0644 -> 0755)`.
fn heading(difference: &Difference) -> String {
    let Difference { path, found, planned, fate, cause } = difference;
    let Some(shown) = planned.as_ref().or(found.as_ref()) else { return String::new() };
    let name = if path.is_root() { ".".to_owned() } else { EscapedWord(path.as_bytes()).to_string() };
    let mut line = format!("{} {} {} {name}", fate.word(), shown.mode, shown.kind.word());
    if let StateKind::Symlink(target) = &shown.kind {
        let _ = write!(line, " -> {}", EscapedWord(target));
    }
    let mut changes = Vec::new();
    if let (Some(found), Some(planned)) = (found, planned) {
        if found.kind.word() != planned.kind.word() {
            changes.push(format!("{} -> {}", found.kind.word(), planned.kind.word()));
        }
        let is_link = |state: &State| matches!(state.kind, StateKind::Symlink(_));
        if found.mode != planned.mode && !is_link(found) && !is_link(planned) {
            let cause = match cause {
                Some(Cause::Umask) => ", made under another umask",
                None => "",
            };
            changes.push(format!("mode {} -> {}{cause}", found.mode, planned.mode));
        }
        if found.owner != planned.owner {
            changes.push(format!("owner {} -> {}", found.owner, planned.owner));
        }
        if let (StateKind::Symlink(before), StateKind::Symlink(after)) = (&found.kind, &planned.kind)
            && before != after
        {
            changes.push(format!("target {} -> {}", EscapedWord(before), EscapedWord(after)));
        }
    }
    if !changes.is_empty() {
        let _ = write!(line, " ({})", changes.join("; "));
    }
    line + "\n"
}

/// Sizes and digests of both sides.
fn sums(found: &Option<State>, planned: &Option<State>) -> String {
    let mut text = String::new();
    for (sign, state) in [('-', found), ('+', planned)] {
        if let Some((size, digest)) = file(state) {
            let _ = write!(text, "{sign}{size} bytes");
            if let Some(digest) = digest {
                let _ = write!(text, ", sha256 {digest}");
            }
            text.push('\n');
        }
    }
    text
}

/// The text of a file, if each of its lines can be shown as it is; nothing is an empty text.
fn text_of(bytes: Option<&[u8]>) -> Option<&str> {
    let text = std::str::from_utf8(bytes.unwrap_or_default()).ok()?;
    text.split(['\n', '\t']).all(is_printable).then_some(text)
}

/// A unified diff of two texts, each with `true` if there is such a file.
fn unified(path: &TreePath, before: (bool, &str), after: (bool, &str)) -> String {
    let name = |side: &str, exists: bool| match exists {
        true => EscapedWord(&[side.as_bytes(), b"/", path.as_bytes()].concat()).to_string(),
        false => "/dev/null".to_owned(),
    };
    let diff = TextDiff::from_lines(before.1, after.1);
    diff.unified_diff().context_radius(3).header(&name("a", before.0), &name("b", after.0)).to_string()
}
