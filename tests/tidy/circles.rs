//! No circle of imports between files: whoever reads a file reads what it is made of, and nothing that is made of it.

use super::uses::paths;
use std::collections::{BTreeMap, BTreeSet};

/// The files of a package, and which of the others each one imports from.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The module path of a file: `a::b` for `a/b.rs` and for `a/b/mod.rs`; none for the root of the package.
fn module(file: &str) -> Vec<&str> {
    let path = file.strip_suffix(".rs").unwrap();
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" || path == "main" { Vec::new() } else { path.split('/').collect() }
}

/// The graph of a library's files, of which one is `lib.rs`. A program beside it uses the library as anybody does.
fn graph(files: &[(String, String)]) -> Graph {
    let files: Vec<_> = files.iter().filter(|(file, _)| file != "main.rs").collect();
    let modules: BTreeMap<Vec<&str>, &str> = files.iter().map(|(file, _)| (module(file), file.as_str())).collect();
    assert!(modules.contains_key(&Vec::new()), "there is no lib.rs among {files:?}");
    let imports = |file: &str, source: &str| {
        let here = module(file);
        let targets = paths(source).into_iter().filter_map(|path| {
            let names: Vec<&str> = path.split(" as ").next().unwrap().split("::").collect();
            let up = names.iter().take_while(|name| **name == "super").count();
            let whole: Vec<&str> = match names.first().copied() {
                Some("crate") => names[1..].to_vec(),
                Some("self") => [&here[..], &names[1..]].concat(),
                Some("super") => [here.get(..here.len().saturating_sub(up)).unwrap(), &names[up..]].concat(),
                // A module of this one, by its name alone.
                Some(first) if modules.contains_key(&[&here[..], &[first]].concat()) => [&here[..], &names[..]].concat(),
                _ => return None,
            };
            // What is no module is an item of the innermost one that it is in.
            (0..=whole.len()).rev().find_map(|length| modules.get(&whole[..length]).map(|file| (*file).to_owned()))
        });
        targets.filter(|target| target != file).collect()
    };
    files.iter().map(|(file, source)| (file.clone(), imports(file, source))).collect()
}

/// A circle, each file followed by one that it imports from, the first one again at the end; the shortest that there is.
fn circle(graph: &Graph) -> Option<Vec<&str>> {
    let from = |start: &'_ String| {
        let mut ways: Vec<Vec<&str>> = vec![vec![graph.get_key_value(start).unwrap().0]];
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            next += 1;
            for target in &graph[*way.last().unwrap()] {
                if target == start {
                    return Some([&way[..], &[target]].concat());
                }
                if seen.insert(target) {
                    ways.push([&way[..], &[target]].concat());
                }
            }
        }
        None
    };
    graph.keys().filter_map(from).min_by_key(Vec::len)
}

/// Fails when the files in `folder` import each other in a circle, and prints it.
fn check(folder: &str) {
    let graph = graph(&super::sources(folder));
    let edges: usize = graph.values().map(BTreeSet::len).sum();
    assert!(edges >= graph.len(), "{folder}: {} files with {edges} imports are too few to be true", graph.len());
    assert_eq!(circle(&graph).map(|circle| circle.join("\n  imports from ")), None, "a circle of imports in {folder}");
}

#[test]
fn the_core_has_no_circle() {
    check("core/src");
}

#[test]
fn native_has_no_circle() {
    check("native/src");
}

#[test]
fn the_wasm_host_has_no_circle() {
    check("wasm-host/src");
}

/// Each way to import is seen as one.
#[test]
fn circles_are_found() {
    let files = |sources: &[(&str, &str)]| -> Vec<(String, String)> {
        sources.iter().map(|(file, source)| ((*file).to_owned(), (*source).to_owned())).collect()
    };
    for (one, other) in [
        ("use crate::b::{c::D, E};", "use crate::{a::X};"),
        ("fn f() { crate::b::c::d() }", "use super::super::a::X;"),
        ("use super::b::c;", "fn f() -> crate::a::X {}"),
        ("pub use crate::b::c::*;", "use crate::a;"),
    ] {
        let sources = [("lib.rs", "mod a; mod b;"), ("a.rs", one), ("b/mod.rs", "mod c;"), ("b/c.rs", other)];
        let graph = graph(&files(&sources));
        assert_eq!(circle(&graph), Some(vec!["a.rs", "b/c.rs", "a.rs"]), "{one} {other}");
    }
    let through_root = [("lib.rs", "pub use a::X;"), ("a.rs", "use crate::Y;")];
    assert_eq!(circle(&graph(&files(&through_root))), Some(vec!["a.rs", "lib.rs", "a.rs"]));
    let none = [
        ("lib.rs", "mod a; mod b; use b::B;"),
        ("a.rs", "//! [`crate::b`]"),
        ("b/mod.rs", "use crate::a::A; use c::C;"),
        ("b/c.rs", "use crate::a;"),
    ];
    assert_eq!(circle(&graph(&files(&none))), None);
}
