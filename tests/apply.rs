//! Plans carried out on a real disk: what is read back is what was planned, and nothing is ever half made.

use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk::{self, OnDisk};
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, chown, lchown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// The template's copy in `result`, and the template, as trees that must be equal.
fn assert_copied(template: &Path, result: &Path) {
    let differences = disk::differences(&disk::read_tree(template), &disk::read_tree(&result.join("template")));
    assert!(differences.is_empty(), "{differences}");
}

/// What lies in `directory`, by name.
fn names(directory: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

fn staging_in(directory: &Path) -> Vec<OsString> {
    names(directory).into_iter().filter(|name| name.as_bytes().starts_with(STAGING_PREFIX.as_bytes())).collect()
}

/// A template with one of everything that can be copied.
fn rich_template(path: &Path) {
    disk::plain_template(path);
    disk::file(path.join(".hidden"), 0o644, "dot");
    disk::file(path.join("empty"), 0o600, "");
    disk::file(path.join("large"), 0o444, vec![b'x'; 3 << 20]);
    disk::file(path.join("tool"), 0o6755, "#!/bin/sh\n");
    disk::file(path.join("sticky"), 0o1644, "sticky");
    disk::file(path.join("none"), 0o000, "nobody may");
    disk::file(path.join("data/deep/deeper/file"), 0o640, "deep");
    disk::directory(path.join("data/empty"), 0o500);
    disk::directory(path.join("data/tmp"), 0o1777);
    disk::directory(path.join("data/shared"), 0o2775);
    disk::directory(path.join("closed"), 0o000);
    disk::fifo(path.join("fifo"), 0o620);
    symlink("/etc/passwd", path.join("absolute")).unwrap();
    symlink("../..", path.join("data/up")).unwrap();
    symlink("nowhere", path.join("dangling")).unwrap();
    for name in [
        b"new\nline".to_vec(),
        b"not-utf8-\xff\xfe".to_vec(),
        vec![b'n'; 255],
        b" ".to_vec(),
        b"-c".to_vec(),
        b"\x1b[31m".to_vec(),
    ] {
        disk::file(path.join(OsStr::from_bytes(&name)), 0o644, name);
    }
    disk::chmod(path, 0o2751);
}

#[test]
fn what_is_read_back_is_the_template() {
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    rich_template(&template);
    if rustix::process::geteuid().is_root() {
        chown(template.join("tool"), Some(33), Some(4)).unwrap();
        disk::chmod(template.join("tool"), 0o6755);
        lchown(template.join("dangling"), Some(1), Some(2)).unwrap();
        chown(template.join("fifo"), Some(33), Some(33)).unwrap();
        chown(template.join("data/shared"), Some(33), Some(4)).unwrap();
        disk::chmod(template.join("data/shared"), 0o2775);
        chown(&template, Some(5), Some(6)).unwrap();
        disk::chmod(&template, 0o2751);
    }
    for umask in ["022", "077", "000", "0222"] {
        let out = scratch.join(format!("out-{umask}"));
        let answer = Answer::of(program::under_umask(umask, program::program()).arg(&template).arg(&out)).expect_code(0);
        assert_eq!(answer.stdout, "");
        assert_eq!(answer.stderr.is_empty(), umask != "000", "{answer}");
        assert_copied(&template, &out);
        assert!(staging_in(scratch.path()).is_empty());
    }
    maker(scratch.path(), ["-r", "svc", "template", "definitions"]).expect_code(0);
    assert_copied(&template, &scratch.join("definitions/svc"));
}

/// What --dry-run prints is what is then made.
#[test]
fn what_is_planned_is_made() {
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
    assert_eq!(
        answer.stderr,
        "s6-instance-maker: warning: `log/event` in the template is a supervisor's state; it is not copied\n\
         s6-instance-maker: warning: `supervise` in the template is a supervisor's state; it is not copied\n"
    );
    assert!(!scratch.join("out/template/supervise").exists() && !scratch.join("out/template/log/event").exists());
    assert!(scratch.join("out/template/data/event").is_dir());
}

fn disk_parent(scratch: &Scratch, state: &str) -> std::path::PathBuf {
    let path = scratch.join("template").join(state);
    disk::directory(&path, 0o700);
    path
}

/// Refusals: exit code, the one line, and that the folder is as it was.
#[test]
fn what_is_refused_leaves_nothing() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("file"), 0o644, "a file");
    disk::directory(scratch.join("there/svc"), 0o755);
    disk::plain_template(scratch.join("sockets"));
    std::os::unix::net::UnixListener::bind(scratch.join("sockets/s\u{1b}")).unwrap();
    symlink("nowhere", scratch.join("dangling")).unwrap();
    symlink("there", scratch.join("link")).unwrap();
    disk::plain_template(scratch.join("outer"));
    disk::directory(scratch.join("outer/inner/more"), 0o755);
    symlink("outer/inner", scratch.join("into")).unwrap();
    disk::plain_template(scratch.join("stateful"));
    disk::directory(scratch.join("stateful/supervise"), 0o700);
    let long = "n".repeat(256);
    let table: &[(&[&str], i32, &str)] = &[
        (&["absent", "out"], 111, "unable to open `absent`: No such file or directory"),
        (&["file", "out"], 100, "`file`: it is no directory"),
        (&["dangling", "out"], 111, "unable to open `dangling`: No such file or directory"),
        (&["sockets", "out"], 100, "`sockets/s\\x1b`: it is a socket, which cannot be copied"),
        (&["template", "there"], 111, "unable to make `there`: it exists already"),
        (&["template", "file"], 111, "unable to make `file`: it exists already"),
        (&["template", "dangling"], 111, "unable to make `dangling`: it exists already"),
        (&["template", "link/"], 111, "unable to make `link/`: it exists already"),
        (&["template", "absent/."], 111, "unable to open `absent/.`: No such file or directory"),
        (&["template", "absent/.."], 111, "unable to open `absent/..`: No such file or directory"),
        (&["--dry-run", "template", "there"], 111, "unable to make `there`: it exists already"),
        (&["--dry-run", "-r", "svc", "template", "there"], 111, "unable to make `there/svc`: it exists already"),
        (
            &["stateful", "stateful/supervise/out"],
            100,
            "`stateful/supervise`: DIR lies in there: a template cannot hold its own result",
        ),
        (&["template", "."], 111, "unable to make `.`: it exists already"),
        (&["template", ".."], 111, "unable to make `..`: it exists already"),
        (&["template", "/"], 111, "unable to make `/`: it exists already"),
        (&["template", "absent/out"], 111, "unable to open `absent`: No such file or directory"),
        (&["template", "file/out"], 111, "unable to open `file`: Not a directory"),
        (&["template", &long], 111, &format!("unable to make `{long}`: File name too long")),
        (&["outer", "outer/out"], 100, "`outer`: DIR lies in there: a template cannot hold its own result"),
        (
            &["outer", "outer/inner/more/out"],
            100,
            "`outer/inner/more`: DIR lies in there: a template cannot hold its own result",
        ),
        (&["outer", "into/out"], 100, "`outer/inner`: DIR lies in there: a template cannot hold its own result"),
        (&["-r", "svc", "outer", "outer"], 100, "`outer`: DIR lies in there: a template cannot hold its own result"),
        (&["-r", "svc", "outer", "into"], 100, "`outer/inner`: DIR lies in there: a template cannot hold its own result"),
        (&["-r", "svc", "template", "there"], 111, "unable to make `there/svc`: it exists already"),
        (&["-r", "new/svc", "-L", "/l", "template", "link"], 111, "unable to make `link/svc`: it exists already"),
        (&["-r", "svc", "template", "file"], 111, "unable to open `file`: Not a directory"),
        (&["-r", "svc", "template", "dangling"], 111, "unable to open `dangling`: No such file or directory"),
        (&["-c1", "template", "out"], 100, "-c `1`: it must be a number from 2 to 90000"),
    ];
    for (words, code, message) in table {
        let before = disk::read_tree(scratch.path());
        let answer = maker(scratch.path(), *words).expect_code(*code);
        assert_eq!(answer.stderr, format!("s6-instance-maker: fatal: {message}\n"), "{answer}");
        assert_eq!(answer.stdout, "");
        assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "", "{answer}");
    }
}

