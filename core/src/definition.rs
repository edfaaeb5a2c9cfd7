//! Source definitions for s6-rc: the longruns that `-r` makes, their names and properties. [`crate::static_instances`] has the names of
//! instances that are longruns themselves.

use crate::logging::Logging;
use crate::path::{NAME_MAX, Name};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

/// Source definitions for s6-rc: a longrun, or with `--static` a bundle of them; perhaps its logger, and perhaps a bundle of all.
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
    pub depends_on: BTreeSet<DependencyName>,
    /// The flags of the service and of its logger.
    pub flags: Flags,
    /// The time limit for readiness, in milliseconds. 0: no limit. `None`: the default of s6-rc.
    pub timeout_up: Option<u32>,
    /// The time limit for stopping, in milliseconds. 0: no limit. `None`: the default of s6-rc.
    pub timeout_down: Option<u32>,
}

/// The flags of a service (docs/original.md, "Source definitions of s6-rc").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The service stays up when everything that is not essential is stopped.
    pub essential: bool,
    /// The tools of s6-rc's repositories put the service into a new set.
    pub recommended: bool,
}

/// The logger's half of a [`Definition`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The longrun that runs the logger.
    pub logger: ServiceName,
    /// The bundle that s6-rc-compile makes of service and logger.
    pub pipeline: Option<BundleName>,
    /// The settings of the logger.
    pub logging: Logging,
}

/// The reason why these names are not a [`Definition`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// Two of them are the same.
    #[error("the {0} and the {1} cannot have the same name")]
    SameName(&'static str, &'static str),
    /// s6-rc's own descriptor holder takes no longer name of a pipe than 255 bytes, and its name is `pipe:s6rc-r-` with that of the
    /// logger: then no pipeline starts.
    #[error("the name of the logger cannot be longer than {LOGGER_NAME_MAX} bytes; s6-rc would not start the pipeline")]
    LongLogger,
    /// The script by which s6-rc starts a logger substitutes variables in its name.
    #[error("the name of the logger cannot contain `$`; s6-rc's own script would substitute it")]
    DollarInLogger,
    /// The name would be lost in a list.
    #[error("`{0}` cannot begin with a blank or `#` if there is a logger; s6-rc's list files would lose it")]
    Unlistable(ServiceName),
    /// The service or its logger would depend on itself; s6-rc-compile would find a cycle.
    #[error("`{0}` cannot depend on itself")]
    OnItself(DependencyName),
}

impl Definition {
    /// A longrun, and perhaps its logger; all names must differ, and neither can depend on any of them.
    pub fn new(service: ServiceName, log: Option<Consumer>, management: Management) -> Result<Self, DefinitionError> {
        use DefinitionError::{OnItself, SameName};
        let (logger, pipeline) = match &log {
            Some(Consumer { logger, pipeline, .. }) => (Some(logger), pipeline.as_ref()),
            None => (None, None),
        };
        let is_pipeline = |name: &Name| pipeline.is_some_and(|pipeline| pipeline.0 == name.as_bytes());
        if logger == Some(&service) {
            return Err(SameName("service", "logger"));
        }
        if is_pipeline(&service.0) {
            return Err(SameName("service", "pipeline"));
        }
        if let Some(logger) = logger {
            if is_pipeline(&logger.0) {
                return Err(SameName("logger", "pipeline"));
            }
            let bytes = logger.0.as_bytes();
            if bytes.len() > LOGGER_NAME_MAX {
                return Err(DefinitionError::LongLogger);
            }
            if bytes.contains(&b'$') {
                return Err(DefinitionError::DollarInLogger);
            }
            if let Some(name) = [&service, logger].into_iter().find(|name| !name.is_listable()) {
                return Err(DefinitionError::Unlistable(name.clone()));
            }
        }
        let is_made_here = |DependencyName(name): &&DependencyName| {
            *name == service.0 || logger.is_some_and(|logger| logger.0 == *name) || is_pipeline(name)
        };
        if let Some(name) = management.depends_on.iter().find(is_made_here) {
            return Err(OnItself(name.clone()));
        }
        Ok(Self { service, log, management })
    }

    /// The longrun that runs the instances, or the bundle of the longruns that they are.
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

/// The names of the definitions of `-r`, apart from those of instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionNames {
    /// The longrun that runs the instances, or the bundle of the longruns that they are.
    pub service: Name,
    /// Its logger.
    pub logger: Option<Name>,
    /// The bundle of service and logger.
    pub pipeline: Option<Name>,
}

/// The longest name of a longrun, in bytes: what s6-svscan supervises from 2.12 on.
pub const SERVICE_NAME_MAX: usize = 251;

/// The longest name of a logger, in bytes: `pipe:s6rc-r-NAME` has at most 255 (docs/original.md, "Names in s6-rc").
pub const LOGGER_NAME_MAX: usize = 243;

