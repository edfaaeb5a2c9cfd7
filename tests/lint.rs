//! Findings about templates: each rule with templates that break it, and templates that break none. No disk.

use self::requests::REQUESTS;
use self::sound::SOUND;
use self::unsound::{Unsound, unsound};
use s6_instance_maker_core::lint::lint;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::rules::{Finding, Level, Rule, Settings, Severity};
use s6_instance_maker_core::template::{FileFacts, HEAD_MAX, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};
use std::collections::BTreeSet;
use std::fmt::Write as _;

mod control;
mod hints;
mod interpreter_lines;
mod requests;
mod rules;
mod scripts;
mod sound;
mod unsound;

/// Returns the findings that are not accepted, as `level id path`.
fn found(options: &[&str], template: &Template) -> Vec<String> {
    let request = request(options.iter().copied().chain(["template", "dir"])).unwrap_or_else(|error| panic!("{error:?}"));
    let settings = Settings { severity: Severity::Usual, ..request.rules.clone() };
    let line = |finding: &Finding| {
        let level = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        format!("{level} {} {}", finding.rule().id(), finding.problem.path().unwrap())
    };
    match settings.judge(lint(&request, &facts(), template)) {
        Ok(warnings) => warnings.iter().map(line).collect(),
        Err(findings) => findings.iter().map(line).collect(),
    }
}

/// The lines that are about the template, of a plan or of a refusal.
fn messages(options: &[&str], template: &Template) -> String {
    let text = planned(options.iter().copied().chain(["template", "dir"]), &facts(), template);
    let is_message = |line: &&str| ["fatal: ", "warning: ", "hint: "].iter().any(|word| line.starts_with(word));
    text.lines().filter(is_message).fold(String::new(), |text, line| text + line + "\n")
}

/// The fixtures of a rule.
fn fixtures(rule: Rule) -> Vec<&'static Unsound> {
    unsound().filter(|(id, ..)| *id == rule.id()).collect()
}

/// Each rule about templates is broken, and says what is in its snapshot.
#[test]
fn rules() {
    let mut ids: Vec<&str> = unsound().map(|(id, ..)| *id).collect();
    ids.dedup();
    let elsewhere = rules::found_elsewhere().iter().map(|problem| problem.rule().id()).collect::<Vec<_>>();
    let others: Vec<&str> = REQUESTS.iter().map(|case| case.id).chain(elsewhere).collect();
    let all: Vec<&str> = Rule::ALL.into_iter().map(Rule::id).filter(|id| !others.contains(id)).collect();
    assert_eq!(ids, all);
    for rule in Rule::ALL.into_iter().filter(|rule| !fixtures(*rule).is_empty()) {
        let mut text = String::new();
        for (_, options, manifest, _) in fixtures(rule) {
            let options_text = options.iter().map(|option| format!("{option} ")).collect::<String>();
            writeln!(text, "$ s6-instance-maker {options_text}template dir").unwrap();
            for line in manifest.lines() {
                writeln!(text, "     | {}", line.trim()).unwrap();
            }
            writeln!(text, "{}", messages(options, &template(manifest))).unwrap();
        }
        snapshot(rule, &text);
    }
}

/// Compares what is said of a rule with the snapshot of its name.
fn snapshot(rule: Rule, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/lint");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(rule.id(), text));
}

/// Each template that breaks a rule is reported with the rule's level there, and nothing else; all findings are reported at once,
/// and equal hints once, after the last finding.
#[test]
fn findings() {
    for (id, options, manifest, expected) in unsound() {
        let template = template(manifest);
        let findings = found(options, &template);
        // Warnings and errors as they come; of each, errors are said first.
        assert_eq!(findings.join("; "), *expected, "{options:?}\n{manifest}");
        assert!(findings.iter().all(|finding| finding.split(' ').nth(1) == Some(id)), "{id}: {findings:?}");
        let unique: BTreeSet<&String> = findings.iter().collect();
        assert_eq!(unique.len(), findings.len(), "{findings:?}");
        let of = |level: &str| findings.iter().filter(|finding| finding.starts_with(level)).count();
        let messages = messages(options, &template);
        let lines = |word: &str| messages.lines().filter(|line| line.starts_with(&format!("{word}: {id}: "))).count();
        assert_eq!((lines("fatal"), lines("warning")), (of("error"), of("warning")), "{manifest}\n{messages}");
        let first_warning = messages.find("warning: ").unwrap_or(messages.len());
        assert!(!messages[first_warning..].contains("fatal: "), "{messages}");
        assert!(messages.contains("hint: "), "{messages}");
    }
}

