//! The command line: what it refuses and in which words, what it prints when asked, and how it reads values.

use s6_instance_maker_core::cli::Refusal;
use s6_instance_maker_core::request::{Account, Request};
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt as _;

/// Command lines that are wrong.
pub(crate) const WRONG: &[&[&str]] = &[
    &[],
    &["template"],
    &["template", "dir", "more"],
    &["template", "dir", "-"],
    &["--", "template", "dir", "-x"],
    &["--format", "json", "template", "dir"],
    &["--dry-run", "--format", "yaml", "template", "dir"],
    &["", "dir"],
    &["template", ""],
    &["--frobnicate", "template", "dir"],
    &["--log-dri", "/l", "template", "dir"],
    &["-x", "template", "dir"],
    &["-\u{1b}[31m", "template", "dir"],
    &["template", "dir", "-c"],
    &["template", "dir", "--log-dir"],
    &["--dry-run=yes", "template", "dir"],
    &["-c", "", "template", "dir"],
    &["-c", "0", "template", "dir"],
    &["-c1", "template", "dir"],
    &["-c", "90001", "template", "dir"],
    &["-c", "+5", "template", "dir"],
    &["-c", " 5", "template", "dir"],
    &["-c", "0x10", "template", "dir"],
    &["-c", "99999999999999999999", "template", "dir"],
    &["-c", "1\u{1b}[2J\n", "template", "dir"],
    &["-t", "4", "template", "dir"],
    &["-n", "4294967296", "template", "dir"],
    &["-s", "4294967296", "template", "dir"],
    &["-S", "18446744073709551616", "template", "dir"],
    &["-L", "", "template", "dir"],
    &["-L", "log", "template", "dir"],
    &["-u", "a b", "template", "dir"],
    &["-u", "-u", "template", "dir"],
    &["-u", "33", "template", "dir"],
    &["-u", "33:", "template", "dir"],
    &["-u", ":33", "template", "dir"],
    &["-u", "a:b", "template", "dir"],
    &["-u", "1:4294967295", "template", "dir"],
    &["-u", "1:2:3", "template", "dir"],
    &["-u", "a/b", "template", "dir"],
    &["-L", "/l", "-l", "a\nb", "template", "dir"],
    &["-L", "/", "-l", "nobody", "template", "dir"],
    &["-L", "/var/log/..", "-l", "nobody", "template", "dir"],
    &["-r", "", "template", "dir"],
    &["-r", "/log", "template", "dir"],
    &["-r", "svc/", "-L", "/l", "template", "dir"],
    &["-r", "svc/log/", "-L", "/l", "template", "dir"],
    &["-r", "svc/log/pipe/more", "-L", "/l", "template", "dir"],
    &["-r", ".svc", "template", "dir"],
    &["-r", "..", "template", "dir"],
    &["-r", "s6rc-svc", "template", "dir"],
    &["-r", "s6-rc-svc", "template", "dir"],
    &["-r", "a\nb", "template", "dir"],
    &["-r", " svc", "template", "dir"],
    &["-r", "#svc", "template", "dir"],
    &["-r", "svc/svc", "-L", "/l", "template", "dir"],
    &["-r", "svc/log/svc", "-L", "/l", "template", "dir"],
    &["-r", "svc/log/log", "-L", "/l", "template", "dir"],
    &["-r", "svc/log", "template", "dir"],
    &["-r", "svc", "-L", "/l", "template", "dir"],
    &["--no-prepare-log-dir", "template", "dir"],
    &["--no-prepare-log-dir", "-L", "/l", "template", "dir"],
    &["--no-prepare-log-dir", "-l", "nobody", "template", "dir"],
    &["--s6-version", "2", "template", "dir"],
    &["--s6-version", "2.15.1.0.0", "template", "dir"],
    &["--s6-version", "2.x", "template", "dir"],
    &["--s6-version", "2.11.2", "template", "dir"],
    &["--s6-version", "2.11.2.9", "template", "dir"],
    &["--s6-version", "1.99", "template", "dir"],
    &["--installation", "nix", "template", "dir"],
    &["--installation", "debain", "template", "dir"],
    &["--shebang-dir", "bin", "template", "dir"],
    &["--shebang-dir", "/my bin", "template", "dir"],
    &["--execline-dir", "", "template", "dir"],
    &["--s6-dir", "bin", "template", "dir"],
    &["--name-max", "10", "template", "dir"],
    &["--name-max", "256", "template", "dir"],
    &["--name-max", "30", "--s6-version", "2.11", "template", "dir"],
    &["--allow", "run-misssing", "template", "dir"],
    &["--allow", "", "template", "dir"],
    &["--dereference-limit", "5", "template", "dir"],
    &["--dereference", "--dereference-limit", "5k", "template", "dir"],
    &["--instance", "", "template", "dir"],
    &["--instance", ".a", "template", "dir"],
    &["--instance", "a b", "template", "dir"],
    &["--instance", "a/b", "template", "dir"],
    &["--instance", "s6-svscan-log", "template", "dir"],
    &[
        "--instance",
        "252-bytes-12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567\
         890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234\
         567890123456789012",
        "template",
        "dir",
    ],
    &["--instance", "a", "--instance", "b", "--instance", "a", "template", "dir"],
    &["--instance", "a", "-r", "svc", "template", "dir"],
    &["--instances-from", "list", "-r", "svc", "template", "dir"],
    &["--depends-on", "net", "template", "dir"],
    &["--essential", "template", "dir"],
    &["--timeout-up", "5", "template", "dir"],
    &["--timeout-down", "5", "template", "dir"],
    &["-r", "svc", "--timeout-up", "4294967296", "template", "dir"],
    &["-r", "svc", "--timeout-down", "-1", "template", "dir"],
    &["-r", "svc", "--depends-on", "", "template", "dir"],
    &["-r", "svc", "--depends-on", ".net", "template", "dir"],
    &["-r", "svc", "--depends-on", "s6rc-net", "template", "dir"],
    &["-r", "svc", "--depends-on", "svc", "template", "dir"],
    &["-r", "svc/log", "-L", "/l", "--depends-on", "log", "template", "dir"],
    &["-r", "svc/log/pipe", "-L", "/l", "--depends-on", "pipe", "template", "dir"],
];

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
