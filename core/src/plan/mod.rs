//! The plan: a pure function from what is wanted and what was seen to the tree that shall be made.
//!
//! The bytes and modes are those of s6's own program wherever its result works (docs/original.md, "Generated files" and
//! "Modes"); where it does not, docs/deviations.md says what is made instead.

mod content;
mod draft;
mod error;
mod scripts;
mod static_plan;
mod wrap;

pub use content::{Content, Placement, Plan, TemplateDifference};
pub use error::PlanError;
pub use wrap::{ScriptProblem, ScriptReason, WrapError};

use crate::account::Account;
use crate::definition::Consumer;
use crate::facts::Facts;
use crate::instances::Instances;
use crate::layout::{CONSUMER_FOR, INSTANCE, INSTANCES, LOG, PIPELINE_NAME, PRODUCER_FOR, TEMPLATE};
use crate::lint::lint;
use crate::logging::LOG_FILE_SIZES;
use crate::path::TreePath;
use crate::request::{Launcher, Request, Shape};
use crate::rights::{CopyRights, UserAccess};
use crate::rules::{self, Finding, Problem, Tally};
use crate::target::S6Version;
use crate::template::Template;
use alloc::vec::Vec;
use draft::{Draft, LongrunKind, Modes, TemplateCopy, below};
use scripts::CapacityError;
use wrap::Wrappers;

/// Computes what is to be made of `template`: the same arguments, the same plan.
///
/// # Errors
///
/// Everything that is wrong, with the warnings that were found beside it.
pub fn plan(request: &Request, facts: &Facts, template: &Template) -> Result<Plan, PlanError> {
    let mut findings = of_request(request, facts);
    findings.extend(lint(request, facts, template));
    let beside = findings.clone();
    drafted(request, facts, template, findings).map_err(|error| error.beside(beside, &request.rules))
}

fn drafted(request: &Request, facts: &Facts, template: &Template, mut findings: Vec<Finding>) -> Result<Plan, PlanError> {
    let modes = Modes::under(facts.umask)?;
    let run = scripts::supervisor(request, template.instance_logger())
        .map_err(|CapacityError { given }| PlanError::TooManyLogged { given })?;
    let instances = instances(request)?;
    let copying = CopyRights::new(request.script_modes, facts, template);
    let wrapping = match &request.user {
        // What cannot run at all need not run as a user.
        Some(_) if request.rules.refuses(&findings) => Wrappers::default(),
        Some(user) => {
            let access = UserAccess::new(user, facts, template, &copying);
            match request.shape.launcher() {
                Launcher::S6Svscan => Wrappers::new(user, &request.target, template, &access)?,
                Launcher::S6Rc => Wrappers::elsewhere(user, template, &access)?,
            }
        }
        None => Wrappers::default(),
    };
    findings.extend(of_wrapping(&wrapping));
    let copy = TemplateCopy::new(template, &copying, &wrapping);
    findings.extend(copy.without_set_id().iter().cloned().map(Problem::SetIdDropped).map(Finding::warning));
    // Whoever is root expects that owners are kept; anybody else, that the copies are theirs.
    if let Some((first, count)) = copy.without_owner().filter(|_| facts.caller.uid == 0) {
        findings.push(Finding::warning(Problem::Tally(Tally::Owner, first.clone(), count)));
    }
    let warnings = request.rules.judge(findings)?;
    let mut draft = Draft::new(modes);

    match &request.shape {
        Shape::ServiceDirectory { log, .. } => {
            draft.longrun(&TreePath::ROOT, run, modes.script)?;
            draft.directory(INSTANCE);
            draft.directory(INSTANCES);
            draft.copy(&TEMPLATE, &copy)?;
            for instance in instances.iter() {
                draft.instance(instance, &copy)?;
            }
            if let Some(logging) = log {
                draft.directory(LOG);
                draft.longrun(&LOG, scripts::logger(logging, &request.target), modes.script)?;
            }
        }
        Shape::S6Rc(definition) => {
            let service = draft.definition(definition.service(), definition, LongrunKind::Ready(run))?;
            draft.managed(&service, definition)?;
            draft.copy(&below(&service, &TEMPLATE)?, &copy)?;
            if let Some(Consumer { logger, pipeline, logging }) = definition.log() {
                draft.list(&service, &PRODUCER_FOR, [logger.as_name().as_bytes()])?;
                let script = LongrunKind::Ready(scripts::logger(logging, &request.target));
                let log = draft.definition(logger, definition, script)?;
                draft.list(&log, &CONSUMER_FOR, [definition.service().as_name().as_bytes()])?;
                if let Some(pipeline) = pipeline {
                    draft.list(&log, &PIPELINE_NAME, [pipeline.as_bytes()])?;
                }
            }
        }
        Shape::Static { definition, instances } => {
            static_plan::draft(&mut draft, request, definition, instances, template, &copy)?;
        }
    }
    Ok(Plan { tree: draft.into_tree()?, placement: Placement::of(&request.shape), warnings })
}

