//! Copies of files: complete, unchanged, and at the least cost.

use super::{as_nobody, assert_copied, injected, names, rich_template, staging_in};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::{chown, lchown, symlink};
use std::path::Path;
use std::process::Command;

#[test]
fn the_copy_is_the_template() {
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    rich_template(&template);
    if rustix::process::geteuid().is_root() {
        chown(template.join("tool"), Some(33), Some(4)).unwrap();
        disk::chmod(template.join("tool"), 0o6755);
        lchown(template.join("dangling"), Some(1), Some(2)).unwrap();
        chown(template.join("fifo"), Some(33), Some(33)).unwrap();
        chown(template.join("data/shared"), Some(33), Some(4)).unwrap();
        // What has nothing else that is odd but its owner.
        disk::directory(template.join("data/owned"), 0o755);
        chown(template.join("data/owned"), Some(33), Some(4)).unwrap();
        disk::fifo(template.join("data/owned-fifo"), 0o600);
        chown(template.join("data/owned-fifo"), Some(33), Some(4)).unwrap();
        disk::chmod(template.join("data/shared"), 0o2775);
        chown(&template, Some(5), Some(6)).unwrap();
        disk::chmod(&template, 0o2751);
    }
    for umask in ["022", "077", "000", "0222"] {
        let out = scratch.join(format!("out-{umask}"));
        let answer =
            Answer::of(program::under_umask(umask, program::program()).args(program::all_allowed()).arg(&template).arg(&out))
                .expect_code(0);
        // Even the umask is accepted.
        assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{answer}");
        assert_copied(&template, &out);
        assert!(staging_in(scratch.path()).is_empty());
    }
    maker(scratch.path(), ["-r", "svc", "template", "definitions"]).expect_code(0);
    assert_copied(&template, &scratch.join("definitions/svc"));
}

/// The tree that --dry-run prints is the tree that is made.
#[test]
fn plans_are_made_as_printed() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/finish"), 0o755, "#!/bin/sh\n");
    for options in [&["-u", "33:33", "-L", "/l", "-l", "nobody", "-c", "20000"][..], &["-r", "svc/log/pipe", "-L", "/l"][..]] {
        let with = |more: &[&str]| maker(scratch.path(), options.iter().chain(more).chain(&["template", "out"])).expect_code(0);
        let planned = with(&["--dry-run"]).stdout;
        assert!(!scratch.join("out").exists());
        with(&[]);
        let mut made = String::new();
        for (path, entry) in disk::read_tree(&scratch.join("out")) {
            let path = String::from_utf8(path).unwrap();
            made.push_str(&format!("{:04o} {:<4} {}", entry.mode, entry.kind, if path.is_empty() { "." } else { &path }));
            let template = Path::new(&path).components().any(|part| part.as_os_str() == "template");
            let from = path.rsplit("template/").next().unwrap();
            match entry.kind {
                // With -u, a script is called X.user; its wrapper is generated.
                "file" if template && options[0] != "-u" => made.push_str(&format!(" <- {from}\n")),
                "file" if template && from.ends_with(".user") => {
                    made.push_str(&format!(" <- {}\n", from.trim_end_matches(".user")))
                }
                "file" => {
                    made.push('\n');
                    for line in String::from_utf8(entry.bytes).unwrap().lines() {
                        made.push_str(format!("     | {line}").trim_end());
                        made.push('\n');
                    }
                }
                _ => made.push('\n'),
            }
        }
        assert_eq!(planned, made);
        fs::remove_dir_all(scratch.join("out")).unwrap();
    }
}

#[test]
fn a_link_given_as_template_is_followed() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    symlink("template", scratch.join("link")).unwrap();
    maker(scratch.path(), ["link", "out"]).expect_code(0);
    maker(scratch.path(), ["template//", "out2//"]).expect_code(0);
    assert_copied(&scratch.join("template"), &scratch.join("out"));
    assert_copied(&scratch.join("template"), &scratch.join("out2"));
}

#[test]
fn a_supervisors_state_is_not_copied() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/log/run"), 0o755, "#!/bin/sh\n");
    for state in ["supervise", "log/event"] {
        disk::fifo(scratch.join(disk_parent(&scratch, state)).join("control"), 0o600);
    }
    disk::directory(scratch.join("template/data/event"), 0o755);
    let answer = maker(scratch.path(), ["template", "out"]).expect_code(0);
    let warned: Vec<_> = answer.stderr.lines().filter(|line| line.contains("warning: state-left-behind: ")).collect();
    assert!(warned.len() == 2 && warned[0].contains("`log/event`") && warned[1].contains("`supervise`"), "{answer}");
    assert!(!scratch.join("out/template/supervise").exists() && !scratch.join("out/template/log/event").exists());
    assert!(scratch.join("out/template/data/event").is_dir());
}

