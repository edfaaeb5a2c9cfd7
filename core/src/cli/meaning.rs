//! What a command line means: the [`Request`] that it asks for, or why it asks for nothing.

use super::{Cli, InstallationName, UsageError};
use crate::account::Account;
use crate::definition::{Consumer, Definition, Management, ServiceName};
use crate::escape::Shown;
use crate::execline::Text;
use crate::instances::{InstanceName, Instances, NameMax};
use crate::lint::{self, Rule, Severity};
use crate::logging::{LOGGER_OPTIONS, LogDir, LogUser, Logging, PrepareLogDir, Timestamp};
use crate::number;
use crate::request::{MaxInstances, Request, ScriptModes, Shape};
use crate::target::{Installation, ProgramDir, S6Version, ShebangDir, Target};
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt::Display;
use std::ffi::{OsStr, OsString};

impl TryFrom<&Cli> for Request {
    type Error = UsageError;

    fn try_from(cli: &Cli) -> Result<Self, UsageError> {
        cli.check_operands()?;
        let max_instances = cli.max_instances.as_deref().map(|value| {
            let number = number::parse(value.as_encoded_bytes()).and_then(MaxInstances::new);
            let range = format!("it must be a number from {} to {}", MaxInstances::MIN, MaxInstances::MAX);
            number.ok_or_else(|| UsageError::value("-c", value, range))
        });
        let log = LoggerOptions::of(cli)?;
        let target = target(cli)?;
        let user = account("-u", cli.user.as_deref())?;
        let max_instances = max_instances.transpose()?;
        let name_max = name_max(cli, &target)?;
        let lint = lint_settings(cli)?;
        // What is done with links is not asked for here, but must mean something.
        cli.dereference()?;
        let script_modes = if cli.fix_modes { ScriptModes::Executable } else { ScriptModes::Kept };
        let idle_logger_options = if log.logging.is_none() { log.given } else { Vec::new() };
        let management = management(cli)?;
        let shape = match &cli.s6_rc {
            None => {
                let option = [
                    ("--depends-on", !cli.depends_on.is_empty()),
                    ("--essential", cli.essential),
                    ("--timeout-up", cli.timeout_up.is_some()),
                    ("--timeout-down", cli.timeout_down.is_some()),
                ];
                if let Some((option, _)) = option.into_iter().find(|(_, given)| *given) {
                    return Err(UsageError::new(format!("{option} means something with -r only: it is said to s6-rc")));
                }
                Shape::ServiceDirectory { log: log.logging, instances: declared(cli)? }
            }
            Some(names) => {
                let option = [("--instance", !cli.instance.is_empty()), ("--instances-from", cli.instances_from.is_some())];
                if let Some((option, _)) = option.into_iter().find(|(_, given)| *given) {
                    let reason = "s6-rc-compile makes the directories for instances itself, empty";
                    return Err(UsageError::new(format!("{option} means nothing with -r: {reason}")));
                }
                Shape::S6Rc(definition(names, log.logging, management)?)
            }
        };
        Ok(Self { shape, max_instances, name_max, user, script_modes, lint, target, idle_logger_options })
    }
}

/// The longest name of an instance, which s6-svscan can be told from 2.12 on.
fn name_max(cli: &Cli, target: &Target) -> Result<Option<NameMax>, UsageError> {
    let Some(value) = cli.name_max.as_deref() else { return Ok(None) };
    if target.s6_version.is_some_and(|version| !version.counts_slots()) {
        return Err(UsageError::new("--name-max needs s6 2.12 or later: an older s6-svscan knows no such limit"));
    }
    let number = number_within("--name-max", Some(value), NameMax::MIN, NameMax::MAX)?;
    // In range, just checked.
    Ok(number.and_then(|number| NameMax::new(number.into())))
}

