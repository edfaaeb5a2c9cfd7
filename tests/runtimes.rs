//! The guest under runtimes that are not ours: the bytes, messages and exit codes that the library gives natively.

use s6_instance_maker_core::cli::Refusal;
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::message::Message;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::wire::Job;
use s6_instance_maker_workspace::jobs::cases;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::wrong::wrong;
use s6_instance_maker_workspace::{manifest, skip};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All that the guest asks of a runtime; its environment is part of how Rust starts, and is empty.
const IMPORTS: [&str; 7] = [
    "wasi_snapshot_preview1.args_get",
    "wasi_snapshot_preview1.args_sizes_get",
    "wasi_snapshot_preview1.environ_get",
    "wasi_snapshot_preview1.environ_sizes_get",
    "wasi_snapshot_preview1.fd_read",
    "wasi_snapshot_preview1.fd_write",
    "wasi_snapshot_preview1.proc_exit",
];

/// A run of the guest: the words behind the program's name, and standard input.
type Run = (Vec<String>, Vec<u8>);

fn runs() -> Vec<Run> {
    // Both runtimes take arguments as text.
    let as_text = |words: Vec<std::ffi::OsString>| words.into_iter().map(|word| word.into_string().ok()).collect::<Option<_>>();
    let mut runs: Vec<Run> = cases()
        .into_iter()
        .filter_map(|case| Some((as_text(case.words)?, Job::encode(&Instances::default(), &case.facts, &case.template))))
        .collect();
    let plain = Job::encode(&Instances::default(), &manifest::facts(), &manifest::template("0755 file run"));
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    // No command line can have a NUL.
    runs.extend(wrong().filter(|wrong| !wrong.concat().contains('\0')).map(|wrong| (words(wrong), plain.clone())));
    runs.extend([["-h"], ["--help"], ["--version"]].map(|word| (words(&word), Vec::new())));
    // What to do with a plan is not the guest's business.
    runs.extend(["--dry-run", "--print-job", "--apply-plan=x"].map(|word| (words(&[word, "t", "d"]), plain.clone())));
    let text = String::from_utf8(plain.clone()).unwrap();
    let half = text.split_at(text.len() / 2).0;
    for input in ["", half, "garbage", "[]", &text.replace("\"version\":3", "\"version\":4"), &text.replace(" job", " plan")] {
        runs.push((words(&["t", "d"]), input.as_bytes().to_vec()));
    }
    // Many times what a pipe holds.
    let entry = "{\"path\":\"run\",";
    let many: String = (0..20_000).map(text_entry).collect();
    runs.push((words(&["t", "d"]), text.replace(entry, &format!("{many}{entry}")).into_bytes()));
    runs
}

fn text_entry(number: u32) -> String {
    format!("{{\"path\":\"file-{number}\",\"kind\":\"file\",\"mode\":\"0644\",\"owner\":[0,0],\"size\":{number}}},")
}

/// Exit code, standard output and standard error.
type Outcome = (i64, Vec<u8>, String);

/// Returns the library's answer.
fn native((words, input): &Run) -> Outcome {
    let fatal = |messages: &[Message]| (100, Vec::new(), messages.iter().map(Message::lines).collect());
    let request = match manifest::request(words) {
        Ok(request) => request,
        Err(Refusal::Show(text) | Refusal::Help(text)) => return (0, text.into_bytes(), String::new()),
        Err(Refusal::Usage(error)) => return fatal(&[Message::new(&error, error.hint())]),
    };
    let job = match Job::decode(input) {
        Ok(job) => job,
        Err(error) => return fatal(&[Message::new(&format!("standard input: {error}"), None)]),
    };
    match plan(&request, &job.facts, &job.template) {
        Ok(plan) => (0, manifest::document(&plan, &request, &job.template), String::new()),
        Err(error) => fatal(&error.messages()),
    }
}

