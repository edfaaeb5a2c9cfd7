//! The native shell of s6-instance-maker: reads a template through a capability handle, has a plan computed, carries it out.
//!
//! [`authority`] is the bridge from typed paths to handles, [`read`] from a handle to a manifest, [`apply`] from a plan to the
//! disk; [`execute`] is the three of them in a row, with any planner in the middle. Nothing here prints or exits: [`message`]
//! has the words, `main.rs` the streams and the exit code.

pub mod error;

pub mod authority;
pub mod facts;
pub mod run;
pub mod signals;

pub mod read;

pub mod apply;
mod copy;
mod stage;

pub mod message;
pub mod progress;

pub use error::Error;
pub use stage::PREFIX as STAGING_PREFIX;

use authority::Authority;
use read::Source;
use run::Run;
use s6_instance_maker_core::cli::Cli;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::plan::{Plan, PlanError, Warning};
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::template::Template;
use std::io::Write;

/// What can turn a request, facts and a template into a plan: the core itself, or something that runs it elsewhere.
pub type Planner<'a> = dyn Fn(&Request, &Facts, &Template) -> Result<Plan, PlanError> + 'a;

/// What was done, and what its user should know about it.
#[derive(Debug, Default)]
pub struct Report {
    /// What works, but probably not as meant.
    pub warnings: Vec<Warning>,
    /// What earlier runs left behind and this one could not remove.
    pub leftovers: Vec<Error>,
}

/// Does what a command line says: reads the template, has the plan computed, and carries it out or prints it to `out`.
pub fn execute(
    cli: &Cli,
    request: &Request,
    facts: &Facts,
    authority: Authority,
    planner: &Planner<'_>,
    run: &Run<'_>,
    out: &mut dyn Write,
) -> Result<Report, Error> {
    let Authority { template, destination } = authority;
    let source = Source::read(template, &destination, run)?;
    let plan = planner(request, facts, source.template())?;
    let leftovers = if cli.dry_run {
        write!(out, "{plan}").and_then(|()| out.flush()).map_err(Error::Output)?;
        Vec::new()
    } else {
        apply::apply(&plan, &source, &destination, facts.caller, run)?
    };
    Ok(Report { warnings: plan.warnings, leftovers })
}
