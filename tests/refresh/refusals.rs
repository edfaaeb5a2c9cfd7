//! What `--refresh` refuses: then DIR is as it was.

use super::{Answer, Command, Scratch, create, disk, folder, fs, make, maker};
use rustix::fs::{CWD, Mode, OFlags, openat};

/// Runs the program, which must refuse with `code` and change nothing; the answer. Of what is in DIR, --diff says so as well.
fn refused(scratch: &Scratch, words: &[&str], code: i32) -> Answer {
    let before = disk::read_tree(scratch.path());
    let answer = maker(scratch.path(), words).expect_code(code);
    assert!(answer.stderr.starts_with("s6-instance-maker: fatal: ") && answer.stdout.is_empty(), "{answer}");
    if answer.stderr.contains("unable to refresh") && !answer.stderr.contains("a supervisor is at work") {
        let words = words.iter().map(|word| if word.starts_with("--refresh") { "--diff" } else { word });
        let preview = maker(scratch.path(), words).expect_code(0);
        assert!(preview.stdout.contains("--refresh refuses "), "{preview}");
    }
    assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "", "{answer}");
    answer
}

/// A directory that this program did not make is no target, so that no typing error writes into /etc.
#[test]
fn foreign_directories_are_refused() {
    let scratch = folder();
    disk::file(scratch.join("etc/passwd"), 0o644, "root");
    disk::directory(scratch.join("etc/init.d"), 0o755);
    disk::file(scratch.join("plain/run"), 0o755, "#!/bin/sh\n");
    disk::file(scratch.join("plain/finish"), 0o755, "#!/bin/sh\n");
    disk::file(scratch.join("run-only/run"), 0o755, "#!/bin/sh\n");
    disk::file(scratch.join("template-only/template/run"), 0o755, "#!/bin/sh\n");
    disk::file(scratch.join("definition/svc/run"), 0o755, "#!/bin/sh\n");
    disk::file(scratch.join("file"), 0o644, "");
    for option in ["--refresh", "--refresh-instances"] {
        for (dir, missing) in [("etc", "run"), ("plain", "template"), ("run-only", "template"), ("template-only", "run")] {
            for options in [&[][..], &["-L", "/l"], &["--instance", "first"]] {
                let answer = refused(&scratch, &[&[option], options, &["one", dir]].concat(), 100);
                let expected =
                    format!("unable to refresh `{dir}`: `{missing}` is missing: not a directory that this program made\n");
                assert!(answer.stderr.contains(&expected) && answer.stderr.contains("hint: "), "{answer}");
            }
        }
        refused(&scratch, &[option, "one", "file"], 111);
        refused(&scratch, &[option, "one", "nowhere/svc"], 111);
        // The template is no place for its own result.
        refused(&scratch, &[option, "one", "one"], 100);
        refused(&scratch, &[option, "one", "one/data"], 100);
    }
    let answer = refused(&scratch, &["--refresh", "-r", "svc", "one", "definition"], 100);
    assert!(answer.stderr.contains("`svc/type` is missing"), "{answer}");
    refused(&scratch, &["--refresh-instances", "-r", "svc", "one", "new"], 100);
    refused(&scratch, &["--overwrite-edited", "one", "new"], 100);
}

/// Existing and declared instances must have room.
#[test]
fn instances_beyond_the_capacity_are_refused() {
    let scratch = folder();
    make(&scratch, &["-c", "4", "one", "svc"]);
    for name in ["a", "b", "c"] {
        create(&scratch, "svc", name);
    }
    let answer = refused(&scratch, &["--refresh", "-c", "2", "one", "svc"], 100);
    assert!(answer.stderr.contains("3 instances are declared or exist; the capacity is 2\n"), "{answer}");
    assert!(answer.stderr.contains("hint: raise the capacity (-c)"), "{answer}");
    refused(&scratch, &["--refresh", "-c", "4", "--instance", "d", "--instance", "e", "one", "svc"], 100);
    // A link without its directory takes room, too.
    std::os::unix::fs::symlink("../instances/d", scratch.join("svc/instance/d")).unwrap();
    refused(&scratch, &["--refresh", "-c", "4", "--instance", "e", "one", "svc"], 100);
    fs::remove_file(scratch.join("svc/instance/d")).unwrap();
    make(&scratch, &["--refresh", "-c", "4", "--instance", "a", "--instance", "e", "one", "svc"]);
}

