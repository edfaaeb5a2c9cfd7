//! Findings about a command line, an account or the rights of the result, one case for each rule; and settings, which apply to all.

use super::snapshot;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_workspace::manifest::{facts, facts_of, planned, template};
use std::fmt::Write as _;

/// A request that breaks a rule that is not about the template alone.
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
    Case { id: "empty-user", options: &["-u", ""], manifest: RUN, facts },
    Case { id: "capacity-needs-s6-2.12", options: &["-c", "20"], manifest: RUN, facts },
    Case {
        id: "essential-dependencies",
        options: &["-r", "svc", "--essential", "--depends-on", "net", "--depends-on", "disk"],
        manifest: RUN,
        facts,
    },
];

/// The logger's account is judged as that of the instances is; one that both have is reported once.
#[test]
fn unknown_accounts_of_loggers() {
    let warned = |options: &[&str]| {
        let words = options.iter().copied().chain(["-L", "/l", "template", "dir"]);
        planned(words, &facts(), &template(RUN)).matches("warning: unknown-account: ").count()
    };
    assert_eq!(warned(&["-l", "nobody-here"]), 1);
    assert_eq!(warned(&["-l", "nobody-here", "-u", "nobody-here"]), 1);
    assert_eq!(warned(&["-l", "nobody-here", "-u", "nor-here"]), 2);
    assert_eq!(warned(&["-l", "www-data", "-u", "www-data"]), 0);
    assert_eq!(warned(&["-l", "1:2"]), 0);
    assert_eq!(warned(&["-l", "nobody-here", "--allow", "unknown-account"]), 0);
}

const RUN: &str = "0755 file run";

fn under_umask_002() -> Facts {
    Facts { umask: Mode::new(0o002), ..facts() }
}

fn somebody() -> Facts {
    facts_of(Ids { uid: 1000, gid: 1000 })
}

/// The lines of what is said under these options.
fn messages(case: &Case, more: &[&str]) -> String {
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
        writeln!(text, "$ s6-instance-maker {} template dir\n{}", case.options.join(" "), messages(case, &[])).unwrap();
        assert!(text.contains(&format!("\nwarning: {}: ", case.id)), "{text}");
        snapshot(rule, &text);
    }
}

/// `--allow ID` accepts each of them, `--strict` makes each an error, and both together accept it.
#[test]
fn every_warning_is_accepted_or_fatal() {
    for case in REQUESTS {
        for options in [["--allow", case.id].as_slice(), &["--strict", "--allow", case.id]] {
            assert_eq!(messages(case, options), "", "{}", case.id);
        }
        assert!(messages(case, &["--strict"]).starts_with(&format!("fatal: {}: ", case.id)), "{}", case.id);
    }
}

/// Errors that no rule found are reported first, and the findings of rules with them.
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
            "too many instances are declared, 3",
            "starts-down",
        ),
    ] {
        let text = planned(options.iter().copied().chain(["template", "dir"]), &facts(), &template(manifest));
        assert!(text.starts_with(&format!("fatal: {error}")) && text.contains(&format!("\nwarning: {warning}: ")), "{text}");
        let text = planned(options.iter().copied().chain(["--strict", "template", "dir"]), &facts(), &template(manifest));
        assert!(text.contains(&format!("fatal: {warning}: ")) && !text.contains("warning: "), "{text}");
    }
}
