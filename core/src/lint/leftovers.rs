//! Entries that do not belong in a template: the state of a supervisor, `down`, and files of editors and version control.

use super::Linter;
use crate::layout::{DOWN, STATE};
use crate::path::TreePath;
use crate::rules::{Problem, StaticProblem, Tally};
use crate::template::Resolved;
use crate::tree::{Kind, Node};

impl Linter<'_> {
    /// Checks for the state of another supervisor, and for `down`.
    pub(super) fn state(&mut self) {
        for path in self.template.state() {
            self.warn(Problem::StateLeftBehind(path));
        }
        for part in self.parts() {
            for path in STATE.map(|name| part.path(&name)) {
                if let Some(entry) = self.entry(&path)
                    && matches!(self.template.tree().get(&entry), Some(Node { kind: Kind::File(_) | Kind::Fifo, .. }))
                {
                    let is_static = self.is_static();
                    self.fail(if is_static {
                        Problem::Static(StaticProblem::NameTaken, path)
                    } else {
                        Problem::StateInTheWay(path)
                    });
                }
            }
            // A link that leads nowhere is not such a file.
            if !self.is_static()
                && let Resolved::Entry(_) = self.template.resolve(&part.path(&DOWN))
            {
                self.warn(Problem::StartsDown(part));
            }
        }
    }

    /// Checks for files of editors and version control.
    pub(super) fn leftovers(&mut self) {
        let state = self.template.state();
        let mut first: Option<TreePath> = None;
        let mut last: Option<TreePath> = None;
        let mut count = 0;
        for (path, _) in self.template.tree().iter() {
            let is_inside = last.iter().chain(&state).any(|outer| path.starts_with(outer));
            if !is_inside && path.split().is_some_and(|(_, name)| is_leftover(name)) {
                count += 1;
                first.get_or_insert_with(|| path.clone());
                last = Some(path.clone());
            }
        }
        if let Some(first) = first {
            self.warn(Problem::Tally(Tally::Leftovers, first, count));
        }
    }
}

/// Returns `true` if only a version control system, an editor, or a tool that keeps an older version of a file makes such a name.
fn is_leftover(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [b".git", b".svn", b".hg", b".bzr", b"CVS", b"_darcs", b".DS_Store"];
    const ENDS: [&[u8]; 11] = [
        b"~",
        b".orig",
        b".rej",
        b".bak",
        b".dpkg-old",
        b".dpkg-dist",
        b".dpkg-new",
        b".dpkg-tmp",
        b".rpmsave",
        b".rpmnew",
        b".rpmorig",
    ];
    let is_swap = || matches!(name, [b'.', .., b'.', b's', b'w', b'n'..=b'x']);
    let is_of_emacs = || matches!(name, [b'#', .., b'#'] | [b'.', b'#', _, ..]);
    NAMES.contains(&name) || ENDS.iter().any(|end| name.len() > end.len() && name.ends_with(end)) || is_swap() || is_of_emacs()
}
