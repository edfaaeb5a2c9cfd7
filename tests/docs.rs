//! The documents say what is so: examples are what the program prints, and what they point at is there.

use s6_instance_maker_workspace::program::{self, Answer};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(program::workspace().join(path)).unwrap()
}

/// Every `console` block of the README: a command behind `$ `, then what it prints.
#[test]
fn examples_are_what_the_program_prints() {
    let readme = read("README.md");
    let blocks: Vec<&str> = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", program::program().parent().unwrap().display());
    for block in blocks {
        let (command, expected) = block.strip_prefix("$ ").unwrap().split_once('\n').unwrap();
        let script = format!("umask 022; {command}");
        let answer = Answer::of(Command::new("sh").args(["-c", &script]).env("PATH", &path).current_dir(program::workspace()));
        assert_eq!(answer.stdout.clone() + &answer.stderr, expected, "$ {command}");
    }
}

/// Every option is in the README.
#[test]
fn the_readme_has_every_option() {
    let readme = read("README.md");
    let help = Answer::of(Command::new(program::program()).arg("--help")).expect_code(0).stdout;
    let options: Vec<&str> = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.trim_end_matches(|end: char| !end.is_alphanumeric()))
        .collect();
    assert!(options.len() >= 18, "{options:?}");
    for option in options.into_iter().filter(|option| !["--help", "--version"].contains(option)) {
        assert!(readme.contains(option), "{option} is not in README.md");
    }
}

/// Sections of docs/original.md that sources cite are there.
#[test]
fn cited_sections_exist() {
    let original = read("docs/original.md");
    let mut cited = 0;
    for source in sources() {
        let text = std::fs::read_to_string(&source).unwrap();
        // A citation may be broken by a comment's line end.
        let text = text.lines().map(|line| line.trim().trim_start_matches(['/', '!']).trim()).collect::<Vec<_>>().join(" ");
        for citation in text.split("docs/original.md, ").skip(1).filter_map(|rest| rest.strip_prefix('"')) {
            // `"A" and "B"` cites two.
            let sentence = citation.split([')', ':', '.']).next().unwrap();
            for section in sentence.split('"').step_by(2).map(str::trim).filter(|section| !section.is_empty()) {
                assert!(
                    original.contains(&format!("\n## {section}\n")),
                    "{}: there is no section {section:?}",
                    source.display()
                );
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
        for file in sources().iter().filter(|file| file.starts_with(program::workspace().join("tests"))) {
            if file.file_stem().unwrap() == module || file.parent().unwrap().ends_with(module) {
                write!(text, "{}", std::fs::read_to_string(file).unwrap()).unwrap();
            }
        }
        assert!(text.contains(&format!("fn {test}(")), "docs/deviations.md names {name}, which is not there");
        named += 1;
    }
    assert!(named >= 15, "{named} tests named");
}

/// Every snapshot belongs to a test: the names are those of the tables.
#[test]
fn no_snapshot_is_stale() {
    for (folder, source) in [("plan", "tests/plan.rs"), ("cli", "tests/cli.rs"), ("wire", "tests/wire.rs")] {
        let source = read(source);
        for entry in std::fs::read_dir(program::workspace().join("snapshots").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name =
                name.strip_suffix(".snap").unwrap_or_else(|| panic!("snapshots/{folder}/{name} is no accepted snapshot"));
            // umask-0022 and umask-0022-s6-rc are made of a prefix, a umask of the table, and a suffix.
            let known = name.strip_prefix("umask-").map_or_else(
                || source.contains(&format!("\"{name}\"")),
                |rest| source.contains(&format!("\"{}\"", rest.trim_end_matches("-s6-rc"))),
            );
            assert!(known, "snapshots/{folder}/{name}.snap belongs to no test");
        }
    }
}

fn sources() -> Vec<PathBuf> {
    let mut pending: Vec<PathBuf> =
        ["core/src", "native/src", "tests"].iter().map(|folder| program::workspace().join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    assert!(sources.iter().any(|source| source.ends_with(Path::new("core/src/plan.rs"))));
    sources
}
