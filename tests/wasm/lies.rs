//! Guests that lie, each a few lines of text: what becomes of it, in a snapshot; and nothing is on the disk.

use super::{module, settings};
use s6_instance_maker::run::{NoProgress, Run};
use s6_instance_maker::{Error, PlanInputs, Planner as _};
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::message::Message;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_sandbox::error::SandboxError;
use s6_instance_maker_sandbox::limits::{LimitOptions, Limits};
use s6_instance_maker_sandbox::{Origin, Sandbox};
use s6_instance_maker_workspace::listing::Listing;
use s6_instance_maker_workspace::manifest;
use std::sync::atomic::AtomicBool;

const TEMPLATE: &str = "
    0755 file run
    0644 file data
    0777 link link -> data
    6755 file tool (33:4)";

/// A module that writes to both outputs and ends.
pub fn says(output: &[u8], messages: &[u8], code: i32) -> String {
    let data = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("\\{byte:02x}"));
    let (begin, middle) = (64, 64 + output.len());
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") {pages})
  (data (i32.const {begin}) "{output}")
  (data (i32.const {middle}) "{messages}")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const {begin})) (i32.store (i32.const 4) (i32.const {output_length}))
    (i32.store (i32.const 8) (i32.const {middle})) (i32.store (i32.const 12) (i32.const {messages_length}))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 16)))
    (call $exit (i32.const {code}))))"#,
        pages = (middle + messages.len()) / 65536 + 1,
        output_length = output.len(),
        messages_length = messages.len(),
        output = data(output),
        messages = data(messages),
    )
}

/// Returns the planner's answer for a module: the error, its exit code and its hint; or that there is a plan.
fn outcome(text: &str, words: &[&str]) -> String {
    let run = Run { interrupt: &AtomicBool::new(false), progress: &NoProgress };
    let sandbox = Sandbox::new(Origin::Bytes(module(text)), LimitOptions::default());
    let request = manifest::request(words).unwrap();
    let arguments: Vec<_> = std::iter::once("s6-instance-maker").chain(words.iter().copied()).map(Into::into).collect();
    let inputs = PlanInputs {
        arguments: &arguments,
        listed: &Instances::default(),
        request: &request,
        facts: &manifest::facts(),
        template: &manifest::template(TEMPLATE),
    };
    match sandbox.plan(&inputs, &run) {
        Ok(_) => "a plan".to_owned(),
        Err(error) => {
            let messages = error.messages().into_iter().map(|Message { text, hint, .. }| {
                let hint = hint.map(|hint| format!("\n    hint: {hint}")).unwrap_or_default();
                text + &hint
            });
            format!("{} {}", error.exit_code(), messages.collect::<Vec<_>>().join("\n    "))
        }
    }
}

const WORDS: [&str; 6] = ["-c", "7", "--s6-version", "2.13", "t", "d"];

/// The right answer, as text to be made wrong.
fn truth() -> String {
    let template = manifest::template(TEMPLATE);
    let request = manifest::request(WORDS).unwrap();
    let plan = plan(&request, &manifest::facts(), &template).unwrap();
    String::from_utf8(manifest::document(&plan, &request, &template)).unwrap()
}

