//! The command line: what it refuses and in which words, what it prints when asked, and how it reads values.

use s6_instance_maker_core::cli::{self, Action, Format, Grammar, OwnOption, Purpose, Refusal, Typed};
use s6_instance_maker_core::request::{Account, Request};
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};
use s6_instance_maker_workspace::wrong::WRONG;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt as _;

#[test]
fn wrong_command_lines() {
    let mut text = String::new();
    for words in WRONG {
        let answer = planned(words.iter().copied(), &facts(), &template("0755 file run"));
        assert!(answer.starts_with("fatal: "), "{words:?} is accepted");
        assert!(
            answer.lines().all(|line| !line.contains(char::is_control)),
            "{words:?} puts control characters into a message"
        );
        writeln!(text, "{words:?}\n{answer}").unwrap();
    }
    settings().bind(|| insta::assert_snapshot!("wrong", text));
}

#[test]
fn help() {
    for (name, option) in [("help-short", "-h"), ("help-long", "--help"), ("version", "--version")] {
        let text = planned([option], &facts(), &template("0755 file run"));
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{option} has lines that are too long");
        settings().bind(|| insta::assert_snapshot!(name, text));
    }
    assert_eq!(
        planned(["-V"], &facts(), &template("0755 file run")),
        planned(["--version"], &facts(), &template("0755 file run"))
    );
}

#[test]
fn every_way_to_say_it() {
    let same: &[&[&[&str]]] = &[
        &[
            &["-c10"],
            &["-c", "10"],
            &["--max-instances", "10"],
            &["--max-instances=10"],
            &["-c", "0010"],
            &["-c", "9", "-c", "10"],
        ],
        &[&["-L/l", "-P=x"], &["-L", "/l", "-P", "=x"], &["--log-dir=/l", "--log-prefix==x"], &["-L/l", "--log-prefix", "=x"]],
        &[&["-L/l", "-P--"], &["-L/l", "-P", "--"], &["-L/l", "--log-prefix", "--"], &["-L/l", "--log-prefix=--"]],
        &[&["-L/l", "-P", "-c5"], &["-L/l", "-P-c5"], &["-L/l", "--log-prefix=-c5"]],
        &[&["-L/l", "-P", ""], &["-L/l", "--log-prefix="], &["-L/l", "--log-prefix", ""]],
        &[&["-u", ""], &[]],
        &[&["-u", "www-data", "-u", ""], &[]],
        &[&["--sync"], &[]],
        &[&["-r", "svc"], &["-rsvc"], &["--s6-rc=svc"]],
        &[&["--s6-version", "2.15"], &["--s6-version", "2.15.1"], &["--s6-version", "02.15.1.0"]],
        &[&["--s6-version", "2.11"], &["--s6-version", "2.11.3"], &["--s6-version", "2.11.3.2"]],
    ];
    for ways in same {
        let requests: Vec<_> =
            ways.iter().map(|words| request(words.iter().copied().chain(["template", "dir"])).unwrap()).collect();
        assert!(requests.windows(2).all(|pair| pair[0] == pair[1]), "{ways:?}\n{requests:#?}");
    }
}

/// A program's name and `words`, as they come from the system.
fn command_line<'a>(words: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = OsString> {
    std::iter::once("s6-instance-maker").chain(words).map(OsString::from)
}

/// One thing is done, whatever else is asked for.
#[test]
fn what_is_done() {
    let action = |words: &[&str]| {
        let words = words.iter().copied().chain(["-c5", "template", "dir"]);
        cli::parse(command_line(words)).unwrap().action().map_err(|error| error.to_string())
    };
    let request = |purpose| Ok(Action::Request(purpose));
    assert_eq!(action(&[]), request(Purpose::Make));
    assert_eq!(action(&["--sync"]), request(Purpose::Make));
    assert_eq!(action(&["--dry-run"]), request(Purpose::Print(Format::Text)));
    assert_eq!(action(&["--dry-run", "--format", "text"]), request(Purpose::Print(Format::Text)));
    assert_eq!(action(&["--dry-run", "--format", "json"]), request(Purpose::Print(Format::Json)));
    assert_eq!(action(&["--print-job"]), request(Purpose::PrintJob));
    assert_eq!(action(&["--apply-plan", "plan"]), Ok(Action::ApplyPlan("plan".into())));
    let both = Err("of --dry-run, --print-job and --apply-plan only one can be done".to_owned());
    for words in [
        &["--dry-run", "--print-job"][..],
        &["--dry-run", "--apply-plan", "plan"],
        &["--print-job", "--apply-plan", "plan"],
        &["--dry-run", "--print-job", "--apply-plan", "plan"],
    ] {
        assert_eq!(action(words), both, "{words:?}");
    }
    let idle = Err("--format means something with --dry-run only".to_owned());
    for words in [&["--format", "text"][..], &["--print-job", "--format", "json"], &["--apply-plan", "p", "--format", "json"]] {
        assert_eq!(action(words), idle, "{words:?}");
    }
}

