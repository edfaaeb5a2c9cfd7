//! What `--generate` prints: manual pages that formatters accept and whose examples run, and completions that real shells use.

mod completions;
mod manual;

use s6_instance_maker_workspace::program::{self, Answer};
use std::path::Path;
use std::process::Command;

/// The programs, by name; without the sandboxed one, `test` says that it did not run for it.
fn programs(test: &str) -> Vec<(&'static str, &'static Path)> {
    let mut programs = vec![("s6-instance-maker", program::program())];
    match program::sandboxed() {
        Ok(sandboxed) => programs.push(("s6-instance-maker-sandboxed", sandboxed.plain.as_path())),
        Err(why) => s6_instance_maker_workspace::skip::did_not_run(test, why),
    }
    programs
}

/// The text that `program` generates.
fn generate(program: &Path, what: &str) -> String {
    let answer = Answer::of(Command::new(program).args(["--generate", what])).expect_code(0);
    assert_eq!(answer.stderr, "");
    answer.stdout
}

/// Returns `true` if there is a program of that name; where there is none, `test` says that it did not run.
fn has(tool: &str, test: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(tool).is_file());
    if !found {
        s6_instance_maker_workspace::skip::did_not_run(test, &format!("there is no {tool}"));
    }
    found
}
