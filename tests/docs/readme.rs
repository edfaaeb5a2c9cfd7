//! README: one screen, an example that works with each s6, and the command that shows what the program does.

use super::{pages, read, run_script};
use s6_instance_maker_workspace::program;
use s6_instance_maker_workspace::roots::Suite;
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use s6_instance_maker_workspace::stage::Stage;

#[test]
fn one_screen() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 120, "README.md has {lines} lines");
}

/// The example prints the same with the s6 of each release.
#[test]
fn the_example_with_each_s6() {
    for suite in Suite::ALL {
        let Some(stage) = Stage::with_s6_of(suite, "docs::readme::the_example_with_each_s6") else { continue };
        let (count, failures) = pages::run(&stage, &format!("README.md on {}", suite.name()), &read("README.md"));
        assert!(count > 8 && failures.is_empty(), "{failures}");
    }
}

/// The command that runs the program without installing it. tests/nightly builds the release for it; otherwise the program under test is
/// taken.
#[test]
fn the_main_command() {
    let readme = read("README.md");
    let command = readme.lines().find(|line| line.starts_with("cargo run ")).unwrap();
    let scratch = Scratch::new("readme");
    let (folder, command) = if skip::all() {
        (program::workspace(), command.replace("target/heartbeat", &scratch.join("heartbeat").display().to_string()))
    } else {
        skip::tell("docs::readme::the_main_command: with the program under test; tests/nightly builds the release");
        std::os::unix::fs::symlink(program::workspace().join("examples"), scratch.join("examples")).unwrap();
        std::fs::create_dir(scratch.join("target")).unwrap();
        (scratch.path(), command.replace("cargo run --release --bin s6-instance-maker --", "s6-instance-maker"))
    };
    let answer = run_script(&command, folder).expect_code(0);
    let lines: Vec<&str> = answer.stdout.lines().filter_map(|line| line.split("/heartbeat").nth(1)).collect();
    assert!(lines.contains(&"/run") && lines.contains(&"/template/log/run") && lines.len() >= 10, "{answer}");
}
