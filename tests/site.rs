//! Site defaults: what is built in, is shown, is overridden by what is typed, reaches the guest, and never counts at run time.

use s6_instance_maker_core::cli::{self, NoOptions, Program, Refusal, Site};
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::target::{Installation, S6Version, Target};
use std::panic::catch_unwind;

const DEBIAN: Program = Program { site: Site::new(Some("2.11.3.2"), Some("debian")), ..Program::MAKER };

fn words<'a>(words: &'a [&str]) -> impl Iterator<Item = std::ffi::OsString> + use<'a> {
    ["s6-instance-maker"].iter().chain(words).map(Into::into)
}

fn request(options: &[&str]) -> Request {
    cli::parse::<NoOptions>(DEBIAN, words(&[options, &["t", "d"]].concat())).unwrap().invocation.source.into_request().unwrap()
}

fn text(option: &str) -> String {
    match cli::parse::<NoOptions>(DEBIAN, words(&[option])) {
        Err(Refusal::Show(text) | Refusal::Help(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn typed_options_override_defaults() {
    let debian = Target { s6_version: S6Version::parse(b"2.11.3.2").ok(), ..Target::installed(Installation::Debian) };
    assert_eq!(request(&[]).target, debian);
    let newer = Target { s6_version: S6Version::parse(b"2.15").ok(), ..debian };
    assert_eq!(request(&["--s6-version", "2.15"]).target, newer);
    let by_path = Target { s6_version: S6Version::parse(b"2.11").ok(), ..Target::installed(Installation::Path) };
    assert_eq!(request(&["--installation=path"]).target, by_path);
}

/// A default is not typed: a plan that was computed elsewhere need not agree with it. The guest, which has none, is given it.
#[test]
fn defaults_reach_the_guest_and_no_document() {
    let parsed = cli::parse::<NoOptions>(DEBIAN, words(&["--apply-plan=p", "t", "d"])).unwrap();
    let cli::PlanSource::Document { expected, .. } = &parsed.invocation.source else { panic!("{parsed:?}") };
    assert_eq!(expected.words().count(), 0);
    let parsed = cli::parse::<NoOptions>(DEBIAN, words(&["-c5", "t", "d"])).unwrap();
    assert_eq!(cli::parse_common(parsed.common.clone()), Ok(parsed.invocation));
    assert_eq!(parsed.common[1..3], ["--s6-version=2.11.3.2", "--installation=debian"]);
}

#[test]
fn help_and_version_show_them() {
    assert!(text("-h").contains("s6 that runs the result [default: 2.11.3.2]"), "{}", text("-h"));
    assert!(text("-h").contains("path, debian or slashpackage [default: debian]"), "{}", text("-h"));
    assert!(text("-h").lines().all(|line| line.chars().count() <= 80), "{}", text("-h"));
    assert!(text("--help").contains("This program is built for debian."), "{}", text("--help"));
    assert!(!text("--help").contains("the result suits every s6"), "{}", text("--help"));
    // Options stay where they are declared.
    let program = Program { manual: "@OPTIONS@", ..DEBIAN };
    let Err(Refusal::Show(page)) = cli::parse::<NoOptions>(program, words(&["--generate=man"])) else { panic!("no page") };
    let at = |option: &str| page.find(&format!("\\-\\-{option}\\fR")).unwrap();
    assert!(at("s6\\-version") < at("installation") && at("installation") < at("shebang\\-dir"), "{page}");
    for option in ["-V", "--version"] {
        let version = text(option);
        for line in
            ["newest known s6: 2.15.1.0", "built-in default: --s6-version 2.11.3.2", "built-in default: --installation debian"]
        {
            assert!(version.lines().any(|found| found == line), "{version}");
        }
    }
}

/// A default that means nothing does not compile.
#[test]
fn wrong_defaults() {
    for version in ["2", "2.", ".2", "2.11.3.2.1", "2.x", "2.10", "2.11.2", "1.99", " 2.12", "2.123456"] {
        assert!(catch_unwind(|| Site::new(Some(version), None)).is_err(), "{version}");
    }
    for version in ["2.11", "2.11.3", "2.11.3.2", "2.12", "2.15.1.0", "3.0"] {
        assert_eq!(Site::new(Some(version), Some("")), Site::new(Some(version), None));
        assert!(S6Version::parse(version.as_bytes()).is_ok());
    }
    assert_eq!(Site::new(Some(""), None), Site::NONE);
    for name in ["Debian", "nix", "debian "] {
        assert!(catch_unwind(|| Site::new(None, Some(name))).is_err(), "{name}");
    }
}

/// The variables count when the program is built: at run time they are not read.
#[test]
fn the_environment_does_not_count() {
    let source = include_str!("../native/src/planner.rs");
    for variable in ["S6_INSTANCE_MAKER_S6_VERSION", "S6_INSTANCE_MAKER_INSTALLATION"] {
        assert!(source.contains(&format!("option_env!(\"{variable}\")")), "{variable}");
    }
}
