//! The command line: one grammar for every program of this project.
//!
//! [`parse`] reads words and returns an [`Invocation`], which is what a command line means, whole; nothing else interprets options.
//! Each family of options has a file, in which an option's help, its default and its meaning stand together. The short options are
//! those of s6's own program (docs/original.md, "Command line"); the long ones are ours.

mod action_options;
mod instance_options;
mod logger_options;
mod refresh_options;
mod s6_rc_options;
mod service_options;
mod target_options;
mod template_options;

mod action;
mod color;
mod generate;
mod grammar;
mod invocation;
mod parse;
mod program;
mod refusal;
mod short;
mod values;
mod words;

pub use action::{Action, Audience, Comparison, Copies, Durability, Format, JobPurpose, LinkPolicy, PrivateText, Verdict};
pub use clap::Args;
pub use color::ColorChoice;
pub use invocation::{Invocation, PlanSource};
#[cfg(feature = "laws")]
pub(crate) use parse::parse_any;
pub use parse::{NoOptions, ParsedArgs, parse, parse_common};
pub use program::{Program, Site};
pub use refusal::{Refusal, UsageError};
pub use values::{NumberOption, Unit};
