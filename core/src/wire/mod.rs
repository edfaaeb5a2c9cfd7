//! Documents in JSON: jobs and plans, which go into the guest and come out of it, differences, and records of templates
//! (docs/plan-format.md specifies all of them).
//!
//! The types that are serialised are private and versioned; they are made from domain types, and decoding goes through the same
//! constructors that everything else goes through. A decoded plan is a whole tree with paths that cannot escape; whether it does
//! what a plan may do is [`Plan::check`](crate::plan::Plan::check)'s to say.

mod bytes;
mod difference_document;
mod entry;
mod job;
mod json;
mod plan;
mod record;

pub use difference_document::DifferenceDocument;
pub use entry::TemplateDigest;
pub use job::Job;
pub use json::{VERSION, WireError};
pub use plan::PlanDocument;
pub use record::TemplateRecord;