#[test]
fn device_nodes_are_refused() {
    if !skip::is_root_or_say("device nodes in templates") {
        return;
    }
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let node = scratch.join("template/null");
    assert!(Command::new("mknod").arg(&node).args(["c", "1", "3"]).status().unwrap().success());
    let answer = maker(scratch.path(), ["template", "out"]).expect_code(100);
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: `template/null`: it is a device node, which is not copied\n");
    assert_eq!(names(scratch.path()), ["template"]);
}

/// An account that is not root, to run the program as.
fn as_nobody(scratch: &Scratch) -> Command {
    disk::chmod(scratch.path(), 0o777);
    // The program may lie where others cannot reach it.
    let copy = scratch.join("program");
    fs::copy(program::program(), &copy).unwrap();
    disk::chmod(&copy, 0o755);
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        "--inh-caps=-all",
        "sh",
        "-c",
        "umask 022; exec \"$@\"",
        "sh",
    ]);
    command.arg(copy).current_dir(scratch.path());
    command
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
        "s6-instance-maker: warning: `tool` in the template has a set-id bit and another owner; the bit is not copied\n"
    );
    let tree = disk::read_tree(&scratch.join("out"));
    assert!(tree.values().all(|entry| entry.owner == (65534, 65534)));
    let mode = |path: &str| tree[path.as_bytes()].mode;
    assert_eq!((mode("template/tool"), mode("template/closed"), mode("template/shared")), (0o755, 0o500, 0o2775));
}

