//! Rules: everything that the program warns of or refuses about a template, a command line or a place, each with an id for good.
//!
//! [`Rule`] is the list of ids, with level, consequence and advice; [`Problem`] is what one of them found, typed; a [`Finding`] is
//! a problem and its level; [`Settings`] say which findings are accepted and which are fatal. Nothing here looks for problems: that
//! is [`crate::lint`], [`crate::plan`] and the shell.

mod control;
mod finding;
mod hint;
mod interpreter_line;
mod level;
mod listing;
mod parts;
mod problem;
mod remedy;
mod script;
mod sentence;
mod settings;
mod table;

pub(crate) use control::descriptor;
pub use control::{ControlFile, Setting};
pub use finding::{Finding, Findings};
pub(crate) use interpreter_line::{InterpreterLine, is_blank};
pub use level::{Level, Levels};
#[cfg(feature = "cli")]
pub(crate) use listing::is_near;
pub use listing::list;
#[cfg(feature = "cli")]
pub use listing::nearest;
pub use parts::FindingParts;
pub use problem::{DeniedAccess, LinkDestination, PlaceChange, Problem, S6RcSeries, ServiceKind, StaticProblem, Tally};
pub use remedy::Remedy;
pub use script::{EntryKind, Fault, Part, Script, Stage};
pub(crate) use sentence::writers;
pub use settings::{Settings, Severity};
pub use table::Rule;
