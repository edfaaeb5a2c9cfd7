//! Plans as the program prints them and carries them out: each way to give it one, and plans that lie, which it refuses.

use super::inner_settings;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::wire::Job;
use s6_instance_maker_workspace::listing::Listing;
use s6_instance_maker_workspace::program::{self, Answer, maker, under_umask};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, manifest, skip};
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::symlink;
use std::path::Path;

/// A folder with `template`, and the program's plan for it.
struct Bench {
    scratch: Scratch,
    plan: Value,
}

impl Bench {
    fn new() -> Self {
        let scratch = Scratch::new("wire");
        let template = scratch.join("template");
        disk::plain_template(&template);
        disk::file(template.join("tool"), 0o6755, "#!/bin/sh\n");
        disk::file(template.join("data/file"), 0o640, "some bytes");
        disk::directory(template.join("data/tmp"), 0o1777);
        disk::fifo(template.join("data/fifo"), 0o600);
        symlink("../run", template.join("data/up")).unwrap();
        disk::file(template.join("supervise/status"), 0o600, "state");
        disk::directory(template.join("event"), 0o755);
        let answer = maker(scratch.path(), ["--dry-run", "--format", "json", "-L", "/l", "template", "out"]).expect_code(0);
        let plan = serde_json::from_str(&answer.stdout).unwrap();
        Self { scratch, plan }
    }

    /// Has the program carry out `document`; nothing but its answer comes of it.
    fn refused(&self, what: &str, document: &[u8]) -> String {
        let before = disk::read_tree(self.scratch.path());
        let file = Scratch::new("wire-plan");
        fs::write(file.join("plan"), document).unwrap();
        let answer = self.apply(&file.join("plan"));
        assert_eq!(answer.code, Some(100), "{what}\n{answer}");
        let lines: Vec<_> = answer.stderr.lines().collect();
        let hints = lines.iter().filter(|line| line.starts_with("s6-instance-maker: hint: ")).count();
        assert!(answer.stdout.is_empty() && lines.len() == 1 + hints && hints <= 1, "{what}\n{answer}");
        assert!(lines.iter().all(|line| !line.contains(char::is_control)), "{what}\n{answer}");
        let differences = disk::differences(&before, &disk::read_tree(self.scratch.path()));
        assert!(differences.is_empty(), "{what}\n{differences}");
        let message = lines[0].strip_prefix("s6-instance-maker: fatal: ").unwrap();
        message.replace(&file.join("plan").display().to_string(), "FILE")
    }

    fn apply(&self, file: &Path) -> Answer {
        maker(self.scratch.path(), [OsStr::new("--apply-plan"), file.as_os_str(), "template".as_ref(), "out".as_ref()])
    }
}

fn entry_of<'a>(plan: &'a mut Value, path: &str) -> &'a mut Value {
    let entries = plan["entries"].as_array_mut().unwrap();
    entries.iter_mut().find(|entry| entry["path"] == path).unwrap_or_else(|| panic!("the plan has no {path}"))
}

fn set(plan: &mut Value, path: &str, member: &str, value: Value) {
    entry_of(plan, path)[member] = value;
}

fn add(plan: &mut Value, entry: Value) {
    plan["entries"].as_array_mut().unwrap().push(entry);
}

fn add_text(plan: &mut Value, path: impl Into<Value>) {
    add(plan, json!({ "path": path.into(), "kind": "file", "mode": "0644", "text": "" }));
}

fn add_copy(plan: &mut Value, from: impl Into<Value>, mode: &str) {
    add(plan, json!({ "path": "new", "kind": "file", "mode": mode, "copy": from.into() }));
}

