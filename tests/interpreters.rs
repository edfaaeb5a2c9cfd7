//! Interpreter lines that lint refuses, run by the real interpreters: they fail, and what their hints say works.

use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::interpreter_lines::{FAILING_LINES, FAILING_LINES_OF_OTHERS, followed};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a script and runs it, for a second at most. Another process writes it: what this one has open for writing, a process that
/// another test starts may have open as well, and then nobody could run it.
const RUN: &str = "printf %s \"$1\" >run && chmod +x run && exec timeout 1 ./run NAME";

/// Returns the output of a script with the argument NAME.
fn output(scratch: &Scratch, script: &str) -> String {
    let mut command = Command::new("sh");
    let command = command.args(["-c", RUN, "sh", script]).current_dir(scratch.path()).stdin(Stdio::null());
    String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned()
}

/// Every hint works for every interpreter that is on this machine.
#[test]
fn hints_work() {
    let scratch = Scratch::new("interpreters");
    disk::file(scratch.join("script"), 0o644, "echo ran NAME $-\n");
    let mut missing = BTreeSet::new();
    let of_shells = FAILING_LINES.iter().map(|failing| {
        let rest = if failing.line.contains("execlineb") { "echo ran $1" } else { "echo ran $1 $-" };
        (failing, rest, failing.options)
    });
    for (failing, rest, options) in
        of_shells.chain(FAILING_LINES_OF_OTHERS.iter().map(|failing| (failing, failing.options, "")))
    {
        let interpreter = failing.line.split(' ').next().unwrap();
        if !Path::new(interpreter).exists() {
            missing.insert(interpreter);
            continue;
        }
        let before = output(&scratch, &format!("#!{}\n{rest}\n", failing.line));
        assert!(!before.contains("ran NAME"), "{}: {before}", failing.line);
        let script = followed(failing.hint, rest).unwrap();
        let after = output(&scratch, &script);
        let flags = after.strip_prefix("ran NAME").unwrap_or_else(|| panic!("{script}{after}"));
        assert!(options.chars().all(|option| flags.contains(option)), "{script}{after}");
    }
    assert!(["/bin/sh", "/bin/bash", "/usr/bin/env"].iter().all(|interpreter| !missing.contains(interpreter)), "{missing:?}");
    for interpreter in missing {
        skip::say("interpreters::hints_work", &format!("there is no {interpreter}"));
    }
}
