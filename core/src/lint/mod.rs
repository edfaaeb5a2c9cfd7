//! Lint: what in a template will not work, or probably not as meant, before anything is made of it.
//!
//! The checkers look at the manifest alone: names, kinds, modes, owners, links, and the first bytes of control files. What they find
//! are [`Problem`]s of [`crate::rules`]; docs/lint.md lists the rules. What the programs of s6 do with such a template is in
//! docs/original.md, "Control files of s6-supervise" and "Scripts that cannot be run".

mod commands;
mod control_scripts;
mod control_values;
mod links;
mod text;

use crate::facts::Facts;
use crate::layout::{DOWN, FINISH, FLAGS, LOG, PERHAPS_OF_S6_RC, RUN, SETTINGS, STATE, SURELY_OF_S6_RC, TYPE};
use crate::path::{Name, TreePath};
use crate::request::Request;
use crate::rights::{Copying, Obstacle, UserAccess};
use crate::rules::{Denied, Finding, Level, Part, Problem, Script};
use crate::template::{Resolved, Template};
use crate::tree::{Kind, Node};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// What s6-supervise or s6-rc looks at in a service directory, and nobody else.
fn of_supervisor() -> impl Iterator<Item = Name> {
    [RUN, FINISH, DOWN].into_iter().chain(STATE).chain(SETTINGS).chain([TYPE]).chain(FLAGS).chain(SURELY_OF_S6_RC)
}

/// Everything that is wrong with a template for this request, whatever is accepted.
#[must_use]
pub fn lint(request: &Request, facts: &Facts, template: &Template) -> Vec<Finding> {
    let copying = Copying::new(request.script_modes, facts, template);
    let mut lint = Lint { template, copying: &copying, request, found: Vec::new() };
    lint.scripts();
    lint.links();
    lint.control_files();
    lint.leftovers();
    lint.definition();
    if let Some(user) = &request.user {
        lint.user(&UserAccess::new(user, facts, template, &copying));
    }
    lint.found
}

/// A template that is being looked at.
struct Lint<'a> {
    template: &'a Template,
    copying: &'a Copying<'a>,
    request: &'a Request,
    found: Vec<Finding>,
}

impl Lint<'_> {
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

    /// Whether there is an entry at `path`, links on the way followed, but not a last one.
    fn entry(&self, path: &TreePath) -> Option<TreePath> {
        let Resolved::Entry(parent) = self.template.resolve(&path.parent()?) else { return None };
        let name = path.split().and_then(|(_, name)| Name::new(name).ok())?;
        let entry = parent.join(&name).ok()?;
        self.template.tree().get(&entry).is_some().then_some(entry)
    }

    /// What another supervisor, or somebody who stopped a service, left there.
    fn leftovers(&mut self) {
        for path in self.template.state() {
            self.warn(Problem::StateLeftBehind(path));
        }
        for part in self.parts() {
            for path in STATE.map(|name| part.path(&name)) {
                if let Some(entry) = self.entry(&path)
                    && matches!(self.template.tree().get(&entry), Some(Node { kind: Kind::File(_) | Kind::Fifo, .. }))
                {
                    self.fail(Problem::StateInTheWay(path));
                }
            }
            // A link that leads nowhere is no such file.
            if let Resolved::Entry(_) = self.template.resolve(&part.path(&DOWN)) {
                self.warn(Problem::StartsDown(part));
            }
        }
    }

    /// Files that say something to s6-rc, which never sees them.
    fn definition(&mut self) {
        let there = |names: &[Name]| -> Vec<Name> {
            names.iter().filter(|name| self.entry(&TreePath::from((*name).clone())).is_some()).cloned().collect()
        };
        let kind = self.template.head(&TreePath::from(TYPE)).map(<[u8]>::trim_ascii);
        let is_typed = matches!(kind, Some(b"longrun" | b"oneshot" | b"bundle"));
        let surely = there(&SURELY_OF_S6_RC);
        if surely.is_empty() && !is_typed {
            return;
        }
        let all = there(&PERHAPS_OF_S6_RC).into_iter().chain(surely).collect();
        self.warn(Problem::S6RcDefinition(all));
    }

    /// What the user of `-u` must be able to do, and what else it cannot.
    fn user(&mut self, access: &UserAccess<'_>) {
        let mut judged = BTreeSet::new();
        for script in self.script_places() {
            let path = script.path();
            judged.extend(self.template.links_on(&path));
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
                Obstacle::Execute => Denied::Execute(script),
                Obstacle::Read => Denied::Read(script),
                Obstacle::Pass => Denied::Pass(place),
            }));
            if !self.found.contains(&denied) {
                self.found.push(denied);
            }
        }
        // s6-supervise and s6-rc look at these, and are root.
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
                Denied::Pass(path.clone())
            } else {
                Denied::Open(path.clone())
            };
            self.warn(Problem::UserCannot(denied));
        }
    }

    /// The scripts of the service directories that are there, whether they are or not.
    fn script_places(&self) -> Vec<Script> {
        let parts: Vec<Part> = self.parts().collect();
        Script::ALL.into_iter().filter(|script| parts.contains(&script.part)).collect()
    }
}