/// An unreadable file anywhere is an error, and what was staged is gone, directories without write permission too.
#[test]
fn an_unreadable_file_is_an_error() {
    if !skip::is_root_or_say("running as somebody else") {
        return;
    }
    let scratch = Scratch::within(Path::new("/tmp"), "s6-instance-maker-nobody");
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("a/closed/file"), 0o444, "x");
    disk::chmod(template.join("a/closed"), 0o555);
    disk::file(template.join("z/secret"), 0o600, "x");
    let mut command = as_nobody(&scratch);
    let before = disk::read_tree(scratch.path());
    let answer = Answer::of(command.args(["template", "out"])).expect_code(111);
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to open `template/z/secret`: Permission denied\n");
    assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "");
    // The same with -r into a directory that is there.
    disk::directory(scratch.join("definitions"), 0o777);
    let answer = Answer::of(as_nobody(&scratch).args(["-r", "svc", "template", "definitions"])).expect_code(111);
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to open `template/z/secret`: Permission denied\n");
    assert!(names(&scratch.join("definitions")).is_empty());
    // A directory that cannot be read is found before anything is written.
    disk::chmod(template.join("z"), 0o700);
    let answer = Answer::of(as_nobody(&scratch).args(["template", "out"])).expect_code(111);
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to read `template/z`: Permission denied\n");
}

/// A tree deeper than any path is refused whole; the deepest that has a path is copied whole.
#[test]
fn depth_is_copied_or_refused() {
    let scratch = Scratch::new("apply");
    for (label, levels, code) in [("fits", 2000, 0), ("too-deep", 3000, 100)] {
        let template = scratch.join(label);
        disk::plain_template(&template);
        // Made level by level, as no path reaches it.
        let script =
            "cd \"$0\" && i=0 && while [ $i -lt $1 ]; do mkdir d && cd -P ./d || exit 1; i=$((i+1)); done; echo deep > f";
        assert!(Command::new("sh").args(["-c", script]).arg(&template).arg(levels.to_string()).status().unwrap().success());
        let out = format!("out-{label}");
        let answer = maker(scratch.path(), [label, &out]).expect_code(code);
        if code == 0 {
            let find = Answer::of(
                Command::new("find")
                    .arg(scratch.join(&out).join("template"))
                    .args(["-name", "f", "-size", "5c", "-printf", "%d\n"]),
            );
            assert_eq!(find.stdout, "2001\n", "{find}");
        } else {
            assert!(
                answer.stderr.ends_with(": a path inside a service directory cannot be longer than 4095 bytes\n"),
                "{answer}"
            );
            assert!(!scratch.join(&out).exists() && staging_in(scratch.path()).is_empty());
        }
    }
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

/// Where the kernel moves nothing, a buffer does: the same bytes, by every way.
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

/// File systems without RENAME_NOREPLACE get the result by an empty directory of our own that is replaced.
#[test]
fn without_noreplace_nothing_is_replaced_either() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let fault = &["renameat2:error=EINVAL"];
    let answer = injected(&scratch, fault, &["template", "out"]);
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_copied(&scratch.join("template"), &scratch.join("out"));
    let answer = injected(&scratch, fault, &["-r", "a/b", "-L", "/l", "template", "definitions"]);
    assert_eq!(answer.code, Some(0), "{answer}");
    let answer = injected(&scratch, fault, &["-r", "c/d", "-L", "/l", "template", "definitions"]);
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(names(&scratch.join("definitions")), ["a", "b", "c", "d"]);
    assert!(staging_in(scratch.path()).is_empty());
}

/// With -r and a directory that is there: when the second service cannot be put in its place, the first is taken back.
#[test]
fn services_appear_together_or_not_at_all() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("definitions/other"), 0o755);
    let before = disk::read_tree(scratch.path());
    let answer = injected(&scratch, &["renameat2:error=EIO:when=2"], &["-r", "svc/log", "-L", "/l", "template", "definitions"]);
    assert_eq!(answer.code, Some(111), "{answer}");
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: unable to make `definitions/svc`: Input/output error\n");
    assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "");
    maker(scratch.path(), ["-r", "svc/log", "-L", "/l", "template", "definitions"]).expect_code(0);
    assert_eq!(names(&scratch.join("definitions")), ["log", "other", "svc"]);
}

