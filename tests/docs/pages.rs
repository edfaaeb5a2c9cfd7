//! The commands of the documentation, run as they stand: each page on a machine of its own, with the real s6.
//!
//! A block of `sh` must succeed; one of `console` must also print what it shows, where `...` stands for any lines and `[..]` for any
//! text. A comment before a block says why it is not run here, or which test runs it; a snapshot lists all of them.

use s6_instance_maker_workspace::program;
use s6_instance_maker_workspace::stage::Stage;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The languages of blocks that are no commands.
const OTHERS: [&str; 9] = ["text", "execline", "json", "js", "python", "rust", "toml", "yaml", "dockerfile"];

/// A fenced block of a page.
#[derive(Debug)]
struct Block {
    /// The number of its first line.
    line: usize,
    language: String,
    text: String,
    /// Why it is not run here, or by what.
    note: Option<String>,
}

/// The pages for users: README, and what is in docs.
fn pages() -> Vec<(String, String)> {
    let root = program::workspace();
    let names = markdown(root).into_iter().map(|file| file.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
    let names = names.filter(|name| name == "README.md" || name.starts_with("docs/"));
    names.map(|name| (name.clone(), std::fs::read_to_string(root.join(name)).unwrap())).collect()
}

/// The pages in a folder, and those below its docs.
fn markdown(root: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries(root).collect();
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        let (below, pages): (Vec<_>, Vec<_>) = entries(&folder).partition(|entry| entry.is_dir());
        folders.extend(below);
        files.extend(pages);
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "md"));
    files.sort();
    files
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    let mut before = "";
    for (number, line) in page.lines().enumerate() {
        match (open, line.strip_prefix("```")) {
            (false, Some(language)) => {
                let note = before.strip_prefix("<!-- ").and_then(|note| note.strip_suffix(" -->")).map(str::to_owned);
                blocks.push(Block { line: number + 1, language: language.into(), text: String::new(), note });
                open = true;
            }
            (true, Some("")) => open = false,
            (true, _) => {
                let block = blocks.last_mut().unwrap();
                block.text += line;
                block.text.push('\n');
            }
            (false, None) => {}
        }
        if !line.is_empty() {
            before = line;
        }
    }
    assert!(!open, "a block does not end");
    blocks
}

/// A command of a block of `console`, and what it prints.
fn commands(block: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), line.strip_prefix("> "), commands.last_mut()) {
            (Some(command), _, _) => commands.push((format!("{command}\n"), String::new())),
            (None, Some(more), Some((command, output))) if output.is_empty() => *command += &format!("{more}\n"),
            (None, _, Some((_, output))) => *output += &format!("{line}\n"),
            (None, _, None) => panic!("a console block begins with output: {line}"),
        }
    }
    commands
}

/// Returns `true` if `found` is what `expected` stands for.
fn matches(expected: &[&str], found: &[&str]) -> bool {
    match (expected, found) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=found.len()).any(|skipped| matches(rest, &found[skipped..])),
        ([line, rest @ ..], [first, others @ ..]) => line_matches(line, first) && matches(rest, others),
        _ => false,
    }
}