/// Replacements of a text in a plan, and the errors.
const LIES: &[(&str, &str, &str)] = &[
    ("another version", "\"version\":3", "\"version\":4"),
    ("another kind of document", "maker plan", "maker job"),
    ("another template", "\"template\":\"", "\"template\":\"0"),
    ("a digest of zeros", "DIGEST", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("another placement", "\"placement\":\"new\"", "\"placement\":\"within\""),
    ("a path that escapes", "\"path\":\"instance\"", "\"path\":\"../x\""),
    ("an absolute path", "\"path\":\"instance\"", "\"path\":\"/x\""),
    ("a path through a link", "\"path\":\"notification-fd\"", "\"path\":\"template/link/x\""),
    ("a path without a parent", "\"path\":\"notification-fd\"", "\"path\":\"nowhere/x\""),
    ("a path twice", "\"path\":\"instances\"", "\"path\":\"instance\""),
    ("an empty component", "\"path\":\"instance\"", "\"path\":\"a//b\""),
    ("a NUL in a path", "\"path\":\"instance\"", "\"path\":\"a\\u0000b\""),
    ("a device node", "\"path\":\"instance\",\"kind\":\"dir\"", "\"path\":\"instance\",\"kind\":\"device\""),
    ("a socket", "\"path\":\"instance\",\"kind\":\"dir\"", "\"path\":\"instance\",\"kind\":\"socket\""),
    (
        "a set-id script",
        "\"path\":\"run\",\"kind\":\"file\",\"mode\":\"0755\"",
        "\"path\":\"run\",\"kind\":\"file\",\"mode\":\"4755\"",
    ),
    (
        "a set-id copy",
        "\"path\":\"template/data\",\"kind\":\"file\",\"mode\":\"0644\"",
        "\"path\":\"template/data\",\"kind\":\"file\",\"mode\":\"6644\"",
    ),
    (
        "an owner",
        "\"path\":\"run\",\"kind\":\"file\",\"mode\":\"0755\"",
        "\"path\":\"run\",\"kind\":\"file\",\"mode\":\"0755\",\"owner\":[33,33]",
    ),
    (
        "an open directory",
        "\"path\":\"instance\",\"kind\":\"dir\",\"mode\":\"0755\"",
        "\"path\":\"instance\",\"kind\":\"dir\",\"mode\":\"0777\"",
    ),
    ("an entry that nobody asked for", "\"path\":\"notification-fd\",", "\"path\":\".hidden\","),
    ("a mode without end", "\"mode\":\"0755\"", "\"mode\":\"07555\""),
    ("a source outside of the template", "\"copy\":\"data\"", "\"copy\":\"../data\""),
    ("a source that is not there", "\"copy\":\"data\"", "\"copy\":\"passwd\""),
    ("a source that is a link", "\"copy\":\"data\"", "\"copy\":\"link\""),
    ("a source through a link", "\"copy\":\"data\"", "\"copy\":\"link/x\""),
    ("a member that nobody knows", "\"version\":3", "\"version\":3,\"more\":1"),
    ("a warning that nobody knows", "\"warnings\":[]", "\"warnings\":[{\"id\":\"x\",\"subject\":\"y\"}]"),
    ("something behind it", "]}\n", "]}x"),
];

#[test]
fn lies_are_refused() {
    let truth = truth();
    assert_eq!(outcome(&says(truth.as_bytes(), b"", 0), &WORDS), "a plan");
    let digest = truth.split("\"template\":\"").nth(1).unwrap().split('"').next().unwrap();
    let mut listings: [Listing; 4] = Default::default();
    let mut tell = |kind: usize, name: &str, outcome: &str| {
        // Which bytes a lie is made of does not matter.
        let outcome = outcome.split(" at line ").next().unwrap();
        assert!(!outcome.replace("\n    hint", "").contains(char::is_control), "{outcome:?}");
        assert_ne!(outcome, "a plan", "{name}");
        assert!(outcome.len() < 2000, "{name}: a message of {} bytes", outcome.len());
        listings[kind].add(name, outcome);
    };
    for (name, from, to) in LIES {
        let from = from.replace("DIGEST", digest);
        assert!(truth.contains(&from), "no {from} in {truth}");
        let lie = truth.replacen(&from, to, 1);
        tell(0, name, &outcome(&says(lie.as_bytes(), b"", 0), &WORDS));
    }
    let warning = "{\"id\":\"set-id-dropped\",\"subject\":\"tool\"}";
    let flooded = truth.replacen("\"warnings\":[]", &format!("\"warnings\":[{}]", vec![warning; 1000].join(",")), 1);
    let half = &truth.as_bytes()[..truth.len() / 2];
    for (name, output, messages, code) in [
        ("nothing", &b""[..], &b""[..], 0),
        ("half a document", half, b"", 0),
        ("a member with a long name", format!("{{\"{}\":1}}", "x".repeat(100_000)).as_bytes(), b"", 0),
        ("a format with a long name", truth.replacen("s6-instance-maker plan", &"x".repeat(100_000), 1).as_bytes(), b"", 0),
        ("warnings without end", flooded.as_bytes(), b"", 0),
        ("an empty message", b"", b"s6-instance-maker: fatal: \n", 100),
        ("a long message", b"", &[b'x'; 60_000], 7),
        ("garbage", b"\xff\xfe\x1b[31m", b"", 0),
        ("JSON of something else", b"[]", b"", 0),
        ("numbers without end", &[b'9'; 5000], b"", 0),
        ("brackets without end", &[b'['; 5000], b"", 0),
        ("exit code 7", truth.as_bytes(), b"", 7),
        ("exit code 1", b"", b"thread 'main' panicked\n", 1),
        ("exit code -1", truth.as_bytes(), b"", -1),
        ("exit code 256", truth.as_bytes(), b"", 256),
        ("exit code 100 without a word", b"", b"", 100),
        ("exit code 100 with other words", b"", b"no\n", 100),
        ("words that clear the screen", b"", b"s6-instance-maker: fatal: \x1b[2J\n", 100),
        ("words that turn around", b"", "s6-instance-maker: fatal: \u{202e}\n".as_bytes(), 100),
        ("words on two lines", b"", b"s6-instance-maker: fatal: a\nb\n", 100),
        ("words that are not UTF-8", b"", b"s6-instance-maker: fatal: \xff\n", 100),
        ("a hint that clears the screen", b"", b"s6-instance-maker: fatal: a\ns6-instance-maker: hint: \x1b[2J\n", 100),
        ("a refusal of its own", b"", b"s6-instance-maker: fatal: not today\ns6-instance-maker: hint: tomorrow\n", 100),
        ("its system's refusal", b"", b"s6-instance-maker: fatal: no room\n", 111),
        ("a plan and words", truth.as_bytes(), b"\x1b[2Jdone\n", 0),
    ] {
        tell(1, name, &outcome(&says(output, messages, code), &WORDS));
    }
    for (name, body) in PROGRAMS {
        tell(2, name, &outcome(&program(body), &WORDS));
    }
    for (name, text) in MODULES {
        tell(3, name, &outcome(text, &WORDS));
    }
    for (name, listing) in ["plans", "answers", "programs", "modules"].into_iter().zip(listings) {
        settings("messages").bind(|| insta::assert_snapshot!(format!("sandbox-{name}"), listing.text()));
    }
}

fn program(body: &str) -> String {
    format!(
        r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table 1 funcref)
  {body})"#
    )
}