/// A lie, and how it comes into a plan.
type Lie = (&'static str, fn(&mut Value));

const LIES: &[Lie] = &[
    ("no change: this one is no lie", |_| {}),
    ("version 0", |plan| plan["version"] = json!(0)),
    ("version 2", |plan| plan["version"] = json!(2)),
    ("version 4 with a new member", |plan| {
        plan["version"] = json!(4);
        plan["new"] = json!(true);
    }),
    ("another format", |plan| plan["format"] = json!("s6-instance-maker job")),
    ("a format that is a control sequence", |plan| plan["format"] = json!("\u{1b}[2J\n")),
    ("an unknown member", |plan| plan["new"] = json!(true)),
    ("an unknown member of an entry", |plan| set(plan, "run", "xattr", json!({}))),
    ("an unknown member with a control sequence", |plan| set(plan, "run", "\u{1b}[2J", json!(0))),
    ("the hex form of UTF-8", |plan| set(plan, "run", "path", json!({ "hex": "72756e" }))),
    ("../x", |plan| add_text(plan, "../x")),
    ("template/../../x", |plan| add_text(plan, "template/../../x")),
    ("./x", |plan| add_text(plan, "./x")),
    ("/tmp/x", |plan| add_text(plan, "/tmp/x")),
    ("an empty component", |plan| add_text(plan, "template//x")),
    ("a slash at the end", |plan| add_text(plan, "x/")),
    ("a NUL", |plan| add_text(plan, "x\0y")),
    ("a name that is too long", |plan| add_text(plan, "x".repeat(256))),
    ("a path that is too long", |plan| add_text(plan, ["x"; 2049].join("/"))),
    ("a duplicate", |plan| add_text(plan, "run")),
    ("the root again", |plan| add(plan, json!({ "path": "", "kind": "dir", "mode": "0755" }))),
    ("a missing parent", |plan| add_text(plan, "nowhere/x")),
    ("a parent that comes later", |plan| plan["entries"].as_array_mut().unwrap().reverse()),
    ("a file as parent", |plan| add_text(plan, "run/x")),
    ("a link as parent", |plan| {
        add(plan, json!({ "path": "way", "kind": "link", "mode": "0777", "target": "/etc" }));
        add_text(plan, "way/x");
    }),
    ("no entries", |plan| plan["entries"] = json!([])),
    ("no root", |plan| drop(plan["entries"].as_array_mut().unwrap().remove(0))),
    ("a root that is a file", |plan| plan["entries"][0] = json!({ "path": "", "kind": "file", "mode": "0644", "text": "" })),
    ("a root of mode 0777", |plan| set(plan, "", "mode", json!("0777"))),
    ("a root of mode 4755", |plan| set(plan, "", "mode", json!("4755"))),
    ("a root with an owner", |plan| set(plan, "", "owner", json!([33, 33]))),
    ("a device", |plan| add(plan, json!({ "path": "null", "kind": "device", "mode": "0666" }))),
    ("a socket", |plan| add(plan, json!({ "path": "null", "kind": "socket", "mode": "0666" }))),
    ("a mode of three digits", |plan| set(plan, "run", "mode", json!("755"))),
    ("a mode of five digits", |plan| set(plan, "run", "mode", json!("00755"))),
    ("a mode that is not octal", |plan| set(plan, "run", "mode", json!("0798"))),
    ("a mode that is a number", |plan| set(plan, "run", "mode", json!(493))),
    ("set-user-id on a generated file", |plan| set(plan, "run", "mode", json!("4755"))),
    ("set-group-id on a generated file", |plan| set(plan, "run", "mode", json!("2755"))),
    ("sticky on a generated directory", |plan| set(plan, "instances", "mode", json!("1755"))),
    ("a generated directory that others may write", |plan| set(plan, "instances", "mode", json!("0777"))),
    ("an owner on a generated file", |plan| set(plan, "run", "owner", json!([33, 33]))),
    ("an owner on a generated directory", |plan| set(plan, "instances", "owner", json!([33, 33]))),
    ("an owner on a new link", |plan| {
        add(plan, json!({ "path": "x", "kind": "link", "mode": "0777", "target": "/", "owner": [33, 33] }));
    }),
    ("set-user-id on a new FIFO", |plan| add(plan, json!({ "path": "x", "kind": "fifo", "mode": "4600" }))),
    ("a copy of another mode", |plan| set(plan, "template/data/file", "mode", json!("0644"))),
    ("a copy with set-user-id", |plan| set(plan, "template/run", "mode", json!("4755"))),
    ("a copy without set-user-id", |plan| set(plan, "template/tool", "mode", json!("0755"))),
    ("a copy with another owner", |plan| set(plan, "template/tool", "owner", json!([33, 4]))),
    ("a copied directory of another mode", |plan| set(plan, "template/data/tmp", "mode", json!("0777"))),
    ("a copied directory with another owner", |plan| set(plan, "template/data", "owner", json!([33, 4]))),
    ("a copied link with another owner", |plan| set(plan, "template/data/up", "owner", json!([33, 4]))),
    ("a copied FIFO with set-user-id", |plan| set(plan, "template/data/fifo", "mode", json!("4600"))),
    ("a copy of what is not in the template", |plan| add_copy(plan, "shadow", "0755")),
    ("a copy of ../../etc/passwd", |plan| add_copy(plan, "../../etc/passwd", "0755")),
    ("a copy of /etc/passwd", |plan| add_copy(plan, "/etc/passwd", "0755")),
    ("a copy of what a link leads to", |plan| add_copy(plan, "data/up", "0755")),
    ("a copy of a directory", |plan| add_copy(plan, "data", "0755")),
    ("a copy of the template", |plan| add_copy(plan, "", "0755")),
    ("a copy of a FIFO", |plan| add_copy(plan, "data/fifo", "0600")),
    ("a copy of a supervisor's state", |plan| add_copy(plan, "supervise/status", "0600")),
    ("a copy of a supervisor's state as a directory", |plan| add_copy(plan, "supervise", "0755")),
    ("a copy by an odd name", |plan| add_copy(plan, json!({ "hex": "ff" }), "0755")),
    ("a copy that is a text too", |plan| set(plan, "template/run", "text", json!(""))),
    ("a file that is neither", |plan| add(plan, json!({ "path": "x", "kind": "file", "mode": "0644" }))),
    ("a file with a size", |plan| set(plan, "run", "size", json!(1u64 << 40))),
    ("a directory with a text", |plan| set(plan, "instances", "text", json!(""))),
    ("a directory with a target", |plan| set(plan, "instances", "target", json!("/"))),
    ("a link without a target", |plan| add(plan, json!({ "path": "x", "kind": "link", "mode": "0777" }))),
    ("a link with an empty target", |plan| add(plan, json!({ "path": "x", "kind": "link", "mode": "0777", "target": "" }))),
    ("a link with a NUL", |plan| add(plan, json!({ "path": "x", "kind": "link", "mode": "0777", "target": "a\0" }))),
    ("a placement that is none", |plan| plan["placement"] = json!("anywhere")),
    ("a warning that is none", |plan| plan["warnings"] = json!([{ "id": "all-is-well", "subject": "x" }])),
    ("a warning about nothing", |plan| plan["warnings"] = json!([{ "id": "log-file-size" }])),
    ("a warning with a control sequence", |plan| {
        plan["warnings"] = json!([{ "id": "unknown-account", "subject": "\u{1b}[2J\n" }]);
    }),
    ("another template", |plan| plan["template"] = json!("0".repeat(64))),
    ("a digest that is none", |plan| plan["template"] = json!("x".repeat(64))),
    ("a digest in capitals", |plan| plan["template"] = json!(plan["template"].as_str().unwrap().to_uppercase())),
    ("half a digest", |plan| plan["template"] = json!("0".repeat(32))),
];

/// A plan that lies is refused with the reason, and nothing is written.
#[test]
fn lies() {
    let bench = Bench::new();
    let digest = bench.plan["template"].as_str().unwrap();
    let (mut unreadable, mut refused) = (Listing::default(), Listing::default());
    let mut tell = |what: &str, document: &[u8]| {
        let message = bench.refused(what, document);
        let message = message.split(" at line ").next().unwrap().replace(digest, "DIGEST");
        let listing = if message.starts_with("`FILE`") { &mut unreadable } else { &mut refused };
        listing.add(what, &message);
    };
    for (what, lie) in LIES.iter().skip(1) {
        let mut plan = bench.plan.clone();
        lie(&mut plan);
        assert_ne!(plan, bench.plan, "{what} changes nothing");
        tell(what, plan.to_string().as_bytes());
    }
    let honest = bench.plan.to_string();
    let half = honest.split_at(honest.len() / 2).0;
    for (what, document) in [
        ("nothing", ""),
        ("half a document", half),
        ("two documents", &honest.repeat(2)),
        ("a list", &format!("[{honest}]")),
        ("a document behind a byte order mark", &format!("\u{feff}{honest}")),
        ("a thousand brackets", &"[".repeat(100_000)),
        ("what --dry-run prints", "0755 dir  .\n"),
        ("NULs", "\0\0\0\0"),
    ] {
        tell(what, document.as_bytes());
    }
    tell("what is no text", &[0xff; 100]);
    let job = maker(bench.scratch.path(), ["--print-job", "template", "out"]).expect_code(0);
    tell("a job", job.stdout.as_bytes());
    inner_settings("messages").bind(|| insta::assert_snapshot!("apply-plan-document", unreadable.text()));
    inner_settings("messages").bind(|| insta::assert_snapshot!("apply-plan-refused", refused.text()));
    // And what is no lie is done.
    let mut plan = bench.plan.clone();
    LIES[0].1(&mut plan);
    fs::write(bench.scratch.join("plan"), plan.to_string()).unwrap();
    let answer = bench.apply(Path::new("plan")).expect_code(0);
    assert_eq!(answer.stdout, "");
    let warned = answer.stderr.lines().filter(|line| line.starts_with("s6-instance-maker: warning: state-left-behind: "));
    assert_eq!((warned.count(), answer.stderr.lines().count()), (2, 3), "{}", answer.stderr);
}

/// A way to change a template.
type Change = (&'static str, fn(&Path));

/// A plan is for one state of its template.
#[test]
fn other_states_of_the_template() {
    let seen: &[Change] = &[
        ("a file's size", |template| fs::write(template.join("data/file"), "more bytes").unwrap()),
        ("a file's mode", |template| disk::chmod(template.join("data/file"), 0o644)),
        ("a directory's mode", |template| disk::chmod(template.join("data"), 0o700)),
        ("its own mode", |template| disk::chmod(template, 0o700)),
        ("a name", |template| fs::rename(template.join("data/file"), template.join("data/File")).unwrap()),
        ("a new file", |template| disk::file(template.join("down"), 0o644, "")),
        ("a file gone", |template| fs::remove_file(template.join("tool")).unwrap()),
        ("a link's target", |template| {
            fs::remove_file(template.join("data/up")).unwrap();
            symlink("../Run", template.join("data/up")).unwrap();
        }),
        ("a kind", |template| {
            fs::remove_file(template.join("data/fifo")).unwrap();
            disk::directory(template.join("data/fifo"), 0o600);
        }),
        ("a script of the same size", |template| {
            let text = fs::read_to_string(template.join("run")).unwrap();
            fs::write(template.join("run"), text.replace("instance", "Instance")).unwrap();
        }),
    ];
    let unseen: &[Change] = &[
        ("nothing", |_| {}),
        ("another file's bytes", |template| fs::write(template.join("data/file"), "SOME bytes").unwrap()),
        ("a supervisor's state", |template| disk::file(template.join("supervise/lock"), 0o600, "")),
    ];
    // "more bytes" would be as long as "some bytes".
    let seen = seen.iter().map(|&(what, change)| match what {
        "a file's size" => (what, (|template: &Path| fs::write(template.join("data/file"), "bytes").unwrap()) as fn(&Path)),
        _ => (what, change),
    });
    for (what, change) in seen {
        let bench = Bench::new();
        change(&bench.scratch.join("template"));
        let message = bench.refused(what, bench.plan.to_string().as_bytes());
        assert!(
            message.starts_with("the plan is refused: it was computed for another state of the template `template`: "),
            "{what}: {message}"
        );
    }
    for (what, change) in unseen {
        let bench = Bench::new();
        change(&bench.scratch.join("template"));
        fs::write(bench.scratch.join("plan"), bench.plan.to_string()).unwrap();
        let answer = bench.apply(Path::new("plan"));
        assert_eq!(answer.code, Some(0), "{what}\n{answer}");
    }
    if skip::is_root_or_say("wire::apply::other_states_of_the_template, for owners") {
        let bench = Bench::new();
        std::os::unix::fs::chown(bench.scratch.join("template/data/file"), Some(33), None).unwrap();
        bench.refused("a file's owner", bench.plan.to_string().as_bytes());
    }
}

/// A shell in `directory` with the program as `$maker`.
fn shell(directory: &Path, script: &str) -> Answer {
    let mut command = under_umask("022", "sh");
    Answer::of(command.args(["-euc", script]).env("maker", program::program()).current_dir(directory))
}

/// Every way to give a plan makes the same tree as no plan at all.
#[test]
fn ways_to_apply() {
    let bench = Bench::new();
    let here = bench.scratch.path();
    let tree = |name: &str| disk::read_tree(&bench.scratch.join(name));
    maker(here, ["-L", "/l", "template", "straight"]).expect_code(0);
    fs::write(bench.scratch.join("plan"), bench.plan.to_string()).unwrap();
    for (name, script) in [
        (
            "pipe",
            "\"$maker\" --dry-run --format json -L /l template nowhere/at/all 2>&- | \"$maker\" --apply-plan - template pipe",
        ),
        ("stdin", "\"$maker\" --apply-plan - template stdin <plan"),
        ("file", "\"$maker\" --apply-plan plan template file"),
        ("long", "\"$maker\" --apply-plan=./plan template long"),
        ("device", "\"$maker\" --apply-plan /dev/stdin template device <plan"),
        ("slashes", "\"$maker\" --apply-plan plan ./template/ slashes//"),
        ("umask", "umask 077; \"$maker\" --apply-plan plan template umask"),
        ("options", "\"$maker\" -L /l -t 01 -n10 --installation path --sync --apply-plan plan template options"),
        ("alone", "\"$maker\" -n 0010 -S0 --apply-plan plan template alone"),
        ("no names", "\"$maker\" --instances-from /dev/null --apply-plan plan template 'no names'"),
    ] {
        shell(here, script).expect_code(0);
        let differences = disk::differences(&tree("straight"), &tree(name));
        assert!(differences.is_empty(), "{name}\n{differences}");
    }
    // As an ordinary file called `-`.
    fs::rename(bench.scratch.join("plan"), bench.scratch.join("-")).unwrap();
    shell(here, "\"$maker\" --apply-plan ./- template dash </dev/null").expect_code(0);
    for (script, code, message) in [
        ("\"$maker\" --apply-plan ./- template straight", 111, "unable to create `straight`: it already exists"),
        ("\"$maker\" --apply-plan ./- template a/b", 111, "unable to open `a`, the parent of DIR: No such file or directory"),
        (
            "\"$maker\" --apply-plan ./- template template/b",
            100,
            "`template`: contains DIR; a template cannot contain its own result",
        ),
        ("\"$maker\" --apply-plan ./- nowhere b", 111, "unable to open the template `nowhere`: No such file or directory"),
        ("\"$maker\" --apply-plan missing template b", 111, "unable to open `missing`: No such file or directory"),
        ("\"$maker\" --apply-plan template template b", 111, "unable to read `template`: Is a directory"),
        ("\"$maker\" --apply-plan - template b <&-", 111, ""),
        ("\"$maker\" --apply-plan '' template b", 111, "unable to open ``: No such file or directory"),
        ("\"$maker\" --apply-plan", 100, "--apply-plan requires a value"),
        (
            "\"$maker\" --apply-plan ./- -c 5 -u nobody template b",
            100,
            "--max-instances: the plan was computed without it, not with `--max-instances=5`",
        ),
        (
            "\"$maker\" --apply-plan ./- -L /other template b",
            100,
            "--log-dir: the plan was computed with `--log-dir=/l`, not with `--log-dir=/other`",
        ),
        (
            "\"$maker\" --apply-plan ./- -l daemon template b",
            100,
            "--log-user: the plan was computed without it, not with `--log-user=daemon`",
        ),
        (
            "\"$maker\" --apply-plan ./- -n 9 template b",
            100,
            "--log-archives: the plan was computed with `--log-archives=10`, not with `--log-archives=9`",
        ),
        (
            "echo a | \"$maker\" --apply-plan ./- --instances-from - template b",
            100,
            "--instance, --instances-from or --count: the plan was computed without it, not with `--instance=a`",
        ),
        ("echo a | \"$maker\" --apply-plan ./- --instance a --instances-from - template b", 100, "duplicate instance `a`"),
        ("\"$maker\" --apply-plan ./- --print-job template b", 100, "--print-job and --apply-plan are mutually exclusive"),
        ("\"$maker\" --apply-plan ./- --format json template b", 100, "--format requires --dry-run, --diff or --check"),
    ] {
        let answer = shell(here, script);
        assert!(!bench.scratch.join("b").exists(), "{script}\n{answer}");
        if message.is_empty() {
            // A closed standard input is one with nothing in it.
            assert!(answer.stderr.contains("fatal: "), "{script}\n{answer}");
            continue;
        }
        assert_eq!(answer.code, Some(code), "{script}\n{answer}");
        let first = answer.stderr.lines().next().unwrap_or_default();
        assert_eq!(first, format!("s6-instance-maker: fatal: {message}"), "{script}");
    }
}

/// With -r, a plan is carried out in a DIR that is there, and replaces nothing.
#[test]
fn within_a_directory() {
    let bench = Bench::new();
    let here = bench.scratch.path();
    let options = ["-r", "svc/logger", "-L", "/l"];
    let plan =
        maker(here, ["--dry-run", "--format", "json"].into_iter().chain(options).chain(["template", "any"])).expect_code(0);
    fs::write(bench.scratch.join("plan"), &plan.stdout).unwrap();
    maker(here, options.into_iter().chain(["template", "straight"])).expect_code(0);
    disk::file(bench.scratch.join("out/other/type"), 0o644, "bundle\n");
    disk::chmod(bench.scratch.join("out"), 0o700);
    bench.apply(Path::new("plan")).expect_code(0);
    let tree = |name: &str| disk::read_tree(&bench.scratch.join(name));
    for name in ["svc", "logger"] {
        let differences = disk::differences(&tree(&format!("straight/{name}")), &tree(&format!("out/{name}")));
        assert!(differences.is_empty(), "{differences}");
    }
    let before = tree("out");
    assert_eq!((before[b"".as_slice()].mode, before.contains_key(b"other/type".as_slice())), (0o700, true));
    let answer = bench.apply(Path::new("plan")).expect_code(111);
    assert!(answer.stderr.contains("unable to create `out/logger`: it already exists"), "{answer}");
    assert!(disk::differences(&before, &tree("out")).is_empty(), "{answer}");
    // A plan that would make a file there replaces nothing, either.
    let mut lie: Value = serde_json::from_str(&plan.stdout).unwrap();
    lie["entries"] = json!([
        { "path": "", "kind": "dir", "mode": "0755" },
        { "path": "other", "kind": "file", "mode": "0644", "text": "" },
    ]);
    fs::write(bench.scratch.join("plan"), lie.to_string()).unwrap();
    bench.apply(Path::new("plan")).expect_code(111);
    assert!(disk::differences(&before, &tree("out")).is_empty());
}

/// The output for other programs depends on the template and the caller, not on DIR.
#[test]
fn dir_does_not_matter_to_documents() {
    let bench = Bench::new();
    disk::directory(bench.scratch.join("there"), 0o755);
    for what in
        [["--print-job", "-c5"].as_slice(), &["--dry-run", "--format", "json", "-c5"], &["--dry-run", "--format=json", "-rsvc"]]
    {
        let print = |dir: &str| {
            let answer = maker(bench.scratch.path(), what.iter().copied().chain(["template", dir])).expect_code(0);
            assert!(answer.stdout.ends_with("}\n") && answer.stdout.lines().count() == 1, "{answer}");
            answer.stdout
        };
        let expected = print("out");
        for dir in ["there", "no/parent/at/all", "template/run", "template/inner", "/", ".", "run\n\u{1b}"] {
            assert_eq!(print(dir), expected, "{what:?} {dir}");
        }
    }
    let before = disk::read_tree(bench.scratch.path());
    // What cannot be planned is not printed, but is a job all the same.
    let answer = maker(bench.scratch.path(), ["--dry-run", "--format", "json", "-u", "nobody", "-c1", "template", "out"]);
    assert_eq!((answer.clone().expect_code(100).stdout, answer.stderr.contains("-c `1`")), (String::new(), true));
    maker(bench.scratch.path(), ["--print-job", "-u", "nobody", "template", "out"]).expect_code(0);
    assert!(disk::differences(&before, &disk::read_tree(bench.scratch.path())).is_empty());
}

/// A job made by the program, read by the library, gives the plan that the program prints.
#[test]
fn names_that_are_not_text_survive_the_program() {
    let bench = Bench::new();
    let template = bench.scratch.join("template");
    for name in [b"not-utf8-\xff\xfe".as_slice(), b"new\nline", b"\x1b[31m", b"\"\\", "\u{e9}".as_bytes()] {
        disk::file(template.join(OsStr::from_bytes(name)), 0o644, name);
    }
    symlink(OsStr::from_bytes(b"\xff/\n"), template.join("odd-link")).unwrap();
    let here = bench.scratch.path();
    let options = ["-L/l".into(), OsString::from_vec(b"-P\xff".to_vec()), "-lnobody".into()];
    let words = |more: &[&str], dir: &str| -> Vec<OsString> {
        more.iter().map(Into::into).chain(options.clone()).chain(["template".into(), dir.into()]).collect()
    };
    let job = maker(here, words(&["--print-job"], "out")).expect_code(0).stdout;
    let job = Job::decode(job.as_bytes()).unwrap();
    let request = manifest::request(words(&[], "out")).unwrap();
    let computed = manifest::document(&plan(&request, &job.facts, &job.template).unwrap(), &request, &job.template);
    let printed = maker(here, words(&["--dry-run", "--format", "json"], "out")).expect_code(0).stdout;
    assert_eq!(printed, String::from_utf8(computed).unwrap());
    fs::write(bench.scratch.join("plan"), printed).unwrap();
    bench.apply(Path::new("plan")).expect_code(0);
    maker(here, words(&[], "straight")).expect_code(0);
    let differences = disk::differences(&disk::read_tree(&here.join("straight")), &disk::read_tree(&here.join("out")));
    assert!(differences.is_empty(), "{differences}");
}
