//! Instances that run as a user, under supervisors that stay root.

use super::{Instances, Site, logged_template, until, wait_for_count};
use s6_instance_maker_workspace::disk;

on_each_s6!(user, numeric_user, names, restart, nothing_is_theirs);

/// An account, and what runs as it: www-data, which each root file system has.
const WWW_DATA: [[&str; 4]; 2] = [["33"; 4]; 2];
const ROOT: [&str; 4] = ["0"; 4];

/// Everything of an instance runs as 33, and everything above it as root.
fn live(site: &Site) {
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    instances.create_ready("one");
    assert_eq!(instances.is("up,ready", "one"), "true true");
    instances.wait_for_report("run 33 1: <one>", "one");
    instances.wait_for_logger(33, "one");

    for service in [instances.path_of("one"), format!("{}/log", instances.path_of("one"))] {
        let run = scan.process(&service);
        let [users, groups, supplementary] = run.credentials();
        assert_eq!([users.as_slice(), groups.as_slice()], WWW_DATA, "{run:?}");
        assert!(supplementary.iter().all(|&group| group == "33"), "{run:?}");
        let supervisor = run.parent();
        assert!(supervisor.command().starts_with("s6-supervise "), "{supervisor:?}");
        assert_eq!(supervisor.credentials()[0], ROOT, "{supervisor:?}");
        let scanner = supervisor.parent();
        assert!(scanner.command().contains("s6-svscan -d3 "), "{scanner:?}");
        assert_eq!(scanner.credentials()[0], ROOT, "{scanner:?}");
    }

    instances.restart("one");
    let finished = |start: &str| site.reports().iter().any(|line| line.starts_with(start));
    assert!(finished("finish 33 3: <256> <15> <one> in ") || finished("finish 33 4: <256> <15> <one> <"));
    instances.delete("one");
    until("the logger's finish script", || finished("log finish 33 ").then_some(()));
    assert!(finished("log finish 33 3: <0> <0> <one/log> in ") || finished("log finish 33 4: <0> <0> <one/log> <"));
}

fn user(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-u", "www-data", "template", "scan/service"]);
    live(site);
}

fn numeric_user(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-u", "33:33", "template", "scan/service"]);
    live(site);
}

/// Accounts whose names shells and execline could misread.
const NAMES: [&str; 16] = [
    "a\"b",
    "x$y",
    "it's",
    "$@",
    "${HOME}",
    "$1",
    "$(id)",
    "`id`",
    "back\\slash",
    "\\n",
    "#",
    "{",
    "}",
    "*",
    "-x",
    "\u{e9}t\u{e9}",
];

/// Whatever an instance is called, its scripts are told so.
fn names(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-u", "www-data", "template", "scan/service"]);
    let scan = site.start(&[("HOME", "/nowhere")]);
    let instances = Instances::of(&scan, "scan/service");
    for name in NAMES {
        instances.create_ready(name);
        instances.wait_for_report(&format!("run 33 1: <{name}>"), name);
        instances.wait_for_logger(33, name);
    }
    let mut expected = NAMES.to_vec();
    expected.sort_unstable();
    assert_eq!(instances.list(), expected);
    for name in NAMES {
        instances.delete(name);
    }
    let reports = site.reports();
    for name in NAMES {
        let start = format!("<256> <15> <{name}> ");
        assert!(reports.iter().any(|line| line.starts_with("finish 33 ") && line.contains(&start)), "{name}: {reports:?}");
    }
}

/// The whole service restarts, and its instances with it.
fn restart(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-u", "www-data", "-c", "3", "template", "scan/service"]);
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    let names = ["one", "three", "two"];
    for name in names {
        instances.create_ready(name);
    }
    let before = names.map(|name| instances.is("pid", name));
    scan.restart("scan/service");
    for name in names {
        instances.wait_until_ready(name);
    }
    assert_eq!(instances.list(), names);
    for (name, before) in names.iter().zip(before) {
        assert_ne!(instances.is("pid", name), before);
        wait_for_count(site, &format!("run 33 1: <{name}> "), 2);
        wait_for_count(site, &format!("log 33 1: <{name}/log> "), 2);
    }
    instances.expect_full("two");
}

/// The user can write nothing in the tree, neither what was made nor what s6 adds to it.
fn nothing_is_theirs(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-u", "www-data", "-L", &site.inside("logs"), "template", "scan/service"]);
    let made = disk::read_tree(&site.path("scan/service"));
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    instances.create_ready("one");
    instances.restart("one");

    let now = disk::read_tree(&site.path("scan/service"));
    assert!(now.len() > made.len());
    for (path, entry) in &now {
        let path = String::from_utf8_lossy(path);
        let theirs = entry.owner.0 == 33
            || entry.owner.1 == 33 && entry.mode & 0o020 != 0
            || entry.kind != "link" && entry.mode & 0o002 != 0;
        assert!(!theirs, "{path}: {entry:?}");
    }
}
