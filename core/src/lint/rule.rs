//! The rules: what they are called, how bad what they find is, what will go wrong, and what to do about it.

use crate::escape::Brief;
use crate::path::TreePath;
use core::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It works, but probably not as meant.
    Warning,
    /// It cannot work at all.
    Error,
}

/// Declares the rules, each once: its id, its level, and what to do about it.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $id:literal, $level:ident, $hint:literal;)+) => {
        /// What is looked at; each has an id for good (docs/lint.md).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $rule,)+
        }

        impl Rule {
            /// All of them, in the order of docs/lint.md.
            pub const ALL: [Self; [$(stringify!($rule)),+].len()] = [$(Self::$rule),+];

            /// What it is called, for good.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$rule => $id,)+
                }
            }

            /// How bad it is, at its worst.
            #[must_use]
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$rule => Level::$level,)+
                }
            }

            /// What to do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self {
                    $(Self::$rule => $hint,)+
                }
            }
        }
    };
}

rules! {
    /// There is no `run`.
    RunMissing = "run-missing", Error,
        "the template must have a file called run that says how to run one instance";
    /// `run` has no x bit.
    RunNotExecutable = "run-not-executable", Error,
        "make it executable (chmod +x), or add --fix-modes";
    /// `run` is a directory or a FIFO.
    RunNotAFile = "run-not-a-file", Error,
        "run must be a script or a program, or a link to one in the template";
    /// `run` is a link that leads nowhere.
    RunDangling = "run-dangling", Error,
        "put into the template what the link leads to";
    /// `finish` has no x bit.
    FinishNotExecutable = "finish-not-executable", Warning,
        "make it executable (chmod +x), or add --fix-modes; or remove it";
    /// `finish` is a directory or a FIFO.
    FinishNotAFile = "finish-not-a-file", Warning,
        "finish must be a script or a program, or a link to one in the template; or remove it";
    /// `finish` is a link that leads nowhere.
    FinishDangling = "finish-dangling", Warning,
        "put into the template what the link leads to; or remove it";
    /// `log` is no directory.
    LogNotADirectory = "log-not-a-directory", Error,
        "log must be a directory with a run script of its own; or remove it";
    /// There is no `run` in `log`.
    LogRunMissing = "log-run-missing", Error,
        "the directory log must have a file called run, which gets NAME/log as its argument; or remove log";
    /// `log/run` has no x bit.
    LogRunNotExecutable = "log-run-not-executable", Error,
        "make it executable (chmod +x), or add --fix-modes";
    /// `log/run` is a directory or a FIFO.
    LogRunNotAFile = "log-run-not-a-file", Error,
        "log/run must be a script or a program, or a link to one in the template";
    /// `log/run` is a link that leads nowhere.
    LogRunDangling = "log-run-dangling", Error,
        "put into the template what the link leads to";
    /// `log/finish` has no x bit.
    LogFinishNotExecutable = "log-finish-not-executable", Warning,
        "make it executable (chmod +x), or add --fix-modes; or remove it";
    /// `log/finish` is a directory or a FIFO.
    LogFinishNotAFile = "log-finish-not-a-file", Warning,
        "log/finish must be a script or a program, or a link to one in the template; or remove it";
    /// `log/finish` is a link that leads nowhere.
    LogFinishDangling = "log-finish-dangling", Warning,
        "put into the template what the link leads to; or remove it";
    /// A script begins neither with `#!` nor like a program.
    NoInterpreterLine = "no-interpreter-line", Error,
        "begin it with the line #!/bin/sh, or with that of another interpreter";
    /// The interpreter line ends with a carriage return.
    InterpreterCrlf = "interpreter-crlf", Error,
        "end its lines as Unix does: sed -i 's/\\r$//'";
    /// Something stands before `#!`.
    BlankBeforeInterpreter = "blank-before-interpreter", Error,
        "#! must be the first two bytes: remove blanks, empty lines and byte order marks before it";
    /// The interpreter, or a program of s6, is in another directory than the target's.
    InterpreterElsewhere = "interpreter-elsewhere", Warning,
        "change the script, or say where programs are: --installation, --shebang-dir, --s6-dir";
    /// A link leads out of the template.
    LinkLeavesTemplate = "link-leaves-template", Error,
        "put what it leads to into the template, or add --dereference to copy that in its place";
    /// A link leads nowhere.
    LinkDangling = "link-dangling", Error,
        "put into the template what the link leads to, or remove it";
    /// A file that s6-supervise reads has something else in it than it must.
    ControlFileInvalid = "control-file-invalid", Warning,
        "write what s6-supervise understands into it, on one line, or remove it";
    /// The same descriptor for two things.
    LockFdEqualsNotificationFd = "lock-fd-equals-notification-fd", Error,
        "give them different numbers";
    /// A lock, and an s6 that has none to give.
    LockFdNeedsNewerS6 = "lock-fd-needs-newer-s6", Error,
        "remove lock-fd, or run it with s6 2.14 or later";
    /// What another supervisor left.
    StateLeftBehind = "state-left-behind", Warning,
        "remove it from the template: it is a running service's, not part of what is run";
    /// Something else where a supervisor keeps its state.
    StateInTheWay = "state-in-the-way", Error,
        "rename it: s6-supervise needs the names supervise and event for directories of its own";
    /// There is a file called `down`.
    StartsDown = "starts-down", Warning,
        "remove it, unless each instance shall wait for s6-instance-control -u";
    /// `run` never looks at its argument.
    InstanceNameUnused = "instance-name-unused", Warning,
        "the name is the first argument of run: $1 in a shell, and in execlineb with -S1";
    /// `log/run` writes to the same directory, whatever the instance.
    SharedLogDirectory = "shared-log-directory", Warning,
        "make the directory depend on the argument, which is NAME/log: $1 in a shell, and in execlineb with -S1";
    /// The user of `-u` cannot use something.
    NotReadableByUser = "not-readable-by-user", Error,
        "give the user the right to it in the template (chmod, chgrp); --fix-modes makes scripts executable for whoever may read them";
    /// The template is a source definition of s6-rc.
    S6RcDefinition = "s6-rc-definition", Warning,
        "give the service that is made here what it needs: --depends-on, --essential, --timeout-up, --timeout-down with -r";
}

