//! The parts of a service: those that differ are replaced, one by one, and no others.

use super::{create, disk, expect_new, expect_tidy, folder, fs, hints, inodes, make, maker, symlink, without_living};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;

/// The paths whose inodes differ, of those that both have.
fn replaced(
    before: &std::collections::BTreeMap<Vec<u8>, u64>,
    after: &std::collections::BTreeMap<Vec<u8>, u64>,
) -> Vec<String> {
    let differs = |(path, inode): &(&Vec<u8>, &u64)| before.get(*path).is_some_and(|before| before != *inode);
    after.iter().filter(differs).map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect()
}

/// An unchanged part keeps its inodes; of the template, all is new where anything is.
#[test]
fn unchanged_parts_keep_their_inodes() {
    let scratch = folder();
    let service = scratch.join("svc");
    make(&scratch, &["-L", "/l", "one", "svc"]);
    create(&scratch, "svc", "live");

    let start = inodes(&service);
    make(&scratch, &["--refresh", "-L", "/l", "two", "svc"]);
    expect_new(&scratch, "svc", &["-L", "/l", "two"], &[]);
    let template = inodes(&service);
    assert!(replaced(&start, &template).iter().all(|path| path.starts_with("template")), "{:?}", replaced(&start, &template));

    make(&scratch, &["--refresh", "-L", "/l", "-c", "20", "two", "svc"]);
    expect_new(&scratch, "svc", &["-L", "/l", "-c", "20", "two"], &[]);
    let capacity = inodes(&service);
    assert_eq!(replaced(&template, &capacity), ["run"]);

    make(&scratch, &["--refresh", "-L", "/other", "-c", "20", "two", "svc"]);
    expect_new(&scratch, "svc", &["-L", "/other", "-c", "20", "two"], &[]);
    let logger = inodes(&service);
    assert_eq!(replaced(&capacity, &logger), ["log/run"]);

    for (path, mode) in [("", 0o700), ("log", 0o711), ("instances", 0o750)] {
        disk::chmod(service.join(path), mode);
    }
    make(&scratch, &["--refresh", "-L", "/other", "-c", "20", "two", "svc"]);
    expect_new(&scratch, "svc", &["-L", "/other", "-c", "20", "two"], &[]);
    assert!(replaced(&logger, &inodes(&service)).is_empty());
    expect_tidy(&service);
}

/// Nothing of the old template is in the new one: who has an old file open keeps it as it was.
#[test]
fn no_file_is_shared_with_the_old_template() {
    let scratch = folder();
    let service = scratch.join("svc");
    make(&scratch, &["one", "svc"]);
    let mut open = fs::File::open(service.join("template/conf/same")).unwrap();
    let old: Vec<u64> = inodes(&service.join("template")).into_values().collect();
    make(&scratch, &["--refresh", "two", "svc"]);
    let new = inodes(&service.join("template"));
    assert!(new.values().all(|inode| !old.contains(inode)), "{new:?}");
    for (path, entry) in disk::read_tree(&service.join("template")) {
        let metadata = fs::symlink_metadata(service.join("template").join(std::str::from_utf8(&path).unwrap())).unwrap();
        assert!(entry.kind == "dir" || metadata.nlink() == 1, "{path:?}");
    }
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), open.metadata().unwrap().nlink()), ("same", 0));
}

/// Each kind of entry replaces each other kind.
#[test]
fn an_entry_becomes_another_kind() {
    let scratch = folder();
    let service = scratch.join("svc");
    make(&scratch, &["-L", "/l", "one", "svc"]);
    let spoil = |path: &str, kind: usize| {
        let path = service.join(path);
        if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        match kind {
            0 => disk::directory(path.join("with/content"), 0o755),
            1 => disk::file(path, 0o644, "another"),
            2 => symlink("nowhere", path).unwrap(),
            _ => disk::fifo(path, 0o600),
        }
    };
    for path in ["run", "log/run", "template/run", "template/conf", "template/link", "template"] {
        for kind in 0..4 {
            spoil(path, kind);
            // Without the template, it is not a service that this program made.
            if path == "template" && kind > 0 {
                let refused = maker(scratch.path(), ["--refresh", "-L", "/l", "one", "svc"]);
                assert!([0, 100].contains(&refused.code.unwrap()), "{refused}");
            } else {
                make(&scratch, &["--refresh", "-L", "/l", "one", "svc"]);
            }
            if path != "template" || kind == 0 {
                expect_new(&scratch, "svc", &["-L", "/l", "one"], &[]);
            }
        }
    }
}

/// What no plan has stays, and is named.
#[test]
fn unknown_entries_stay_and_are_named() {
    let scratch = folder();
    let service = scratch.join("svc");
    make(&scratch, &["-L", "/l", "one", "svc"]);
    disk::file(service.join("notes"), 0o644, "of the administrator");
    disk::file(service.join("log/notes"), 0o644, "of the administrator");
    disk::file(service.join("more/inside"), 0o600, "of the administrator");
    disk::file(service.join("down"), 0o644, "");
    disk::file(service.join("supervise/status"), 0o644, "status");
    disk::directory(service.join("event"), 0o3730);
    let answer = make(&scratch, &["--refresh", "-L", "/l", "two", "svc"]);
    assert_eq!(answer.stderr, "s6-instance-maker: note: not part of the plan, kept: `log/notes`, `more`, `notes`\n");
    expect_new(&scratch, "svc", &["-L", "/l", "two"], &["log/notes", "more", "more/inside", "notes"]);
    for path in ["down", "supervise/status", "event"] {
        assert!(service.join(path).exists(), "{path}");
    }
}

