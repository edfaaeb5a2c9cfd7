//! The logger of all instances.

use super::refusal::UsageError;
use super::values::{NumberOption, account, checked};
use crate::account::Account;
use crate::execline::Text;
use crate::logging::{LOGGER_OPTIONS, LogDir, LogUser, Logging, PrepareLogDir, Timestamp};
use crate::options::Options;
use alloc::vec::Vec;
use std::ffi::OsString;

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Logger")]
pub(super) struct LoggerOptions {
    /// Log all instances to the absolute directory DIR
    ///
    /// One s6-log process reads the output of all instances and of their supervisors.
    #[arg(verbatim_doc_comment, short = 'L', long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    log_dir: Option<OsString>,

    /// Run the logger as USER
    ///
    /// USER is the name of an account, or UID:GID. When the logger starts, its script creates the
    /// log directory and gives it to USER.
    #[arg(verbatim_doc_comment, short = 'l', long, value_name = "USER", value_hint = clap::ValueHint::Username)]
    log_user: Option<OsString>,

    /// With -l: leave the log directory as it is
    #[arg(long)]
    no_prepare_log_dir: bool,

    /// 0 none, 1 TAI64N, 2 ISO, 3 both [default: 1]
    ///
    /// TAI64N is 25 characters that sort by time; ISO is ISO 8601 in local time.
    #[arg(verbatim_doc_comment, short = 't', long, value_name = "N")]
    timestamp: Option<OsString>,

    /// Number of old log files [default: 10]
    #[arg(short = 'n', long, value_name = "N")]
    log_archives: Option<OsString>,

    /// Size of a full log file [default: 1000000]
    ///
    /// A log file of this size is rotated. s6-log accepts 4096 to 268435455.
    #[arg(verbatim_doc_comment, short = 's', long, value_name = "BYTES")]
    log_file_size: Option<OsString>,

    /// Size of all old log files; 0: no limit
    ///
    /// The oldest are removed until the others fit. The default is 0.
    #[arg(verbatim_doc_comment, short = 'S', long, value_name = "BYTES")]
    log_total_size: Option<OsString>,

    /// Begin every line of the log with TEXT
    #[arg(short = 'P', long, value_name = "TEXT")]
    log_prefix: Option<OsString>,
}

/// The meaning of the logger's options.
pub(super) struct LoggerSettings {
    /// The logger; `None` without -L.
    pub(super) logging: Option<Logging>,
    /// s6's own options that were given without -L: they do nothing.
    pub(super) idle: Vec<&'static str>,
}

impl LoggerOptions {
    /// The place of the value of the option `-LETTER`.
    pub(super) const fn short(&mut self, letter: u8) -> Option<&mut Option<OsString>> {
        match letter {
            b'L' => Some(&mut self.log_dir),
            b'l' => Some(&mut self.log_user),
            b't' => Some(&mut self.timestamp),
            b'n' => Some(&mut self.log_archives),
            b's' => Some(&mut self.log_file_size),
            b'S' => Some(&mut self.log_total_size),
            b'P' => Some(&mut self.log_prefix),
            _ => None,
        }
    }

    pub(super) fn meaning(&self) -> Result<LoggerSettings, UsageError> {
        let dir = self.dir()?;
        let timestamp = self.timestamp()?.unwrap_or(Timestamp::Tai64n);
        let archives = self.archives()?.unwrap_or(10);
        let file_size = self.file_size()?.unwrap_or(1_000_000);
        let total_size = self.total_size()?.unwrap_or(0);
        let prefix = self.prefix()?;
        let user = self.user(dir.as_ref())?;
        let given = [
            user.is_some(),
            self.timestamp.is_some(),
            self.log_archives.is_some(),
            self.log_file_size.is_some(),
            self.log_total_size.is_some(),
            self.log_prefix.is_some(),
        ];
        let idle = match dir {
            Some(_) => Vec::new(),
            None => LOGGER_OPTIONS.into_iter().zip(given).filter_map(|(option, given)| given.then_some(option)).collect(),
        };
        let logging = dir.map(|dir| Logging { dir, user, timestamp, archives, file_size, total_size, prefix });
        Ok(LoggerSettings { logging, idle })
    }

    /// Adds the family to what a plan must be computed for.
    pub(super) fn say(&self, options: &mut Options) -> Result<(), UsageError> {
        options.text("log-dir", self.dir()?.map(|dir| dir.as_text().as_bytes().to_vec()));
        options.text("log-user", self.account()?.map(|account| account.to_text().as_bytes().to_vec()));
        options.flag("no-prepare-log-dir", self.no_prepare_log_dir.then_some(()));
        options.put("timestamp", self.timestamp()?.map(Timestamp::number));
        options.put("log-archives", self.archives()?);
        options.put("log-file-size", self.file_size()?);
        options.put("log-total-size", self.total_size()?);
        options.text("log-prefix", self.prefix()?.map(|prefix| prefix.as_bytes().to_vec()));
        Ok(())
    }

    fn dir(&self) -> Result<Option<LogDir>, UsageError> {
        self.log_dir.as_deref().map(|value| checked("-L", value, LogDir::new)).transpose()
    }

    fn account(&self) -> Result<Option<Account>, UsageError> {
        account("-l", self.log_user.as_deref())
    }

    fn timestamp(&self) -> Result<Option<Timestamp>, UsageError> {
        // What is in range is one.
        Ok(NumberOption::count("-t").read(self.timestamp.as_deref(), 0, 3)?.and_then(Timestamp::new))
    }

    fn archives(&self) -> Result<Option<u32>, UsageError> {
        NumberOption::count("-n").read(self.log_archives.as_deref(), 0, u32::MAX)
    }

    fn file_size(&self) -> Result<Option<u32>, UsageError> {
        NumberOption::bytes("-s").read(self.log_file_size.as_deref(), 0, u32::MAX)
    }

    fn total_size(&self) -> Result<Option<u64>, UsageError> {
        NumberOption::bytes("-S").read(self.log_total_size.as_deref(), 0, u64::MAX)
    }

    fn prefix(&self) -> Result<Option<Text>, UsageError> {
        self.log_prefix.as_deref().map(|value| checked("-P", value, Text::new)).transpose()
    }

    fn user(&self, dir: Option<&LogDir>) -> Result<Option<LogUser>, UsageError> {
        let account = self.account()?;
        if self.no_prepare_log_dir && (account.is_none() || dir.is_none()) {
            return Err(UsageError::requires("--no-prepare-log-dir", "-L and -l"));
        }
        let Some(account) = account else { return Ok(None) };
        let prepare = match dir {
            Some(dir) if !self.no_prepare_log_dir => {
                let typed = self.log_dir.as_deref().unwrap_or_default();
                let reason = "does not end in a name; -l would give away the whole directory";
                let entry = dir.entry().ok_or_else(|| {
                    UsageError::value("-L", typed, reason).with_hint("name a directory in it, or add --no-prepare-log-dir")
                })?;
                PrepareLogDir::Yes(entry)
            }
            // Without a logger nothing is prepared either.
            Some(_) | None => PrepareLogDir::No,
        };
        Ok(Some(LogUser { account, prepare }))
    }
}
