//! Templates whose scripts are links.

use super::{Instances, READY, Site};
use s6_instance_maker_workspace::disk;
use std::os::unix::fs::symlink;

on_each_s6!(linked, linked_with_user);

fn template(site: &Site) {
    disk::file(site.path("template/notification-fd"), 0o644, "3\n");
    site.script("template/data/start", "run", READY);
    site.script("template/data/stop", "finish", "");
    symlink("data/start", site.path("template/run")).unwrap();
    symlink("./data/../data/stop", site.path("template/finish")).unwrap();
}

fn live(site: &Site, uid: u32) {
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    instances.create_ready("one");
    instances.wait_for_report(&format!("run {uid} 1: <one>"), "one");
    instances.delete("one");
    let start = format!("finish {uid} ");
    assert!(site.reports().iter().any(|line| line.starts_with(&start)), "{:?}", site.reports());
}

fn linked(site: &Site) {
    template(site);
    site.make_for_this_s6(&["template", "scan/service"]);
    live(site, 0);
}

fn linked_with_user(site: &Site) {
    template(site);
    site.make_for_this_s6(&["-u", "www-data", "template", "scan/service"]);
    live(site, 33);
}
