//! Texts that are generated from the grammar: the manual page, and the completions of shells.

#[cfg(feature = "generate")]
mod completions;
#[cfg(feature = "generate")]
mod manual;

use super::program::Program;
use super::refusal::UsageError;
use super::words::Words;
use alloc::string::String;
use clap::ValueEnum as _;

/// The texts that `--generate` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Generated {
    /// The manual page, in roff.
    Man,
    /// The completions of bash.
    CompleteBash,
    /// The completions of zsh.
    CompleteZsh,
    /// The completions of fish.
    CompleteFish,
}

/// The text that `words` ask for in place of an invocation. `None`: they do not, or ask for something that clap refuses.
pub(super) fn generated(words: &Words, command: &clap::Command, program: Program) -> Result<Option<String>, UsageError> {
    let Some(value) = words.value("generate") else { return Ok(None) };
    let Some(what) = value.to_str().and_then(|value| Generated::from_str(value, false).ok()) else { return Ok(None) };
    if words.has_operands() {
        return Err(UsageError::new("--generate takes no operands"));
    }
    text(what, command.clone(), program).map(Some)
}

#[cfg(feature = "generate")]
fn text(what: Generated, command: clap::Command, program: Program) -> Result<String, UsageError> {
    use completions::Shell;
    Ok(match what {
        Generated::Man => manual::manual(command, program),
        Generated::CompleteBash => completions::completions(Shell::Bash, command, program.name),
        Generated::CompleteZsh => completions::completions(Shell::Zsh, command, program.name),
        Generated::CompleteFish => completions::completions(Shell::Fish, command, program.name),
    })
}

#[cfg(not(feature = "generate"))]
fn text(_: Generated, _: clap::Command, _: Program) -> Result<String, UsageError> {
    Err(UsageError::new("--generate is not supported by this program").with_hint("s6-instance-maker supports it"))
}
