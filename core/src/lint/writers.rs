//! Other accounts that can write the files that the supervision tree runs.

use super::Linter;
use crate::path::TreePath;
use crate::rights::Runner;
use crate::rules::Problem;
use crate::template::{Resolved, Route};
use alloc::vec::Vec;

impl Linter<'_> {
    /// The scripts, and the directories that lead to them.
    pub(super) fn writers(&mut self) {
        let runner = match &self.request.user {
            None => Runner::Tree,
            Some(user) => Runner::User(self.facts.credentials(user)),
        };
        let mut judged: Vec<TreePath> = Vec::new();
        for script in self.script_places() {
            if let Route { end: Resolved::Entry(end), directories, .. } = self.template.route(&script.path()) {
                judged.extend(directories.into_iter().chain([end]));
            }
        }
        judged.sort();
        judged.dedup();
        for path in judged {
            let Some(node) = self.template.tree().get(&path) else { continue };
            if self.facts.others_can_write(&runner, self.copying.meta(&path, node)) {
                self.warn(Problem::OthersCanWrite(path));
            }
        }
    }
}
