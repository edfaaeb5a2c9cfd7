//! What shall be made: a request that cannot hold nonsense.
//!
//! Every field's constructor checks what can be checked without a template; what needs one is [`crate::plan::plan`]'s. This is
//! not the command line: that is `cli`, which ends in a [`Request`].

use crate::definition::Definition;
use crate::execline::Text;
use crate::instances::{Instances, NameMax};
use crate::lint;
use crate::number;
use crate::target::Target;
use crate::tree::Ids;
use alloc::vec::Vec;
use core::fmt;

/// What shall be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// A service directory, or s6-rc source definition directories; and its logger.
    pub shape: Shape,
    /// Room for so many instances; none: not told.
    pub max_instances: Option<MaxInstances>,
    /// The longest name that an instance may have; none: s6-svscan's own limit.
    pub name_max: Option<NameMax>,
    /// Who the instances and their loggers run as; none: whoever runs the supervision tree.
    pub user: Option<Account>,
    /// What becomes of the permission bits of the template's control scripts.
    pub script_modes: ScriptModes,
    /// What of the template is judged, and how strictly.
    pub lint: lint::Settings,
    /// Where the result will run.
    pub target: Target,
    /// Logger options that were given although there is no logger; they do nothing and deserve a warning.
    pub idle_logger_options: Vec<&'static str>,
}

impl Request {
    /// A request for this shape, and everything else as it is without options.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            max_instances: None,
            name_max: None,
            user: None,
            script_modes: ScriptModes::default(),
            lint: lint::Settings::default(),
            target: Target::default(),
            idle_logger_options: Vec::new(),
        }
    }

    /// How many instances there will be room for.
    #[must_use]
    pub fn room(&self) -> MaxInstances {
        self.max_instances.unwrap_or(MaxInstances::DEFAULT)
    }
}

/// What becomes of the permission bits of `run`, `finish`, `log/run` and `log/finish`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScriptModes {
    /// They are the template's.
    #[default]
    Kept,
    /// Whoever may read such a script may execute it, and its owner in any case; a set-id bit on what could not be executed before is
    /// dropped.
    Executable,
}

/// The two shapes of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A service directory, with a logger for all its instances or without.
    ServiceDirectory {
        /// The logger.
        log: Option<Logging>,
        /// The instances that are there from the start.
        instances: Instances,
    },
    /// Source definition directories for s6-rc.
    S6Rc(Definition),
}

impl Shape {
    /// What the logger does, where there is one.
    #[must_use]
    pub fn logging(&self) -> Option<&Logging> {
        match self {
            Self::ServiceDirectory { log, .. } => log.as_ref(),
            Self::S6Rc(definition) => definition.log().map(|consumer| &consumer.logging),
        }
    }
}

/// A number of instances: 2 to 90000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxInstances(u32);

impl MaxInstances {
    /// The fewest that may be asked for.
    pub const MIN: u32 = 2;
    /// The most that may be asked for.
    pub const MAX: u32 = 90_000;
    /// s6-svscan's own, when it is not told.
    pub const DEFAULT: Self = Self(500);

    /// Takes 2 to 90000.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        u32::try_from(number).ok().filter(|number| (Self::MIN..=Self::MAX).contains(number)).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Who a process runs as, in the form that s6-setuidgid takes: an account's name, or numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The name of an account, to be looked up where the result runs.
    Named(AccountName),
    /// `uid:gid`; no supplementary groups.
    Numbered(Ids),
}

/// An account's name: not empty, no blank, control character or `:`, no `-` at its start, not digits alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName(Text);

/// Why some bytes name no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// It is empty.
    #[error("it cannot be empty")]
    Empty,
    /// s6-setuidgid would take it for an option.
    #[error("it cannot begin with `-`: s6-setuidgid would take it for an option")]
    Dash,
    /// A blank, a control character, a slash or a NUL.
    #[error("it cannot hold a blank, a control character or a slash")]
    Forbidden,
    /// A colon, and not two numbers around it.
    #[error("with a colon it must be UID:GID, two numbers up to 4294967294")]
    NotNumeric,
    /// Digits alone: s6-setuidgid would look for an account of that name.
    #[error("a number alone is no account for s6-setuidgid; say UID:GID")]
    NumberAlone,
}

