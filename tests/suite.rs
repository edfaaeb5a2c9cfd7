//! The tests that run programs, real s6, the sandbox, and what takes longer than a save can wait for; `tests/run` runs all of them,
//! and those of `quick.rs`.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "tests look at the disk, and run programs, as a user does")]
#![expect(clippy::disallowed_types, reason = "sockets in templates are refused, so there must be some")]

mod apply;
mod docs;
mod faults;
mod generate;
mod hostile;
mod interpreters;
mod live;
mod packages;
mod places;
mod quoting;
mod races;
mod reference;
mod refresh;
mod runtimes;
mod s6rc;
mod streams;
mod sync;
mod tar;
mod wasm;
