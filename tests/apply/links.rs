//! `--dereference`: what links lead to that lead out of the template is copied in their place, whole, once, and never without end;
//! and `--fix-modes`.

use super::{names, staging_in};
use s6_instance_maker_workspace::disk::{self, OnDisk};
use s6_instance_maker_workspace::program::{Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// A folder with `template`, whose run script is there, and `outside`.
fn folder() -> Scratch {
    let scratch = Scratch::new("links");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("outside"), 0o755);
    scratch
}

/// Makes `out` in the folder with `--dereference` and `more`; answers what became of the template.
fn copied(scratch: &Scratch, more: &[&str]) -> BTreeMap<Vec<u8>, OnDisk> {
    let answer = dereferenced(scratch, more).expect_code(0);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{answer}");
    disk::read_tree(&scratch.join("out/template"))
}

fn dereferenced(scratch: &Scratch, more: &[&str]) -> Answer {
    maker(scratch.path(), ["--dereference"].iter().chain(more).chain(&["template", "out"]))
}

/// It is refused with these words, and there is nothing.
fn refused(scratch: &Scratch, more: &[&str], words: &str) {
    let answer = dereferenced(scratch, more).expect_code(100);
    assert!(answer.stderr.contains(words), "{answer}");
    assert!(!names(scratch.path()).contains(&"out".into()) && staging_in(scratch.path()).is_empty(), "{answer}");
}

fn text(tree: &BTreeMap<Vec<u8>, OnDisk>, path: &str) -> (&'static str, String) {
    let entry = &tree[path.as_bytes()];
    (entry.kind, String::from_utf8(entry.bytes.clone()).unwrap())
}

#[test]
fn links_that_lead_out_become_what_they_lead_to() {
    let scratch = folder();
    let (template, outside) = (scratch.join("template"), scratch.join("outside"));
    disk::file(outside.join("start"), 0o750, "#!/bin/sh\nexec sleep \"$1\"\n");
    disk::file(outside.join("dir/deep/file"), 0o640, "deep");
    disk::file(outside.join("dir/.hidden"), 0o600, "hidden");
    disk::fifo(outside.join("dir/fifo"), 0o600);
    disk::directory(outside.join("dir/empty"), 0o700);
    // Within what a link leads to, links are judged as in the template itself: by where they really are.
    symlink("deep/file", outside.join("dir/inside")).unwrap();
    symlink("../start", outside.join("dir/again-outside")).unwrap();
    symlink(scratch.join("template/data"), outside.join("dir/back")).unwrap();
    disk::file(template.join("data/own"), 0o644, "own");
    fs::remove_file(template.join("run")).unwrap();
    symlink("../outside/start", template.join("run")).unwrap();
    symlink(outside.join("dir"), template.join("absolute")).unwrap();
    symlink("data/own", template.join("inside")).unwrap();
    // Through a link that leads out, to a file, and by a way that comes back in.
    symlink("run", template.join("data/through")).unwrap();
    fs::remove_file(template.join("data/through")).unwrap();
    symlink("../run", template.join("data/through")).unwrap();
    symlink("../../template/run", template.join("data/about")).unwrap();
    // Without it: run cannot work.
    let answer = maker(scratch.path(), ["template", "out"]).expect_code(100);
    assert!(
        answer.stderr.contains("fatal: link-leaves-template: `run`") && answer.stderr.contains("--dereference"),
        "{answer}"
    );

    let tree = copied(&scratch, &[]);
    let script = ("file", "#!/bin/sh\nexec sleep \"$1\"\n".to_owned());
    for path in ["run", "data/through", "data/about", "absolute/again-outside"] {
        assert_eq!(text(&tree, path), script, "{path}");
        assert_eq!(tree[path.as_bytes()].mode, 0o750, "{path}");
    }
    assert_eq!(text(&tree, "absolute/deep/file"), ("file", "deep".to_owned()));
    assert_eq!(text(&tree, "absolute/.hidden"), ("file", "hidden".to_owned()));
    assert_eq!(text(&tree, "absolute/inside"), ("link", "deep/file".to_owned()));
    assert_eq!(text(&tree, "absolute/back/own"), ("file", "own".to_owned()));
    assert_eq!(text(&tree, "absolute/back/about"), script);
    assert_eq!(text(&tree, "inside"), ("link", "data/own".to_owned()));
    assert_eq!((tree[&b"absolute/fifo"[..]].kind, tree[&b"absolute/empty"[..]].mode), ("fifo", 0o700));
    // What is made is what is shown, and what another program computes of it can be carried out.
    let plan = dereferenced(&scratch, &["--dry-run", "--format", "json"]).expect_code(0);
    fs::write(scratch.join("plan"), plan.stdout).unwrap();
    maker(scratch.path(), ["--apply-plan", "plan", "template", "elsewhere"]).expect_code(100);
    maker(scratch.path(), ["--dereference", "--apply-plan", "plan", "template", "elsewhere"]).expect_code(0);
    assert_eq!(disk::read_tree(&scratch.join("elsewhere/template")), tree);
}

