//! Messages of the native program: whatever they name, no control character reaches a terminal.

use s6_instance_maker::error::{Error, Place, TemplateReason};
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::path::{PathError, TreePath};
use s6_instance_maker_core::plan::TemplateDifference;
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::{Meta, Mode, TreeError};
use s6_instance_maker_core::wire::{PlanDocument, TemplateDigest};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{maker, workspace};
use s6_instance_maker_workspace::scratch::Scratch;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

/// A name that does harm where it is shown as it is: a colour, a new line, a reversed text, a byte that is no text.
const HOSTILE: &[u8] = "\u{1b}[31m\n\u{202e}\u{2066}\u{85}`".as_bytes();

/// Characters of a message that would do harm.
fn harmful(message: &str) -> Vec<char> {
    let is_harmful = |c: &char| c.is_control() && *c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    message.chars().filter(is_harmful).collect()
}

/// All errors of native that name something, with the worst names that there can be.
fn errors() -> Vec<Error> {
    let path = || TreePath::parse(HOSTILE).unwrap();
    let place = || Place::new(HOSTILE).at(&path());
    let refused = || io::Error::from_raw_os_error(5);
    let reasons = [
        TemplateReason::NotADirectory,
        TemplateReason::Socket,
        TemplateReason::Device,
        TemplateReason::HoldsResult,
        TemplateReason::Endless,
        TemplateReason::TooMuchOutside { limit: 1, entry: 1 },
        TemplateReason::Path(PathError::TooLong),
        TemplateReason::Tree(TreeError::Duplicate(path())),
    ];
    let digest = || TemplateDigest::of(&Template::new(Meta::callers(Mode::new(0o755))));
    let list = Instances::parse_list(&[HOSTILE, b"/"].concat()).unwrap_err();
    let document = PlanDocument::decode(&[b"{\"", HOSTILE, b"\": 1}"].concat()).unwrap_err();
    let mut errors = vec![
        Error::Exists(place()),
        Error::Parent { place: place(), source: refused() },
        Error::Replaced(place()),
        Error::Changed(place()),
        Error::Instances { place: place(), source: list },
        Error::Document { place: place(), source: document },
        Error::OtherTemplate {
            place: place(),
            difference: TemplateDifference::New(path()),
            expected: digest(),
            found: digest(),
        },
        Error::Io { operation: "open", place: place(), source: refused() },
        Error::Between { operation: "copy", from: place(), to: place(), source: refused() },
        Error::Output(refused()),
        Error::Signals(refused()),
        Error::Interrupted,
        Error::Foreign(place()),
        Error::Unflushed(Box::new(Error::Exists(place()))),
        Error::Leftover { first: Box::new(Error::Exists(place())), second: Box::new(Error::Changed(place())) },
    ];
    errors.extend(reasons.map(|reason| Error::Template { place: place(), reason }));
    errors
}

/// Every variant there is is shown escaped, and is one line.
#[test]
fn errors_are_shown_escaped() {
    for error in errors() {
        for message in error.messages() {
            let lines = message.lines();
            assert_eq!(harmful(&lines), [], "{lines:?}");
            let hints = usize::from(message.hint.is_some());
            assert_eq!(lines.lines().count(), 1 + hints, "{lines:?}");
        }
    }
}

/// No variant is missing above, but for those whose text is the core's, and whose names are checked.
#[test]
fn no_error_is_forgotten() {
    const NOT_HERE: [&str; 7] = ["Usage", "DuplicateInstance", "OtherOptions", "Plan", "Violation", "Planner", "Account"];
    let source = std::fs::read_to_string(workspace().join("native/src/error.rs")).unwrap();
    for (name, shown) in [
        ("Error", errors().iter().map(|error| format!("{error:?}")).collect::<Vec<_>>()),
        ("TemplateReason", errors().iter().map(|error| format!("{error:?}")).collect()),
    ] {
        let body = source.split_once(&format!("pub enum {name} {{\n")).unwrap().1.split_once("\n}\n").unwrap().0;
        let variants: Vec<&str> = body
            .lines()
            .filter_map(|line| line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase)))
            .map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap())
            .collect();
        assert!(variants.len() > 7, "{variants:?}");
        for variant in variants.iter().filter(|variant| !NOT_HERE.contains(variant)) {
            assert!(
                shown.iter().any(|shown| shown.contains(variant)),
                "{name}::{variant} is not among the errors that are tried"
            );
        }
    }
}

/// The program itself, with such names for everything that it can be given.
#[test]
fn what_the_program_names_is_escaped() {
    let scratch = Scratch::new("apply");
    let hostile = OsStr::from_bytes(HOSTILE);
    let inner = |parent: &str| std::path::Path::new(parent).join(hostile).into_os_string();
    disk::plain_template(scratch.join("template"));
    disk::plain_template(scratch.join("sockets"));
    drop(std::os::unix::net::UnixListener::bind(scratch.join("sockets").join(hostile)).unwrap());
    disk::directory(scratch.join("there").join(hostile), 0o755);
    let words = |words: &[&str]| words.iter().map(std::ffi::OsString::from).collect::<Vec<_>>();
    let cases = [
        [vec![hostile.to_owned()], words(&["out"])].concat(),
        [words(&["sockets", "out"])].concat(),
        [words(&["template"]), vec![inner("there")]].concat(),
        [words(&["template"]), vec![inner("absent")]].concat(),
        [words(&["template"]), vec![inner("there"), hostile.to_owned()]].concat(),
        [words(&["--instances-from"]), vec![hostile.to_owned()], words(&["template", "out"])].concat(),
        [words(&["--apply-plan"]), vec![hostile.to_owned()], words(&["template", "out"])].concat(),
        [words(&["-L"]), vec![hostile.to_owned()], words(&["template", "out"])].concat(),
        [words(&["-u"]), vec![hostile.to_owned()], words(&["template", "out"])].concat(),
        [words(&["-r"]), vec![hostile.to_owned()], words(&["template", "out"])].concat(),
    ];
    for case in cases {
        let answer = maker(scratch.path(), &case);
        assert!(matches!(answer.code, Some(100 | 111)), "{answer}");
        assert_eq!(harmful(&answer.stderr), [], "{:?}", answer.stderr);
    }
}