/// The program with system calls that fail; strace's own output is kept apart.
fn injected(scratch: &Scratch, faults: &[&str], words: &[&str]) -> Answer {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    for fault in faults {
        command.arg("-e").arg(format!("inject={fault}"));
    }
    Answer::of(command.arg(program::program()).args(words).current_dir(scratch.path()))
}

/// No more than about seven system calls for one more small file.
#[test]
fn a_small_file_costs_few_system_calls() {
    let scratch = Scratch::new("apply");
    let calls = |files: usize| {
        let template = scratch.join(format!("template-{files}"));
        disk::plain_template(&template);
        for index in 0..files {
            disk::file(template.join(format!("data/{index}")), 0o644, "contents");
        }
        let (out, log) = (scratch.join(format!("out-{files}")), scratch.join(format!("log-{files}")));
        let answer = Answer::of(
            Command::new("strace").args(["-f", "-qq", "-o"]).arg(&log).arg(program::program()).arg(&template).arg(&out),
        );
        assert_eq!(answer.code, Some(0), "{answer}");
        // std asserts in builds for debugging that a descriptor is open before it closes it.
        let log = fs::read_to_string(log).unwrap();
        log.lines().filter(|line| !line.contains("F_GETFD") && !line.contains("futex") && !line.contains("brk(")).count()
    };
    // Below the number from which on threads take part.
    let (few, many) = (calls(100), calls(400));
    let each = (many - few) as f64 / 300.0;
    assert!(each <= 7.2, "{each} system calls for a file");
}

/// Bytes do not pass through the program: its memory does not grow with them.
#[test]
fn memory_does_not_grow_with_contents() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let peak = |label: &str, size: usize| {
        disk::file(scratch.join("template/file"), 0o644, vec![b'x'; size]);
        let log = scratch.join("time");
        let status = Command::new("/usr/bin/time")
            .args(["-f", "%M", "-o"])
            .arg(&log)
            .arg(program::program())
            .arg(scratch.join("template"))
            .arg(scratch.join(label))
            .status();
        assert!(status.unwrap().success());
        fs::read_to_string(log).unwrap().trim().parse::<i64>().unwrap()
    };
    if !Path::new("/usr/bin/time").exists() {
        return skip::did_not_run("memory of a copy", "there is no /usr/bin/time");
    }
    let (small, large) = (peak("small", 1), peak("large", 200 << 20));
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

#[test]
fn signals_leave_nothing() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for index in 0..200 {
        disk::file(scratch.join(format!("template/data/{index}")), 0o644, "x");
    }
    disk::directory(scratch.join("definitions"), 0o755);
    let before = disk::read_tree(scratch.path());
    for signal in ["INT", "TERM", "HUP"] {
        for words in [&["template", "out"][..], &["-r", "svc", "template", "definitions"]] {
            // The signal arrives at the hundredth file that is opened, which is in the middle of the copy.
            let fault = format!("inject=openat2:signal=SIG{signal}:when=100");
            let answer = Answer::of(
                Command::new("strace")
                    .args(["-f", "-qq", "-o", "/dev/null", "-e", &fault])
                    .arg(program::program())
                    .args(words)
                    .current_dir(scratch.path()),
            );
            assert_eq!(answer.code, Some(111), "{answer}");
            assert_eq!(answer.stderr, "s6-instance-maker: fatal: interrupted by a signal\n");
            assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "");
        }
    }
}

/// What the starter has the program ignore, as nohup does, it goes on ignoring.
#[test]
fn ignored_signals_stay_ignored() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let run = |ignored: &str| {
        let script = format!(
            "trap '' {ignored}; strace -qq -o /dev/null -e inject=copy_file_range:signal=SIGHUP:when=1 \"$0\" template out"
        );
        Answer::of(Command::new("sh").args(["-c", &script]).arg(program::program()).current_dir(scratch.path()))
    };
    assert_eq!(run("INT TERM").code, Some(111));
    assert!(!scratch.join("out").exists());
    assert_eq!(run("HUP").code, Some(0));
    assert_copied(&scratch.join("template"), &scratch.join("out"));
}

/// A bar appears on a terminal when the work takes longer than a second, and nowhere else.
#[test]
fn long_work_shows_a_bar() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for index in 0..20 {
        disk::file(scratch.join(format!("template/{index}")), 0o644, "x");
    }
    let run = |terminal: bool, delay: u32, out: &str| {
        let fault = format!("inject=copy_file_range:delay_exit={delay}");
        let line = format!("strace -f -qq -o /dev/null -e {fault} {} template {out}", program::program().display());
        let mut command = if terminal { Command::new("script") } else { Command::new("sh") };
        let command = if terminal { command.args(["-qec", &line, "/dev/null"]) } else { command.args(["-c", &line]) };
        let answer = Answer::of(command.env("TERM", "xterm").current_dir(scratch.path())).expect_code(0);
        assert_copied(&scratch.join("template"), &scratch.join(out));
        answer
    };
    let slow = run(true, 100_000, "slow");
    assert!(slow.stdout.contains("making: ") && slow.stdout.contains("/26 entries"), "{slow}");
    let quick = run(true, 0, "quick");
    assert_eq!(quick.stdout, "", "{quick}");
    let piped = run(false, 100_000, "piped");
    assert_eq!((piped.stdout.as_str(), piped.stderr.as_str()), ("", ""));
}

