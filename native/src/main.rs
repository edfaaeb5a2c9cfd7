//! The program: the only ambient authority, arguments, streams and exit codes.

use s6_instance_maker::authority::{Authority, Existing};
use s6_instance_maker::error::Error;
use s6_instance_maker::progress::Bar;
use s6_instance_maker::run::{Progress, Run, Unwatched};
use s6_instance_maker::{execute, facts, message, signals};
use s6_instance_maker_core::cli::{self, Refusal};
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::request::{Request, Shape};
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    match go() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            message::fatal(&mut io::stderr(), &error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn go() -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "arguments enter here")]
    let arguments = std::env::args_os();
    let cli = match cli::parse(arguments) {
        Ok(cli) => cli,
        Err(Refusal::Usage(error)) => return Err(error.into()),
        Err(Refusal::Show(text)) => {
            let mut out = io::stdout().lock();
            return out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::Output);
        }
    };
    let request = Request::try_from(&cli)?;
    #[expect(clippy::disallowed_methods, reason = "authority enters here")]
    let ambient = cap_std::ambient_authority();
    let interrupt = signals::watch(ambient)?;
    let facts = facts::resolve(&request, ambient);
    let existing = match request.shape {
        Shape::S6Rc(_) => Existing::Accepted,
        Shape::ServiceDirectory { .. } => Existing::Refused,
    };
    let authority = Authority::open(&cli.template, &cli.dir, existing, ambient)?;
    let bar = io::stderr().is_terminal().then(Bar::default);
    let progress: &dyn Progress = match &bar {
        Some(bar) => bar,
        None => &Unwatched,
    };
    let run = Run { interrupt: &interrupt, progress };
    let report = execute(&cli, &request, &facts, authority, &plan, &run, &mut io::stdout().lock());
    // What is said must not be drawn over.
    drop(bar);
    message::warnings(&mut io::stderr(), &report?);
    Ok(())
}