/// A target that cannot be copied, or does not exist, stays a link, and lint reports it, unless every system has the target.
#[test]
fn targets_that_cannot_be_copied_stay_links() {
    let scratch = folder();
    let template = scratch.join("template");
    disk::fifo(scratch.join("outside/fifo"), 0o600);
    let _listener = UnixListener::bind(scratch.join("outside/socket")).unwrap();
    for (name, target) in [
        ("fifo", "../outside/fifo"),
        ("socket", "../outside/socket"),
        ("null", "/dev/null"),
        ("gone", "../gone"),
        ("loop", "../loop"),
    ] {
        symlink(target, template.join(name)).unwrap();
    }
    symlink("loop", scratch.join("loop")).unwrap();
    let answer = dereferenced(&scratch, &[]).expect_code(0);
    assert_eq!(answer.stderr.matches("warning: link-leaves-template: ").count(), 4, "{answer}");
    let tree = disk::read_tree(&scratch.join("out/template"));
    assert_eq!(text(&tree, "null"), ("link", "/dev/null".to_owned()));
    assert_eq!(text(&tree, "fifo"), ("link", "../outside/fifo".to_owned()));
    // Where an instance needs it, that is fatal.
    fs::remove_file(template.join("run")).unwrap();
    symlink("../outside/fifo", template.join("run")).unwrap();
    fs::remove_dir_all(scratch.join("out")).unwrap();
    refused(&scratch, &[], "fatal: link-leaves-template: `run`");
}

#[test]
fn there_is_an_end() {
    // To the template itself, to a directory above it, and in a circle between two directories outside.
    let circles: [fn(&Scratch); 4] = [
        |scratch| symlink(scratch.join("template"), scratch.join("template/self")).unwrap(),
        |scratch| symlink("..", scratch.join("template/above")).unwrap(),
        |scratch| {
            disk::directory(scratch.join("outside/a"), 0o755);
            disk::directory(scratch.join("outside/b"), 0o755);
            symlink("../b", scratch.join("outside/a/b")).unwrap();
            symlink("../a", scratch.join("outside/b/a")).unwrap();
            symlink("../outside/a", scratch.join("template/a")).unwrap();
        },
        |scratch| {
            disk::directory(scratch.join("template/data"), 0o755);
            symlink(scratch.join("template/data"), scratch.join("outside/data")).unwrap();
            symlink("../../outside", scratch.join("template/data/outside")).unwrap();
        },
    ];
    for (index, make) in circles.into_iter().enumerate() {
        let scratch = folder();
        make(&scratch);
        let answer = dereferenced(&scratch, &[]).expect_code(100);
        let told = ["the copy would have no end", "a template cannot contain its own result"];
        assert!(told.iter().any(|told| answer.stderr.contains(told)), "circle {index}: {answer}");
        assert!(staging_in(scratch.path()).is_empty() && !scratch.join("out").exists());
    }
}

#[test]
fn there_is_a_limit() {
    let scratch = folder();
    let outside = scratch.join("outside");
    disk::file(outside.join("file"), 0o644, vec![b'x'; 1000]);
    symlink("../outside/file", scratch.join("template/file")).unwrap();
    // 1,000 bytes, and 256 for the entry.
    refused(&scratch, &["--dereference-limit", "1255"], "the targets of links are larger than 1255 bytes");
    copied(&scratch, &["--dereference-limit", "1256"]);
    fs::remove_dir_all(scratch.join("out")).unwrap();
    // A disk's worth of holes is refused, not filled; and so are twenty levels of two links to the next, a million directories.
    fs::File::create(outside.join("hole")).unwrap().set_len(1 << 40).unwrap();
    symlink("../outside/hole", scratch.join("template/hole")).unwrap();
    refused(&scratch, &[], "`template/hole`: the targets of links are larger than 67108864 bytes");
    fs::remove_file(scratch.join("template/hole")).unwrap();
    for level in 0..20 {
        let directory = outside.join(format!("level-{level}"));
        disk::directory(&directory, 0o755);
        for name in ["one", "other"] {
            symlink(format!("../level-{}", level + 1), directory.join(name)).unwrap();
        }
    }
    disk::directory(outside.join("level-20"), 0o755);
    symlink("../outside/level-0", scratch.join("template/levels")).unwrap();
    refused(&scratch, &["--dereference-limit", "1000000"], "the targets of links are larger than 1000000 bytes");
}

