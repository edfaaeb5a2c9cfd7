//! The sources: how much unsafe code there is, and where.

use s6_instance_maker_workspace::program;
use std::fs;
use std::path::{Path, PathBuf};

/// Rust's files in these folders of the workspace, which are all that has any.
const FOLDERS: [&str; 6] = ["core", "native", "wasm-host", "tests", "benches", "fuzz"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            if !path.ends_with("target") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a line: what is before a comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !character.is_alphanumeric() && character != '_')
}

/// Two calls, both in module.rs; a third is a decision, which ARCHITECTURE.md and SECURITY.md must state as well.
#[test]
fn unsafe_code_is_two_calls() {
    // Composed, so that this file does not contain it.
    let (keyword, lint) = (["un", "safe"].concat(), ["un", "safe_code"].concat());
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| sources(&program::workspace().join(folder), &mut files));
    assert!(files.len() > 150, "only {} files", files.len());
    let mut found = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        // To forbid it once more is no exception.
        let lines = text.lines().map(code).filter(|code| !code.contains(&format!("forbid({lint})")));
        for word in lines.flat_map(words).filter(|word| *word == keyword || *word == lint) {
            found.push((file.strip_prefix(program::workspace()).unwrap().to_str().unwrap().to_owned(), word.to_owned()));
        }
    }
    found.sort();
    let module = "wasm-host/src/module.rs".to_owned();
    let expected = [&keyword, &keyword, &lint, &lint].map(|word| (module.clone(), word.clone()));
    assert_eq!(found, expected);
}

/// Every package takes the workspace's lints, but for wasm-host, which says the same but that exceptions to one can be made.
#[test]
fn lints_are_the_workspaces() {
    let read = |path: &str| fs::read_to_string(program::workspace().join(path)).unwrap();
    for package in ["Cargo.toml", "core/Cargo.toml", "native/Cargo.toml"] {
        assert!(read(package).contains("[lints]\nworkspace = true\n"), "{package}");
    }
    let section = |text: &str, from: &str| {
        let (_, lints) = text.split_once(from).unwrap_or_else(|| panic!("no {from}"));
        lints.lines().take_while(|line| !line.starts_with('[')).filter(|line| line.contains(" = ")).map(str::to_owned).collect()
    };
    let (all, own) = (read("Cargo.toml"), read("wasm-host/Cargo.toml"));
    let [rust, own_rust]: [Vec<String>; 2] = [section(&all, "[workspace.lints.rust]\n"), section(&own, "[lints.rust]\n")];
    let denied: Vec<_> = rust.iter().map(|line| line.replace("\"forbid\"", "\"deny\"")).collect();
    assert_eq!(own_rust, denied);
    let [clippy, own_clippy]: [Vec<String>; 2] =
        [section(&all, "[workspace.lints.clippy]\n"), section(&own, "[lints.clippy]\n")];
    assert!(clippy.iter().all(|line| own_clippy.contains(line)), "{clippy:#?}\n{own_clippy:#?}");
}
