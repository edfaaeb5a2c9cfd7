//! The native half of s6-instance-maker: reads a template through a capability handle, obtains a plan, and does something with it.
//!
//! [`authority`] is the bridge from typed paths to handles, [`template`] from a handle to a manifest, [`apply`] from a plan to the
//! disk; [`execute`] is the three of them in a row, and [`program`] a whole program around it, for any [`Planner`].
//!
//! The origin of a plan ([`PlanOrigin`]) and the action ([`Action`]) are independent of each other.

pub mod error;

pub mod authority;
pub mod environment;
pub mod facts;
pub mod run;
pub mod signals;

mod attributes;
mod compare;
mod cursor;
mod diff;
mod record;
pub(crate) mod sys;
pub mod template;
mod threads;
mod workers;

pub mod apply;
pub mod tar;

mod output;
pub mod palette;
pub mod planner;
pub mod program;
pub mod progress;
pub mod report;

pub use apply::stage::PREFIX as STAGING_PREFIX;
pub use error::Error;
pub use planner::{InProcess, PlanInputs, PlanOrigin, Planner, SITE};
pub use report::Report;
pub use sys::Identity;

use apply::refresh::Refresh;
use apply::{Durability, Terms};
use authority::{Destination, Site, TemplateDir};
use planner::ObtainedPlan;
use run::Run;
use s6_instance_maker_core::archive::ArchiveOwners;
use s6_instance_maker_core::cli::{Audience, Comparison, Copies, Format, Verdict};
use s6_instance_maker_core::compare::Scope;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::plan::{Plan, PlanError};
use s6_instance_maker_core::rules::{Finding, Problem};
use s6_instance_maker_core::wire::{Job, PlanDocument};
use std::io::Write;
use tar::{Archive, ArchiveForm};
use template::read::Purpose;
use template::source::Source;

/// An action with a plan.
#[derive(Debug)]
pub enum Action {
    /// It is carried out.
    Create {
        /// The place of the result.
        destination: Destination,
        /// The protection of the result against a crash of the system.
        durability: Durability,
    },
    /// It is printed.
    Print {
        /// In this form.
        format: Format,
        /// The place where it would be carried out, or the reason why it cannot be; `None`: that does not matter.
        destination: Option<Result<Destination, Error>>,
    },
    /// It is compared with what is at DIR.
    Compare {
        /// The state of DIR.
        site: Site,
        /// The form of the report.
        comparison: Comparison,
    },
    /// DIR is brought up to date.
    Refresh {
        /// The state of DIR.
        site: Site,
        /// The treatment of instances.
        copies: Copies,
        /// The protection of the result against a crash of the system.
        durability: Durability,
    },
    /// Its tree is made an archive, which is printed.
    Archive {
        /// The properties of the archive.
        archive: Archive,
        /// In this form.
        form: ArchiveForm,
    },
}

impl Action {
    /// The directory that changes, or would change: no part of the template may be in it.
    fn target(&self) -> Option<Identity> {
        match self {
            Self::Create { destination, .. } | Self::Print { destination: Some(Ok(destination)), .. } => {
                Some(destination.identity())
            }
            Self::Compare { site, .. } | Self::Refresh { site, .. } => Some(site.identity()),
            Self::Print { .. } | Self::Archive { .. } => None,
        }
    }

    /// The use that the action makes of the template.
    const fn purpose(&self) -> Purpose {
        match self {
            Self::Print { .. } => Purpose::Plan,
            Self::Create { .. } | Self::Compare { .. } | Self::Refresh { .. } | Self::Archive { .. } => Purpose::Contents,
        }
    }

    /// The owners that the template's entries are given; none where they keep their own.
    fn owners(&self) -> ArchiveOwners {
        match self {
            Self::Archive { archive, .. } => archive.owners.clone(),
            _ => ArchiveOwners::default(),
        }
    }
}

