//! Documents without an end: an error at once, in little memory.

use s6_instance_maker_workspace::program::{self, Answer, Sandboxed};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::path::Path;
use std::process::Command;

/// The address space of a program and 64 MiB for its document, in KiB. With the compiler's 8 MiB of stack and the sandbox's own
/// demand, a program that does not read the document needs 82,000.
const LIMIT: u32 = 90_000;

/// Runs `program` on what `input` writes, with so much address space, for no longer than a minute.
fn limited(program: &Path, directory: &Path, input: &str, words: &str) -> Answer {
    let script = format!("ulimit -v {LIMIT}; {input} timeout --signal=KILL 60 \"$0\" {words} template out");
    Answer::of(Command::new("sh").args(["-c", &script]).arg(program).current_dir(directory))
}

#[test]
fn endless_documents_end() {
    let test = "wasm::documents::endless_documents_end";
    let Ok(Sandboxed { with_compiler, .. }) = program::sandboxed().map_err(|why| skip::did_not_run(test, why)) else { return };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    let native = program::program();
    let (module, plan) = ("the module is refused: it is not a WebAssembly module in binary form\n", ": not a plan: ");
    for (program, input, words, code, message) in [
        (with_compiler.as_path(), "", "--module /dev/zero", 100, module),
        (with_compiler, "</dev/zero", "--module -", 100, module),
        (with_compiler, "yes |", "--module -", 100, module),
        (native, "", "--apply-plan /dev/zero", 100, plan),
        (native, "</dev/zero", "--apply-plan -", 100, plan),
        (native, "yes |", "--apply-plan -", 100, plan),
        (native, "yes '' |", "--apply-plan -", 100, plan),
        (native, "", "--instances-from /dev/zero", 100, "`/dev/zero`: line 1, "),
        (native, "</dev/zero", "--instances-from -", 100, "`standard input`: line 1, "),
        (native, "yes |", "--instances-from -", 111, "unable to read `standard input`: File too large\n"),
    ] {
        let answer = limited(program, scratch.path(), input, words);
        assert_eq!(answer.code, Some(code), "{answer}");
        assert!(
            answer.stderr.starts_with("s6-instance-maker: fatal: ") && answer.stderr.contains(message),
            "{message}: {answer}"
        );
        assert!(answer.stderr.len() < 3000 && !scratch.join("out").exists(), "{answer}");
    }
}

/// A module that is too large is refused, whatever its size, without being read.
#[test]
fn large_modules_are_refused() {
    let test = "wasm::documents::large_modules_are_refused";
    let Ok(Sandboxed { with_compiler, .. }) = program::sandboxed().map_err(|why| skip::did_not_run(test, why)) else { return };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    for size in [(16 << 20) + 1, 3u64 << 30] {
        std::fs::write(scratch.join("large.wasm"), b"\0asm\x01\0\0\0").unwrap();
        std::fs::File::options().write(true).open(scratch.join("large.wasm")).unwrap().set_len(size).unwrap();
        let answer = limited(with_compiler, scratch.path(), "", "--module large.wasm").expect_code(100);
        let message = "s6-instance-maker: fatal: the module is refused: it is larger than 16777216 bytes\n";
        assert_eq!(answer.stderr, message, "{answer}");
    }
}
