//! The documents say what is so: examples are what the program prints, and what they point at is there.

use crate::runtimes;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, json, skip};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(program::workspace().join(path)).unwrap()
}

/// Every `console` block of the README: a command behind `$ `, then what it prints.
#[test]
fn examples_are_what_the_program_prints() {
    let readme = read("README.md");
    let blocks = blocks(&readme, "console");
    assert!(!blocks.is_empty());
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", program::program().parent().unwrap().display());
    for block in blocks {
        let (command, expected) = block.strip_prefix("$ ").unwrap().split_once('\n').unwrap();
        let script = format!("umask 022; {command}");
        let answer = Answer::of(Command::new("sh").args(["-c", &script]).env("PATH", &path).current_dir(program::workspace()));
        assert_eq!(answer.stdout.clone() + &answer.stderr, expected, "$ {command}");
    }
}

/// The fenced blocks of a document that are in `language`.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    document.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Runs a script with the program, node and Python to be found by their names.
fn run_script(script: &str, directory: &Path) -> Answer {
    let folder = |program: &Path| program.parent().unwrap().display().to_string();
    let python = runtimes::python().map(|python| folder(Path::new(python.get_program())) + ":").unwrap_or_default();
    let path = format!("{}:{python}{}", folder(program::program()), std::env::var("PATH").unwrap());
    let script = format!("umask 022\n{script}");
    Answer::of(Command::new("sh").args(["-euc", &script]).env("PATH", path).current_dir(directory))
}

/// docs/plan-format.md shows a job and a plan: what the program prints, but for line breaks and blanks; and it shows how to compute
/// the digest.
#[test]
fn documents_are_what_the_program_prints() {
    if !skip::is_root_or_say("docs::documents_are_what_the_program_prints") {
        return;
    }
    let document = read("docs/plan-format.md");
    let scratch = Scratch::new("docs");
    let template = scratch.join("TEMPLATE");
    disk::directory(&template, 0o755);
    disk::file(template.join("run"), 0o755, "#!/bin/sh\n");
    let odd = template.join(OsStr::from_bytes(b"caf\xe9"));
    disk::file(&odd, 0o640, "state");
    chown(&odd, None, Some(33)).unwrap();
    let print = |what: &str| {
        let answer = run_script(&format!("s6-instance-maker {what} -t 3 TEMPLATE DIR 2>/dev/null"), scratch.path());
        json::lines(&answer.expect_code(0).stdout)
    };
    let examples = blocks(&document, "json");
    assert_eq!(examples, [print("--print-job"), print("--dry-run --format json")]);

    // The digest of what is hard to say in JSON, too.
    for name in ["\u{1}\u{8}\t\u{b}\u{c}\r\n\u{1b}\u{7f}\"\\/", "\u{e9}\u{2028}\u{feff}\u{1f600}"] {
        disk::file(template.join(name.replace('/', "")), 0o644, "");
    }
    let plan: serde_json::Value = serde_json::from_str(&print("--dry-run --format json")).unwrap();
    let script = blocks(&document, "sh").into_iter().find(|script| script.contains("hashlib")).unwrap();
    let answer = run_script(script, scratch.path()).expect_code(0);
    assert_eq!(answer.stdout.trim(), plan["template"]);
}

/// The pipes of the README and of docs/plan-format.md make what the program makes alone.
#[test]
fn pipes_make_what_the_program_makes() {
    const TEST: &str = "docs::pipes_make_what_the_program_makes";
    let (guest, node) = match (program::guest(), runtimes::node()) {
        (Ok(guest), Ok(_)) => (guest, "node guest.mjs"),
        (Err(why), _) | (_, Err(why)) => return skip::did_not_run(TEST, why),
    };
    let document = read("docs/plan-format.md");
    let readme = read("README.md");
    let scratch = Scratch::new("docs");
    std::fs::copy(guest, scratch.join("guest.wasm")).unwrap();
    disk::directory(scratch.join("target/wasm"), 0o755);
    std::fs::copy(guest, scratch.join("target/wasm/s6-instance-maker.wasm")).unwrap();
    std::fs::write(scratch.join("guest.mjs"), blocks(&document, "js")[0]).unwrap();
    std::fs::write(scratch.join("guest.py"), blocks(&document, "python")[0]).unwrap();
    disk::plain_template(scratch.join("TEMPLATE"));
    disk::plain_template(scratch.join("examples/heartbeat"));
    // Many times what a pipe holds.
    for number in 0..2000 {
        disk::file(scratch.join(format!("TEMPLATE/file-{number}")), 0o644, "");
    }
    let pipe = |text: &str| blocks(text, "sh").into_iter().find(|script| script.contains("--apply-plan -")).unwrap().to_owned();
    let (of_format, of_readme) = (pipe(&document), pipe(&readme));
    let mut scripts = vec![
        (of_format.clone(), "DIR", "-u www-data TEMPLATE"),
        (of_readme.replace("RUNTIME", node), "target/elsewhere", "-c 20 examples/heartbeat"),
    ];
    match runtimes::python() {
        Ok(_) => scripts.push((of_format.replace(node, "python guest.py"), "DIR", "-u www-data TEMPLATE")),
        Err(why) => skip::did_not_run(TEST, why),
    }
    for (script, dir, words) in scripts {
        let answer = run_script(&script, scratch.path()).expect_code(0);
        run_script(&format!("s6-instance-maker {words} straight"), scratch.path()).expect_code(0);
        let differences = disk::differences(&disk::read_tree(&scratch.join("straight")), &disk::read_tree(&scratch.join(dir)));
        assert!(differences.is_empty(), "{answer}{differences}");
        run_script(&format!("rm -r straight {dir}"), scratch.path()).expect_code(0);
        // A guest that cannot answer ends in nothing.
        let wrong = script.replace(".wasm ", ".wasm -t9 ");
        let answer = run_script(&wrong, scratch.path()).expect_code(100);
        assert!(
            answer.stderr.contains("fatal: -t `9`: ") && answer.stderr.contains("fatal: `standard input`: it is no plan"),
            "{answer}"
        );
        assert!(!scratch.join(dir).exists(), "{answer}");
    }
}

/// Every option is in the README, those of the sandbox too.
#[test]
fn the_readme_has_every_option() {
    let readme = read("README.md");
    let program = match program::sandboxed() {
        Ok(sandboxed) => &sandboxed.plain,
        Err(why) => {
            skip::did_not_run("docs::the_readme_has_every_option, for the sandbox", why);
            program::program()
        }
    };
    let help = Answer::of(Command::new(program).arg("--help")).expect_code(0).stdout;
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

/// Every snapshot belongs to a test: the names are those of the tables.
#[test]
fn no_snapshot_is_stale() {
    for (folder, source) in [
        ("plan", "tests/plan.rs"),
        ("cli", "tests/cli.rs"),
        ("lint", "tests/lint"),
        ("wire", "tests/wire.rs"),
        ("wasm", "tests/wasm"),
    ] {
        let source = if source.ends_with(".rs") { read(source) } else { texts_below(source) };
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

/// All sources in a folder.
fn texts_below(folder: &str) -> String {
    let folder = program::workspace().join(folder);
    sources()
        .iter()
        .filter(|source| source.starts_with(&folder))
        .map(|source| std::fs::read_to_string(source).unwrap())
        .collect()
}

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
    assert!(sources.iter().any(|source| source.ends_with(Path::new("core/src/plan.rs"))));
    sources
}
