//! The list of rules: ids, levels, texts; documents; how much is said.

use super::fixtures;
use super::requests::REQUESTS;
use s6_instance_maker_core::instances::InstanceName;
use s6_instance_maker_core::message::MessageKind;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::rules::{
    Finding, FindingParts, Level, Levels, LinkDestination, PlaceChange, Problem, Rule, Settings, Severity, Tally, list, nearest,
};
use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_workspace::program;
use std::collections::BTreeSet;

fn read(path: &str) -> String {
    std::fs::read_to_string(program::workspace().join(path)).unwrap()
}

/// The rows of the table in a document that begins with this line.
fn rows(document: &str, head: &str) -> Vec<String> {
    let (_, table) = document.split_once(&format!("\n{head}\n")).unwrap_or_else(|| panic!("there is no table {head}"));
    table.lines().skip(1).take_while(|line| line.starts_with('|')).map(Into::into).collect()
}

/// docs/lint.md has every rule once, in their order, in the words of the program.
#[test]
fn the_document_has_every_rule() {
    let rows = rows(&read("docs/lint.md"), "| rule | level | what it finds | what goes wrong | what to do |");
    let row = |rule: Rule| {
        let finds = [rule.finds(), rule.more()].join(" ");
        let (level, wrong, advice) = (rule.levels().word(), rule.wrong(), rule.advice());
        format!("| `{}` | {level} | {} | {wrong} | {advice} |", rule.id(), finds.trim_end())
    };
    assert_eq!(rows.len(), Rule::ALL.len());
    for (rule, found) in Rule::ALL.into_iter().zip(rows) {
        assert_eq!(found, row(rule));
    }
}

/// The levels that are declared are those of the fixtures.
#[test]
fn levels_are_those_of_fixtures() {
    for rule in Rule::ALL.into_iter().filter(|rule| !fixtures(*rule).is_empty()) {
        let of = |level: &str| fixtures(rule).iter().any(|(.., expected)| expected.contains(&format!("{level} {}", rule.id())));
        let expected = match (of("error"), of("warning")) {
            (true, true) => Levels::Either,
            (true, false) => Levels::Error,
            _ => Levels::Warning,
        };
        assert_eq!(rule.levels(), expected, "{}", rule.id());
    }
    assert!(REQUESTS.iter().all(|case| Rule::parse(case.id.as_bytes()).unwrap().levels() == Levels::Warning));
    assert_eq!(
        [Levels::Warning, Levels::Error, Levels::Either].map(Levels::worst),
        [Level::Warning, Level::Error, Level::Error]
    );
}

/// docs/plan-format.md has a subject for each warning that can be in a plan, and no other.
#[test]
fn the_plan_format_has_every_warning() {
    let rows = rows(&read("docs/plan-format.md"), "| warning | subject | detail |");
    let ids: Vec<String> = rows.iter().map(|row| row.split('`').nth(1).unwrap().to_owned()).collect();
    // Errors can be in no plan, nor what is found when one is carried out.
    let is_in_plans = |rule: &Rule| rule.levels() != Levels::Error && !AFTERWARDS.contains(rule);
    let expected: Vec<&str> = Rule::ALL.into_iter().filter(is_in_plans).map(Rule::id).collect();
    assert_eq!(ids, expected);
}

/// Findings of a run that carries out a plan.
const AFTERWARDS: [Rule; 8] = [
    Rule::PlaceChangesRights,
    Rule::NoExec,
    Rule::StagingLeft,
    Rule::WouldBeRefused,
    Rule::InstanceEdited,
    Rule::AclNotCopied,
    Rule::CapabilityNotCopied,
    Rule::AttributeNotCopied,
];

/// Problems that the native program finds, or the command line: what is said of them is in one snapshot.
pub(super) fn found_elsewhere() -> Vec<Problem> {
    let tally = |tally, path: &str, count| Problem::Tally(tally, TreePath::parse(path).unwrap(), count);
    vec![
        tally(Tally::Acl, "env", 1),
        tally(Tally::Acl, "env", 2),
        tally(Tally::Acl, "env", 3),
        tally(Tally::Capability, "data/ping", 1),
        tally(Tally::Attribute, "", 7),
        tally(Tally::Owner, "template/data", 12),
        Problem::Place(PlaceChange::Owner { asked: Ids { uid: 0, gid: 0 }, became: Ids { uid: 1000, gid: 1000 } }, 1),
        Problem::Place(PlaceChange::Mode { asked: Mode::new(0o640), became: Mode::new(0o777) }, 9),
        Problem::NoExec,
        Problem::StagingLeft("unable to remove the leftover `./x`: Device or resource busy".to_owned()),
        Problem::WouldBeRefused("unable to create `out`: it already exists".to_owned()),
        Problem::InstanceEdited(InstanceName::new(b"web-1").unwrap(), TreePath::parse("data/conf").unwrap()),
    ]
}

