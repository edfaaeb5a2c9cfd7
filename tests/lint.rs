//! What is told about templates: each rule by templates that break it, and templates that break none. No disk.

use self::sound::SOUND;
use self::unsound::{UNSOUND, Unsound};
use s6_instance_maker_core::lint::{Level, Rule, lint};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::template::{FileFacts, HEAD_MAX, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};
use s6_instance_maker_workspace::program;
use std::fmt::Write as _;

mod control;
mod scripts;
mod sound;
mod unsound;

/// What is found, as `level id path`.
fn found(options: &[&str], template: &Template) -> Vec<String> {
    let request = request(options.iter().copied().chain(["template", "dir"])).unwrap_or_else(|error| panic!("{error:?}"));
    let level = |level| match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let path = |path: &TreePath| if path.is_root() { ".".to_owned() } else { path.to_string() };
    let found = lint(&request, &facts(), template);
    found.iter().map(|finding| format!("{} {} {}", level(finding.level), finding.rule.id(), path(&finding.path))).collect()
}

/// The lines that are about the template, of a plan or of a refusal.
fn messages(options: &[&str], template: &Template) -> String {
    let text = planned(options.iter().copied().chain(["template", "dir"]), &facts(), template);
    let is_message = |line: &&str| ["fatal: ", "warning: ", "hint: "].iter().any(|word| line.starts_with(word));
    text.lines().filter(is_message).fold(String::new(), |text, line| text + line + "\n")
}

/// The fixtures of a rule.
fn fixtures(rule: Rule) -> Vec<&'static Unsound> {
    UNSOUND.iter().filter(|(id, ..)| *id == rule.id()).collect()
}

/// Each rule is broken, and says what is in its snapshot.
#[test]
fn rules() {
    let mut ids: Vec<&str> = UNSOUND.iter().map(|(id, ..)| *id).collect();
    ids.dedup();
    assert_eq!(ids, Rule::ALL.map(Rule::id));
    for rule in Rule::ALL {
        let mut text = String::new();
        for (_, options, manifest, _) in fixtures(rule) {
            let options_text = options.iter().map(|option| format!("{option} ")).collect::<String>();
            writeln!(text, "$ s6-instance-maker {options_text}template dir").unwrap();
            for line in manifest.lines() {
                writeln!(text, "     | {}", line.trim()).unwrap();
            }
            writeln!(text, "{}", messages(options, &template(manifest))).unwrap();
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../snapshots/lint");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(format!("{}: {}", rule.id(), rule.hint()));
        settings.bind(|| insta::assert_snapshot!(rule.id(), text));
    }
}

/// What breaks a rule is told, as bad as it is at its place, and nothing else; all of it is told at once.
#[test]
fn findings() {
    for (id, options, manifest, expected) in UNSOUND {
        let template = template(manifest);
        let findings = found(options, &template);
        assert_eq!(findings.join("; "), *expected, "{options:?}\n{manifest}");
        assert!(findings.iter().all(|finding| finding.split(' ').nth(1) == Some(id)), "{id}: {findings:?}");
        // Errors alone where there are any: nothing is made, and nothing could be warned of.
        let of = |level: &str| findings.iter().filter(|finding| finding.starts_with(level)).count();
        let told = messages(options, &template);
        let said = |word: &str| told.lines().filter(|line| line.starts_with(&format!("{word}: {id}: "))).count();
        let warned = if of("error") == 0 { of("warning") } else { 0 };
        assert_eq!((said("fatal"), said("warning")), (of("error"), warned), "{manifest}\n{told}");
        assert_eq!(told.matches(&format!("hint: {}\n", rule_of(id).hint())).count(), usize::max(of("error"), warned), "{told}");
    }
}

fn rule_of(id: &str) -> Rule {
    Rule::parse(id.as_bytes()).unwrap()
}

/// What is allowed is not told; with --strict, every warning is an error.
#[test]
fn allowed_and_strict() {
    for (id, options, manifest, expected) in UNSOUND {
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

/// What breaks several rules is told of all of them, errors before nothing else; those that are allowed are left out.
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
    let fatal = |options: &[&str]| messages(options, &template).matches("fatal: ").count();
    assert_eq!((fatal(&[]), fatal(&["--strict"])), (4, 8));
    assert_eq!(fatal(&["--allow", "run-not-executable", "--allow", "control-file-invalid"]), 2);
    let refused = plan(&request(["template", "dir"]).unwrap(), &facts(), &template).unwrap_err();
    let all_errors: Vec<&str> = all.split("; ").filter(|finding| finding.starts_with("error ")).collect();
    let said = refused.to_string();
    assert!(
        said.starts_with("run-not-executable: `run` in") && said.contains("in vain; no-interpreter-line: `run` in"),
        "{said}"
    );
    assert_eq!(said.matches("; ").count(), all_errors.len() - 1);
    let errors = ["run-not-executable", "no-interpreter-line", "log-run-missing", "control-file-invalid"];
    let options: Vec<&str> = errors.iter().flat_map(|id| ["--allow", id]).collect();
    assert_eq!(messages(&options, &template).matches("warning: ").count(), 4);
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

/// docs/lint.md has every rule once, in their order, with its level, as the templates above show it, and its hint.
#[test]
fn the_document_has_every_rule() {
    let document = std::fs::read_to_string(program::workspace().join("docs/lint.md")).unwrap();
    let (_, table) = document.split_once("\n| rule | level | ").unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(2).map(|line| line.split('|').map(str::trim).collect()).collect();
    assert_eq!(rows.len(), Rule::ALL.len());
    for (rule, row) in Rule::ALL.into_iter().zip(rows) {
        let [_, id, level, finds, wrong, hint, _] = row.as_slice() else { panic!("{row:?}") };
        let of = |level: &str| fixtures(rule).iter().any(|(.., expected)| expected.contains(&format!("{level} {}", rule.id())));
        let expected = match (of("error"), of("warning")) {
            (true, true) => "depends on the place",
            (true, false) => "error",
            _ => "warning",
        };
        assert_eq!((*id, *level, *hint), (format!("`{}`", rule.id()).as_str(), expected, rule.hint()));
        assert!(!finds.is_empty() && !wrong.is_empty(), "{row:?}");
        assert_eq!(rule.level() == Level::Error, of("error") && rule != Rule::ControlFileInvalid, "{id}");
    }
}

/// Every id is its rule's, and nothing else is.
#[test]
fn ids() {
    for rule in Rule::ALL {
        assert_eq!(Rule::parse(rule.id().as_bytes()), Some(rule));
        assert!(rule.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
    }
    assert_eq!((Rule::parse(b""), Rule::parse(b"RUN-MISSING"), Rule::parse(b"run-missing ")), (None, None, None));
}
