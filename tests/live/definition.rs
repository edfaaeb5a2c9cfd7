//! Source definitions for s6-rc, run without it, with the additions of s6-rc-compile.

use super::{Instances, Site, logged_template};
use s6_instance_maker_workspace::disk;

on_each_s6!(definition, definition_with_user);

/// s6-rc-compile makes scripts executable and adds the two directories; the rest of the definition is not for s6.
fn compile_by_hand(site: &Site) {
    let service = site.path("scan/service");
    std::fs::rename(site.path("definitions/service"), &service).unwrap();
    disk::chmod(service.join("run"), 0o755);
    disk::directory(service.join("instance"), 0o755);
    disk::directory(service.join("instances"), 0o755);
}

fn live(site: &Site, uid: u32) {
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    instances.create_ready("one");
    instances.wait_for_report(&format!("run {uid} 1: <one>"), "one");
    instances.wait_for_logger(uid, "one");
    assert_eq!(instances.list(), ["one"]);
    instances.delete("one");
}

fn definition(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-r", "service", "template", "definitions"]);
    compile_by_hand(site);
    live(site, 0);
}

fn definition_with_user(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-u", "www-data", "-r", "service", "template", "definitions"]);
    compile_by_hand(site);
    live(site, 33);
}