fn disk_parent(scratch: &Scratch, state: &str) -> std::path::PathBuf {
    let path = scratch.join("template").join(state);
    disk::directory(&path, 0o700);
    path
}

#[test]
fn without_root_the_copy_is_the_callers() {
    if !skip::is_root_or_say("running as somebody else") {
        return;
    }
    let scratch = Scratch::within(Path::new("/tmp"), "s6-instance-maker-nobody");
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("tool"), 0o6755, "#!/bin/sh\n");
    disk::directory(template.join("closed"), 0o500);
    chown(template.join("closed"), Some(65534), Some(65534)).unwrap();
    disk::directory(template.join("shared"), 0o2775);
    let answer = Answer::of(as_nobody(&scratch).args(["template", "out"])).expect_code(0);
    assert_eq!(
        answer.stderr,
        "s6-instance-maker: warning: set-id-dropped: `tool` in the template has a set-id bit that would lend other rights in the copy than in the template; it is not copied\n\
         s6-instance-maker: hint: set the bit on the copy if it is needed there, or run s6-instance-maker with the right to give the copy that owner (CAP_CHOWN, and the owner's ids in its user namespace)\n"
    );
    let tree = disk::read_tree(&scratch.join("out"));
    assert!(tree.values().all(|entry| entry.owner == (65534, 65534)));
    let mode = |path: &str| tree[path.as_bytes()].mode;
    assert_eq!((mode("template/tool"), mode("template/closed"), mode("template/shared")), (0o755, 0o500, 0o2775));
}

#[test]
fn holes_stay_holes() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let sparse = fs::File::create(scratch.join("template/sparse")).unwrap();
    use std::os::unix::fs::FileExt as _;
    sparse.write_all_at(b"begin", 0).unwrap();
    sparse.write_all_at(b"middle", 3 << 30).unwrap();
    sparse.set_len(1 << 40).unwrap();
    fs::File::create(scratch.join("template/hole")).unwrap().set_len(1 << 30).unwrap();
    maker(scratch.path(), ["template", "out"]).expect_code(0);
    let copy = fs::File::open(scratch.join("out/template/sparse")).unwrap();
    let metadata = copy.metadata().unwrap();
    assert_eq!(metadata.len(), 1 << 40);
    assert!(metadata.blocks() * 512 < 1 << 20, "{} blocks", metadata.blocks());
    let mut bytes = [0; 8];
    copy.read_exact_at(&mut bytes, 3 << 30).unwrap();
    assert_eq!(&bytes, b"middle\0\0");
    copy.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"begin\0\0\0");
    assert_eq!(fs::metadata(scratch.join("out/template/hole")).unwrap().blocks(), 0);
}

/// Without the kernel's help, a buffer copies the same bytes.
#[test]
fn contents_are_copied_by_every_way() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let bytes: Vec<u8> = (0..5_000_000u32).flat_map(|number| number.to_le_bytes()).take(5_000_000).collect();
    disk::file(scratch.join("template/file"), 0o644, bytes);
    for (label, faults) in [
        ("range", &[][..]),
        ("send", &["copy_file_range:error=EXDEV"]),
        ("buffer", &["copy_file_range:error=EXDEV", "sendfile:error=EINVAL"]),
    ] {
        let answer = injected(&scratch, faults, &["template", label]);
        assert_eq!(answer.code, Some(0), "{answer}");
        assert_copied(&scratch.join("template"), &scratch.join(label));
    }
}

/// No more than about eight system calls for one more small file, of which five read it and three make it; and nine for a directory,
/// of which seven read it, one makes it, and one examines it when it is full.
#[test]
fn small_things_cost_few_system_calls() {
    let scratch = Scratch::new("apply");
    let calls = |label: &str, count: usize, make: fn(&Path)| {
        let template = scratch.join(format!("template-{label}-{count}"));
        disk::plain_template(&template);
        disk::directory(template.join("data"), 0o755);
        for index in 0..count {
            make(&template.join(format!("data/{index}")));
        }
        // A file that was just made is read twice.
        std::thread::sleep(std::time::Duration::from_millis(100));
        let (out, log) = (scratch.join(format!("out-{label}-{count}")), scratch.join("log"));
        let answer = Answer::of(
            Command::new("strace").args(["-f", "-qq", "-o"]).arg(&log).arg(program::program()).arg(&template).arg(&out),
        );
        assert_eq!(answer.code, Some(0), "{answer}");
        // std asserts in builds for debugging that a descriptor is open before it closes it.
        let log = fs::read_to_string(&log).unwrap();
        let others = ["F_GETFD", "futex", "brk(", "mprotect(", "resumed>"];
        log.lines().filter(|line| !others.iter().any(|other| line.contains(other))).count()
    };
    // Below the number from which on threads take part.
    let each = |label: &str, make: fn(&Path)| (calls(label, 400, make) - calls(label, 100, make)) as f64 / 300.0;
    let file = each("file", |path| disk::file(path, 0o644, "contents"));
    assert!(file <= 8.2, "{file} system calls for a file");
    let directory = each("directory", |path| disk::directory(path, 0o755));
    assert!(directory <= 9.2, "{directory} system calls for a directory");
}