/// Returns `true` if s6-rc's list files, where leading blanks are dropped and `#` begins a comment, would lose a name.
fn is_lost_in_lists(name: &[u8]) -> bool {
    matches!(name, [b' ' | b'\t' | b'#', ..])
}

/// A name that s6-rc-compile takes for the bundle of a pipeline (docs/original.md, "Names in s6-rc"). It is no name of a file, and may
/// have any length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleName(Vec<u8>);

impl BundleName {
    /// Checks `bytes` and makes them a bundle's name.
    pub fn new(bytes: &[u8]) -> Result<Self, ServiceNameError> {
        match bytes {
            [] => Err(ServiceNameError::Empty),
            _ if is_lost_in_lists(bytes) => Err(ServiceNameError::LeadingBlankOrHash),
            _ if is_reserved(bytes) => Err(ServiceNameError::Reserved),
            _ if bytes.contains(&b'\n') => Err(ServiceNameError::Newline),
            _ if bytes.iter().any(|byte| matches!(byte, b'/' | 0)) => Err(ServiceNameError::Forbidden),
            _ => Ok(Self(bytes.to_vec())),
        }
    }

    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as that of a definition's own directory. `None`: there can be none that s6-rc-compile finds.
    #[must_use]
    pub fn directory(&self) -> Option<Name> {
        Name::new(self.0.as_slice()).ok().filter(|name| !name.as_bytes().starts_with(b"."))
    }
}

/// A name that s6-rc-compile takes for what a service depends on: the name of a file in `dependencies.d` (docs/original.md, "Names in
/// s6-rc"). What has it may be a longrun, a oneshot or a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DependencyName(Name);

impl DependencyName {
    /// Checks `bytes` and makes them the name of a dependency.
    pub fn new(bytes: &[u8]) -> Result<Self, ServiceNameError> {
        name_of_definition(bytes).map(Self)
    }

    /// The name of the file.
    #[must_use]
    pub const fn as_name(&self) -> &Name {
        &self.0
    }
}

impl fmt::Display for DependencyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a definition of any kind, as that of a file.
fn name_of_definition(bytes: &[u8]) -> Result<Name, ServiceNameError> {
    match bytes {
        [] => Err(ServiceNameError::Empty),
        [b'.', ..] => Err(ServiceNameError::Dot),
        _ if is_reserved(bytes) => Err(ServiceNameError::Reserved),
        _ if bytes.contains(&b'\n') => Err(ServiceNameError::Newline),
        _ if bytes.len() > NAME_MAX => Err(ServiceNameError::LongFileName),
        _ => Name::new(bytes).map_err(|_| ServiceNameError::Forbidden),
    }
}

fn is_reserved(name: &[u8]) -> bool {
    name.starts_with(b"s6rc-") || name.starts_with(b"s6-rc-")
}

/// A name that s6-rc-compile takes for a service or a logger (docs/original.md, "Names in s6-rc").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceName(Name);

/// The reason why s6-rc would not accept a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceNameError {
    /// It is empty.
    #[error("cannot be empty")]
    Empty,
    /// s6-rc-compile passes over such a directory without a word.
    #[error("cannot begin with a dot; s6-rc-compile would ignore it")]
    Dot,
    /// `s6rc-` and `s6-rc-`.
    #[error("cannot begin with `s6rc-` or `s6-rc-`; s6-rc reserves such names")]
    Reserved,
    /// s6-rc's list files are line based.
    #[error("cannot contain a newline")]
    Newline,
    /// In a list file, leading blanks are dropped and `#` begins a comment.
    #[error("cannot begin with a blank or `#`; s6-rc's list files would lose it")]
    LeadingBlankOrHash,
    /// s6-svscan would not supervise it.
    #[error("cannot be longer than {SERVICE_NAME_MAX} bytes; s6-svscan would not supervise it")]
    TooLong,
    /// No file can have it.
    #[error("cannot be longer than {NAME_MAX} bytes; s6-rc has a file of that name")]
    LongFileName,
    /// A slash or a NUL.
    #[error("cannot contain a slash or a NUL")]
    Forbidden,
}

impl ServiceName {
    /// Checks `bytes` and makes them a service's name.
    pub fn new(bytes: &[u8]) -> Result<Self, ServiceNameError> {
        match name_of_definition(bytes) {
            Err(ServiceNameError::LongFileName) => Err(ServiceNameError::TooLong),
            Ok(name) if name.as_bytes().len() > SERVICE_NAME_MAX => Err(ServiceNameError::TooLong),
            name => name.map(Self),
        }
    }

    /// Returns `true` if s6-rc's list files can contain it.
    #[must_use]
    pub fn is_listable(&self) -> bool {
        !is_lost_in_lists(self.0.as_bytes())
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
