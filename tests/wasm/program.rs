//! The program: what s6-instance-maker does and says, and nothing on the disk when a module is not to be believed.

use super::lies::says;
use super::module;
use s6_instance_maker_workspace::program::{self, Answer, Sandboxed, maker, under_umask};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::wrong::wrong;
use s6_instance_maker_workspace::{disk, skip};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

fn programs(test: &str) -> Option<&'static Sandboxed> {
    program::sandboxed().map_err(|why| skip::did_not_run(test, why)).ok()
}

fn run<A: AsRef<OsStr>>(program: &Path, directory: &Path, args: impl IntoIterator<Item = A>) -> Answer {
    Answer::of(under_umask("022", program).current_dir(directory).args(args))
}

/// Both programs, with the same words, in the same surroundings: the same tree, outputs and exit code.
#[test]
fn does_and_says_the_same() {
    let Some(Sandboxed { plain, with_compiler, .. }) = programs("wasm::program::does_and_says_the_same") else { return };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/log/run"), 0o755, "#!/bin/sh\n");
    disk::directory(scratch.join("there"), 0o755);
    // With several errors, each with a hint, and warnings beside them.
    disk::directory(scratch.join("wrong"), 0o755);
    disk::file(scratch.join("wrong/run"), 0o644, "run\n");
    disk::file(scratch.join("wrong/finish"), 0o644, "");
    disk::file(scratch.join("wrong/log"), 0o644, "");
    disk::file(scratch.join("wrong/supervise"), 0o644, "");
    disk::file(scratch.join("wrong/lock-fd"), 0o644, "3\n");
    disk::file(scratch.join("wrong/notification-fd"), 0o644, "3\n");
    let several = run(plain, scratch.path(), ["wrong", "out"]).expect_code(100).stderr;
    assert!(several.matches("s6-instance-maker: fatal: ").count() >= 4, "{several}");
    let mut lines: Vec<Vec<&str>> = wrong().filter(|wrong| !wrong.concat().contains('\0')).map(<[&str]>::to_vec).collect();
    for words in [
        "template out",
        "-c 20 template out",
        "-u www-data -L /l -l 1:2 -P x template out",
        "-t 3 template out",
        "-r a/b/c -L /l template out",
        "-r a template there",
        "-u nobody-is-called-that template out",
        "-c 90000 --s6-version 2.15 template out",
        "--dry-run template out",
        "--dry-run --format json -u 33:33 template out",
        "--print-job template out",
        "wrong out",
        "--strict wrong out",
        "--s6-version 2.13 wrong out",
        "--dry-run wrong out",
        "template there",
        "nowhere out",
        "template nowhere/out",
        "--apply-plan nowhere template out",
        "--version",
        "-h",
    ] {
        lines.push(words.split(' ').collect());
    }
    for words in &lines {
        let [expected, plain, with_compiler] = [program::program(), plain, with_compiler].map(|program| {
            let before = disk::read_tree(scratch.path());
            let answer = run(program, scratch.path(), words);
            let after = disk::read_tree(scratch.path());
            let _ = fs::remove_dir_all(scratch.join("out"));
            let _ = fs::remove_dir_all(scratch.join("there/a"));
            assert!(disk::differences(&before, &disk::read_tree(scratch.path())).is_empty(), "{answer}");
            (answer, after)
        });
        for (answer, tree) in [plain, with_compiler] {
            let shown = words.contains(&"-h") || words.contains(&"--version");
            let same = (&answer.code, &answer.stderr) == (&expected.0.code, &expected.0.stderr)
                && (shown || answer.stdout == expected.0.stdout);
            assert!(same, "{}{answer}", expected.0);
            let differences = disk::differences(&expected.1, &tree);
            assert!(differences.is_empty(), "{answer}{differences}");
        }
    }
}

