//! The examples, made by the commands of the how-tos.

use super::{Instances, Site, until, wait_for_count};
use s6_instance_maker_workspace::program::{self, Answer, maker};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

on_each_s6!(heartbeat, getty, worker);

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
