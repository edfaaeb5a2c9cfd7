//! Interpreter lines, and what is said about them. `interpreters` follows the hints with the real interpreters.

use super::{found, messages, with_file};
use s6_instance_maker_workspace::interpreter_lines::{FAILING_LINES, FAILING_LINES_OF_OTHERS, PASSING_LINES, followed};

fn of(line: &str) -> (Vec<String>, String) {
    let template = with_file("0755 dir .", "run", format!("#!{line}\nx $1 ./a\n").as_bytes());
    (found(&[], &template), messages(&[], &template))
}

/// Each line is refused, and no longer once the hint was followed.
#[test]
fn hints() {
    for failing in FAILING_LINES.iter().chain(FAILING_LINES_OF_OTHERS) {
        let (findings, messages) = of(failing.line);
        assert_eq!(findings, ["error interpreter-arguments run"], "{}", failing.line);
        assert!(messages.contains(&format!("hint: {}\n", failing.hint)), "{}\n{messages}", failing.line);
        let mended = followed(failing.hint, "x $1 ./a").unwrap();
        assert_eq!(found(&[], &with_file("0755 dir .", "run", mended.as_bytes())), [""; 0], "{mended}");
    }
    for line in PASSING_LINES {
        assert_eq!(of(line).0, [""; 0], "{line}");
    }
}

/// The hint is the rule's if no line surely means the same.
#[test]
fn lines_that_env_would_change() {
    for line in ["/usr/bin/env sh -c 'a b'", "/usr/bin/env sh \\x", "/usr/bin/python3 -u $x"] {
        let (findings, messages) = of(line);
        assert_eq!(findings, ["error interpreter-arguments run"], "{line}");
        assert!(messages.contains("hint: pass one argument: "), "{messages}");
    }
}
