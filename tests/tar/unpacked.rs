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
        // busybox leaves the owners of symbolic links as they come to be.
        let mut made_without_owners_of_links = made.clone();
        made_without_owners_of_links.values_mut().filter(|entry| entry.kind == "link").for_each(|link| link.owner = (0, 0));
        assert!(made.len() > 60, "{options:?}");
        let archive = at.join("archive");
        fs::write(&archive, printed(scratch.path(), &[options, &["--tar", "template", dir][..]].concat())).unwrap();
        for unpacker in UNPACKERS {
            let into = at.join(unpacker[0]);
            unpack(unpacker, &archive, &into);
            let expected = if unpacker[0] == "busybox" { &made_without_owners_of_links } else { &made };
            let differences = disk::differences(expected, &read_tree(&into.join(dir)));
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

/// Owners for all entries, with names and without.
#[test]
fn owners_can_be_given() {
    if !can_unpack_or_say("tar::unpacked::owners_can_be_given") {
        return;
    }
    let scratch = Scratch::new("tar");
    archive_template(&scratch.join("template"));
    let longest = "31-bytes-1234567890123456789012";
    for (options, ids, names) in [
        (&["--owner", "5", "--group", "g:7"][..], "5/7", "5/g".to_owned()),
        (&["--owner", &format!("{longest}:4294967294"), "--group=0"], "4294967294/0", format!("{longest}/0")),
        (&["--owner", "3000000", "--group", "w:2097152"], "3000000/2097152", "3000000/w".to_owned()),
    ] {
        let archive = printed(scratch.path(), &[options, &["--tar", "template", "out"]].concat());
        fs::write(scratch.join("archive"), archive).unwrap();
        for (numeric, expected) in [(&["--numeric-owner"][..], ids), (&[], names.as_str())] {
            let listed = output(Command::new("tar").args(numeric).args(["-tvf", "archive"]).current_dir(scratch.path()));
            let listed = String::from_utf8_lossy(&listed).into_owned();
            let others = listed.lines().find(|line| line.split_whitespace().nth(1) != Some(expected));
            assert!(others.is_none() && listed.lines().count() > 60, "{options:?}: {others:?}");
        }
    }
    // One of them alone: the other is each entry's own.
    let archive = printed(scratch.path(), &["--group", "9", "--tar", "template", "out"]);
    fs::write(scratch.join("archive"), archive).unwrap();
    for (path, owner) in [("out/run", "0/9"), ("out/template/size-511", "1000/9"), ("out/template/dangling", "33/9")] {
        let listed = output(Command::new("tar").args(["--numeric-owner", "-tvf", "archive", path]).current_dir(scratch.path()));
        let listed = String::from_utf8_lossy(&listed);
        assert_eq!(listed.split_whitespace().nth(1), Some(owner), "{listed}");
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