impl Account {
    /// Reads a name, or `uid:gid`.
    pub fn parse(bytes: &[u8]) -> Result<Self, AccountError> {
        if let Some(colon) = bytes.iter().position(|&byte| byte == b':') {
            let (uid, gid) = bytes.split_at_checked(colon).ok_or(AccountError::NotNumeric)?;
            let id = |digits: &[u8]| {
                // (uid_t) -1 means "leave alone" to chown and setuid: it is nobody's id.
                number::parse(digits).and_then(|id| u32::try_from(id).ok()).filter(|&id| id != u32::MAX)
            };
            let ids = id(uid).zip(gid.get(1..).and_then(id));
            return ids.map(|(uid, gid)| Self::Numbered(Ids { uid, gid })).ok_or(AccountError::NotNumeric);
        }
        match bytes {
            [] => Err(AccountError::Empty),
            [b'-', ..] => Err(AccountError::Dash),
            _ if bytes.iter().all(u8::is_ascii_digit) => Err(AccountError::NumberAlone),
            _ if bytes.iter().any(|&byte| byte <= b' ' || byte == 0x7f || byte == b'/') => Err(AccountError::Forbidden),
            _ => Text::new(bytes).map(|text| Self::Named(AccountName(text))).map_err(|_| AccountError::Forbidden),
        }
    }

    /// What s6-setuidgid is given.
    #[must_use]
    pub fn to_text(&self) -> Text {
        match self {
            Self::Named(name) => name.0.clone(),
            Self::Numbered(ids) => Text::numbers(*ids),
        }
    }
}

impl AccountName {
    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::escape::Shown(self.as_bytes()).fmt(f)
    }
}

/// What an s6-log process does with what it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// Where it writes.
    pub dir: LogDir,
    /// Who it runs as; none: whoever runs the supervision tree.
    pub user: Option<LogUser>,
    /// What it puts before every line.
    pub timestamp: Timestamp,
    /// How many old files it keeps.
    pub archives: u32,
    /// How large a file becomes before it is rotated, in bytes.
    pub file_size: u32,
    /// How large all old files together may be, in bytes; 0: no limit.
    pub total_size: u64,
    /// What it puts before every line, behind the timestamp; an empty one is written, and does nothing.
    pub prefix: Option<Text>,
}

/// s6's own options that only mean something with a logger, in the order in which they are told.
pub const LOGGER_OPTIONS: [&str; 6] = ["-l", "-t", "-n", "-s", "-S", "-P"];

/// The sizes that s6-log uses as they are; it raises smaller and lowers larger ones (docs/original.md, "Directives of s6-log").
pub const LOG_FILE_SIZES: core::ops::RangeInclusive<u32> = 4096..=268_435_455;

/// Who a logger runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogUser {
    /// The account.
    pub account: Account,
    /// Whether the log directory is made for that account when the logger starts.
    pub prepare: PrepareLogDir,
}

/// Whether the logger's script makes the log directory and gives it to the logger's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrepareLogDir {
    /// It does, so that the logger works wherever the system starts it: under this name.
    Yes(LogDirEntry),
    /// It does not; the directory must be there and belong to the account.
    No,
}

/// An absolute path, for s6-log to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDir(Text);

/// Why some bytes are no log directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogDirError {
    /// It does not begin with `/`; s6-log would not take it for a directory.
    #[error("it must be absolute")]
    NotAbsolute,
    /// There is a NUL in it.
    #[error(transparent)]
    Nul(#[from] crate::execline::NulError),
}

impl LogDir {
    /// Checks that `bytes` are an absolute path.
    pub fn new(bytes: &[u8]) -> Result<Self, LogDirError> {
        if bytes.starts_with(b"/") { Ok(Self(Text::new(bytes)?)) } else { Err(LogDirError::NotAbsolute) }
    }

    /// The path.
    #[must_use]
    pub const fn as_text(&self) -> &Text {
        &self.0
    }

    /// The directory as an entry of another one, so that `chown -h` is about it and not about what a link there points to; none
    /// for `/`, and for what ends in `..`.
    #[must_use]
    pub fn entry(&self) -> Option<LogDirEntry> {
        let mut bytes = self.0.as_bytes();
        while let Some(shorter) = bytes.strip_suffix(b"/").or_else(|| bytes.strip_suffix(b"/.")) {
            bytes = shorter;
        }
        let last = bytes.rsplit(|&byte| byte == b'/').next();
        let text = Text::new(bytes).ok()?;
        last.is_some_and(|last| !last.is_empty() && last != b"..").then_some(LogDirEntry(text))
    }
}

/// An absolute path whose last component is a name: no slash, `.` or `..` at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDirEntry(Text);

impl LogDirEntry {
    /// The path.
    #[must_use]
    pub const fn as_text(&self) -> &Text {
        &self.0
    }
}

/// Which timestamps s6-log writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamp {
    /// None.
    None,
    /// TAI64N, 25 characters that sort.
    Tai64n,
    /// ISO 8601, local time.
    Iso8601,
    /// TAI64N, then ISO 8601.
    Both,
}

impl Timestamp {
    /// Takes 0 to 3, in the order above.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::Tai64n),
            2 => Some(Self::Iso8601),
            3 => Some(Self::Both),
            _ => None,
        }
    }
}
