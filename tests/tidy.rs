//! The structure of this repository: what its files say of each other, without running a program.

mod citations;

use s6_instance_maker_workspace::program;
use std::path::{Path, PathBuf};

/// The text of a file of the workspace.
fn read(path: &str) -> String {
    std::fs::read_to_string(program::workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust source of the workspace, those of the fuzz targets excepted.
fn sources() -> Vec<PathBuf> {
    let mut pending: Vec<PathBuf> =
        ["core/src", "native/src", "wasm-host", "tests"].iter().map(|folder| program::workspace().join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    assert!(sources.iter().any(|source| source.ends_with(Path::new("core/src/lib.rs"))));
    sources
}
