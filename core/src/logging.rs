//! The settings of an s6-log process: directory, account, and what it keeps (docs/original.md, "Directives of s6-log").

use crate::account::Account;
use crate::execline::Text;

/// The settings of an s6-log process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// The directory that it writes to.
    pub dir: LogDir,
    /// The account that it runs as. `None`: the account that runs the supervision tree.
    pub user: Option<LogUser>,
    /// The timestamp before every line.
    pub timestamp: Timestamp,
    /// The number of old files that it keeps.
    pub archives: u32,
    /// The size at which a file is rotated, in bytes.
    pub file_size: u32,
    /// The size of all old files together, in bytes. 0: no limit.
    pub total_size: u64,
    /// The text before every line, after the timestamp. An empty text is written into the script and has no effect.
    pub prefix: Option<Text>,
}

/// s6's own options that have an effect only with a logger, in the order of messages.
pub const LOGGER_OPTIONS: [&str; 6] = ["-l", "-t", "-n", "-s", "-S", "-P"];

/// The sizes that s6-log uses as they are; it raises smaller and lowers larger ones (docs/original.md, "Directives of s6-log").
pub const LOG_FILE_SIZES: core::ops::RangeInclusive<u32> = 4096..=268_435_455;

/// The account that a logger runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogUser {
    /// The account.
    pub account: Account,
    /// The preparation of the log directory when the logger starts.
    pub prepare: PrepareLogDir,
}

/// The preparation of the log directory: the logger's script can make it and give it to the logger's account.
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

/// The reason why bytes are not the path of a log directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogDirError {
    /// It does not begin with `/`; s6-log would not take it for a directory.
    #[error("must be absolute")]
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

/// Timestamps that s6-log can write.
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
    /// The number that [`new`](Self::new) takes for it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Tai64n => 1,
            Self::Iso8601 => 2,
            Self::Both => 3,
        }
    }

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