impl Rule {
    /// The rule of that id.
    #[must_use]
    pub fn parse(id: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.id().as_bytes() == id)
    }

    /// What is wrong with what is at `path`, and what will go wrong when.
    pub(super) fn say(self, path: &TreePath, detail: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Brief(detail);
        const NEVER: &str = "s6-supervise will try to start each instance again and again, in vain";
        const NO_FINISH: &str = "s6-supervise will not run it when an instance ends, and go on without";
        const NO_LOG: &str = "no instance's logger will start, and an instance hangs once it has written 64 KiB";
        const NO_LOG_FINISH: &str = "s6-supervise will not run it when a logger ends, and go on without";
        let is_of_log = path.as_bytes().starts_with(b"log/");
        let is_finish = path.as_bytes().ends_with(b"finish");
        let script = match (is_of_log, is_finish) {
            (false, false) => NEVER,
            (false, true) => NO_FINISH,
            (true, false) => NO_LOG,
            (true, true) => NO_LOG_FINISH,
        };
        match self {
            Self::RunMissing | Self::LogRunMissing => write!(f, "is missing: {script}"),
            Self::RunNotExecutable | Self::FinishNotExecutable | Self::LogRunNotExecutable | Self::LogFinishNotExecutable => {
                write!(f, "is not executable: {script}")
            }
            Self::RunNotAFile | Self::FinishNotAFile | Self::LogRunNotAFile | Self::LogFinishNotAFile => {
                write!(f, "is a {shown}, not a file: {script}")
            }
            Self::RunDangling | Self::FinishDangling | Self::LogRunDangling | Self::LogFinishDangling => {
                write!(f, "is a link to `{shown}`, which is not there: {script}")
            }
            Self::LogNotADirectory => write!(f, "is no directory: s6-instance-create will refuse to make an instance"),
            Self::NoInterpreterLine => write!(f, "has no interpreter line and is no program: {script}"),
            Self::InterpreterCrlf => {
                write!(f, "has a carriage return at the end of its interpreter line, for a part of it: {script}")
            }
            Self::BlankBeforeInterpreter => write!(f, "has something before its interpreter line: {script}"),
            Self::InterpreterElsewhere => {
                write!(f, "runs `{shown}`, which is not where the target has such programs: where it is missing, {script}")
            }
            Self::LinkLeavesTemplate => write!(
                f,
                "is a link to `{shown}`, which is outside of the template and not copied: each instance will find there what is \
                 there then, if anything"
            ),
            Self::LinkDangling if path.as_bytes() == b"log" => {
                write!(f, "is a link to `{shown}`, which leads nowhere: no instance will have a logger")
            }
            Self::LinkDangling => {
                write!(f, "is a link to `{shown}`, which leads nowhere: whatever looks for it in an instance will not find it")
            }
            Self::ControlFileInvalid => write!(f, "says `{}`: {}", Brief(detail), super::control::consequence(path, detail)),
            Self::LockFdEqualsNotificationFd => {
                write!(f, "is the descriptor {shown}, and so is notification-fd: s6-supervise will not start any instance")
            }
            Self::LockFdNeedsNewerS6 => {
                write!(f, "asks for a lock, whose file s6 {shown} does not make: {NEVER}")
            }
            Self::StateLeftBehind => write!(f, "is a supervisor's state; it is not copied"),
            Self::StateInTheWay => {
                write!(
                    f,
                    "is no directory, and s6-supervise needs one of that name: s6-instance-create will refuse to make an instance"
                )
            }
            Self::StartsDown => {
                let who = if is_of_log { "the logger of each instance" } else { "each instance" };
                write!(f, "keeps {who} down until somebody starts it")
            }
            Self::InstanceNameUnused => {
                write!(f, "never looks at its argument, the instance's name: all instances will do the same")
            }
            Self::SharedLogDirectory => write!(
                f,
                "has every instance's logger write to `{shown}`: from the second instance on, s6-log cannot lock it and ends at once"
            ),
            Self::NotReadableByUser => {
                // The details are the linter's own words; in a document there may be others.
                match detail {
                    b"execute" => write!(f, "cannot be executed by the user of -u: {script}"),
                    b"read" => write!(f, "cannot be read by the user of -u, as a script must be: {script}"),
                    b"pass" => write!(f, "is a directory that the user of -u cannot pass through: nothing in it can be used"),
                    _ => write!(f, "cannot be read by the user of -u: whatever opens it in an instance will fail"),
                }
            }
            Self::S6RcDefinition => {
                let (and, there) = if detail.is_empty() { ("", "it means") } else { (", as are ", "they mean") };
                write!(f, "is for s6-rc{and}{shown}: s6-rc never sees a template, and {there} nothing there")
            }
        }
    }
}
