//! Options about source definitions for s6-rc: their names and properties.

use super::refusal::UsageError;
use super::values::{NumberOption, checked};
use crate::definition::{
    BundleName, Consumer, Definition, DefinitionError, DependencyName, Flags, Management, ServiceName, ServiceNameError,
};
use crate::logging::Logging;
use crate::options::Options;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use clap::ArgAction;
use std::ffi::{OsStr, OsString};

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Service")]
pub(super) struct S6RcOptions {
    /// Create s6-rc source definitions in DIR
    ///
    /// The value is SERVICE[/LOGGER[/PIPELINE]]: the longrun SERVICE; the longrun LOGGER, which
    /// requires -L; and PIPELINE, the bundle of both. DIR may exist.
    #[arg(verbatim_doc_comment, short = 'r', long, value_name = "SERVICE[/...]")]
    s6_rc: Option<OsString>,

    /// With -r: depend on service NAME (repeatable)
    ///
    /// The service and its logger depend on NAME.
    #[arg(verbatim_doc_comment, long, value_name = "NAME", action = ArgAction::Append)]
    depends_on: Vec<OsString>,

    /// With -r: mark the service as essential
    ///
    /// It stays up when s6-rc stops all services that are not essential. Its logger is essential too.
    #[arg(verbatim_doc_comment, long)]
    essential: bool,

    /// With -r: mark the service as recommended
    ///
    /// In a new set of the repository tools of s6-rc 0.6 and later it is active, and not only usable.
    #[arg(verbatim_doc_comment, long)]
    recommended: bool,

    /// With -r: time to become ready; 0: no limit
    ///
    /// In milliseconds.
    #[arg(verbatim_doc_comment, long, value_name = "MS")]
    timeout_up: Option<OsString>,

    /// With -r: time to stop; 0: no limit
    ///
    /// In milliseconds.
    #[arg(verbatim_doc_comment, long, value_name = "MS")]
    timeout_down: Option<OsString>,
}

impl S6RcOptions {
    /// The place of the value of the option `-LETTER`.
    pub(super) const fn short(&mut self, letter: u8) -> Option<&mut Option<OsString>> {
        match letter {
            b'r' => Some(&mut self.s6_rc),
            _ => None,
        }
    }

    /// The definition that -r asks for; `None` without -r, where no other option of the family can stand.
    pub(super) fn definition(&self, logging: Option<&Logging>) -> Result<Option<Definition>, UsageError> {
        let Some(names) = self.s6_rc.as_deref() else {
            let given = [
                ("--depends-on", !self.depends_on.is_empty()),
                ("--essential", self.essential),
                ("--recommended", self.recommended),
                ("--timeout-up", self.timeout_up.is_some()),
                ("--timeout-down", self.timeout_down.is_some()),
            ];
            return match given.into_iter().find(|(_, is_given)| *is_given) {
                Some((option, _)) => Err(UsageError::requires(option, "-r")),
                None => Ok(None),
            };
        };
        definition(names, logging, self.management()?).map(Some)
    }

    /// Returns `true` if the result is definitions for s6-rc.
    pub(super) const fn makes_definitions(&self) -> bool {
        self.s6_rc.is_some()
    }

    /// Adds the family to what a plan must be computed for.
    pub(super) fn say(&self, options: &mut Options) -> Result<(), UsageError> {
        if let Some(names) = self.s6_rc.as_deref() {
            Names::read(names)?;
            options.text("s6-rc", Some(names.as_encoded_bytes().to_vec()));
        }
        options.management(&self.management()?);
        Ok(())
    }

    fn management(&self) -> Result<Management, UsageError> {
        let depends_on = self.depends_on.iter().map(|name| checked("--depends-on", name, DependencyName::new));
        let timeout = |name, value: &Option<OsString>| NumberOption::milliseconds(name).read(value.as_deref(), 0, u32::MAX);
        Ok(Management {
            depends_on: depends_on.collect::<Result<_, _>>()?,
            flags: Flags { essential: self.essential, recommended: self.recommended },
            timeout_up: timeout("--timeout-up", &self.timeout_up)?,
            timeout_down: timeout("--timeout-down", &self.timeout_down)?,
        })
    }
}

/// The value of -r, SERVICE[/LOGGER[/PIPELINE]].
struct Names {
    service: ServiceName,
    logger: Option<ServiceName>,
    pipeline: Option<BundleName>,
}

impl Names {
    fn read(value: &OsStr) -> Result<Self, UsageError> {
        let refuse = |reason: &str| UsageError::value("-r", value, reason);
        let mut parts = value.as_encoded_bytes().split(|&byte| byte == b'/');
        let named = |what: &'static str| move |error| refuse(&format!("the name of the {what} {error}"));
        // Splitting always yields a first part.
        let service = ServiceName::new(parts.next().unwrap_or_default()).map_err(named("service"))?;
        let logger = parts.next().map(|part| {
            ServiceName::new(part).map_err(|error| match error {
                // The limit for a logger is lower.
                ServiceNameError::TooLong => refuse(&DefinitionError::LongLogger.to_string()),
                error => named("logger")(error),
            })
        });
        let logger = logger.transpose()?;
        let pipeline = parts.next().map(|part| BundleName::new(part).map_err(named("pipeline"))).transpose()?;
        match parts.next() {
            None => Ok(Self { service, logger, pipeline }),
            Some(_) => Err(refuse("must be SERVICE, SERVICE/LOGGER or SERVICE/LOGGER/PIPELINE")),
        }
    }
}

/// The definition with these names; a logger and -L require each other.
fn definition(names: &OsStr, logging: Option<&Logging>, management: Management) -> Result<Definition, UsageError> {
    let refuse = |reason: &str| UsageError::value("-r", names, reason);
    let Names { service, logger, pipeline } = Names::read(names)?;
    let consumer = match (logger, logging) {
        (Some(logger), Some(logging)) => Some(Consumer { logger, pipeline, logging: logging.clone() }),
        (None, None) => None,
        (Some(_), None) => return Err(refuse("names a logger; a logger requires -L")),
        (None, Some(_)) => return Err(refuse("names no logger; -L requires SERVICE/LOGGER")),
    };
    Definition::new(service, consumer, management).map_err(|error| refuse(&error.to_string()))
}
