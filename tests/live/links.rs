//! Templates whose scripts are links.

use super::{Instances, READY, Site};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::maker;
use std::os::unix::fs::symlink;

on_each_s6!(linked, linked_with_user, mended);

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

/// A template whose scripts lost their x bits and whose common script lies beside it: refused, and with two options a running
/// service.
fn mended(site: &Site) {
    disk::file(site.path("template/notification-fd"), 0o644, "3\n");
    site.script("common/start", "run", READY);
    site.script("template/finish", "finish", "");
    symlink("../common/start", site.path("template/run")).unwrap();
    for script in ["common/start", "template/finish"] {
        disk::chmod(site.path(script), 0o644);
    }
    let refused = maker(&site.path(""), ["template", "scan/service"]).expect_code(100);
    assert!(refused.stderr.contains("fatal: link-leaves-template: `run`"), "{refused}");
    site.make_for_this_s6(&["--fix-modes", "--dereference", "template", "scan/service"]);
    live(site, 0);
}
