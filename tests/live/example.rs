//! The example of the README, run as it is.

use super::{Instances, Site, until};
use s6_instance_maker_workspace::program::{self, Answer};
use std::path::PathBuf;
use std::process::Command;

on_each_s6!(heartbeat);

/// The directory that the example's loggers write to; gone in the end, however it ends.
struct Logs(PathBuf);

impl Drop for Logs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn heartbeat(site: &Site) {
    let logs = Logs(site.path("../../var/log/heartbeat"));
    let example = program::workspace().join("examples/heartbeat");
    Answer::of(Command::new("cp").arg("-a").arg(example).arg(site.path("template"))).expect_code(0);
    site.make_for_this_s6(&["-c", "20", "template", "scan/service"]);
    let scan = site.start(&[]);
    let instances = Instances::of(&scan, "scan/service");
    for name in ["first", "second"] {
        instances.create_ready(name);
        let log = logs.0.join(name).join("current");
        let is_alive =
            || std::fs::read_to_string(&log).is_ok_and(|log| log.contains(&format!(" {name}: alive\n"))).then_some(());
        until(&format!("{name}'s log says that it is alive"), is_alive);
    }
    assert_eq!(instances.list(), ["first", "second"]);
    instances.delete("first");
    assert_eq!(instances.list(), ["second"]);
}