fn lint_settings(cli: &Cli) -> Result<lint::Settings, UsageError> {
    let rule = |id: &OsString| {
        Rule::parse(id.as_encoded_bytes()).ok_or_else(|| UsageError {
            message: format!("--allow `{}`: there is no such rule", Shown(id.as_encoded_bytes())),
            hint: Some(format!("there are {}", Rule::ALL.map(Rule::id).join(", "))),
        })
    };
    let allowed = cli.allow.iter().map(rule).collect::<Result<_, _>>()?;
    Ok(lint::Settings { allowed, severity: if cli.strict { Severity::Strict } else { Severity::Usual } })
}

/// The instances that the command line itself names.
fn declared(cli: &Cli) -> Result<Instances, UsageError> {
    let mut instances = Instances::default();
    for value in &cli.instance {
        let name = checked("--instance", value, InstanceName::new)?;
        instances.declare(name).map_err(|error| UsageError::value("--instance", value, error))?;
    }
    Ok(instances)
}

/// What s6-rc is told about the service.
fn management(cli: &Cli) -> Result<Management, UsageError> {
    let depends_on = cli.depends_on.iter().map(|name| checked("--depends-on", name, ServiceName::new));
    Ok(Management {
        depends_on: depends_on.collect::<Result<_, _>>()?,
        essential: cli.essential,
        timeout_up: number_in("--timeout-up", cli.timeout_up.as_deref(), u32::MAX)?,
        timeout_down: number_in("--timeout-down", cli.timeout_down.as_deref(), u32::MAX)?,
    })
}

/// The logger's options: what they mean, and which of s6's own were given at all.
struct LoggerOptions {
    logging: Option<Logging>,
    given: Vec<&'static str>,
}

impl LoggerOptions {
    fn of(cli: &Cli) -> Result<Self, UsageError> {
        let dir = cli.log_dir.as_deref().map(|value| checked("-L", value, LogDir::new)).transpose()?;
        let timestamp = number_in("-t", cli.timestamp.as_deref(), 3)?.map_or(Some(Timestamp::Tai64n), Timestamp::new);
        // In range, just checked.
        let timestamp = timestamp.unwrap_or(Timestamp::Tai64n);
        let archives = number_in("-n", cli.log_archives.as_deref(), u32::MAX)?.unwrap_or(10);
        let file_size = number_in("-s", cli.log_file_size.as_deref(), u32::MAX)?.unwrap_or(1_000_000);
        let total_size = number_in("-S", cli.log_total_size.as_deref(), u64::MAX)?.unwrap_or(0);
        let prefix = cli.log_prefix.as_deref().map(|value| checked("-P", value, Text::new)).transpose()?;
        let account = account("-l", cli.log_user.as_deref())?;
        if cli.no_prepare_log_dir && (account.is_none() || dir.is_none()) {
            return Err(UsageError::new("--no-prepare-log-dir means something with -L and -l only"));
        }
        let user = match (account, &dir) {
            (None, _) => None,
            // Without a logger it is not prepared either.
            (Some(account), None) => Some(LogUser { account, prepare: PrepareLogDir::No }),
            (Some(account), Some(_)) if cli.no_prepare_log_dir => Some(LogUser { account, prepare: PrepareLogDir::No }),
            (Some(account), Some(dir)) => {
                let reason = "-l would give it away whole; end it in a name, or add --no-prepare-log-dir";
                let typed = cli.log_dir.as_deref().unwrap_or_default();
                let entry = dir.entry().ok_or_else(|| UsageError::value("-L", typed, reason))?;
                Some(LogUser { account, prepare: PrepareLogDir::Yes(entry) })
            }
        };
        let given = [
            user.is_some(),
            cli.timestamp.is_some(),
            cli.log_archives.is_some(),
            cli.log_file_size.is_some(),
            cli.log_total_size.is_some(),
            cli.log_prefix.is_some(),
        ];
        let given = LOGGER_OPTIONS.into_iter().zip(given).filter_map(|(option, given)| given.then_some(option)).collect();
        let logging = dir.map(|dir| Logging { dir, user, timestamp, archives, file_size, total_size, prefix });
        Ok(Self { logging, given })
    }
}

