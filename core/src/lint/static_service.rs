//! The parts of a template that s6-rc does not carry to an instance that it runs itself.

use super::Linter;
use crate::layout::{DATA, DATA_TEMPLATE, DOWN, ENV, FLAG_NEWPIDNS, FLAG_TIMEOUT_KILLPG, NOSETSID, RELOAD_SIGNAL, RUN};
use crate::path::{Name, TreePath};
use crate::request::Launcher;
use crate::rules::{Part, Problem, S6RcSeries, Setting, StaticProblem};
use crate::static_layout::{StaticLayout, is_unlinkable};
use crate::tree::{Kind, Mode};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

impl Linter<'_> {
    /// Returns `true` if s6-rc runs the instances itself.
    pub(super) fn is_static(&self) -> bool {
        self.request.shape.launcher() == Launcher::S6Rc
    }

    pub(super) fn static_service(&mut self) {
        for part in self.parts() {
            self.not_carried(part);
            // A path that is too long is the plan's to report.
            if let Ok(Some(layout)) = StaticLayout::new(self.template, part) {
                self.taken_names(part, &layout);
                self.breaking_links(part, &layout);
                self.opened(part, &layout);
            }
        }
    }

    fn not_carried(&mut self, part: Part) {
        let problems = [
            (DOWN, StaticProblem::Ignored),
            (NOSETSID, StaticProblem::Ignored),
            (FLAG_NEWPIDNS, StaticProblem::NeedsNewer(S6RcSeries::V0_6_1)),
            (FLAG_TIMEOUT_KILLPG, StaticProblem::NeedsNewer(S6RcSeries::V0_6_1)),
            (RELOAD_SIGNAL, StaticProblem::NeedsNewer(S6RcSeries::V0_7)),
        ];
        for (name, problem) in problems {
            let path = part.path(&name);
            if self.entry(&path).is_some() {
                self.warn(Problem::Static(problem, path));
            }
        }
        for directory in [DATA, ENV].map(|directory| part.join(&directory)) {
            if let Some(entry) = self.entry(&directory)
                && !self.is_directory(&entry)
            {
                self.fail(Problem::Static(StaticProblem::NotADirectory, directory));
            }
        }
    }

    fn taken_names(&mut self, part: Part, layout: &StaticLayout) {
        let entries = layout.places().filter_map(|(path, place)| {
            let inner = place.as_bytes().strip_prefix(DATA_TEMPLATE.as_bytes())?;
            let name = match inner {
                // The template's own entry of that name.
                [] => return Some(path.clone()),
                inner => Name::new(inner.strip_prefix(b"/")?).ok()?,
            };
            is_unlinkable(&name).then(|| part.path(&name))
        });
        let entries: Vec<TreePath> = entries.collect();
        for path in entries {
            self.fail(Problem::Static(StaticProblem::NameTaken, path));
        }
    }

    /// The links that lead to something else in the service directory than in the template.
    fn breaking_links(&mut self, part: Part, layout: &StaticLayout) {
        let mut live = None;
        let mut breaking = Vec::new();
        for (path, _) in layout.places() {
            let Some(Kind::Symlink(target)) = self.template.tree().get(path).map(|node| &node.kind) else { continue };
            let live = live.get_or_insert_with(|| layout.live(self.template));
            if !layout.keeps(self.template, live, path) {
                breaking.push((path.clone(), target.clone()));
            }
        }
        let vital: BTreeSet<TreePath> = self.template.route(&part.path(&RUN)).links.into_iter().collect();
        for (path, target) in breaking {
            let is_vital = vital.contains(&path);
            let problem = Problem::Static(StaticProblem::LinkBreaks(target), path);
            if is_vital { self.fail(problem) } else { self.warn(problem) }
        }
    }

    /// The service directory that others cannot enter, unless nothing that others can enter leaves it.
    fn opened(&mut self, part: Part, layout: &StaticLayout) {
        const OTHERS_ENTER: u16 = 0o001;
        let mode =
            |path: &TreePath| -> Option<Mode> { self.template.tree().get(path).map(|node| self.copying.meta(path, node).mode) };
        let leaves = [DATA, ENV].iter().any(|directory| {
            let path = layout.origin.join_path(directory).ok();
            path.is_some_and(|path| mode(&path).is_some_and(|mode| mode.has(OTHERS_ENTER)))
        });
        let ways = [(TreePath::ROOT, TreePath::ROOT), (part.join(&TreePath::ROOT), layout.origin.clone())];
        let closed = ways.iter().find_map(|(path, origin)| {
            mode(origin).filter(|mode| leaves && !mode.has(OTHERS_ENTER)).map(|mode| (path.clone(), mode))
        });
        if let Some((path, mode)) = closed {
            let problem = Problem::Static(StaticProblem::Opened(mode), path);
            if !self.found.iter().any(|finding| finding.problem == problem) {
                self.warn(problem);
            }
        }
    }

    /// Returns `true` if s6-rc-compile refuses a definition with this value of a control file.
    pub(super) fn is_refused(&self, setting: Setting, line: &[u8]) -> bool {
        self.is_static() && !setting.is_compiled(line)
    }
}
