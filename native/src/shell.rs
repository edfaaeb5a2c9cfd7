//! A program from its arguments to its exit code: the same for every planner.

use crate::apply::Durability;
use crate::authority::{self, Destination, DocumentKind, Reading};
use crate::error::Error;
use crate::output::Output;
use crate::outside::{Links, Outside};
use crate::progress::Bar;
use crate::run::{Progress, Run, Unwatched};
use crate::{Planner, Report, Task, execute, facts, message, signals};
use cap_std::AmbientAuthority;
use s6_instance_maker_core::cli::{self, Action, Cli, Format, Grammar, Purpose, Refusal, Typed, UsageError};
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::plan::Placement;
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::wire::PlanDocument;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

/// Does what `arguments` say, the program's name first, with plans from the planner that `choose` makes of the program's own
/// options; tells what is to be told on standard output and standard error, and answers the exit code.
///
/// # Ambient Authority
///
/// The operands are resolved like any program's arguments; see [`Reading::open`], [`Destination::open`], [`facts::take`] and
/// [`signals::watch`].
pub fn main<P: Planner>(
    arguments: impl IntoIterator<Item = OsString>,
    ambient: AmbientAuthority,
    grammar: &Grammar,
    choose: impl FnOnce(&Typed) -> Result<P, UsageError>,
) -> ExitCode {
    match run(arguments, ambient, grammar, choose) {
        Ok(report) => {
            message::warnings(&mut io::stderr(), &report);
            ExitCode::SUCCESS
        }
        Err(error) => {
            message::fatal(&mut io::stderr(), &error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn run<P: Planner>(
    arguments: impl IntoIterator<Item = OsString>,
    ambient: AmbientAuthority,
    grammar: &Grammar,
    choose: impl FnOnce(&Typed) -> Result<P, UsageError>,
) -> Result<Report, Error> {
    signals::expect_file_limit(ambient)?;
    let typed = match cli::parse_with(grammar, arguments) {
        Ok(typed) => typed,
        Err(Refusal::Usage(error)) => return Err(error.into()),
        Err(Refusal::Show(text)) => {
            Output::standard().write_all(text.as_bytes()).map_err(Error::Output)?;
            return Ok(Report::default());
        }
    };
    let planner = choose(&typed)?;
    let Typed { cli, common, .. } = typed;
    let action = cli.action()?;
    cli.check_operands()?;
    let links = match cli.dereference()? {
        None => Links::Kept,
        Some(limit) => Links::Copied(Outside::new(limit, ambient)),
    };
    let durability = if cli.sync { Durability::Flushed } else { Durability::Eventual };
    let to = |placement| Destination::open(&cli.dir, placement, ambient);
    match action {
        Action::ApplyPlan(file) => {
            let document = PlanDocument::decode(&authority::read_document(&file, &DocumentKind::PLAN, ambient)?)
                .map_err(|source| Error::Document { place: authority::document_place(&file), source })?;
            let destination = to(document.plan.placement)?;
            carry_out(&cli, links, Task::Apply { document, destination, durability }, &facts::take(None, ambient)?, ambient)
        }
        Action::Request(purpose) => {
            let request = Request::try_from(&cli)?;
            let planning =
                |facts: &Facts, template: &Template, run: &Run<'_>| planner.plan(&common, &request, facts, template, run);
            let placement = Placement::of(&request.shape);
            let task = match purpose {
                Purpose::Make => Task::Make { destination: to(placement)?, planning: &planning, durability },
                Purpose::Print(Format::Text) => Task::Show { destination: to(placement)?, planning: &planning },
                Purpose::Print(Format::Json) => Task::PrintPlan { planning: &planning },
                Purpose::PrintJob => Task::PrintJob,
            };
            let mut facts = facts::take(Some(&request), ambient)?;
            if let Some(file) = &cli.instances_from {
                facts.instances = Instances::parse_list(&authority::read_document(file, &DocumentKind::INSTANCES, ambient)?)
                    .map_err(|source| Error::Instances { place: authority::document_place(file), source })?;
            }
            carry_out(&cli, links, task, &facts, ambient)
        }
    }
}

fn carry_out(cli: &Cli, links: Links, task: Task<'_>, facts: &Facts, ambient: AmbientAuthority) -> Result<Report, Error> {
    // What writes no files can end at any time; waiting for a reader of its output, it should.
    let interrupt = if task.writes() { signals::watch(ambient)? } else { Arc::default() };
    let template = Reading::open(&cli.template, links, ambient)?;
    let bar = io::stderr().is_terminal().then(Bar::default);
    let progress: &dyn Progress = match &bar {
        Some(bar) => bar,
        None => &Unwatched,
    };
    // The bar is gone before anything is told.
    execute(task, template, facts, &Run { interrupt: &interrupt, progress }, &mut Output::standard())
}
