//! The sandbox: what it plans is what the library plans, byte for byte; a guest that lies, floods or never ends is a clear error,
//! and leaves nothing.

mod build;
mod complexity;
mod documents;
mod host;
mod lies;
mod limits;
mod memory;
mod program;
mod refresh;
mod same;
mod tidy;

use s6_instance_maker::run::{NoProgress, Run};
use s6_instance_maker_sandbox::limits::LimitOptions;
use s6_instance_maker_sandbox::{Origin, Sandbox, SandboxError};
use std::ffi::OsString;
use std::sync::atomic::AtomicBool;

/// Returns the answer of `sandbox` to a command line (the words after the program's name) and a job.
fn ask(sandbox: &Sandbox, words: &[OsString], job: Vec<u8>) -> Result<Vec<u8>, SandboxError> {
    let run = Run { interrupt: &AtomicBool::new(false), progress: &NoProgress };
    let arguments: Vec<OsString> = std::iter::once("s6-instance-maker".into()).chain(words.iter().cloned()).collect();
    sandbox.ask(&arguments, job, &run)
}

/// The least fuel with which a module ends, with these words behind the program's name and this input, as if by itself.
fn least_fuel(module: &[u8], words: &[OsString], input: Vec<u8>) -> u64 {
    let is_enough = |fuel| {
        let sandbox =
            Sandbox::new(Origin::Bytes(module.to_vec()), LimitOptions { fuel: Some(fuel), ..LimitOptions::default() });
        match ask(&sandbox, words, input.clone()) {
            Ok(_) | Err(SandboxError::Talkative(_)) => true,
            Err(SandboxError::Fuel(_)) => false,
            Err(error) => panic!("{error}"),
        }
    };
    let (mut less, mut more) = (0, 1 << 20);
    while more - less > 1 {
        let middle = less + (more - less) / 2;
        if is_enough(middle) { more = middle } else { less = middle }
    }
    more
}

fn built_in(chosen: LimitOptions) -> Sandbox {
    Sandbox::new(Origin::BuiltIn, chosen)
}

/// A module from its text.
fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../../snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
