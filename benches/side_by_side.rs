//! Whole processes side by side, by turns: this program, dynamic and static, s6's own, and cp, with small, wide and large templates, in
//! memory and on disk; and what one file costs in system calls, and one entry in memory.
//!
//! `cargo bench` prints the median of each and the ratios; nothing is judged. All run in the same root file system with s6 2.15,
//! started by chroot, which is measured along.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench runs programs and prints")]

use s6_instance_maker_workspace::roots::{Root, Suite};
use s6_instance_maker_workspace::scratch::{Memory, Scratch};
use s6_instance_maker_workspace::{disk, program};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The variable by which cargo names directories of libraries, in which the loader of every program would look.
const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// A template, by its name, what makes it, and the number of runs of each program with it.
type Template = (&'static str, fn(&Path), usize);

const TEMPLATES: [Template; 4] = [
    ("3 files", three_files, 101),
    ("1,000 files of 1 KiB", |template| disk::template_of_files(template, 1_000), 21),
    ("10,000 files of 1 KiB", |template| disk::template_of_files(template, 10_000), 9),
    ("1 file of 256 MiB", |template| disk::file(template.join("data/large"), 0o644, vec![b'x'; 256 << 20]), 9),
];

fn main() {
    let dynamic = program::released_program();
    let fixed = program::released_static();
    if fixed.is_none() {
        println!("not measured: the static build, for which `rustup target add {}-unknown-linux-musl`", std::env::consts::ARCH);
    }
    if let Some(root) = Root::of(Suite::Forky, "benches") {
        times(&root, &dynamic, fixed.as_deref());
    }
    costs("dynamic", &dynamic);
    if let Some(fixed) = &fixed {
        costs("static", fixed);
    }
}

fn times(root: &Root, dynamic: &Path, fixed: Option<&Path>) {
    println!(
        "{:<8}{:<24}{:>12}{:>12}{:>12}{:>12}{:>11}{:>12}{:>10}",
        "", "template", "ours, ms", "static, ms", "s6's, ms", "cp -a, ms", "ours/s6's", "static/s6's", "ours/cp"
    );
    for (place, mount) in [("memory", true), ("disk", false)] {
        let (scratch, inside) = root.scratch("bench");
        let mounted = mount.then(|| Memory::on(scratch.path()));
        std::fs::copy(dynamic, scratch.join("dynamic")).unwrap();
        std::fs::copy(fixed.unwrap_or(dynamic), scratch.join("static")).unwrap();
        for (label, build, turns) in TEMPLATES {
            let template = scratch.join("template");
            disk::plain_template(&template);
            build(&template);
            let ours = [inside.join("dynamic"), inside.join("static")];
            let programs: [&[&str]; 4] =
                [&[ours[0].to_str().unwrap()], &[ours[1].to_str().unwrap()], &["s6-instance-maker"], &["cp", "-a"]];
            let mut times = programs.map(|_| Vec::new());
            // One turn more than counted, to fill the caches.
            for turn in 0..=turns {
                for (words, times) in programs.iter().zip(&mut times) {
                    let mut command = root.command(words.first().unwrap());
                    command.args(words.iter().skip(1)).arg(inside.join("template")).arg(inside.join("out"));
                    let begun = Instant::now();
                    assert!(command.stdin(Stdio::null()).status().unwrap().success(), "{words:?}");
                    if turn > 0 {
                        times.push(begun.elapsed());
                    }
                    std::fs::remove_dir_all(scratch.join("out")).unwrap();
                }
            }
            let [ours, fixed_time, theirs, copy] = times.map(median);
            let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
            let ratio = |ours: Duration, other: Duration| format!("{:.2}", ours.as_secs_f64() / other.as_secs_f64());
            let of_static = |text: String| if fixed.is_some() { text } else { "-".to_owned() };
            println!(
                "{place:<8}{label:<24}{:>12}{:>12}{:>12}{:>12}{:>11}{:>12}{:>10}",
                ms(ours),
                of_static(ms(fixed_time)),
                ms(theirs),
                ms(copy),
                ratio(ours, theirs),
                of_static(ratio(fixed_time, theirs)),
                ratio(ours, copy)
            );
            std::fs::remove_dir_all(&template).unwrap();
        }
        drop(mounted);
    }
}

/// Prints what a program costs besides time.
fn costs(label: &str, program: &Path) {
    let scratch = Scratch::new("bench");
    let calls = |name: &str| {
        // A file that was just made is read twice.
        std::thread::sleep(Duration::from_millis(100));
        let log = scratch.join("log");
        let mut command = Command::new("strace");
        command.env_remove(LIBRARIES);
        command.args(["-f", "-qq", "-o"]).arg(&log).arg(program).arg(name).arg("out").current_dir(scratch.path());
        assert!(command.status().unwrap().success());
        std::fs::remove_dir_all(scratch.join("out")).unwrap();
        std::fs::read_to_string(log).unwrap().lines().filter(|line| !line.contains("resumed>")).count()
    };
    let memory = |name: &str| {
        let log = scratch.join("log");
        let mut command = Command::new("/usr/bin/time");
        command.env_remove(LIBRARIES);
        command.args(["-f", "%M", "-o"]).arg(&log).arg(program).args(["--dry-run", name, "out"]).current_dir(scratch.path());
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
        std::fs::read_to_string(log).unwrap().trim().parse::<usize>().unwrap() << 10
    };
    three_files(&scratch.join("small"));
    for (name, count) in [("400", 400), ("100", 100), ("100000", 100_000)] {
        disk::template_of_files(scratch.join(name), count);
    }
    println!("{label}: {} system calls for 3 files", calls("small"));
    println!("{label}: {:.1} system calls for one more small file", (calls("400") - calls("100")) as f64 / 303.0);
    println!("{label}: {} bytes of memory for one more entry", memory("100000").saturating_sub(memory("small")) / 101_000);
}

fn three_files(template: &Path) {
    disk::plain_template(template);
    disk::file(template.join("finish"), 0o755, "#!/bin/sh\n");
    disk::file(template.join("notification-fd"), 0o644, "3\n");
}

/// Files of 1 KiB, a hundred in each directory.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
