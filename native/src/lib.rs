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
mod cursor;
pub(crate) mod sys;
pub mod template;
mod threads;

pub mod apply;
pub mod tar;

mod output;
pub mod planner;
pub mod program;
pub mod progress;
pub mod report;

pub use apply::stage::PREFIX as STAGING_PREFIX;
pub use error::Error;
pub use planner::{InProcess, PlanInputs, PlanOrigin, Planner, SITE};
pub use report::Report;
pub use sys::Identity;

use apply::{Durability, Terms};
use authority::{Destination, TemplateDir};
use planner::ObtainedPlan;
use run::Run;
use s6_instance_maker_core::archive::ArchiveOwners;
use s6_instance_maker_core::cli::Format;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::plan::PlanError;
use s6_instance_maker_core::rules::Finding;
use s6_instance_maker_core::wire::{Job, PlanDocument};
use std::io::Write;
use tar::{Archive, ArchiveForm};
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
        /// A place where it must be possible to carry it out.
        destination: Option<Destination>,
    },
    /// Its tree is made an archive, which is printed.
    Archive {
        /// What is particular about the archive.
        archive: Archive,
        /// In this form.
        form: ArchiveForm,
    },
}

impl Action {
    const fn destination(&self) -> Option<&Destination> {
        match self {
            Self::Create { destination, .. } => Some(destination),
            Self::Print { destination, .. } => destination.as_ref(),
            Self::Archive { .. } => None,
        }
    }

    /// The owners that the template's entries are given; none where they keep their own.
    fn owners(&self) -> ArchiveOwners {
        match self {
            Self::Archive { archive, .. } => archive.owners.clone(),
            Self::Create { .. } | Self::Print { .. } => ArchiveOwners::default(),
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
    let source = Source::read(template, action.destination(), run)?.owned_as_in(&action.owners());
    let facts = &facts::try_owners(facts, source.template())?;
    let ObtainedPlan { plan, options, settings, user, mut warnings } = origin.obtain(&source, facts, run)?;
    warnings.extend(settings.messages(&settings.judge(source.findings()).map_err(PlanError::from)?));
    let mut leftovers = Vec::new();
    match action {
        Action::Create { destination, durability } => {
            let terms = Terms { durability, caller: facts.caller, user, settings };
            let outcome = apply::apply(&plan, &source, &destination, &terms, run)?;
            warnings.extend(settings.messages(&outcome.findings));
            leftovers = outcome.leftovers;
        }
        Action::Print { format, destination } => {
            if let Some(destination) = destination {
                destination.check_free(&plan)?;
                let findings = destination.problems()?.into_iter().map(Finding::warning).collect();
                warnings.extend(settings.messages(&settings.judge(findings).map_err(PlanError::from)?));
            }
            match format {
                Format::Text => print(out, plan.to_string().as_bytes())?,
                Format::Json => print(out, &PlanDocument::encode(&plan, &options, source.template()))?,
            }
        }
        Action::Archive { archive, form } => match form {
            ArchiveForm::Stream => archive.write(&plan, &source, run, out)?,
            ArchiveForm::Digest => print(out, archive.digest(&plan, &source, run)?.as_bytes())?,
        },
    }
    Ok(Report { warnings, leftovers })
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
    let source = Source::read(template, None, run)?.owned_as_in(owners);
    let facts = facts::try_owners(facts, source.template())?;
    print(out, &Job::encode(listed, &facts, source.template()))?;
    Ok(Report::default())
}

fn print(out: &mut dyn Write, bytes: &[u8]) -> Result<(), Error> {
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::Output)
}
