//! The files with a number or a signal in them that s6-supervise reads (docs/original.md, "Control files of s6-supervise").

use super::{Level, Lint, Rule};
use crate::layout::{DOWN_SIGNAL, LOCK_FD, MAX_DEATH_TALLY, NOTIFICATION_FD, RELOAD_SIGNAL, TIMEOUT_FINISH, TIMEOUT_KILL};
use crate::number;
use crate::path::{Name, TreePath};
use crate::template::Resolved;
use crate::tree::Kind;

/// What a file must say.
#[derive(Clone, Copy)]
enum Value {
    /// A descriptor that is not one of the standard ones.
    Descriptor,
    /// A number.
    Number,
    /// A signal, by its name or number.
    Signal,
}

/// Which files there are.
const FILES: [(Name, Value); 7] = [
    (NOTIFICATION_FD, Value::Descriptor),
    (LOCK_FD, Value::Descriptor),
    (TIMEOUT_KILL, Value::Number),
    (TIMEOUT_FINISH, Value::Number),
    (MAX_DEATH_TALLY, Value::Number),
    (DOWN_SIGNAL, Value::Signal),
    (RELOAD_SIGNAL, Value::Signal),
];

/// What is shown of what is no file.
const DIRECTORY: &[u8] = b"(a directory)";
const FIFO: &[u8] = b"(a FIFO)";

/// As many characters as s6-supervise reads of a number.
const DIGITS_MAX: usize = 11;
/// As many as it reads of a signal.
const SIGNAL_MAX: usize = 15;
/// From here on a descriptor is none.
const DESCRIPTORS: u32 = 1 << 31;

/// What s6-supervise will do with what the file at `path` says.
pub(super) fn consequence(path: &TreePath, value: &[u8]) -> &'static str {
    let name = path.split().map_or(path.as_bytes(), |(_, name)| name);
    let upper = value.to_ascii_uppercase();
    let number = number_of(if name.ends_with(b"-signal") { without_sig(&upper) } else { value });
    if value.len() > DIGITS_MAX && value.iter().all(u8::is_ascii_digit) {
        return "s6-supervise will look at its first 11 characters only";
    }
    match (name, number) {
        (b"notification-fd", Some(1 | 2)) => {
            "that is the script's own output, and what it writes there will be taken for a notification, and lost"
        }
        (b"notification-fd", Some(0)) => {
            "that is the script's standard input, and s6-supervise of s6 2.15 and later will not start any instance"
        }
        (b"notification-fd", Some(_)) => {
            "there can be no such descriptor, and s6-supervise of s6 2.13 and later will not start any instance"
        }
        (b"notification-fd", None) => "s6-supervise will warn, and nobody will be told when an instance is ready",
        (b"lock-fd", Some(1 | 2)) => "that is the script's own output, and what it writes there will end up in the lock file",
        (b"lock-fd", Some(0)) => "s6-supervise of s6 2.15 and later will warn, and start each instance without a lock",
        (b"lock-fd", _) => "s6-supervise will warn, and start each instance without a lock",
        (b"timeout-kill", _) => "s6-supervise will warn, and never kill what does not stop",
        (b"timeout-finish", _) => "s6-supervise will warn, and give finish 5 seconds",
        (b"max-death-tally", _) => "s6-supervise will warn, and remember 100 deaths",
        (b"down-signal", Some(_)) => {
            "there is no such signal, and s6-supervise will send none: an instance that shall stop will not"
        }
        (b"down-signal", None) => "s6-supervise will warn, and stop each instance with SIGTERM",
        (_, Some(_)) => "there is no such signal, and s6-supervise will send none",
        (_, None) => "s6-supervise will warn, and send SIGHUP",
    }
}

impl Lint<'_> {
    pub(super) fn control_files(&mut self) {
        for directory in self.service_directories() {
            for (name, value) in &FILES {
                let Ok(path) = directory.join(name) else { continue };
                let end = self.template.resolve(&path);
                let kind = match &end {
                    Resolved::Entry(end) => self.template.tree().get(end).map(|node| &node.kind),
                    _ => None,
                };
                match kind {
                    Some(Kind::Directory) => self.tell(Rule::ControlFileInvalid, &path, DIRECTORY),
                    Some(Kind::Fifo) => self.tell(Rule::ControlFileInvalid, &path, FIFO),
                    _ => {}
                }
                let Some(head) = self.template.head(&path) else { continue };
                let line = first_line(head).to_vec();
                if !value.is_met_by(&line) {
                    let never_starts =
                        *name == NOTIFICATION_FD && number_of(&line).is_some_and(|number| !matches!(number, 1 | 2));
                    let level = if never_starts { Level::Error } else { Level::Warning };
                    self.tell_as(level, Rule::ControlFileInvalid, &path, &line);
                }
            }
            self.lock(&directory);
        }
    }

    /// What a lock can be in the way of.
    fn lock(&mut self, directory: &TreePath) {
        let descriptor = |name: &Name| {
            let head = self.template.head(&directory.join(name).ok()?)?;
            number_of(first_line(head)).filter(|number| *number < DESCRIPTORS)
        };
        let (Some(lock), Ok(path)) = (descriptor(&LOCK_FD), directory.join(&LOCK_FD)) else { return };
        let is_shared = descriptor(&NOTIFICATION_FD) == Some(lock);
        if is_shared {
            self.tell(Rule::LockFdEqualsNotificationFd, &path, alloc::format!("{lock}").as_bytes());
        }
        if let Some(version) = self.request.target.s6_version.filter(|version| !version.makes_lock_files()) {
            self.tell(Rule::LockFdNeedsNewerS6, &path, alloc::format!("{version}").as_bytes());
        }
    }
}

impl Value {
    fn is_met_by(self, line: &[u8]) -> bool {
        match self {
            Self::Descriptor => number_of(line).is_some_and(|number| (3..DESCRIPTORS).contains(&number)),
            Self::Number => number_of(line).is_some(),
            Self::Signal => is_signal(line),
        }
    }
}

/// What is looked at of a control file.
fn first_line(head: &[u8]) -> &[u8] {
    head.split(|&byte| byte == b'\n' || byte == 0).next().unwrap_or_default()
}

/// A number as s6-supervise reads it.
fn number_of(line: &[u8]) -> Option<u32> {
    let number = number::parse(line).filter(|_| line.len() <= DIGITS_MAX)?;
    u32::try_from(number).ok()
}

fn without_sig(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"SIG").unwrap_or(name)
}

/// A signal's name, or its number, with `SIG` before it or without, in whatever case.
fn is_signal(line: &[u8]) -> bool {
    const NAMES: [&str; 34] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "POLL", "PWR", "SYS",
    ];
    let upper = line.to_ascii_uppercase();
    let name = without_sig(&upper);
    let is_number = number_of(name).is_some_and(|number| (1..=64).contains(&number));
    line.len() <= SIGNAL_MAX && (is_number || NAMES.iter().any(|known| known.as_bytes() == name))
}
