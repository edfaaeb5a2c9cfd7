//! Sections and tests that documents and sources name exist.

use super::{SOURCES, read, sources};
use std::fmt::Write as _;

/// Sections of docs/original.md that sources cite are there.
#[test]
fn cited_sections_exist() {
    let original = read("docs/original.md");
    let mut cited = 0;
    for (source, text) in SOURCES.into_iter().chain(["wasm-host/build", "tests"]).flat_map(sources) {
        // A citation may be broken by a comment's line end.
        let text = text.lines().map(|line| line.trim().trim_start_matches(['/', '!']).trim()).collect::<Vec<_>>().join(" ");
        for citation in text.split("docs/original.md, ").skip(1).filter_map(|rest| rest.strip_prefix('"')) {
            // `"A" and "B"` cites two.
            let sentence = citation.split([')', ':', '.']).next().unwrap();
            for section in sentence.split('"').step_by(2).map(str::trim).filter(|section| !section.is_empty()) {
                assert!(original.contains(&format!("\n## {section}\n")), "{source}: there is no section {section:?}");
                cited += 1;
            }
        }
    }
    assert!(cited >= 8, "{cited} citations");
    for section in
        read("docs/deviations.md").split('"').skip(1).step_by(2).filter(|section| section.starts_with(char::is_uppercase))
    {
        assert!(original.contains(&format!("\n## {section}\n")), "docs/deviations.md: there is no section {section:?}");
    }
}

/// Tests that docs/deviations.md names are there.
#[test]
fn named_tests_exist() {
    let deviations = read("docs/deviations.md");
    let mut named = 0;
    for name in deviations.split('`').skip(1).step_by(2).filter(|name| name.contains("::")) {
        let (module, test) = name.split_once("::").unwrap();
        let mut text = String::new();
        for (file, source) in sources("tests") {
            let mut names = file.trim_end_matches(".rs").rsplit('/');
            if names.any(|name| name == module) {
                text.write_str(&source).unwrap();
            }
        }
        assert!(text.contains(&format!("fn {test}(")), "docs/deviations.md names {name}, which is not there");
        // Behind `plan::cases` stand the cases' names; a `*` at the end stands for several.
        if test == "cases" {
            let marked = format!("`{name}`");
            let behind = deviations.split(&marked).skip(1).map(|rest| rest.split(['|', ',', '`', '\n']).next().unwrap());
            for case in behind.flat_map(str::split_whitespace) {
                let known =
                    text.contains(&format!("(\"{}", case.trim_end_matches('*'))) || text.contains(&format!("\"{case}\","));
                assert!(known, "docs/deviations.md names the case {case}, which is not there");
            }
        }
        named += 1;
    }
    assert!(named >= 15, "{named} tests named");
}
