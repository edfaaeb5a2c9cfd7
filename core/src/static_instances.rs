//! Instances that s6-rc runs itself: the names of their definitions.
//!
//! An instance `NAME` of `SERVICE` is the longrun `SERVICE@NAME`, and its own logger the longrun `SERVICE@NAME-log`. Names that
//! s6-rc-compile would refuse, or whose services would never run, are refused here, and the refusal names the instance.

use crate::definition::{BundleName, Consumer, Definition, LOGGER_NAME_MAX, ServiceName, ServiceNameError};
use crate::instances::{InstanceName, Instances};
use crate::path::Name;
use crate::template::InstanceLogger;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// An instance that s6-rc runs, with the names of its definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticInstance {
    /// The name of the instance, as its scripts get it.
    pub name: InstanceName,
    /// The longrun that is the instance.
    pub service: ServiceName,
    /// The longrun that is the logger of the instance alone.
    pub logger: Option<ServiceName>,
}

/// The reason why an instance cannot be an s6-rc service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the instance `{instance}`: {reason}")]
pub struct StaticInstanceError {
    /// The instance.
    pub instance: InstanceName,
    /// The problem.
    pub reason: StaticNameProblem,
}

/// A problem of the names of an instance's definitions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaticNameProblem {
    /// execlineb, or s6-rc's own script for a logger, could substitute something in it.
    #[error("a name with `$` cannot be in the scripts of an s6-rc service; execlineb could substitute it")]
    Dollar,
    /// s6-rc does not take the name of its longrun.
    #[error("the name of its s6-rc service {0}")]
    Name(#[from] ServiceNameError),
    /// s6-rc's holder of descriptors has no room for it.
    #[error(
        "the name of its logger, SERVICE@NAME-log, cannot be longer than {LOGGER_NAME_MAX} bytes; s6-rc would not start it"
    )]
    LongLogger,
    /// s6-rc's own script for the logger could substitute something in SERVICE.
    #[error("the name of its logger, `{0}`, cannot contain `$`; s6-rc's own script would substitute it")]
    DollarInLogger(ServiceName),
    /// SERVICE would be lost in a list.
    #[error("`{0}` cannot begin with a blank or `#` if there is a logger; s6-rc's list files would lose it")]
    Unlistable(ServiceName),
    /// Something else that is made has that name.
    #[error("its s6-rc service `{0}` would have the name of another one that is made")]
    Taken(ServiceName),
    /// It would depend on itself; s6-rc-compile would find a cycle.
    #[error("its s6-rc service `{0}` cannot depend on itself")]
    OnItself(ServiceName),
}

impl StaticInstance {
    /// All of `instances` with the names of their definitions, for a template whose instances have `logger`.
    pub fn all(
        definition: &Definition,
        instances: &Instances,
        logger: InstanceLogger,
    ) -> Result<Vec<Self>, StaticInstanceError> {
        let log = definition.log();
        let pipeline = log.and_then(|Consumer { pipeline, .. }| pipeline.as_ref());
        let own = [
            Some(definition.service().as_name().clone()),
            log.map(|log| log.logger.as_name().clone()),
            pipeline.and_then(BundleName::directory),
        ];
        let mut taken: BTreeSet<Name> = own.into_iter().flatten().collect();
        let depends_on = &definition.management().depends_on;
        let mut all = Vec::with_capacity(instances.iter().len());
        for name in instances.iter() {
            let refuse = |reason| StaticInstanceError { instance: name.clone(), reason };
            let instance = Self::named(definition, name, logger).map_err(refuse)?;
            for made in instance.services() {
                if !taken.insert(made.as_name().clone()) {
                    return Err(refuse(StaticNameProblem::Taken(made.clone())));
                }
                if depends_on.iter().any(|name| name.as_name() == made.as_name()) {
                    return Err(refuse(StaticNameProblem::OnItself(made.clone())));
                }
            }
            all.push(instance);
        }
        Ok(all)
    }

    fn named(definition: &Definition, name: &InstanceName, logger: InstanceLogger) -> Result<Self, StaticNameProblem> {
        let service = definition.service().as_name().as_bytes();
        let name_bytes = name.as_name().as_bytes();
        if name_bytes.contains(&b'$') {
            return Err(StaticNameProblem::Dollar);
        }
        let named = |tail: &[u8]| ServiceName::new(&[service, b"@", name_bytes, tail].concat());
        let longrun = named(b"")?;
        let logger = match logger {
            InstanceLogger::None => None,
            InstanceLogger::Each => {
                let logger = named(b"-log").map_err(|_| StaticNameProblem::LongLogger)?;
                match logger.as_name().as_bytes() {
                    bytes if bytes.len() > LOGGER_NAME_MAX => return Err(StaticNameProblem::LongLogger),
                    bytes if bytes.contains(&b'$') => return Err(StaticNameProblem::DollarInLogger(logger)),
                    _ => Some(logger),
                }
            }
        };
        if (logger.is_some() || definition.log().is_some()) && !longrun.is_listable() {
            return Err(StaticNameProblem::Unlistable(longrun));
        }
        Ok(Self { name: name.clone(), service: longrun, logger })
    }

    /// The names of its longruns.
    pub fn services(&self) -> impl Iterator<Item = &ServiceName> {
        core::iter::once(&self.service).chain(&self.logger)
    }

    /// The longrun that ends its part of a pipeline: its logger, or itself where it has none.
    #[must_use]
    pub fn last(&self) -> &ServiceName {
        self.logger.as_ref().unwrap_or(&self.service)
    }
}