/// Runs the guest in processes of a runtime, so many times in each, and compares.
fn check(runtime: &str, command: impl Fn() -> Command, runs: &[Run], in_each: usize) {
    let guest = match program::guest() {
        Ok(guest) => guest,
        Err(why) => return skip::did_not_run(runtime, why),
    };
    let argv =
        |words: &[String]| std::iter::once("s6-instance-maker".to_owned()).chain(words.iter().cloned()).collect::<Vec<_>>();
    let mut plans = 0;
    for runs in runs.chunks(in_each) {
        let scratch = Scratch::new("runtime");
        let cases: Vec<_> = runs.iter().map(|(words, _)| json!(argv(words))).collect();
        fs::write(scratch.join("cases.json"), Value::from(cases).to_string()).unwrap();
        for (number, (_, input)) in runs.iter().enumerate() {
            fs::write(scratch.join(format!("{number}.in")), input).unwrap();
        }
        let answer = Answer::of(command().arg(guest).arg(scratch.path())).expect_code(0);
        let told: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}\n{answer}"));
        let mut imports: Vec<_> = told["imports"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        imports.sort_unstable();
        assert_eq!(imports, IMPORTS);
        for (number, run) in runs.iter().enumerate() {
            let read = |end: &str| fs::read(scratch.join(format!("{number}.{end}"))).unwrap();
            let outcome = (told["codes"][number].as_i64().unwrap(), read("out"), String::from_utf8(read("err")).unwrap());
            let expected = native(run);
            let text = |outcome: &Outcome| format!("{}\n{}{}", outcome.0, String::from_utf8_lossy(&outcome.1), outcome.2);
            assert!(outcome == expected, "{:?}\n{runtime}: {}\nnatively: {}", run.0, text(&outcome), text(&expected));
            plans += usize::from(expected.0 == 0);
        }
    }
    let failures = runs.len() - plans;
    assert!(plans >= runs.len() / 3 && failures >= runs.len() / 5, "{plans} plans of {} runs", runs.len());
    skip::tell(&format!("{} runs of the guest, {plans} of them plans, are the same under {runtime}", runs.len()));
}

fn script(name: &str) -> PathBuf {
    program::workspace().join("tests/runtimes").join(name)
}

/// node, where it is there and knows WASI.
pub(crate) fn node() -> Result<Command, &'static str> {
    let mut command = Command::new("node");
    command.env("NODE_NO_WARNINGS", "1");
    let probe = Command::new("node").args(["-e", "require('node:wasi')"]).output();
    if probe.is_ok_and(|output| output.status.success()) { Ok(command) } else { Err("there is no node with node:wasi") }
}

/// Python with the package wasmtime, where tests/run has put it.
pub(crate) fn python() -> Result<Command, &'static str> {
    let python = program::target_dir().join("wasmtime-python/bin/python");
    let has_package = |python: &Path| {
        Command::new(python).args(["-c", "import wasmtime"]).output().is_ok_and(|output| output.status.success())
    };
    if has_package(&python) { Ok(Command::new(python)) } else { Err("tests/run has not installed the Python package wasmtime") }
}

#[test]
fn under_node() {
    match node() {
        Ok(node) => {
            // Hundreds of instances of WASI in one process make node 20 crash or hang now and then, with any module; a process for
            // each run is slow to start, so every sixth run has to do, and the last, which is the largest.
            let runs = runs();
            let last = runs.len() - 1;
            let some: Vec<Run> =
                runs.into_iter().enumerate().filter(|(at, _)| at % 6 == 0 || *at == last).map(|(_, run)| run).collect();
            let command = || {
                let mut command = Command::new(node.get_program());
                command.env("NODE_NO_WARNINGS", "1").arg(script("node.mjs"));
                command
            };
            check("node", command, &some, 1);
        }
        Err(why) => skip::did_not_run("runtimes::under_node", why),
    }
}

#[test]
fn under_wasmtime_for_python() {
    match python() {
        Ok(python) => {
            let command = || {
                let mut command = Command::new(python.get_program());
                command.arg(script("wasmtime.py"));
                command
            };
            check("wasmtime for Python", command, &runs(), usize::MAX);
        }
        Err(why) => skip::did_not_run("runtimes::under_wasmtime_for_python", why),
    }
}
