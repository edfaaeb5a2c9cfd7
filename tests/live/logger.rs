//! The logger for all instances.

use super::{Instances, STAY, Scan, Site, TALK, until};
use s6_instance_maker_workspace::disk::{self, OnDisk};
use std::fs;

on_each_s6!(log_user, log_user_and_user, prefixes, timestamps);

/// A template without readiness: whoever looks for its lines will wait for them.
fn talking_template(site: &Site) {
    site.script("template/run", "run", &[TALK, STAY].join("\n"));
}

/// Waits until the log at `path` has `count` lines; all of them.
fn lines(site: &Site, path: &str, count: usize) -> String {
    until(&format!("{count} lines in {path}"), || {
        let text = String::from_utf8(fs::read(site.path(path)).ok()?).unwrap();
        (text.lines().count() >= count).then_some(text)
    })
}

fn entry(site: &Site, path: &str) -> OnDisk {
    let mut tree = disk::read_tree(&site.path(path));
    tree.remove(b"".as_slice()).unwrap()
}

/// The logger made its directory, below a directory of root's, and works as nobody.
fn live(scan: &Scan<'_>) {
    let site = scan.site;
    let instances = Instances::of(scan, "scan/service");
    scan.wait_until_ready("scan/service/log");
    instances.create("one");
    assert_eq!(lines(site, "logs/deep/x/current", 2), "out of one\nerr of one\n", "standard error is logged too");

    let logger = scan.process("scan/service/log");
    let [users, groups, supplementary] = logger.credentials();
    assert_eq!([users, groups], [["65534"; 4], ["65534"; 4]], "{logger:?}");
    assert!(supplementary.iter().all(|&group| group == "65534"), "{logger:?}");
    assert!(logger.command().contains("s6-log -bd3 -- "), "{logger:?}");

    let made = entry(site, "logs/deep/x");
    assert_eq!((made.mode, made.owner), (0o2700, (65534, 65534)));
    assert_eq!(entry(site, "logs/deep/x/current").owner, (65534, 65534));
    for above in ["logs", "logs/deep"] {
        assert_eq!((entry(site, above).mode, entry(site, above).owner), (0o755, (0, 0)), "{above}");
    }

    // It starts again over the directory that is there now, and goes on in the same file.
    scan.restart("scan/service/log");
    instances.create("two");
    let all = "out of one\nerr of one\nout of two\nerr of two\n";
    assert_eq!(lines(site, "logs/deep/x/current", 4), all);
}

fn log_user(site: &Site) {
    talking_template(site);
    disk::directory(site.path("logs"), 0o755);
    let log_dir = site.inside("logs/deep/x");
    site.make_for_this_s6(&["-L", &log_dir, "-l", "nobody", "-t", "0", "template", "scan/service"]);
    live(&site.start(&[]));
}

/// The same by number, and with instances that run as somebody else.
fn log_user_and_user(site: &Site) {
    talking_template(site);
    disk::directory(site.path("logs"), 0o755);
    let log_dir = site.inside("logs/deep/x");
    let options = ["-u", "www-data", "-L", &log_dir, "-l", "65534:65534", "-t0", "template", "scan/service"];
    site.make_for_this_s6(&options);
    live(&site.start(&[]));
}

/// Whatever the prefix is, it stands before the lines, and it is nothing else: no directive, no command, no end of the script.
fn prefixes(site: &Site) {
    talking_template(site);
    let attack = format!("x \"!touch {}\"", site.inside("pwned"));
    let other = format!("x {}", site.inside("pwned"));
    let prefixes = [
        "plain",
        "a b",
        "\"",
        "\"ab\"",
        "a\"b",
        "it's",
        "a\\b",
        "a\\",
        "$x",
        "${x}",
        "{ }",
        "a { b",
        "a } b",
        "}",
        "#",
        "a #x",
        "\u{e9}t\u{e9} \u{2603}",
        "a\tb",
        "\\n \\0x41",
        "\u{7f}\u{1}",
        &attack,
        &other,
    ];
    for (number, prefix) in prefixes.iter().enumerate() {
        let log_dir = site.inside(format!("log{number}"));
        let dir = format!("scan/service{number}");
        site.make_for_this_s6(&["-L", &log_dir, "-t0", "-P", prefix, "template", &dir]);
    }
    let scan = site.start(&[]);
    for number in 0..prefixes.len() {
        Instances::of(&scan, &format!("scan/service{number}")).create("one");
    }
    for (number, prefix) in prefixes.iter().enumerate() {
        let text = lines(site, &format!("log{number}/current"), 2);
        assert_eq!(text, format!("{prefix} out of one\n{prefix} err of one\n"));
        // A command would run when the file is rotated.
        scan.exec("s6-svc", ["-a", &site.inside(format!("scan/service{number}/log"))]).expect_code(0);
        until(&format!("a rotation in log{number}"), || {
            fs::read_dir(site.path(format!("log{number}")))
                .unwrap()
                .flatten()
                .find(|entry| entry.file_name().as_encoded_bytes().starts_with(b"@"))
        });
    }
    assert!(!site.path("pwned").exists());
}

/// Timestamps come before the prefix.
fn timestamps(site: &Site) {
    talking_template(site);
    for stamps in ["0", "1", "2", "3"] {
        let (log_dir, dir) = (site.inside(format!("log{stamps}")), format!("scan/service{stamps}"));
        site.make_for_this_s6(&["-t", stamps, "-L", &log_dir, "-P", "p q", "template", &dir]);
    }
    let scan = site.start(&[]);
    for stamps in 0..4 {
        Instances::of(&scan, &format!("scan/service{stamps}")).create("one");
        let text = lines(site, &format!("log{stamps}/current"), 2);
        let line = text.lines().next().unwrap();
        let stamp = line.strip_suffix("p q out of one").unwrap_or_else(|| panic!("{line}"));
        // @4000000068b..., and 2025-08-31 12:00:00.123456789 with two blanks after it.
        let tai = if stamps & 1 == 0 { 0 } else { 26 };
        let iso = if stamps & 2 == 0 { 0 } else { 31 };
        assert_eq!(stamp.len(), tai + iso, "{line}");
        assert_eq!(stamp.starts_with('@'), stamps & 1 != 0, "{line}");
        assert_eq!(stamp.contains(':'), stamps & 2 != 0, "{line}");
    }
}
