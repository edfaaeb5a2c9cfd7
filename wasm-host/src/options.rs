//! The options that only this program has: they never reach the guest.

use crate::limits::{LimitOptions, Limits};
use crate::module::{HAS_COMPILER, Origin};
use crate::sandbox::Sandbox;
use cap_std::AmbientAuthority;
use s6_instance_maker_core::cli::{Invocation, NumberOption, Unit, UsageError};
use std::ffi::OsString;

/// The sandbox's options.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "Sandbox")]
pub struct SandboxOptions {
    /// Use this WebAssembly module
    ///
    /// Instead of the built-in one. `-` is standard input.
    #[arg(verbatim_doc_comment, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    module: Option<OsString>,

    /// Instructions that the module may execute
    ///
    /// About one unit for each instruction. The default is 100000000 and 5000 per byte of the job.
    #[arg(verbatim_doc_comment, long, value_name = "N")]
    fuel: Option<OsString>,

    /// Memory that the module may use
    ///
    /// The default is 64 MiB and 40 bytes per byte of the job.
    #[arg(verbatim_doc_comment, long, value_name = "BYTES")]
    memory: Option<OsString>,

    /// Stack for its calls [default: 524288]
    ///
    /// At most 1073741824.
    #[arg(verbatim_doc_comment, long, value_name = "BYTES")]
    stack: Option<OsString>,

    /// Size of the plan that it may write
    ///
    /// The default is 16 MiB and 4 bytes per byte of the job.
    #[arg(verbatim_doc_comment, long, value_name = "BYTES")]
    output_limit: Option<OsString>,
}

impl SandboxOptions {
    /// Returns the sandbox that these options ask for. Nothing is loaded yet.
    ///
    /// # Ambient Authority
    ///
    /// The file that `--module` names is resolved like any program's arguments, when the sandbox is first used.
    pub(crate) fn sandbox(self, invocation: &Invocation, ambient: AmbientAuthority) -> Result<Sandbox, UsageError> {
        const fn bytes(name: &'static str) -> NumberOption {
            NumberOption { name, unit: Unit::Bytes }
        }
        let limits = LimitOptions {
            fuel: NumberOption { name: "--fuel", unit: Unit::Count }.read(self.fuel.as_deref(), 1, u64::MAX)?,
            memory: bytes("--memory").read(self.memory.as_deref(), 1, usize::MAX)?,
            stack: bytes("--stack").read(self.stack.as_deref(), Limits::STACK_MIN, Limits::STACK_MAX)?,
            output: bytes("--output-limit").read(self.output_limit.as_deref(), 1, usize::MAX)?,
        };
        let origin = match self.module {
            None => Origin::BuiltIn,
            Some(_) if !HAS_COMPILER => {
                let error = UsageError::new("--module is not supported by this program");
                return Err(error.with_hint("it requires a compiler: build the program with --features compiler"));
            }
            Some(file) => {
                if let Some(other) = invocation.standard_input().filter(|_| file == "-") {
                    return Err(UsageError::new(format!("--module and {other} cannot both read standard input")));
                }
                Origin::File(file, ambient)
            }
        };
        Ok(Sandbox::new(origin, limits))
    }
}