/// Accepted findings are not reported; with --strict, every warning is an error.
#[test]
fn allowed_and_strict() {
    for (id, options, manifest, expected) in unsound() {
        let template = template(manifest);
        let with = |more: &[&'static str]| [options, more].concat();
        for allowed in [vec!["--allow", id], vec!["--strict", "--allow", id]] {
            assert_eq!(found(&with(&allowed), &template), [""; 0], "{manifest}");
            assert!(!messages(&with(&allowed), &template).contains(&format!(": {id}: ")), "{manifest}");
        }
        let other = if *id == "run-missing" { "starts-down" } else { "run-missing" };
        assert_eq!(found(&with(&["--allow", other]), &template).join("; "), *expected, "{manifest}");
        let told = messages(&with(&["--strict"]), &template);
        assert_eq!(told.matches(&format!("fatal: {id}: ")).count(), expected.split("; ").count(), "{manifest}\n{told}");
        assert!(!told.contains("warning: "), "{manifest}\n{told}");
    }
}

/// A template that breaks several rules is reported for each, errors first; accepted findings are left out.
#[test]
fn several_at_once() {
    let manifest = r"
        0644 file run == exec my-daemon\n
        0644 file finish == #!/bin/sh\r\n
        0755 dir log
        0777 link data -> ../data
        0644 file down
        0644 file notification-fd == 0\n";
    let template = template(manifest);
    let all = "error run-not-executable run; error no-interpreter-line run; warning finish-not-executable finish; \
               warning interpreter-crlf finish; error log-run-missing log/run; warning link-leaves-template data; \
               error control-file-invalid notification-fd; warning starts-down down";
    assert_eq!(found(&[], &template).join("; "), all);
    let count = |options: &[&str]| {
        let said = messages(options, &template);
        (said.matches("fatal: ").count(), said.matches("warning: ").count())
    };
    assert_eq!((count(&[]), count(&["--strict"])), ((4, 4), (8, 0)));
    assert_eq!(count(&["--allow", "run-not-executable", "--allow", "control-file-invalid"]), (2, 4));
    let refused = plan(&request(["template", "dir"]).unwrap(), &facts(), &template).unwrap_err();
    let said = refused.to_string();
    assert!(said.starts_with("run-not-executable: `run` in") && said.contains("; no-interpreter-line: `run` in"), "{said}");
    let errors = ["run-not-executable", "no-interpreter-line", "log-run-missing", "control-file-invalid"];
    assert!(errors.iter().all(|id| said.contains(&format!("{id}: "))) && !said.contains("finish"), "{said}");
    let options: Vec<&str> = errors.iter().flat_map(|id| ["--allow", id]).collect();
    assert_eq!(count(&options), (0, 4));
}

/// Nothing is told about what is sound, however strictly it is looked at.
#[test]
fn sound_templates() {
    for (what, options, manifest) in SOUND {
        for options in [options.to_vec(), [options, ["--strict"].as_slice()].concat()] {
            let template = template(manifest);
            let findings = found(&options, &template);
            // What a supervisor left is told of; it is there for what a user cannot read.
            let others: Vec<_> = findings.iter().filter(|finding| *finding != "warning state-left-behind supervise").collect();
            assert!(others.is_empty(), "{what}: {findings:?}\n{manifest}");
        }
    }
    assert!(SOUND.len() >= 40);
}

/// A template with one more file, of which as many first bytes are seen as are looked at.
fn with_file(manifest: &str, name: &str, text: &[u8]) -> Template {
    let mut template = template(manifest);
    let meta = Meta { mode: Mode::new(0o755), owner: Some(Ids { uid: 0, gid: 0 }) };
    let head = Some(text.iter().copied().take(HEAD_MAX).collect());
    let file = Kind::File(FileFacts { size: text.len() as u64, head });
    template.insert(TreePath::parse(name).unwrap(), Node::new(meta, file)).unwrap();
    template
}
