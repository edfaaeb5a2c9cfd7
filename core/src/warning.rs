//! What works, but probably not as meant: each warning has a stable id and says what it is about.

use crate::account::{Account, AccountName};
use crate::lint::{Finding, Level, Rule};
use crate::logging::{LOG_FILE_SIZES, LOGGER_OPTIONS};
use crate::number;
use crate::path::TreePath;
use crate::target::S6Version;
use crate::tree::Mode;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;

/// Something that works, but probably not as meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Logger options without a logger.
    #[error("without -L there is no logger: {} {}", List(.0), if .0.len() == 1 { "does nothing" } else { "do nothing" })]
    IdleLoggerOptions(Vec<&'static str>),
    /// s6-log will use another file size.
    #[error(
        "s6-log will rotate at {} bytes, not at {given}: it takes {} to {}", clamp_file_size(*given), LOG_FILE_SIZES.start(),
        LOG_FILE_SIZES.end()
    )]
    LogFileSize {
        /// The size that was asked for.
        given: u32,
    },
    /// An s6 that nobody has looked at yet.
    #[error("s6 {given} is newer than the newest known, {}; treated like that", S6Version::NEWEST)]
    NewerS6 {
        /// The version that was told.
        given: S6Version,
    },
    /// The umask leaves scripts open to others than their owner.
    #[error("umask {umask}: {who} may write scripts that the supervision tree runs", who = writers(*umask))]
    WritableScripts {
        /// The umask.
        umask: Mode,
    },
    /// An account that does not exist here.
    #[error("there is no account `{0}` here; its access to the template's scripts was judged as anybody's")]
    UnknownAccount(AccountName),
    /// Root copies this directory by path whenever it makes an instance, and the user could lead it elsewhere meanwhile.
    #[error("the user of -u may write `{0}` in the template, which s6-instance-create copies as root")]
    UserWritable(TreePath),
    /// A link that led to a script now leads to its wrapper.
    #[error("`{0}` in the template leads to a script that runs as the user of -u: in the copy it leads to its wrapper")]
    LinkToWrapped(TreePath),
    /// The copy will belong to someone else than the template's file, or could not be executed and will be.
    #[error(
        "`{0}` in the template has a set-id bit, with which the copy would lend what the template does not; it is not copied"
    )]
    SetIdDropped(TreePath),
    /// The template is not as it should be.
    #[error(transparent)]
    Lint(Finding),
}

/// How many kinds of warnings there are: a path can have one of each.
#[cfg(feature = "wire")]
pub(crate) const KINDS: usize = 8 + Rule::ALL.len();

/// A warning taken apart, for documents: [`Warning::from_parts`] puts it together again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningParts {
    /// Which warning, for good.
    pub id: &'static str,
    /// What it is about: options with blanks between them, a number, a version, a mode, a name or a path.
    pub subject: Option<Vec<u8>>,
    /// What more it says about that, as it says it of a rule about templates.
    pub detail: Option<Vec<u8>>,
}

impl Warning {
    /// What may help, for a line of its own.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Lint(finding) => Some(finding.rule.hint()),
            _ => None,
        }
    }

    /// Takes the warning apart.
    #[must_use]
    pub fn to_parts(&self) -> WarningParts {
        let parts = |id, subject| WarningParts { id, subject: Some(subject), detail: None };
        match self {
            Self::IdleLoggerOptions(options) => parts("idle-logger-options", options.join(" ").into_bytes()),
            Self::LogFileSize { given } => parts("log-file-size", given.to_string().into_bytes()),
            Self::NewerS6 { given } => parts("newer-s6", given.to_string().into_bytes()),
            Self::WritableScripts { umask } => parts("writable-scripts", umask.to_string().into_bytes()),
            Self::UnknownAccount(name) => parts("unknown-account", name.as_bytes().to_vec()),
            Self::UserWritable(path) => parts("user-writable", path.as_bytes().to_vec()),
            Self::LinkToWrapped(path) => parts("link-to-wrapped", path.as_bytes().to_vec()),
            Self::SetIdDropped(path) => parts("set-id-dropped", path.as_bytes().to_vec()),
            Self::Lint(finding) => WarningParts {
                detail: (!finding.detail.is_empty()).then(|| finding.detail.clone()),
                ..parts(finding.rule.id(), finding.path.as_bytes().to_vec())
            },
        }
    }

    /// The warning that came apart into these; none where no warning does.
    #[must_use]
    pub fn from_parts(id: &str, subject: Option<&[u8]>, detail: Option<&[u8]>) -> Option<Self> {
        let subject = subject?;
        let path = || TreePath::parse(subject).ok();
        if let Some(rule) = Rule::parse(id.as_bytes()) {
            // None and an empty one are the same: there is one form for each.
            let detail = detail
                .filter(|detail| !detail.is_empty())
                .map_or_else(|| detail.is_none().then(Vec::new), |detail| Some(detail.to_vec()))?;
            return Some(Self::Lint(Finding { rule, level: Level::Warning, path: path()?, detail }));
        }
        if detail.is_some() {
            return None;
        }
        match id {
            "idle-logger-options" => {
                let known = |word: &[u8]| LOGGER_OPTIONS.into_iter().find(|option| option.as_bytes() == word);
                subject.split(|&byte| byte == b' ').map(known).collect::<Option<_>>().map(Self::IdleLoggerOptions)
            }
            "log-file-size" => {
                number::parse(subject).and_then(|size| u32::try_from(size).ok()).map(|given| Self::LogFileSize { given })
            }
            "newer-s6" => S6Version::parse(subject).ok().map(|given| Self::NewerS6 { given }),
            "writable-scripts" => Mode::parse(subject).map(|umask| Self::WritableScripts { umask }),
            "unknown-account" => match Account::parse(subject) {
                Ok(Account::Named(name)) => Some(Self::UnknownAccount(name)),
                _ => None,
            },
            "user-writable" => path().map(Self::UserWritable),
            "link-to-wrapped" => path().map(Self::LinkToWrapped),
            "set-id-dropped" => path().map(Self::SetIdDropped),
            _ => None,
        }
    }
}

/// Who besides the owner may write what is made under `umask`.
pub(crate) fn writers(umask: Mode) -> &'static str {
    match (umask.has(0o020), umask.has(0o002)) {
        (true, true) => "",
        (true, false) => "others",
        (false, true) => "the group",
        (false, false) => "the group and others",
    }
}

fn clamp_file_size(given: u32) -> u32 {
    given.clamp(*LOG_FILE_SIZES.start(), *LOG_FILE_SIZES.end())
}

/// Words with commas and an `and`.
struct List<'a>(&'a [&'static str]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            // Text never fails to be written; another writer may.
            f.write_str(match (index, self.0.len() - index) {
                (0, _) => "",
                (_, 1) => " and ",
                _ => ", ",
            })?;
            f.write_str(word)?;
        }
        Ok(())
    }
}
