//! Colors: who decides about them, and that a text without them is the same text.

use s6_instance_maker::environment::Environment;
use s6_instance_maker::palette::Palette;
use s6_instance_maker_core::cli::{self, ColorChoice, Refusal};
use s6_instance_maker_workspace::manifest::{facts, planned, template};
use std::ffi::OsString;

/// The command line decides, then the environment, then the output.
#[test]
fn who_decides() {
    let environment = |variables: &[(&'static str, &str)]| {
        let variables = variables.to_vec();
        Environment::read(move |name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
        })
    };
    let has_colors = |choice, variables: &[(&'static str, &str)], terminal| {
        Palette::choose(choice, &environment(variables), || terminal) == Palette::Ansi
    };
    for (variables, on_terminal, elsewhere) in [
        (&[][..], true, false),
        (&[("NO_COLOR", "1")], false, false),
        (&[("NO_COLOR", "0")], false, false),
        (&[("NO_COLOR", "")], true, false),
        (&[("CLICOLOR_FORCE", "1")], true, true),
        (&[("CLICOLOR_FORCE", "0")], true, false),
        (&[("CLICOLOR_FORCE", "")], true, false),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false, false),
    ] {
        assert_eq!(has_colors(ColorChoice::Auto, variables, true), on_terminal, "{variables:?}");
        assert_eq!(has_colors(ColorChoice::Auto, variables, false), elsewhere, "{variables:?}");
        assert!(has_colors(ColorChoice::Always, variables, false), "{variables:?}");
        assert!(!has_colors(ColorChoice::Never, variables, true), "{variables:?}");
    }
}

/// The choice is known even where the command line is wrong, or asks for help.
#[test]
fn choices() {
    for (words, choice) in [
        (&["p", "t", "d"][..], ColorChoice::Auto),
        (&["p", "--color", "always", "t"], ColorChoice::Always),
        (&["p", "--help", "--color=never"], ColorChoice::Never),
        (&["p", "--color=always", "--color", "never"], ColorChoice::Never),
        (&["p", "--color=sometimes"], ColorChoice::Auto),
        (&["p", "--color"], ColorChoice::Auto),
        (&["p", "--", "--color=always"], ColorChoice::Auto),
        (&["--color=always", "t"], ColorChoice::Auto),
    ] {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        assert_eq!(ColorChoice::of(&words), choice, "{words:?}");
    }
}

/// A text without its escape sequences.
fn stripped(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

#[test]
fn texts_stay_the_same() {
    let help = |option: &str| match cli::parse_common(["p", option].map(OsString::from)) {
        Err(Refusal::Help(text)) => text,
        other => panic!("{other:?}"),
    };
    let preview = planned(["-L", "/var/log", "-P", "a\u{202e}|", "template", "dir"], &facts(), &template("0755 file run"));
    let messages = "s6-instance-maker: fatal: a: b\ns6-instance-maker: hint: c\ns6-instance-maker: warning: x: y\nother: z\n";
    let differences = "create 0755 dir x\n--- a/run\n+++ b/run\n@@ -1 +1 @@\n-old\n+new\n same\nnote: n\nremove 0644 file y\n";
    type Paint = fn(Palette, &str) -> String;
    for (paint, text) in [
        (Palette::help as Paint, help("-h").as_str()),
        (Palette::help, help("--help").as_str()),
        (Palette::preview, preview.as_str()),
        (Palette::messages, messages),
        (Palette::differences, differences),
    ] {
        assert_eq!(paint(Palette::Plain, text), text);
        let painted = paint(Palette::Ansi, text);
        assert_eq!(stripped(&painted), text);
        assert_ne!(painted, text, "nothing has a color");
        let ends_plain = |line: &&str| line.rsplit_once("\x1b[").is_none_or(|(_, end)| end.starts_with("0m"));
        let ends: Vec<&str> = painted.lines().filter(|line| !ends_plain(line)).collect();
        assert!(ends.is_empty(), "a color goes on behind its line: {ends:?}");
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let shown = Palette::messages(Palette::Ansi, messages) + &Palette::differences(Palette::Ansi, differences);
    settings.bind(|| insta::assert_snapshot!("color", shown.replace('\x1b', "ESC")));
}