/// What a killed run leaves is removed by the next; what a living run holds is not.
#[test]
fn leftovers_are_removed_unless_they_are_held() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let killed = |words: &[&str]| {
        let fault = "inject=copy_file_range:signal=SIGKILL:when=1";
        let status = Command::new("strace")
            .args(["-qq", "-o", "/dev/null", "-e", fault])
            .arg(program::program())
            .args(words)
            .current_dir(scratch.path())
            .status();
        assert!(!status.unwrap().success());
    };
    disk::directory(scratch.join("definitions"), 0o755);
    killed(&["template", "out"]);
    killed(&["-r", "svc", "template", "definitions"]);
    assert_eq!((staging_in(scratch.path()).len(), staging_in(&scratch.join("definitions")).len()), (1, 1));
    let held = scratch.join(format!("{STAGING_PREFIX}out:1"));
    disk::file(held.join("file"), 0o644, "somebody works here");
    let lock = fs::File::open(&held).unwrap();
    lock.try_lock().unwrap();
    maker(scratch.path(), ["template", "out"]).expect_code(0);
    maker(scratch.path(), ["-r", "svc", "template", "definitions"]).expect_code(0);
    assert_eq!(staging_in(scratch.path()), [held.file_name().unwrap()]);
    assert_eq!(names(&scratch.join("definitions")), ["svc"]);
    drop(lock);
    maker(scratch.path(), ["template", "out2"]).expect_code(0);
    assert_eq!(staging_in(scratch.path()).len(), 1, "another result's leftovers are not this run's");
    maker(scratch.path(), ["template", "out"]).expect_code(111);
    fs::remove_dir_all(scratch.join("out")).unwrap();
    maker(scratch.path(), ["template", "out"]).expect_code(0);
    assert!(staging_in(scratch.path()).is_empty());
}

