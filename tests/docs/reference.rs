//! The reference of options is the grammar's help, in another form.

use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::skip;
use std::process::Command;

const PAGE: &str = "docs/reference/options.md";
const START: &str = "<!-- generated from the grammar: INSTA_UPDATE=always cargo test --test suite -- docs::reference -->\n";

/// What the page should have after its introduction.
fn expected(help: &str) -> String {
    let mut text = String::from(START);
    let mut entries: Vec<(String, Vec<String>)> = Vec::new();
    let flush = |text: &mut String, entries: &mut Vec<(String, Vec<String>)>| {
        for (names, paragraphs) in entries.drain(..) {
            let names = names.replace(['<', '>'], "");
            *text += &format!("| `{names}` | {} |\n", paragraphs.join(" ").trim_end().replace('|', "\\|"));
        }
    };
    let (_, options) = help.split_once("\nOperands:\n").unwrap();
    for line in ["Operands:"].into_iter().chain(options.lines()) {
        let is_heading = line.starts_with(char::is_uppercase) && line.ends_with(':');
        let indent = line.len() - line.trim_start().len();
        match (line.trim(), entries.last_mut()) {
            ("", _) => {}
            (heading, _) if is_heading => {
                flush(&mut text, &mut entries);
                text += &format!("\n## {}\n\n| option | meaning |\n|---|---|\n", heading.trim_end_matches(':'));
            }
            (_, _) if line.starts_with("Exit codes") => break,
            (names, _) if indent < 10 => entries.push((names.into(), vec![String::new()])),
            (words, Some((_, paragraphs))) => {
                let paragraph = paragraphs.last_mut().unwrap();
                let ended = paragraph.is_empty();
                if !ended {
                    paragraph.push(' ');
                }
                *paragraph += words;
                // The first line is the short help, which has no period.
                if ended && paragraphs.len() == 1 {
                    paragraphs.last_mut().unwrap().push('.');
                    paragraphs.push(String::new());
                }
            }
            (_, None) => {}
        }
    }
    flush(&mut text, &mut entries);
    text
}

#[test]
fn options() {
    let sandboxed = match program::sandboxed() {
        Ok(sandboxed) => &sandboxed.plain,
        Err(why) => return skip::did_not_run("docs::reference::options", why),
    };
    let help = Answer::of(Command::new(sandboxed).arg("--help")).expect_code(0).stdout;
    let file = program::workspace().join(PAGE);
    let page = std::fs::read_to_string(&file).unwrap();
    let (introduction, found) = page.split_once(START).unwrap();
    let expected = expected(&help);
    if START.to_owned() + found != expected && std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&file, introduction.to_owned() + &expected).unwrap();
    } else {
        assert_eq!(START.to_owned() + found, expected, "{PAGE} is not what --help says");
    }
}

/// The how-to about the library has the example of `Plan`'s documentation, which is a test.
#[test]
fn library() {
    let source = std::fs::read_to_string(program::workspace().join("core/src/plan/content.rs")).unwrap();
    let example = source.split("/// ```\n").nth(1).unwrap();
    let lines = example.lines().filter(|line| !line.starts_with("/// # "));
    let code: String = lines.map(|line| line.strip_prefix("/// ").unwrap_or_default().to_owned() + "\n").collect();
    let page = std::fs::read_to_string(program::workspace().join("docs/how-to/library.md")).unwrap();
    let block = page.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(block, code);
}
