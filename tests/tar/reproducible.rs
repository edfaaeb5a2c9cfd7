//! The same bytes, whoever makes the archive, and wherever.

use super::{archive_template, output, printed, sha256};
use s6_instance_maker_workspace::program::{self, all_allowed};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// A copy of the program that anybody can reach.
fn reachable_program(scratch: &Scratch) -> std::path::PathBuf {
    disk::chmod(scratch.path(), 0o755);
    let copy = scratch.join("program");
    program::copy_to(&copy);
    disk::chmod(&copy, 0o755);
    copy
}

/// The program run by user and group `id`, which can give nothing away, under `umask`.
fn run_by(id: u32, umask: &str, program: &Path, directory: &Path) -> Command {
    let id = id.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--inh-caps=-all"]);
    command.args(["sh", "-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask]).arg(program).current_dir(directory);
    command
}

/// A template with these files, made in the order in which they are named, at a time of its own.
fn ordered_template(path: &Path, names: &[String], time: u64) {
    disk::directory(path, 0o755);
    for name in names {
        disk::file(path.join(name), 0o755, format!("#!/bin/sh\nexec sleep \"$1\" # {}\n", name.to_lowercase()));
        let file = fs::File::options().write(true).open(path.join(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(time)).unwrap();
    }
    disk::fifo(path.join("fifo"), 0o640);
    chown(path.join(&names[0]), Some(33), Some(4)).unwrap();
    disk::chmod(path.join(&names[0]), 0o6755);
}

/// 2 users × 4 umasks × 3 time zones × 2 locales × 2 orders of directory entries.
#[test]
fn one_digest_and_one_archive() {
    if !skip::is_root_or_say("tar::reproducible::one_digest_and_one_archive") {
        return;
    }
    let scratch = Scratch::new("tar");
    let program = reachable_program(&scratch);
    let mut names: Vec<String> = (0..40).flat_map(|number| [format!("f{number}"), format!("F{number}-\u{e9}")]).collect();
    names.push("run".into());
    // The order is compared at the first name, whose owner is another one.
    let reversed: Vec<String> = names[..1].iter().chain(names[1..].iter().rev()).cloned().collect();
    ordered_template(&scratch.join("one/template"), &names, 1_000_000_000);
    ordered_template(&scratch.join("other/template"), &reversed, 1_700_000_000);
    let (mut archives, mut digests, mut runs) = (BTreeSet::new(), BTreeSet::new(), 0);
    for user in [0, 65534] {
        for umask in ["000", "022", "027", "077"] {
            for zone in ["UTC", "Asia/Kathmandu", "<-1130>11:30"] {
                for locale in ["C", "tr_TR.UTF-8"] {
                    for order in ["one", "other"] {
                        let run = |action: &str| {
                            let mut command = run_by(user, umask, &program, &scratch.join(order));
                            command.env("TZ", zone).env("LC_ALL", locale).env("LANG", locale);
                            output(command.args(all_allowed()).args(["-c9", "--instance", "i", action, "template", "x"]))
                        };
                        archives.insert(run("--tar"));
                        digests.insert(run("--digest"));
                        runs += 1;
                    }
                }
            }
        }
    }
    assert_eq!((archives.len(), digests.len(), runs), (1, 1, 96));
    skip::tell(&format!("tar: {runs} runs make one archive and one digest"));
}

/// What an ordinary user makes of files of its own, given to root, is what root makes of root's.
#[test]
fn an_ordinary_user_makes_what_root_makes() {
    if !skip::is_root_or_say("tar::reproducible::an_ordinary_user_makes_what_root_makes") {
        return;
    }
    let scratch = Scratch::new("tar");
    let program = reachable_program(&scratch);
    let names = ["run", "finish", "data/check", "tool"].map(str::to_owned);
    for (folder, owner) in [("root", 0), ("nobody", 65534)] {
        let template = scratch.join(folder).join("template");
        ordered_template(&template, &names, 1_000_000_000);
        disk::chmod(template.join("tool"), 0o4755);
        output(Command::new("chown").args(["-R", &format!("{owner}:{owner}")]).arg(&template));
        // A change of the owner takes set-id bits.
        disk::chmod(template.join("tool"), 0o4755);
        disk::chmod(template.join("run"), 0o755);
    }
    // Nothing is warned of: neither that somebody else could write the scripts, nor that the user of -u could.
    let words = ["--owner", "0", "--group", "0", "-u", "65534:65534", "--tar", "template", "srv/x"];
    let ours = output(run_by(65534, "077", &program, &scratch.join("nobody")).args(words));
    let roots =
        output(run_by(0, "022", &program, &scratch.join("root")).args(["-u", "65534:65534", "--tar", "template", "srv/x"]));
    assert!(ours == roots, "two archives");
    // Without the two options the template's owners count, in the archive and for what is judged.
    let mut command = run_by(65534, "077", &program, &scratch.join("nobody"));
    let answer = program::Answer::of(command.args(["-u", "65534:65534", "--digest", "template", "srv/x"]));
    assert!(answer.clone().expect_code(100).stderr.contains("is a directory that the user can write"), "{answer}");
}

/// The digest is that of the archive with DIR `.` and the time 0, for any DIR and time.
#[test]
fn the_digest_is_the_archives() {
    if !skip::is_root_or_say("tar::reproducible::the_digest_is_the_archives") {
        return;
    }
    let scratch = Scratch::new("tar");
    archive_template(&scratch.join("template"));
    for options in [&[][..], &["-r", "svc"], &["--owner", "5", "--group", "g:7"], &["-c", "7", "--instance", "a"]] {
        let archive = printed(scratch.path(), &[options, &["--tar", "template", "."]].concat());
        let digest = printed(scratch.path(), &[options, &["--digest", "template", "/somewhere/else"]].concat());
        assert_eq!(String::from_utf8(digest).unwrap(), sha256(&scratch, &archive) + "\n", "{options:?}");
        assert_eq!(archive.len() % 10240, 0);
    }
    // Any change is another digest.
    let digest = |_: &str| printed(scratch.path(), &["--digest", "template", "x"]);
    let first = digest("");
    let changes: [(&str, &dyn Fn()); 4] = [
        ("a byte", &|| disk::file(scratch.join("template/size-511"), 0o6755, [vec![b's'; 510], vec![b't']].concat())),
        ("a mode", &|| disk::chmod(scratch.join("template/size-512"), 0o640)),
        ("an owner", &|| chown(scratch.join("template/size-512"), Some(1), None).unwrap()),
        ("a name", &|| fs::rename(scratch.join("template/empty"), scratch.join("template/emptier")).unwrap()),
    ];
    let mut digests = BTreeSet::from([first]);
    for (name, change) in changes {
        change();
        assert!(digests.insert(digest(name)), "{name} changes nothing");
    }
}
