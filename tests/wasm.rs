//! The sandbox: what it plans is what the library plans, byte for byte; a guest that lies, floods or never ends is a clear error, and
//! leaves nothing.

mod build;
mod host;
mod lies;
mod limits;
mod program;
mod same;

use s6_instance_maker::run::{Run, Unwatched};
use s6_instance_maker_sandbox::limits::Chosen;
use s6_instance_maker_sandbox::{Origin, Sandbox, SandboxError};
use std::ffi::OsString;
use std::sync::atomic::AtomicBool;

/// What `sandbox` answers to a command line, the words behind the program's name, and a job.
fn ask(sandbox: &Sandbox, words: &[OsString], job: Vec<u8>) -> Result<Vec<u8>, SandboxError> {
    let run = Run { interrupt: &AtomicBool::new(false), progress: &Unwatched };
    let arguments: Vec<OsString> = std::iter::once("s6-instance-maker".into()).chain(words.iter().cloned()).collect();
    sandbox.ask(&arguments, job, &run)
}

fn built_in(chosen: Chosen) -> Sandbox {
    Sandbox::new(Origin::BuiltIn, chosen)
}

/// A module from its text.
fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/wasm");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
