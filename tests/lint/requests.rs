//! What is found about a command line, an account or what is made of rights, each rule by a case; and settings, which rule them all.

use super::snapshot;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_workspace::manifest::{facts, facts_of, planned, template};
use std::fmt::Write as _;

/// What breaks a rule that is about more than a template.
pub(super) struct Case {
    pub id: &'static str,
    options: &'static [&'static str],
    manifest: &'static str,
    facts: fn() -> Facts,
}

/// One for each rule that looks at more than a template, and is found where a plan is computed.
pub(super) const REQUESTS: &[Case] = &[
    Case { id: "idle-logger-options", options: &["-t", "0", "-l", "nobody", "-t1"], manifest: RUN, facts },
    Case { id: "log-file-size", options: &["-L", "/l", "-s", "100"], manifest: RUN, facts },
    Case { id: "newer-s6", options: &["--s6-version", "3.0"], manifest: RUN, facts },
    Case { id: "writable-scripts", options: &[], manifest: RUN, facts: under_umask_002 },
    Case { id: "unknown-account", options: &["-u", "nobody-here"], manifest: RUN, facts },
    Case { id: "user-writable", options: &["-u", "www-data"], manifest: "0755 file run\n0755 dir data (33:33)", facts },
    Case { id: "link-to-wrapped", options: &["-u", "www-data"], manifest: "0755 file run\n0777 link start -> run", facts },
    Case { id: "set-id-dropped", options: &[], manifest: "0755 file run\n4755 file tool (33:4)", facts: somebody },
];

const RUN: &str = "0755 file run";

fn under_umask_002() -> Facts {
    Facts { umask: Mode::new(0o002), ..facts() }
}

fn somebody() -> Facts {
    facts_of(Ids { uid: 1000, gid: 1000 })
}

/// The lines of what is said under these options.
fn said(case: &Case, more: &[&str]) -> String {
    let words = case.options.iter().chain(more).copied().chain(["template", "dir"]);
    let text = planned(words, &(case.facts)(), &template(case.manifest));
    let is_message = |line: &&str| ["fatal: ", "warning: ", "hint: "].iter().any(|word| line.starts_with(word));
    text.lines().filter(is_message).fold(String::new(), |text, line| text + line + "\n")
}

/// Each such rule warns, and says what is in its snapshot.
#[test]
fn warnings_about_requests() {
    for case in REQUESTS {
        let rule = Rule::parse(case.id.as_bytes()).unwrap();
        let mut text = String::new();
        writeln!(text, "$ s6-instance-maker {} template dir\n{}", case.options.join(" "), said(case, &[])).unwrap();
        assert!(text.contains(&format!("\nwarning: {}: ", case.id)), "{text}");
        snapshot(rule, &text);
    }
}

/// `--allow ID` accepts each of them, `--strict` makes each an error, and both together accept it.
#[test]
fn every_warning_is_accepted_or_fatal() {
    for case in REQUESTS {
        for options in [["--allow", case.id].as_slice(), &["--strict", "--allow", case.id]] {
            assert_eq!(said(case, options), "", "{}", case.id);
        }
        assert!(said(case, &["--strict"]).starts_with(&format!("fatal: {}: ", case.id)), "{}", case.id);
    }
}

/// What is wrong besides the rules is said first, and what rules found is said all the same.
#[test]
fn warnings_are_said_beside_errors() {
    for (options, manifest, error, warning) in [
        (
            &["-c", "90000", "-t1"] as &[&str],
            "0755 file run\n0755 dir log\n0755 file log/run",
            "-c 90000: ",
            "idle-logger-options",
        ),
        (&["-u", "www-data", "-t1"], "0755 file run\n0755 file run.user", "-u: `run.user` in ", "idle-logger-options"),
        (
            &["--instance", "a", "--instance", "b", "--instance", "c", "-c2"],
            "0755 file run\n0644 file down",
            "3 instances",
            "starts-down",
        ),
    ] {
        let text = planned(options.iter().copied().chain(["template", "dir"]), &facts(), &template(manifest));
        assert!(text.starts_with(&format!("fatal: {error}")) && text.contains(&format!("\nwarning: {warning}: ")), "{text}");
        let text = planned(options.iter().copied().chain(["--strict", "template", "dir"]), &facts(), &template(manifest));
        assert!(text.contains(&format!("fatal: {warning}: ")) && !text.contains("warning: "), "{text}");
    }
}
