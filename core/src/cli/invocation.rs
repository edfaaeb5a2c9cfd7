//! The meaning of a command line, whole: what to make, where the plan comes from, and what to do with it.

use super::action::{Action, Copies, Durability, LinkPolicy};
use super::grammar::Arguments;
use super::refusal::UsageError;
use crate::instances::{DuplicateInstance, Instances};
use crate::options::Options;
use crate::request::{Launcher, Request, Shape};
use crate::rules::Settings;
use alloc::boxed::Box;
use alloc::format;
use std::ffi::OsString;

/// The meaning of a command line.
///
/// The source of a plan and the action are independent: every [`PlanSource`] goes with every [`Action`] that requires a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The operand TEMPLATE, not empty.
    pub template: OsString,
    /// The operand DIR, not empty.
    pub dir: OsString,
    /// The file that lists more instances; `-` is standard input.
    pub instances_from: Option<OsString>,
    /// The source of the plan.
    pub source: PlanSource,
    /// The action.
    pub action: Action,
    /// The treatment of the template's links that point outside it.
    pub links: LinkPolicy,
    /// The protection of the result against a crash of the system.
    pub durability: Durability,
}

/// The source of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanSource {
    /// The plan is computed for this request, here or elsewhere. It is without the instances that [`Invocation::instances_from`]
    /// lists until they are [declared](Invocation::declare).
    Computed(Box<Request>),
    /// The plan is in a document.
    Document {
        /// The file; `-` is standard input.
        file: OsString,
        /// The options of the command line: a document that was computed for others is refused.
        expected: Options,
        /// The treatment of the document's warnings.
        settings: Settings,
    },
}

impl PlanSource {
    /// Returns the request, for a program that does nothing but compute plans.
    pub fn into_request(self) -> Result<Request, UsageError> {
        match self {
            Self::Computed(request) => Ok(*request),
            Self::Document { .. } => {
                let error = UsageError::new("--apply-plan: this program computes plans and carries none out");
                Err(error.with_hint("s6-instance-maker --apply-plan carries out a plan"))
            }
        }
    }
}

impl Invocation {
    /// Interprets `arguments`, of which `typed` says which options the command line itself has.
    pub(super) fn new(arguments: &Arguments, typed: &[&'static str]) -> Result<Self, UsageError> {
        let [template, dir] = arguments.operands()?;
        let action = arguments.action.action(&arguments.existing, &dir)?;
        let source = match arguments.action.document() {
            None => PlanSource::Computed(Box::new(request(arguments)?)),
            Some(file) => PlanSource::Document {
                file: file.clone(),
                expected: arguments.options()?.only(typed),
                settings: arguments.template.settings(None)?,
            },
        };
        if matches!(action, Action::Refresh(Copies::Unedited | Copies::All)) && arguments.s6_rc.makes_definitions() {
            let error = UsageError::new("--refresh-instances and -r are mutually exclusive");
            return Err(
                error.with_hint("a source definition contains no instances; s6-rc-update brings running ones up to date")
            );
        }
        let instances_from = arguments.instances.list().cloned();
        if let (Some(list), PlanSource::Document { file, .. }) = (&instances_from, &source)
            && list == "-"
            && file == "-"
        {
            return Err(UsageError::new("--instances-from and --apply-plan cannot both read standard input"));
        }
        Ok(Self {
            template,
            dir,
            instances_from,
            source,
            action,
            links: arguments.template.links()?,
            durability: arguments.action.durability(),
        })
    }

    /// The option by which standard input is read, if one does.
    #[must_use]
    pub fn standard_input(&self) -> Option<&'static str> {
        match &self.source {
            PlanSource::Document { file, .. } if file == "-" => Some("--apply-plan"),
            _ => self.instances_from.as_ref().filter(|file| *file == "-").map(|_| "--instances-from"),
        }
    }

    /// Adds the instances of [`instances_from`](Self::instances_from) to those that the command line names.
    pub fn declare(&mut self, list: &Instances) -> Result<(), DuplicateInstance> {
        match &mut self.source {
            PlanSource::Computed(request) => request.declare(list),
            // Without a list, the options have no names of instances.
            PlanSource::Document { expected, .. } if self.instances_from.is_some() => expected.declare(list),
            PlanSource::Document { .. } => Ok(()),
        }
    }
}

fn request(arguments: &Arguments) -> Result<Request, UsageError> {
    let logger = arguments.logger.meaning()?;
    let target = arguments.target.target()?;
    let name_max = arguments.service.name_max(&target)?;
    let max_instances = arguments.service.capacity()?;
    let definition = arguments.s6_rc.definition(logger.logging.as_ref())?;
    let declaring = arguments.instances.given();
    let shape = match (arguments.instances.launcher(), definition, declaring) {
        (Launcher::S6Rc, None, _) => return Err(UsageError::requires("--static", "-r")),
        (Launcher::S6Rc, Some(_), None) => {
            let error = UsageError::requires("--static", "--instance, --instances-from or --count");
            return Err(error.with_hint("--count 0 declares no instance: the service is an empty bundle"));
        }
        (Launcher::S6Rc, Some(definition), Some(_)) => {
            let limits = [("-c", max_instances.is_some()), ("--name-max", name_max.is_some())];
            if let Some((limit, _)) = limits.into_iter().find(|(_, is_given)| *is_given) {
                let error = UsageError::exclusive(&format!("{limit} and --static"));
                return Err(
                    error.with_hint("with --static there is no s6-svscan that has such a limit: s6-rc runs each instance")
                );
            }
            Shape::Static { definition, instances: arguments.instances.declared()? }
        }
        (Launcher::S6Svscan, None, _) => {
            Shape::ServiceDirectory { log: logger.logging, instances: arguments.instances.declared()? }
        }
        (Launcher::S6Svscan, Some(_), Some(option)) => {
            let error = UsageError::new(format!("{option} and -r are mutually exclusive without --static"));
            return Err(error.with_hint(
                "s6-rc-compile creates the directories for instances itself, empty; --static makes each instance an s6-rc service",
            ));
        }
        (Launcher::S6Svscan, Some(definition), None) => Shape::S6Rc(definition),
    };
    let rules = arguments.template.settings(shape.definition())?;
    Ok(Request {
        shape,
        max_instances,
        name_max,
        user: arguments.service.user()?,
        script_modes: arguments.template.script_modes(),
        rules,
        target,
        idle_logger_options: logger.idle,
        empty_options: arguments.service.empty(),
    })
}
