//! One run of a guest, and what is made of its answer.

use crate::error::SandboxError;
use crate::host::{self, GuestEnd, Host, MemoryRefusal};
use crate::limits::{LimitOptions, Limits};
use crate::module::{self, Origin};
use s6_instance_maker::run::Run;
use s6_instance_maker_core::escape::is_printable;
use s6_instance_maker_core::message::{self, Message};
use std::ffi::OsString;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use wasmtime::{ExternType, InstancePre, Store, Trap};

/// The interval between two checks for signals, while a guest runs.
const ATTENTION: Duration = Duration::from_millis(50);
/// The stack that the host's own functions use on a guest's thread, besides the guest's, in bytes.
const HOST_STACK: usize = 256 << 10;
/// The stack that the compiler uses, in bytes: the usual stack of a program's first thread.
const COMPILER_STACK: usize = 8 << 20;
/// The address space that the start of a guest takes, in bytes, without its stack:
/// 35 MiB for the smallest linear memory with its room to grow, and some 2 MiB for the module. Where an allocator finds no memory,
/// wasmtime and the standard library end the process, or panic, so the program finds out first if there is enough.
const START: usize = 48 << 20;

/// A module that computes plans and can touch nothing.
pub struct Sandbox {
    source: Arc<ModuleSource>,
    chosen: LimitOptions,
}

/// The origin of the module, and the module.
struct ModuleSource {
    origin: Origin,
    /// Loaded when it is first used.
    loaded: Mutex<Option<LoadedModule>>,
}

#[derive(Clone)]
struct LoadedModule {
    instance: InstancePre<Host>,
}

impl Sandbox {
    /// A sandbox with limits that somebody chose. The module is loaded when it is first needed.
    #[must_use]
    pub fn new(origin: Origin, chosen: LimitOptions) -> Self {
        Self { source: Arc::new(ModuleSource { origin, loaded: Mutex::new(None) }), chosen }
    }

    /// Runs the guest once, with arguments (the program's name first) and a job, and returns the bytes that it wrote. They are what
    /// the guest says; they are not checked.
    pub fn ask(&self, arguments: &[OsString], job: Vec<u8>, run: &Run<'_>) -> Result<Vec<u8>, SandboxError> {
        let limits = Limits::for_job(job.len(), &self.chosen);
        let arguments: Vec<Vec<u8>> = arguments.iter().map(|argument| argument.as_encoded_bytes().to_vec()).collect();
        if arguments.iter().any(|argument| argument.contains(&0)) {
            return Err(SandboxError::Nul);
        }
        let stack = self.source.stack(&limits);
        require_memory(START.saturating_add(stack))?;
        let source = Arc::clone(&self.source);
        let (answer, answered) = mpsc::sync_channel(1);
        let guest = move || {
            // Once more: an allocator may have taken address space for the thread.
            let loaded = require_memory(START).and_then(|()| source.load(limits.stack));
            let result = loaded.and_then(|loaded| loaded.run(Host::new(arguments, job, limits)));
            // Nobody listens any more where a signal has come.
            let _ = answer.send(result);
        };
        // A thread of its own has as much stack as the guest and its compiler may use, whatever the process was given; and a signal
        // does not wait for it.
        thread::Builder::new().stack_size(stack).spawn(guest).map_err(SandboxError::Thread)?;
        loop {
            #[expect(
                clippy::disallowed_methods,
                reason = "a signal is noticed meanwhile; the guest may take as long as it likes"
            )]
            let answer = answered.recv_timeout(ATTENTION);
            match answer {
                Ok(answer) => return answer,
                // The thread ends with the process, or when it is done.
                Err(RecvTimeoutError::Timeout) => run.check().map_err(|error| SandboxError::Interrupted(Box::new(error)))?,
                Err(RecvTimeoutError::Disconnected) => return Err(SandboxError::Trap("it took its thread along".into())),
            }
        }
    }
}

impl ModuleSource {
    /// Returns the stack of a thread that loads and runs the module, in bytes.
    fn stack(&self, limits: &Limits) -> usize {
        let guest = limits.stack.saturating_add(HOST_STACK);
        if matches!(self.origin, Origin::BuiltIn) { guest } else { guest.max(COMPILER_STACK) }
    }

