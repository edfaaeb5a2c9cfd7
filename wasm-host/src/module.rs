//! Modules and their origins.

#[cfg(feature = "compiler")]
use crate::complexity::{self, Quantity, Refusal};
use crate::engine;
use crate::error::SandboxError;
use cap_std::AmbientAuthority;
use rustix::mm::{MprotectFlags, mprotect};
use s6_instance_maker::Error;
use s6_instance_maker::authority::{self, DocumentKind};
use std::ffi::OsString;
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wasmtime::{Config, CustomCodeMemory, Engine, Module};

/// The built-in module, precompiled for this kind of machine by build/main.rs. It is used where it lies, so it begins on a page of
/// its own, however large pages are.
static BUILT_IN: &PageAligned<[u8]> = &PageAligned(*include_bytes!(concat!(env!("OUT_DIR"), "/guest.cwasm")));

#[repr(C, align(65536))]
struct PageAligned<T: ?Sized>(T);

/// The origin of a sandbox's module.
#[derive(Clone)]
pub enum Origin {
    /// The module that this program comes with.
    BuiltIn,
    /// A file that a user named, to be opened with this authority. Needs the feature `compiler`.
    File(OsString, AmbientAuthority),
    /// The bytes of a module. Needs the feature `compiler`.
    Bytes(Vec<u8>),
}

/// A WebAssembly module in its binary form, of at most twenty times the size of the guest. How much of it is code that must be
/// compiled is another question: see complexity.rs.
const MODULE: DocumentKind = DocumentKind { max: 16 << 20, may_begin: |head| head.starts_with(MAGIC) };
const MAGIC: &[u8] = b"\0asm";

/// `true` if this program can compile modules.
pub const HAS_COMPILER: bool = cfg!(feature = "compiler");

/// Loads a module, for guests that may use `stack` bytes of stack.
pub(crate) fn load(origin: &Origin, stack: usize) -> Result<Module, SandboxError> {
    let mut config = engine::config();
    // Nothing here is asynchronous, but the one may not be less than the other.
    config.async_stack_size(stack).max_wasm_stack(stack);
    match origin {
        Origin::BuiltIn => built_in(&mut config),
        Origin::File(typed, ambient) => {
            let bytes = authority::read_document(typed, &MODULE, *ambient).map_err(|error| match error {
                Error::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => too_large(),
                error => SandboxError::File(Box::new(error)),
            })?;
            compile(&new_engine(&config)?, &bytes)
        }
        Origin::Bytes(bytes) => compile(&new_engine(&config)?, bytes),
    }
}

/// Machine code can belong to one engine only: the first to come takes it where it lies, others get copies.
static IN_PLACE: AtomicBool = AtomicBool::new(false);

fn built_in(config: &mut Config) -> Result<Module, SandboxError> {
    let in_place = !IN_PLACE.swap(true, Ordering::Relaxed);
    if in_place {
        config.with_custom_code_memory(Some(Arc::new(InPlaceCode)));
    }
    let engine = new_engine(config)?;
    // SAFETY: both must be given the unchanged output of `precompile_module`, which with `deserialize_raw` nobody changes for as long
    // as the module lives. This constant is the file that build/main.rs wrote with it, of the same version of wasmtime (there is one
    // in the workspace, and it refuses the output of another one) and the same configuration (src/engine.rs, which both include). It
    // is part of the program's own read-only data, which is there for as long as the program is, and which nothing can write.
    #[expect(unsafe_code, reason = "machine code of the program's own")]
    let module = unsafe {
        if in_place {
            Module::deserialize_raw(&engine, NonNull::from(&BUILT_IN.0))
        } else {
            Module::deserialize(&engine, &BUILT_IN.0)
        }
    };
    module.map_err(|error| SandboxError::BuiltIn(format!("{error:#}")))
}

fn new_engine(config: &Config) -> Result<Engine, SandboxError> {
    Engine::new(config).map_err(|error| SandboxError::SetUp(format!("{error:#}")))
}

/// Makes the built-in module's machine code executable where it lies: the system maps it from the program's file, as it does the
/// program's own code, and nothing is copied.
struct InPlaceCode;

impl CustomCodeMemory for InPlaceCode {
    fn required_alignment(&self) -> usize {
        rustix::param::page_size()
    }

    fn publish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        // wasmtime says what it was given; it is not taken at its word.
        let all = BUILT_IN.0.as_ptr_range();
        let (begin, end) = (code.addr(), code.addr().checked_add(length));
        if begin < all.start.addr() || end.is_none_or(|end| end > all.end.addr()) {
            wasmtime::bail!("not a part of the built-in module");
        }
        // SAFETY: these pages hold machine code of the built-in module and nothing else, as was just checked: the module begins on
        // a page of its own, and so does the code in it. They stay readable, which is all that the program takes them for, and stay
        // unwritable.
        #[expect(unsafe_code, reason = "machine code of the program's own")]
        let made = unsafe { mprotect(code.cast_mut().cast(), length, MprotectFlags::READ | MprotectFlags::EXEC) };
        Ok(made?)
    }

    fn unpublish_executable(&self, _: *const u8, _: usize) -> wasmtime::Result<()> {
        // Nobody can write it anyway.
        Ok(())
    }
}

fn too_large() -> SandboxError {
    SandboxError::NotAModule(format!("it is larger than {} bytes", MODULE.max))
}

#[cfg(feature = "compiler")]
fn compile(engine: &Engine, bytes: &[u8]) -> Result<Module, SandboxError> {
    if bytes.len() as u64 > MODULE.max {
        return Err(too_large());
    }
    if !bytes.starts_with(MAGIC) {
        return Err(SandboxError::NotAModule("it is not a WebAssembly module in binary form".into()));
    }
    complexity::check(bytes).map_err(|refusal| match refusal {
        Refusal::Malformed(error) => SandboxError::NotAModule(error.to_string()),
        Refusal::Excess(Quantity { noun, max }) => SandboxError::TooComplex { noun, max },
    })?;
    Module::from_binary(engine, bytes).map_err(|error| match error.downcast_ref::<io::Error>() {
        Some(_) => SandboxError::SetUp(format!("{error:#}")),
        None => SandboxError::NotAModule(format!("{error:#}")),
    })
}

#[cfg(not(feature = "compiler"))]
fn compile(_: &Engine, _: &[u8]) -> Result<Module, SandboxError> {
    Err(SandboxError::NotAModule("this program was built without a compiler".into()))
}
