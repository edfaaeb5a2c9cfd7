//! Requests: everything that a user asks for, checked.
//!
//! Every field's constructor checks what can be checked without a template; what needs one is [`crate::plan::plan`]'s. This is
//! not the command line: that is `cli`, which ends in a [`Request`].

use crate::account::Account;
use crate::definition::Definition;
use crate::instances::{DuplicateInstance, Instances, NameMax};
use crate::logging::Logging;
use crate::rules;
use crate::target::Target;
use alloc::vec::Vec;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// A service directory, or s6-rc source definition directories; and its logger.
    pub shape: Shape,
    /// Room for so many instances; none: not told.
    pub max_instances: Option<MaxInstances>,
    /// The longest name that an instance may have; none: s6-svscan's own limit.
    pub name_max: Option<NameMax>,
    /// The account that instances and their loggers run as. `None`: the account that runs the supervision tree.
    pub user: Option<Account>,
    /// The permission bits of the template's control scripts.
    pub script_modes: ScriptModes,
    /// The treatment of findings.
    pub rules: rules::Settings,
    /// The system where the result will run.
    pub target: Target,
    /// Logger options that were given although there is no logger; they do nothing and deserve a warning.
    pub idle_logger_options: Vec<&'static str>,
    /// Options whose value is empty and means none, where that is probably a mistake.
    pub empty_options: Vec<&'static str>,
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
            rules: rules::Settings::default(),
            target: Target::default(),
            idle_logger_options: Vec::new(),
            empty_options: Vec::new(),
        }
    }

    /// Adds instances to those that exist from the start. s6-rc creates the directories of instances itself: there they are none,
    /// unless each of them is a service of its own.
    pub fn declare(&mut self, list: &Instances) -> Result<(), DuplicateInstance> {
        match &mut self.shape {
            Shape::ServiceDirectory { instances, .. } | Shape::Static { instances, .. } => {
                *instances = instances.and(list)?;
                Ok(())
            }
            Shape::S6Rc(_) => Ok(()),
        }
    }

    /// The accounts that it names: that of the instances, and that of the logger.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        let log_user = self.shape.logging().and_then(|logging| logging.user.as_ref()).map(|user| &user.account);
        self.user.iter().chain(log_user)
    }

    /// The number of instances that the result has a capacity for.
    #[must_use]
    pub fn room(&self) -> MaxInstances {
        self.max_instances.unwrap_or(MaxInstances::DEFAULT)
    }
}

/// The permission bits of `run`, `finish`, `log/run`, `log/finish`, and of the `data/check` that s6-notifyoncheck runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScriptModes {
    /// They are the template's.
    #[default]
    Kept,
    /// Whoever may read such a script may execute it, and its owner in any case; a set-id bit on what could not be executed before
    /// is dropped.
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
    /// Source definition directories for s6-rc, in which each instance is a longrun of its own and the service their bundle.
    Static {
        /// The names and properties.
        definition: Definition,
        /// The instances.
        instances: Instances,
    },
}

impl Shape {
    /// The settings of the logger, if there is one.
    #[must_use]
    pub fn logging(&self) -> Option<&Logging> {
        match self {
            Self::ServiceDirectory { log, .. } => log.as_ref(),
            Self::S6Rc(definition) | Self::Static { definition, .. } => definition.log().map(|consumer| &consumer.logging),
        }
    }

    /// The definitions for s6-rc. `None`: the result is a service directory.
    #[must_use]
    pub const fn definition(&self) -> Option<&Definition> {
        match self {
            Self::ServiceDirectory { .. } => None,
            Self::S6Rc(definition) | Self::Static { definition, .. } => Some(definition),
        }
    }

    /// The instances that the result has from the start. `None`: it cannot have any.
    #[must_use]
    pub const fn instances(&self) -> Option<&Instances> {
        match self {
            Self::ServiceDirectory { instances, .. } | Self::Static { instances, .. } => Some(instances),
            Self::S6Rc(_) => None,
        }
    }

    /// The program that runs the instances.
    #[must_use]
    pub const fn launcher(&self) -> Launcher {
        match self {
            Self::ServiceDirectory { .. } | Self::S6Rc(_) => Launcher::S6Svscan,
            Self::Static { .. } => Launcher::S6Rc,
        }
    }
}

/// The program that runs the instances of a result, and so decides what of the template each of them has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// The service's own s6-svscan: an instance is a copy of the whole template.
    S6Svscan,
    /// s6-rc: an instance is what s6-rc-compile makes of its definition.
    S6Rc,
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
