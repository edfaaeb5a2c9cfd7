//! The documents say what is so: examples are what the program prints, and what they point at is there.

pub(crate) mod pages;
mod readme;
mod reference;

use crate::runtimes;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, json, skip};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(program::workspace().join(path)).unwrap()
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

/// docs/plan-format.md shows a document of each kind: what the program writes, but for line breaks and blanks; and it shows how to
/// compute the digest.
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
    assert_eq!(examples[..2], [print("--print-job"), print("--dry-run --format json")]);

    let script = "
        s6-instance-maker --instance tty1 TEMPLATE DIR
        chmod 700 DIR/run
        for file in TEMPLATE/caf*; do printf newer >\"$file\"; done
        s6-instance-maker --instance tty1 --diff --format json TEMPLATE DIR
        s6-instance-maker --instance tty1 --refresh TEMPLATE DIR
        cat DIR/.s6-instance-maker/template-*";
    let answer = run_script(script, scratch.path()).expect_code(0);
    let printed: Vec<String> = answer.stdout.lines().map(json::lines).collect();
    assert_eq!(examples[2..], printed);

    // The digest of what is hard to say in JSON, too.
    for name in ["\u{1}\u{8}\t\u{b}\u{c}\r\n\u{1b}\u{7f}\"\\/", "\u{e9}\u{2028}\u{feff}\u{1f600}"] {
        disk::file(template.join(name.replace('/', "")), 0o644, "");
    }
    let plan: serde_json::Value = serde_json::from_str(&print("--dry-run --format json")).unwrap();
    let script = blocks(&document, "sh").into_iter().find(|script| script.contains("hashlib")).unwrap();
    let answer = run_script(script, scratch.path()).expect_code(0);
    assert_eq!(answer.stdout.trim(), plan["template"]);
}

/// The pipe of docs/plan-format.md makes what the program makes alone, in each runtime.
#[test]
fn pipes_make_what_the_program_makes() {
    const TEST: &str = "docs::pipes_make_what_the_program_makes";
    let (guest, node) = match (program::guest(), runtimes::node()) {
        (Ok(guest), Ok(_)) => (guest, "node guest.mjs"),
        (Err(why), _) | (_, Err(why)) => return skip::did_not_run(TEST, why),
    };
    let document = read("docs/plan-format.md");
    let scratch = Scratch::new("docs");
    std::fs::copy(guest, scratch.join("guest.wasm")).unwrap();
    std::fs::write(scratch.join("guest.mjs"), blocks(&document, "js")[0]).unwrap();
    std::fs::write(scratch.join("guest.py"), blocks(&document, "python")[0]).unwrap();
    disk::plain_template(scratch.join("TEMPLATE"));
    // Many times what a pipe holds.
    for number in 0..2000 {
        disk::file(scratch.join(format!("TEMPLATE/file-{number}")), 0o644, "");
    }
    let pipe = |text: &str| blocks(text, "sh").into_iter().find(|script| script.contains("--apply-plan -")).unwrap().to_owned();
    let of_format = pipe(&document);
    let mut scripts = vec![(of_format.clone(), "DIR", "-u www-data TEMPLATE")];
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
            answer.stderr.contains("fatal: -t `9`: ") && answer.stderr.contains("fatal: `standard input`: not a plan"),
            "{answer}"
        );
        assert!(!scratch.join(dir).exists(), "{answer}");
    }
}

/// docs/how-to/oci-layer.md: an ordinary user, with a template of its own, makes an image; what is unpacked from that is root's, and what
/// root would make.
#[test]
fn an_ordinary_user_makes_a_layer() {
    const TEST: &str = "docs::an_ordinary_user_makes_a_layer";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    if !Command::new("sh").args(["-c", "command -v umoci >/dev/null"]).status().unwrap().success() {
        return skip::did_not_run(TEST, "there is no umoci");
    }
    let document = read("docs/how-to/oci-layer.md");
    let scratch = Scratch::new("docs");
    for folder in ["root", "user"] {
        disk::directory(scratch.join(folder), 0o755);
        Answer::of(Command::new("cp").arg("-R").arg(program::workspace().join("examples")).arg(scratch.join(folder)))
            .expect_code(0);
        let owner = if folder == "user" { "65534:65534" } else { "0:0" };
        Answer::of(Command::new("chown").args(["-R", owner]).arg(scratch.join(folder))).expect_code(0);
    }
    disk::directory(scratch.join("bin"), 0o755);
    program::copy_to(&scratch.join("bin/s6-instance-maker"));
    let path = format!("{}:/usr/bin:/bin", scratch.join("bin").display());
    let scripts = blocks(&document, "sh");
    assert_eq!(scripts.len(), 4);
    let mut user = Command::new("setpriv");
    user.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "sh", "-euc", &scripts.join("")]);
    let answer = Answer::of(user.env_clear().env("PATH", &path).env("HOME", "/nonexistent").current_dir(scratch.join("user")));
    let answer = answer.expect_code(0);
    assert!(
        answer.stdout.ends_with("the service is another one\n") && !answer.stderr.contains("s6-instance-maker"),
        "{answer}"
    );
    assert_eq!(std::fs::read_to_string(scratch.join("user/digest")).unwrap().trim_end().len(), 64);
    let unpack = ["unpack", "--image", "user/image:heartbeat", "bundle"];
    Answer::of(Command::new("umoci").args(unpack).current_dir(scratch.path())).expect_code(0);
    let words = ["-c", "20", "--s6-version", "2.13", "root/examples/heartbeat", "made"];
    program::maker(scratch.path(), words).expect_code(0);
    let [unpacked, made] = ["bundle/rootfs/etc/s6/heartbeat", "made"].map(|tree| disk::read_tree(&scratch.join(tree)));
    let differences = disk::differences(&made, &unpacked);
    assert!(differences.is_empty() && made.len() > 8, "{differences}");
}
