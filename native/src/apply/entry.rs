//! Open directories and names in them, with what to call them in messages.

use crate::error::Place;
use crate::sys::Identity;
use cap_std::fs::Dir;
use s6_instance_maker_core::path::Name;

/// An open directory that new entries are made in.
#[derive(Debug)]
pub struct OpenDir {
    /// The handle, open for listing if the caller may list the directory.
    pub dir: Dir,
    /// Its name in messages.
    pub place: Place,
    /// Its device and inode.
    pub identity: Identity,
}

/// A name in an open directory, whether or not something has it.
#[derive(Debug)]
pub struct Entry {
    /// The directory.
    pub parent: OpenDir,
    /// The name.
    pub name: Name,
}
