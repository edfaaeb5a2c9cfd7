//! Lint: what in a template will not work, or probably not as meant, before anything is made of it.
//!
//! The checkers read only the manifest: names, kinds, modes, owners, links, and the first bytes of control files. What they find
//! are [`Problem`]s of [`crate::rules`]; docs/lint.md lists the rules. What the programs of s6 do with such a template is in
//! docs/original.md, "Control files of s6-supervise" and "Scripts that cannot be run".

mod commands;
mod control_scripts;
mod control_values;
mod interpreter;
mod language;
mod leftovers;
mod links;
mod log_directory;
mod parent;
mod readiness;
mod s6_rc_files;
mod static_service;
mod tokens;
mod user_access;
mod uses;
mod writers;

use crate::facts::Facts;
use crate::layout::{AMBIGUOUS, DOWN, FINISH, FLAGS, LOG, RUN, S6_RC_FILES, SETTINGS, STATE, TYPE};
use crate::path::{Name, TreePath};
use crate::request::Request;
use crate::rights::{CopyRights, UserAccess};
use crate::rules::{Finding, Part, Problem, Script};
use crate::template::{Resolved, Template};
use crate::tree::Kind;
use alloc::vec::Vec;

/// Files in a service directory that s6-supervise or s6-rc reads, and no other program.
fn of_supervisor() -> impl Iterator<Item = Name> {
    [RUN, FINISH, DOWN]
        .into_iter()
        .chain(STATE)
        .chain(SETTINGS)
        .chain([TYPE])
        .chain(FLAGS)
        .chain(S6_RC_FILES.into_iter().skip(AMBIGUOUS))
}

/// Everything that is wrong with a template for this request, whatever is accepted.
#[must_use]
pub fn lint(request: &Request, facts: &Facts, template: &Template) -> Vec<Finding> {
    let copying = CopyRights::new(request.script_modes, facts, template);
    let mut lint = Linter { template, copying: &copying, request, facts, checks: Vec::new(), found: Vec::new() };
    lint.scripts();
    lint.links();
    lint.control_files();
    lint.state();
    lint.leftovers();
    lint.s6_rc_files();
    if lint.is_static() {
        lint.static_service();
    }
    lint.writers();
    if let Some(user) = &request.user {
        lint.user_access(&UserAccess::new(user, facts, template, &copying));
    }
    lint.found
}

/// A template while it is checked.
struct Linter<'a> {
    template: &'a Template,
    copying: &'a CopyRights<'a>,
    request: &'a Request,
    facts: &'a Facts,
    /// The scripts that s6-notifyoncheck runs.
    checks: Vec<Script>,
    found: Vec<Finding>,
}

impl Linter<'_> {
    fn warn(&mut self, problem: Problem) {
        self.found.push(Finding::warning(problem));
    }

    fn fail(&mut self, problem: Problem) {
        self.found.push(Finding::error(problem));
    }

    /// The two service directories as far as they are there.
    fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let is_logged = matches!(self.template.resolve(&LOG), Resolved::Entry(end) if self.is_directory(&end));
        core::iter::once(Part::Service).chain(is_logged.then_some(Part::Logger))
    }

    fn is_directory(&self, path: &TreePath) -> bool {
        self.template.tree().get(path).is_some_and(|node| matches!(node.kind, Kind::Directory))
    }

    /// Returns `true` if there is an entry at `path`, links on the way followed, but not a last one.
    fn entry(&self, path: &TreePath) -> Option<TreePath> {
        // What a tree has is in directories of that tree: no link leads to it.
        if self.template.tree().get(path).is_some() {
            return Some(path.clone());
        }
        let parent = path.parent()?;
        let Resolved::Entry(end) = self.template.resolve(&parent) else { return None };
        if end == parent {
            return None;
        }
        let name = path.split().and_then(|(_, name)| Name::new(name).ok())?;
        let entry = end.join(&name).ok()?;
        self.template.tree().get(&entry).is_some().then_some(entry)
    }

    /// The scripts of the service directories that are there, whether they are or not.
    fn script_places(&self) -> Vec<Script> {
        let parts: Vec<Part> = self.parts().collect();
        Script::ALL.into_iter().filter(|script| parts.contains(&script.part)).collect()
    }
}
