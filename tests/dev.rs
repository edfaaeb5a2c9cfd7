//! dev
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "tests look at the disk, and run programs, as a user does")]
#![expect(clippy::disallowed_types, reason = "sockets in templates are refused, so there must be some")]
mod apply;
mod faults;
mod live;
mod places;
mod races;
mod refresh;
mod sync;
#[path = "wasm/refresh.rs"]
mod wasm_refresh;
