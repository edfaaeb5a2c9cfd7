//! The program: where arguments, the environment and ambient authority enter.

#![forbid(unsafe_code)]

use s6_instance_maker::environment::Environment;
use s6_instance_maker::{InProcess, program};
use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "the environment enters here, each variable by its name")]
    let environment = Environment::read(std::env::var_os);
    #[expect(clippy::disallowed_methods, reason = "arguments and authority enter here")]
    let (arguments, ambient) = (std::env::args_os(), cap_std::ambient_authority());
    program::main::<InProcess>(arguments, &environment, ambient)
}
