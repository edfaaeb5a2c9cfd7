//! Limits bite, for the built-in guest too; and what is allowed without a word is enough for whatever a template may be.

use super::{ask, built_in};
use s6_instance_maker::run::{NoProgress, Run};
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use s6_instance_maker_core::wire::Job;
use s6_instance_maker_sandbox::SandboxError;
use s6_instance_maker_sandbox::limits::{LimitOptions, Limits};
use s6_instance_maker_workspace::{manifest, skip};
use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn job(template: &Template) -> Vec<u8> {
    Job::encode(&Instances::default(), &manifest::facts(), template)
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(Into::into).collect()
}

#[test]
fn the_built_in_guest_is_limited_too() {
    let template = manifest::template("0755 file run");
    let with = |chosen| ask(&built_in(chosen), &words(&["t", "d"]), job(&template)).map_err(|error| error.to_string());
    let error = |text: &str| Err(text.to_owned());
    let none = LimitOptions::default();
    assert_eq!(with(LimitOptions { fuel: Some(1000), ..none }), error("the module was stopped: it has used up its fuel, 1000"));
    assert_eq!(
        with(LimitOptions { memory: Some(65536), ..none }),
        error("the module ended: it may not use more than 65536 bytes of memory")
    );
    assert_eq!(
        with(LimitOptions { stack: Some(256), ..none }),
        error("the module was stopped: its calls need more than 256 bytes of stack")
    );
    assert_eq!(
        with(LimitOptions { output: Some(100), ..none }),
        error("the module was stopped: it writes more than 100 bytes")
    );
    assert!(with(none).is_ok());
}

/// Fuel is counted, not timed: what is just enough is enough every time, and one less never is.
#[test]
fn fuel_is_the_same_every_time() {
    let template = manifest::template("0755 file run");
    let enough = |fuel| {
        let answer =
            ask(&built_in(LimitOptions { fuel: Some(fuel), ..LimitOptions::default() }), &words(&["t", "d"]), job(&template));
        match answer {
            Ok(_) => true,
            Err(SandboxError::Fuel(_)) => false,
            Err(error) => panic!("{error}"),
        }
    };
    let (mut less, mut more) = (1u64, 100_000_000);
    while more - less > 1 {
        let middle = less + (more - less) / 2;
        if enough(middle) { more = middle } else { less = middle }
    }
    assert!((0..5).all(|_| enough(more) && !enough(less)), "{less} {more}");
    skip::tell(&format!("fuel for a template of one file: {more}"));
}

/// The defaults are these: docs/explanation/sandbox.md, the help and SECURITY.md name them.
#[test]
fn defaults_are_as_documented() {
    let with = |job| Limits::for_job(job, &LimitOptions::default());
    let none = Limits { fuel: 100_000_000, memory: 64 << 20, stack: 524_288, output: 16 << 20 };
    assert_eq!(with(0), none);
    let large = Limits {
        fuel: 100_000_000 + 5000 * 1_000_000,
        memory: (64 << 20) + 40 * 1_000_000,
        stack: 524_288,
        output: (16 << 20) + 4 * 1_000_000,
    };
    assert_eq!(with(1_000_000), large);
    assert_eq!(with(1 << 30).memory, 4 << 30);
    assert_eq!(with(usize::MAX), Limits { fuel: u64::MAX, memory: 4 << 30, stack: 524_288, output: usize::MAX });
    assert_eq!(Limits::MESSAGES, 65_536);
    let readme =
        std::fs::read_to_string(s6_instance_maker_workspace::program::workspace().join("docs/explanation/sandbox.md")).unwrap();
    for line in [
        "| `--fuel N` | 100000000, and 5000 per byte of the job |",
        "| `--memory BYTES` | 64 MiB, and 40 bytes per byte of the job |",
        "| `--stack BYTES` | 524288 |",
        "| `--output-limit BYTES` | 16 MiB, and 4 bytes per byte of the job |",
    ] {
        assert!(readme.contains(line), "{line}");
    }
}

