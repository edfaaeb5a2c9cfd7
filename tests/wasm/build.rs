//! Building the guest: the same bytes anywhere, and a clear word where it cannot be built.

use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The build script as cargo runs it, for a workspace, with an output folder.
fn script(build_script: &Path, workspace: &Path, out: &Path) -> Command {
    fs::create_dir_all(out).unwrap();
    let mut command = Command::new(build_script);
    let target = Answer::of(Command::new("rustc").arg("-vV")).stdout;
    let target = target.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
    command.current_dir(workspace.join("wasm-host")).env("CARGO_MANIFEST_DIR", workspace.join("wasm-host"));
    command.env("OUT_DIR", out).env("TARGET", target).env("CARGO", env!("CARGO")).env("RUSTC", "rustc");
    command.env_remove("S6_INSTANCE_MAKER_GUEST_WASM");
    command
}

fn errors(answer: &Answer) -> String {
    let errors: Vec<_> = answer.stdout.lines().filter_map(|line| line.strip_prefix("cargo::error=")).collect();
    errors.join("\n")
}

/// Built in another folder, by the same script, from the same sources: the same bytes.
#[test]
fn two_folders_same_bytes() {
    let (sandboxed, guest) = match (program::sandboxed(), program::guest()) {
        (Ok(sandboxed), Ok(guest)) => (sandboxed, guest),
        (Err(why), _) | (_, Err(why)) => return skip::did_not_run("wasm::build::two_folders_same_bytes", why),
    };
    let scratch = Scratch::new("wasm");
    let elsewhere = scratch.join("a folder with another name");
    copy_sources(program::workspace(), &elsewhere);
    // What users set for programs of this machine is not meant for the guest.
    let answer = Answer::of(
        script(&sandboxed.build_script, &elsewhere, &elsewhere.join("target/debug/build/x/out"))
            .env("RUSTFLAGS", "-C target-cpu=native")
            .env("CARGO_PROFILE_GUEST_OPT_LEVEL", "0")
            .env("CARGO_BUILD_TARGET", "x86_64-unknown-nowhere")
            .env("CARGO_BUILD_INCREMENTAL", "true")
            .env("CARGO_BUILD_DEP_INFO_BASEDIR", &elsewhere)
            .env("CARGO_BUILD_RUSTC_WRAPPER", "/nowhere")
            .env("RUSTC_BOOTSTRAP", "1"),
    );
    let answer = answer.expect_code(0);
    assert_eq!(errors(&answer), "", "{answer}");
    let module = elsewhere.join("target/wasm/s6-instance-maker.wasm");
    let (here, there) = (fs::read(guest).unwrap(), fs::read(&module).unwrap());
    assert!(here == there, "{} bytes and {} bytes", here.len(), there.len());
    let folder = program::workspace().to_str().unwrap().as_bytes();
    assert!(!here.windows(folder.len()).any(|window| window == folder), "the module names the folder it was built in");
    let digest = Answer::of(Command::new("sha256sum").arg(guest)).expect_code(0).stdout;
    let told = format!("s6-instance-maker.wasm: {} bytes, sha256 {}\n", here.len(), digest.split(' ').next().unwrap());
    assert!(answer.stdout.contains(&told), "{told}{answer}");
    skip::tell(&format!("the module, built in two folders: {told}"));
}

/// All that is not built, as a fresh clone has it.
fn copy_sources(from: &Path, to: &Path) {
    let mut pending = vec![PathBuf::new()];
    while let Some(path) = pending.pop() {
        fs::create_dir_all(to.join(&path)).unwrap();
        for entry in fs::read_dir(from.join(&path)).unwrap().map(Result::unwrap) {
            let path = path.join(entry.file_name());
            let built = path.ends_with("target") || path.starts_with(".git");
            match entry.file_type().unwrap() {
                kind if kind.is_dir() && !built => pending.push(path),
                kind if kind.is_file() => drop(fs::copy(from.join(&path), to.join(&path)).unwrap()),
                _ => {}
            }
        }
    }
}

/// The build reports what it lacks, and accepts a ready module instead of building one.
#[test]
fn messages_of_the_build() {
    let sandboxed = match program::sandboxed() {
        Ok(sandboxed) => sandboxed,
        Err(why) => return skip::did_not_run("wasm::build::messages_of_the_build", why),
    };
    let scratch = Scratch::new("wasm");
    // A compiler without the target, as rustup installs it.
    disk::file(scratch.join("rustc"), 0o755, "#!/bin/sh\necho /nowhere/lib/rustlib/wasm32-wasip1/lib\n");
    disk::file(scratch.join("garbage.wasm"), 0o644, "garbage");
    let out = scratch.join("out");
    let run = |variables: &[(&str, &Path)], workspace: &Path| {
        let mut command = script(&sandboxed.build_script, workspace, &out);
        command.envs(variables.iter().copied());
        Answer::of(&mut command).expect_code(0)
    };
    let here = program::workspace();
    let ready = "S6_INSTANCE_MAKER_GUEST_WASM";
    let answer = run(&[("RUSTC", &scratch.join("rustc"))], here);
    assert_eq!(
        errors(&answer),
        "Rust's target wasm32-wasip1 is not installed, and the guest is built for it: rustup target add wasm32-wasip1"
    );
    fs::create_dir_all(scratch.join("alone/wasm-host")).unwrap();
    let answer = run(&[], &scratch.join("alone"));
    let error = errors(&answer);
    assert!(error.starts_with("the guest's sources are not here, and unable to read "), "{error}");
    assert!(error.ends_with("; name a module in S6_INSTANCE_MAKER_GUEST_WASM, or build in the whole repository"), "{error}");
    let answer = run(&[(ready, &scratch.join("nowhere"))], here);
    assert!(errors(&answer).starts_with("unable to read ") && errors(&answer).contains("No such file"), "{answer}");
    let answer = run(&[(ready, &scratch.join("garbage.wasm"))], here);
    assert!(errors(&answer).starts_with("unable to precompile the guest: "), "{answer}");
    assert!(!out.join("guest.cwasm").exists());
    let answer = run(&[(ready, program::guest().unwrap())], &scratch.join("alone"));
    assert_eq!(errors(&answer), "", "{answer}");
    assert!(fs::metadata(out.join("guest.cwasm")).unwrap().len() > 100_000);
}
