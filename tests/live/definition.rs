//! Source definitions for s6-rc, run without it: from a directory that holds what s6-rc-compile would put there, and nothing else.

use super::{Instances, Site, logged_template};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::s6rc_model::{Compiler, Tree, WRAPPER};
use s6_instance_maker_workspace::scan::until;

on_each_s6!(definition, definition_with_user, definition_with_logger);

/// Makes in `scan` the compiled service directories of all longruns in `definitions`. The scripts by which s6-rc starts a service
/// of a pipeline need its holder of descriptors: `starter` gives what stands for them, by the service and by `run` or `finish`.
pub(super) fn compile(site: &Site, starter: impl Fn(&str, &str) -> String) {
    let database = Compiler::NEWEST.compile(&disk::read_tree(&site.path("definitions")));
    let database = database.unwrap_or_else(|refusal| panic!("s6-rc-compile would refuse {refusal}"));
    for (name, servicedir) in database.longruns {
        let name = String::from_utf8(name).unwrap();
        let mut tree: Tree = servicedir.tree;
        for (path, entry) in tree.iter_mut().filter(|(_, entry)| entry.bytes == WRAPPER) {
            entry.bytes = starter(&name, &String::from_utf8_lossy(path)).into_bytes();
        }
        disk::write_tree(&site.path("scan").join(name), &tree);
    }
}

fn no_pipeline(name: &str, _: &str) -> String {
    panic!("{name} is in no pipeline")
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
    compile(site, no_pipeline);
    live(site, 0);
}

fn definition_with_user(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&["-u", "www-data", "-r", "service", "template", "definitions"]);
    compile(site, no_pipeline);
    live(site, 33);
}

/// Both halves, with a FIFO between them instead of s6-rc's pipe.
fn definition_with_logger(site: &Site) {
    super::template(site);
    let logs = site.inside("logs");
    site.make_for_this_s6(&["-r", "service/logger/pipe", "-L", &logs, "template", "definitions"]);
    disk::fifo(site.path("pipe"), 0o600);
    let pipe = site.inside("pipe");
    compile(site, |name, _| {
        let end = if name == "service" { "-w 1" } else { "-rnb 0" };
        format!("#!/usr/bin/execlineb -S0\n/usr/lib/execline/bin/redirfd {end} {pipe}\n./run.user $@\n")
    });
    let scan = site.start(&[]);
    scan.wait_until_ready("scan/logger");
    let instances = Instances::of(&scan, "scan/service");
    instances.create_ready("one");
    let logged = || std::fs::read_to_string(site.path("logs/current")).unwrap_or_default();
    for line in ["out of one", "err of one"] {
        until(line, || logged().lines().any(|logged| logged.ends_with(line)).then_some(()));
    }
    instances.delete("one");
}
