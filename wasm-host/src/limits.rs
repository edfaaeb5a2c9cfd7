//! Limits of a guest.

/// The limits of one run of a guest; a guest that exceeds one is stopped. All are counted, not timed. Fuel,
/// memory and output are the same everywhere; the stack that a call takes depends on the machine and the compiler.
///
/// The defaults are many times the needs of the guest that comes with this program, and grow with the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fuel: about one unit for each WebAssembly instruction that is executed, and for each byte that goes in or out.
    pub fuel: u64,
    /// Linear memory and a table's pointers together, in bytes. When a memory grows it may be moved, and is there twice for a
    /// moment.
    pub memory: usize,
    /// Stack of calls, in bytes.
    pub stack: usize,
    /// Standard output, in bytes. Standard error is always limited to [`MESSAGES`](Self::MESSAGES).
    pub output: usize,
}

/// The limits that a user chose. `None`: the limit depends on the job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitOptions {
    /// See [`Limits::fuel`].
    pub fuel: Option<u64>,
    /// See [`Limits::memory`].
    pub memory: Option<usize>,
    /// See [`Limits::stack`].
    pub stack: Option<usize>,
    /// See [`Limits::output`].
    pub output: Option<usize>,
}

impl Limits {
    /// The most that a guest may write to standard error, in bytes.
    pub const MESSAGES: usize = 64 << 10;
    /// Fuel for the smallest job, and for each byte of a job.
    const FUEL: (u64, u64) = (100_000_000, 5_000);
    /// Memory for the smallest job, in bytes, and for each byte of a job.
    const MEMORY: (usize, usize) = (64 << 20, 40);
    /// The most memory that a module of 32 bits can address.
    const MEMORY_MAX: usize = 4 << 30;
    /// Half of what wasm32 programs have beside it, as a stack of their own in linear memory.
    const STACK: usize = 512 << 10;
    /// Output for the smallest job, in bytes, and for each byte of a job. What is not a copy in a plan is made of the command line.
    const OUTPUT: (usize, usize) = (16 << 20, 4);
    /// The largest stack that can be chosen: it is taken from the address space at once.
    pub const STACK_MAX: usize = 1 << 30;
    /// The least stack that can be chosen.
    pub const STACK_MIN: usize = 1;

    /// Returns the limits for a job of `bytes` bytes.
    #[must_use]
    pub fn for_job(bytes: usize, chosen: &LimitOptions) -> Self {
        let linear = |(least, each): (usize, usize)| least.saturating_add(each.saturating_mul(bytes));
        let (least, each) = Self::FUEL;
        Self {
            fuel: chosen.fuel.unwrap_or_else(|| least.saturating_add(each.saturating_mul(bytes as u64))),
            memory: chosen.memory.unwrap_or_else(|| linear(Self::MEMORY).min(Self::MEMORY_MAX)),
            stack: chosen.stack.unwrap_or(Self::STACK),
            output: chosen.output.unwrap_or_else(|| linear(Self::OUTPUT)),
        }
    }
}
