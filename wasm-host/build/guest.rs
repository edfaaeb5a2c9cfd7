//! Builds the guest: the core as a WASI command, the same bytes wherever the workspace lies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip1";
const PROGRAM: &str = "s6-instance-maker-guest";

/// The guest, and what it was made from.
pub struct Guest {
    /// The module.
    pub module: PathBuf,
    /// The source files.
    pub sources: Vec<PathBuf>,
}

/// Builds the guest of `workspace` in `target_dir`, which should be used for nothing else; or says why it cannot be.
pub fn build(workspace: &Path, target_dir: &Path, cargo: &OsString, rustc: &OsString) -> Result<Guest, String> {
    require_target(rustc)?;
    let mut command = Command::new(cargo);
    command.current_dir(workspace).args(["build", "--locked", "--package", "s6-instance-maker-core", "--bin", PROGRAM]);
    command.args(["--features", "guest", "--profile", "guest", "--target", TARGET, "--target-dir"]).arg(target_dir);
    // What cargo tells build scripts, and what a user has set for programs of this machine, is not meant for the guest.
    for (name, _) in std::env::vars_os() {
        if is_for_others(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    // Where the sources lie must not be in the module.
    let home = std::env::home_dir().unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    // The last that fits is taken, and cargo's own folder may be in the workspace.
    let flags = [
        format!("--remap-path-prefix={}=/s6-instance-maker", workspace.display()),
        format!("--remap-path-prefix={}=/cargo", cargo_home.display()),
    ];
    // Whatever a configuration file says.
    command.env("CARGO_INCREMENTAL", "0");
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    let output = command.output().map_err(|error| format!("unable to run {}: {error}", cargo.display()))?;
    if !output.status.success() {
        return Err(format!("the guest does not build:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    let module = target_dir.join(TARGET).join("guest").join(format!("{PROGRAM}.wasm"));
    let listed = module.with_extension("d");
    let rule = std::fs::read_to_string(&listed).map_err(|error| format!("unable to read {}: {error}", listed.display()))?;
    Ok(Guest { module, sources: prerequisites(&rule) })
}

/// Fails where Rust has no standard library for the target.
fn require_target(rustc: &OsString) -> Result<(), String> {
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let output = output.map_err(|error| format!("unable to run {}: {error}", rustc.display()))?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let is_there = std::fs::read_dir(libraries).is_ok_and(|mut entries| entries.next().is_some());
    if is_there {
        Ok(())
    } else {
        Err(format!("Rust's target {TARGET} is not installed, and the guest is built for it: rustup target add {TARGET}"))
    }
}

fn is_for_others(variable: &str) -> bool {
    let named = [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_BOOTSTRAP",
        "CARGO_TARGET_DIR",
        "CARGO_MAKEFLAGS",
        "TARGET",
        "HOST",
        "PROFILE",
        "OPT_LEVEL",
        "DEBUG",
        "OUT_DIR",
        "NUM_JOBS",
    ];
    let families = [
        "CARGO_BUILD_",
        "CARGO_PROFILE_",
        "CARGO_FEATURE_",
        "CARGO_CFG_",
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_TARGET_",
        "DEP_",
    ];
    named.contains(&variable) || families.iter().any(|family| variable.starts_with(family))
}

/// Returns the dependencies of the one rule of a dep-info file; a blank in a name is `\ `.
fn prerequisites(rule: &str) -> Vec<PathBuf> {
    let list = rule.split_once(": ").map_or("", |(_, list)| list);
    let names = list.replace("\\ ", "\0");
    names.split_whitespace().map(|name| PathBuf::from(name.replace('\0', " "))).collect()
}
