//! A program from its arguments to its exit code: the same for every planner.

use crate::apply::Durability;
use crate::authority::{self, Destination, DocumentKind, TemplateDir};
use crate::environment::Environment;
use crate::error::Error;
use crate::output::{Output, Painted};
use crate::palette::Palette;
use crate::planner::{PlanOrigin, Planner};
use crate::progress::ProgressLine;
use crate::run::{NoProgress, Progress, Run};
use crate::tar::{Archive, ArchiveForm};
use crate::template::outside::{Links, Outside};
use crate::{Action, Report, execute, facts, print_job, report, signals};
use cap_std::AmbientAuthority;
use s6_instance_maker_core::account::Account;
use s6_instance_maker_core::archive::{ArchivePath, ArchiveTime};
use s6_instance_maker_core::cli::{
    self, ColorChoice, Format, Invocation, LinkPolicy, ParsedArgs, PlanSource, Refusal, UsageError,
};
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::plan::Placement;
use s6_instance_maker_core::wire::PlanDocument;
use std::env::ArgsOs;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs the program that `P` is made for with `arguments` and `environment`, as the process has them; reports on standard output and
/// standard error, and returns the exit code.
///
/// # Ambient Authority
///
/// The operands are resolved like any program's arguments; see [`TemplateDir::open`], [`Destination::open`], [`facts::take`] and
/// [`signals::watch`].
#[expect(clippy::disallowed_methods, reason = "the outermost function of a program has its standard streams")]
pub fn main<P: Planner>(arguments: ArgsOs, environment: &Environment, ambient: AmbientAuthority) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let choice = ColorChoice::of(&arguments);
    let out = || Palette::choose(choice, environment, || io::stdout().is_terminal());
    let err = || Palette::choose(choice, environment, || io::stderr().is_terminal());
    match run::<P>(arguments, environment, &out, ambient) {
        Ok(report) => {
            report::warnings(&mut io::stderr(), err, &report);
            ExitCode::from(report.exit_code())
        }
        Err(error) => {
            report::fatal(&mut io::stderr(), err(), &error);
            ExitCode::from(error.exit_code())
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the outermost function of a program has its standard streams")]
fn run<P: Planner>(
    arguments: Vec<OsString>,
    environment: &Environment,
    palette: &dyn Fn() -> Palette,
    ambient: AmbientAuthority,
) -> Result<Report, Error> {
    signals::expect_file_limit(ambient)?;
    let ParsedArgs { mut invocation, own, common } = match cli::parse::<P::Options>(P::PROGRAM, arguments) {
        Ok(parsed) => parsed,
        Err(Refusal::Usage(error)) => return Err(error.into()),
        Err(Refusal::Help(text)) => return show(&palette().help(&text)),
        Err(Refusal::Show(text)) => return show(&text),
    };
    let planner = P::new(own, &invocation, ambient)?;
    let listed = listed(&invocation, ambient)?;
    invocation.declare(&listed)?;
    let Invocation { template, dir, source, action, links, durability, .. } = &invocation;
    let origin = match source {
        PlanSource::Computed(request) => {
            PlanOrigin::Planner { planner: &planner, arguments: &common, listed: &listed, request }
        }
        PlanSource::Document { file, expected, settings } => {
            let place = authority::document_place(file);
            let document = PlanDocument::read(authority::open_document(file, &DocumentKind::PLAN, ambient)?);
            let document = document.map_err(place.cannot("read"))?.map_err(|source| Error::Document { place, source })?;
            expected.require(&document.options)?;
            PlanOrigin::Document { document, settings }
        }
    };
    let placement = match &origin {
        PlanOrigin::Planner { request, .. } => Placement::of(&request.shape),
        PlanOrigin::Document { document, .. } => document.plan.placement,
    };
    let destination = || Destination::open(dir, placement, ambient);
    let find = || Destination::find(dir, placement, ambient);
    let durability = match durability {
        cli::Durability::Eventual => Durability::Eventual,
        cli::Durability::Flushed => Durability::Flushed,
    };
    let action = match action {
        cli::Action::Create => Some(Action::Create { destination: destination()?, durability }),
        cli::Action::Print(Format::Text) => Some(Action::Print { format: Format::Text, destination: Some(destination()) }),
        cli::Action::Print(Format::Json) => Some(Action::Print { format: Format::Json, destination: None }),
        cli::Action::Compare(comparison) => Some(Action::Compare { site: find()?, comparison: *comparison }),
        cli::Action::Refresh(copies) => Some(Action::Refresh { site: find()?, copies: *copies, durability }),
        cli::Action::Tar(path, owners) => {
            if io::stdout().is_terminal() {
                let error = UsageError::new("--tar: standard output is a terminal");
                return Err(error.with_hint("redirect it to a file, or to a program that reads an archive").into());
            }
            let archive = Archive { path: path.clone(), owners: owners.clone(), time: environment.archive_time()? };
            Some(Action::Archive { archive, form: ArchiveForm::Stream })
        }
        cli::Action::Digest(owners) => {
            let archive = Archive { path: ArchivePath::here(), owners: owners.clone(), time: ArchiveTime::default() };
            Some(Action::Archive { archive, form: ArchiveForm::Digest })
        }
        cli::Action::PrintJob(_) => None,
    };
    let archive_owners = invocation.action.archive_owners();
    let accounts: Vec<Account> = match &origin {
        PlanOrigin::Planner { request, .. } => request.accounts().cloned().collect(),
        PlanOrigin::Document { document, .. } => document.options.user().into_iter().collect(),
    };
    let facts = match archive_owners {
        None => facts::take(&accounts, environment, ambient)?,
        Some(_) => facts::take_for_archive(&accounts, environment, ambient)?,
    };
    // What writes no files can end at any time; waiting for a reader of its output, it should.
    let interrupt = if invocation.action.writes() { signals::watch(ambient)? } else { Arc::default() };
    let links = match links {
        LinkPolicy::Kept => Links::Kept,
        LinkPolicy::Copied { limit } => Links::Copied(Outside::new(*limit, ambient)),
    };
    let template = TemplateDir::open(template, links, ambient)?;
    let line = io::stderr().is_terminal().then(|| ProgressLine::new(io::stderr()));
    let progress: &dyn Progress = match &line {
        Some(line) => line,
        None => &NoProgress,
    };
    let run = Run { interrupt: &interrupt, progress };
    // The line is gone before anything is reported.
    match action {
        Some(action) => {
            let mut output = Painted::new(Output::standard(), palette, &invocation.action);
            execute(origin, action, template, &facts, &run, &mut output)
        }
        None => {
            let owners = archive_owners.cloned().unwrap_or_default();
            print_job(&listed, template, &owners, &facts, &run, &mut Output::standard())
        }
    }
}

/// Prints a text that was asked for in place of a result.
fn show(text: &str) -> Result<Report, Error> {
    Output::standard().write_all(text.as_bytes()).map_err(Error::Output)?;
    Ok(Report::default())
}

/// The instances that the command line's list names.
fn listed(invocation: &Invocation, ambient: AmbientAuthority) -> Result<Instances, Error> {
    let Some(file) = &invocation.instances_from else { return Ok(Instances::default()) };
    let text = authority::read_document(file, &DocumentKind::INSTANCES, ambient)?;
    Instances::parse_list(&text).map_err(|source| Error::Instances { place: authority::document_place(file), source })
}
