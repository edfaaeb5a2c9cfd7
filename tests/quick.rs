//! The tests for every save: no root, no network, no other program than ours, and hardly any disk. `tests/quick` runs them.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "tests look at the disk, and run programs, as a user does")]
#![expect(clippy::disallowed_types, reason = "sockets in templates are refused, so there must be some")]

mod cli;
mod color;
mod compare;
mod definitions;
mod edges;
mod fuzz;
mod laws;
mod lint;
mod messages;
mod plan;
mod schema;
mod site;
mod tidy;
mod wire;
