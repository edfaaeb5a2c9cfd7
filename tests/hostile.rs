//! Templates that are made to do harm, or only odd: each is copied right, or refused in a sentence; none hangs, escapes, or floods
//! a terminal.

use crate::apply::{as_nobody, staging_in};
use rustix::fs::{CWD, Mode, OFlags, SeekFrom};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

/// A template, and what comes of it.
struct Case {
    label: &'static str,
    /// Adds what is odd to a template that is none.
    make: fn(&Path),
    as_root: Outcome,
    /// For an account that owns nothing of it; none where it makes no difference.
    as_nobody: Option<Outcome>,
}

#[derive(Clone, Copy)]
enum Outcome {
    /// Everything is copied, with these warnings.
    Copied(&'static str),
    /// Lint tells it by these rules; where they are allowed, everything is copied, without a word.
    Linted(&'static [&'static str]),
    /// Nothing is made: the exit code and the error.
    Refused(i32, &'static str),
}

use Outcome::{Copied, Linted, Refused};

const CASES: &[Case] = &[
    Case {
        label: "a file that nobody may read",
        make: |template| disk::file(template.join("data/secret"), 0o000, "secret"),
        as_root: Copied(""),
        as_nobody: Some(Refused(111, "unable to open `template/data/secret`: Permission denied")),
    },
    Case {
        label: "a directory that nobody may read",
        make: |template| {
            disk::file(template.join("closed/file"), 0o644, "x");
            disk::chmod(template.join("closed"), 0o311);
        },
        as_root: Copied(""),
        as_nobody: Some(Refused(111, "unable to read `template/closed`: Permission denied")),
    },
    Case {
        label: "a directory that nobody may search",
        make: |template| {
            disk::file(template.join("closed/file"), 0o644, "x");
            disk::chmod(template.join("closed"), 0o644);
        },
        as_root: Copied(""),
        as_nobody: Some(Refused(111, "unable to examine `template/closed/file`: Permission denied")),
    },
    Case {
        label: "a FIFO that nobody feeds",
        make: |template| disk::fifo(template.join("fifo"), 0o644),
        as_root: Copied(""),
        as_nobody: Some(Copied("")),
    },
    Case {
        label: "scripts that are FIFOs",
        make: |template| {
            fs::remove_file(template.join("run")).unwrap();
            disk::fifo(template.join("run"), 0o755);
            disk::fifo(template.join("finish"), 0o755);
        },
        as_root: Linted(&["run-not-a-file", "finish-not-a-file"]),
        as_nobody: None,
    },
    Case {
        label: "a socket",
        make: |template| drop(UnixListener::bind(template.join("socket")).unwrap()),
        as_root: Refused(100, "`template/socket`: a socket, which cannot be copied"),
        as_nobody: Some(Refused(100, "`template/socket`: a socket, which cannot be copied")),
    },
    Case {
        label: "a device, deep inside",
        make: |template| {
            disk::directory(template.join("a/b"), 0o755);
            device(&template.join("a/b/zero"), 'c', 1, 5);
        },
        as_root: Refused(100, "`template/a/b/zero`: a device node, which is not copied"),
        as_nobody: Some(Refused(100, "`template/a/b/zero`: a device node, which is not copied")),
    },
    Case {
        label: "a disk",
        make: |template| device(&template.join("disk"), 'b', 7, 200),
        as_root: Refused(100, "`template/disk`: a device node, which is not copied"),
        as_nobody: None,
    },
    Case {
        label: "set-id files of another owner",
        make: |template| {
            for (name, mode) in [("su", 0o4755), ("sg", 0o2755), ("both", 0o6711)] {
                disk::file(template.join(name), 0o644, "#!/bin/sh\n");
                chown(template.join(name), Some(33), Some(33)).unwrap();
                disk::chmod(template.join(name), mode);
            }
            disk::chmod(template.join("both"), 0o6755);
        },
        as_root: Copied(""),
        as_nobody: Some(Copied(
            "warning: set-id-dropped: `both` in the template has a set-id bit that would lend other rights in the copy than in the template; it is not copied\n\
             warning: set-id-dropped: `sg` in the template has a set-id bit that would lend other rights in the copy than in the template; it is not copied\n\
             warning: set-id-dropped: `su` in the template has a set-id bit that would lend other rights in the copy than in the template; it is not copied\n\
             hint: set the bit on the copy if it is needed there, or run s6-instance-maker with the right to give the copy that owner (CAP_CHOWN, and the owner's ids in its user namespace)\n",
        )),
    },
    Case {
        label: "links in a loop, to themselves, to everything",
        make: |template| {
            symlink("b", template.join("a")).unwrap();
            symlink("a", template.join("b")).unwrap();
            symlink("self", template.join("self")).unwrap();
            symlink(".", template.join("here")).unwrap();
            symlink("../..", template.join("up")).unwrap();
            symlink("/", template.join("root")).unwrap();
            symlink("/proc/self/fd/0", template.join("magic")).unwrap();
            symlink("x".repeat(4095), template.join("long")).unwrap();
        },
        as_root: Linted(&["link-dangling", "link-leaves-template", "absolute-link"]),
        as_nobody: Some(Linted(&["link-dangling", "link-leaves-template", "absolute-link"])),
    },
    Case {
        label: "scripts that are links in a loop",
        make: |template| {
            fs::remove_file(template.join("run")).unwrap();
            symlink("finish", template.join("run")).unwrap();
            symlink("run", template.join("finish")).unwrap();
        },
        as_root: Linted(&["run-dangling", "finish-dangling"]),
        as_nobody: None,
    },
    Case {
        label: "run is a directory",
        make: |template| {
            fs::remove_file(template.join("run")).unwrap();
            disk::file(template.join("run/run"), 0o755, "#!/bin/sh\n");
        },
        as_root: Linted(&["run-not-a-file"]),
        as_nobody: None,
    },
    Case {
        label: "names that lead a terminal astray, copied",
        make: |template| odd_names().iter().for_each(|name| disk::file(template.join(OsStr::from_bytes(name)), 0o644, name)),
        as_root: Linted(&["leftover-files"]),
        as_nobody: Some(Linted(&["leftover-files"])),
    },
    Case {
        label: "names that lead a terminal astray, refused",
        make: |template| {
            let socket = template.join(OsStr::from_bytes(b"\n\x1b]0;owned\x07\r\xff`"));
            // A socket's address must be short; its name need not be.
            drop(UnixListener::bind(template.join("s")).unwrap());
            fs::rename(template.join("s"), socket).unwrap();
        },
        as_root: Refused(100, "`template/\\n\\x1b]0;owned\\x07\\r\\xff\\``: a socket, which cannot be copied"),
        as_nobody: None,
    },
    Case {
        label: "names that lead a terminal astray, unreadable",
        make: |template| disk::file(template.join(OsStr::from_bytes(b"\x1b[2J\n\xc2\x9b/\xfe")), 0o000, "x"),
        as_root: Copied(""),
        as_nobody: Some(Refused(111, "unable to open `template/\\x1b[2J\\n\\u{9b}/\\xfe`: Permission denied")),
    },
    Case {
        label: "names that lead a terminal astray, warned of",
        make: |template| {
            let tool = template.join(OsStr::from_bytes(b"\x1b[31m\xff\n"));
            disk::file(&tool, 0o4755, "#!/bin/sh\n");
        },
        as_root: Copied(""),
        as_nobody: Some(Copied(
            "warning: set-id-dropped: `\\x1b[31m\\xff\\n` in the template has a set-id bit that would lend other rights in the copy than in the template; it is not copied\n\
             hint: set the bit on the copy if it is needed there, or run s6-instance-maker with the right to give the copy that owner (CAP_CHOWN, and the owner's ids in its user namespace)\n",
        )),
    },
    Case {
        label: "a file of 1 TiB with two bytes in it",
        make: |template| {
            let file = fs::File::create(template.join("sparse")).unwrap();
            file.write_all_at(b"a", 1 << 39).unwrap();
            file.write_all_at(b"z", (1 << 40) - 1).unwrap();
        },
        as_root: Copied(""),
        as_nobody: Some(Copied("")),
    },
    Case {
        label: "nothing but a hole of 1 TiB",
        make: |template| fs::File::create(template.join("hole")).unwrap().set_len(1 << 40).unwrap(),
        as_root: Copied(""),
        as_nobody: None,
    },
    Case {
        label: "20,000 entries in one directory",
        make: |template| many(template, 20_000),
        as_root: Copied(""),
        as_nobody: None,
    },
    Case { label: "as deep as paths reach", make: |template| deep(template, 2_000), as_root: Copied(""), as_nobody: None },
    Case {
        label: "deeper than paths reach",
        make: |template| deep(template, 4_096),
        as_root: Refused(100, ": a path in a service directory cannot be longer than 4095 bytes"),
        as_nobody: None,
    },
    Case {
        label: "names of 255 bytes, as deep as paths reach",
        make: |template| {
            let mut path = template.to_owned();
            for _ in 0..10 {
                path.push("n".repeat(255));
            }
            disk::file(path.join("file"), 0o644, "deep");
        },
        as_root: Copied(""),
        as_nobody: None,
    },
];

/// Cases that only a nightly run has time for.
const LONG: &[Case] = &[Case {
    label: "a million entries in one directory",
    make: |template| many(template, 1_000_000),
    as_root: Copied(""),
    as_nobody: None,
}];

fn odd_names() -> Vec<Vec<u8>> {
    // Every byte that a name can have, each in a name of its own.
    (1..=255).filter(|byte| *byte != b'/').map(|byte| vec![b'x', byte]).collect()
}

fn device(path: &Path, kind: char, major: u32, minor: u32) {
    let numbers = [major, minor].map(|number| number.to_string());
    let made = Command::new("mknod").arg(path).arg(kind.to_string()).args(numbers).status().unwrap();
    assert!(made.success(), "{} cannot be made", path.display());
}

fn many(template: &Path, count: usize) {
    disk::directory(template.join("many"), 0o755);
    for index in 0..count {
        let mut file = fs::File::create(template.join(format!("many/{index}"))).unwrap();
        // Most are empty: that is about entries.
        if index % 100 == 0 {
            write!(file, "{index}").unwrap();
        }
    }
}

/// Directories in directories, made one from another, as no path reaches them, and a file in the last.
fn deep(template: &Path, levels: usize) {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut directory = rustix::fs::openat(CWD, template, flags, Mode::empty()).unwrap();
    for _ in 0..levels {
        rustix::fs::mkdirat(&directory, "d", Mode::from_raw_mode(0o755)).unwrap();
        directory = rustix::fs::openat(&directory, "d", flags, Mode::empty()).unwrap();
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&directory, "f", flags, Mode::from_raw_mode(0o644)).unwrap();
    fs::File::from(file).write_all(b"deep").unwrap();
}

/// A list of all that is in `root`, however deep, with what must be the same in a copy; the digests of small files too.
fn inventory(root: &Path, owner_too: bool) -> Vec<String> {
    let owner = if owner_too { "%U:%G" } else { "" };
    let format = format!("%y %m {owner} %P -> %l\\0");
    // The sizes of directories are their own affair.
    let script = "find . -mindepth 1 -printf \"$0\" && find . -type f -printf '%s %P\\0' && \
                  find . -type f -size -65k -execdir sha256sum --zero -- {} +";
    let mut command = Command::new("sh");
    let output = command.args(["-c", script, &format]).current_dir(root).env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{}: {}", root.display(), String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<_> = output.stdout.split(|&byte| byte == 0).map(|line| line.escape_ascii().to_string()).collect();
    lines.sort();
    lines
}

/// Returns the differences between `template` and its copy at `copy`.
fn differences(template: &Path, copy: &Path, root: bool) -> String {
    let [mut expected, mut is] = [template, copy].map(|path| inventory(path, root));
    if !root {
        // The copy is the caller's, and so without these bits.
        for lines in [&mut expected, &mut is] {
            for line in lines.iter_mut() {
                for (with, without) in [("f 4755 ", "f 755 "), ("f 2755 ", "f 755 "), ("f 6755 ", "f 755 ")] {
                    *line = line.replacen(with, without, 1);
                }
            }
            lines.sort();
        }
    }
    let missing = expected.iter().filter(|line| is.binary_search(line).is_err()).map(|line| format!("- {line}\n"));
    let added = is.iter().filter(|line| expected.binary_search(line).is_err()).map(|line| format!("+ {line}\n"));
    let lists: String = missing.chain(added).take(20).collect();
    if lists.is_empty() && expected != is { "the same lines in other numbers".to_owned() } else { lists }
}

/// Large files have the same bytes where there are any, and no more of them on disk.
fn sparse_differences(template: &Path, copy: &Path) -> String {
    let mut wrong = String::new();
    for name in ["sparse", "hole"].iter().filter(|name| template.join(name).exists()) {
        let [original, copied] = [template, copy].map(|path| fs::File::open(path.join(name)).unwrap());
        let [of_original, of_copy] = [&original, &copied].map(|file| file.metadata().unwrap());
        if of_copy.len() != of_original.len() || of_copy.blocks() > of_original.blocks() + 64 {
            wrong.push_str(&format!(
                "{name}: {} bytes in {} blocks; the copy {} in {}\n",
                of_original.len(),
                of_original.blocks(),
                of_copy.len(),
                of_copy.blocks()
            ));
        }
        // What is data in either must be the same in both.
        for file in [&original, &copied] {
            let mut at = 0;
            while let Ok(start) = rustix::fs::seek(file, SeekFrom::Data(at)) {
                let end = rustix::fs::seek(file, SeekFrom::Hole(start)).unwrap();
                let [one, other] = [&original, &copied].map(|file| {
                    let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
                    file.read_exact_at(&mut bytes, start).unwrap();
                    bytes
                });
                if one != other {
                    wrong.push_str(&format!("{name}: other bytes from {start} to {end}\n"));
                }
                at = end;
            }
        }
    }
    wrong
}

/// Runs the program on a case's template; what is wrong then.
fn check(case: &Case, outcome: Outcome, root: bool) -> Result<(), String> {
    let scratch = if root { Scratch::new("hostile") } else { Scratch::within(Path::new("/tmp"), "s6-instance-maker-hostile") };
    let template = scratch.join("template");
    disk::plain_template(&template);
    (case.make)(&template);
    let program = if root { program::under_umask("022", program::program()) } else { as_nobody(&scratch) };
    // What hangs is killed, and so told.
    let mut command = Command::new("timeout");
    let patience = if skip::all() { "3600" } else { "300" };
    command.args(["--signal=KILL", patience]).arg(program.get_program()).args(program.get_args());
    let rules: &[&str] = if let Linted(rules) = outcome { rules } else { &[] };
    let told_by = |rule: &str| {
        let answer = maker(scratch.path(), ["--strict", "template", "out"]);
        answer.code == Some(100) && answer.stderr.contains(&format!("fatal: {rule}: "))
    };
    if let Some(rule) = rules.iter().find(|rule| !told_by(rule)) {
        return Err(format!("{}: {rule} is not told", case.label));
    }
    let allowed = rules.iter().map(|rule| format!("--allow={rule}"));
    let answer = Answer::of(command.args(allowed).args(["template", "out"]).current_dir(scratch.path()));
    let told =
        answer.stderr.lines().map(|line| line.trim_start_matches("s6-instance-maker: ").to_owned() + "\n").collect::<String>();
    let fail = |why: &str| Err(format!("{}, as {}: {why}\n{answer}", case.label, if root { "root" } else { "nobody" }));
    if !staging_in(scratch.path()).is_empty() {
        return fail("something was left");
    }
    if answer.stderr.chars().any(|char| char.is_control() && char != '\n') {
        return fail("there are control characters in a message");
    }
    match outcome {
        Copied(_) | Linted(_) => {
            let warnings = if let Copied(warnings) = outcome { warnings } else { "" };
            if answer.code != Some(0) || told != warnings {
                return fail(&format!("expected were exit code 0 and {warnings:?}"));
            }
            let copy = scratch.join("out/template");
            let differences = differences(&template, &copy, root) + &sparse_differences(&template, &copy);
            if differences.is_empty() { Ok(()) } else { fail(&differences) }
        }
        Refused(code, message) => {
            let one_line = told.starts_with("fatal: ") && told.lines().count() == 1;
            // A message that would be as long as a path can be is looked at from its end.
            let right = told.strip_prefix("fatal: ").is_some_and(|told| told.trim_end() == message)
                || (message.starts_with(": ") && told.trim_end().ends_with(message));
            if answer.code != Some(code) || !one_line || !right {
                return fail(&format!("expected were exit code {code} and {message:?}"));
            }
            if fs::symlink_metadata(scratch.join("out")).is_ok() { fail("there is a result") } else { Ok(()) }
        }
    }
}

#[test]
fn odd_templates_are_copied_right_or_refused() {
    if !skip::is_root_or_say("devices, files of others, running as somebody else") {
        return;
    }
    let (mut copied, mut refused, mut wrong) = (0, 0, Vec::new());
    let long = if skip::all() { LONG } else { &[] };
    for case in CASES.iter().chain(long) {
        for (outcome, root) in [(Some(case.as_root), true), (case.as_nobody, false)] {
            let Some(outcome) = outcome else { continue };
            match outcome {
                Copied(_) | Linted(_) => copied += 1,
                Refused(..) => refused += 1,
            }
            wrong.extend(check(case, outcome, root).err());
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), copied + refused, wrong.join("\n"));
    skip::tell(&format!("hostile templates: {copied} copied right, {refused} refused with nothing left"));
}
