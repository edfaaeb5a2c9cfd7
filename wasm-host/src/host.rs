//! The functions that a guest may call: seven of WASI, preview 1, for its arguments, its input and its output, and nothing else.
//!
//! None of them reaches anything outside of [`Host`]. Every address that a guest gives is checked against its memory; every byte
//! that is moved costs one unit of fuel, so that a guest cannot have the host work for nothing. The names and numbers are those of
//! `wasi_snapshot_preview1`.

use crate::limits::{LimitOptions, Limits};
use std::sync::Arc;
use wasmtime::{Caller, Extern, ExternType, ImportType, Linker, Module, ResourceLimiter, Result, Trap};

/// The module name that guests import the functions from.
pub const NAMESPACE: &str = "wasi_snapshot_preview1";

/// A success, and the errors that a guest may get, as WASI numbers them.
const SUCCESS: i32 = 0;
const BAD_DESCRIPTOR: i32 = 8;
const INVALID: i32 = 28;

/// The largest number of buffers in one call, as in Linux.
const BUFFERS_MAX: u32 = 1024;

/// The state of one run of a guest.
#[derive(Debug)]
pub struct Host {
    /// Its arguments, each with a NUL behind it.
    arguments: Arc<[Vec<u8>]>,
    /// The length of all arguments together, in bytes.
    arguments_length: usize,
    input: Vec<u8>,
    /// The number of bytes of the input that were read.
    read: usize,
    /// The bytes that it wrote to standard output.
    pub output: Vec<u8>,
    /// The bytes that it wrote to standard error.
    pub messages: Vec<u8>,
    limits: Limits,
    /// The size of its memory and of its table, in bytes.
    memory: usize,
    table: usize,
    /// The reason for the last refusal of memory.
    pub refused: Option<MemoryRefusal>,
}

/// The reason why a guest was refused memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryRefusal {
    /// It wanted more than it may have.
    Limit,
    /// The system has no more.
    System,
}

/// The end of a guest from inside a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuestEnd {
    /// It says that it is done.
    #[error("exit code {0}")]
    Exit(i32),
    /// See [`Limits::output`].
    #[error("too much output")]
    Output,
    /// See [`Limits::MESSAGES`].
    #[error("too many messages")]
    Messages,
    /// An address is not in its memory.
    #[error("a pointer outside of the memory")]
    Pointer,
    /// The system has no memory for its output.
    #[error("no memory for the output")]
    NoMemory,
}

impl Host {
    /// For one run: arguments, without NULs in them, and standard input.
    #[must_use]
    pub fn new(arguments: Vec<Vec<u8>>, input: Vec<u8>, limits: Limits) -> Self {
        let arguments: Arc<[_]> = arguments.into_iter().map(|argument| [argument, vec![0]].concat()).collect();
        Self {
            arguments_length: arguments.iter().map(Vec::len).sum(),
            arguments,
            input,
            read: 0,
            output: Vec::new(),
            messages: Vec::new(),
            limits,
            memory: 0,
            table: 0,
            refused: None,
        }
    }

    /// A host without a guest, to examine the functions.
    fn idle() -> Self {
        Self::new(Vec::new(), Vec::new(), Limits::for_job(0, &LimitOptions::default()))
    }

    /// Returns `true` if it may have so much, in bytes.
    fn grant(&mut self, memory: usize, table: usize) -> bool {
        let granted = memory.saturating_add(table) <= self.limits.memory;
        if granted {
            (self.memory, self.table) = (memory, table);
        }
        self.refused = (!granted).then_some(MemoryRefusal::Limit);
        granted
    }

    /// The limits of this run.
    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }
}

