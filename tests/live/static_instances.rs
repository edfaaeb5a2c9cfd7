//! Instances that are longruns of s6-rc, run without it: each from a directory that holds what s6-rc-compile would put there.

use super::definition::compile;
use super::{READY, Site, TALK};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::scan::{Scan, until};

on_each_s6!(static_instances, static_instances_with_user, static_instances_with_loggers, static_instances_with_logger);

/// A template whose scripts also read what is beside them, in `data` and in `env`.
fn template(site: &Site) {
    let beside =
        r#"read -r conf <conf/main; read -r row <data/table; read -r level <env/LEVEL; printf '%s\n' "$conf $row $level""#;
    let reported = format!("{{ {beside}; }} >>{}", site.inside("reports"));
    site.script("template/run", "run", &[&reported, TALK, READY].join("\n"));
    site.script("template/finish", "finish", "");
    for (path, text) in [("notification-fd", "3\n"), ("conf/main", "conf\n"), ("data/table", "row\n"), ("env/LEVEL", "level\n")]
    {
        disk::file(site.path("template").join(path), 0o644, text);
    }
    disk::file(site.path("template/timeout-kill"), 0o644, "5000\n");
}

/// The same with a logger for each instance.
fn logged_template(site: &Site) {
    template(site);
    let copy = format!("while read -r line; do printf '%s\\n' \"$1 got $line\" >>{}; done", site.inside("reports"));
    site.script("template/log/run", "log", &format!("read -r mark <mark; echo $mark >>{}; {copy}", site.inside("reports")));
    site.script("template/log/finish", "log finish", "");
    disk::file(site.path("template/log/mark"), 0o644, "mark\n");
}

/// Waits until a report begins so.
fn wait_for(site: &Site, start: &str) {
    until(start, || site.reports().iter().any(|line| line.starts_with(start)).then_some(()));
}

/// The scripts of an instance get its name, run in the service directory, and find there what is in the template.
fn lives(site: &Site, scan: &Scan<'_>, uid: u32, name: &str) {
    let service = format!("scan/web@{name}");
    scan.wait_until_ready(&service);
    scan.wait_for_report(&format!("run {uid} 1: <{name}>"), &service);
    let before = site.reports().len();
    scan.restart(&service);
    let reports = site.reports();
    let finish = |arguments: usize| format!("finish {uid} {arguments}: <256> <15> <{name}> ");
    let finished = reports.iter().filter(|line| line.starts_with(&finish(3)) || line.starts_with(&finish(4)));
    let finished: Vec<_> = finished.collect();
    assert_eq!(finished.len(), 1, "{reports:?}");
    assert!(finished[0].ends_with(&format!(" in {}", site.inside(&service))), "{finished:?}");
    // The process group is not the name again, nor any other argument.
    assert_eq!(finished[0].matches(&format!("<{name}>")).count(), 1, "{finished:?}");
    assert!(site.reports()[before..].contains(&"conf row level".to_owned()), "{reports:?}");
    assert!(site.path(&service).join("conf").is_symlink());
}

fn both(site: &Site, options: &[&str], uid: u32) {
    template(site);
    site.make_for_this_s6(
        &[options, &["-r", "web", "--static", "--count", "1", "--instance", "it's", "template", "definitions"]].concat(),
    );
    compile(site, |name, _| panic!("{name} is in no pipeline"));
    let scan = site.start(&[]);
    for name in ["1", "it's"] {
        lives(site, &scan, uid, name);
        let run = scan.process(&format!("scan/web@{name}"));
        assert_eq!(run.credentials()[0], [uid.to_string().as_str(); 4], "{run:?}");
    }
}

fn static_instances(site: &Site) {
    both(site, &[], 0);
}

fn static_instances_with_user(site: &Site) {
    both(site, &["-u", "www-data"], 33);
    // Nothing that root copies is theirs.
    for (path, entry) in disk::read_tree(&site.path("definitions")) {
        assert!(
            entry.owner == (0, 0) && (entry.kind == "link" || entry.mode & 0o022 == 0),
            "{}",
            String::from_utf8_lossy(&path)
        );
    }
}

