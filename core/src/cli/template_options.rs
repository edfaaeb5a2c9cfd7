//! The template: what of it is accepted, and how it is copied.

use super::action::LinkPolicy;
use super::refusal::UsageError;
use super::values::NumberOption;
use super::words::Words;
use crate::definition::Definition;
use crate::escape::Escaped;
use crate::options::Options;
use crate::request::ScriptModes;
use crate::rules::{self, Remedy, Rule, Settings, Severity};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use clap::ArgAction;
use std::ffi::{OsStr, OsString};

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Template")]
pub(super) struct TemplateOptions {
    /// Accept the error or warning ID (repeatable)
    ///
    /// Each error or warning that can be accepted begins with its id; --explain explains it.
    #[arg(verbatim_doc_comment, long, value_name = "ID", action = ArgAction::Append)]
    allow: Vec<OsString>,

    /// Treat every warning as an error
    #[arg(long)]
    strict: bool,

    /// Copy the targets of links that leave TEMPLATE
    ///
    /// The targets of symbolic links that point outside the template are copied in their place, if
    /// they are files or directories. Links inside the template stay links.
    #[arg(verbatim_doc_comment, long)]
    dereference: bool,

    /// Limit of --dereference [default: 67108864]
    ///
    /// The size of all that is copied from outside the template; an entry counts 256 bytes at least.
    #[arg(verbatim_doc_comment, long, value_name = "BYTES")]
    dereference_limit: Option<OsString>,

    /// Make the copied scripts executable
    ///
    /// Everybody who can read the copy of run, finish, log/run or log/finish can execute it; the same
    /// holds for data/check, which s6-notifyoncheck runs.
    #[arg(verbatim_doc_comment, long)]
    fix_modes: bool,

    /// List the ids of all errors and warnings
    ///
    /// One line each: the id, its level, and what it finds. Takes no operands.
    #[arg(verbatim_doc_comment, long)]
    list_rules: bool,

    /// Explain the error or warning ID
    ///
    /// Meaning, consequence and advice. Takes no operands.
    #[arg(verbatim_doc_comment, long, value_name = "ID")]
    explain: Option<OsString>,
}

/// The default limit of --dereference in bytes: much for configuration, little for a disk.
const DEREFERENCE_LIMIT: u64 = 64 << 20;

impl TemplateOptions {
    /// The treatment of findings; `definition` has remedies too.
    pub(super) fn settings(&self, definition: Option<&Definition>) -> Result<Settings, UsageError> {
        let remedies = [(Remedy::Dereference, self.dereference), (Remedy::FixModes, self.fix_modes)];
        Ok(Settings {
            allowed: self.allow.iter().map(|id| rule("--allow", id)).collect::<Result<_, _>>()?,
            severity: if self.strict { Severity::Strict } else { Severity::Usual },
            followed: remedies
                .into_iter()
                .filter_map(|(remedy, given)| given.then_some(remedy))
                .chain(definition.into_iter().flat_map(remedies_of))
                .collect(),
        })
    }

    pub(super) fn links(&self) -> Result<LinkPolicy, UsageError> {
        let limit = NumberOption::bytes("--dereference-limit").read(self.dereference_limit.as_deref(), 0, u64::MAX)?;
        match (self.dereference, limit) {
            (false, Some(_)) => Err(UsageError::requires("--dereference-limit", "--dereference")),
            (false, None) => Ok(LinkPolicy::Kept),
            (true, limit) => Ok(LinkPolicy::Copied { limit: limit.unwrap_or(DEREFERENCE_LIMIT) }),
        }
    }

    /// Adds the family to what a plan must be computed for.
    pub(super) fn say(&self, options: &mut Options) {
        options.flag("fix-modes", self.fix_modes.then_some(()));
    }

    pub(super) const fn script_modes(&self) -> ScriptModes {
        if self.fix_modes { ScriptModes::Executable } else { ScriptModes::Kept }
    }
}

/// The text that `words` ask for in place of an invocation: a list of the rules, or one of them explained.
pub(super) fn about_rules(words: &Words) -> Result<Option<String>, UsageError> {
    let (option, text) = match (words.value("explain"), words.has("list-rules")) {
        (Some(_), true) => return Err(UsageError::exclusive("--list-rules and --explain")),
        (Some(id), false) => ("--explain", rule("--explain", id)?.explain()),
        (None, true) => ("--list-rules", rules::list()),
        (None, false) => return Ok(None),
    };
    if words.has_operands() { Err(UsageError::new(format!("{option} takes no operands"))) } else { Ok(Some(text)) }
}

/// The rule with an id that a user typed.
fn rule(option: &str, id: &OsStr) -> Result<Rule, UsageError> {
    let id = id.as_encoded_bytes();
    Rule::parse(id).ok_or_else(|| {
        let error = UsageError::new(format!("{option} `{}`: unknown id", Escaped(id)));
        match rules::nearest(id) {
            Some(meant) => error.with_hint(format!("did you mean `{}`?", meant.id())),
            None => error.with_hint("--list-rules lists the ids"),
        }
    })
}

/// The remedies that a definition for s6-rc has already.
fn remedies_of(definition: &Definition) -> impl Iterator<Item = Remedy> {
    let management = definition.management();
    let log = definition.log();
    [
        (Remedy::DependsOn, !management.depends_on.is_empty()),
        (Remedy::Logger, log.is_some()),
        (Remedy::Pipeline, log.is_some_and(|log| log.pipeline.is_some())),
        (Remedy::Essential, management.flags.essential),
        (Remedy::Recommended, management.flags.recommended),
        (Remedy::TimeoutUp, management.timeout_up.is_some()),
        (Remedy::TimeoutDown, management.timeout_down.is_some()),
    ]
    .into_iter()
    .filter_map(|(remedy, is_given)| is_given.then_some(remedy))
}