/// A copy of a target outside keeps mode and owner as entries of the template do.
#[test]
fn rights_are_those_of_what_is_copied() {
    if !skip::is_root_or_say("files of others") {
        return;
    }
    let scratch = folder();
    let file = scratch.join("outside/tool");
    disk::file(&file, 0o644, "#!/bin/sh\n");
    chown(&file, Some(33), Some(4)).unwrap();
    disk::chmod(&file, 0o4755);
    symlink("../outside/tool", scratch.join("template/tool")).unwrap();
    let tree = copied(&scratch, &[]);
    let tool = &tree[&b"tool"[..]];
    assert_eq!((tool.kind, tool.mode, tool.owner), ("file", 0o4755, (33, 4)));
}

/// A result's own directory can be reached by a link as well as by name.
#[test]
fn a_link_to_where_the_result_goes_is_refused() {
    let scratch = folder();
    disk::directory(scratch.join("place"), 0o755);
    symlink("../place", scratch.join("template/place")).unwrap();
    let answer = maker(scratch.path(), ["--dereference", "template", "place/out"]).expect_code(100);
    assert!(answer.stderr.contains("a template cannot contain its own result"), "{answer}");
    assert!(names(&scratch.join("place")).is_empty());
}

/// A target that was replaced after it was read is an error.
#[test]
fn an_outside_that_changes_is_noticed() {
    let scratch = folder();
    for index in 0..3000 {
        disk::file(scratch.join(format!("outside/dir/{index}")), 0o644, "x");
    }
    disk::directory(scratch.join("outside/other"), 0o755);
    symlink("../outside/dir", scratch.join("template/dir")).unwrap();
    let (dir, other, away) = (scratch.join("outside/dir"), scratch.join("outside/other"), scratch.join("outside/away"));
    let mut outcomes = BTreeMap::new();
    for _ in 0..12 {
        let done = std::sync::atomic::AtomicBool::new(false);
        let answer = std::thread::scope(|scope| {
            let swapper = scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    for (from, to) in [(&dir, &away), (&other, &dir), (&dir, &other), (&away, &dir)] {
                        fs::rename(from, to).unwrap();
                    }
                }
            });
            let answer = dereferenced(&scratch, &["--allow", "link-leaves-template"]);
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            swapper.join().unwrap();
            answer
        });
        // All of one directory, all of the other, the link where there was neither; or an error and nothing.
        let count = if answer.code == Some(0) {
            let copy = scratch.join("out/template/dir");
            let is_link = fs::symlink_metadata(&copy).unwrap().is_symlink();
            let count = if is_link { 0 } else { names(&copy).len() };
            fs::remove_dir_all(scratch.join("out")).unwrap();
            assert!(is_link || count == 3000 || count == 0, "{count} of 3000 files: {answer}");
            count
        } else {
            assert!(staging_in(scratch.path()).is_empty() && !scratch.join("out").exists(), "{answer}");
            usize::MAX
        };
        *outcomes.entry(count).or_insert(0) += 1;
    }
    skip::tell(&format!("what a link leads to is swapped meanwhile: {outcomes:?} (usize::MAX: refused)"));
}

/// A repository's template, whose scripts lost their x bits and whose common script is a link: with both options it runs.
#[test]
fn modes_and_links_are_mended_together() {
    let scratch = folder();
    let template = scratch.join("template");
    fs::remove_file(template.join("run")).unwrap();
    disk::file(scratch.join("outside/start"), 0o644, "#!/bin/sh\nexec sleep \"$1\"\n");
    symlink("../outside/start", template.join("run")).unwrap();
    disk::file(template.join("log/run"), 0o640, "#!/bin/sh\nexec s6-log -- \"/var/log/$1\"\n");
    disk::file(template.join("finish"), 0o600, "#!/bin/sh\n");
    disk::file(template.join("data/other"), 0o644, "#!/bin/sh\n");
    refused(&scratch, &[], "fatal: run-not-executable: `run`");
    let tree = copied(&scratch, &["--fix-modes"]);
    let modes: Vec<_> = ["run", "log/run", "finish", "data/other"].iter().map(|path| tree[path.as_bytes()].mode).collect();
    assert_eq!(modes, [0o755, 0o750, 0o700, 0o644]);
    let made = Path::new("out/template/run");
    assert_eq!(fs::metadata(scratch.join(made)).unwrap().nlink(), 1);
    assert_eq!(fs::metadata(scratch.join("outside/start")).unwrap().mode() & 0o777, 0o644, "the original stays as it was");
}
