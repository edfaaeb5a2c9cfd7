//! The files with a number or a signal in them that s6-supervise reads (docs/original.md, "Control files of s6-supervise").

use super::script::Part;
use crate::layout::{DOWN_SIGNAL, LOCK_FD, MAX_DEATH_TALLY, NOTIFICATION_FD, RELOAD_SIGNAL, TIMEOUT_FINISH, TIMEOUT_KILL};
use crate::number;
use crate::path::{Name, TreePath};

/// A file that s6-supervise reads, and the service directory that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControlFile {
    /// The service directory.
    pub part: Part,
    /// The service directory.
    pub setting: Setting,
}

/// The setting of a control file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// `notification-fd`.
    NotificationFd,
    /// `lock-fd`.
    LockFd,
    /// `timeout-kill`.
    TimeoutKill,
    /// `timeout-finish`.
    TimeoutFinish,
    /// `max-death-tally`.
    MaxDeathTally,
    /// `down-signal`.
    DownSignal,
    /// `reload-signal`.
    ReloadSignal,
}

/// The number of characters that s6-supervise reads of a number.
const DIGITS_MAX: usize = 11;
/// The number of characters that s6-supervise reads of a signal.
const SIGNAL_MAX: usize = 15;
/// From here on a descriptor is none.
const DESCRIPTORS: u32 = 1 << 31;

impl Setting {
    /// All of them, in the order in which they are checked.
    pub const ALL: [Self; 7] = [
        Self::NotificationFd,
        Self::LockFd,
        Self::TimeoutKill,
        Self::TimeoutFinish,
        Self::MaxDeathTally,
        Self::DownSignal,
        Self::ReloadSignal,
    ];

    /// The file's name.
    #[must_use]
    pub const fn name(self) -> Name {
        match self {
            Self::NotificationFd => NOTIFICATION_FD,
            Self::LockFd => LOCK_FD,
            Self::TimeoutKill => TIMEOUT_KILL,
            Self::TimeoutFinish => TIMEOUT_FINISH,
            Self::MaxDeathTally => MAX_DEATH_TALLY,
            Self::DownSignal => DOWN_SIGNAL,
            Self::ReloadSignal => RELOAD_SIGNAL,
        }
    }

    /// Returns `true` if s6-supervise takes `line` as it is meant.
    #[must_use]
    pub(crate) fn takes(self, line: &[u8]) -> bool {
        match self {
            Self::NotificationFd | Self::LockFd => number_of(line).is_some_and(|number| (3..DESCRIPTORS).contains(&number)),
            Self::TimeoutKill | Self::TimeoutFinish | Self::MaxDeathTally => number_of(line).is_some(),
            Self::DownSignal | Self::ReloadSignal => is_signal(line),
        }
    }

    /// Returns `true` if s6-rc-compile takes `line`: it writes numbers anew, and copies signals as they are.
    #[must_use]
    pub(crate) fn is_compiled(self, line: &[u8]) -> bool {
        match self {
            Self::DownSignal | Self::ReloadSignal => true,
            _ => number_of(line.get(..DIGITS_MAX).unwrap_or(line)).is_some(),
        }
    }

    /// Returns `true` if no instance starts with this value.
    #[must_use]
    pub(crate) fn forbids_start(self, line: &[u8]) -> bool {
        self == Self::NotificationFd && number_of(line).is_some_and(|number| !matches!(number, 1 | 2)) && !self.takes(line)
    }

    /// The effect of a value that s6-supervise does not accept.
    pub(super) fn consequence(self, value: &[u8]) -> &'static str {
        if value.len() > DIGITS_MAX && value.iter().all(u8::is_ascii_digit) {
            return "s6-supervise reads its first 11 characters only";
        }
        let upper = value.to_ascii_uppercase();
        let is_signal = matches!(self, Self::DownSignal | Self::ReloadSignal);
        let number = number_of(if is_signal { without_sig(&upper) } else { value });
        match (self, number) {
            (Self::NotificationFd, Some(1 | 2)) => {
                "that is the script's own output, and what it writes there is taken for a notification and lost"
            }
            (Self::NotificationFd, Some(0)) => {
                "that is the script's standard input, and s6-supervise of s6 2.15 and later never starts an instance"
            }
            (Self::NotificationFd, Some(_)) => {
                "there is no such descriptor, and s6-supervise of s6 2.13 and later never starts an instance"
            }
            (Self::NotificationFd, None) => "s6-supervise warns, and nobody is notified when an instance is ready",
            (Self::LockFd, Some(1 | 2)) => "that is the script's own output, and what it writes there goes into the lock file",
            (Self::LockFd, Some(0)) => "s6-supervise of s6 2.15 and later warns, and starts each instance without a lock",
            (Self::LockFd, _) => "s6-supervise warns, and starts each instance without a lock",
            (Self::TimeoutKill, _) => "s6-supervise warns, and never kills an instance that does not stop",
            (Self::TimeoutFinish, _) => "s6-supervise warns, and gives finish 5 seconds",
            (Self::MaxDeathTally, _) => "s6-supervise warns, and remembers 100 deaths",
            (Self::DownSignal, Some(_)) => "there is no such signal, and s6-supervise sends none: no command stops an instance",
            (Self::DownSignal, None) => "s6-supervise warns, and stops each instance with SIGTERM",
            (Self::ReloadSignal, Some(_)) => "there is no such signal, and s6-supervise sends none",
            (Self::ReloadSignal, None) => "s6-supervise warns, and sends SIGHUP",
        }
    }
}

impl ControlFile {
    /// The file at `path`, if s6-supervise reads it.
    #[must_use]
    pub(super) fn at(path: &[u8]) -> Option<Self> {
        let (part, name) = Part::split(path);
        let setting = Setting::ALL.into_iter().find(|setting| setting.name().as_bytes() == name)?;
        Some(Self { part, setting })
    }

    /// Its path in the template.
    #[must_use]
    pub fn path(self) -> TreePath {
        self.part.path(&self.setting.name())
    }
}

/// The descriptor that a control file names, if there can be one of that number.
#[must_use]
pub(crate) fn descriptor(line: &[u8]) -> Option<u32> {
    number_of(line).filter(|number| *number < DESCRIPTORS)
}

/// A number as s6-supervise reads it.
fn number_of(line: &[u8]) -> Option<u32> {
    let number = number::parse(line).filter(|_| line.len() <= DIGITS_MAX)?;
    u32::try_from(number).ok()
}

fn without_sig(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"SIG").unwrap_or(name)
}

/// A signal's name, or its number, with `SIG` before it or without, in either case.
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
