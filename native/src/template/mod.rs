//! Templates on disk: read through a directory handle into a manifest, and copied from later.

pub mod outside;
mod read;
pub mod source;
pub(crate) mod walk;