/// A program may have options of its own: it has their values, and any other program of this project reads the other words as it did.
#[test]
fn options_that_one_program_has() {
    const OTHER: Grammar = Grammar {
        program: "other",
        own: &[
            OwnOption { long: "fuel", value_name: "N", help: "How much", heading: "Own" },
            OwnOption { long: "module", value_name: "FILE", help: "Which", heading: "Own" },
        ],
    };
    let typed = |words: &[&str]| cli::parse_with(&OTHER, command_line(words.iter().copied())).unwrap();
    let own = |words: &[&str]| {
        let typed = typed(words);
        ["fuel", "module"].map(|long| typed.own(long).map(|value| value.to_str().unwrap().to_owned()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(own(&["template", "dir"]), [None, None]);
    assert_eq!(own(&["--fuel", "7", "template", "dir"]), [some("7"), None]);
    assert_eq!(own(&["template", "--fuel=7", "dir", "--module", "--"]), [some("7"), some("--")]);
    assert_eq!(own(&["--module=a=b", "--module", "c", "template", "dir"]), [None, some("c")]);
    assert_eq!(own(&["--", "--fuel=7", "dir"]), [None, None]);
    // As numbers: in a range, or why not.
    let number = |value: &str, min: u8, max: u8| {
        typed(&["--fuel", value, "template", "dir"]).own_number("fuel", min, max).map_err(|error| error.to_string())
    };
    assert_eq!(typed(&["template", "dir"]).own_number::<u8>("fuel", 1, 2), Ok(None));
    assert_eq!([number("5", 5, 9), number("9", 5, 9), number("255", 0, 255)], [5, 9, 255].map(|number| Ok(Some(number))));
    for (value, min, max) in [("4", 5, 9), ("10", 5, 9), ("256", 0, 255), ("", 0, 255), ("x", 0, 255), ("-1", 0, 255)] {
        let reason = format!("--fuel `{value}`: it must be a number from {min} to {max}");
        assert_eq!(number(value, min, max), Err(reason));
    }
    // What is for all programs is told apart from what is not.
    for (words, common) in [
        (&["other", "template", "dir"][..], &["other", "template", "dir"][..]),
        (&["other", "--fuel", "7", "-c5", "template", "--module=m", "dir"], &["other", "--max-instances=5", "template", "dir"]),
        (&["other", "template", "dir", "--fuel=1"], &["other", "template", "dir"]),
        (&["other", "--log-prefix=--fuel=1", "template", "dir"], &["other", "--log-prefix=--fuel=1", "template", "dir"]),
        // Neither a program's name nor what stands behind `--` is an option.
        (&["--fuel=1", "template", "dir"], &["--fuel=1", "template", "dir"]),
        (&["--", "--fuel=1", "template", "dir"], &["--", "template", "dir"]),
        (&["other", "--fuel=1", "--", "--fuel=2", "--module=3"], &["other", "--", "--fuel=2", "--module=3"]),
        (&["other", "--", "--", "--fuel=2"], &["other", "--", "--", "--fuel=2"]),
        (&["other", "template", "--", "--fuel=2"], &["other", "template", "--", "--fuel=2"]),
    ] {
        let Typed { cli, common: found, .. } = cli::parse_with(&OTHER, words.iter().map(OsString::from)).unwrap();
        assert_eq!(found, common, "{words:?}");
        let again = cli::parse(found).unwrap();
        assert_eq!(format!("{again:?}"), format!("{cli:?}"), "{words:?}");
    }
    let Err(Refusal::Show(help)) = cli::parse_with(&OTHER, command_line(["-h"])) else { panic!("there is no help") };
    assert!(help.contains("Usage: other [OPTIONS] TEMPLATE DIR") && help.contains("--fuel <N>"), "{help}");
    assert!(help.contains("How much") && help.contains("Own:"), "{help}");
    let Err(Refusal::Usage(error)) = cli::parse(command_line(["--fuel=7", "template", "dir"])) else { panic!("it is known") };
    assert_eq!(error.to_string(), "there is no option `--fuel`");
}

#[test]
fn options_stand_anywhere() {
    let expected = request(["-c", "10", "template", "dir"]).unwrap();
    for words in [vec!["template", "-c10", "dir"], vec!["template", "dir", "-c", "10"], vec!["-c10", "--", "template", "dir"]] {
        assert_eq!(request(words.clone()).unwrap(), expected, "{words:?}");
    }
}

#[test]
fn operands_that_look_like_options() {
    for (words, template, dir) in [
        (vec!["--", "-c5", "--help"], "-c5", "--help"),
        (vec!["-", "dir"], "-", "dir"),
        (vec!["template", "--", "--"], "template", "--"),
    ] {
        let words = std::iter::once("s6-instance-maker").chain(words).map(OsString::from);
        let cli = s6_instance_maker_core::cli::parse(words).unwrap();
        assert_eq!((cli.template.to_str(), cli.dir.to_str()), (Some(template), Some(dir)));
    }
}

#[test]
fn values_are_bytes() {
    let odd = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let request = request([
        odd(b"-u"),
        odd(b"j\xf6rg"),
        odd(b"-L/l\xff"),
        odd(b"--log-prefix=\xfe"),
        odd(b"-r\xfd/\xfc"),
        "t".into(),
        "d".into(),
    ]);
    let request: Request = request.unwrap();
    assert_eq!(request.user.unwrap(), Account::parse(b"j\xf6rg").unwrap());
    let logging = request.shape.logging().unwrap();
    assert_eq!(logging.dir.as_text().as_bytes(), b"/l\xff");
    assert_eq!(logging.prefix.as_ref().unwrap().as_bytes(), b"\xfe");
}

#[test]
fn options_that_are_not_text() {
    for word in [b"-\xff".as_slice(), b"--\xff", b"--log-dir\xff=/l", b"-c\xff"] {
        let refusal = request([OsString::from_vec(word.to_vec()), "t".into(), "d".into()]).unwrap_err();
        assert!(matches!(refusal, Refusal::Usage(_)), "{refusal:?}");
    }
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