/// A logger comes and goes where no supervisor knows of it; what is somebody else's in its directory forbids that.
#[test]
fn a_logger_appears_and_disappears() {
    let scratch = folder();
    let service = scratch.join("svc");
    make(&scratch, &["one", "svc"]);
    make(&scratch, &["--refresh", "-L", "/l", "one", "svc"]);
    expect_new(&scratch, "svc", &["-L", "/l", "one"], &[]);
    make(&scratch, &["--refresh", "one", "svc"]);
    expect_new(&scratch, "svc", &["one"], &[]);
    make(&scratch, &["--refresh", "-L", "/l", "one", "svc"]);
    disk::file(service.join("log/notes"), 0o644, "of the administrator");
    let before = disk::read_tree(&service);
    let refused = maker(scratch.path(), ["--refresh", "one", "svc"]).expect_code(100);
    assert!(refused.stderr.contains("`log/notes` is not this program's; `log` cannot be removed"), "{refused}");
    assert_eq!(disk::differences(&before, &disk::read_tree(&service)), "");
}

/// Declared instances appear with their links; others stay, declared or not.
#[test]
fn declared_instances_are_added_and_none_is_removed() {
    let scratch = folder();
    let service = scratch.join("svc");
    make(&scratch, &["--instance", "first", "--instance", "second", "one", "svc"]);
    create(&scratch, "svc", "third");
    let before = disk::read_tree(&service.join("instances"));
    make(&scratch, &["--refresh", "--instance", "second", "--instance", "fourth", "--instance=-x", "two", "svc"]);
    let mut after = disk::read_tree(&service.join("instances"));
    after.retain(|path, _| !path.starts_with(b"fourth") && !path.starts_with(b"-x"));
    assert_eq!(disk::differences(&before, &after), "");
    for name in ["fourth", "-x"] {
        super::expect_copy(&scratch.join("two"), &service.join("instances").join(name), &[]);
        assert_eq!(
            fs::read_link(service.join("instance").join(name)).unwrap().to_str().unwrap(),
            format!("../instances/{name}")
        );
    }
    for name in ["first", "second", "third"] {
        super::expect_copy(&scratch.join("one"), &service.join("instances").join(name), &[]);
    }
    // A link without its instance, and an instance without its link, are completed.
    fs::remove_file(service.join("instance/fourth")).unwrap();
    fs::remove_dir_all(service.join("instances/-x")).unwrap();
    make(&scratch, &["--refresh", "--instance", "fourth", "--instance=-x", "two", "svc"]);
    for name in ["fourth", "-x"] {
        assert!(service.join("instance").join(name).join("run").exists(), "{name}");
    }
}

/// DIR is absent, empty, or a link to a directory; what git does not keep is absent.
#[test]
fn a_directory_in_any_state_is_brought_up_to_date() {
    let scratch = folder();
    let words = ["-L", "/l", "--instance", "first", "one"];
    let refresh = |dir: &str| make(&scratch, &[&["--refresh"], &words[..], &[dir]].concat());
    refresh("absent");
    expect_new(&scratch, "absent", &words, &[]);
    disk::directory(scratch.join("empty"), 0o700);
    refresh("empty");
    expect_new(&scratch, "empty", &words, &[]);
    assert!(!scratch.join("empty/.s6-instance-maker").exists());
    symlink("empty", scratch.join("link")).unwrap();
    disk::file(scratch.join("empty/run"), 0o755, "#!/bin/sh\n");
    refresh("link");
    expect_new(&scratch, "empty", &words, &[]);
    assert!(scratch.join("link").is_symlink());
    make(&scratch, &["one", "checkout"]);
    fs::remove_dir(scratch.join("checkout/instance")).unwrap();
    fs::remove_dir(scratch.join("checkout/instances")).unwrap();
    make(&scratch, &["--check", "one", "checkout"]);
    make(&scratch, &["--refresh", "one", "checkout"]);
    expect_new(&scratch, "checkout", &["one"], &[]);
    for dir in ["absent", "empty", "checkout"] {
        expect_tidy(&scratch.join(dir));
    }
}

/// An instance that keeps an older copy is named, with what is to be done.
#[test]
fn older_instances_are_named() {
    let scratch = folder();
    make(&scratch, &["one", "svc"]);
    create(&scratch, "svc", "live");
    let answer = make(&scratch, &["--refresh", "two", "svc"]);
    assert_eq!(
        answer.stderr,
        "s6-instance-maker: note: instances with another copy than the template, which they keep: `live`\n\
         s6-instance-maker: hint: --refresh-instances updates the copies; s6-instance-delete and s6-instance-create make new ones\n"
    );
    assert_eq!(hints(&answer).len(), 1);
    assert!(without_living(disk::read_tree(&scratch.join("svc"))).contains_key(b"template/late".as_slice()));
}
