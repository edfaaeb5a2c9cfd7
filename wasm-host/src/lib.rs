//! A planner that runs the core as a WebAssembly module: for templates and options of people that one does not trust.
//!
//! ```text
//!  argv ─────────────────────┐
//!  Facts, Template ──► Job ──┴─► the guest ──► bytes ──► PlanDocument ──► checked Plan
//! ```
//!
//! [`Sandbox`] is a [`Planner`](s6_instance_maker::Planner): reading the template and carrying out the plan are
//! `s6-instance-maker`'s code, unchanged. The guest is granted nothing: [`mod@host`] has all of the functions that it may import,
//! none of which reaches a file, the environment, a clock or randomness. What it may use up is in [`Limits`]. What it says is not
//! believed: it must be a plan for this very template that does nothing that no plan may.

#[cfg(feature = "compiler")]
mod complexity;
mod engine;
pub mod error;
pub mod host;
pub mod limits;
mod module;
pub mod options;
pub mod panic;
mod planner;
mod sandbox;

pub use error::SandboxError;
pub use limits::Limits;
pub use module::Origin;
pub use sandbox::Sandbox;
