//! The engine that compiles and runs the guest: the same for the build script, which precompiles it, and for the program.

use wasmtime::Config;

/// Settings that must be equal where a module is compiled and where it runs.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        // Little is reserved that is not used: otherwise every memory takes 4 GiB of address space, and there may be a limit.
        // So much that a memory which grows is moved seldom.
        .memory_reservation(0)
        .memory_reservation_for_growth(32 << 20)
        .memory_guard_size(0)
        .guard_before_linear_memory(false)
        // Every access is checked; no signal handlers are installed in a program that has its own.
        .signals_based_traps(false)
        // Not for people to debug.
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None)
        .native_unwind_info(false)
        // What Rust's compiler makes of the guest, and no more. An instruction that leaves many values, for one, would make
        // functions of few instructions costly to compile.
        .wasm_multi_value(false)
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false);
    config
}