/// Directories of the service and parts of declared instances that are another type of file are refused, not replaced.
#[test]
fn other_types_of_files_are_refused() {
    let declared: &[&str] = &["--instance", "a", "--instance", "b"];
    let cases: [(&str, &str, &[&str], &str); 6] = [
        ("instance", "ln -s instances instance", &[], "`instance` is not a directory"),
        ("log", "touch log", &["-L", "/l"], "`log` is not a directory"),
        ("instances/a", "touch instances/a", declared, "`instances/a` is not a directory"),
        ("instances/a", "ln -s /etc instances/a", declared, "`instances/a` is not a directory"),
        ("instance/a", "touch instance/a", declared, "`instance/a` is not a link"),
        ("instance/a", "mkdir instance/a", declared, "`instance/a` is not a link"),
    ];
    let run = |scratch: &Scratch, command: &str| {
        Answer::of(Command::new("sh").args(["-c", command]).current_dir(scratch.join("svc"))).expect_code(0);
    };
    for (entry, command, options, reason) in cases {
        let scratch = folder();
        make(&scratch, &[options, &["one", "svc"]].concat());
        let words = |option| [&[option], options, &["one", "svc"]].concat();
        run(&scratch, &format!("rm -r {entry} && {command}"));
        for option in ["--refresh", "--refresh-instances"] {
            let answer = refused(&scratch, &words(option), 100);
            assert!(answer.stderr.contains(&format!("unable to refresh `svc`: {reason}\n")), "{answer}");
            assert!(answer.stderr.contains("hint: move it away, and run the same command again\n"), "{answer}");
        }
        maker(scratch.path(), words("--check")).expect_code(1);
        // As the hint says.
        run(&scratch, &format!("rm -r {entry}"));
        make(&scratch, &words("--refresh"));
        let answer = maker(scratch.path(), words("--check")).expect_code(0);
        assert_eq!(answer.stdout, "", "{command}");
    }
}

/// While a supervisor is at work in DIR, its logger neither appears nor disappears.
#[test]
fn the_logger_of_a_supervised_service_is_kept() {
    let scratch = folder();
    for (options, other) in [(&[][..], &["-L", "/l"][..]), (&["-L", "/l"], &[])] {
        let _ = fs::remove_dir_all(scratch.join("svc"));
        make(&scratch, &[options, &["one", "svc"]].concat());
        let control = scratch.join("svc/supervise/control");
        disk::directory(scratch.join("svc/supervise"), 0o700);
        disk::fifo(&control, 0o600);
        let supervisor = openat(CWD, &control, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let answer = refused(&scratch, &[&["--refresh"], other, &["two", "svc"]].concat(), 100);
        let verb = if options.is_empty() { "would appear" } else { "would disappear" };
        let expected = format!("unable to refresh `svc`: the logger of the service {verb}, and a supervisor is at work\n");
        assert!(answer.stderr.contains(&expected) && answer.stderr.contains("hint: stop the service"), "{answer}");
        // Everything else takes effect, and says when.
        let answer = make(&scratch, &[&["--refresh", "-c", "20"], options, &["one", "svc"]].concat());
        assert!(answer.stderr.contains("note: `run` takes effect when the service restarts"), "{answer}");
        assert!(answer.stderr.contains("hint: s6-svc -r -- svc\n"), "{answer}");
        drop(supervisor);
        // A supervisor that is gone leaves its FIFO.
        make(&scratch, &[&["--refresh"], other, &["two", "svc"]].concat());
    }
}
