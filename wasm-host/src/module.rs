//! Where modules come from.

use crate::error::SandboxError;
use cap_std::AmbientAuthority;
use std::ffi::OsString;
use wasmtime::{Engine, Module};

/// The built-in module, precompiled for this kind of machine by build/main.rs.
static BUILT_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest.cwasm"));

/// Where a sandbox takes its module from.
#[derive(Clone)]
pub enum Origin {
    /// The module that this program comes with.
    BuiltIn,
    /// A file that a user named, to be opened with this authority. Needs the feature `compiler`.
    File(OsString, AmbientAuthority),
    /// The bytes of a module. Needs the feature `compiler`.
    Bytes(Vec<u8>),
}

/// Whether this program can compile modules.
pub const HAS_COMPILER: bool = cfg!(feature = "compiler");

pub(crate) fn load(engine: &Engine, origin: &Origin) -> Result<Module, SandboxError> {
    match origin {
        Origin::BuiltIn => built_in(engine),
        Origin::File(typed, ambient) => {
            let bytes = s6_instance_maker::authority::read_document(typed, *ambient);
            compile(engine, &bytes.map_err(|error| SandboxError::File(Box::new(error)))?)
        }
        Origin::Bytes(bytes) => compile(engine, bytes),
    }
}

fn built_in(engine: &Engine) -> Result<Module, SandboxError> {
    // SAFETY: `deserialize` must be given the unchanged output of `precompile_module`. This constant is the file that
    // build/main.rs wrote with it, of the same version of wasmtime (there is one in the workspace, and it refuses the output of
    // another one) and the same configuration (src/engine.rs, which both include), and nothing at run time can change it: it is
    // part of this program's read-only data, as its own code is.
    #[expect(unsafe_code, reason = "machine code of the program's own")]
    let module = unsafe { Module::deserialize(engine, BUILT_IN) };
    module.map_err(|error| SandboxError::BuiltIn(format!("{error:#}")))
}

#[cfg(feature = "compiler")]
fn compile(engine: &Engine, bytes: &[u8]) -> Result<Module, SandboxError> {
    Module::from_binary(engine, bytes).map_err(|error| SandboxError::NotAModule(format!("{error:#}")))
}

#[cfg(not(feature = "compiler"))]
fn compile(_: &Engine, _: &[u8]) -> Result<Module, SandboxError> {
    Err(SandboxError::NotAModule("this program was built without a compiler".into()))
}
