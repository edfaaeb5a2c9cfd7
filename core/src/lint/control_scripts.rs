//! `run`, `finish`, `log/run`, `log/finish` and what s6-notifyoncheck runs: whether they can be run, and whether they are made for instances.

use super::interpreter::{self, ScriptHead};
use super::language::Language;
use super::{Linter, of_supervisor, parent, tokens};
use crate::layout::LOG;
use crate::path::{Name, TreePath};
use crate::rules::{EntryKind, Fault, Finding, InterpreterLine, Level, Part, Problem, Script, Stage, StaticProblem};
use crate::template::{FileFacts, Resolved};
use crate::tree::Kind;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

impl Linter<'_> {
    pub(super) fn scripts(&mut self) {
        for script in self.script_places() {
            self.script(script);
        }
        if let Resolved::Entry(end) = self.template.resolve(&LOG)
            && !self.is_directory(&end)
        {
            let problem = StaticProblem::LogNotADirectory;
            self.fail(if self.is_static() { Problem::Static(problem, LOG) } else { Problem::LogNotADirectory });
        }
    }

    /// Entries that a script can find in its working directory, except those that s6-supervise reads.
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
        self.script_at(script, &end);
    }

    /// Checks the entry that is a script's, links followed.
    pub(super) fn script_at(&mut self, script: Script, end: &TreePath) {
        let Some(node) = self.template.tree().get(end) else { return };
        match &node.kind {
            Kind::File(_) => {}
            Kind::Directory => return self.fault(script, Fault::NotAFile(EntryKind::Directory)),
            Kind::Fifo => return self.fault(script, Fault::NotAFile(EntryKind::Fifo)),
            // Where a path ends there is no link.
            Kind::Symlink(_) => return,
        }
        if !self.copying.meta(end, node).mode.has(0o111) {
            self.fault(script, Fault::NotExecutable);
        }
        let Kind::File(FileFacts { size, head: Some(head) }) = &node.kind else { return };
        let is_whole = u64::try_from(head.len()).is_ok_and(|length| length == *size);
        let head = head.clone();
        match interpreter::beginning(&head) {
            ScriptHead::Program => {}
            ScriptHead::Nothing => self.fault(script, Fault::NoInterpreter),
            ScriptHead::TextBeforeShebang => self.fault(script, Fault::TextBeforeShebang),
            ScriptHead::Crlf => self.fault(script, Fault::Crlf),
            ScriptHead::TooLong(path) => self.fault(script, Fault::InterpreterMissing(path.to_vec())),
            ScriptHead::Interpreter { path, arguments } => {
                let line = InterpreterLine::new(path, arguments);
                if !path.starts_with(b"/") && !self.has_interpreter(script.part, path) {
                    self.fault(script, Fault::InterpreterMissing(path.to_vec()));
                } else if line.is_rejected() {
                    self.fault(script, Fault::InterpreterRejects(line.text()));
                }
                let text = if is_whole { Text::Whole(&head) } else { Text::Beginning(tokens::without_last_word(&head)) };
                self.text(script, path, Language::of(path, arguments), text);
            }
        }
    }

    /// Returns `true` if an interpreter by a relative path is there, where the script runs.
    fn has_interpreter(&self, part: Part, path: &[u8]) -> bool {
        let mut names = path.split(|&byte| byte == b'/').filter(|name| !matches!(name, [] | [b'.']));
        let inner = names.try_fold(Vec::new(), |mut inner, name| {
            inner.extend(if inner.is_empty() { b"".as_slice() } else { b"/" });
            inner.extend(name);
            (name != b"..").then_some(inner)
        });
        let Some(path) = inner.and_then(|inner| TreePath::parse(inner).ok()) else { return false };
        match self.template.resolve(&part.join(&path)) {
            Resolved::Entry(end) => self
                .template
                .tree()
                .get(&end)
                .is_some_and(|node| matches!(node.kind, Kind::File(_)) && self.copying.meta(&end, node).mode.has(0o111)),
            Resolved::Missing | Resolved::Loop => false,
            // The link that leads there is reported.
            Resolved::Outside(_) => true,
        }
    }

    /// Checks the commands of a script that s6-rc runs in a service directory of its own, also that of a logger.
    fn static_script(&mut self, script: Script, seen: &[u8]) {
        if let Some(path) = parent::outside(seen, Part::Service) {
            self.warn(Problem::Static(StaticProblem::NamesParent(path), script.path()));
        }
        if NAMES_OF_DIRECTORY.iter().any(|words| seen.windows(words.len()).any(|text| text == *words)) {
            self.warn(Problem::Static(StaticProblem::NameFromDirectory, script.path()));
        }
    }

    /// A fault of `run` is an error: there is no instance without it. The other scripts only clean up, or find out readiness.
    fn fault(&mut self, script: Script, fault: Fault) {
        let level = match script.stage {
            Stage::Run => Level::Error,
            Stage::Finish | Stage::Check => Level::Warning,
        };
        self.found.push(Finding { level, problem: Problem::Script(script, fault) });
    }

    /// Checks the commands of a script, as far as its text is unambiguous.
    fn text(&mut self, script: Script, interpreter: &[u8], language: Language, text: Text<'_>) {
        let seen = text.seen();
        if let Some(program) = interpreter::program_elsewhere(interpreter, seen, &self.request.target) {
            self.warn(Problem::Script(script, Fault::Elsewhere(program.to_vec())));
        }
        if language == Language::Other {
            return;
        }
        if self.is_static() {
            self.static_script(script, seen);
        } else if let Some(path) = parent::outside(seen, script.part) {
            self.warn(Problem::Script(script, Fault::NamesParent(path)));
        }
        if script.stage != Stage::Run {
            return;
        }
        self.check(script.part, seen);
        // What is not seen may do anything.
        let Text::Whole(whole) = text else { return };
        match script.part {
            Part::Service => {
                if !language.looks_at_arguments(whole, &self.files()) {
                    self.warn(Problem::InstanceNameUnused);
                }
            }
            Part::Logger => {
                if let Some(directory) = language.fixed_log_directory(whole) {
                    self.warn(Problem::SharedLogDirectory(directory));
                }
            }
        }
    }
}

/// Words of a shell for the last name of the working directory.
const NAMES_OF_DIRECTORY: [&[u8]; 9] = [
    b"${PWD##*/}",
    b"basename $PWD",
    b"basename \"$PWD\"",
    b"basename -- \"$PWD\"",
    b"basename \"${PWD}\"",
    b"basename $(pwd)",
    b"basename \"$(pwd)\"",
    b"basename -- \"$(pwd)\"",
    b"basename `pwd`",
];

/// The text of a script.
#[derive(Clone, Copy)]
enum Text<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// Its beginning, up to the end of a word.
    Beginning(&'a [u8]),
}

impl<'a> Text<'a> {
    const fn seen(self) -> &'a [u8] {
        match self {
            Self::Whole(text) | Self::Beginning(text) => text,
        }
    }
}
