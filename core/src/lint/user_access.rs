//! The rights that the user of `-u` requires, and those that it lacks.

use super::{Linter, of_supervisor};
use crate::path::TreePath;
use crate::rights::{Obstacle, UserAccess};
use crate::rules::{DeniedAccess, Finding, Level, Problem, StaticProblem};
use crate::template::Resolved;
use crate::tree::Kind;
use alloc::collections::BTreeSet;

impl Linter<'_> {
    pub(super) fn user_access(&mut self, access: &UserAccess<'_>) {
        let mut judged = BTreeSet::new();
        for script in self.script_places() {
            let path = script.path();
            judged.extend(self.template.route(&path).links);
            judged.insert(path.clone());
            if let Resolved::Entry(end) = self.template.resolve(&path) {
                judged.insert(end);
            }
            let is_reported = self
                .found
                .iter()
                .any(|finding| finding.level == Level::Error && finding.problem.path().as_ref() == Some(&path));
            let Some((place, obstacle)) = access.obstacle(&path).filter(|_| !is_reported) else { continue };
            judged.insert(place.clone());
            let denied = Finding::error(Problem::UserCannot(match obstacle {
                Obstacle::Execute => DeniedAccess::Execute(script),
                Obstacle::Read => DeniedAccess::Read(script),
                Obstacle::Pass => DeniedAccess::Pass(place),
            }));
            if !self.found.contains(&denied) {
                self.found.push(denied);
            }
        }
        if self.is_static() {
            for path in access.writable_directories() {
                self.fail(Problem::Static(StaticProblem::UserWritable, path));
            }
        }
        // s6-supervise and s6-rc read these as root.
        for path in self.parts().flat_map(|part| of_supervisor().map(move |name| part.path(&name))) {
            if let Resolved::Entry(end) = self.template.resolve(&path)
                && !self.is_directory(&end)
            {
                judged.insert(end);
            }
        }
        let state = self.template.state();
        let mut closed: Option<TreePath> = None;
        for (path, node) in self.template.tree().iter() {
            let is_known = judged.contains(path) || state.iter().any(|state| path.starts_with(state));
            let is_inside = closed.as_ref().is_some_and(|closed| path.starts_with(closed));
            if is_known || is_inside || matches!(node.kind, Kind::Symlink(_) | Kind::Fifo) || !access.surely_cannot_use(path) {
                continue;
            }
            let denied = if matches!(node.kind, Kind::Directory) {
                closed = Some(path.clone());
                DeniedAccess::Pass(path.clone())
            } else {
                DeniedAccess::Open(path.clone())
            };
            self.warn(Problem::UserCannot(denied));
        }
    }
}
