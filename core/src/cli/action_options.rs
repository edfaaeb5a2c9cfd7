//! Options about the action and the source of the plan.

use super::action::{Action, Durability, Format, JobPurpose};
use super::color::ColorChoice;
use super::generate::Generated;
use super::refresh_options::RefreshOptions;
use super::refusal::UsageError;
use super::values::checked;
use crate::archive::{ArchiveId, ArchiveOwners, ArchivePath};
use alloc::format;
use alloc::vec::Vec;
use clap::ArgAction;
use std::ffi::{OsStr, OsString};

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Action")]
pub(super) struct ActionOptions {
    /// Print the plan; write nothing
    #[arg(long)]
    dry_run: bool,

    /// text or json [default: text]
    ///
    /// With --dry-run, json is the document that --apply-plan reads; with --diff and --check, the
    /// document of differences.
    #[arg(verbatim_doc_comment, long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    format: Option<Format>,

    /// Print the tree as a tar archive
    ///
    /// The same options and the same template give the same bytes, whoever makes the archive, and
    /// wherever. It goes to standard output; no file is written, and root is not needed. DIR is its
    /// path in the archive; a leading / is dropped. With -r, DIR has no entry there. Generated entries
    /// belong to root, with their modes under umask 022; entries of the template have the owners that
    /// they have there. The time of every entry is SOURCE_DATE_EPOCH from the environment, or else 0.
    #[arg(verbatim_doc_comment, long)]
    tar: bool,

    /// Print the SHA-256 of the tar archive
    ///
    /// The digest of the archive with DIR `.` and the time 0: it shows whether two results are the
    /// same, whatever DIR is.
    #[arg(verbatim_doc_comment, long)]
    digest: bool,

    /// With --tar, --digest: owner of every entry
    ///
    /// By default, each entry has its own owner, and no name. Modes stay, set-user-id bits included.
    #[arg(verbatim_doc_comment, long, value_name = "[NAME:]UID")]
    owner: Option<OsString>,

    /// With --tar, --digest: group of every entry
    ///
    /// See --owner.
    #[arg(verbatim_doc_comment, long, value_name = "[NAME:]GID")]
    group: Option<OsString>,

    /// Print the job that the WASI module reads
    ///
    /// With --tar or --digest it is the job for that.
    #[arg(verbatim_doc_comment, long)]
    print_job: bool,

    /// Take the plan from FILE; `-`: standard input
    ///
    /// A plan that was computed elsewhere. It is refused if the template has changed since, if it
    /// breaks the rules for every plan, or if an option of the command line has another value than
    /// the one that it was computed for. A change of a data file that keeps its size is not noticed.
    #[arg(verbatim_doc_comment, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    apply_plan: Option<OsString>,

    /// auto, always or never [default: auto]
    ///
    /// Color of help, messages, --dry-run, --diff and --check. auto: if the output is a terminal.
    /// NO_COLOR in the environment, if not empty, turns it off; CLICOLOR_FORCE, if neither empty nor
    /// 0, turns it on.
    #[arg(verbatim_doc_comment, long, value_name = "WHEN", value_enum, hide_possible_values = true)]
    color: Option<ColorChoice>,

    /// Flush everything before DIR appears
    ///
    /// Every file and directory is flushed to disk before the result appears, and the directory
    /// that holds the result after that. With exit code 0 the result survives a crash of the system.
    #[arg(verbatim_doc_comment, long)]
    sync: bool,

    /// Print the manual page, or completions for a shell
    ///
    /// WHAT is man, complete-bash, complete-zsh or complete-fish. Takes no operands.
    #[arg(verbatim_doc_comment, long, value_name = "WHAT", value_enum, hide_possible_values = true, hide_short_help = true)]
    generate: Option<Generated>,

    /// Print the short help (-h) or the long one
    #[arg(short = 'h', long, action = ArgAction::Help)]
    help: Option<bool>,

    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

impl ActionOptions {
    /// The action, on what is to be at `dir`.
    pub(super) fn action(&self, existing: &RefreshOptions, dir: &OsStr) -> Result<Action, UsageError> {
        let given = self.given(existing);
        let existing = existing.action(self.format)?;
        if self.format.is_some() && !self.dry_run && !matches!(existing, Some(Action::Compare(_))) {
            return Err(UsageError::requires("--format", "--dry-run, --diff or --check"));
        }
        if self.print_job && self.apply_plan.is_some() {
            return Err(UsageError::exclusive("--print-job and --apply-plan"));
        }
        if let Some(option) = self.about_archives()
            && !self.tar
            && !self.digest
        {
            return Err(UsageError::requires(option, "--tar or --digest"));
        }
        // The archive goes to standard output, and its reader flushes it.
        if self.sync && self.tar {
            return Err(UsageError::exclusive("--sync and --tar"));
        }
        let path = || checked("DIR", dir, ArchivePath::parse);
        match given.as_slice() {
            [] => Ok(Action::Create),
            ["--dry-run"] => Ok(Action::Print(self.format.unwrap_or_default())),
            ["--tar"] => Ok(Action::Tar(path()?, self.owners()?)),
            ["--digest"] => Ok(Action::Digest(self.owners()?)),
            ["--print-job"] => Ok(Action::PrintJob(JobPurpose::Process)),
            ["--digest", "--print-job"] => Ok(Action::PrintJob(JobPurpose::Archive(self.owners()?))),
            // What the job is for would be refused there as well.
            ["--tar", "--print-job"] => path().and_then(|_| Ok(Action::PrintJob(JobPurpose::Archive(self.owners()?)))),
            [_] => Ok(existing.unwrap_or(Action::Create)),
            [first, second, ..] => Err(UsageError::exclusive(&format!("{first} and {second}"))),
        }
    }

    /// The options that stand for actions, and are given.
    fn given(&self, existing: &RefreshOptions) -> Vec<&'static str> {
        let first = [("--dry-run", self.dry_run), ("--tar", self.tar), ("--digest", self.digest)];
        let options = first.into_iter().chain(existing.actions()).chain([("--print-job", self.print_job)]);
        options.filter_map(|(option, is_given)| is_given.then_some(option)).collect()
    }

    /// The first given option that only archives have.
    fn about_archives(&self) -> Option<&'static str> {
        let options = [("--owner", &self.owner), ("--group", &self.group)];
        options.into_iter().find(|(_, value)| value.is_some()).map(|(option, _)| option)
    }

    fn owners(&self) -> Result<ArchiveOwners, UsageError> {
        let read = |option: &str, value: &Option<OsString>| {
            value.as_deref().map(|value| checked(option, value, ArchiveId::parse)).transpose()
        };
        Ok(ArchiveOwners { user: read("--owner", &self.owner)?, group: read("--group", &self.group)? })
    }

    /// The file with a plan that was computed elsewhere.
    pub(super) const fn document(&self) -> Option<&OsString> {
        self.apply_plan.as_ref()
    }

    pub(super) const fn durability(&self) -> Durability {
        if self.sync { Durability::Flushed } else { Durability::Eventual }
    }
}
