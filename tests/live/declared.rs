//! Instances that are declared when the service is made: they start with it, and are like all others from then on.

use super::{Instances, STAY, Site, logged_template, template, until, wait_for_count};
use s6_instance_maker_workspace::disk::{self, OnDisk};
use std::collections::BTreeMap;
use std::fs;

on_each_s6!(plain, with_readiness, with_loggers, with_user, full, full_with_loggers);

const SERVICE: &str = "scan/service";

/// In their order.
const NAMES: [&str; 5] = ["$1", "-x", "one", "two", "\u{e9}t\u{e9}"];

/// The templates of these tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Logs {
    Own,
    None,
}

/// Makes the service with the instances, some of which a file lists.
fn make(site: &Site, options: &[&str]) {
    disk::file(site.path("names"), 0o644, "two\n-x\n\u{e9}t\u{e9}\n");
    let declared = ["--instance", "one", "--instances-from", "names", "--instance=$1", "template", SERVICE];
    site.make_for_this_s6(&[options, &declared].concat());
}

/// All of the instance but what says how it fares: kinds, modes, owners, contents.
fn tree(site: &Site, instances: &Instances<'_>, name: &str) -> BTreeMap<Vec<u8>, OnDisk> {
    let mut tree = disk::read_tree(&site.path(instances.path_of(name)));
    for state in ["supervise/status", "log/supervise/status"] {
        tree.entry(state.into()).and_modify(|entry| entry.bytes.clear());
    }
    tree
}

/// They are there from the start, and then all goes on with them as with any others.
fn live(site: &Site, uid: u32, logs: Logs) {
    let is_ready = site.path("template/notification-fd").exists();
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, SERVICE);
    let expect = |name: &str| {
        if is_ready {
            scan.wait_until_ready(&instances.path_of(name));
        }
        instances.wait_for_report(&format!("run {uid} 1: <{name}>"), name);
        if logs == Logs::Own {
            instances.wait_for_logger(uid, name);
        }
        let is = format!("true {is_ready}");
        until(&format!("{name} is up"), || (instances.is("up,ready", name) == is).then_some(()));
    };
    for name in NAMES {
        expect(name);
    }
    assert_eq!(instances.list(), NAMES);

    instances.delete("two");
    assert!(!site.path(instances.path_of("two")).exists());
    assert_eq!(instances.list(), ["$1", "-x", "one", "\u{e9}t\u{e9}"]);
    for name in ["another", "two"] {
        instances.create(name);
        expect(name);
    }
    // Their names are free for nobody else.
    instances.try_create("one", super::TIMEOUT).expect_code(100);
    assert_eq!(instances.list(), ["$1", "-x", "another", "one", "two", "\u{e9}t\u{e9}"]);

    // Nothing tells which of them was made by s6-instance-create.
    for name in ["one", "another"] {
        let link = fs::read_link(site.path(format!("{SERVICE}/instance/{name}"))).unwrap();
        assert_eq!(link.to_str(), Some(format!("../instances/{name}").as_str()));
    }
    until("one and another are alike", || {
        let differences = disk::differences(&tree(site, &instances, "one"), &tree(site, &instances, "another"));
        differences.is_empty().then_some(())
    });

    instances.control(&["-wD", "-d"], "-x");
    instances.control(&["-wu", "-u"], "-x");
    wait_for_count(site, &format!("run {uid} 1: <-x> "), 2);
    wait_for_count(site, &format!("run {uid} 1: <one> "), 1);
    for name in ["$1", "-x", "another", "one", "two", "\u{e9}t\u{e9}"] {
        instances.delete(name);
    }
    assert!(instances.list().is_empty());
}

fn plain(site: &Site) {
    site.script("template/run", "run", STAY);
    make(site, &[]);
    live(site, 0, Logs::None);
}

fn with_readiness(site: &Site) {
    template(site);
    make(site, &[]);
    live(site, 0, Logs::None);
}

fn with_loggers(site: &Site) {
    logged_template(site);
    make(site, &["-c", "10"]);
    live(site, 0, Logs::Own);
}

fn with_user(site: &Site) {
    logged_template(site);
    make(site, &["-u", "www-data"]);
    live(site, 33, Logs::Own);
}

/// As many instances as the capacity: all of them start, and one more is refused.
fn fill(site: &Site, names: &[&str], logs: Logs) {
    let count = names.len().to_string();
    let declared = names.iter().flat_map(|name| ["--instance", name]);
    let args: Vec<_> = ["-c", &count].into_iter().chain(declared).chain(["template", SERVICE]).collect();
    site.make_for_this_s6(&args);
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, SERVICE);
    for name in names {
        scan.wait_until_ready(&instances.path_of(name));
        if logs == Logs::Own {
            instances.wait_for_logger(0, name);
        }
    }
    assert_eq!(instances.list(), names);
    instances.expect_full("b");
    instances.create_ready("another");
    instances.expect_full("another");
}

fn full(site: &Site) {
    template(site);
    fill(site, &["a", "b", "c", "d"], Logs::None);
}

fn full_with_loggers(site: &Site) {
    logged_template(site);
    fill(site, &["a", "b", "c"], Logs::Own);
}
