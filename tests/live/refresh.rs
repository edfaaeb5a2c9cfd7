//! `--refresh` and `--refresh-instances` while s6 is at work: nothing that runs is disturbed, and the printed commands carry on.

use super::{Instances, READY, Scan, Site, TALK, count, until};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{Answer, maker};
use s6_instance_maker_workspace::skip;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

on_each_s6!(alternating, alternating_with_user, carried_on, carried_on_with_user);

const SERVICE: &str = "scan/service";
const AS_USER: [&str; 2] = ["-u", "www-data"];

/// A template whose scripts report `version`, and whose every file tells it.
fn template(site: &Site, version: &str) {
    site.script(format!("{version}/run"), &format!("run-{version}"), &[TALK, READY].join("\n"));
    site.script(format!("{version}/finish"), &format!("finish-{version}"), "");
    site.script(format!("{version}/log/run"), &format!("log-{version}"), "exec cat >/dev/null");
    disk::file(site.path(format!("{version}/notification-fd")), 0o644, "3\n");
    for file in ["data/version", "data/deep/version", "conf/version", "env/VERSION"] {
        disk::file(site.path(format!("{version}/{file}")), 0o644, version);
    }
    disk::file(site.path(format!("{version}/only-{version}")), 0o644, version);
}

/// Runs the program for the s6 that is here.
fn run(site: &Site, words: &[&str]) -> Answer {
    let here = site.root.installation.iter().map(|word| word.as_os_str());
    let version = ["--s6-version", site.root.s6_version.as_str()].map(OsStr::new);
    maker(&site.path(""), here.chain(version).chain(words.iter().map(OsStr::new))).expect_code(0)
}

/// The versions in a copy of a template; one alone, unless it was made while the template was exchanged.
fn versions(site: &Site, path: &str) -> BTreeSet<String> {
    let files = files_of_template(&site.path(path));
    let of = |version: &str| {
        let names = [format!("only-{version}"), "version".to_owned(), "VERSION".to_owned()];
        let is_named =
            |file: &&PathBuf| names.iter().any(|name| file.as_os_str().as_encoded_bytes().ends_with(name.as_bytes()));
        let has_text = |file: &&PathBuf| fs::read(file).is_ok_and(|bytes| bytes == version.as_bytes());
        files.iter().filter(is_named).filter(has_text).count()
    };
    ["one", "two"].into_iter().filter(|version| of(version) > 0).map(|version| format!("{version} {}", of(version))).collect()
}

/// The files of a copy, without those of its supervisors, which come and go.
fn files_of_template(copy: &Path) -> Vec<PathBuf> {
    let (mut files, mut pending) = (Vec::new(), vec![copy.to_owned()]);
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).unwrap().map(Result::unwrap) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !["supervise", "event"].iter().any(|state| entry.file_name() == *state) => {
                    pending.push(entry.path());
                }
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}

/// All files of one template and none of the other.
fn is_whole(versions: &BTreeSet<String>) -> bool {
    versions.len() == 1 && versions.iter().all(|version| version.ends_with(" 5"))
}

/// Creates and deletes instances until it is told to stop. Those that are copies of no template stay; their names.
fn come_and_go(site: &Site, stop: &AtomicBool) -> (usize, Vec<String>) {
    let service = site.inside(SERVICE);
    let (mut created, mut mixed) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let name = format!("passing-{created}");
        let s6 = |program: &str| {
            let mut command = site.root.command("timeout");
            Answer::of(command.args(["60", program, "-t", super::TIMEOUT, "--", &service, &name])).expect_code(0)
        };
        s6("s6-instance-create");
        created += 1;
        let copy = format!("{SERVICE}/instances/{name}");
        if is_whole(&versions(site, &copy)) {
            s6("s6-instance-delete");
        } else {
            mixed.push(name);
        }
    }
    (created, mixed)
}