fn entry(template: &mut Template, path: String, kind: Kind<s6_instance_maker_core::template::FileFacts>) {
    let meta = Meta { mode: Mode::new(0o755), owner: Some(Ids { uid: 0, gid: 0 }) };
    template.insert(TreePath::parse(path).unwrap(), Node::new(meta, kind)).unwrap();
}

/// Templates up to the longest possible paths: a quarter of the default limits suffices.
#[test]
fn defaults_are_enough() {
    let file = || Kind::File(Default::default());
    let deep = |levels: usize, name: &str| {
        let mut template = manifest::template("0755 file run = #!/bin/sh");
        for level in 1..=levels {
            entry(&mut template, vec![name; level].join("/"), Kind::Directory);
        }
        template
    };
    let mut wide = manifest::template("0755 file run = #!/bin/sh");
    (0..20_000).for_each(|number| entry(&mut wide, format!("file-{number}"), file()));
    let mut links = manifest::template("0777 link run -> l39\n0755 file l0 = #!/bin/sh");
    (1..40).for_each(|number| entry(&mut links, format!("l{number}"), Kind::Symlink(format!("l{}", number - 1).into())));
    let mut bytes = manifest::template("0755 file run = #!/bin/sh");
    (0..2000).for_each(|number| entry(&mut bytes, format!("{number}{}", "\u{1}".repeat(200)), file()));
    let long = "n".repeat(250);
    let mut plans = 0;
    for (name, template) in [
        ("one file", manifest::template("0755 file run = #!/bin/sh")),
        ("1,900 levels", deep(1900, "d")),
        ("200 levels", deep(200, "dir")),
        ("15 levels of long names", deep(15, &long)),
        ("20,000 files", wide),
        ("40 links", links),
        ("odd names", bytes),
    ] {
        for options in [&["t", "d"][..], &["-u", "www-data", "t", "d"], &["-r", "a/b", "-L", "/l", "-u", "1:2", "t", "d"]] {
            let job = job(&template);
            let limits = Limits::for_job(job.len(), &LimitOptions::default());
            let quarter = LimitOptions {
                fuel: Some(limits.fuel / 4),
                memory: Some(limits.memory / 4),
                stack: Some(limits.stack / 4),
                output: Some(limits.output / 4),
            };
            let size = job.len();
            match ask(&built_in(quarter), &words(options), job) {
                Ok(_) => plans += 1,
                // With what stands before them in the result, paths are too long; too many links lead nowhere.
                Err(error @ SandboxError::Refused { .. }) => {
                    let message = error.to_string();
                    let known = ["longer than 4095 bytes", "which leads nowhere"];
                    assert!(known.iter().any(|known| message.contains(known)), "{name}: {message}");
                }
                Err(error) => panic!("{name}, {options:?}, a job of {size} bytes: {error}"),
            }
        }
    }
    assert!(plans >= 18, "only {plans} of 21 are plans");
}

/// A signal ends the program while the guest is at work.
#[test]
fn an_interrupt_does_not_wait_for_the_guest() {
    let endless = super::module("(module (memory (export \"memory\") 1) (func (export \"_start\") (loop (br 0))))");
    // Fuel for years.
    let sandbox = s6_instance_maker_sandbox::Sandbox::new(
        s6_instance_maker_sandbox::Origin::Bytes(endless),
        LimitOptions { fuel: Some(1 << 36), ..LimitOptions::default() },
    );
    let interrupt = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            interrupt.store(true, Ordering::Relaxed);
        });
        let run = Run { interrupt: &interrupt, progress: &NoProgress };
        let answer = sandbox.ask(&["s6-instance-maker".into()], Vec::new(), &run);
        assert!(matches!(answer, Err(SandboxError::Interrupted(_))), "{answer:?}");
    });
}
