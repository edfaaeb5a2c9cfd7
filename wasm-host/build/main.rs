//! Builds the guest, leaves it as `target/wasm/s6-instance-maker.wasm`, and precompiles it for the machine that the program is
//! built for.
//!
//! `S6_INSTANCE_MAKER_GUEST_WASM` names a module that is there already, for release builds that take the module from elsewhere. The
//! published crate has one, `guest.wasm`, and not the sources of the guest.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "this is how build scripts talk to cargo")]

#[path = "../src/engine.rs"]
mod engine;
mod guest;

use guest::Guest;
use sha2::{Digest as _, Sha256};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use wasmtime::Engine;

/// The environment variable that names a ready module.
const READY: &str = "S6_INSTANCE_MAKER_GUEST_WASM";

fn main() {
    println!("cargo::rerun-if-env-changed={READY}");
    if let Err(why) = run() {
        for line in why.lines() {
            println!("cargo::error={line}");
        }
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let module = match env::var_os(READY).filter(|file| !file.is_empty()) {
        Some(file) => {
            println!("cargo::rerun-if-changed={}", file.display());
            read(Path::new(&file))?
        }
        None => from_workspace(&out)?,
    };
    let mut config = engine::config();
    // No more than all machines of the kind can do, whatever this one can.
    let precompiled = config
        .target(&variable("TARGET")?)
        .and_then(|config| Engine::new(config))
        .and_then(|engine| engine.precompile_module(&module))
        .map_err(|error| format!("unable to precompile the guest: {error:#}"))?;
    write(&out.join("guest.cwasm"), &precompiled)
}

/// Builds the guest from its sources, which lie beside this crate.
fn from_workspace(out: &Path) -> Result<Vec<u8>, String> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = here.parent().unwrap_or(&here);
    if !workspace.join("core/src/main.rs").exists() {
        let shipped = here.join("guest.wasm");
        println!("cargo::rerun-if-changed={}", shipped.display());
        let hint = format!("name a module in {READY}, or build in the whole repository");
        return read(&shipped).map_err(|error| format!("the guest's sources are not here, and {error}; {hint}"));
    }
    let wasm = target_dir(out)?.join("wasm");
    let Guest { module, sources } =
        guest::build(workspace, &wasm.join("build"), &variable("CARGO")?.into(), &variable("RUSTC")?.into())?;
    let manifests = ["Cargo.toml", "Cargo.lock", "core/Cargo.toml"].map(|manifest| workspace.join(manifest));
    let sources: Vec<_> = sources.into_iter().chain(manifests).collect();
    for source in &sources {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    let bytes = read(&module)?;
    let artifact = wasm.join("s6-instance-maker.wasm");
    // Removed by somebody, it comes back.
    println!("cargo::rerun-if-changed={}", artifact.display());
    if fs::read(&artifact).ok().as_ref() != Some(&bytes) {
        publish(&artifact, &bytes, &sources)?;
    }
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::warning={}: {} bytes, sha256 {digest}", artifact.display(), bytes.len());
    Ok(bytes)
}

/// Writes the artifact, which several builds share: whole or not at all, and as old as what it is made from, or cargo would take it
/// for something that has changed since this script began.
fn publish(artifact: &Path, bytes: &[u8], sources: &[PathBuf]) -> Result<(), String> {
    let modified = |path: &PathBuf| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let new = artifact.with_extension(format!("{}.new", std::process::id()));
    write(&new, bytes)?;
    let aged = match sources.iter().filter_map(modified).max() {
        Some(time) => fs::File::options().append(true).open(&new).and_then(|file| file.set_modified(time)),
        None => Ok(()),
    };
    let placed = aged.and_then(|()| fs::rename(&new, artifact));
    placed.map_err(|error| format!("unable to write {}: {error}", artifact.display()))
}

/// The build's folder, with `out` in it as PROFILE/build/PACKAGE/out, or as TARGET/PROFILE/build/PACKAGE/out.
fn target_dir(out: &Path) -> Result<PathBuf, String> {
    let folder = out.ancestors().nth(4).ok_or_else(|| format!("{} is not a folder for a build script", out.display()))?;
    let triple = variable("TARGET")?;
    let is_for_target = folder.file_name().is_some_and(|name| *name == *triple);
    Ok(folder.parent().filter(|_| is_for_target).unwrap_or(folder).to_owned())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("unable to read {}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("unable to write {}: {error}", path.display()))
}
