//! Options that are remedies.

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
