//! Instances that are longruns of their own, in a system that runs: they come, change and go by s6-rc-update.

use super::live::{AS_IT_IS, System, define, on};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::scan::{Site, until};

/// The path of a service in the live state.
fn live(name: &str) -> String {
    format!("live/servicedirs/{name}")
}

/// A template whose instances report `kind` with a file beside them and are ready, with loggers that report every line.
fn template(site: &Site, kind: &str, logger: Option<()>) {
    let reports = site.inside("reports");
    let script =
        format!("read -r conf <conf/main; echo $conf $1 >>{reports}\necho line of $1\necho >&3\nexec 3>&-\nexec sleep 1000000");
    site.script("template/run", kind, &script);
    site.script("template/finish", &format!("finish-{kind}"), "");
    disk::file(site.path("template/notification-fd"), 0o644, "3\n");
    disk::file(site.path("template/conf/main"), 0o644, format!("conf-{kind}\n"));
    disk::file(site.path("template/data/table"), 0o644, format!("{kind}\n"));
    if logger.is_some() {
        let copy = format!("while read -r line; do echo \"$1 got $line\" >>{reports}; echo \"$1: $line\"; done");
        site.script("template/log/run", "log", &copy);
    }
}

fn wait_for(site: &Site, start: &str) {
    until(start, || site.reports().iter().any(|line| line.starts_with(start)).then_some(()));
}

fn count(site: &Site, start: &str) -> usize {
    site.reports().iter().filter(|line| line.starts_with(start)).count()
}

/// The processes of these services.
fn pids(system: &System<'_>, names: &[&str]) -> Vec<i32> {
    names.iter().map(|name| system.pid(&live(name))).collect()
}

/// Two instances with loggers of their own; of the next set one stays, one goes and one comes; then the template changes.
fn come_change_and_go(site: &Site, options: &[&str], uid: u32) {
    template(site, "run", Some(()));
    let made = |source: &str, names: &[&str]| {
        let names = names.iter().flat_map(|name| ["--instance", name]);
        let words: Vec<&str> = ["-r", "web", "--static"].into_iter().chain(names).chain(options.iter().copied()).collect();
        define(site, source, &words);
    };
    made("first", &["a", "b"]);
    let system = System::boot(site, AS_IT_IS, "first");
    system.change("-u", "web");
    for name in ["a", "b"] {
        wait_for(site, &format!("run {uid} 1: <{name}>"));
        wait_for(site, &format!("conf-run {name}"));
        wait_for(site, &format!("log {uid} 1: <{name}/log>"));
        wait_for(site, &format!("{name}/log got line of {name}"));
    }
    let staying = ["web@a", "web@a-log"];
    let before = pids(&system, &staying);

    made("second", &["a", "c"]);
    system.update("second");
    assert!(!site.path(live("web@b")).exists() && !site.path(live("web@b-log")).exists());
    assert!(site.reports().iter().any(|line| line.starts_with("finish-run ") && line.contains(" <b> ")));
    system.change("-u", "web");
    wait_for(site, &format!("run {uid} 1: <c>"));
    assert_eq!(pids(&system, &staying), before);
    system.update("second");
    assert_eq!(pids(&system, &staying), before);

    // Data is new at once, run at the next start; the new finish runs for the old process.
    template(site, "new", Some(()));
    made("changed", &["a", "c"]);
    system.update("changed");
    assert_eq!(pids(&system, &staying), before);
    assert_eq!(std::fs::read_to_string(site.path(live("web@a")).join("data/table")).unwrap(), "new\n");
    assert_eq!(count(site, "new "), 0);
    let all = pids(&system, &["web@c", "web@a-log"]);
    system.scan.restart(&live("web@a"));
    wait_for(site, &format!("new {uid} 1: <a>"));
    wait_for(site, "conf-new a");
    assert_eq!(count(site, "finish-run "), 1, "{:?}", site.reports());
    assert!(site.reports().iter().any(|line| line.starts_with("finish-new ") && line.contains(" <a> ")));
    assert_eq!(pids(&system, &["web@c", "web@a-log"]), all);

    // One restarts by the conversion file, and one stops alone.
    system.update_with("changed", "web@c restart\n");
    wait_for(site, &format!("new {uid} 1: <c>"));
    let a = pids(&system, &staying);
    system.change("-d", "web@c");
    assert_eq!(pids(&system, &staying), a);
    made("none", &[]);
    system.update("none");
    assert!(!site.path(live("web@a")).exists());
}

#[test]
fn static_instances_come_and_go() {
    on("static_instances_come_and_go", |site| come_change_and_go(site, &["--count", "0"], 0));
}

#[test]
fn static_instances_of_a_user_come_and_go() {
    on("static_instances_of_a_user_come_and_go", |site| come_change_and_go(site, &["--count=0", "-u", "www-data"], 33));
}

/// The common logger gets the lines of all instances, the service excludes it, and from none to one and back it comes and goes.
#[test]
fn a_common_logger_reads_from_all() {
    on("a_common_logger_reads_from_all", |site| {
        template(site, "run", None);
        let logs = site.inside("logs");
        let made = |source: &str, count: &str| {
            define(site, source, &["-r", "web/log/all", "-L", &logs, "--static", "--count", count]);
        };
        made("none", "0");
        let system = System::boot(site, AS_IT_IS, "none");
        system.change("-u", "all");
        made("two", "2");
        system.update("two");
        system.change("-u", "all");
        let logged = || std::fs::read_to_string(site.path("logs/current")).unwrap_or_default();
        for line in ["line of 1", "line of 2"] {
            until(line, || logged().lines().any(|logged| logged.ends_with(line)).then_some(()));
        }
        let before = pids(&system, &["web@1", "log"]);
        made("three", "3");
        system.update("three");
        system.change("-u", "all");
        until("line of 3", || logged().lines().any(|logged| logged.ends_with("line of 3")).then_some(()));
        assert_eq!(pids(&system, &["web@1", "log"]), before);
        // The bundle of the service stops all instances, and not what reads from them.
        system.change("-d", "web");
        assert_eq!(system.pid(&live("log")), before[1]);
        system.update("none");
        assert!(!site.path(live("log")).exists());
        made("again", "1");
        system.update("again");
        system.change("-u", "web");
        wait_for(site, "run 0 1: <1>");
    });
}