/// The messages about findings of the native program.
#[test]
fn findings_of_the_native_program() {
    let findings: Vec<Finding> = found_elsewhere().into_iter().map(Finding::warning).collect();
    let text: String = Settings::default().messages(&findings).iter().map(|message| message.lines()).collect();
    insta_of("found-elsewhere", &text);
    for finding in findings {
        let FindingParts { id, subject, detail } = finding.to_parts();
        let expected = (!AFTERWARDS.contains(&finding.rule())).then_some(finding);
        assert_eq!(Finding::from_parts(id, Some(&subject), detail.as_deref()), expected);
    }
}

/// Every id is its rule's, and nothing else is.
#[test]
fn ids() {
    for rule in Rule::ALL {
        assert_eq!(Rule::parse(rule.id().as_bytes()), Some(rule));
        assert!(rule.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)));
    }
    assert_eq!((Rule::parse(b""), Rule::parse(b"RUN-MISSING"), Rule::parse(b"run-missing ")), (None, None, None));
    let ids: BTreeSet<&str> = Rule::ALL.map(Rule::id).into();
    assert_eq!(ids.len(), Rule::ALL.len());
}

/// A typing error suggests what was meant, and what is none suggests nothing.
#[test]
fn nearest_ids() {
    for (typed, meant) in [
        ("run-misssing", Some("run-missing")),
        ("run-mising", Some("run-missing")),
        ("run_missing", Some("run-missing")),
        ("Run-Missing", Some("run-missing")),
        ("link-leave-template", Some("link-leaves-template")),
        ("interpreter-clrf", Some("interpreter-crlf")),
        ("starts-downs", Some("starts-down")),
        ("", None),
        ("all", None),
        ("frobnicate", None),
        ("\u{1b}[31m", None),
    ] {
        assert_eq!(nearest(typed.as_bytes()).map(Rule::id), meant, "{typed:?}");
    }
    assert_eq!(nearest(&b"run-missing".repeat(100_000)), None);
    assert_eq!(nearest(b"run-missing\xff"), None);
}

/// A list has a line for each rule, and an explanation says all of it, both within 100 columns.
#[test]
fn texts_are_narrow() {
    let list = list();
    assert_eq!(list.lines().count(), Rule::ALL.len());
    for (line, rule) in list.lines().zip(Rule::ALL) {
        assert!(line.starts_with(&format!("{} ", rule.id())) && line.ends_with(rule.finds()), "{line}");
        let text = rule.explain();
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [rule.id(), rule.finds(), rule.more(), rule.wrong(), rule.advice(), "--allow"] {
            assert!(flat.contains(part), "{text}");
        }
        assert!(text.lines().chain([line]).all(|line| line.chars().count() <= 100), "{line}\n{text}");
    }
    insta_of("list", &list);
    insta_of("explain", &Rule::LinkLeavesTemplate.explain());
}

