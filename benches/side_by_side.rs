//! Whole processes side by side, by turns: this program, s6's own, and cp, with small, wide and large templates.
//!
//! `cargo bench` prints the median of each and the ratios; nothing is judged. All run in the same root file system with s6 2.15,
//! started by chroot, which is measured along.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench runs programs and prints")]

use s6_instance_maker_workspace::roots::{Root, Suite};
use s6_instance_maker_workspace::{disk, program};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program, by its name and the command that runs it.
type Template = (&'static str, fn(&Path));

/// The number of runs of each program with each template.
const TURNS: usize = 9;

fn main() {
    let Some(root) = Root::of(Suite::Forky, "benches") else { return };
    let (scratch, inside) = root.scratch("bench");
    std::fs::copy(program::released_program(), scratch.join("maker")).unwrap();
    let templates: [Template; 4] = [
        ("5 files", |template| {
            for name in ["run", "finish", "notification-fd", "data/check", "log/run"] {
                disk::file(template.join(name), 0o755, "#!/bin/sh\n");
            }
        }),
        ("1,000 files of 1 KiB", |template| files(template, 1_000, 1 << 10)),
        ("10,000 files of 1 KiB", |template| files(template, 10_000, 1 << 10)),
        ("4 files of 64 MiB", |template| files(template, 4, 64 << 20)),
    ];
    println!("{:<24}{:>12}{:>12}{:>12}{:>10}{:>10}", "template", "ours, ms", "s6's, ms", "cp -a, ms", "ours/s6's", "ours/cp");
    for (label, build) in templates {
        let template = scratch.join("template");
        disk::plain_template(&template);
        build(&template);
        let maker = inside.join("maker");
        let programs: [&[&str]; 3] = [&[maker.to_str().unwrap()], &["s6-instance-maker"], &["cp", "-a"]];
        let mut times = programs.map(|_| Vec::new());
        // One turn more than counted, to fill the caches.
        for turn in 0..=TURNS {
            for (words, times) in programs.iter().zip(&mut times) {
                let mut command = root.command(words.first().unwrap());
                command.args(words.iter().skip(1)).arg(inside.join("template")).arg(inside.join("out"));
                let begun = Instant::now();
                assert!(command.stdin(Stdio::null()).status().unwrap().success(), "{words:?}");
                if turn > 0 {
                    times.push(begun.elapsed());
                }
                assert!(Command::new("rm").arg("-rf").arg(scratch.join("out")).status().unwrap().success());
            }
        }
        let [ours, theirs, copy] = times.map(median);
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3);
        let ratio = |other: Duration| format!("{:.2}", ours.as_secs_f64() / other.as_secs_f64());
        println!("{label:<24}{:>12}{:>12}{:>12}{:>10}{:>10}", ms(ours), ms(theirs), ms(copy), ratio(theirs), ratio(copy));
        std::fs::remove_dir_all(&template).unwrap();
    }
}

fn files(template: &Path, count: usize, size: usize) {
    for index in 0..count {
        disk::file(template.join(format!("data/{}/{index}", index / 100)), 0o644, vec![b'x'; size]);
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