/// One memory, one table, one instance; and what the limits say.
impl ResourceLimiter for Host {
    fn memory_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum) && self.grant(desired, self.table))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> Result<()> {
        self.refused = Some(MemoryRefusal::System);
        Ok(())
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        // What a table costs is memory, too: a pointer for each element.
        Ok(self.grant(self.memory, desired.saturating_mul(size_of::<usize>())))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> Result<()> {
        self.refused = Some(MemoryRefusal::System);
        Ok(())
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}

/// All that there is to import.
pub fn functions(engine: &wasmtime::Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(NAMESPACE, "args_sizes_get", args_sizes_get)?;
    linker.func_wrap(NAMESPACE, "args_get", args_get)?;
    linker.func_wrap(NAMESPACE, "environ_sizes_get", environ_sizes_get)?;
    linker.func_wrap(NAMESPACE, "environ_get", |_: i32, _: i32| SUCCESS)?;
    linker.func_wrap(NAMESPACE, "fd_read", fd_read)?;
    linker.func_wrap(NAMESPACE, "fd_write", fd_write)?;
    linker.func_wrap(NAMESPACE, "proc_exit", |code: i32| -> Result<()> { Err(GuestEnd::Exit(code).into()) })?;
    Ok(linker)
}

/// Everything that [`functions`] offers, with types, in order.
pub fn offered() -> Result<Vec<String>> {
    let engine = wasmtime::Engine::new(&crate::engine::config())?;
    let linker = functions(&engine)?;
    let mut store = wasmtime::Store::new(&engine, Host::idle());
    let offered: Vec<_> =
        linker.iter(&mut store).map(|(module, name, item)| (module.to_owned(), name.to_owned(), item)).collect();
    let mut offered: Vec<_> =
        offered.into_iter().map(|(module, name, item)| signature(&module, &name, &item.ty(&store))).collect();
    offered.sort();
    Ok(offered)
}

/// Everything that a module imports, with types, in order.
#[cfg(feature = "compiler")]
pub fn imports(module: &[u8]) -> Result<Vec<String>> {
    let engine = wasmtime::Engine::new(&crate::engine::config())?;
    let module = Module::from_binary(&engine, module)?;
    let mut imports: Vec<_> = module.imports().map(|import| signature(import.module(), import.name(), &import.ty())).collect();
    imports.sort();
    Ok(imports)
}

fn signature(module: &str, name: &str, ty: &ExternType) -> String {
    let list =
        |types: &mut dyn Iterator<Item = wasmtime::ValType>| types.map(|ty| ty.to_string()).collect::<Vec<_>>().join(", ");
    match ty {
        ExternType::Func(function) => {
            format!("{module}.{name}: ({}) -> ({})", list(&mut function.params()), list(&mut function.results()))
        }
        _ => format!("{module}.{name}: not a function"),
    }
}

/// The first import of `module` that is not among [`functions`], by its name.
pub(crate) fn foreign_import(linker: &Linker<Host>, module: &Module) -> Option<String> {
    let mut store = wasmtime::Store::new(module.engine(), Host::idle());
    let mut is_foreign = |import: &ImportType<'_>| match (linker.get_by_import(&mut store, import), import.ty()) {
        (Some(Extern::Func(function)), ExternType::Func(wanted)) => !function.ty(&store).matches(&wanted),
        _ => true,
    };
    module.imports().find(|import| is_foreign(import)).map(|import| format!("{}.{}", import.module(), import.name()))
}

fn args_sizes_get(mut caller: Caller<'_, Host>, count: i32, size: i32) -> Result<i32> {
    // The arguments of a process are far from what 32 bits can count.
    let (arguments, bytes) = (caller.data().arguments.len() as u32, caller.data().arguments_length as u32);
    put(&mut caller, count, arguments)?;
    put(&mut caller, size, bytes)?;
    Ok(SUCCESS)
}

fn args_get(mut caller: Caller<'_, Host>, pointers: i32, bytes: i32) -> Result<i32> {
    let arguments = Arc::clone(&caller.data().arguments);
    let (mut pointer, mut at) = (pointers, bytes);
    for argument in arguments.iter() {
        put(&mut caller, pointer, at as u32)?;
        let (piece, _) = piece(&mut caller, at, argument.len() as u32)?;
        piece.copy_from_slice(argument);
        pointer = pointer.wrapping_add(4);
        at = at.wrapping_add(argument.len() as i32);
    }
    Ok(SUCCESS)
}

fn environ_sizes_get(mut caller: Caller<'_, Host>, count: i32, size: i32) -> Result<i32> {
    put(&mut caller, count, 0)?;
    put(&mut caller, size, 0)?;
    Ok(SUCCESS)
}

