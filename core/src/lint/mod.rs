//! Lint: what in a template will not work, or probably not as meant, before anything is made of it.
//!
//! A [`Rule`] has an id for good, a [`Level`], and a hint that says what to do; a [`Finding`] says where, and what will go wrong when.
//! docs/lint.md lists the rules. They are judged by the manifest alone: names, kinds, modes, owners, links, and the first bytes of
//! control files. What the programs of s6 do with such a template is in docs/original.md, "Control files of s6-supervise" and
//! "Scripts that cannot be run".

mod commands;
mod control;
mod links;
mod rule;
mod scripts;
mod text;

pub use rule::{Level, Rule};

use crate::facts::Facts;
use crate::layout::{
    CONSUMER_FOR, CONTENTS, CONTENTS_D, DEPENDENCIES, DEPENDENCIES_D, DOWN, FINISH, FLAG_ESSENTIAL, FLAG_RECOMMENDED, FLAGS,
    LOG, PIPELINE_NAME, PRODUCER_FOR, RUN, SETTINGS, STATE, TIMEOUT_DOWN, TIMEOUT_UP, TYPE,
};
use crate::path::{Name, TreePath};
use crate::request::Request;
use crate::rights::{Copying, Obstacle, UserAccess};
use crate::template::{Resolved, Template};
use crate::tree::{Kind, Node};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

/// What says something to s6-rc that can be meant for nobody else.
const SURELY_OF_S6_RC: [Name; 9] = [
    PRODUCER_FOR,
    CONSUMER_FOR,
    PIPELINE_NAME,
    DEPENDENCIES_D,
    CONTENTS_D,
    FLAG_ESSENTIAL,
    FLAG_RECOMMENDED,
    TIMEOUT_UP,
    TIMEOUT_DOWN,
];
/// What says something to s6-rc beside one of those.
const PERHAPS_OF_S6_RC: [Name; 3] = [TYPE, DEPENDENCIES, CONTENTS];

/// What s6-supervise or s6-rc looks at in a service directory, and nobody else.
fn of_supervisor() -> impl Iterator<Item = Name> {
    [RUN, FINISH, DOWN].into_iter().chain(STATE).chain(SETTINGS).chain([TYPE]).chain(FLAGS).chain(SURELY_OF_S6_RC)
}

/// What is accepted, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Rules that are not looked at.
    pub allowed: BTreeSet<Rule>,
    /// What becomes of warnings.
    pub severity: Severity,
}

/// What becomes of warnings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// They are told.
    #[default]
    Usual,
    /// They are errors.
    Strict,
}

/// Something in a template that will not work, or probably not as meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// How bad it is, there.
    pub level: Level,
    /// Where in the template.
    pub path: TreePath,
    /// What more there is to say about it, for each rule something else: a link's target, an interpreter, a value.
    pub detail: Vec<u8>,
}

/// Why a template is refused: at least one finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// What was found, all that is fatal.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }
}

/// One after another, in one line.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            finding.fmt(f)?;
        }
        Ok(())
    }
}

/// The rule's id, the place, and what will go wrong when.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}` in the template ", self.rule.id(), self.path)?;
        self.rule.say(&self.path, &self.detail, f)
    }
}

/// What stays a warning; or all that is fatal.
pub(crate) fn warnings(findings: Vec<Finding>, severity: Severity) -> Result<Vec<Finding>, Findings> {
    let is_fatal = |finding: &Finding| severity == Severity::Strict || finding.level == Level::Error;
    if findings.iter().any(is_fatal) {
        return Err(Findings(findings.into_iter().filter(is_fatal).collect()));
    }
    Ok(findings)
}