#[test]
fn of_many_at_once_one_wins() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("definitions"), 0o755);
    let run = |words: Vec<String>| {
        let mut command = Command::new(program::program());
        command.args(words).current_dir(scratch.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let rivals: Vec<_> = (0..32).map(|_| run(vec!["template".into(), "out".into()])).collect();
    let results: Vec<_> = rivals.into_iter().map(|rival| rival.wait_with_output().unwrap()).collect();
    assert_eq!(results.iter().filter(|result| result.status.success()).count(), 1);
    for result in results.iter().filter(|result| !result.status.success()) {
        assert_eq!(result.status.code(), Some(111));
        assert_eq!(result.stderr, b"s6-instance-maker: fatal: unable to make `out`: it exists already\n");
    }
    assert_copied(&scratch.join("template"), &scratch.join("out"));
    let friends: Vec<_> =
        (0..32).map(|index| run(vec!["-r".into(), format!("svc{index}"), "template".into(), "definitions".into()])).collect();
    for friend in friends {
        let result = friend.wait_with_output().unwrap();
        assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
    }
    assert_eq!(names(&scratch.join("definitions")).len(), 32);
    assert!(staging_in(scratch.path()).is_empty());
}

/// Modes and owners are what was asked for even where the parent directory has other ideas.
#[test]
fn parents_with_ideas_of_their_own() {
    if !skip::is_root_or_say("directories of other groups") {
        return;
    }
    let scratch = Scratch::new("apply");
    rich_template(&scratch.join("template"));
    let shared = scratch.join("shared");
    disk::directory(&shared, 0o755);
    chown(&shared, Some(0), Some(33)).unwrap();
    disk::chmod(&shared, 0o2775);
    maker(scratch.path(), ["template", "shared/out"]).expect_code(0);
    assert_copied(&scratch.join("template"), &shared.join("out"));
    let tree = disk::read_tree(&shared.join("out"));
    let generated = ["", "run", "instance", "instances", "notification-fd"].map(|path| tree[path.as_bytes()].owner);
    assert_eq!(generated, [(0, 0); 5]);
    assert_eq!(tree[b"".as_slice()].mode, 0o755);
    maker(scratch.path(), ["-r", "svc", "template", "shared"]).expect_code(0);
    let tree = disk::read_tree(&shared.join("svc"));
    assert_eq!((tree[b"".as_slice()].owner, tree[b"run".as_slice()].owner), ((0, 0), (0, 0)));
    let answer = Answer::of(Command::new("setfacl").args(["-d", "-m", "u::rwx,g::rx,o::-,u:33:rwx"]).arg(&shared));
    assert_eq!(answer.code, Some(0), "{answer}");
    maker(scratch.path(), ["template", "shared/out2"]).expect_code(0);
    maker(scratch.path(), ["-r", "svc2", "template", "shared"]).expect_code(0);
    for out in ["out2", "svc2"] {
        let acls = Answer::of(Command::new("getfacl").args(["--recursive", "--skip-base", "--physical"]).arg(shared.join(out)));
        assert_eq!((acls.code, acls.stdout.as_str()), (Some(0), ""), "somebody was let in by an ACL");
    }
    let tree: BTreeMap<Vec<u8>, OnDisk> = disk::read_tree(&shared.join("out2"));
    assert_eq!(
        (tree[b"run".as_slice()].mode, tree[b"instance".as_slice()].mode, tree[b"".as_slice()].mode),
        (0o755, 0o755, 0o755)
    );
    assert_copied(&scratch.join("template"), &shared.join("out2"));
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

#[test]
fn streams_may_be_closed_or_full() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let sh =
        |script: &str| Answer::of(Command::new("sh").args(["-c", script]).arg(program::program()).current_dir(scratch.path()));
    assert_eq!(sh("\"$0\" --dry-run template out >/dev/full").code, Some(111));
    assert_eq!(
        sh("\"$0\" --help >/dev/full").stderr,
        "s6-instance-maker: fatal: unable to write to standard output: No space left on device\n"
    );
    let piped = sh("{ \"$0\" --help; echo $? >&2; } | true");
    assert!(
        ["0\n", "s6-instance-maker: fatal: unable to write to standard output: Broken pipe\n111\n"]
            .contains(&piped.stderr.as_str()),
        "{piped}"
    );
    assert_eq!(sh("\"$0\" template out <&- >&- 2>&-").code, Some(0));
    assert_eq!(sh("\"$0\" template out <&- >&- 2>&-").code, Some(111));
    assert_eq!(sh("\"$0\" template out 2>/dev/full").code, Some(111));
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

/// Every system call that touches files fails once: what is there afterwards is whole or as it was.
#[test]
fn every_failing_call_leaves_all_or_nothing() {
    const CALLS: &str = "openat,openat2,mkdirat,unlinkat,renameat2,renameat,getdents64,statx,fchmod,fchown,fremovexattr,flock,\
                         copy_file_range,write,read,readlinkat,symlinkat,mknodat,lseek,fcntl";
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/data/file"), 0o600, "contents");
    disk::directory(scratch.join("template/data/closed"), 0o500);
    disk::fifo(scratch.join("template/fifo"), 0o600);
    symlink("run", scratch.join("template/link")).unwrap();
    disk::directory(scratch.join("definitions/other"), 0o755);
    let (mut failed, mut made) = (0, 0);
    for (words, result) in [
        (&["template", "out"][..], "out"),
        (&["-r", "svc/log", "-L", "/l", "template", "new"], "new"),
        (&["-r", "svc/log", "-L", "/l", "template", "definitions"], "definitions"),
    ] {
        let before = disk::read_tree(scratch.path());
        let run = |more: &[&str]| {
            let strace = [&["-f", "-qq", "-e", "signal=none"], more].concat();
            Answer::of(Command::new("strace").args(strace).arg(program::program()).args(words).current_dir(scratch.path()))
        };
        let undo = || {
            let _ = fs::remove_dir_all(scratch.join("out"));
            let _ = fs::remove_dir_all(scratch.join("new"));
            let _ = fs::remove_dir_all(scratch.join("definitions/svc"));
            let _ = fs::remove_dir_all(scratch.join("definitions/log"));
        };
        let log = scratch.join("../log-of-calls");
        let trace = format!("trace={CALLS}");
        let counted = run(&["-o", log.to_str().unwrap(), "-e", &trace]).expect_code(0);
        assert_eq!(counted.stderr, "");
        let whole = disk::read_tree(&scratch.join(result));
        let calls = fs::read_to_string(&log).unwrap();
        undo();
        // What comes before is the loader's and the C library's.
        let first = calls.lines().position(|line| line.contains("\"template\"") || line.contains("\".\"")).unwrap();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, line) in calls.lines().enumerate() {
            let call = line.split_whitespace().nth(1).unwrap().split('(').next().unwrap();
            let nth = counts.entry(call).or_default();
            *nth += 1;
            // std asserts, in builds for debugging, that a descriptor is open before it closes it.
            if index < first || line.contains("F_GETFD") {
                continue;
            }
            let fault = format!("inject={call}:error=EIO:when={nth}");
            let answer = run(&["-o", "/dev/null", "-e", &fault]);
            let now = disk::read_tree(scratch.path());
            match answer.code {
                Some(0) => {
                    let differences = disk::differences(&whole, &disk::read_tree(&scratch.join(result)));
                    assert!(differences.is_empty(), "{fault}: {differences}{answer}");
                    made += 1;
                }
                Some(111) => {
                    assert!(answer.stderr.starts_with("s6-instance-maker: fatal: "), "{fault}: {answer}");
                    let differences = disk::differences(&before, &now);
                    // Where removing is what fails, what is left is told.
                    let told = answer.stderr.contains("still there");
                    assert!(differences.is_empty() || told, "{fault}: {differences}{answer}");
                    failed += 1;
                }
                _ => panic!("{fault}: {answer}"),
            }
            undo();
            for staging in staging_in(scratch.path()).into_iter().map(|name| scratch.join(name)) {
                fs::remove_dir_all(staging).unwrap();
            }
            for staging in staging_in(&scratch.join("definitions")) {
                fs::remove_dir_all(scratch.join("definitions").join(staging)).unwrap();
            }
        }
        let _ = fs::remove_file(log);
    }
    skip::tell(&format!("failing calls: {} of {} ended in nothing, {made} in everything", failed, failed + made));
    assert!(failed > 100);
}

/// A file system that is full: nothing, and the right message.
#[test]
fn a_full_disk_leaves_nothing() {
    if !skip::is_root_or_say("small file systems") {
        return;
    }
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("data/large"), 0o644, vec![b'x'; 300_000]);
    disk::directory(scratch.join("disk"), 0o755);
    // In a mount namespace of its own, so that nothing stays mounted.
    let script =
        "mount -t tmpfs -o \"size=$1,nr_inodes=$2\" none disk && { \"$0\" template disk/out; echo \"$? $(ls -A disk)\"; }";
    let (mut nothing, mut everything) = (0, 0);
    for (size, inodes) in [
        ("4k", "0"),
        ("64k", "0"),
        ("256k", "0"),
        ("300k", "0"),
        ("320k", "0"),
        ("1m", "0"),
        ("1m", "3"),
        ("1m", "9"),
        ("1m", "30"),
    ] {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script]).arg(program::program()).args([size, inodes]).current_dir(scratch.path());
        let answer = Answer::of(&mut command);
        match answer.stdout.trim() {
            "0 out" => everything += 1,
            "111" => {
                assert!(answer.stderr.contains("No space left on device"), "{answer}");
                nothing += 1;
            }
            _ => panic!("{size}, {inodes} inodes: {answer}"),
        }
    }
    assert!(nothing >= 5 && everything >= 2, "{nothing} {everything}");
}

