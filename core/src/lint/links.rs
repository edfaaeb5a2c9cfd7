//! Links that lead out of the template, or nowhere.

use super::{Linter, of_supervisor};
use crate::layout::{LOG, RUN};
use crate::path::TreePath;
use crate::rules::{Finding, Level, LinkDestination, Problem};
use crate::template::Resolved;
use crate::tree::{Kind, Node};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// Directories of what no template can hold: it is made when the system starts.
const SYSTEM: [&[u8]; 4] = [b"/dev/", b"/proc/", b"/sys/", b"/run/"];

impl Linter<'_> {
    /// Checks every link of the template that will be copied.
    pub(super) fn links(&mut self) {
        if !self.template.tree().iter().any(|(_, node)| matches!(node.kind, Kind::Symlink(_))) {
            return;
        }
        let vital = self.vital();
        let of_log: BTreeSet<TreePath> = self.template.route(&LOG).links.into_iter().collect();
        let state = self.template.state();
        let looked_at: BTreeSet<TreePath> = self
            .parts()
            .flat_map(|part| of_supervisor().map(move |name| part.path(&name)))
            .flat_map(|path| self.template.route(&path).links)
            .collect();
        // A script that is a dangling link is reported as that.
        let told: BTreeSet<TreePath> = self.found.iter().filter_map(|finding| finding.problem.path()).collect();
        let told: BTreeSet<TreePath> =
            told.iter().flat_map(|path| self.template.route(path).links).chain(told.clone()).collect();
        for (path, node) in self.template.tree().iter() {
            let Node { kind: Kind::Symlink(target), .. } = node else { continue };
            if told.contains(path) || state.iter().any(|state| path.starts_with(state)) {
                continue;
            }
            let destination = match self.template.resolve(path) {
                Resolved::Entry(_) => continue,
                // Another link on the way is reported itself.
                Resolved::Outside(link) if link != *path => continue,
                // All instances would share an absolute log and its state.
                Resolved::Outside(_) if target.starts_with(b"/") && !of_log.contains(path) => LinkDestination::Absolute,
                Resolved::Outside(_) => LinkDestination::Outside,
                Resolved::Missing | Resolved::Loop => LinkDestination::Nowhere,
            };
            let is_vital = vital.contains(path);
            // What the system makes is where every instance expects it; but it is neither a script nor a setting.
            let is_of_system = SYSTEM.iter().any(|system| target.starts_with(system));
            if is_of_system && destination == LinkDestination::Absolute && !is_vital && !looked_at.contains(path) {
                continue;
            }
            let level = if is_vital && destination != LinkDestination::Absolute { Level::Error } else { Level::Warning };
            let problem = Problem::Link { path: path.clone(), target: target.clone(), destination };
            self.found.push(Finding { level, problem });
        }
    }

    /// The links without which no instance, or none of its loggers, can run.
    fn vital(&self) -> BTreeSet<TreePath> {
        let log_run = LOG.join(&RUN).ok();
        let paths = [Some(TreePath::from(RUN)), Some(LOG), log_run].into_iter().flatten();
        paths.flat_map(|path| self.template.route(&path).links).collect()
    }

    /// Returns the target of the last link that `path` goes through.
    pub(super) fn target_of(&self, path: &TreePath) -> Vec<u8> {
        let last = self.template.route(path).links.pop();
        match last.and_then(|link| self.template.tree().get(&link)) {
            Some(Node { kind: Kind::Symlink(target), .. }) => target.clone(),
            // Only what a link leads to is asked for.
            _ => Vec::new(),
        }
    }
}
