//! Source definitions for s6-rc: the longruns that `-r` makes, their names, and what s6-rc is told about them.

use crate::logging::Logging;
use crate::path::Name;
use alloc::collections::BTreeSet;
use core::fmt;

/// Source definitions for s6-rc: a longrun, and perhaps its logger, and perhaps a bundle of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    service: ServiceName,
    log: Option<Consumer>,
    management: Management,
}

/// Properties of a service in s6-rc (docs/original.md, "Source definitions of s6-rc").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Management {
    /// Services that must be up before the service, and before its logger.
    pub depends_on: BTreeSet<ServiceName>,
    /// `true` if the service stays up when everything that is not essential is stopped.
    pub essential: bool,
    /// The time limit for readiness, in milliseconds. 0: no limit. `None`: the default of s6-rc.
    pub timeout_up: Option<u32>,
    /// The time limit for stopping, in milliseconds. 0: no limit. `None`: the default of s6-rc.
    pub timeout_down: Option<u32>,
}

/// The logger's half of a [`Definition`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The longrun that runs the logger.
    pub logger: ServiceName,
    /// The bundle that s6-rc-compile makes of service and logger.
    pub pipeline: Option<ServiceName>,
    /// The settings of the logger.
    pub logging: Logging,
}

/// The reason why these names are not a [`Definition`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// Two of them are the same.
    #[error("the {0} and the {1} cannot have the same name")]
    SameName(&'static str, &'static str),
    /// The service or its logger would depend on itself; s6-rc-compile would find a cycle.
    #[error("`{0}` is what is made here, and cannot depend on itself")]
    OnItself(ServiceName),
}

impl Definition {
    /// A longrun, and perhaps its logger; all names must differ, and neither can depend on any of them.
    pub fn new(service: ServiceName, log: Option<Consumer>, management: Management) -> Result<Self, DefinitionError> {
        use DefinitionError::{OnItself, SameName};
        let (logger, pipeline) = match &log {
            Some(Consumer { logger, pipeline, .. }) => (Some(logger), pipeline.as_ref()),
            None => (None, None),
        };
        if logger == Some(&service) {
            return Err(SameName("service", "logger"));
        }
        if pipeline == Some(&service) {
            return Err(SameName("service", "pipeline"));
        }
        if pipeline.is_some() && pipeline == logger {
            return Err(SameName("logger", "pipeline"));
        }
        let mut names = core::iter::once(&service).chain(logger).chain(pipeline);
        if let Some(name) = names.find(|name| management.depends_on.contains(name)) {
            return Err(OnItself(name.clone()));
        }
        Ok(Self { service, log, management })
    }

    /// The longrun that runs the instances.
    #[must_use]
    pub const fn service(&self) -> &ServiceName {
        &self.service
    }

    /// Its logger.
    #[must_use]
    pub const fn log(&self) -> Option<&Consumer> {
        self.log.as_ref()
    }

    /// Its properties in s6-rc.
    #[must_use]
    pub const fn management(&self) -> &Management {
        &self.management
    }
}

/// The longest name of a service, in bytes: what s6-svscan supervises from 2.12 on.
pub const SERVICE_NAME_MAX: usize = 251;

/// A name that s6-rc-compile takes for a service, a logger or a pipeline (docs/original.md, "Names in s6-rc").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceName(Name);

/// The reason why s6-rc would not accept a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceNameError {
    /// It is empty.
    #[error("cannot be empty")]
    Empty,
    /// s6-rc-compile passes over such a directory without a word.
    #[error("cannot begin with a dot: s6-rc-compile would pass over it")]
    Dot,
    /// `s6rc-` and `s6-rc-`.
    #[error("cannot begin with `s6rc-` or `s6-rc-`: s6-rc reserves such names")]
    Reserved,
    /// s6-rc's list files are line based.
    #[error("cannot contain a newline")]
    Newline,
    /// In a list file, leading blanks are dropped and `#` begins a comment.
    #[error("cannot begin with a blank or `#`: s6-rc's list files would lose it")]
    LeadingBlankOrHash,
    /// s6-svscan would not supervise it.
    #[error("cannot be longer than {SERVICE_NAME_MAX} bytes: s6-svscan would not supervise it")]
    TooLong,
    /// A slash or a NUL.
    #[error("cannot contain a slash or a NUL")]
    Forbidden,
}

impl ServiceName {
    /// Checks `bytes` and makes them a service's name.
    pub fn new(bytes: &[u8]) -> Result<Self, ServiceNameError> {
        match bytes {
            [] => Err(ServiceNameError::Empty),
            [b'.', ..] => Err(ServiceNameError::Dot),
            [b' ' | b'\t' | b'#', ..] => Err(ServiceNameError::LeadingBlankOrHash),
            _ if bytes.starts_with(b"s6rc-") || bytes.starts_with(b"s6-rc-") => Err(ServiceNameError::Reserved),
            _ if bytes.contains(&b'\n') => Err(ServiceNameError::Newline),
            _ if bytes.len() > SERVICE_NAME_MAX => Err(ServiceNameError::TooLong),
            _ => Name::new(bytes).map(Self).map_err(|_| ServiceNameError::Forbidden),
        }
    }

    /// The name of the service's directory.
    #[must_use]
    pub const fn as_name(&self) -> &Name {
        &self.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
