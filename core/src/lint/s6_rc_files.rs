//! Files that say something to s6-rc, which never reads a template.

use super::Linter;
use crate::layout::{AMBIGUOUS, S6_RC_FILES, TYPE};
use crate::path::{Name, TreePath};
use crate::rules::{Problem, ServiceKind};
use alloc::vec::Vec;

impl Linter<'_> {
    pub(super) fn s6_rc_files(&mut self) {
        let there = |names: &[Name]| -> Vec<Name> {
            names.iter().filter(|name| self.entry(&TreePath::from((*name).clone())).is_some()).cloned().collect()
        };
        let kind = self.template.head(&TreePath::from(TYPE)).map(<[u8]>::trim_ascii);
        let other = match kind {
            Some(b"oneshot") => Some(ServiceKind::Oneshot),
            Some(b"bundle") => Some(ServiceKind::Bundle),
            _ => None,
        };
        let files = S6_RC_FILES;
        let (ambiguous, sure) = files.split_at(AMBIGUOUS);
        let sure = there(sure);
        let is_definition = !sure.is_empty() || kind == Some(b"longrun");
        let all: Vec<Name> = there(ambiguous).into_iter().chain(sure).collect();
        // What is not a longrun is reported as that.
        let all: Vec<Name> = all.into_iter().filter(|name| other.is_none() || *name != TYPE).collect();
        if let Some(kind) = other {
            self.warn(Problem::NotALongrun(kind));
        }
        if !all.is_empty() && (is_definition || other.is_some()) {
            self.warn(Problem::S6RcDefinition(all));
        }
    }
}
