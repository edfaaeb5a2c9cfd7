//! The guest: a filter that any WASI runtime can run, from a job on standard input to a plan on standard output.
//!
//! Arguments are the ordinary command line; what it says of what to do with a plan is not this program's to do. It opens nothing,
//! and reads no environment, clock or randomness. Exit codes: 0 a plan was written; 100 there is none, standard error says why;
//! 111 the job could not be read or the plan not written.

#![forbid(unsafe_code)]

use s6_instance_maker_core::cli::{self, Refusal};
use s6_instance_maker_core::message::Message;
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::wire::{Job, PlanDocument};
use std::env::ArgsOs;
use std::fmt::Display;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Wrong usage, or a template that cannot work.
const WRONG: u8 = 100;
/// The system, here the runtime, refused something.
const REFUSED: u8 = 111;

#[expect(clippy::disallowed_methods, reason = "arguments and the standard streams enter here")]
fn main() -> ExitCode {
    let arguments = std::env::args_os();
    match run(arguments, io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text: String = failure.messages.iter().map(Message::lines).collect();
            // If it cannot be written, nobody can read it.
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::from(failure.code)
        }
    }
}

/// The messages and the exit code of a failure.
struct Failure {
    code: u8,
    messages: Vec<Message>,
}

impl Failure {
    fn new(code: u8, message: &dyn Display) -> Self {
        Self { code, messages: vec![Message::new(message, None)] }
    }
}

fn run(arguments: ArgsOs, mut input: impl Read, output: impl Write) -> Result<(), Failure> {
    let invocation = match cli::parse_common(arguments) {
        Ok(invocation) => invocation,
        Err(Refusal::Usage(error)) => return Err(Failure { code: WRONG, messages: vec![Message::new(&error, error.hint())] }),
        Err(Refusal::Show(text) | Refusal::Help(text)) => return write(output, text.as_bytes()),
    };
    let request = invocation.source.into_request();
    let mut request = request.map_err(|error| Failure { code: WRONG, messages: vec![Message::new(&error, error.hint())] })?;
    let mut json = Vec::new();
    input.read_to_end(&mut json).map_err(|error| Failure::new(REFUSED, &format!("unable to read the job: {error}")))?;
    let job = Job::decode(&json).map_err(|error| Failure::new(WRONG, &format!("standard input: {error}")))?;
    // As large as everything else together; not needed any more.
    drop(json);
    request.declare(&job.instances).map_err(|error| Failure::new(WRONG, &error))?;
    let plan =
        plan(&request, &job.facts, &job.template).map_err(|error| Failure { code: WRONG, messages: error.messages() })?;
    let document = PlanDocument::encode(&plan, &Options::of(&request), &job.template);
    // The process ends next: to give back all that they hold, piece by piece, would take a tenth of its time.
    core::mem::forget((job, plan));
    write(output, &document)
}

fn write(mut output: impl Write, bytes: &[u8]) -> Result<(), Failure> {
    let written = output.write_all(bytes).and_then(|()| output.flush());
    written.map_err(|error| Failure::new(REFUSED, &format!("unable to write to standard output: {error}")))
}
