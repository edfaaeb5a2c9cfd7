//! The properties of a tree in an archive: the path of its directory, and the owners of its entries.

use crate::number;
use crate::path::{Name, NameError};
use crate::tree::Ids;
use alloc::vec::Vec;

/// The path of DIR in an archive: names joined by single slashes, relative, or `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePath(Vec<u8>);

/// Why DIR has no path in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchivePathError {
    /// Nothing but slashes.
    #[error("without its leading `/`, the path in the archive is empty; `.` is the directory of the archive itself")]
    Empty,
    /// One of the names is `..`.
    #[error("the path in an archive cannot contain `..`")]
    Parent,
    /// One of the names is none.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl ArchivePath {
    /// The directory of the archive itself, `.`.
    #[must_use]
    pub fn here() -> Self {
        Self(b".".to_vec())
    }

    /// Reads a path as it is typed: leading slashes, repeated ones and names `.` are dropped. A path of nothing else than slashes and
    /// at least one `.` is `.`.
    pub fn parse(typed: &[u8]) -> Result<Self, ArchivePathError> {
        let typed = typed.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
        let (dots, names): (Vec<&[u8]>, Vec<&[u8]>) = typed.partition(|name| *name == b".");
        for name in &names {
            match *name {
                b".." => return Err(ArchivePathError::Parent),
                name => Name::new(name).map(|_| ())?,
            }
        }
        match (names.is_empty(), dots.is_empty()) {
            (true, true) => Err(ArchivePathError::Empty),
            (true, false) => Ok(Self::here()),
            (false, _) => Ok(Self(names.join(&b'/'))),
        }
    }

    /// The bytes of the path, at least one.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The time of every entry of an archive, in seconds since the beginning of 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveTime(u64);

/// The latest time of an archive, in seconds: the end of the year 9999, the last that other formats, such as that of OCI images, can say.
pub const ARCHIVE_TIME_MAX: u64 = 253_402_300_799;

/// Why some bytes are no time of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number of seconds from 0 to {ARCHIVE_TIME_MAX}")]
pub struct ArchiveTimeError;

impl ArchiveTime {
    /// Reads digits.
    pub fn parse(digits: &[u8]) -> Result<Self, ArchiveTimeError> {
        number::parse(digits).filter(|&seconds| seconds <= ARCHIVE_TIME_MAX).map(Self).ok_or(ArchiveTimeError)
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// A user or a group of an archive's entries: an id, and the name that whoever unpacks the archive may look up instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveId {
    name: Vec<u8>,
    id: u32,
}

/// The longest name of a user or a group in an archive, in bytes: a tar header has 32 for it, and some readers expect a NUL at the end.
pub const ARCHIVE_NAME_MAX: usize = 31;

/// Why some bytes are no user and no group of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveIdError {
    /// The id is none.
    #[error("must be a number from 0 to 4294967294, alone or as NAME:NUMBER")]
    Id,
    /// The name is empty, or contains what no name contains.
    #[error("the name before `:` cannot be empty or contain a blank, a control character or a slash")]
    Name,
    /// The name is too long.
    #[error("the name before `:` cannot be longer than {ARCHIVE_NAME_MAX} bytes")]
    TooLong,
}

impl ArchiveId {
    /// Reads `[NAME:]ID`.
    pub fn parse(bytes: &[u8]) -> Result<Self, ArchiveIdError> {
        let (name, digits) = match bytes.iter().position(|&byte| byte == b':').and_then(|colon| bytes.split_at_checked(colon)) {
            None => (None, bytes),
            Some((name, digits)) => (Some(name), digits.get(1..).unwrap_or_default()),
        };
        // (uid_t) -1 means "leave alone" to chown: it is nobody's id.
        let id = number::parse(digits).and_then(|id| u32::try_from(id).ok()).filter(|&id| id != u32::MAX);
        let id = id.ok_or(ArchiveIdError::Id)?;
        match name {
            None => Ok(Self { name: Vec::new(), id }),
            Some(name) if name.is_empty() || name.iter().any(|&byte| byte <= b' ' || byte == 0x7f || byte == b'/') => {
                Err(ArchiveIdError::Name)
            }
            Some(name) if name.len() > ARCHIVE_NAME_MAX => Err(ArchiveIdError::TooLong),
            Some(name) => Ok(Self { name: name.to_vec(), id }),
        }
    }
}

/// The owners of an archive's entries, where they are not those that the entries have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveOwners {
    /// The user of every entry. `None`: the user of each.
    pub user: Option<ArchiveId>,
    /// The group of every entry. `None`: the group of each.
    pub group: Option<ArchiveId>,
}

impl ArchiveOwners {
    /// The owner in the archive of an entry that belongs to `owner`.
    #[must_use]
    pub fn of(&self, owner: Ids) -> Ids {
        Ids {
            uid: self.user.as_ref().map_or(owner.uid, |user| user.id),
            gid: self.group.as_ref().map_or(owner.gid, |group| group.id),
        }
    }

    /// The name of every entry's user; empty: there is none.
    #[must_use]
    pub fn user_name(&self) -> &[u8] {
        self.user.as_ref().map_or(b"", |user| &user.name)
    }

    /// The name of every entry's group; empty: there is none.
    #[must_use]
    pub fn group_name(&self) -> &[u8] {
        self.group.as_ref().map_or(b"", |group| &group.name)
    }
}
