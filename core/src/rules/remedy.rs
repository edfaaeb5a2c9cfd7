//! Options that are remedies.

use crate::definition::Definition;

/// An option that is a remedy for findings: where the command line has it, no hint names it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// `--dereference`.
    Dereference,
    /// `--fix-modes`.
    FixModes,
    /// `--depends-on`.
    DependsOn,
    /// The LOGGER of `-r`, with `-L`.
    Logger,
    /// The PIPELINE of `-r`.
    Pipeline,
    /// `--essential`.
    Essential,
    /// `--recommended`.
    Recommended,
    /// `--timeout-up`.
    TimeoutUp,
    /// `--timeout-down`.
    TimeoutDown,
}

impl Remedy {
    /// The remedies that a definition for s6-rc has already.
    pub(crate) fn of_definition(definition: &Definition) -> impl Iterator<Item = Self> {
        let management = definition.management();
        let log = definition.log();
        [
            (Self::DependsOn, !management.depends_on.is_empty()),
            (Self::Logger, log.is_some()),
            (Self::Pipeline, log.is_some_and(|log| log.pipeline.is_some())),
            (Self::Essential, management.flags.essential),
            (Self::Recommended, management.flags.recommended),
            (Self::TimeoutUp, management.timeout_up.is_some()),
            (Self::TimeoutDown, management.timeout_down.is_some()),
        ]
        .into_iter()
        .filter_map(|(remedy, is_given)| is_given.then_some(remedy))
    }
}
