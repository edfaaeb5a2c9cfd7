//! What three programs unpack is what the program makes as root.

use super::{archive_template, can_unpack_or_say, output, printed, sh};
use s6_instance_maker_workspace::disk::{self, read_tree};
use s6_instance_maker_workspace::scratch::Scratch;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

/// The programs that unpack, each with its way to keep modes and owners.
const UNPACKERS: [&[&str]; 3] = [
    &["tar", "--numeric-owner", "-xpf"],
    &["bsdtar", "--numeric-owner", "-xpf"],
    // Of busybox, the applet.
    &["busybox", "tar", "-xpf"],
];

/// Command lines, and DIR.
const CASES: &[(&[&str], &str)] = &[
    (&[], "out"),
    (&["-c5", "-L", "/var/log/all", "--instance", "one", "--instance", "two"], "out"),
    (&["-u", "1:1"], "out"),
    (&["--fix-modes"], "a/deeper/place/for/the/out"),
    (&["-r", "svc/log/pipe", "-L", "/var/log/all", "--essential"], "out"),
];

fn unpack(unpacker: &[&str], archive: &Path, into: &Path) {
    disk::directory(into, 0o755);
    output(Command::new(unpacker[0]).args(&unpacker[1..]).arg(archive).arg("-C").arg(into));
}

/// Modes, owners, kinds, contents and links; the archive is also, byte for byte, the one that GNU tar makes of that tree.
#[test]
fn what_is_unpacked_is_what_is_made() {
    if !can_unpack_or_say("tar::unpacked::what_is_unpacked_is_what_is_made") {
        return;
    }
    let scratch = Scratch::new("tar");
    archive_template(&scratch.join("template"));
    for (number, (options, dir)) in CASES.iter().enumerate() {
        let at = scratch.join(number.to_string());
        let typed = format!("{number}/made/{dir}");
        fs::create_dir_all(at.join("made").join(dir).parent().unwrap()).unwrap();
        printed(scratch.path(), &[options, &["template", &typed][..]].concat());
        let made = read_tree(&at.join("made").join(dir));
        assert!(made.len() > 60, "{options:?}");
        let archive = at.join("archive");
        fs::write(&archive, printed(scratch.path(), &[options, &["--tar", "template", dir][..]].concat())).unwrap();
        for unpacker in UNPACKERS {
            let into = at.join(unpacker[0]);
            unpack(unpacker, &archive, &into);
            let differences = disk::differences(&made, &read_tree(&into.join(dir)));
            assert!(differences.is_empty(), "{options:?}, {unpacker:?}:\n{differences}");
            fs::remove_dir_all(into).unwrap();
        }
        // With -r, DIR has no entry of its own.
        let parts: &[&str] = if options.contains(&"-r") { &["out/log", "out/svc"] } else { &[dir] };
        let mut gnu = Command::new("tar");
        gnu.args(["--format=gnu", "--sort=name", "--numeric-owner", "--mtime=@0", "-cf", "-"]).args(parts);
        let expected = output(gnu.current_dir(at.join("made")));
        let found = fs::read(&archive).unwrap();
        assert!(found == expected, "{options:?}: {} bytes, and those of GNU tar are {}", found.len(), expected.len());
    }
}

/// Owners and a name for all entries: as GNU tar writes them.
#[test]
fn owners_can_be_given() {
    if !can_unpack_or_say("tar::unpacked::owners_can_be_given") {
        return;
    }
    let scratch = Scratch::new("tar");
    archive_template(&scratch.join("template"));
    disk::directory(scratch.join("made"), 0o755);
    printed(scratch.path(), &["template", "made/out"]);
    for (ours, theirs) in [
        (&["--owner", "5", "--group", "g:7"][..], &["--owner=:5", "--group=g:7"][..]),
        (&["--owner", "31-bytes-1234567890123456789012:4294967294"], &["--owner=31-bytes-1234567890123456789012:4294967294"]),
        (&["--group", "0"], &["--group=:0"]),
    ] {
        // Where only one of the two is given, GNU tar writes the other one's name, or with --numeric-owner none at all.
        let numeric: &[&str] = if theirs.iter().any(|option| option.contains("=:")) && theirs.len() == 1 {
            &["--numeric-owner"]
        } else if theirs.len() == 1 {
            &["--group-map=/dev/null"]
        } else {
            &[]
        };
        let found = printed(scratch.path(), &[ours, &["--tar", "template", "out"]].concat());
        let listed = |bytes: &[u8], name: &str| {
            fs::write(scratch.join(name), bytes).unwrap();
            let lines = output(Command::new("tar").args(["--numeric-owner", "-tvf", name]).current_dir(scratch.path()));
            String::from_utf8_lossy(&lines).into_owned()
        };
        let mut gnu = Command::new("tar");
        gnu.args(["--format=gnu", "--sort=name", "--mtime=@0", "-cf", "-"]).args(theirs).args(numeric).arg("out");
        let expected = output(gnu.current_dir(scratch.join("made")));
        assert_eq!(listed(&found, "found"), listed(&expected, "expected"), "{ours:?}");
        if theirs.len() == 2 || numeric == ["--numeric-owner"] {
            assert!(found == expected, "{ours:?}: other bytes than GNU tar's");
        }
    }
}

/// The file that is in the archive is the one of the size that the header says, up to and beyond what eleven octal digits can say.
#[test]
fn sizes_have_no_limit() {
    if !can_unpack_or_say("tar::unpacked::sizes_have_no_limit") {
        return;
    }
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    for size in [(8u64 << 30) - 1, 8 << 30, (8 << 30) + 1, 1 << 40] {
        disk::file(scratch.join("template/a"), 0o644, "");
        fs::File::options().write(true).open(scratch.join("template/a")).unwrap().set_len(size).unwrap();
        for lister in ["tar", "bsdtar", "busybox tar"] {
            // What comes behind the header is not waited for.
            let script = format!("\"$0\" --tar template out 2>/dev/null | head -c 16384 | {lister} -tvf - 2>/dev/null");
            let answer = sh(scratch.path(), &script, &[]);
            let line =
                answer.stdout.lines().find(|line| line.ends_with("out/template/a")).unwrap_or_else(|| panic!("{answer}"));
            assert!(line.split_whitespace().any(|word| word == size.to_string()), "{lister}, {size}: {line}");
        }
    }
}

/// What is unpacked by somebody who is not root is that one's; modes are the archive's.
#[test]
fn names_are_no_part_of_it_by_default() {
    if !can_unpack_or_say("tar::unpacked::names_are_no_part_of_it_by_default") {
        return;
    }
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    chown(scratch.join("template/run"), Some(33), Some(33)).unwrap();
    fs::write(scratch.join("archive"), printed(scratch.path(), &["--tar", "template", "out"])).unwrap();
    // A name would be looked up before the number.
    let listed = output(Command::new("bsdtar").args(["-tvf", "archive"]).current_dir(scratch.path()));
    let listed = String::from_utf8_lossy(&listed);
    let run = listed.lines().find(|line| line.ends_with("out/template/run")).unwrap();
    assert_eq!(run.split_whitespace().take(4).collect::<Vec<_>>(), ["-rwxr-xr-x", "0", "33", "33"], "{listed}");
}