/// The script that starts one of a pipeline, with FIFOs in the place of s6-rc's pipes: the reader has its FIFO open for writing too, so
/// that it never ends.
fn piped(site: &Site, read: Option<&str>, write: Option<&str>, script: &str) -> String {
    let redirect = |options: &str, fifo: &str| format!("/usr/lib/execline/bin/redirfd {options} {}\n", site.inside(fifo));
    let lines = match script {
        "run" => [read.map(|fifo| redirect("-u 0", fifo)), write.map(|fifo| redirect("-w 1", fifo))],
        _ => [None, None],
    };
    let lines: String = lines.into_iter().flatten().collect();
    format!("#!/usr/bin/execlineb -S0\n{lines}./{script}.user $@\n")
}

/// Each instance has a logger that knows whose it is, gets its standard output and nothing else, and is restarted apart.
fn static_instances_with_loggers(site: &Site) {
    logged_template(site);
    site.make_for_this_s6(&[
        "-r",
        "web",
        "--static",
        "--instance",
        "a",
        "--instance",
        "b",
        "-u",
        "www-data",
        "template",
        "definitions",
    ]);
    for name in ["a", "b"] {
        disk::fifo(site.path(format!("fifo-web@{name}")), 0o600);
    }
    compile(site, |name, script| {
        let fifo = format!("fifo-{}", name.trim_end_matches("-log"));
        let (read, write) = if name.ends_with("-log") { (Some(fifo.as_str()), None) } else { (None, Some(fifo.as_str())) };
        piped(site, read, write, script)
    });
    let scan = site.start(&[]);
    for name in ["a", "b"] {
        lives(site, &scan, 33, name);
        let log = format!("scan/web@{name}-log");
        scan.wait_for_report(&format!("log 33 1: <{name}/log>"), &log);
        wait_for(site, &format!("{name}/log got out of {name}"));
        let mistaken = |line: &String| line.starts_with(&format!("{name}/log got ")) && !line.ends_with(&format!(" of {name}"));
        assert!(!site.reports().iter().any(mistaken), "{:?}", site.reports());
        let (service, logger) = (format!("scan/web@{name}"), scan.process(&log).pid);
        scan.restart(&service);
        assert_eq!(scan.process(&log).pid, logger);
        let before = scan.process(&service).pid;
        scan.exec("s6-svc", ["-r", &site.inside(&log)]).expect_code(0);
        let finished = format!(" <{name}/log> ");
        let is_there = |line: &String| line.starts_with("log finish 33 ") && line.contains(&finished);
        until("the logger's finish script", || site.reports().iter().any(is_there).then_some(()));
        assert_eq!(scan.process(&service).pid, before);
    }
    assert!(site.reports().contains(&"mark".to_owned()));
}

/// The common logger gets both outputs of all instances.
fn static_instances_with_logger(site: &Site) {
    template(site);
    let logs = site.inside("logs");
    site.make_for_this_s6(&["-r", "web/logger/all", "-L", &logs, "--static", "--count", "2", "template", "definitions"]);
    disk::fifo(site.path("fifo"), 0o600);
    compile(site, |name, script| {
        let (read, write) = if name == "logger" { (Some("fifo"), None) } else { (None, Some("fifo")) };
        piped(site, read, write, script)
    });
    let scan = site.start(&[]);
    scan.wait_until_ready("scan/logger");
    for name in ["1", "2"] {
        lives(site, &scan, 0, name);
    }
    let logged = || std::fs::read_to_string(site.path("logs/current")).unwrap_or_default();
    for line in ["out of 1", "err of 1", "out of 2", "err of 2"] {
        until(line, || logged().lines().any(|logged| logged.ends_with(line)).then_some(()));
    }
}
