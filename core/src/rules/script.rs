//! The scripts of a template, and what can be wrong with one.

use super::interpreter_line::InterpreterLine;
use super::table::Rule;
use crate::escape::Excerpt;
use crate::layout::{DATA_CHECK, LOG};
use crate::path::{Name, TreePath};
use crate::target::SHEBANG_MAX;
use alloc::vec::Vec;
use core::fmt;

/// The two service directories of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The template itself.
    Service,
    /// Its `log`.
    Logger,
}

/// The scripts of a service directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The script that is the service.
    Run,
    /// The script that runs when the service has ended.
    Finish,
    /// The script by which s6-notifyoncheck learns whether the service is ready, where `run` runs that.
    Check,
}

/// A script of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Script {
    /// The service directory that it is in.
    pub part: Part,
    /// Its use there.
    pub stage: Stage,
}

/// A fault of a script that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has no x bit.
    NotExecutable,
    /// It is not a file.
    NotAFile(EntryKind),
    /// A link that leads nowhere, and its target.
    Dangling(Vec<u8>),
    /// Neither an interpreter line nor a program.
    NoInterpreter,
    /// A carriage return at the end of the interpreter line.
    Crlf,
    /// There are bytes before `#!`.
    TextBeforeShebang,
    /// A program, by its path, in another directory than the target's.
    Elsewhere(Vec<u8>),
    /// An interpreter that the kernel does not find: by a relative path, which is not in the template, or by one that is too long.
    InterpreterMissing(Vec<u8>),
    /// An interpreter line, without `#!`, whose arguments the interpreter gets as one and does not accept.
    InterpreterRejects(Vec<u8>),
    /// A path by `../` that leaves the service directory.
    NamesParent(Vec<u8>),
}

/// The kind of an entry where a file is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A FIFO.
    Fifo,
}

impl Part {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Service, Self::Logger];

    /// The path in the template of `name` in this service directory.
    #[must_use]
    pub fn path(self, name: &Name) -> TreePath {
        match self {
            Self::Service => name.clone().into(),
            // Two names are far from too long.
            Self::Logger => LOG.join(name).unwrap_or(LOG),
        }
    }

    /// The path in the template of `inner` in this service directory.
    #[must_use]
    pub fn join(self, inner: &TreePath) -> TreePath {
        match self {
            Self::Service => inner.clone(),
            // Too long only for what is too long for a file system.
            Self::Logger => LOG.join_path(inner).unwrap_or(LOG),
        }
    }

    /// The service directory and the name in it that a path in the template stands for.
    #[must_use]
    pub(super) fn split(path: &[u8]) -> (Self, &[u8]) {
        path.strip_prefix(b"log/").map_or((Self::Service, path), |name| (Self::Logger, name))
    }
}

impl Script {
    /// The four that s6-supervise runs.
    pub const ALL: [Self; 4] = [
        Self { part: Part::Service, stage: Stage::Run },
        Self { part: Part::Service, stage: Stage::Finish },
        Self { part: Part::Logger, stage: Stage::Run },
        Self { part: Part::Logger, stage: Stage::Finish },
    ];

    /// The script that s6-notifyoncheck runs in a service directory.
    #[must_use]
    pub const fn check(part: Part) -> Self {
        Self { part, stage: Stage::Check }
    }

    /// Its path in the template.
    #[must_use]
    pub fn path(self) -> TreePath {
        match (self.part, self.stage) {
            (part, Stage::Check) => part.join(&DATA_CHECK),
            (Part::Service, Stage::Run) => TreePath::constant(&"run"),
            (Part::Service, Stage::Finish) => TreePath::constant(&"finish"),
            (Part::Logger, Stage::Run) => TreePath::constant(&"log/run"),
            (Part::Logger, Stage::Finish) => TreePath::constant(&"log/finish"),
        }
    }

    /// The script at `path`, if one is.
    #[must_use]
    pub fn at(path: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().chain(Part::ALL.map(Self::check)).find(|script| script.path().as_bytes() == path)
    }

    /// The consequence of a script that cannot run.
    #[must_use]
    pub(super) const fn consequence(self) -> &'static str {
        match (self.part, self.stage) {
            (Part::Service, Stage::Run) => "s6-supervise retries for ever and never starts an instance",
            (Part::Service, Stage::Finish) => "s6-supervise continues without it when an instance ends",
            (Part::Logger, Stage::Run) => "no instance's logger starts, and an instance blocks once it has written 64 KiB",
            (Part::Logger, Stage::Finish) => "s6-supervise continues without it when a logger ends",
            (_, Stage::Check) => "s6-notifyoncheck cannot run it, and no instance is ever ready",
        }
    }
}

