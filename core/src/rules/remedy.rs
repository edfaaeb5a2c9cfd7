//! Options that are remedies.

/// An option that is a remedy for findings: where the command line has it, no hint names it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// `--dereference`.
    Dereference,
    /// `--fix-modes`.
    FixModes,
}
