//! Every named case, a request for a template, is a snapshot of its plan. No disk.

use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_workspace::cases::{CASES, PLAIN};
use s6_instance_maker_workspace::manifest::{facts, facts_of, planned, template};

#[test]
fn cases() {
    for (name, options, manifest) in CASES {
        check(name, options, &template(manifest), facts());
    }
}

#[test]
fn umasks() {
    for umask in ["0000", "0002", "0027", "0077", "0111", "0222", "0400", "0777"] {
        let facts =
            s6_instance_maker_core::facts::Facts { umask: Mode::new(u32::from_str_radix(umask, 8).unwrap()), ..facts() };
        check(&format!("umask-{umask}"), &["-L", "/l"], &template(PLAIN), facts.clone());
        check(&format!("umask-{umask}-s6-rc"), &["-r", "svc"], &template(PLAIN), facts);
    }
}

#[test]
fn not_root() {
    let somebody = facts_of(Ids { uid: 33, gid: 4 });
    let manifest = "
        0755 file run
        6755 file others (0:0)
        6755 file own (33:4)
        6755 file own-user (33:0)
        2755 file own-group (0:4)
        2775 dir others-dir (0:0)
        0777 link link -> run (0:0)";
    check("not-root", &[], &template(manifest), somebody.clone());
    check("not-root-user", &["-u", "33:33"], &template(PLAIN), somebody.clone());
    check(
        "not-root-user-unknown",
        &["-u", "nobody-here"],
        &template("0775 dir . (33:4)\n0755 file run (33:4)"),
        somebody.clone(),
    );
    check("not-root-user-writes-by-others", &["-u", "33:33"], &template("0777 dir . (33:4)\n0755 file run (33:4)"), somebody);
}

/// Compares with the snapshot of that name; the command line is in its header.
fn check(
    name: &str,
    options: &[&str],
    template: &s6_instance_maker_core::template::Template,
    facts: s6_instance_maker_core::facts::Facts,
) {
    let text = planned(options.iter().copied().chain(["template", "dir"]), &facts, template);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/plan");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(format!("s6-instance-maker {} template dir", options.join(" ")));
    settings.bind(|| insta::assert_snapshot!(name, text));
}