/// The names that an answer says are copies of neither template.
fn named(answer: &Answer) -> Vec<String> {
    let line = answer.stderr.lines().find_map(|line| line.split_once("are copies of neither template: "));
    let names = line.map_or("", |(_, names)| names).split(", ");
    names.map(|name| name.trim_matches('`').to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Refreshes in turns, while instances come and go: those that stay are not touched, and answer each time.
fn alternate(site: &Site, options: &[&str], uid: u32) {
    let refreshes = if skip::all() { 1000 } else { 8 };
    template(site, "one");
    template(site, "two");
    site.make_for_this_s6(&[options, &["one", SERVICE]].concat());
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, SERVICE);
    for name in ["first", "second"] {
        instances.create_ready(name);
    }
    let status = || ["first", "second"].map(|name| instances.is("pid,up,ready", name));
    let service = || scan.exec("s6-svstat", ["-o", "pid,up,ready", &site.inside(SERVICE)]).expect_code(0).stdout;
    let (before, service_before) = (status(), service());
    let stop = AtomicBool::new(false);
    let (created, mixed, told) = std::thread::scope(|scope| {
        let passing = scope.spawn(|| come_and_go(site, &stop));
        let mut told = Vec::new();
        for turn in 0..refreshes {
            let version = if turn % 2 == 0 { "two" } else { "one" };
            // The loop ends with the test, or nobody would wait for it.
            let refreshed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                told.extend(named(&run(site, &[&["--refresh"], options, &[version, SERVICE]].concat())));
                assert_eq!((status(), service()), (before.clone(), service_before.clone()), "refresh {turn}");
            }));
            if let Err(failure) = refreshed {
                stop.store(true, Ordering::Relaxed);
                std::panic::resume_unwind(failure);
            }
        }
        stop.store(true, Ordering::Relaxed);
        let (created, mixed) = passing.join().unwrap();
        (created, mixed, told)
    });
    assert_eq!((count(site, &format!("run-one {uid} 1: <first>")), count(site, "run-two 0 1: <first>")), (1, 0));
    assert_eq!(count(site, "finish-one") + count(site, "finish-two"), count(site, "finish"));
    let unnamed: Vec<_> = mixed.iter().filter(|name| !told.contains(name)).collect();
    skip::tell(&format!(
        "{refreshes} refreshes on {}{}: no restart, every status; {created} instances were created meanwhile, {} of them during \
         an exchange, {} of these named",
        site.root.s6_version,
        if options.is_empty() { "" } else { " with -u" },
        mixed.len(),
        mixed.len() - unnamed.len()
    ));
    // s6-instance-create takes no lock: one that had opened the template, and made nothing yet, cannot be seen by a refresh. Instances
    // that were there before are never named.
    assert!(told.iter().all(|name| name.starts_with("passing-")), "{unnamed:?} were not named, of {mixed:?}; named: {told:?}");
    assert!(created >= 2, "{created}");
    // The last template is that of new instances.
    run(site, &[&["--refresh"], options, &["two", SERVICE]].concat());
    instances.create_ready("new");
    instances.wait_for_report(&format!("run-two {uid} 1: <new>"), "new");
    assert!(is_whole(&versions(site, &instances.path_of("new"))));
    for name in mixed {
        instances.delete(&name);
    }
}

fn alternating(site: &Site) {
    alternate(site, &[], 0);
}

fn alternating_with_user(site: &Site) {
    alternate(site, &AS_USER, 33);
}

/// Runs the commands of an answer's hints, where the program was run.
fn carry_on(scan: &Scan<'_>, answer: &Answer) -> usize {
    let hints = answer.stderr.lines().filter_map(|line| line.strip_prefix("s6-instance-maker: hint: "));
    let commands: Vec<&str> = hints.filter(|hint| hint.starts_with("s6-")).collect();
    for command in &commands {
        scan.exec("sh", ["-c", &format!("cd {} && {command}", scan.site.inside(""))]).expect_code(0);
    }
    commands.len()
}

