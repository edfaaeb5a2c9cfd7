//! The manual pages: accepted by mandoc without a word, complete, and true: their examples run.

use super::{generate, has, programs};
use s6_instance_maker_workspace::program::Answer;
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::stage::Stage;
use std::process::Command;

/// mandoc finds nothing to complain about, not even the style.
#[test]
fn lint() {
    const TEST: &str = "generate::manual::lint";
    if !has("mandoc", TEST) {
        return;
    }
    let scratch = Scratch::new("manual");
    for (name, program) in programs(TEST) {
        let page = scratch.join(format!("{name}.8"));
        std::fs::write(&page, generate(program, "man")).unwrap();
        let answer = Answer::of(Command::new("mandoc").args(["-Tlint", "-Wall"]).arg(&page)).expect_code(0);
        assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{answer}");
    }
}

/// Every option of the help is in the page, once, with its short name and its value.
#[test]
fn options() {
    for (name, program) in programs("generate::manual::options") {
        let page = generate(program, "man");
        let help = Answer::of(Command::new(program).arg("--help")).expect_code(0).stdout;
        let options: Vec<&str> = help.lines().map(str::trim_start).filter(|line| line.starts_with('-')).collect();
        assert!(options.len() > 40, "{name}: {options:?}");
        for option in options {
            let value = option.split_once('<').map(|(_, value)| format!(" \\fI{}\\fR", value.trim_end_matches('>')));
            let value = value.unwrap_or_default().replace('-', "\\-");
            let names = option.split(['<', ',']).map(str::trim).filter(|name| name.starts_with('-'));
            let names: Vec<_> = names.map(|name| format!("\\fB{}\\fR{value}", name.replace('-', "\\-"))).collect();
            let line = format!("\n.TP\n{}\n", names.join(", "));
            assert_eq!(page.matches(&line).count(), 1, "{name}: {line}");
        }
        // A placeholder is `@WORD@`; SERVICE@NAME is none.
        let left = page
            .split('@')
            .skip(1)
            .find(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()) && !rest.starts_with("NAME"));
        assert_eq!(left, None, "{name}: something was not replaced");
        assert!(page.contains(env!("CARGO_PKG_VERSION")), "{name}: no version");
    }
}

/// The examples, one after the other, in a root file system with s6.
#[test]
fn examples() {
    const TEST: &str = "generate::manual::examples";
    let Some(stage) = Stage::new(TEST) else { return };
    for (name, program) in programs(TEST) {
        let page = generate(program, "man");
        let (_, examples) = page.split_once(".SH EXAMPLES\n").unwrap();
        let examples = examples.split(".EX\n").skip(1).map(|rest| rest.split(".EE").next().unwrap());
        let script: String = examples.map(|text| text.replace("\\-", "-").replace("\\e", "\\").replace("\\(aq", "'")).collect();
        assert!(script.matches(&format!("{name} ")).count() >= 2, "{script}");
        let answer = stage.run(&script).expect_code(0);
        assert!(!answer.stderr.contains("fatal:"), "{answer}");
    }
}
