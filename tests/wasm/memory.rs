//! Too little memory: an error, or at least an end, however little there is.

use s6_instance_maker_workspace::program::{self, Answer, Sandboxed};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::path::Path;
use std::process::Command;

/// The program with `ulimit -v LIMIT`, ended by SIGKILL (137) where it does not end by itself within a minute.
fn run(program: &Path, directory: &Path, limit: usize, backtrace: &str, words: &[&str]) -> Answer {
    let script = format!("exec timeout --signal=KILL 60 sh -c 'ulimit -v {limit}; exec \"$0\" \"$@\"' \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(program).args(words).current_dir(directory);
    Answer::of(command.env("RUST_BACKTRACE", backtrace))
}

/// From less than the program's own size to more than it needs: each size is an end, and from the first on at which the program
/// reports an error every end is an error or a success.
#[test]
fn every_size_is_an_end() {
    let Ok(Sandboxed { plain, .. }) =
        program::sandboxed().map_err(|why| skip::did_not_run("wasm::memory::every_size_is_an_end", why))
    else {
        return;
    };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    let step = if skip::all() { 64 } else { 512 };
    for (program, most) in [(plain.as_path(), 90_000), (program::program(), 40_000)] {
        for backtrace in ["0", "1"] {
            let (mut ends, mut reports) = ([0; 4], false);
            for limit in (4_000..most).step_by(step) {
                let answer = run(program, scratch.path(), limit, backtrace, &["template", "out"]);
                let reported = answer.stderr.starts_with("s6-instance-maker: ");
                let end = match answer.code {
                    Some(0) if scratch.join("out").exists() => 0,
                    Some(111) if reported => 1,
                    // The dynamic linker has no room for the program.
                    Some(127) if !reports => 2,
                    // Ended by a signal before the program could begin: by the kernel, the linker, or the allocator.
                    Some(134 | 139) | None if !reports => 3,
                    _ => panic!("ulimit -v {limit}, RUST_BACKTRACE={backtrace}: {answer}"),
                };
                ends[end] += 1;
                reports |= reported;
                assert!(!answer.stderr.contains("panicked") && !answer.stderr.contains("internal error"), "{limit}: {answer}");
                assert_eq!(scratch.join("out").exists(), end == 0, "{limit}: {answer}");
                let _ = std::fs::remove_dir_all(scratch.join("out"));
            }
            let [successes, errors, ..] = ends;
            assert!(successes > 0 && (errors > 0 || program == program::program()), "{ends:?}");
            skip::tell(&format!(
                "{}, ulimit -v 4000 to {most}, RUST_BACKTRACE={backtrace}: {ends:?} successes, errors, not linked, signals",
                program.file_name().unwrap().display()
            ));
        }
    }
}