/// A chain of directories is finished, and removed again, from its end on. That does not cost the whole way for each of them.
#[test]
fn deep_trees_cost_few_system_calls() {
    const DEPTH: usize = 1000;
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("template").join(["d"; DEPTH].join("/")), 0o755);
    for (label, code, faults) in [("made", 0, &[][..]), ("removed", 111, &["-e", "inject=renameat2:error=EIO"])] {
        let log = scratch.join(label);
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "trace=openat,renameat2", "-o"]).arg(&log).args(faults).arg(program::program());
        let answer = Answer::of(command.args(["template", &format!("out-{label}")]).current_dir(scratch.path()));
        assert_eq!(answer.code, Some(code), "{answer}");
        let calls = fs::read_to_string(&log).unwrap().lines().filter(|line| line.contains("openat(")).count();
        assert!(calls < 100 * DEPTH, "{label}: {calls} directories were opened");
    }
    assert!(scratch.join("out-made/template").join(["d"; DEPTH].join("/")).is_dir());
    assert!(super::staging_in(scratch.path()).is_empty());
}

/// The most memory that a run with `template` takes, in KiB. `None`: the program that reports it is missing, which is said.
fn peak(scratch: &Scratch, template: &str) -> Option<i64> {
    if !Path::new("/usr/bin/time").exists() {
        skip::did_not_run("memory of a copy", "there is no /usr/bin/time");
        return None;
    }
    let log = scratch.join("time");
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%M", "-o"]).arg(&log).arg(program::program()).current_dir(scratch.path());
    assert!(command.args([template, &format!("out-{template}")]).status().unwrap().success());
    Some(fs::read_to_string(log).unwrap().trim().parse().unwrap())
}

/// An entry of a large template takes little memory: its path, twice, and two entries in lists. Contents are held up to a limit, so
/// the files are empty.
#[test]
fn entries_take_little_memory() {
    let scratch = Scratch::new("apply");
    for (name, count) in [("small", 1), ("large", 20_000)] {
        disk::plain_template(scratch.join(name));
        for index in 0..count {
            disk::file(scratch.join(format!("{name}/data/{}/{index}", index / 100)), 0o644, "");
        }
    }
    let (Some(small), Some(large)) = (peak(&scratch, "small"), peak(&scratch, "large")) else { return };
    let each = (large - small) * 1024 / 20_200;
    assert!(each <= 350, "{each} bytes for an entry");
}

/// Bytes do not pass through the program: its memory does not grow with them.
#[test]
fn memory_does_not_grow_with_contents() {
    let scratch = Scratch::new("apply");
    for (name, size) in [("small", 1), ("large", 200 << 20)] {
        disk::plain_template(scratch.join(name));
        disk::file(scratch.join(name).join("file"), 0o644, vec![b'x'; size]);
    }
    let (Some(small), Some(large)) = (peak(&scratch, "small"), peak(&scratch, "large")) else { return };
    assert!(large - small < 4096, "{small} KiB for one byte, {large} KiB for 200 MiB");
}

/// Many entries, on several threads: all of them.
#[test]
fn many_entries_are_all_copied() {
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    for index in 0..2000 {
        disk::file(
            template.join(format!("d{}/e{}/f{index}", index % 7, index % 13)),
            0o600 | (index % 0o100),
            index.to_string(),
        );
    }
    maker(scratch.path(), ["template", "out"]).expect_code(0);
    assert_copied(&template, &scratch.join("out"));
}

/// Another result for -r beside what is there, through a link, or into the working directory.
#[test]
fn definitions_go_into_directories_that_are_there() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("definitions"), 0o700);
    symlink("definitions", scratch.join("link")).unwrap();
    maker(scratch.path(), ["-r", "one", "template", "definitions/"]).expect_code(0);
    maker(scratch.path(), ["-r", "two", "template", "link"]).expect_code(0);
    maker(&scratch.join("definitions"), ["-r", "three", "../template", "."]).expect_code(0);
    assert_eq!(names(&scratch.join("definitions")), ["one", "three", "two"]);
    assert_eq!(fs::metadata(scratch.join("definitions")).unwrap().mode() & 0o7777, 0o700);
    // A directory that holds its template, under another name, is fine.
    maker(scratch.path(), ["-r", "svc", "template", "."]).expect_code(0);
}

/// The longest name that a result can have still has a staging directory.
#[test]
fn results_may_have_long_names() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let long = OsString::from_vec([vec![b'n'; 253], b"\xff\n".to_vec()].concat());
    maker(scratch.path(), [OsStr::new("template"), &long]).expect_code(0);
    assert_copied(&scratch.join("template"), &scratch.join(&long));
}
