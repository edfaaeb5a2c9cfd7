//! The completions, in the shells that they are for: a command line is typed up to a point, then the tabulator.

use super::{generate, has, programs};
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::Answer;
use s6_instance_maker_workspace::scratch::Scratch;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What is typed, and the arguments that a shell makes of it.
const TYPED: &[(&str, &str)] = &[
    ("--dry-r\t", "<--dry-run>"),
    ("--no-pre\t", "<--no-prepare-log-dir>"),
    ("--installation deb\t", "<--installation> <debian>"),
    ("--installation=slash\t", "<--installation=slashpackage>"),
    ("--format j\t", "<--format> <json>"),
    ("--allow run-mis\t", "<--allow> <run-missing>"),
    ("--allow=capacity\t", "<--allow=capacity-needs-s6-2.12>"),
    ("--strict --explain noex\t", "<--strict> <--explain> <noexec>"),
    ("--generate complete-f\t", "<--generate> <complete-fish>"),
    // Directories, though a file's name begins in the same way.
    ("templ\t", "<template/>"),
    ("-c 5 templ\t dest\t", "<-c> <5> <template/> <destination/>"),
    ("-L templ\t", "<-L> <template/>"),
    // Files.
    ("--instances-from list.t\t", "<--instances-from> <list.txt>"),
];

/// A folder to complete in, with a program of the name that prints its arguments.
fn folder(name: &str) -> Scratch {
    let scratch = Scratch::new("completions");
    for directory in ["template", "destination", "bin"] {
        disk::directory(scratch.join(directory), 0o755);
    }
    for file in ["templates.txt", "destiny.txt", "list.txt"] {
        disk::file(scratch.join(file), 0o644, "");
    }
    let script = "#!/bin/sh\nline=:\nfor word; do line=\"$line <$word>\"; done\necho \"$line\" >>\"$HOME/arguments\"\n";
    disk::file(scratch.join(format!("bin/{name}")), 0o755, script);
    scratch
}

/// Types lines into a shell on a terminal of its own; returns the arguments that its command lines had, and what it showed.
fn type_into(shell: &str, folder: &Path, set_up: &str, lines: &[String]) -> (String, String) {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", shell, "/dev/null"]).current_dir(folder);
    command.env_clear().env("HOME", folder).env("TERM", "dumb").env("LC_ALL", "C.UTF-8").env("SHELL", "/bin/sh");
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.join("bin").display()));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // The shell reads a line when it has done what the one before it says.
    input.write_all(format!("{set_up}\n{}exit\n", lines.concat()).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(input);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    (std::fs::read_to_string(folder.join("arguments")).unwrap_or_default(), shown)
}

fn check(shell: &str, what: &str, test: &str, set_up: impl Fn(&str) -> String) {
    for (name, program) in programs(test) {
        let folder = folder(name);
        std::fs::write(folder.join("completions"), generate(program, what)).unwrap();
        let lines: Vec<_> = TYPED.iter().map(|(typed, _)| format!("{name} {typed}\n")).collect();
        let (found, shown) = type_into(shell, folder.path(), &set_up(name), &lines);
        let expected: String = TYPED.iter().map(|(_, arguments)| format!(": {arguments}\n")).collect();
        // zsh takes the slash away when the line is entered.
        let found = found.replace("/>", ">");
        assert_eq!(found, expected.replace("/>", ">"), "{shell} showed\n{shown}");
    }
}

#[test]
fn bash() {
    const TEST: &str = "generate::completions::bash";
    if has("bash", TEST) && has("script", TEST) {
        check("bash --norc --noprofile -i", "complete-bash", TEST, |_| "source ./completions".into());
    }
}

#[test]
fn zsh() {
    const TEST: &str = "generate::completions::zsh";
    if has("zsh", TEST) && has("script", TEST) {
        check("zsh -f -i", "complete-zsh", TEST, |name| {
            format!(
                "mkdir functions && cp completions functions/_{name} && fpath=($PWD/functions $fpath) && autoload -U compinit && compinit -u -D"
            )
        });
    }
}

/// fish says itself what it would offer.
#[test]
fn fish() {
    const TEST: &str = "generate::completions::fish";
    if !has("fish", TEST) {
        return;
    }
    for (name, program) in programs(TEST) {
        let folder = folder(name);
        std::fs::write(folder.join("completions"), generate(program, "complete-fish")).unwrap();
        let offered = |typed: &str| {
            let script = format!("source completions; complete -C '{name} {typed}'");
            let mut fish = Command::new("fish");
            fish.args(["--no-config", "-c", &script]).current_dir(folder.path()).env("HOME", folder.path());
            let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
            let answer = Answer::of(fish.env("PATH", path)).expect_code(0);
            let words = answer.stdout.lines().map(|line| line.split('\t').next().unwrap().to_owned());
            let mut words: Vec<String> = words.collect();
            words.sort();
            words
        };
        for (typed, expected) in [
            ("--dry-r", &["--dry-run"][..]),
            ("--installation ", &["debian", "path", "slashpackage"]),
            ("--installation=", &["--installation=debian", "--installation=path", "--installation=slashpackage"]),
            ("templ", &["template/"]),
            ("-c 5 template dest", &["destination/"]),
            ("--log-dir templ", &["template/"]),
            ("--instances-from list", &["list.txt"]),
        ] {
            assert_eq!(offered(typed), expected, "{name} {typed}");
        }
        let mut ids = Rule::ALL.map(Rule::id);
        ids.sort_unstable();
        assert_eq!(offered("--allow "), ids);
        assert_eq!(offered("--explain "), ids);
    }
}
