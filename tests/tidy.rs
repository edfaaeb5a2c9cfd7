//! The sources themselves: which file imports which, which doors to the outside world are named where, and what files say of each
//! other.

mod circles;
mod citations;
mod doors;
mod names;
mod purity;
mod uses;

use s6_instance_maker_workspace::program::workspace;
use std::path::Path;

/// The folders of sources that are examined.
const SOURCES: [&str; 3] = ["core/src", "native/src", "wasm-host/src"];

/// The text of a file of the workspace.
fn read(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The Rust files below a folder, by their paths in that folder, in order.
fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!files.is_empty(), "{} has no Rust files", folder.display());
    files.sort();
    files
}

/// The Rust files below a folder of the workspace.
pub(crate) fn sources(folder: &str) -> Vec<(String, String)> {
    rust_files(&workspace().join(folder))
}