/// Programs that do something else than their work.
const PROGRAMS: &[(&str, &str)] = &[
    ("it never ends", "(func (export \"_start\") (loop (br 0)))"),
    ("it never begins", "(func $f (loop (br 0))) (start $f) (func (export \"_start\"))"),
    ("it calls itself", "(func $f (export \"_start\") (call $f) (drop (i32.const 1)) (call $f))"),
    ("it aborts", "(func (export \"_start\") unreachable)"),
    ("it divides by zero", "(func (export \"_start\") (drop (i32.div_u (i32.const 1) (i32.const 0))))"),
    ("it reads beyond its memory", "(func (export \"_start\") (drop (i32.load (i32.const -1))))"),
    ("it calls what is no function", "(type $t (func)) (func (export \"_start\") (call_indirect (type $t) (i32.const 0)))"),
    (
        "it takes all memory, and aborts",
        "(func (export \"_start\") (loop (br_if 0 (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) unreachable)",
    ),
    (
        "it takes all of a table, and aborts",
        "(func (export \"_start\")
           (loop (br_if 0 (i32.ne (table.grow (ref.null func) (i32.const 1000000)) (i32.const -1)))) unreachable)",
    ),
    (
        "it floods standard output",
        "(func (export \"_start\") (i32.store (i32.const 4) (i32.const 65536))
           (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0)))",
    ),
    (
        "it floods standard error",
        "(func (export \"_start\") (i32.store (i32.const 4) (i32.const 1000))
           (loop (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0)))",
    ),
    (
        "it writes nothing again and again, with many buffers",
        "(func (export \"_start\")
           (loop (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1024) (i32.const 8))) (br 0)))",
    ),
    (
        "it asks for its arguments again and again",
        "(func (export \"_start\") (loop (drop (call $args (i32.const 0) (i32.const 1000))) (br 0)))",
    ),
    (
        "it reads the end of its input again and again",
        "(func (export \"_start\") (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 60000))
           (loop (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0)))",
    ),
];