impl Fault {
    /// The rule that finds this fault in `script`.
    #[must_use]
    pub(super) const fn rule(&self, script: Script) -> Rule {
        match (self, script.part, script.stage) {
            (Self::NotExecutable | Self::NotAFile(_), _, Stage::Check) => Rule::CheckNotExecutable,
            (Self::Dangling(_), _, Stage::Check) => Rule::CheckMissing,
            (Self::NotExecutable, Part::Service, Stage::Run) => Rule::RunNotExecutable,
            (Self::NotExecutable, Part::Service, Stage::Finish) => Rule::FinishNotExecutable,
            (Self::NotExecutable, Part::Logger, Stage::Run) => Rule::LogRunNotExecutable,
            (Self::NotExecutable, Part::Logger, Stage::Finish) => Rule::LogFinishNotExecutable,
            (Self::NotAFile(_), Part::Service, Stage::Run) => Rule::RunNotAFile,
            (Self::NotAFile(_), Part::Service, Stage::Finish) => Rule::FinishNotAFile,
            (Self::NotAFile(_), Part::Logger, Stage::Run) => Rule::LogRunNotAFile,
            (Self::NotAFile(_), Part::Logger, Stage::Finish) => Rule::LogFinishNotAFile,
            (Self::Dangling(_), Part::Service, Stage::Run) => Rule::RunDangling,
            (Self::Dangling(_), Part::Service, Stage::Finish) => Rule::FinishDangling,
            (Self::Dangling(_), Part::Logger, Stage::Run) => Rule::LogRunDangling,
            (Self::Dangling(_), Part::Logger, Stage::Finish) => Rule::LogFinishDangling,
            (Self::NoInterpreter, ..) => Rule::NoInterpreterLine,
            (Self::Crlf, ..) => Rule::InterpreterCrlf,
            (Self::TextBeforeShebang, ..) => Rule::BlankBeforeInterpreter,
            (Self::Elsewhere(_), ..) => Rule::InterpreterElsewhere,
            (Self::InterpreterMissing(_), ..) => Rule::InterpreterMissing,
            (Self::InterpreterRejects(_), ..) => Rule::InterpreterArguments,
            (Self::NamesParent(_), ..) => Rule::NamesParentDirectory,
        }
    }

    /// The detail in a document.
    #[must_use]
    pub(super) fn detail(&self) -> &[u8] {
        match self {
            Self::NotAFile(other) => other.word().as_bytes(),
            Self::Dangling(text)
            | Self::Elsewhere(text)
            | Self::InterpreterMissing(text)
            | Self::InterpreterRejects(text)
            | Self::NamesParent(text) => text,
            Self::NotExecutable | Self::NoInterpreter | Self::Crlf | Self::TextBeforeShebang => b"",
        }
    }

    /// The fault that `rule` finds and `detail` says more about.
    #[must_use]
    pub(super) fn of(rule: Rule, detail: Vec<u8>) -> Option<Self> {
        let found = match rule {
            Rule::RunNotExecutable | Rule::FinishNotExecutable | Rule::LogRunNotExecutable | Rule::LogFinishNotExecutable => {
                Self::NotExecutable
            }
            Rule::CheckNotExecutable if detail.is_empty() => Self::NotExecutable,
            Rule::RunNotAFile
            | Rule::FinishNotAFile
            | Rule::LogRunNotAFile
            | Rule::LogFinishNotAFile
            | Rule::CheckNotExecutable => {
                let other = [EntryKind::Directory, EntryKind::Fifo];
                return other.into_iter().find(|other| other.word().as_bytes() == detail).map(Self::NotAFile);
            }
            Rule::RunDangling | Rule::FinishDangling | Rule::LogRunDangling | Rule::LogFinishDangling => {
                return Some(Self::Dangling(detail));
            }
            Rule::NoInterpreterLine => Self::NoInterpreter,
            Rule::InterpreterCrlf => Self::Crlf,
            Rule::BlankBeforeInterpreter => Self::TextBeforeShebang,
            Rule::InterpreterElsewhere => return Some(Self::Elsewhere(detail)),
            Rule::InterpreterMissing => return Some(Self::InterpreterMissing(detail)),
            Rule::InterpreterArguments => return Some(Self::InterpreterRejects(detail)),
            Rule::NamesParentDirectory => return Some(Self::NamesParent(detail)),
            _ => return None,
        };
        detail.is_empty().then_some(found)
    }

    /// Writes the fault and its consequence, after the script's path.
    pub(super) fn say(&self, script: Script, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let follows = script.consequence();
        match self {
            Self::NotExecutable => write!(f, "is not executable; {follows}"),
            Self::NotAFile(other) => write!(f, "is a {}, not a file; {follows}", other.word()),
            Self::Dangling(target) => write!(f, "is a link to `{}`, which does not exist; {follows}", Excerpt(target)),
            Self::NoInterpreter => write!(f, "has no interpreter line and is not a program; {follows}"),
            Self::Crlf => write!(f, "has an interpreter line that ends in a carriage return; {follows}"),
            Self::TextBeforeShebang => write!(f, "has bytes before its interpreter line; {follows}"),
            Self::InterpreterMissing(path) if path.len() + b"#!".len() > SHEBANG_MAX || path.starts_with(b"/") => write!(
                f,
                "names the interpreter `{}`, which does not end within the {SHEBANG_MAX} bytes that the kernel reads; {follows}",
                Excerpt(path)
            ),
            Self::InterpreterMissing(path) => write!(
                f,
                "names the interpreter `{}`, which is relative and not an executable file there; {follows}",
                Excerpt(path)
            ),
            Self::InterpreterRejects(line) if InterpreterLine::of(line).runs_itself() => write!(
                f,
                "has the interpreter line `#!{}`, which names no program; env runs the script itself in an endless loop",
                Excerpt(line)
            ),
            Self::InterpreterRejects(line) => write!(
                f,
                "has the interpreter line `#!{}`, which passes one argument with blanks that the interpreter does not accept; \
                 {follows}",
                Excerpt(line)
            ),
            Self::NamesParent(path) => {
                let there = match script.part {
                    Part::Service => "`..` is the directory of all instances",
                    Part::Logger => "`../..` is the directory of all instances",
                };
                write!(f, "names `{}`; in an instance, {there}, not the one that the template is in", Excerpt(path))
            }
            Self::Elsewhere(program) => write!(
                f,
                "runs `{}`, which is not in the target's directory for such programs; where that path is missing, {follows}",
                Excerpt(program)
            ),
        }
    }
}

impl EntryKind {
    /// The word for it.
    const fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Fifo => "FIFO",
        }
    }
}
