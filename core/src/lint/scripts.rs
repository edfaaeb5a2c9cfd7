//! `run`, `finish`, `log/run` and `log/finish`: whether they can be run, and whether they are made for instances.

use super::text::{self, Beginning};
use super::{Level, Lint, Rule, of_supervisor};
use crate::layout::LOG;
use crate::path::{Name, TreePath};
use crate::template::{FileFacts, Resolved};
use crate::tree::Kind;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// What can be wrong with each script.
struct Rules {
    missing: Option<Rule>,
    not_executable: Rule,
    not_a_file: Rule,
    dangling: Rule,
}

impl Rules {
    fn of(path: &TreePath) -> Self {
        match path.as_bytes() {
            b"run" => Self {
                missing: Some(Rule::RunMissing),
                not_executable: Rule::RunNotExecutable,
                not_a_file: Rule::RunNotAFile,
                dangling: Rule::RunDangling,
            },
            b"finish" => Self {
                missing: None,
                not_executable: Rule::FinishNotExecutable,
                not_a_file: Rule::FinishNotAFile,
                dangling: Rule::FinishDangling,
            },
            b"log/run" => Self {
                missing: Some(Rule::LogRunMissing),
                not_executable: Rule::LogRunNotExecutable,
                not_a_file: Rule::LogRunNotAFile,
                dangling: Rule::LogRunDangling,
            },
            _ => Self {
                missing: None,
                not_executable: Rule::LogFinishNotExecutable,
                not_a_file: Rule::LogFinishNotAFile,
                dangling: Rule::LogFinishDangling,
            },
        }
    }
}

impl Lint<'_> {
    pub(super) fn scripts(&mut self) {
        for path in self.script_paths() {
            self.script(&path);
        }
        if let Resolved::Entry(end) = self.template.resolve(&LOG)
            && !self.is_directory(&end)
        {
            self.tell(Rule::LogNotADirectory, &LOG, b"");
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

    fn script(&mut self, path: &TreePath) {
        let rules = Rules::of(path);
        if self.entry(path).is_none() {
            if let Some(missing) = rules.missing {
                self.tell(missing, path, b"");
            }
            return;
        }
        let end = match self.template.resolve(path) {
            Resolved::Entry(end) => end,
            Resolved::Missing | Resolved::Loop => {
                let target = self.target_of(path);
                return self.tell(rules.dangling, path, &target);
            }
            // The link that leads there is told.
            Resolved::Outside(_) => return,
        };
        let Some(node) = self.template.tree().get(&end) else { return };
        match &node.kind {
            Kind::File(_) => {}
            Kind::Directory => return self.tell(rules.not_a_file, path, b"directory"),
            Kind::Fifo => return self.tell(rules.not_a_file, path, b"FIFO"),
            // Where a path ends there is no link.
            Kind::Symlink(_) => return,
        }
        if !self.copying.meta(&end, node).mode.has(0o111) {
            self.tell(rules.not_executable, path, b"");
        }
        let Kind::File(FileFacts { size, head: Some(head) }) = &node.kind else { return };
        // What is not seen may do anything.
        let is_whole = u64::try_from(head.len()).is_ok_and(|length| length == *size);
        let head = head.clone();
        // Without `run` there is no instance; without `finish`, nothing to clean up.
        let level = if rules.missing.is_some() { Level::Error } else { Level::Warning };
        match text::beginning(&head) {
            Beginning::Program => {}
            Beginning::Nothing => self.tell_as(level, Rule::NoInterpreterLine, path, b""),
            Beginning::Late => self.tell_as(level, Rule::BlankBeforeInterpreter, path, b""),
            Beginning::Interpreter { path: interpreter, arguments, crlf } => {
                if crlf {
                    return self.tell_as(level, Rule::InterpreterCrlf, path, b"");
                }
                let target = &self.request.target;
                // The last word of what is seen may go on.
                let seen = if is_whole { head.as_slice() } else { text::without_last_word(&head) };
                if let Some(program) = text::program_elsewhere(interpreter, seen, target) {
                    self.tell(Rule::InterpreterElsewhere, path, program);
                }
                if is_whole {
                    let language = text::Language::of(interpreter, arguments);
                    if path.as_bytes() == b"run" && !language.looks_at_arguments(&head, &self.files()) {
                        self.tell(Rule::InstanceNameUnused, path, b"");
                    }
                    if path.as_bytes() == b"log/run"
                        && let Some(directory) = language.fixed_log_directory(&head)
                    {
                        self.tell(Rule::SharedLogDirectory, path, &directory);
                    }
                }
            }
        }
    }
}
