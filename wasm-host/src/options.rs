//! The options that only this program has, taken off before the guest sees its arguments.

use crate::limits::{Chosen, Limits};
use crate::module::HAS_COMPILER;
use crate::{Origin, Sandbox};
use cap_std::AmbientAuthority;
use s6_instance_maker_core::cli::{Grammar, OwnOption, Typed, UsageError};

const HEADING: &str = "Sandbox";

const OPTIONS: [OwnOption; 5] = [
    OwnOption {
        long: "module",
        value_name: "FILE",
        heading: HEADING,
        help: "Compute the plan with this WebAssembly module, not with the built-in one",
    },
    OwnOption {
        long: "fuel",
        value_name: "N",
        heading: HEADING,
        help: "Let the module execute about N instructions [default: 100000000, and 5000 per byte of the job]",
    },
    OwnOption {
        long: "memory",
        value_name: "BYTES",
        heading: HEADING,
        help: "Let it use so much memory [default: 64 MiB, and 40 bytes per byte of the job]",
    },
    OwnOption {
        long: "stack",
        value_name: "BYTES",
        heading: HEADING,
        help: "Let it use so much stack for its calls, up to 1073741824 [default: 524288]",
    },
    OwnOption {
        long: "output-limit",
        value_name: "BYTES",
        heading: HEADING,
        help: "Let it write a plan of this size [default: 16 MiB, and 4 bytes per byte of the job]",
    },
];

/// What all programs of this project understand, and the options of the sandbox.
pub const GRAMMAR: Grammar = Grammar { program: "s6-instance-maker-sandboxed", own: &OPTIONS };

/// The sandbox that a command line asks for. Nothing is loaded yet.
///
/// # Ambient Authority
///
/// The file that `--module` names is resolved like any program's arguments, when the sandbox is first used.
pub fn sandbox(typed: &Typed, ambient: AmbientAuthority) -> Result<Sandbox, UsageError> {
    let limits = Chosen {
        fuel: typed.own_number("fuel", 1, u64::MAX)?,
        memory: typed.own_number("memory", 1, usize::MAX)?,
        stack: typed.own_number("stack", Limits::STACK_MIN, Limits::STACK_MAX)?,
        output: typed.own_number("output-limit", 1, usize::MAX)?,
    };
    let origin = match typed.own("module") {
        None => Origin::BuiltIn,
        Some(_) if !HAS_COMPILER => {
            return Err(UsageError::unsupported(
                "--module",
                "it needs the compiler: build the program with --features compiler",
            ));
        }
        Some(file) => Origin::File(file.to_owned(), ambient),
    };
    Ok(Sandbox::new(origin, limits))
}