/// Reads the template, obtains a plan from `origin`, and does `action` with it, on behalf of the caller in `facts`. What is printed
/// goes to `out`.
pub fn execute<P: Planner>(
    origin: PlanOrigin<'_, P>,
    action: Action,
    template: TemplateDir,
    facts: &Facts,
    run: &Run<'_>,
    out: &mut dyn Write,
) -> Result<Report, Error> {
    let source = Source::read(template, action.target(), action.purpose(), run)?.owned_as_in(&action.owners());
    let facts = &facts::try_owners(facts, source.template())?;
    let ObtainedPlan { plan, options, settings, runner, mut warnings } = origin.obtain(&source, facts, run)?;
    warnings.extend(settings.messages(&settings.judge(source.findings()).map_err(PlanError::from)?));
    let (mut leftovers, mut notes, mut differs) = (Vec::new(), Vec::new(), false);
    match action {
        Action::Create { destination, durability } | Action::Refresh { site: Site::Absent(destination), durability, .. } => {
            let terms = Terms { durability, facts, runner: &runner, settings };
            let outcome = apply::apply(&plan, &source, &destination, &terms, run)?;
            warnings.extend(settings.messages(&outcome.findings));
            leftovers = outcome.leftovers;
        }
        Action::Print { format, destination } => {
            if let Some(destination) = destination {
                let problems = obstacles(destination, &plan)?.into_iter().map(Finding::warning).collect();
                warnings.extend(settings.messages(&settings.judge(problems).map_err(PlanError::from)?));
            }
            match format {
                Format::Text => print(out, plan.to_string().as_bytes())?,
                Format::Json => print(out, &PlanDocument::encode(&plan, &options, source.template()))?,
            }
        }
        Action::Compare { site, comparison } => {
            let caller = (facts.caller, facts::owner_power(facts)?);
            let scope = Scope::of(&plan).with_definitions(options.definition_names());
            let mut compared = compare::Comparison::new(&plan, &source, site.there(), site.place(), caller, scope, run)?;
            let older = record::read_if_permitted(site.there())?;
            let differences = compared.differences_in_full(options.room(), &older, run)?;
            if let Audience::Reader(format) = comparison.audience {
                let report = diff::Report { compared: &compared, differences: &differences, private: comparison.private };
                print(out, &report.bytes(format)?)?;
            }
            differs = comparison.verdict == Verdict::Exit && !differences.is_empty();
        }
        Action::Refresh { site: Site::Present(dir, place), copies, durability } => {
            let terms = Terms { durability, facts, runner: &runner, settings };
            let power = facts::owner_power(facts)?;
            let (plan, source, dir, place) = (&plan, &source, &dir, &place);
            let outcome = Refresh { plan, source, dir, place, terms, copies, power }.carry_out(&options, run)?;
            warnings.extend(settings.messages(&outcome.findings));
            notes = outcome.notes;
            leftovers = outcome.leftovers;
        }
        Action::Archive { archive, form } => match form {
            ArchiveForm::Stream => archive.write(&plan, &source, run, out)?,
            ArchiveForm::Digest => print(out, archive.digest(&plan, &source, run)?.as_bytes())?,
        },
    }
    Ok(Report { warnings, leftovers, notes, differs })
}

/// The reasons why `plan` could not be carried out at a place, and findings about it.
fn obstacles(destination: Result<Destination, Error>, plan: &Plan) -> Result<Vec<Problem>, Error> {
    let refused = |error: Error| Problem::WouldBeRefused(error.to_string());
    let destination = match destination {
        Ok(destination) => destination,
        Err(error) => return Ok(vec![refused(error)]),
    };
    Ok(match destination.check_free(plan) {
        Ok(()) => destination.problems()?,
        Err(error) => vec![refused(error)],
    })
}

/// Reads the template and prints to `out` what a plan is computed from besides the command line: `listed` are the instances that it
/// does not name, and `owners` those that an archive gives to the template's entries.
pub fn print_job(
    listed: &Instances,
    template: TemplateDir,
    owners: &ArchiveOwners,
    facts: &Facts,
    run: &Run<'_>,
    out: &mut dyn Write,
) -> Result<Report, Error> {
    let source = Source::read(template, None, Purpose::Plan, run)?.owned_as_in(owners);
    let facts = facts::try_owners(facts, source.template())?;
    print(out, &Job::encode(listed, &facts, source.template()))?;
    Ok(Report::default())
}

fn print(out: &mut dyn Write, bytes: &[u8]) -> Result<(), Error> {
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::Output)
}
