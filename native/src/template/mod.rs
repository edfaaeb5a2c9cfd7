//! Templates on disk: read through a directory handle into a manifest, and copied from later.

pub(crate) mod held;
pub mod outside;
pub mod read;
pub mod source;
pub(crate) mod walk;
