//! Actions, and how they are done: the values that the options of the last two families stand for.

use clap::ValueEnum;

/// The action of a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Carry out the plan.
    Create,
    /// Print the plan.
    Print(Format),
    /// Print what a plan is computed from.
    PrintJob,
}

/// The treatment of symbolic links that point outside the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPolicy {
    /// They stay links, like all others.
    Kept,
    /// Their targets are copied in their place.
    Copied {
        /// The most that may be copied, in bytes.
        limit: u64,
    },
}

/// The protection of a result against a crash of the whole system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The system writes it to disk in its own time.
    #[default]
    Eventual,
    /// Every file and directory is flushed before the result appears, and the directory that it appears in after that.
    Flushed,
}

impl Action {
    /// Returns `true` if it writes files, which must not be left half made.
    #[must_use]
    pub const fn writes(self) -> bool {
        match self {
            Self::Create => true,
            Self::Print(_) | Self::PrintJob => false,
        }
    }
}

/// The forms in which a plan can be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The whole tree as text, for people.
    #[default]
    Text,
    /// The plan document, for programs.
    Json,
}
