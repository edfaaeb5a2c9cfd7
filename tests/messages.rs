//! Messages: the texts of all errors, and names in them that would do harm to a terminal.
//!
//! `snapshots/messages` has all of them, by subject. Tests of the command line, of documents and of the sandbox list theirs; the
//! errors of the native program are listed here.

use crate::tidy::sources;
use s6_instance_maker::error::{Error, Place, Rights, TemplateReason};
use s6_instance_maker_core::account::Account;
use s6_instance_maker_core::archive::ArchiveTime;
use s6_instance_maker_core::compare::{LoggerChange, RefreshError};
use s6_instance_maker_core::definition::{BundleName, DefinitionError, ServiceName};
use s6_instance_maker_core::execline::Text;
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::options::{Options, OptionsError};
use s6_instance_maker_core::path::{Name, PathError, TreePath};
use s6_instance_maker_core::plan::{ScriptReason, TemplateDifference};
use s6_instance_maker_core::target::{ProgramDir, ShebangDir};
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::{Ids, Meta, Mode, TreeError};
use s6_instance_maker_core::wire::{PlanDocument, TemplateDigest};
use s6_instance_maker_workspace::listing::Listing;
use s6_instance_maker_workspace::program::{maker, workspace};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, manifest};
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

/// The errors of the native program, each variant once, about an entry `name` of a directory `name`.
fn errors(name: &[u8]) -> Vec<Error> {
    let path = || TreePath::parse(name).unwrap();
    let place = || Place::new(name).at(&path());
    let directory = || Place::new(name);
    let refused = || io::Error::from_raw_os_error(5);
    let rights = |mode| Rights { mode: Mode::new(mode), owner: Ids { uid: 1, gid: 2 } };
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
    let list = Instances::parse_list(&[name, b"/"].concat()).unwrap_err();
    let document = PlanDocument::decode(&[b"{\"", name, b"\": 1}"].concat()).unwrap_err();
    let Ok(Account::Named(account)) = Account::parse(b"www-data") else { panic!("www-data is an account's name") };
    let mut errors = vec![
        Error::Exists(place()),
        Error::Exists(directory()),
        Error::Parent { place: directory(), source: io::Error::from_raw_os_error(2) },
        Error::Parent { place: directory(), source: refused() },
        Error::Replaced(place()),
        Error::NameRefused(place()),
        Error::Altered { place: place(), asked: rights(0o755), became: rights(0o700) },
        Error::Changed(place()),
        Error::DirChanged(place()),
        Error::Busy(place()),
        Error::Supervised { place: directory(), change: LoggerChange::Appears },
        Error::Supervised { place: directory(), change: LoggerChange::Disappears },
        Error::Exchange { place: place(), source: io::Error::from_raw_os_error(18) },
        Error::Partly { place: directory(), error: Box::new(Error::Changed(place())) },
        Error::Uncompared { place: directory(), error: Box::new(Error::Changed(place())) },
        Error::Instances { place: place(), source: list },
        Error::Document { place: place(), source: document },
        Error::OtherTemplate {
            place: place(),
            difference: Box::new(TemplateDifference::New(path())),
            expected: digest(),
            found: digest(),
        },
        Error::Io { operation: "open", place: place(), source: refused() },
        Error::Between { operation: "copy", from: place(), to: place(), source: refused() },
        Error::Unseen { name: "fakeroot" },
        Error::Owners(refused()),
        Error::Output(refused()),
        Error::Signals(refused()),
        Error::Interrupted,
        Error::Account { name: account, source: refused() },
        Error::Foreign(place()),
        Error::Unflushed(Box::new(Error::Exists(place()))),
        Error::Leftover { first: Box::new(Error::Exists(place())), second: Box::new(Error::Changed(place())) },
    ];
    let reasons_against_refresh = [
        RefreshError::NotOurs(path()),
        RefreshError::Taken { definition: Name::new(name).unwrap(), list: path() },
        RefreshError::Conflict([Name::new(name).unwrap()].into()),
        RefreshError::NotADirectory(path()),
        RefreshError::NotALink(path()),
        RefreshError::Occupied { directory: path(), foreign: path() },
        RefreshError::TooManyInstances { existing: 12, room: 10 },
    ];
    errors.extend(reasons_against_refresh.map(|reason| Error::Refresh { place: directory(), reason }));
    errors.extend(reasons.map(|reason| Error::Template { place: place(), reason }));
    errors
}

