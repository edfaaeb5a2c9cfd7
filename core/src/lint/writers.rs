//! Other accounts that can write the files that the supervision tree runs.

use super::Linter;
use crate::path::TreePath;
use crate::rights::Runner;
use crate::rules::Problem;
use crate::template::{Resolved, Route};
use alloc::collections::BTreeMap;

impl Linter<'_> {
    /// The scripts, and the directories that lead to them.
    pub(super) fn writers(&mut self) {
        let runner = match &self.request.user {
            None => Runner::Tree,
            Some(user) => Runner::User(self.facts.credentials(user)),
        };
        // A check runs as the service does, whose account may own it.
        let everybody = Runner::User(None);
        let checks = self.checks.iter().map(|script| (&everybody, *script));
        let scripts = self.script_places().into_iter().map(|script| (&runner, script)).chain(checks);
        let mut judged: BTreeMap<TreePath, &Runner> = BTreeMap::new();
        for (runner, script) in scripts {
            if let Route { end: Resolved::Entry(end), directories, .. } = self.template.route(&script.path()) {
                for path in directories.into_iter().chain([end]) {
                    judged.entry(path).or_insert(runner);
                }
            }
        }
        for (path, runner) in judged {
            let Some(node) = self.template.tree().get(&path) else { continue };
            if self.facts.others_can_write(runner, self.copying.meta(&path, node)) {
                self.warn(Problem::OthersCanWrite(path));
            }
        }
    }
}
