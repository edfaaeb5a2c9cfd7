//! Archives side by side, by turns: `--tar` of a template, and GNU tar of the tree that is made from it; without and with a look at
//! ACLs and other attributes, of which `--tar` warns. And `--check` of that tree beside `diff -r` of the template and its copy.
//!
//! `cargo bench --bench archive` prints the median of each and the ratio; nothing is judged.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench runs programs and prints")]

use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, program};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The number of runs of each program with each template.
const TURNS: usize = 9;

fn main() {
    let maker = program::released_program();
    println!(
        "{:<24}{:>12}{:>12}{:>10}{:>18}{:>10}",
        "template", "ours, ms", "tar, ms", "ours/tar", "tar with ACLs, ms", "ours/tar"
    );
    for (label, count, size) in
        [("5 files", 5, 1 << 10), ("10,000 files of 1 KiB", 10_000, 1 << 10), ("4 files of 64 MiB", 4, 64 << 20)]
    {
        let scratch = Scratch::new("bench");
        disk::plain_template(scratch.join("template"));
        for number in 0..count {
            disk::file(scratch.join(format!("template/d{}/f{number}", number % 10)), 0o644, vec![b'x'; size]);
        }
        run(&scratch, &maker, &["template", "made"]);
        let archive = ["--format=gnu", "--sort=name", "--numeric-owner", "--mtime=@0", "-c", "made"];
        let with_acls = [&["--acls", "--xattrs"], &archive[1..]].concat();
        let mut times = [(); 5].map(|()| Vec::new());
        // One turn more than counted, to fill the caches.
        for turn in 0..=TURNS {
            let taken = [
                run(&scratch, &maker, &["--tar", "template", "made"]),
                run(&scratch, Path::new("tar"), &archive),
                run(&scratch, Path::new("tar"), &with_acls),
                run(&scratch, &maker, &["--check", "template", "made"]),
                run(&scratch, Path::new("diff"), &["-r", "template", "made/template"]),
            ];
            if turn > 0 {
                times.iter_mut().zip(taken).for_each(|(times, taken)| times.push(taken));
            }
        }
        let [ours, theirs, theirs_with_acls, check, diff] = times.map(median);
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3);
        let ratio = |theirs: Duration| format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
        println!(
            "{label:<24}{:>12}{:>12}{:>10}{:>18}{:>10}",
            ms(ours),
            ms(theirs),
            ratio(theirs),
            ms(theirs_with_acls),
            ratio(theirs_with_acls)
        );
        println!(
            "{:<24}--check {} ms, diff -r {} ms: {:.2}",
            "",
            ms(check),
            ms(diff),
            check.as_secs_f64() / diff.as_secs_f64()
        );
    }
}

/// The time that a program takes, with a file for its output: GNU tar reads nothing where that is /dev/null.
fn run(scratch: &Scratch, program: &Path, words: &[&str]) -> Duration {
    let output = File::create(scratch.join("output")).unwrap();
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.args(words).current_dir(scratch.path()).stdin(Stdio::null()).stdout(output);
    assert!(command.status().unwrap().success(), "{words:?}");
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