/// What `--refresh-instances` prints makes the new files run, and nothing else.
fn follow(site: &Site, options: &[&str], uid: u32) {
    template(site, "one");
    template(site, "two");
    site.make_for_this_s6(&[options, &["one", SERVICE]].concat());
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, SERVICE);
    for name in ["-x", "edited", "first"] {
        instances.create_ready(name);
    }
    instances.run("s6-instance-create", &["-t", super::TIMEOUT, "-d"], "idle").expect_code(0);
    let copy = |name: &str, path: &str| site.path(format!("{}/{path}", instances.path_of(name)));
    disk::file(copy("edited", "conf/version"), 0o644, "by hand");
    disk::file(copy("first", "own"), 0o600, "own");
    disk::file(copy("first", "data/own"), 0o600, "own");
    disk::file(copy("first", "down"), 0o644, "");
    let pids = || ["-x", "edited", "first"].map(|name| instances.is("pid", name));
    let before = pids();

    let answer = run(site, &[&["--refresh-instances"], options, &["two", SERVICE]].concat());
    assert!(answer.stderr.contains("warning: instance-edited: ") && answer.stderr.contains("conf/version"), "{answer}");
    assert_eq!((pids(), instances.is("up", "idle")), (before.clone(), "false".to_owned()), "{answer}");
    for name in ["-x", "first", "idle"] {
        assert!(is_whole(&versions(site, &instances.path_of(name))), "{name}: {answer}");
    }
    assert_eq!(carry_on(&scan, &answer), 3, "{answer}");
    for name in ["-x", "first"] {
        instances.wait_for_report(&format!("run-two {uid} 1: <{name}>"), name);
        scan.wait_for_report(&format!("log-two {uid} 1: <{name}/log>"), &format!("{}/log", instances.path_of(name)));
        instances.wait_until_ready(name);
        // The new finish is that of the old process, too.
        until(&format!("the end of the old {name}"), || {
            let finished = site
                .reports()
                .iter()
                .any(|line| line.starts_with("finish-two") && line.ends_with(&format!("/instances/{name}")));
            finished.then_some(())
        });
    }
    let after = pids();
    assert!(after[0] != before[0] && after[1] == before[1] && after[2] != before[2], "{before:?} {after:?}");
    assert_eq!((instances.is("up", "idle"), count(site, "finish-one")), ("false".to_owned(), 0));
    for path in ["own", "data/own", "down", "supervise/status"] {
        assert!(copy("first", path).exists(), "{path}");
    }
    assert_eq!(fs::read_to_string(copy("edited", "conf/version")).unwrap(), "by hand");
    instances.control(&["-wu", "-u"], "idle");
    instances.wait_for_report(&format!("run-two {uid} 1: <idle>"), "idle");

    // A declared instance starts by its command.
    let answer = run(site, &[&["--refresh"], options, &["--instance", "added", "two", SERVICE]].concat());
    assert!(!instances.is("pid", "first").is_empty() && count(site, &format!("run-two {uid} 1: <added>")) == 0, "{answer}");
    assert_eq!(carry_on(&scan, &answer), 1, "{answer}");
    scan.wait_until_ready(&instances.path_of("added"));
    instances.wait_for_report(&format!("run-two {uid} 1: <added>"), "added");
    assert_eq!(instances.list(), ["-x", "added", "edited", "first", "idle"]);
    assert_eq!(pids(), after);

    // The capacity is s6-svscan's business, which must restart.
    let command = || scan.process(SERVICE).command().to_owned();
    let old = command();
    let answer = run(site, &[&["--refresh", "-c", "20"], options, &["two", SERVICE]].concat());
    assert_eq!((command(), pids()), (old.clone(), after), "{answer}");
    assert_eq!(carry_on(&scan, &answer), 1, "{answer}");
    until("another s6-svscan", || (scan_command(&scan).is_some_and(|now| now != old)).then_some(()));
    scan.wait_until_ready(SERVICE);
    for name in ["-x", "added", "edited"] {
        // Until its supervisor is there, too, there is no status.
        let is_up = || instances.run("s6-instance-status", &["-o", "up"], name).stdout.trim_end() == "true";
        until(&format!("{name} is up"), || is_up().then_some(()));
    }
}

/// The command line of the service's process, while there is one.
fn scan_command(scan: &Scan<'_>) -> Option<String> {
    let answer = scan.exec("s6-svstat", ["-o", "pid", &scan.site.inside(SERVICE)]).expect_code(0);
    let pid: i32 = answer.stdout.trim().parse().ok().filter(|pid| *pid > 0)?;
    let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = String::from_utf8_lossy(&words).replace('\0', " ");
    words.contains("s6-svscan").then(|| words.trim_end().to_owned())
}

fn carried_on(site: &Site) {
    follow(site, &[], 0);
}

fn carried_on_with_user(site: &Site) {
    follow(site, &AS_USER, 33);
}
