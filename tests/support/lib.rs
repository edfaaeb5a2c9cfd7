//! What the tests of this workspace share: the programs, templates on disk, trees read back, real s6 installations.
//!
//! Not a test itself, and not a part of the product.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot do its work fails")]

pub mod disk;
pub mod program;
pub mod roots;
pub mod scan;
pub mod scratch;
pub mod skip;