/// Modules that are not what a guest is.
const MODULES: &[(&str, &str)] = &[
    ("no memory", "(module (func (export \"_start\")))"),
    ("a memory that is a function", "(module (func (export \"memory\")) (func (export \"_start\")))"),
    ("no beginning", "(module (memory (export \"memory\") 1))"),
    ("a beginning with parameters", "(module (memory (export \"memory\") 1) (func (export \"_start\") (param i32)))"),
    ("a beginning that is a global", "(module (memory (export \"memory\") 1) (global (export \"_start\") i32 (i32.const 1)))"),
    (
        "it imports a clock",
        "(module (import \"wasi_snapshot_preview1\" \"clock_time_get\" (func (param i32 i64 i32) (result i32))))",
    ),
    ("it imports a file", "(module (import \"wasi_snapshot_preview1\" \"path_open\" (func)))"),
    ("it imports from elsewhere", "(module (import \"env\" \"\\1b[31msystem\" (func)))"),
    ("it imports something of another type", "(module (import \"wasi_snapshot_preview1\" \"fd_read\" (func (param i64))))"),
    ("it imports something that is no function", "(module (import \"wasi_snapshot_preview1\" \"fd_read\" (memory 1)))"),
    ("it wants a memory of 4 GiB at once", "(module (memory (export \"memory\") 65536) (func (export \"_start\")))"),
    ("it wants two memories", "(module (memory (export \"memory\") 1) (memory 1) (func (export \"_start\")))"),
    ("it wants a memory of 64 bits", "(module (memory (export \"memory\") i64 1) (func (export \"_start\")))"),
    ("it shares its memory", "(module (memory (export \"memory\") 1 1 shared) (func (export \"_start\")))"),
    (
        "it wants two tables",
        "(module (memory (export \"memory\") 1) (table 1 funcref) (table 1 funcref) (func (export \"_start\")))",
    ),
    ("it wants a large table", "(module (memory (export \"memory\") 1) (table 4000000000 funcref) (func (export \"_start\")))"),
    (
        "it has data beyond its memory",
        "(module (memory (export \"memory\") 1) (data (i32.const 65536) \"x\") (func (export \"_start\")))",
    ),
    ("it does nothing", "(module (memory (export \"memory\") 1) (func (export \"_start\")))"),
];

/// The errors of the sandbox that no guest here provokes are one text with those that several do.
#[test]
fn errors_of_the_sandbox() {
    let limits = Limits::for_job(0, &LimitOptions::default());
    let text = || "text".to_owned();
    let refused = || std::io::Error::from_raw_os_error(11);
    let mut listing = Listing::default();
    for error in [
        SandboxError::NotAModule(text()),
        SandboxError::TooComplex { noun: "functions", max: 10_000 },
        SandboxError::Import("module.name".into()),
        SandboxError::Export("memory"),
        SandboxError::Nul,
        SandboxError::BuiltIn(text()),
        SandboxError::Thread(refused()),
        SandboxError::SetUp(text()),
        SandboxError::Fuel(limits),
        SandboxError::Memory(limits),
        SandboxError::NoMemory,
        SandboxError::Stack(limits),
        SandboxError::Output(limits),
        SandboxError::Messages,
        SandboxError::Trap(text()),
        SandboxError::Pointer,
        SandboxError::Exit { code: 7, messages: text().into_bytes() },
        SandboxError::Talkative(text().into_bytes()),
        SandboxError::OtherJob,
    ] {
        let case = format!("{error:?}").split([' ', '(']).next().unwrap_or_default().to_owned();
        listing.add(case, &manifest::told(&Error::from(error).messages()));
    }
    settings("messages").bind(|| insta::assert_snapshot!("sandbox-errors", listing.text()));
}
