//! Links the unwinder statically into the programs. A program that aborts on panic needs next to nothing of it, and the loader would
//! have to find, map and link the shared library (libgcc_s) at each start.

#![expect(clippy::disallowed_methods, reason = "a build script asks the linker what there is")]

use std::env;
use std::path::Path;
use std::process::Command;

/// The static form of the unwinder, as GCC and Debian's, Fedora's and Alpine's packages of it have it.
const UNWINDER: &str = "libgcc_eh.a";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of_target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let is_static = of_target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if of_target("OS") == "linux" && of_target("ENV") == "gnu" && !is_static && linker_has(UNWINDER) {
        println!("cargo::rustc-link-lib=gcc_eh");
    }
}

/// Returns `true` if the linker of the target, when it is a compiler driver as usual, knows where the library `name` is. Where it
/// does not, the shared one is linked.
fn linker_has(name: &str) -> bool {
    let is_native = env::var_os("HOST") == env::var_os("TARGET");
    let Some(linker) = env::var_os("RUSTC_LINKER").or_else(|| is_native.then(|| "cc".into())) else { return false };
    let answer = Command::new(linker).arg(format!("-print-file-name={name}")).output();
    // A driver that knows no such file answers with its mere name.
    answer.is_ok_and(|answer| String::from_utf8(answer.stdout).is_ok_and(|path| Path::new(path.trim()).is_absolute()))
}