/// A file that somebody changes, replaces or takes away while the template is copied is noticed.
#[test]
fn a_template_that_changes_is_noticed() {
    type Change = (&'static str, fn(&Path));
    let changes: [Change; 4] = [
        ("longer", |file| fs::write(file, "longer than it was").unwrap()),
        ("same size", |file| fs::write(file, "other").unwrap()),
        ("link", |file| {
            fs::remove_file(file).unwrap();
            symlink("/etc/passwd", file).unwrap();
        }),
        ("gone", |file| fs::remove_file(file).unwrap()),
    ];
    for (label, change) in changes {
        let scratch = Scratch::new("apply");
        disk::plain_template(scratch.join("template"));
        disk::file(scratch.join("template/file"), 0o644, "bytes");
        // The staging directory is made when all has been read; whoever makes it waits until the change is done.
        let fault = "inject=mkdirat:delay_exit=1000000:when=1";
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", fault]).arg(program::program()).args(["template", "out"]);
        let child = command.current_dir(scratch.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while staging_in(scratch.path()).is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        change(&scratch.join("template/file"));
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(111), "{label}: {stderr}");
        assert!(stderr.contains("template/file`"), "{label}: {stderr}");
        assert!(!scratch.join("out").exists() && staging_in(scratch.path()).is_empty(), "{label}");
    }
}

/// What only looks like a leftover is not touched: where others can rename, and where something is mounted in it.
#[test]
fn what_looks_like_a_leftover_is_not_touched() {
    if !skip::is_root_or_say("directories of others, mounts") {
        return;
    }
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join(format!("shared/{STAGING_PREFIX}out:1/precious")), 0o600, "somebody's");
    chown(scratch.join("shared"), Some(33), Some(33)).unwrap();
    let answer = maker(scratch.path(), ["template", "shared/out"]).expect_code(0);
    assert!(answer.stderr.contains("remove it yourself"), "{answer}");
    assert!(scratch.join(format!("shared/{STAGING_PREFIX}out:1/precious")).exists());

    disk::file(scratch.join("elsewhere/precious"), 0o600, "mounted");
    disk::directory(scratch.join(format!("{STAGING_PREFIX}out:1/mounted")), 0o700);
    let script = format!("mount --bind elsewhere '{STAGING_PREFIX}out:1/mounted' && \"$0\" template out");
    let answer = Answer::of(
        Command::new("unshare").args(["--mount", "sh", "-c", &script]).arg(program::program()).current_dir(scratch.path()),
    );
    assert_eq!(answer.code, Some(0), "{answer}");
    assert!(
        answer.stderr.contains(&format!("unable to remove the leftover `./{STAGING_PREFIX}out:1`: Device or resource busy")),
        "{answer}"
    );
    assert!(scratch.join("elsewhere/precious").exists());
}

