//! The examples, made by the commands of the how-tos.

use super::{Instances, Site, until, wait_for_count};
use s6_instance_maker_workspace::program::{self, Answer, maker};
use s6_instance_maker_workspace::{disk, s6rc_model};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

on_each_s6!(heartbeat, getty, worker, workers);

/// A directory that an example writes to; gone in the end, however it ends.
struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn heartbeat(site: &Site) {
    let logs = Written(site.path("../../var/log/heartbeat"));
    let example = program::workspace().join("examples/heartbeat");
    Answer::of(Command::new("cp").arg("-a").arg(example).arg(site.path("template"))).expect_code(0);
    site.make(&["template", "scan/service"]);
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    for name in ["first", "second"] {
        instances.create_ready(name);
        wait_for_line(&logs.0.join(name), &format!(" {name}: alive\n"));
    }
    assert_eq!(instances.list(), ["first", "second"]);
    instances.delete("first");
    assert_eq!(instances.list(), ["second"]);
}

/// Waits until something is in the log in that directory.
fn wait_for_line(log: &Path, line: &str) {
    let is_there = || std::fs::read_to_string(log.join("current")).is_ok_and(|log| log.contains(line)).then_some(());
    until(&format!("{line:?} in {}", log.display()), is_there);
}

/// Makes scan/service by the command that a how-to has for an example. There is nothing to warn of.
fn make_as_in_the_how_to(site: &Site, page: &str, example: &str) {
    let page = std::fs::read_to_string(program::workspace().join("docs/how-to").join(page)).unwrap();
    let is_its = |line: &&str| line.starts_with("s6-instance-maker ") && line.contains(&format!(" {example} "));
    let command = page.lines().find(is_its).unwrap_or_else(|| panic!("no command makes anything of {example}"));
    let (command, _) = command.rsplit_once(' ').unwrap();
    let dir = site.path("scan/service").into_os_string().into_string().unwrap();
    // As it stands, it suits every s6.
    let words = command.split(' ').skip(1).chain([dir.as_str()]);
    let answer = maker(program::workspace(), ["--strict"].into_iter().chain(words)).expect_code(0);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{answer}");
}

/// The root file systems have no getty: it is a script that reports.
fn getty(site: &Site) {
    make_as_in_the_how_to(site, "getty.md", "examples/getty");
    site.script("bin/getty", "getty", super::STAY);
    let path = format!("{}:/usr/bin:/usr/sbin:/bin:/sbin:/usr/lib/execline/bin", site.inside("bin"));
    let scan = site.start(&[("PATH", &path)]);
    let instances = Instances::of(&scan, "scan/service");
    let prompts = |name: &str| match name {
        "tty1" | "tty2" => format!("getty 0 3: <38400> <{name}> <linux>"),
        _ => format!("getty 0 4: <-L> <115200> <{name}> <vt100>"),
    };
    for name in ["tty1", "tty2", "ttyS0"] {
        instances.wait_for_report(&prompts(name), name);
    }
    assert_eq!(instances.list(), ["tty1", "tty2", "ttyS0"]);
    // One is added that has a device, in a root file system too; it starts again when somebody logged out.
    instances.create("console");
    instances.wait_for_report(&prompts("console"), "console");
    instances.control(&["-k"], "console");
    wait_for_count(site, &format!("{} ", prompts("console")), 2);
    // One that has none does not.
    instances.control(&["-wD", "-k"], "ttyS0");
    assert_eq!(instances.is("up,wantedup", "ttyS0"), "false false");
    // It is told to stop as a terminal is.
    let tty1 = site.inside(instances.path_of("tty1"));
    instances.control(&["-wD", "-d"], "tty1");
    let deaths = scan.exec("s6-svdt", ["--", &tty1]).expect_code(0).stdout;
    assert!(deaths.trim_end().ends_with(" SIGHUP"), "{deaths}");
    for name in ["console", "tty1", "tty2", "ttyS0"] {
        instances.delete(name);
    }
}

/// Makes what a how-to makes of an example, in `definitions`. There is nothing to warn of.
fn make_definitions_as_in_the_how_to(site: &Site, how_to: &str, options: &[&str]) {
    let text = std::fs::read_to_string(program::workspace().join("docs/how-to").join(how_to)).unwrap();
    let command = text.lines().find(|line| line.starts_with("s6-instance-maker ") && line.contains(" examples/"));
    let command = command.unwrap_or_else(|| panic!("{how_to} makes nothing of an example"));
    let (command, _) = command.rsplit_once(' ').unwrap();
    let dir = site.path("definitions").into_os_string().into_string().unwrap();
    let words = command.split(' ').skip(1).collect::<Vec<_>>();
    let (template, words) = words.split_last().unwrap();
    // What is typed last counts: the system of the test has its programs elsewhere.
    let words = words.iter().chain(options).copied().chain([*template, dir.as_str()]);
    let answer = maker(program::workspace(), ["--strict"].into_iter().chain(words)).expect_code(0);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{answer}");
}

