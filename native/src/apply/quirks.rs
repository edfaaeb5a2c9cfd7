//! The ways in which a place deviates from what new files are asked to be.

use crate::sys::{Status, as_os, create_file, retry};
use cap_std::fs::Dir;
use s6_instance_maker_core::path::Name;
use s6_instance_maker_core::tree::{Ids, Meta, Mode};
use std::io;

/// The differences between new files and what was asked for, on one file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileSystemQuirks {
    /// The permission bits that new files get.
    pub modes: NewModes,
    /// The group that new files get.
    pub groups: NewGroups,
}

/// The permission bits that new files get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewModes {
    /// Those that are asked for.
    AsAsked,
    /// Others: a umask that a user of this library left on, a file system with modes of its own.
    Other,
}

/// The group that new files get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewGroups {
    /// The caller's.
    Callers,
    /// Another, as with the mount option grpid.
    Other,
}

impl FileSystemQuirks {
    /// Makes a file in `dir`, examines it and removes it again.
    pub(super) fn probe(dir: &Dir, caller: Ids) -> io::Result<Self> {
        const NAME: Name = Name::constant(".probe");
        const MODE: u32 = 0o777;
        let file = create_file(dir, &NAME, MODE)?;
        let status = Status::of(&file)?;
        retry(|| dir.remove_file(as_os(&NAME)))?;
        // Where the user is another one too, the owner is not ours to give.
        let is_other_group = status.owner.uid == caller.uid && status.owner.gid != caller.gid;
        Ok(Self {
            modes: if status.mode == MODE { NewModes::AsAsked } else { NewModes::Other },
            groups: if is_other_group { NewGroups::Other } else { NewGroups::Callers },
        })
    }

    /// Returns what a new entry still lacks.
    pub(super) fn corrections(self, meta: Meta, caller: Ids) -> Corrections {
        let group = match self.groups {
            NewGroups::Callers => None,
            NewGroups::Other => Some(caller),
        };
        let owner = meta.owner.or(group);
        // A new file is given no set-id or sticky bit, and a new owner takes those that it has.
        let needs_mode = owner.is_some() || self.modes == NewModes::Other || meta.mode.has(0o7000);
        Corrections { owner, mode: needs_mode.then_some(meta.mode) }
    }
}

/// The owner and mode that an entry must still be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrections {
    /// Given first.
    pub owner: Option<Ids>,
    /// Given second.
    pub mode: Option<Mode>,
}

impl Corrections {
    /// Returns `true` if there is anything to give.
    pub(super) const fn are_needed(self) -> bool {
        self.owner.is_some() || self.mode.is_some()
    }
}
