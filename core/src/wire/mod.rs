//! Jobs and plans as JSON: what goes into the guest and what comes out of it (docs/plan-format.md specifies both).
//!
//! The types that are serialised are private and versioned; they are made from domain types, and decoding goes through the same
//! constructors that everything else goes through. A decoded plan is a whole tree with paths that cannot escape; whether it does
//! what a plan may do is [`Plan::check`](crate::plan::Plan::check)'s to say.

mod bytes;
mod entry;
mod job;
mod json;
mod plan;

pub use entry::TemplateDigest;
pub use job::Job;
pub use json::{VERSION, WireError};
pub use plan::PlanDocument;