/// All instances that shall be there from the start, if there can be.
fn instances(request: &Request) -> Result<Instances, PlanError> {
    let instances = match &request.shape {
        Shape::ServiceDirectory { instances, .. } => instances.clone(),
        // s6-rc has room for all of them.
        Shape::S6Rc(_) | Shape::Static { .. } => Instances::default(),
    };
    let (declared, room) = (instances.iter().len(), request.room().get());
    if u32::try_from(declared).map_or(true, |declared| declared > room) {
        return Err(PlanError::TooManyInstances { declared, room });
    }
    if let Some(name_max) = request.name_max
        && let Some(name) = instances.iter().find(|name| !name_max.allows(name))
    {
        return Err(PlanError::LongInstanceName { name: name.clone(), name_max });
    }
    Ok(instances)
}

/// Findings about a request, for any template.
fn of_request(request: &Request, facts: &Facts) -> Vec<Finding> {
    let mut problems = Vec::new();
    if !request.idle_logger_options.is_empty() {
        problems.push(Problem::IdleLoggerOptions(request.idle_logger_options.clone()));
    }
    if let Some(logging) = request.shape.logging()
        && !LOG_FILE_SIZES.contains(&logging.file_size)
    {
        problems.push(Problem::LogFileSize(logging.file_size));
    }
    if let Some(version) = request.target.s6_version.filter(|&version| version > S6Version::NEWEST) {
        problems.push(Problem::NewerS6(version));
    }
    if !request.empty_options.is_empty() {
        problems.push(Problem::EmptyUser);
    }
    if let (Some(capacity), None) = (request.max_instances, request.target.s6_version) {
        problems.push(Problem::CapacityNeedsSlots(capacity.get()));
    }
    let log_user = request.shape.logging().and_then(|logging| logging.user.as_ref());
    if let Some(Account::Named(name)) = log_user.map(|user| &user.account)
        && !facts.accounts.contains_key(name)
        && log_user.map(|user| &user.account) != request.user.as_ref()
    {
        problems.push(Problem::UnknownAccount(name.clone()));
    }
    if let Some(definition) = request.shape.definition()
        && definition.management().flags.essential
        && !definition.management().depends_on.is_empty()
    {
        let depends_on = definition.management().depends_on.iter().cloned().collect();
        problems.push(Problem::EssentialDependencies(depends_on));
    }
    if !rules::writers(facts.umask).is_empty() {
        problems.push(Problem::WritableScripts(facts.umask));
    }
    problems.into_iter().map(Finding::warning).collect()
}

/// Findings about the user of `-u` and the scripts that get wrappers.
fn of_wrapping(wrapping: &Wrappers) -> impl Iterator<Item = Finding> {
    let writable = wrapping.user_writable().iter().cloned().map(Problem::UserWritable);
    let links = wrapping.links().iter().cloned().map(Problem::LinkToWrapped);
    let unknown = wrapping.unknown_account().cloned().map(Problem::UnknownAccount);
    writable.chain(links).chain(unknown).map(Finding::warning)
}
