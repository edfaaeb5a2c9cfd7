//! Actions, and how they are done: the values that the options of the last two families stand for.

use crate::archive::{ArchiveOwners, ArchivePath};
use clap::ValueEnum;

/// The action of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Carry out the plan.
    Create,
    /// Print the plan.
    Print(Format),
    /// Compare the plan with DIR.
    Compare(Comparison),
    /// Create DIR, or bring it up to date.
    Refresh(Copies),
    /// Print what a plan is computed from.
    PrintJob(JobPurpose),
    /// Print the tree as an archive in which DIR has this path.
    Tar(ArchivePath, ArchiveOwners),
    /// Print the digest of such an archive.
    Digest(ArchiveOwners),
}

/// A comparison with DIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The reader of the differences.
    pub audience: Audience,
    /// The effect of a difference on the exit code.
    pub verdict: Verdict,
    /// The treatment of text that others may not read.
    pub private: PrivateText,
}

/// The reader of what a comparison finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Somebody who reads it in this form.
    Reader(Format),
    /// Nobody: the exit code is enough.
    Nobody,
}

/// The effect of a difference on the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// None: the exit code is 0.
    None,
    /// The exit code is 1.
    Exit,
}

/// The treatment of text that others may not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateText {
    /// Its size and its digest are shown.
    Hidden,
    /// It is shown like any other.
    Shown,
}

impl From<bool> for PrivateText {
    fn from(is_shown: bool) -> Self {
        if is_shown { Self::Shown } else { Self::Hidden }
    }
}

/// The treatment of the copies that instances are by a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// They stay as they are.
    Kept,
    /// Those that nobody edited are brought up to date.
    Unedited,
    /// All are brought up to date.
    All,
}

/// The purpose of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobPurpose {
    /// The plan is for this process, under its umask.
    Process,
    /// The plan is for an archive.
    Archive(ArchiveOwners),
}

/// The treatment of symbolic links that point outside the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPolicy {
    /// They stay links, like all others.
    Kept,
    /// Their targets are copied in their place.
    Copied {
        /// The most that may be copied, in bytes.
        limit: u64,
    },
}

/// The protection of a result against a crash of the whole system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The system writes it to disk in its own time.
    #[default]
    Eventual,
    /// Every file and directory is flushed before the result appears, and the directory that it appears in after that.
    Flushed,
}

impl Action {
    /// Returns `true` if it writes files, which must not be left half made.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::Create | Self::Refresh(_) => true,
            Self::Compare(_) | Self::Print(_) | Self::PrintJob(_) | Self::Tar(..) | Self::Digest(_) => false,
        }
    }

    /// The owners that the tree has in an archive; `None`: the tree is not for an archive.
    #[must_use]
    pub const fn archive_owners(&self) -> Option<&ArchiveOwners> {
        match self {
            Self::Tar(_, owners) | Self::Digest(owners) | Self::PrintJob(JobPurpose::Archive(owners)) => Some(owners),
            Self::Create | Self::Compare(_) | Self::Refresh(_) => None,
            Self::Print(_) | Self::PrintJob(JobPurpose::Process) => None,
        }
    }
}

/// The forms in which a plan can be printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The whole tree as text, for people.
    #[default]
    Text,
    /// The plan document, for programs.
    Json,
}