fn target(cli: &Cli) -> Result<Target, UsageError> {
    let mut target = Target::installed(match cli.installation {
        None | Some(InstallationName::Path) => Installation::Path,
        Some(InstallationName::Debian) => Installation::Debian,
        Some(InstallationName::Slashpackage) => Installation::Slashpackage,
    });
    if let Some(dir) = &cli.shebang_dir {
        target.shebang_dir = checked("--shebang-dir", dir, ShebangDir::new)?;
    }
    if let Some(dir) = &cli.execline_dir {
        target.execline_dir = Some(checked("--execline-dir", dir, ProgramDir::new)?);
    }
    if let Some(dir) = &cli.s6_dir {
        target.s6_dir = Some(checked("--s6-dir", dir, ProgramDir::new)?);
    }
    target.s6_version = cli.s6_version.as_deref().map(|text| checked("--s6-version", text, S6Version::parse)).transpose()?;
    Ok(target)
}

/// SERVICE[/LOGGER[/PIPELINE]], with a logger exactly when there is something for it to do.
fn definition(names: &OsStr, logging: Option<Logging>, management: Management) -> Result<Definition, UsageError> {
    let refuse = |reason: &str| UsageError::value("-r", names, reason);
    let mut parts = names.as_encoded_bytes().split(|&byte| byte == b'/');
    let mut next = |what: &str| {
        let name =
            parts.next().map(|part| ServiceName::new(part).map_err(|error| refuse(&format!("the {what}'s name: {error}"))));
        name.transpose()
    };
    let (service, logger, pipeline) = (next("service")?, next("logger")?, next("pipeline")?);
    if parts.next().is_some() {
        return Err(refuse("it must be SERVICE, SERVICE/LOGGER or SERVICE/LOGGER/PIPELINE"));
    }
    // Splitting always yields a first part.
    let service = service.ok_or_else(|| refuse("it names no service"))?;
    let consumer = match (logger, logging) {
        (Some(logger), Some(logging)) => Some(Consumer { logger, pipeline, logging }),
        (None, None) => None,
        (Some(_), None) => return Err(refuse("it names a logger, and without -L there is nothing for it to do")),
        (None, Some(_)) => return Err(refuse("with -L it must name a logger too: SERVICE/LOGGER")),
    };
    Definition::new(service, consumer, management).map_err(|error| refuse(&error.to_string()))
}

/// An account; an empty value is none.
fn account(option: &str, value: Option<&OsStr>) -> Result<Option<Account>, UsageError> {
    value.filter(|value| !value.is_empty()).map(|value| checked(option, value, Account::parse)).transpose()
}

fn checked<'a, T, E: Display>(
    option: &str,
    value: &'a OsStr,
    check: impl FnOnce(&'a [u8]) -> Result<T, E>,
) -> Result<T, UsageError> {
    check(value.as_encoded_bytes()).map_err(|error| UsageError::value(option, value, error))
}

/// A number from 0 to `max`.
pub(super) fn number_in<N>(option: &str, value: Option<&OsStr>, max: N) -> Result<Option<N>, UsageError>
where
    N: TryFrom<u64> + PartialOrd + Display + Default,
{
    number_within(option, value, N::default(), max)
}

/// A number from `min` to `max`.
pub(super) fn number_within<N>(option: &str, value: Option<&OsStr>, min: N, max: N) -> Result<Option<N>, UsageError>
where
    N: TryFrom<u64> + PartialOrd + Display,
{
    let Some(value) = value else { return Ok(None) };
    let number = number::parse(value.as_encoded_bytes()).and_then(|number| N::try_from(number).ok());
    match number {
        Some(number) if min <= number && number <= max => Ok(Some(number)),
        _ => Err(UsageError::value(option, value, format!("it must be a number from {min} to {max}"))),
    }
}