fn fd_read(mut caller: Caller<'_, Host>, descriptor: i32, buffers: i32, count: i32, read: i32) -> Result<i32> {
    if descriptor != 0 {
        return Ok(BAD_DESCRIPTOR);
    }
    let Some(buffers) = buffers_of(&mut caller, buffers, count)? else { return Ok(INVALID) };
    let mut total = 0;
    for (at, length) in buffers {
        let left = caller.data().input.len().saturating_sub(caller.data().read);
        let length = length.min(u32::try_from(left).unwrap_or(u32::MAX));
        let (piece, host) = piece(&mut caller, at, length)?;
        let end = host.read + length as usize;
        // Not more than what is left, just computed.
        let Some(input) = host.input.get(host.read..end) else { return Err(GuestEnd::Pointer.into()) };
        piece.copy_from_slice(input);
        host.read = end;
        total += length;
    }
    put(&mut caller, read, total)?;
    Ok(SUCCESS)
}

fn fd_write(mut caller: Caller<'_, Host>, descriptor: i32, buffers: i32, count: i32, written: i32) -> Result<i32> {
    let ended = match descriptor {
        1 => GuestEnd::Output,
        2 => GuestEnd::Messages,
        _ => return Ok(BAD_DESCRIPTOR),
    };
    let Some(buffers) = buffers_of(&mut caller, buffers, count)? else { return Ok(INVALID) };
    let mut total: u32 = 0;
    for (at, length) in buffers {
        let (piece, host) = piece(&mut caller, at, length)?;
        let (to, limit) = match ended {
            GuestEnd::Output => (&mut host.output, host.limits.output),
            _ => (&mut host.messages, Limits::MESSAGES),
        };
        if piece.len() > limit.saturating_sub(to.len()) {
            return Err(ended.into());
        }
        to.try_reserve(piece.len()).map_err(|_| GuestEnd::NoMemory)?;
        to.extend_from_slice(piece);
        // Buffers may overlap: together they can have more than 32 bits can count.
        let Some(sum) = total.checked_add(length) else { return Ok(INVALID) };
        total = sum;
    }
    put(&mut caller, written, total)?;
    Ok(SUCCESS)
}

/// The addresses and lengths of a call's buffers; `None` when there are too many.
fn buffers_of(caller: &mut Caller<'_, Host>, at: i32, count: i32) -> Result<Option<Vec<(i32, u32)>>> {
    let count = count as u32;
    if count > BUFFERS_MAX {
        return Ok(None);
    }
    let (piece, _) = piece(caller, at, count * 8)?;
    let (pairs, _) = piece.as_chunks::<8>();
    let pair = |&[a, b, c, d, e, f, g, h]: &[u8; 8]| (i32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    Ok(Some(pairs.iter().map(pair).collect()))
}

fn put(caller: &mut Caller<'_, Host>, at: i32, value: u32) -> Result<()> {
    let (piece, _) = piece(caller, at, size_of::<u32>() as u32)?;
    piece.copy_from_slice(&value.to_le_bytes());
    Ok(())
}

/// A piece of the guest's memory, if the guest has it, and the state of the host. Addresses have 32 bits without a sign.
///
/// This is the only way from the host to that memory, and each byte costs one unit of fuel: a guest cannot have bytes moved for
/// nothing.
fn piece<'a>(caller: &'a mut Caller<'_, Host>, at: i32, length: u32) -> Result<(&'a mut [u8], &'a mut Host)> {
    // A module without it is not run.
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return Err(GuestEnd::Pointer.into()) };
    let begin = at as u32 as usize;
    let end = begin.checked_add(length as usize).filter(|&end| end <= memory.data_size(&*caller));
    let end = end.ok_or(GuestEnd::Pointer)?;
    let left = caller.get_fuel()?.checked_sub(length.into()).ok_or(Trap::OutOfFuel)?;
    caller.set_fuel(left)?;
    let (memory, host) = memory.data_and_store_mut(caller);
    Ok((memory.get_mut(begin..end).ok_or(GuestEnd::Pointer)?, host))
}