#[test]
fn sandboxed_options() {
    let Some(Sandboxed { plain, with_compiler, .. }) = programs("wasm::program::sandboxed_options") else { return };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    fs::copy(program::guest().unwrap(), scratch.join("guest.wasm")).unwrap();
    fs::write(scratch.join("liar.wasm"), module(&says(b"[]", b"", 0))).unwrap();
    fs::write(scratch.join("empty.wasm"), b"").unwrap();
    fs::write(scratch.join("text.wasm"), "(module)").unwrap();
    let own = fs::read(program::guest().unwrap()).unwrap();
    for (program, words, code, message) in [
        (plain, "--module guest.wasm template out", 100, "--module is not supported by this program"),
        (plain, "--fuel 1 template out", 111, "it has used up its fuel, 1\n"),
        (plain, "--fuel=0 template out", 100, "--fuel `0`: must be a number from 1 to"),
        (plain, "--fuel -1 template out", 100, "--fuel `-1`: must be a number from 1 to"),
        (plain, "--stack 0 template out", 100, "--stack `0`: must be a number from 1 to 1073741824"),
        (plain, "--stack 1073741825 template out", 100, "--stack `1073741825`: must be"),
        (plain, "--memory x template out", 100, "--memory `x`: must be"),
        (plain, "--output-limit 10 template out", 111, "it writes more than 10 bytes"),
        (plain, "--fuel 1 --fuel 100000000 template out", 0, ""),
        (plain, "--stack 1073741824 --memory 18446744073709551615 template out", 0, ""),
        (plain, "template out --fuel", 100, "--fuel requires a value"),
        (plain, "--fuels 1 template out", 100, "unknown option `--fuels`"),
        (plain, "-- template out --fuel", 100, "unexpected operand `--fuel`"),
        (with_compiler, "--module guest.wasm -c 20 template out", 0, ""),
        (with_compiler, "--module liar.wasm template out", 100, "the module's output: not a plan"),
        (with_compiler, "--module empty.wasm template out", 100, "the module is refused: "),
        (with_compiler, "--module text.wasm template out", 100, "the module is refused: "),
        (with_compiler, "--module template/run template out", 100, "the module is refused: "),
        (with_compiler, "--module nowhere template out", 111, "unable to open `nowhere`: No such file or directory"),
        (with_compiler, "--module template template out", 111, "unable to read `template`: Is a directory"),
    ] {
        let answer = run(program, scratch.path(), words.split(' '));
        assert_eq!(answer.code, Some(code), "{answer}");
        assert!(answer.stderr.contains(message), "{message}: {answer}");
        assert!(code == 0 || answer.stderr.starts_with("s6-instance-maker: fatal: "), "{answer}");
        assert_eq!(scratch.join("out").exists(), code == 0, "{answer}");
        let _ = fs::remove_dir_all(scratch.join("out"));
        // Nothing else either.
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 5, "{answer}");
    }
    // The module cut at every 64th part of it.
    for part in 0..64 {
        fs::write(scratch.join("cut.wasm"), &own[..own.len() * part / 64]).unwrap();
        let answer = run(with_compiler, scratch.path(), ["--module", "cut.wasm", "template", "out"]).expect_code(100);
        assert!(answer.stderr.starts_with("s6-instance-maker: fatal: the module is refused: "), "{answer}");
        assert!(!scratch.join("out").exists() && answer.stderr.lines().count() == 1, "{answer}");
    }
    // Help has a section of its own, and the program's name.
    let help = run(plain, scratch.path(), ["--help"]).expect_code(0).stdout;
    let ours = maker(scratch.path(), ["--help"]).expect_code(0).stdout;
    let (usual, own) = help.split_once("Sandbox:\n").unwrap();
    assert_eq!(
        usual.replace("s6-instance-maker-sandboxed", "s6-instance-maker").trim(),
        ours.split("Exit codes").next().unwrap().trim()
    );
    super::settings("wasm").bind(|| insta::assert_snapshot!("help", own));
}

/// Little is reserved that is not used.
#[test]
fn works_in_little_address_space() {
    let Some(Sandboxed { plain, with_compiler, .. }) = programs("wasm::program::works_in_little_address_space") else { return };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    fs::copy(program::guest().unwrap(), scratch.join("guest.wasm")).unwrap();
    for (program, words) in [
        (plain, &["template", "out"][..]),
        (with_compiler, &["template", "out"]),
        (with_compiler, &["--module", "guest.wasm", "template", "out"]),
    ] {
        let limited = "ulimit -v 300000; exec \"$0\" \"$@\"";
        Answer::of(Command::new("sh").args(["-c", limited]).arg(program).args(words).current_dir(scratch.path()))
            .expect_code(0);
        fs::remove_dir_all(scratch.join("out")).unwrap();
        // Where there is even less, that is an error like others; only the compiler ends the program where there is no memory for it.
        let limited = "ulimit -v 40000; exec \"$0\" \"$@\"";
        let answer = Answer::of(Command::new("sh").args(["-c", limited]).arg(program).args(words).current_dir(scratch.path()));
        let compiles = words.contains(&"--module");
        let told = answer.code == Some(111) && answer.stderr.starts_with("s6-instance-maker: fatal: unable to ");
        assert!((told || compiles && answer.code != Some(0)) && !scratch.join("out").exists(), "{answer}");
    }
}

/// A signal during the guest's work, or while its module is read or compiled, ends the program, and nothing is there.
#[test]
fn signals_end_it() {
    let Some(Sandboxed { with_compiler, .. }) = programs("wasm::program::signals_end_it") else { return };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    let endless = "(module (memory (export \"memory\") 1) (func (export \"_start\") (loop (br 0))))";
    fs::write(scratch.join("endless.wasm"), module(endless)).unwrap();
    // Compiling this takes some seconds.
    let loops = format!(
        "{}{}{}",
        "loop ".repeat(32),
        (0..250).map(|local| format!("(local.set {local} (i32.add (local.get {local}) (i32.const 1)))")).collect::<String>(),
        "(br_if 0 (local.get 0)) end ".repeat(32)
    );
    let slow = format!("(func (local {}) {loops})", "i32 ".repeat(250)).repeat(200);
    fs::write(
        scratch.join("slow.wasm"),
        module(&format!("(module (memory (export \"memory\") 1) (func (export \"_start\")) {slow})")),
    )
    .unwrap();
    // Nobody writes there.
    disk::fifo(scratch.join("fifo"), 0o600);
    for (name, seconds) in [("endless.wasm", "2"), ("slow.wasm", "0.5"), ("fifo", "2")] {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=60", seconds]).arg(with_compiler);
        command.args(["--module", name, "--fuel", "1000000000000", "template", "out"]);
        let answer = Answer::of(command.current_dir(scratch.path()));
        // timeout tells by 124 that it has sent SIGTERM.
        let told = (answer.code, answer.stderr.as_str());
        assert_eq!(told, (Some(124), "s6-instance-maker: fatal: interrupted by a signal\n"), "{answer}");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 4, "{answer}");
    }
}