fn line_matches(expected: &str, found: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = found.strip_prefix(parts.next().unwrap()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let place =
            if parts.peek().is_none() { rest.ends_with(part).then(|| rest.len() - part.len()) } else { rest.find(part) };
        let Some(place) = place else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.is_empty()
}

/// A page as one script: what the command number N prints goes to a file.
fn script(page: &[Block]) -> (String, Vec<(usize, String, Option<String>)>) {
    let mut script = String::new();
    let mut steps = Vec::new();
    for block in page.iter().filter(|block| block.note.is_none()) {
        match block.language.as_str() {
            "sh" => {
                writeln!(script, "set -e\n{{\n{}}} >/shared/{} 2>&1", block.text, steps.len()).unwrap();
                steps.push((block.line, block.text.clone(), None));
            }
            "console" => {
                script += "set +e\n";
                for (command, output) in commands(&block.text) {
                    // The code of one command can be what the next one shows.
                    writeln!(script, "{{\n{command}}} >/shared/{} 2>&1", steps.len()).unwrap();
                    steps.push((block.line, command, Some(output)));
                }
            }
            _ => {}
        }
    }
    (script, steps)
}

/// Runs the commands of a page on a machine; returns how many were run, and what did not go as the page says.
pub(crate) fn run(stage: &Stage, name: &str, page: &str) -> (usize, String) {
    let (script, steps) = script(&blocks(page));
    if steps.is_empty() {
        return (0, String::new());
    }
    let answer = stage.run(&script);
    let mut failures = String::new();
    let printed = |number: usize| stage.shared().join(number.to_string());
    let ran = (0..steps.len()).take_while(|&number| printed(number).exists()).count();
    for (number, (line, command, expected)) in steps.iter().enumerate().take(ran) {
        let found = String::from_utf8_lossy(&std::fs::read(printed(number)).unwrap()).into_owned();
        std::fs::remove_file(printed(number)).unwrap();
        let as_shown = match expected {
            Some(expected) => matches(&expected.lines().collect::<Vec<_>>(), &found.lines().collect::<Vec<_>>()),
            // A page ends with the first block that fails.
            None => number + 1 < ran || ran == steps.len() && answer.code == Some(0),
        };
        if !as_shown {
            write!(failures, "\n{name}, block at line {line}:\n{command}--- printed\n{found}").unwrap();
            if let Some(expected) = expected {
                write!(failures, "--- the page shows\n{expected}").unwrap();
            }
        }
    }
    if ran < steps.len() || ran == 0 {
        write!(failures, "\n{name}: {ran} of {} steps were begun\n{answer}", steps.len()).unwrap();
    }
    (ran, failures)
}

/// The commands of a page as one script that ends with the first one that fails.
pub(crate) fn plain_script(page: &str) -> String {
    let (_, steps) = script(&blocks(page));
    steps.into_iter().map(|(_, command, _)| command).collect()
}

/// Every command of every page does what the page says. `S6_INSTANCE_MAKER_PAGE` in the environment is a part of the name of some pages.
#[test]
fn commands_do_what_pages_say() {
    let Some(stage) = Stage::new("docs::pages::commands_do_what_pages_say") else { return };
    let only = std::env::var("S6_INSTANCE_MAKER_PAGE").unwrap_or_default();
    let pages = pages().into_iter().filter(|(name, _)| name.contains(&only));
    let (counts, failures): (Vec<_>, Vec<_>) = pages.map(|(name, page)| run(&stage, &name, &page)).unzip();
    let failures = failures.concat();
    assert!(failures.is_empty(), "{failures}");
    assert!(!only.is_empty() || counts.iter().sum::<usize>() > 70, "only {counts:?} commands were run");
}

/// Each block is in a language that is known, and each command that no page runs says why.
#[test]
fn what_is_not_run_says_why() {
    let mut text = String::new();
    for (name, page) in pages() {
        for block in blocks(&page) {
            let is_command = ["sh", "console"].contains(&block.language.as_str());
            assert!(
                is_command || OTHERS.contains(&block.language.as_str()),
                "{name}, line {}: the language `{}`",
                block.line,
                block.language
            );
            // A Dockerfile is no command here, but its commands are run nowhere either.
            let Some(note) = block.note else { continue };
            if let Some(test) = note.strip_prefix("run by ") {
                let (module, function) = test.rsplit_once("::").unwrap();
                let file = program::workspace().join(format!("tests/{}.rs", module.replace("::", "/")));
                let source = std::fs::read_to_string(&file).unwrap_or_default();
                assert!(source.contains(&format!("fn {function}(")), "{name}, line {}: there is no {test}", block.line);
            } else {
                assert!(note.starts_with("not run: "), "{name}, line {}: {note}", block.line);
            }
            writeln!(text, "{name}: {note}\n    {}", block.text.lines().next().unwrap_or_default()).unwrap();
        }
    }
    let count = |start: &str| text.lines().filter(|line| line.contains(start)).count();
    let text = format!("{} not run, {} run by other tests\n\n{text}", count(": not run: "), count(": run by "));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/docs");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("not-run", text));
}

/// Every link of a page to a file leads to one.
#[test]
fn links_lead_to_files() {
    let dead = dead_links(program::workspace());
    assert!(dead.is_empty(), "{dead}");
}

/// The links to files that are not there, of the pages in a folder and below its docs.
pub(crate) fn dead_links(root: &Path) -> String {
    let mut dead = String::new();
    for page in markdown(root) {
        let text = std::fs::read_to_string(&page).unwrap();
        let text: String = text.split("```").step_by(2).collect();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") && !page.parent().unwrap().join(file).exists() {
                writeln!(dead, "{}: {link}", page.display()).unwrap();
            }
        }
    }
    dead
}
