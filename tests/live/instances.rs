//! The life of instances.

use super::{Instances, Scan, Site, count, logged_template, template, wait_for_count};

on_each_s6!(life, life_with_loggers, any_s6);

/// Everything that s6 can do with instances, on two of them.
fn live(scan: &Scan<'_>, service: &str) {
    let site = scan.site;
    let instances = Instances::of(scan, service);
    assert!(instances.list().is_empty());
    for name in ["one", "two"] {
        instances.create_ready(name);
        assert_eq!(instances.is("up,ready", name), "true true");
        instances.wait_for_report(&format!("run 0 1: <{name}>"), name);
    }
    assert_eq!(instances.list(), ["one", "two"]);

    let (before, other) = (instances.is("pid", "one"), instances.is("pid", "two"));
    instances.restart("one");
    assert_ne!(instances.is("pid", "one"), before, "it was restarted");
    assert_eq!(instances.is("pid", "two"), other, "it was not");
    assert_eq!(count(site, "run 0 1: <one>"), 2);
    // The arguments of finish: not an exit code but a signal, the name, and from 2.13.1 on, or earlier, the process group.
    assert_eq!(count(site, "finish 0 3: <256> <15> <one>") + count(site, "finish 0 4: <256> <15> <one> <"), 1);

    instances.control(&["-wD", "-d"], "two");
    assert_eq!(instances.is("up", "two"), "false");
    instances.control(&["-wU", "-u"], "two");
    assert_eq!(instances.is("up,ready", "two"), "true true");

    instances.delete("one");
    assert_eq!(instances.list(), ["two"]);
    assert!(!site.path(instances.path_of("one")).exists());
    instances.create_ready("one");
    assert_eq!(instances.list(), ["one", "two"]);
    assert_eq!(count(site, "run 0 1: <one>"), 3);
    instances.delete("one");
    instances.delete("two");
    assert!(instances.list().is_empty());
}

fn life(site: &Site) {
    template(site);
    site.make_for_this_s6(&["template", "scan/service"]);
    live(&site.start(&[]), "scan/service");
}

fn life_with_loggers(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-c", "20", "template", "scan/service"]);
    let scan = site.start(&[]);
    live(&scan, "scan/service");
    // Each instance's logger knows whose it is, got that instance's standard output and nothing else, and ended with it.
    for (name, runs, loggers) in [("one", 3, 2), ("two", 2, 1)] {
        wait_for_count(site, &format!("{name}/log got out of {name}"), runs);
        wait_for_count(site, &format!("{name}/log got "), runs);
        let directory = site.inside(format!("scan/service/instances/{name}/log"));
        wait_for_count(site, &format!("log 0 1: <{name}/log> in {directory}"), loggers);
        wait_for_count(site, "log finish 0 ", 3);
    }
}

/// Without a word about the version, the result runs on all of them.
fn any_s6(site: &Site) {
    logged_template(site);
    site.make(&["template", "scan/service"]);
    live(&site.start(&[]), "scan/service");
}