/// Everything that is wrong with a template for this request, but for what is allowed.
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
    lint.found.retain(|finding| !request.lint.allowed.contains(&finding.rule));
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
    /// Tells something, as bad as the rule is.
    fn tell(&mut self, rule: Rule, path: &TreePath, detail: &[u8]) {
        self.tell_as(rule.level(), rule, path, detail);
    }

    fn tell_as(&mut self, level: Level, rule: Rule, path: &TreePath, detail: &[u8]) {
        self.found.push(Finding { rule, level, path: path.clone(), detail: detail.to_vec() });
    }

    /// The template's own directory, and that of its logger where there is one.
    fn service_directories(&self) -> Vec<TreePath> {
        let mut directories = Vec::from([TreePath::ROOT]);
        if let Resolved::Entry(end) = self.template.resolve(&LOG)
            && self.is_directory(&end)
        {
            directories.push(LOG);
        }
        directories
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
            self.tell(Rule::StateLeftBehind, &path, b"");
        }
        for directory in self.service_directories() {
            for name in STATE {
                if let Ok(path) = directory.join(&name)
                    && let Some(entry) = self.entry(&path)
                    && matches!(self.template.tree().get(&entry), Some(Node { kind: Kind::File(_) | Kind::Fifo, .. }))
                {
                    self.tell(Rule::StateInTheWay, &path, b"");
                }
            }
            // A link that leads nowhere is no such file.
            if let Ok(path) = directory.join(&DOWN)
                && let Resolved::Entry(_) = self.template.resolve(&path)
            {
                self.tell(Rule::StartsDown, &path, b"");
            }
        }
    }

    /// Files that say something to s6-rc, which never sees them.
    fn definition(&mut self) {
        let there = |names: &[Name]| -> Vec<TreePath> {
            names.iter().cloned().map(TreePath::from).filter(|path| self.entry(path).is_some()).collect()
        };
        let kind = self.template.head(&TreePath::from(TYPE)).map(<[u8]>::trim_ascii);
        let is_typed = matches!(kind, Some(b"longrun" | b"oneshot" | b"bundle"));
        let surely = there(&SURELY_OF_S6_RC);
        if surely.is_empty() && !is_typed {
            return;
        }
        let there: Vec<TreePath> = there(&PERHAPS_OF_S6_RC).into_iter().chain(surely).collect();
        if let [first, others @ ..] = there.as_slice() {
            let others: Vec<&[u8]> = others.iter().map(TreePath::as_bytes).collect();
            self.tell(Rule::S6RcDefinition, first, &others.join(b", ".as_slice()));
        }
    }

    /// What the user of `-u` must be able to do, and what else it cannot.
    fn user(&mut self, access: &UserAccess<'_>) {
        let mut judged = BTreeSet::new();
        for directory in self.service_directories() {
            for name in [RUN, FINISH] {
                let Ok(path) = directory.join(&name) else { continue };
                let links = self.template.links_on(&path);
                judged.extend(links);
                judged.insert(path.clone());
                if let Resolved::Entry(end) = self.template.resolve(&path) {
                    judged.insert(end);
                }
                let is_told = self.found.iter().any(|finding| finding.path == path && finding.level == Level::Error);
                if let Some((place, obstacle)) = access.obstacle(&path)
                    && !is_told
                {
                    let detail: &[u8] = match obstacle {
                        Obstacle::Execute => b"execute",
                        Obstacle::Read => b"read",
                        Obstacle::Pass => b"pass",
                    };
                    let told = Finding {
                        rule: Rule::NotReadableByUser,
                        level: Level::Error,
                        path: place.clone(),
                        detail: detail.to_vec(),
                    };
                    judged.insert(place);
                    if !self.found.contains(&told) {
                        self.found.push(told);
                    }
                }
            }
            // s6-supervise and s6-rc look at these, and are root.
            for path in of_supervisor().filter_map(|name| directory.join(&name).ok()) {
                if let Resolved::Entry(end) = self.template.resolve(&path)
                    && !self.is_directory(&end)
                {
                    judged.insert(end);
                }
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
            if matches!(node.kind, Kind::Directory) {
                closed = Some(path.clone());
            }
            self.found.push(Finding {
                rule: Rule::NotReadableByUser,
                level: Level::Warning,
                path: path.clone(),
                detail: if matches!(node.kind, Kind::Directory) { b"pass".to_vec() } else { b"use".to_vec() },
            });
        }
    }
}
