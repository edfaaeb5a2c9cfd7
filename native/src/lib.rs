//! The native shell of s6-instance-maker: reads a template through a capability handle, has a plan computed, carries it out.
//!
//! [`authority`] is the bridge from typed paths to handles, [`read`] from a handle to a manifest, [`apply`] from a plan to the
//! disk; [`execute`] is the three of them in a row, with any planner in the middle, and [`shell`] a whole program around it.

pub mod error;

pub mod authority;
pub mod facts;
pub mod run;
pub mod signals;

pub(crate) mod sys;
pub mod template;

pub mod apply;

pub mod message;
mod output;
pub mod progress;
pub mod shell;

pub use apply::stage::PREFIX as STAGING_PREFIX;
pub use error::Error;
pub use sys::Identity;
pub use template::{outside, source as read};

use apply::Durability;
use authority::{Destination, Reading};
use read::Source;
use run::Run;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::plan::{Plan, plan};
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::warning::Warning;
use s6_instance_maker_core::wire::{Job, PlanDocument, TemplateDigest};
use std::ffi::OsString;
use std::io::Write;

/// What can turn a request, facts and a template into a plan: the core itself, or something that runs it elsewhere.
pub trait Planner {
    /// Computes the plan. `arguments` are the command line that `request` was made from, the program's name first, without
    /// options that only this program has. What takes long should end when `run` is interrupted.
    fn plan(
        &self,
        arguments: &[OsString],
        request: &Request,
        facts: &Facts,
        template: &Template,
        run: &Run<'_>,
    ) -> Result<Plan, Error>;
}

/// The core, called as a function.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

impl Planner for InProcess {
    fn plan(&self, _: &[OsString], request: &Request, facts: &Facts, template: &Template, _: &Run<'_>) -> Result<Plan, Error> {
        Ok(plan(request, facts, template)?)
    }
}

/// A request with its planner, from facts and a template to a plan.
pub type Planning<'a> = dyn Fn(&Facts, &Template, &Run<'_>) -> Result<Plan, Error> + 'a;

/// What to do with a template.
pub enum Task<'a> {
    /// Compute a plan and carry it out.
    Make {
        /// Where.
        destination: Destination,
        /// With what.
        planning: &'a Planning<'a>,
        /// How safely.
        durability: Durability,
    },
    /// Compute a plan and print its text form; where it could not be carried out, say so instead.
    Show {
        /// Where it would be carried out.
        destination: Destination,
        /// With what.
        planning: &'a Planning<'a>,
    },
    /// Compute a plan and print its document, whatever is where it may be carried out.
    PrintPlan {
        /// With what.
        planning: &'a Planning<'a>,
    },
    /// Print what a plan is computed from.
    PrintJob,
    /// Carry out a plan that was computed elsewhere.
    Apply {
        /// The plan.
        document: PlanDocument,
        /// Where.
        destination: Destination,
        /// How safely.
        durability: Durability,
    },
}

impl Task<'_> {
    /// Whether it makes files, which must not be left half made.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::Make { .. } | Self::Apply { .. } => true,
            Self::Show { .. } | Self::PrintPlan { .. } | Self::PrintJob => false,
        }
    }
}

/// What was done, and what its user should know about it.
#[derive(Debug, Default)]
pub struct Report {
    /// What works, but probably not as meant.
    pub warnings: Vec<Warning>,
    /// What earlier runs left behind and this one could not remove.
    pub leftovers: Vec<Error>,
}

/// Reads the template and does `task` with it, on behalf of the caller in `facts`; what is printed goes to `out`.
pub fn execute(task: Task<'_>, template: Reading, facts: &Facts, run: &Run<'_>, out: &mut dyn Write) -> Result<Report, Error> {
    let mut print = |bytes: &[u8]| out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::Output);
    match task {
        Task::Make { destination, planning, durability } => {
            let source = Source::read(template, Some(&destination), run)?;
            make(planning(facts, source.template(), run)?, &source, &destination, durability, facts, run)
        }
        Task::Show { destination, planning } => {
            let source = Source::read(template, Some(&destination), run)?;
            let plan = planning(facts, source.template(), run)?;
            destination.check_free(&plan)?;
            print(plan.to_string().as_bytes())?;
            Ok(Report { warnings: plan.warnings, leftovers: Vec::new() })
        }
        Task::PrintPlan { planning } => {
            let source = Source::read(template, None, run)?;
            let plan = planning(facts, source.template(), run)?;
            print(&PlanDocument::encode(&plan, source.template()))?;
            Ok(Report { warnings: plan.warnings, leftovers: Vec::new() })
        }
        Task::PrintJob => {
            let source = Source::read(template, None, run)?;
            print(&Job::encode(facts, source.template()))?;
            Ok(Report::default())
        }
        Task::Apply { document: PlanDocument { plan, template: expected }, destination, durability } => {
            let source = Source::read(template, Some(&destination), run)?;
            let found = TemplateDigest::of(source.template());
            if found != expected {
                return Err(Error::OtherTemplate {
                    place: source.place(&s6_instance_maker_core::path::TreePath::ROOT),
                    expected,
                    found,
                });
            }
            plan.check(facts, source.template())?;
            make(plan, &source, &destination, durability, facts, run)
        }
    }
}

fn make(
    plan: Plan,
    source: &Source,
    destination: &Destination,
    durability: Durability,
    facts: &Facts,
    run: &Run<'_>,
) -> Result<Report, Error> {
    let leftovers = apply::apply(&plan, source, destination, durability, facts.caller, run)?;
    Ok(Report { warnings: plan.warnings, leftovers })
}
