//! Levels of findings.

/// The level of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The result works, but probably not as meant.
    Warning,
    /// The result cannot work.
    Error,
}

/// The levels that the findings of one rule can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Levels {
    /// Warnings only.
    Warning,
    /// Errors only.
    Error,
    /// Errors or warnings: it depends on the place.
    Either,
}

impl Levels {
    /// The worst of them.
    #[must_use]
    pub const fn worst(self) -> Level {
        match self {
            Self::Warning => Level::Warning,
            Self::Error | Self::Either => Level::Error,
        }
    }

    /// The word in lists of rules: `warning`, `error`, or `either`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Either => "either",
        }
    }
}
