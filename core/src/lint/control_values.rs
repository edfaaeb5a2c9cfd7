//! The values of the files that s6-supervise reads.

use super::Linter;
use crate::path::TreePath;
use crate::rules::{ControlFile, Part, Problem, Setting, StaticProblem, descriptor};
use crate::template::Resolved;
use crate::tree::Kind;

/// The text that stands for something that is not a file.
const DIRECTORY: &[u8] = b"(a directory)";
const FIFO: &[u8] = b"(a FIFO)";

impl Linter<'_> {
    pub(super) fn control_files(&mut self) {
        for part in self.parts() {
            for setting in Setting::ALL {
                self.control_file(ControlFile { part, setting });
            }
            self.lock(part);
        }
    }

    fn control_file(&mut self, file: ControlFile) {
        let path = file.path();
        let kind = match self.template.resolve(&path) {
            Resolved::Entry(end) => self.template.tree().get(&end).map(|node| &node.kind),
            _ => None,
        };
        match kind {
            Some(Kind::Directory) => return self.warn(Problem::ControlFile(file, DIRECTORY.to_vec())),
            Some(Kind::Fifo) => return self.warn(Problem::ControlFile(file, FIFO.to_vec())),
            _ => {}
        }
        let Some(line) = self.line(&path) else { return };
        if self.is_refused(file.setting, line) {
            self.fail(Problem::Static(StaticProblem::Value(line.to_vec()), path));
        } else if !file.setting.takes(line) {
            let problem = Problem::ControlFile(file, line.to_vec());
            if file.setting.forbids_start(line) { self.fail(problem) } else { self.warn(problem) }
        }
    }

    /// Checks `lock-fd` against other settings and the version of s6.
    fn lock(&mut self, part: Part) {
        let named = |setting| descriptor(self.line(&ControlFile { part, setting }.path())?);
        let Some(lock) = named(Setting::LockFd) else { return };
        let is_shared = named(Setting::NotificationFd) == Some(lock);
        if is_shared {
            self.fail(Problem::LockFdShared(part, lock));
        }
        if let Some(version) = self.request.target.s6_version.filter(|version| !version.makes_lock_files()) {
            self.fail(Problem::LockFdTooNew(part, version));
        }
    }

    /// Returns the part of a control file that s6-supervise reads.
    fn line(&self, path: &TreePath) -> Option<&[u8]> {
        let head = self.template.head(path)?;
        Some(head.split(|&byte| byte == b'\n' || byte == 0).next().unwrap_or_default())
    }
}