    fn load(&self, stack: usize) -> Result<LoadedModule, SandboxError> {
        // The lock is held for loading only, which leaves nothing half-done.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(loaded.clone());
        }
        let new = LoadedModule::new(&self.origin, stack)?;
        Ok(loaded.insert(new).clone())
    }
}

impl LoadedModule {
    fn new(origin: &Origin, stack: usize) -> Result<Self, SandboxError> {
        let set_up = |error: wasmtime::Error| SandboxError::SetUp(format!("{error:#}"));
        let module = module::load(origin, stack)?;
        let linker = host::functions(module.engine()).map_err(set_up)?;
        if let Some(name) = host::foreign_import(&linker, &module) {
            return Err(SandboxError::Import(name));
        }
        if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
            return Err(SandboxError::Export("memory"));
        }
        match module.get_export("_start") {
            Some(ExternType::Func(start)) if start.params().len() == 0 && start.results().len() == 0 => {}
            _ => return Err(SandboxError::Export("_start, a function without parameters")),
        }
        Ok(Self { instance: linker.instantiate_pre(&module).map_err(set_up)? })
    }

    fn run(&self, host: Host) -> Result<Vec<u8>, SandboxError> {
        let limits = host.limits();
        let mut store = Store::new(self.instance.module().engine(), host);
        store.limiter(|host| host);
        let set_fuel = store.set_fuel(limits.fuel);
        let ended = set_fuel.and_then(|()| {
            let instance = self.instance.instantiate(&mut store)?;
            instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())
        });
        let host = store.into_data();
        match ended {
            Ok(()) => answer(0, host),
            Err(error) => match (error.downcast_ref::<GuestEnd>(), error.downcast_ref::<Trap>()) {
                (Some(GuestEnd::Exit(code)), _) => answer(*code, host),
                (Some(GuestEnd::Output), _) => Err(SandboxError::Output(limits)),
                (Some(GuestEnd::Messages), _) => Err(SandboxError::Messages),
                (Some(GuestEnd::Pointer), _) => Err(SandboxError::Pointer),
                (Some(GuestEnd::NoMemory), _) => Err(SandboxError::NoMemory),
                (None, Some(Trap::OutOfFuel)) => Err(SandboxError::Fuel(limits)),
                (None, Some(Trap::StackOverflow)) => Err(SandboxError::Stack(limits)),
                // What a program does that is refused memory.
                _ if host.refused.is_some() => Err(refused_memory(&host)),
                (None, Some(trap)) => Err(SandboxError::Trap(trap.to_string())),
                (None, None) => Err(SandboxError::SetUp(format!("{error:#}"))),
            },
        }
    }
}

/// Fails where the system does not have so much memory, in bytes, for this process now. Nothing of it is used.
fn require_memory(bytes: usize) -> Result<(), SandboxError> {
    let mut probe: Vec<u8> = Vec::new();
    let found = probe.try_reserve_exact(bytes);
    // Otherwise the compiler may leave out an allocation that nothing uses.
    std::hint::black_box(&probe);
    found.map_err(|_| SandboxError::SetUp(format!("the system does not have {bytes} bytes of memory for it")))
}

/// Interprets the end of a guest: exit code 0 without messages is an answer, 100 and 111 have messages in the form that every
/// program of this project has.
fn answer(code: i32, host: Host) -> Result<Vec<u8>, SandboxError> {
    if code == 0 {
        return if host.messages.is_empty() { Ok(host.output) } else { Err(SandboxError::Talkative(host.messages)) };
    }
    match (u8::try_from(code), message::parse(&host.messages)) {
        (Ok(code @ (100 | 111)), Some(messages))
            if messages
                .iter()
                .all(|Message { text, hint, .. }| is_printable(text) && hint.as_deref().is_none_or(is_printable)) =>
        {
            Err(SandboxError::Refused { messages, code })
        }
        _ if host.refused.is_some() => Err(refused_memory(&host)),
        _ => Err(SandboxError::Exit { code, messages: host.messages }),
    }
}

fn refused_memory(host: &Host) -> SandboxError {
    match host.refused {
        Some(MemoryRefusal::System) => SandboxError::NoMemory,
        _ => SandboxError::Memory(host.limits()),
    }
}