/// The messages of the native program's own errors are one text.
#[test]
fn errors_of_the_native_program() {
    let mut text = String::new();
    for error in errors(b"name") {
        text += &manifest::told(&error.messages());
    }
    settings().bind(|| insta::assert_snapshot!("native", text));
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/messages");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// The errors of values that no other snapshot has: the other ones are those of command lines and documents.
#[test]
fn errors_of_values() {
    let mut listing = Listing::default();
    let list = |text: &[u8]| Instances::parse_list(text).unwrap_err().to_string();
    let service = |name: &[u8]| ServiceName::new(name).unwrap_err().to_string();
    for (case, message) in [
        ("Text", Text::new(*b"a\0").unwrap_err().to_string()),
        ("ProgramDir", ProgramDir::new(b"/a\0").unwrap_err().to_string()),
        ("ShebangDir", ShebangDir::new(format!("/{}", "a".repeat(300)).as_bytes()).unwrap_err().to_string()),
        ("BundleName", BundleName::new(b"#a").unwrap_err().to_string()),
        ("ServiceName", service(b"a/b")),
        ("Definition", DefinitionError::LongLogger.to_string()),
        ("Instances", list(b"\xff\xfea\0")),
        ("Instances", list(b"[a]")),
        ("Instances", list("a\u{200b}".as_bytes())),
        ("Instances", list(b"---\na")),
        ("Instances", list(b"a\nb\\\n")),
        ("Instances", list(b"a\na")),
        ("TemplateDifference", TemplateDifference::Kind(TreePath::parse(b"run").unwrap()).to_string()),
        ("ScriptReason", ScriptReason::TooDeep.to_string()),
        ("ArchiveTime", ArchiveTime::parse(b"now").unwrap_err().to_string()),
        ("Options", OptionsError.to_string()),
        ("Options", mismatch()),
    ] {
        listing.add(case, &message);
    }
    settings().bind(|| insta::assert_snapshot!("values", listing.text()));
}

/// The message about a plan for another capacity.
fn mismatch() -> String {
    let options = |words: &[&str]| Options::of(&manifest::request(words.iter().copied().chain(["t", "d"])).unwrap());
    options(&["-c5"]).require(&options(&["-c7"])).unwrap_err().to_string()
}

/// Every text of an error in the sources is in a snapshot.
#[test]
fn every_text_is_in_a_snapshot() {
    let mut snapshots = String::new();
    let mut pending = vec![workspace().join("snapshots")];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            snapshots += &std::fs::read_to_string(&path).unwrap();
        }
    }
    let mut count = 0;
    let mut missing = Vec::new();
    for folder in ["core/src", "native/src", "wasm-host/src"] {
        for (file, source) in sources(folder) {
            for text in error_texts(&source) {
                count += 1;
                if !snapshots.contains(&text) && !ELSEWHERE.contains(&text.as_str()) {
                    missing.push(format!("{folder}/{file}: {text}"));
                }
            }
        }
    }
    assert!(count > 100, "{count} texts are found");
    assert!(missing.is_empty(), "no snapshot has these:\n{}", missing.join("\n"));
}

/// Texts that no snapshot can have, each for its reason.
const ELSEWHERE: &[&str] =
    // The ends of a guest in its own thread: the sandbox reports each in other words.
    &["too much output", "too many messages", "a pointer outside of the memory", "no memory for the output"];

/// Returns the longest part without placeholders of each text of an error in a source file.
fn error_texts(source: &str) -> Vec<String> {
    let attributes = source.split("#[error(").skip(1).map(str::trim_start).filter_map(|text| text.strip_prefix('"'));
    let texts = attributes.map(|text| {
        let mut escaped = false;
        let end = text.find(|c| {
            let is_end = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            is_end
        });
        // A backslash at the end of a line joins it with the next one.
        let joined: Vec<&str> = text[..end.unwrap()].split("\\\n").map(str::trim_start).collect();
        let plain = joined.concat().replace("{{", "\u{1}").replace("}}", "\u{2}");
        let parts = plain.split(['{', '}']).step_by(2).map(|part| part.replace('\u{1}', "{").replace('\u{2}', "}"));
        parts.max_by_key(String::len).unwrap_or_default()
    });
    texts.map(|text| text.trim().to_owned()).filter(|text| text.len() > 1).collect()
}

/// Hostile names are shown escaped, and every message is one line.
#[test]
fn errors_are_shown_escaped() {
    for error in errors(HOSTILE) {
        for message in error.messages() {
            let lines = message.lines();
            assert_eq!(harmful(&lines), [], "{lines:?}");
            let hints = usize::from(message.hint.is_some());
            assert_eq!(lines.lines().count(), 1 + hints, "{lines:?}");
        }
    }
}

/// `errors` has every variant except those that only pass on an error of the core.
#[test]
fn every_error_is_listed() {
    const CORE: [&str; 6] = ["Usage", "DuplicateInstance", "OtherOptions", "Plan", "Violation", "Planner"];
    let source = std::fs::read_to_string(workspace().join("native/src/error.rs")).unwrap();
    for (name, shown) in [
        ("Error", errors(b"name").iter().map(|error| format!("{error:?}")).collect::<Vec<_>>()),
        ("TemplateReason", errors(b"name").iter().map(|error| format!("{error:?}")).collect()),
    ] {
        let body = source.split_once(&format!("pub enum {name} {{\n")).unwrap().1.split_once("\n}\n").unwrap().0;
        let variants: Vec<&str> = body
            .lines()
            .filter_map(|line| line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase)))
            .map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap())
            .collect();
        assert!(variants.len() > 7, "{variants:?}");
        for variant in variants.iter().filter(|variant| !CORE.contains(variant)) {
            assert!(
                shown.iter().any(|shown| shown.contains(variant)),
                "{name}::{variant} is not among the errors that are tried"
            );
        }
    }
}

/// The program itself, with such names for everything that it can be given.
#[test]
fn names_in_messages_are_escaped() {
    let scratch = Scratch::new("messages");
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
