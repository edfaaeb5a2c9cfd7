//! What only looks writes nothing, and neither does a refresh that has nothing to do.

use super::{Answer, Command, create, disk, folder, fs, make};
use s6_instance_maker_workspace::program::program;

/// System calls that change a file, a directory, or what is known about one.
const CHANGES: &[&str] = &[
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "symlink",
    "symlinkat",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "rename",
    "renameat",
    "renameat2",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "truncate",
    "ftruncate",
    "fallocate",
    "copy_file_range",
    "sendfile",
    "splice",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "writev",
    "utime",
    "utimes",
    "utimensat",
    "futimesat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "fsync",
    "fdatasync",
    "creat",
    "bind",
    "mount",
    "umount2",
];

/// The calls of a line of strace's record that change a file; the anonymous one that is given away to see if that works is none.
fn changes(line: &str) -> bool {
    let call = line.split_once(' ').map_or("", |(_, call)| call.trim_start());
    let name = call.split('(').next().unwrap_or_default();
    match name {
        "open" | "openat" | "openat2" => {
            ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"].iter().any(|flag| call.contains(flag))
        }
        "write" => !["write(1<", "write(2<"].iter().any(|output| call.starts_with(output)),
        _ => CHANGES.contains(&name) && !call.contains("memfd:owners"),
    }
}

/// Runs the program under strace. Returns the calls that change files, and the answer.
fn changes_of(scratch: &super::Scratch, words: &[&str]) -> (Vec<String>, Answer) {
    let log = scratch.join("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-o"]).arg(&log).arg(program()).args(words).current_dir(scratch.path());
    let answer = Answer::of(&mut command);
    let record = String::from_utf8_lossy(&fs::read(log).unwrap()).into_owned();
    assert!(record.lines().count() > 50, "{answer}");
    (record.lines().filter(|line| changes(line)).map(str::to_owned).collect(), answer)
}

/// Looking at differences changes no file, whatever there is to be seen; neither does a refresh where nothing differs.
#[test]
fn nothing_is_written() {
    let scratch = folder();
    make(&scratch, &["-L", "/l", "-u", "1:1", "--allow", "not-readable-by-user", "one", "svc"]);
    create(&scratch, "svc", "live");
    disk::file(scratch.join("svc/notes"), 0o644, "of the administrator");
    make(&scratch, &["-r", "a/b", "-L", "/l", "one", "definitions"]);
    let service = ["-L", "/l", "-u", "1:1", "--allow", "not-readable-by-user"];
    let definition = ["-r", "a/b", "-L", "/l"];
    let mut runs = 0;
    for (what, code) in [
        (&["--dry-run"][..], 0),
        (&["--dry-run", "--format", "json"], 0),
        (&["--diff"], 0),
        (&["--check"], 1),
        (&["--diff", "--format", "json"], 0),
        (&["--check", "--quiet"], 1),
    ] {
        for (options, dir) in
            [(&service[..], "svc"), (&service, "absent"), (&definition, "definitions"), (&definition, "absent")]
        {
            let (changes, answer) = changes_of(&scratch, &[what, options, &["two", dir]].concat());
            assert!(changes.is_empty(), "{answer}{changes:#?}");
            // A dry run's warning is no failure.
            assert_eq!(answer.code, Some(code), "{answer}");
            runs += 1;
        }
    }
    let before = disk::read_tree(scratch.path());
    for what in ["--refresh", "--refresh-instances", "--check"] {
        for sync in [&[][..], &["--sync"]] {
            if what == "--check" && !sync.is_empty() {
                continue;
            }
            let mut places = vec![(&service[..], "svc")];
            places.extend((what != "--refresh-instances").then_some((&definition[..], "definitions")));
            for (options, dir) in places {
                let (changes, answer) = changes_of(&scratch, &[&[what], sync, options, &["one", dir]].concat());
                assert!(changes.is_empty(), "{answer}{changes:#?}");
                let expected = if what == "--check" && dir == "svc" { 1 } else { 0 };
                assert_eq!(answer.code, Some(expected), "{answer}");
                runs += 1;
            }
        }
    }
    let mut after = disk::read_tree(scratch.path());
    after.remove(b"calls".as_slice());
    let mut before = before;
    before.remove(b"calls".as_slice());
    assert_eq!(disk::differences(&before, &after), "");
    // A refresh that has something to do is seen to do it.
    let (changes, answer) = changes_of(&scratch, &[&["--refresh"], &service[..], &["two", "svc"]].concat());
    assert!(answer.code == Some(0) && changes.iter().any(|call| call.contains("RENAME_EXCHANGE")), "{answer}{changes:#?}");
    s6_instance_maker_workspace::skip::tell(&format!("nothing is written: {runs} runs without a call that changes a file"));
}