/// Several workers of a queue, as both how-tos make them: each job is done once, and no job is lost when a worker ends.
fn workers(site: &Site) {
    let state = Written(site.path("../../var/lib/workers"));
    std::fs::create_dir(&state.0).unwrap();
    chown(&state.0, Some(33), Some(33)).unwrap();
    make_definitions_as_in_the_how_to(site, "numprocs-s6-overlay.md", &["--installation", "path"]);
    // s6-overlay has it.
    disk::file(site.path("definitions/base/type"), 0o644, "oneshot\n");
    disk::file(site.path("definitions/base/up"), 0o644, "true\n");
    super::definition::compile(site, |name, _| panic!("{name} is in no pipeline"));
    let scan = site.start(&[]);
    let numbers = ["1", "2", "3", "4", "5"];
    for number in numbers {
        scan.wait_until_ready(&format!("scan/workers@{number}"));
    }
    let jobs = state.0.join("jobs");
    // What a worker had in its hands when it ended is a job again.
    std::fs::write(state.0.join("taken-by-3"), "").unwrap();
    chown(state.0.join("taken-by-3"), Some(33), Some(33)).unwrap();
    scan.restart("scan/workers@3");
    for job in 0..20 {
        std::fs::write(jobs.join(format!("job-{job}")), "").unwrap();
    }
    until("an empty queue", || std::fs::read_dir(&jobs).unwrap().next().is_none().then_some(()));
    let output = || std::fs::read_to_string(site.path("scan.output")).unwrap();
    for job in (0..20).map(|job| format!("job-{job}")).chain(["again-3".into()]) {
        let done = |output: &str| output.lines().filter(|line| line.ends_with(&format!(": doing {job}"))).count();
        until(&job, || (done(&output()) > 0).then_some(()));
        assert_eq!(done(&output()), 1, "{job}");
    }
    assert!(numbers.iter().any(|number| output().contains(&format!("worker {number}: doing "))));
    let worker = scan.process("scan/workers@5");
    assert_eq!(worker.credentials()[0], ["33"; 4], "{worker:?}");
    drop(scan);

    // The other how-to has a logger for all of them: its definitions compile.
    std::fs::remove_dir_all(site.path("definitions")).unwrap();
    make_definitions_as_in_the_how_to(site, "static-instances.md", &[]);
    let database = s6rc_model::accept(disk::read_tree(&site.path("definitions")));
    assert_eq!(database.longruns.len(), 4);
    assert_eq!(database.bundles[b"workers-all".as_slice()].len(), 4);
    assert_eq!(database.bundles[b"workers".as_slice()].len(), 3);
}

fn worker(site: &Site) {
    let state = Written(site.path("../../var/lib/worker"));
    std::fs::create_dir(&state.0).unwrap();
    chown(&state.0, Some(33), Some(33)).unwrap();
    make_as_in_the_how_to(site, "worker-per-tenant.md", "examples/worker");
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    let tenants = ["acme", "globex", "initech"];
    assert_eq!(instances.list(), tenants);
    instances.create("umbrella");
    for tenant in tenants.into_iter().chain(["umbrella"]) {
        let service = instances.path_of(tenant);
        for service in [service.clone(), format!("{service}/log")] {
            scan.wait_until_ready(&service);
            let worker = scan.process(&service);
            assert_eq!(worker.credentials()[0], ["33"; 4], "{worker:?}");
        }
        std::fs::write(state.0.join(tenant).join("jobs").join(format!("of-{tenant}")), "").unwrap();
    }
    // Each does what is its own, and says so in its own log.
    for tenant in tenants.into_iter().chain(["umbrella"]) {
        let log = state.0.join(tenant).join("log");
        wait_for_line(&log, &format!(" {tenant}: doing of-{tenant}\n"));
        let log = std::fs::read_to_string(log.join("current")).unwrap();
        assert_eq!(log.lines().count(), 1, "{log}");
    }
    instances.delete("globex");
    wait_for_line(&state.0.join("globex/log"), " globex: ended with code 256, signal 15\n");
    assert_eq!(instances.list(), ["acme", "initech", "umbrella"]);
}
