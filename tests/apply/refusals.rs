//! Templates and places that are refused, before or during the copy; nothing remains.

use super::{as_nobody, await_staging, names, staging_in};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

/// Refusals: exit code, the one line, and that the folder is as it was.
#[test]
fn refusals_leave_nothing() {
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
        (&["absent", "out"], 111, "unable to open the template `absent`: No such file or directory"),
        (&["file", "out"], 100, "`file`: not a directory"),
        (&["dangling", "out"], 111, "unable to open the template `dangling`: No such file or directory"),
        (&["sockets", "out"], 100, "`sockets/s\\x1b`: a socket, which cannot be copied"),
        (&["template", "there"], 111, "unable to create `there`: it already exists"),
        (&["template", "file"], 111, "unable to create `file`: it already exists"),
        (&["template", "dangling"], 111, "unable to create `dangling`: it already exists"),
        (&["template", "link/"], 111, "unable to create `link/`: it already exists"),
        (&["template", "absent/."], 111, "unable to open `absent/.`: No such file or directory"),
        (&["template", "absent/.."], 111, "unable to open `absent/..`: No such file or directory"),
        (
            &["--dry-run", "--strict", "template", "there"],
            100,
            "would-be-refused: without --dry-run, this command line fails: unable to create `there`: it already exists",
        ),
        (
            &["--dry-run", "--strict", "-r", "svc", "template", "there"],
            100,
            "would-be-refused: without --dry-run, this command line fails: unable to create `there/svc`: it already exists",
        ),
        (
            &["stateful", "stateful/supervise/out"],
            100,
            "`stateful/supervise`: contains DIR; a template cannot contain its own result",
        ),
        (&["template", "."], 111, "unable to create `.`: it already exists"),
        (&["template", ".."], 111, "unable to create `..`: it already exists"),
        (&["template", "/"], 111, "unable to create `/`: it already exists"),
        (&["template", "absent/out"], 111, "unable to open `absent`, the parent of DIR: No such file or directory"),
        (&["template", "file/out"], 111, "unable to open `file`, the parent of DIR: Not a directory"),
        (&["template", &long], 111, &format!("unable to make `{long}`: File name too long")),
        (&["outer", "outer/out"], 100, "`outer`: contains DIR; a template cannot contain its own result"),
        (&["outer", "outer/inner/more/out"], 100, "`outer/inner/more`: contains DIR; a template cannot contain its own result"),
        (&["outer", "into/out"], 100, "`outer/inner`: contains DIR; a template cannot contain its own result"),
        (&["-r", "svc", "outer", "outer"], 100, "`outer`: contains DIR; a template cannot contain its own result"),
        (&["-r", "svc", "outer", "into"], 100, "`outer/inner`: contains DIR; a template cannot contain its own result"),
        (&["-r", "svc", "template", "there"], 111, "unable to create `there/svc`: it already exists"),
        (&["-r", "new/svc", "-L", "/l", "template", "link"], 111, "unable to create `link/svc`: it already exists"),
        (&["-r", "svc", "template", "file"], 111, "unable to open `file`: Not a directory"),
        (&["-r", "svc", "template", "dangling"], 111, "unable to open `dangling`: No such file or directory"),
        (&["-c1", "template", "out"], 100, "-c `1`: must be a number from 2 to 90000"),
    ];
    for (words, code, message) in table {
        let before = disk::read_tree(scratch.path());
        let answer = maker(scratch.path(), *words).expect_code(*code);
        let (first, rest) = answer.stderr.split_once('\n').unwrap();
        assert_eq!(first, format!("s6-instance-maker: fatal: {message}"), "{answer}");
        assert!(rest.is_empty() || rest.starts_with("s6-instance-maker: hint: ") && rest.lines().count() == 1, "{answer}");
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
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: `template/null`: a device node, which is not copied\n");
    assert_eq!(names(scratch.path()), ["template"]);
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

/// A file that somebody changes, replaces or takes away while the template is copied is noticed.
#[test]
fn a_template_that_changes_is_noticed() {
    type Change = (&'static str, fn(&Path));
    let changes: [Change; 4] = [
        ("longer", |file| fs::write(file, "longer than it was").unwrap()),
        ("same size", |file| fs::write(file, "other".repeat(1000)).unwrap()),
        ("link", |file| {
            fs::remove_file(file).unwrap();
            symlink("/etc/passwd", file).unwrap();
        }),
        ("gone", |file| fs::remove_file(file).unwrap()),
    ];
    for (label, change) in changes {
        let scratch = Scratch::new("apply");
        disk::plain_template(scratch.join("template"));
        // Smaller ones are held in memory.
        disk::file(scratch.join("template/file"), 0o644, "bytes".repeat(1000));
        // The staging directory is made when all has been listed; whoever makes it waits until the change is done.
        let fault = "inject=mkdirat:delay_exit=1000000:when=1";
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", fault]).arg(program::program()).args(["template", "out"]);
        let mut child = command.current_dir(scratch.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        await_staging(&mut child, scratch.path());
        change(&scratch.join("template/file"));
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(111), "{label}: {stderr}");
        assert!(stderr.contains("template/file`"), "{label}: {stderr}");
        assert!(!scratch.join("out").exists() && staging_in(scratch.path()).is_empty(), "{label}");
    }
}

/// A file whose size says nothing about its contents is not taken for an empty one.
#[test]
fn files_that_lie_about_their_size_are_noticed() {
    let scratch = Scratch::new("apply");
    let answer = maker(scratch.path(), ["--allow", "run-missing", "/proc/sys/kernel/random", "out"]).expect_code(111);
    assert!(answer.stderr.contains("/proc/sys/kernel/random/"), "{answer}");
    assert!(names(scratch.path()).is_empty());
}