fn insta_of(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/lint");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A finding that was taken apart for a document is put together again; other parts are refused.
#[test]
fn findings_come_apart() {
    let whole = |id: &str, subject: &str, detail: &str| {
        let detail = (!detail.is_empty()).then_some(detail.as_bytes());
        Finding::from_parts(id, Some(subject.as_bytes()), detail)
    };
    for (id, subject, detail) in [
        ("run-missing", "run", ""),
        ("log-run-missing", "log/run", ""),
        ("finish-not-executable", "finish", ""),
        ("finish-not-a-file", "finish", "FIFO"),
        ("log-finish-dangling", "log/finish", "../x"),
        ("no-interpreter-line", "log/finish", ""),
        ("interpreter-elsewhere", "run", "/opt/bin/s6-log"),
        ("link-leaves-template", "data/a", "/x"),
        ("link-dangling", "data/a", ""),
        ("control-file-invalid", "log/lock-fd", "(a directory)"),
        ("control-file-invalid", "timeout-kill", ""),
        ("lock-fd-equals-notification-fd", "lock-fd", "4"),
        ("lock-fd-needs-newer-s6", "log/lock-fd", "2.13.1.0"),
        ("state-left-behind", "supervise", ""),
        ("starts-down", "log/down", ""),
        ("instance-name-unused", "run", ""),
        ("shared-log-directory", "log/run", "/var/log/x"),
        ("not-readable-by-user", "", "pass"),
        ("not-readable-by-user", "finish", "execute"),
        ("s6-rc-definition", "type", "timeout-up, timeout-down"),
        ("idle-logger-options", "-l -t", ""),
        ("log-file-size", "100", ""),
        ("newer-s6", "2.16.0.0", ""),
        ("writable-scripts", "0002", ""),
        ("unknown-account", "somebody", ""),
        ("user-writable", "data", ""),
        ("link-to-wrapped", "start", ""),
        ("set-id-dropped", "tool", ""),
        ("absolute-link", "data/a", "/x"),
        ("interpreter-missing", "run", "./x"),
        ("interpreter-arguments", "log/run", "-e -u"),
        ("names-parent-directory", "finish", "../x"),
        ("check-missing", "data/check", ""),
        ("check-not-executable", "log/data/check", ""),
        ("others-can-write", "", ""),
        ("not-a-longrun", "type", "bundle"),
        ("leftover-files", ".git", "3"),
    ] {
        let finding = whole(id, subject, detail).unwrap_or_else(|| panic!("{id} {subject} {detail}"));
        let parts = FindingParts {
            id: Rule::parse(id.as_bytes()).unwrap().id(),
            subject: subject.into(),
            detail: (!detail.is_empty()).then(|| detail.into()),
        };
        assert_eq!((finding.to_parts(), finding.level), (parts, Level::Warning), "{id}");
    }
    for (id, subject, detail) in [
        ("no-such-rule", "run", ""),
        ("run-missing", "log/run", ""),
        ("run-missing", "run", "x"),
        ("run-not-a-file", "run", "socket"),
        ("run-not-executable", "finish", ""),
        ("no-interpreter-line", "start", ""),
        ("control-file-invalid", "data/lock-fd", "x"),
        ("lock-fd-equals-notification-fd", "lock-fd", "x"),
        ("not-readable-by-user", "data", "execute"),
        ("not-readable-by-user", "data", "smell"),
        ("s6-rc-definition", "run", ""),
        ("s6-rc-definition", "type", "timeout-up,timeout-down"),
        ("idle-logger-options", "-x", ""),
        ("idle-logger-options", "", ""),
        ("log-file-size", "x", ""),
        ("writable-scripts", "8", ""),
        ("unknown-account", "1:2", ""),
        ("user-writable", "../data", ""),
        ("check-missing", "data", ""),
        ("not-a-longrun", "type", "longrun"),
        ("leftover-files", ".git", "many"),
        ("empty-user", "x", ""),
    ] {
        assert_eq!(whole(id, subject, detail), None, "{id} {subject} {detail}");
    }
    assert_eq!(Finding::from_parts("run-missing", None, None), None);
    assert_eq!(Finding::from_parts("run-missing", Some(b"run"), Some(b"")), None);
    // However often a document says an option, it is one.
    let often = whole("idle-logger-options", "-t ".repeat(1_000_000).trim_end(), "").unwrap();
    assert_eq!(often.problem, Problem::IdleLoggerOptions(vec!["-t"]));
    assert_eq!(often.to_string(), "idle-logger-options: the option -t has no effect without -L");
}

fn link(path: &str) -> Finding {
    let path = TreePath::parse(path).unwrap();
    Finding::warning(Problem::Link { path, target: b"x".to_vec(), destination: LinkDestination::Nowhere })
}

/// Equal findings are said once, with their number; of one rule ten lines, and how many more there are.
#[test]
fn little_is_said_of_many() {
    let settings = Settings::default();
    let lines = |findings: &[Finding]| settings.messages(findings).iter().map(|message| message.lines()).collect::<String>();
    let one = lines(&[link("a")]);
    assert_eq!(lines(&vec![link("a"); 117_000]), one.replacen('\n', " (117000 times)\n", 1));
    let many: Vec<Finding> = (0..100_000).map(|number| link(&number.to_string())).chain([link("0")]).collect();
    let text = lines(&many);
    assert_eq!(text.lines().count(), 12, "{text}");
    assert!(
        text.contains("warning: link-dangling: and 99990 more\n") && text.ends_with(&one[one.find('\n').unwrap() + 1..]),
        "{text}"
    );
    // A hint stands once behind the lines that it is for.
    assert_eq!(lines(&[link("a"), link("b")]).matches("hint: ").count(), 1);
    // What documents say may be long.
    let long =
        |directory: &'static str| (0..10).map(move |number| link(&format!("{directory}/{}{number}", "\u{1}/".repeat(2000))));
    let state = |finding: Finding| Finding::warning(Problem::StateLeftBehind(finding.problem.path().unwrap()));
    let all: Vec<Finding> = long("a").chain(long("b").map(state)).collect();
    let text = lines(&all);
    assert!(
        text.len() < 80_000 && text.contains("warning: state-left-behind: 10 findings\n"),
        "{} {}",
        text.len(),
        &text[60_000..]
    );
}

/// Settings accept, refuse, and keep the order: errors first.
#[test]
fn settings_judge() {
    let error = Finding::error(Problem::LogNotADirectory);
    let usual = Settings::default();
    assert_eq!(usual.judge(vec![link("a")]), Ok(vec![link("a")]));
    let refused = usual.judge(vec![link("a"), error.clone()]).unwrap_err();
    assert_eq!(refused.iter().count(), 2);
    let levels: Vec<_> = refused.messages().iter().map(|message| message.kind).collect();
    assert_eq!(levels, [MessageKind::Fatal, MessageKind::Warning]);
    let strict = Settings { severity: Severity::Strict, ..usual.clone() };
    assert!(strict.judge(vec![link("a")]).is_err() && strict.judge(Vec::new()).is_ok());
    let allowing = Settings { allowed: [Rule::LinkDangling, Rule::LogNotADirectory].into(), ..strict };
    assert_eq!(allowing.judge(vec![link("a"), error]), Ok(Vec::new()));
}
