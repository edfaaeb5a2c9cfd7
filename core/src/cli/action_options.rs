//! Options about the action and the source of the plan.

use super::action::{Action, Durability, Format};
use super::generate::Generated;
use super::refusal::UsageError;
use clap::ArgAction;
use std::ffi::OsString;

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Action")]
pub(super) struct ActionOptions {
    /// Print the plan; write nothing
    #[arg(long)]
    dry_run: bool,

    /// With --dry-run: text or json [default: text]
    ///
    /// json is the document that --apply-plan reads.
    #[arg(verbatim_doc_comment, long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    format: Option<Format>,

    /// Print the job that the WASI module reads
    #[arg(long)]
    print_job: bool,

    /// Take the plan from FILE; `-`: standard input
    ///
    /// A plan that was computed elsewhere. It is refused if the template has changed since, if it
    /// breaks the rules for every plan, or if an option of the command line has another value than
    /// the one that it was computed for.
    #[arg(verbatim_doc_comment, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    apply_plan: Option<OsString>,

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
    pub(super) fn action(&self) -> Result<Action, UsageError> {
        if self.format.is_some() && !self.dry_run {
            return Err(UsageError::requires("--format", "--dry-run"));
        }
        match (self.dry_run, self.print_job) {
            (false, false) => Ok(Action::Create),
            (true, false) => Ok(Action::Print(self.format.unwrap_or_default())),
            (false, true) if self.apply_plan.is_some() => Err(UsageError::exclusive("--print-job and --apply-plan")),
            (false, true) => Ok(Action::PrintJob),
            (true, true) => Err(UsageError::exclusive("--dry-run and --print-job")),
        }
    }

    /// The file with a plan that was computed elsewhere.
    pub(super) const fn document(&self) -> Option<&OsString> {
        self.apply_plan.as_ref()
    }

    pub(super) const fn durability(&self) -> Durability {
        if self.sync { Durability::Flushed } else { Durability::Eventual }
    }
}
