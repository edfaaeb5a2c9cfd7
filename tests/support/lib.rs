//! The shared parts of the tests: the programs, templates on disk, trees read back, real s6 installations.
//!
//! Not a test itself, and not a part of the product.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot do its work fails")]
#![expect(clippy::indexing_slicing, reason = "a test that cannot do its work fails")]
#![expect(clippy::disallowed_methods, reason = "tests look at the disk, and run programs, as a user does")]

#[path = "../plan/cases.rs"]
pub mod cases;
pub mod corpus;
pub mod damage;
pub mod disk;
pub mod interpreter_lines;
#[path = "../wire/jobs.rs"]
pub mod jobs;
pub mod json;
pub mod listing;
pub mod manifest;
pub mod model;
pub mod program;
pub mod roots;
pub mod s6rc_model;
#[path = "../s6rc/sources.rs"]
pub mod s6rc_sources;
pub mod scan;
pub mod scratch;
pub mod skip;
pub mod stage;
#[path = "../cli/wrong.rs"]
pub mod wrong;
