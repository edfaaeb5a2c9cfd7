//! All tests over the workspace, in one program.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "tests look at the disk, and run programs, as a user does")]
#![expect(clippy::disallowed_types, reason = "sockets in templates are refused, so there must be some")]

mod apply;
mod cli;
mod docs;
mod edges;
mod faults;
mod fuzz;
mod hostile;
mod laws;
mod lint;
mod live;
mod plan;
mod quoting;
mod races;
mod reference;
mod runtimes;
mod s6rc;
mod streams;
mod sync;
mod tidy;
mod wasm;
mod wire;
