//! Laws: outcomes and violations.

use alloc::format;
use alloc::string::String;
use core::fmt;

/// The outcome of a law that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The input was refused, in order.
    Refused,
    /// The input was taken, and everything that follows from it is as it must be.
    Accepted,
}

/// A law does not hold: which part of it, and what it was about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {about}")]
pub struct BrokenLaw {
    pub(super) what: &'static str,
    pub(super) about: String,
}

/// Fails with `what` where `holds` is false.
pub(super) fn law(holds: bool, what: &'static str, about: &dyn fmt::Debug) -> Result<(), BrokenLaw> {
    if holds { Ok(()) } else { Err(BrokenLaw { what, about: format!("{about:?}") }) }
}
