//! Options about an existing DIR: the comparison with it, and its refresh.

use super::action::{Action, Audience, Comparison, Copies, Format, Verdict};
use super::refusal::UsageError;

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Existing DIR")]
pub(super) struct RefreshOptions {
    /// Print what --refresh would change
    ///
    /// Entries that it would create, replace or remove, and those that it would keep because they are
    /// not its own, with their types, modes, owners and link targets, and the changed lines of text
    /// files. Nothing is written. What belongs to the living service is not compared: instances, the
    /// state of supervisors, files called down.
    #[arg(verbatim_doc_comment, long)]
    diff: bool,

    /// The same; exit 1 if anything differs
    ///
    /// An absent DIR differs, and so does one with an entry that --refresh would keep.
    #[arg(verbatim_doc_comment, long)]
    check: bool,

    /// With --check: print nothing
    #[arg(long)]
    quiet: bool,

    /// Show text that others may not read
    ///
    /// With --diff and --check. By default, the size and the SHA-256 of such a file are shown.
    #[arg(verbatim_doc_comment, long)]
    show_private: bool,

    /// Create DIR, or bring it up to date
    ///
    /// Only what differs is replaced, each entry in one step. The living service is not touched:
    /// instances keep running, with the copy of the template that they have. Afterwards the program says
    /// what takes effect when, and which commands carry that on.
    #[arg(verbatim_doc_comment, long)]
    refresh: bool,

    /// The same, and update the copies of instances
    ///
    /// Running processes are not touched. A copy that was edited by hand is left, and reported.
    #[arg(verbatim_doc_comment, long)]
    refresh_instances: bool,

    /// With --refresh-instances: edited ones too
    #[arg(long)]
    overwrite_edited: bool,
}

impl RefreshOptions {
    /// The action, in the form that --format says, if one of the options asks for it.
    pub(super) fn action(&self, format: Option<Format>) -> Result<Option<Action>, UsageError> {
        let requires = |option, others| Err(UsageError::requires(option, others));
        match self {
            Self { quiet: true, check: false, .. } => return requires("--quiet", "--check"),
            Self { quiet: true, .. } if format.is_some() => return Err(UsageError::exclusive("--quiet and --format")),
            Self { show_private: true, diff: false, check: false, .. } => {
                return requires("--show-private", "--diff or --check");
            }
            Self { overwrite_edited: true, refresh_instances: false, .. } => {
                return requires("--overwrite-edited", "--refresh-instances");
            }
            _ => {}
        }
        let audience = if self.quiet { Audience::Nobody } else { Audience::Reader(format.unwrap_or_default()) };
        let verdict = if self.check { Verdict::Exit } else { Verdict::None };
        let comparison = Comparison { audience, verdict, private: self.show_private.into() };
        let copies = match (self.refresh_instances, self.overwrite_edited) {
            (false, _) => Copies::Kept,
            (true, false) => Copies::Unedited,
            (true, true) => Copies::All,
        };
        Ok(match (self.diff || self.check, self.refresh || self.refresh_instances) {
            (false, false) => None,
            (true, _) => Some(Action::Compare(comparison)),
            (false, true) => Some(Action::Refresh(copies)),
        })
    }

    /// The options that stand for actions, in the order of the help, and whether each is given.
    pub(super) fn actions(&self) -> [(&'static str, bool); 3] {
        let refresh = if self.refresh { "--refresh" } else { "--refresh-instances" };
        [("--diff", self.diff), ("--check", self.check), (refresh, self.refresh || self.refresh_instances)]
    }
}
