//! The plan: a pure function from what is wanted and what was seen to the tree that shall be made.
//!
//! The bytes and modes are those of s6's own program wherever its result works (docs/original.md, "Generated files" and
//! "Modes"); where it does not, docs/deviations.md says what is made instead.

mod content;
mod draft;
mod error;
mod scripts;
mod wrap;

pub use content::{Content, Placement, Plan};
pub use error::PlanError;
pub use wrap::{ScriptProblem, ScriptReason, WrapError};

use crate::definition::Consumer;
use crate::facts::Facts;
use crate::instances::Instances;
use crate::layout::{CONSUMER_FOR, INSTANCE, INSTANCES, LOG, PIPELINE_NAME, PRODUCER_FOR, TEMPLATE};
use crate::lint;
use crate::logging::LOG_FILE_SIZES;
use crate::path::TreePath;
use crate::request::{Request, Shape};
use crate::rights::{Copying, UserAccess};
use crate::target::S6Version;
use crate::template::Template;
use crate::warning::{self, Warning};
use alloc::vec::Vec;
use draft::{Draft, Modes, TemplateCopy, below};
use scripts::NoRoom;
use wrap::Wrapping;

/// Computes what shall be made of `template`: the same arguments, the same plan.
pub fn plan(request: &Request, facts: &Facts, template: &Template) -> Result<Plan, PlanError> {
    let modes = Modes::under(facts.umask)?;
    let run =
        scripts::supervisor(request, template.is_logged()).map_err(|NoRoom { given }| PlanError::TooManyLogged { given })?;
    let instances = instances(request)?;
    let findings = lint::warnings(lint::lint(request, facts, template), request.lint.severity)?;
    let copying = Copying::new(request.script_modes, facts, template);
    let wrapping = match &request.user {
        Some(user) => Wrapping::new(user, &request.target, template, &UserAccess::new(user, facts, template, &copying))?,
        None => Wrapping::default(),
    };
    let mut warnings = warnings(request, facts, &wrapping);
    warnings.extend(findings.into_iter().map(Warning::Lint));
    let copy = TemplateCopy::new(template, &copying, &wrapping);
    warnings.extend(copy.without_set_id().iter().cloned().map(Warning::SetIdDropped));
    let mut draft = Draft::new(modes);

    match &request.shape {
        Shape::ServiceDirectory { log, .. } => {
            draft.longrun(&TreePath::ROOT, run, modes.script)?;
            draft.directory(INSTANCE)?;
            draft.directory(INSTANCES)?;
            draft.copy(&TEMPLATE, &copy)?;
            for instance in instances.iter() {
                draft.instance(instance, &copy)?;
            }
            if let Some(logging) = log {
                draft.directory(LOG)?;
                draft.longrun(&LOG, scripts::logger(logging, &request.target), modes.script)?;
            }
        }
        Shape::S6Rc(definition) => {
            let service = draft.definition(definition.service(), definition, run)?;
            draft.managed(&service, definition)?;
            draft.copy(&below(&service, &TEMPLATE)?, &copy)?;
            if let Some(Consumer { logger, pipeline, logging }) = definition.log() {
                draft.list(&service, &PRODUCER_FOR, logger)?;
                let log = draft.definition(logger, definition, scripts::logger(logging, &request.target))?;
                draft.list(&log, &CONSUMER_FOR, definition.service())?;
                if let Some(pipeline) = pipeline {
                    draft.list(&log, &PIPELINE_NAME, pipeline)?;
                }
            }
        }
    }
    Ok(Plan { tree: draft.into_tree(), placement: Placement::of(&request.shape), warnings })
}

/// All instances that shall be there from the start, if there can be.
fn instances(request: &Request) -> Result<Instances, PlanError> {
    let instances = match &request.shape {
        Shape::ServiceDirectory { instances, .. } => instances.clone(),
        Shape::S6Rc(_) => Instances::default(),
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

fn warnings(request: &Request, facts: &Facts, wrapping: &Wrapping) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !request.idle_logger_options.is_empty() {
        warnings.push(Warning::IdleLoggerOptions(request.idle_logger_options.clone()));
    }
    if let Some(logging) = request.shape.logging()
        && !LOG_FILE_SIZES.contains(&logging.file_size)
    {
        warnings.push(Warning::LogFileSize { given: logging.file_size });
    }
    if let Some(version) = request.target.s6_version.filter(|&version| version > S6Version::NEWEST) {
        warnings.push(Warning::NewerS6 { given: version });
    }
    if !warning::writers(facts.umask).is_empty() {
        warnings.push(Warning::WritableScripts { umask: facts.umask });
    }
    warnings.extend(wrapping.user_writable().iter().cloned().map(Warning::UserWritable));
    warnings.extend(wrapping.links().iter().cloned().map(Warning::LinkToWrapped));
    warnings.extend(wrapping.unknown_account().cloned().map(Warning::UnknownAccount));
    warnings
}
