//! `run`, `finish`, `log/run` and `log/finish`: whether they can be run, and whether they are made for instances.

use super::text::{self, Beginning};
use super::{Lint, of_supervisor};
use crate::layout::LOG;
use crate::path::Name;
use crate::rules::{Fault, Finding, Level, Other, Part, Problem, Script, Stage};
use crate::template::{FileFacts, Resolved};
use crate::tree::Kind;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

impl Lint<'_> {
    pub(super) fn scripts(&mut self) {
        for script in self.script_places() {
            self.script(script);
        }
        if let Resolved::Entry(end) = self.template.resolve(&LOG)
            && !self.is_directory(&end)
        {
            self.fail(Problem::LogNotADirectory);
        }
    }

    /// What a script may find in its working directory, but for what s6-supervise looks at.
    fn files(&self) -> BTreeSet<&[u8]> {
        let names = self.template.tree().iter().filter_map(|(path, _)| match path.split() {
            Some((b"", name)) => Some(name),
            _ => None,
        });
        let known: Vec<Name> = of_supervisor().collect();
        let is_known = |name: &[u8]| name == LOG.as_bytes() || known.iter().any(|known| known.as_bytes() == name);
        names.filter(|name| !is_known(name)).collect()
    }

    fn script(&mut self, script: Script) {
        let path = script.path();
        if self.entry(&path).is_none() {
            if script.stage == Stage::Run {
                self.fail(Problem::Missing(script.part));
            }
            return;
        }
        let end = match self.template.resolve(&path) {
            Resolved::Entry(end) => end,
            Resolved::Missing | Resolved::Loop => {
                let target = self.target_of(&path);
                return self.fault(script, Fault::Dangling(target));
            }
            // The link that leads there is reported.
            Resolved::Outside(_) => return,
        };
        let Some(node) = self.template.tree().get(&end) else { return };
        match &node.kind {
            Kind::File(_) => {}
            Kind::Directory => return self.fault(script, Fault::NotAFile(Other::Directory)),
            Kind::Fifo => return self.fault(script, Fault::NotAFile(Other::Fifo)),
            // Where a path ends there is no link.
            Kind::Symlink(_) => return,
        }
        if !self.copying.meta(&end, node).mode.has(0o111) {
            self.fault(script, Fault::NotExecutable);
        }
        let Kind::File(FileFacts { size, head: Some(head) }) = &node.kind else { return };
        // What is not seen may do anything.
        let is_whole = u64::try_from(head.len()).is_ok_and(|length| length == *size);
        let head = head.clone();
        match text::beginning(&head) {
            Beginning::Program => {}
            Beginning::Nothing => self.fault(script, Fault::NoInterpreter),
            Beginning::Late => self.fault(script, Fault::Late),
            Beginning::Interpreter { crlf: true, .. } => self.fault(script, Fault::Crlf),
            Beginning::Interpreter { path: interpreter, arguments, .. } => {
                let target = &self.request.target;
                // The last word of what is seen may go on.
                let seen = if is_whole { head.as_slice() } else { text::without_last_word(&head) };
                if let Some(program) = text::program_elsewhere(interpreter, seen, target) {
                    self.warn(Problem::Script(script, Fault::Elsewhere(program.to_vec())));
                }
                if is_whole && script.stage == Stage::Run {
                    self.text(script.part, text::Language::of(interpreter, arguments), &head);
                }
            }
        }
    }

    /// Without `run` there is no instance; without `finish`, nothing is cleaned up.
    fn fault(&mut self, script: Script, fault: Fault) {
        let level = match script.stage {
            Stage::Run => Level::Error,
            Stage::Finish => Level::Warning,
        };
        self.found.push(Finding { level, problem: Problem::Script(script, fault) });
    }

    /// The whole text of a `run`.
    fn text(&mut self, part: Part, language: text::Language, text: &[u8]) {
        match part {
            Part::Service => {
                if !language.looks_at_arguments(text, &self.files()) {
                    self.warn(Problem::InstanceNameUnused);
                }
            }
            Part::Logger => {
                if let Some(directory) = language.fixed_log_directory(text) {
                    self.warn(Problem::SharedLogDirectory(directory));
                }
            }
        }
    }
}
