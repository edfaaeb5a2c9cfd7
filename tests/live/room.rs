//! Room for as many instances as were asked for, from few to the most.

use super::{Instances, Site, logged_template, template};

on_each_s6!(room, room_with_loggers, most, most_with_loggers);

/// The number of instances is exactly `count`, of which the last comes and goes again.
fn fill(site: &Site, count: usize, logged: bool) {
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    let names: Vec<_> = (1..=count).map(|number| format!("i{number}")).collect();
    for name in &names {
        instances.create_ready(name);
    }
    instances.expect_full("i2");

    // The others do not suffer from that, and a place that becomes free can be taken.
    for name in names.iter().filter(|&name| name != "i2") {
        assert_eq!(instances.is("up,ready", name), "true true");
    }
    instances.restart("i1");
    instances.create_ready("another");
    instances.wait_for_report("run 0 1: <another>", "another");
    assert_eq!(instances.list().len(), count);
    if logged {
        for name in names.iter().map(String::as_str).chain(["another"]) {
            instances.wait_for_logger(0, name);
        }
    }
    instances.expect_full("another");

    let reports = site.reports();
    assert!(!reports.iter().any(|line| line.contains("surplus")), "{reports:?}");
    // Nothing ran that should not have, and nothing ran twice but i1, which was told to.
    let runs = reports.iter().filter(|line| line.starts_with("run ")).count();
    assert_eq!(runs, count + 2, "{reports:?}");
}

/// An odd number, above the least that s6-svscan makes of any.
fn room(site: &Site) {
    template(site);
    site.make_for_this_s6(&["-c", "5", "template", "scan/service"]);
    fill(site, 5, false);
}

/// An odd number, which s6-svscan must not be given as it is.
fn room_with_loggers(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-c", "3", "template", "scan/service"]);
    fill(site, 3, true);
    // An instance's logger starts once, and none starts without an instance.
    let reports = site.reports();
    let loggers = reports.iter().filter(|line| line.starts_with("log 0 ")).count();
    assert_eq!(loggers, 4, "{reports:?}");
}

/// The service starts in a large environment, which takes its part of the stack, and has room for an instance.
fn start_large(site: &Site) {
    let padding = "x".repeat(30_000);
    let scan = site.start(&[("PADDING", &padding)]);
    let instances = Instances::of(&scan, "scan/service");
    instances.create_ready("one");
    assert!(site.reports().contains(&"padding 30000".to_owned()), "{:?}", site.reports());
    instances.delete("one");
}

fn report_padding(site: &Site) {
    let report = format!("echo \"padding ${{#PADDING}}\" >>{}\n{}", site.inside("reports"), super::READY);
    site.script("template/run", "run", &report);
}

fn most(site: &Site) {
    template(site);
    report_padding(site);
    site.make_for_this_s6(&["-c", "90000", "template", "scan/service"]);
    start_large(site);
}

fn most_with_loggers(site: &Site) {
    logged_template(site);
    report_padding(site);
    site.make_for_this_s6(&["-c", "80000", "template", "scan/service"]);
    start_large(site);
}