/// Limits of the process are errors, or are worked with; none leaves anything behind.
#[test]
fn limits_of_the_process_are_respected() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for index in 0..600 {
        disk::file(scratch.join(format!("template/data/{index}")), 0o644, "x");
    }
    disk::file(scratch.join("template/large"), 0o644, vec![b'x'; 200_000]);
    let sh =
        |script: &str| Answer::of(Command::new("sh").args(["-c", script]).arg(program::program()).current_dir(scratch.path()));
    let answer = sh("ulimit -f 100; \"$0\" template out");
    assert_eq!((answer.code, staging_in(scratch.path()).len()), (Some(111), 0), "{answer}");
    assert!(answer.stderr.contains("File too large"), "{answer}");
    for descriptors in 3..16 {
        let answer = sh(&format!("ulimit -n {descriptors}; \"$0\" template out-{descriptors}"));
        // Without any, not even the loader finds its libraries.
        assert!(matches!(answer.code, Some(0 | 111 | 127)), "{descriptors}: {answer}");
        assert_eq!(scratch.join(format!("out-{descriptors}")).exists(), answer.code == Some(0), "{descriptors}: {answer}");
        assert!(staging_in(scratch.path()).is_empty(), "{descriptors}: {answer}");
    }
    assert!(scratch.join("out-15").exists());
    if skip::is_root_or_say("limits of the number of processes") {
        let scratch = Scratch::within(Path::new("/tmp"), "s6-instance-maker-nobody");
        disk::plain_template(scratch.join("template"));
        for index in 0..600 {
            disk::file(scratch.join(format!("template/data/{index}")), 0o644, "x");
        }
        disk::chmod(scratch.join("template/data"), 0o755);
        let mut command = as_nobody(&scratch);
        command.args(["template", "out"]);
        // An account that may have one process cannot have a second thread.
        let mut limited = Command::new("prlimit");
        limited.arg("--nproc=1").arg(command.get_program()).args(command.get_args()).current_dir(scratch.path());
        assert_eq!(Answer::of(&mut limited).expect_code(0).stderr, "");
        assert!(scratch.join("out/template/data/599").exists());
    }
}

/// Two runs with -r for a directory that is not there yet: both are right.
#[test]
fn who_is_quicker_does_not_matter_with_r() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let fault = "inject=renameat2:delay_enter=500000";
    let mut slow = Command::new("strace");
    slow.args(["-f", "-qq", "-o", "/dev/null", "-e", fault]).arg(program::program()).args([
        "-r",
        "slow",
        "template",
        "definitions",
    ]);
    let mut slow = slow.current_dir(scratch.path()).spawn().unwrap();
    while staging_in(scratch.path()).is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    maker(scratch.path(), ["-r", "quick", "template", "definitions"]).expect_code(0);
    assert!(slow.wait().unwrap().success());
    assert_eq!(names(&scratch.join("definitions")), ["quick", "slow"]);
    assert!(staging_in(scratch.path()).is_empty());
}

/// What only prints ends when it is told to, also while it waits for its reader.
#[test]
fn printing_can_be_interrupted() {
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    for index in 0..3000 {
        disk::file(template.join(format!("d/a-name-that-is-long-enough-to-fill-a-pipe-{index}")), 0o644, "");
    }
    let mut child = Command::new(program::program());
    let mut child =
        child.args(["--dry-run", "template", "out"]).current_dir(scratch.path()).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it should be waiting for a reader");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), None);
}

/// A file whose size says nothing about its contents is not taken for an empty one.
#[test]
fn files_that_lie_about_their_size_are_noticed() {
    let scratch = Scratch::new("apply");
    let answer = maker(scratch.path(), ["/proc/sys/kernel/random", "out"]).expect_code(111);
    assert!(answer.stderr.contains("/proc/sys/kernel/random/"), "{answer}");
    assert!(names(scratch.path()).is_empty());
}
