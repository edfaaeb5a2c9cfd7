//! The command line: what it refuses and in which words, what it prints when asked, and how it reads values.

use s6_instance_maker_core::account::Account;
use s6_instance_maker_core::archive::{ArchiveId, ArchiveOwners, ArchivePath};
use s6_instance_maker_core::cli::Unit;
use s6_instance_maker_core::cli::{self, Action, Format, Invocation, JobPurpose, NumberOption, PlanSource, Program, Refusal};
use s6_instance_maker_core::options::{NAMES, Options};
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::rules::Settings;
use s6_instance_maker_workspace::listing::Listing;
use s6_instance_maker_workspace::manifest::{facts, invocation, planned, request, template};
use s6_instance_maker_workspace::wrong::SUBJECTS;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

/// Every command line of the table of wrong ones is refused, in one line and perhaps a hint; the messages of a subject are one
/// text.
#[test]
fn wrong_command_lines() {
    for (subject, lines) in SUBJECTS {
        let mut listing = Listing::default();
        for words in *lines {
            let answer = planned(words.iter().copied(), &facts(), &template("0755 file run"));
            assert!(answer.starts_with("fatal: "), "{words:?} is accepted");
            assert!(
                answer.lines().all(|line| !line.contains(char::is_control)),
                "{words:?} puts control characters into a message"
            );
            listing.add(shown(words), &answer);
        }
        settings("messages").bind(|| insta::assert_snapshot!(format!("command-line-{subject}"), listing.text()));
    }
}

/// A command line as a person types it, without the operands of a complete one.
fn shown(words: &[&str]) -> String {
    let words = words.strip_suffix(&["template", "dir"]).unwrap_or(words);
    let quoted = |word: &&str| {
        let is_plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain { (*word).to_owned() } else { format!("{word:?}") }
    };
    let line: Vec<String> = words.iter().map(quoted).map(|word| word.chars().take(60).collect()).collect();
    if line.is_empty() { "(no arguments)".into() } else { line.join(" ") }
}

/// The parts of a help text, each with its heading in lower case; the first one has none in the text.
fn sections(help: &str) -> Vec<(String, String)> {
    let mut sections = vec![("usage".to_owned(), String::new())];
    for line in help.lines() {
        if let Some(heading) = line.strip_suffix(':').filter(|heading| heading.starts_with(char::is_uppercase)) {
            sections.push((heading.to_lowercase().replace(' ', "-"), String::new()));
        }
        let (_, section) = sections.last_mut().unwrap();
        *section += line;
        section.push('\n');
    }
    sections
}

#[test]
fn help() {
    for (name, option) in [("help-short", "-h"), ("help-long", "--help"), ("version", "--version")] {
        let text = planned([option], &facts(), &template("0755 file run"));
        assert!(
            text.lines().all(|line| line.chars().count() <= if option == "-h" { 80 } else { 108 }),
            "{option} has lines that are too long"
        );
        let parts = match option {
            "--help" => sections(&text).into_iter().map(|(heading, part)| (format!("{name}-{heading}"), part)).collect(),
            _ => vec![(name.to_owned(), text)],
        };
        for (name, part) in parts {
            settings("cli").bind(|| insta::assert_snapshot!(name, part));
        }
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
        &[&["-u", ""], &["-u", "www-data", "-u", ""], &["--user="]],
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

/// The source of a plan and the action are independent.
#[test]
fn plan_sources_and_actions() {
    let meaning = |words: &[&str]| {
        let invocation = invocation(words.iter().copied().chain(["-c5", "template", "dir"]));
        invocation.map(|Invocation { source, action, .. }| (source, action))
    };
    let request = request(["-c5", "template", "dir"]).unwrap();
    let plain = || PlanSource::Computed(Box::new(request.clone()));
    let document = PlanSource::Document {
        file: "plan".into(),
        expected: Options::of(&request).only(&["max-instances"]),
        settings: Settings::default(),
    };
    let dir = ArchivePath::parse(b"dir").unwrap();
    let as_recorded = ArchiveOwners::default();
    let given = ArchiveOwners { group: Some(ArchiveId::parse(b"7").unwrap()), ..ArchiveOwners::default() };
    for (words, source, action) in [
        (&[][..], plain(), Action::Create),
        (&["--sync"], plain(), Action::Create),
        (&["--dry-run"], plain(), Action::Print(Format::Text)),
        (&["--dry-run", "--format", "text"], plain(), Action::Print(Format::Text)),
        (&["--dry-run", "--format", "json"], plain(), Action::Print(Format::Json)),
        (&["--print-job"], plain(), Action::PrintJob(JobPurpose::Process)),
        (&["--print-job", "--tar"], plain(), Action::PrintJob(JobPurpose::Archive(as_recorded.clone()))),
        (&["--digest", "--group=7", "--print-job"], plain(), Action::PrintJob(JobPurpose::Archive(given.clone()))),
        (&["--tar"], plain(), Action::Tar(dir.clone(), as_recorded.clone())),
        (&["--tar", "--group", "7"], plain(), Action::Tar(dir.clone(), given.clone())),
        (&["--digest", "--group", "8", "--group", "7"], plain(), Action::Digest(given)),
        (&["--apply-plan", "plan", "--tar"], document.clone(), Action::Tar(dir, as_recorded.clone())),
        (&["--apply-plan", "plan", "--digest"], document.clone(), Action::Digest(as_recorded)),
        (&["--apply-plan", "plan"], document.clone(), Action::Create),
        (&["--apply-plan", "plan", "--dry-run"], document.clone(), Action::Print(Format::Text)),
        (&["--apply-plan", "plan", "--dry-run", "--format", "json"], document, Action::Print(Format::Json)),
    ] {
        assert_eq!(meaning(words), Ok((source, action)), "{words:?}");
    }
    let refused = |words: &[&str]| match meaning(words) {
        Err(Refusal::Usage(error)) => error.to_string(),
        other => panic!("{words:?}: {other:?}"),
    };
    for (words, message) in [
        (&["--dry-run", "--print-job"][..], "--dry-run and --print-job are mutually exclusive"),
        (&["--print-job", "--apply-plan", "plan"], "--print-job and --apply-plan are mutually exclusive"),
        (&["--format", "text"], "--format requires --dry-run, --diff or --check"),
        (&["--print-job", "--format", "json"], "--format requires --dry-run, --diff or --check"),
        (&["--apply-plan", "p", "--format", "json"], "--format requires --dry-run, --diff or --check"),
        (&["--print-job", "--tar", "--apply-plan", "plan"], "--print-job and --apply-plan are mutually exclusive"),
        (&["--tar", "--digest", "--print-job"], "--tar and --digest are mutually exclusive"),
        (&["--dry-run", "--tar"], "--dry-run and --tar are mutually exclusive"),
        (&["--digest", "--dry-run"], "--dry-run and --digest are mutually exclusive"),
        (&["--tar", "--format", "json"], "--format requires --dry-run, --diff or --check"),
        (&["--owner", "0"], "--owner requires --tar or --digest"),
        (&["--dry-run", "--group", "0"], "--group requires --tar or --digest"),
        (&["--print-job", "--owner", "0", "--group", "0"], "--owner requires --tar or --digest"),
        (&["--diff", "--check"], "--diff and --check are mutually exclusive"),
        (&["--check", "--refresh"], "--check and --refresh are mutually exclusive"),
        (&["--dry-run", "--refresh-instances"], "--dry-run and --refresh-instances are mutually exclusive"),
        (&["--refresh", "--print-job"], "--refresh and --print-job are mutually exclusive"),
        (&["--refresh", "--format", "json"], "--format requires --dry-run, --diff or --check"),
        (&["--quiet"], "--quiet requires --check"),
        (&["--diff", "--quiet"], "--quiet requires --check"),
        (&["--check", "--quiet", "--format", "json"], "--quiet and --format are mutually exclusive"),
        (&["--show-private"], "--show-private requires --diff or --check"),
        (&["--refresh", "--overwrite-edited"], "--overwrite-edited requires --refresh-instances"),
        (&["-r", "svc", "--refresh-instances"], "--refresh-instances and -r are mutually exclusive"),
        (&["--apply-plan", "-", "--instances-from", "-"], "--instances-from and --apply-plan cannot both read standard input"),
    ] {
        assert_eq!(refused(words), message, "{words:?}");
    }
}

/// Every option that counts for a plan, typed alone beside a plan: it is accepted if the plan was computed for the same, in whatever
/// spelling, and refused by its name if not.
#[test]
fn options_beside_a_plan() {
    let computed = |words: &[&str]| Options::of(&request(words.iter().copied().chain(["t", "d"])).unwrap()).given();
    let service = computed(&[
        "-c10",
        "-unobody",
        "--name-max=20",
        "-L/l",
        "-ldaemon",
        "--no-prepare-log-dir",
        "-t2",
        "-n10",
        "-s1000000",
        "-S0",
        "-Pp q",
        "--s6-version=2.13",
        "--shebang-dir=/x",
        "--execline-dir=/y",
        "--s6-dir=/z",
        "--fix-modes",
        "--count=2",
    ]);
    let definitions = computed(&[
        "-rsvc/log/all",
        "-L/l",
        "--depends-on=net",
        "--depends-on=db",
        "--essential",
        "--recommended",
        "--timeout-up=10",
        "--timeout-down=0",
        "--static",
        "--instance=a",
        "--instance=b",
    ]);
    let slashpackage = computed(&["--installation=slashpackage"]);
    let bare = computed(&[]);
    let told = |words: &[&str], document: &Options| {
        let invocation = invocation(["--apply-plan=p"].iter().chain(words).chain(&["t", "d"]).copied()).unwrap();
        let PlanSource::Document { expected, .. } = invocation.source else { panic!("{words:?}") };
        expected.require(document).map_or_else(|error| error.to_string(), |()| String::new())
    };
    // The option; the same as the plan's, in every spelling; what the plan does not say, and the value that it says instead.
    type Row<'a> = (&'a str, &'a Options, &'a [&'a [&'a str]], &'a [(&'a [&'a str], &'a str)]);
    let rows: &[Row<'_>] = &[
        ("max-instances", &service, &[&["-c10"], &["-c", "0010"], &["-c5", "--max-instances=10"]], &[(&["-c9"], "=10")]),
        ("user", &service, &[&["-unobody"]], &[(&["-udaemon"], "=nobody"), (&["-u", ""], "=nobody")]),
        ("name-max", &service, &[&["--name-max=020"]], &[(&["--name-max=21"], "=20")]),
        ("log-dir", &service, &[&["-L/l"], &["-L", "/l"]], &[(&["-L/l/"], "=/l")]),
        ("log-user", &service, &[&["-ldaemon"]], &[(&["-lnobody"], "=daemon"), (&["-l", ""], "=daemon")]),
        ("no-prepare-log-dir", &service, &[&["--no-prepare-log-dir"]], &[]),
        ("timestamp", &service, &[&["-t2"], &["--timestamp=02"]], &[(&["-t1"], "=2")]),
        ("log-archives", &service, &[&["-n10"], &["-n0010"]], &[(&["-n9"], "=10")]),
        ("log-file-size", &service, &[&["-s1000000"]], &[(&["-s5000"], "=1000000")]),
        ("log-total-size", &service, &[&["-S0"], &["-S", "00"]], &[(&["-S1"], "=0")]),
        ("log-prefix", &service, &[&["-Pp q"]], &[(&["-Pp"], "=p q"), (&["-P", ""], "=p q")]),
        ("s6-version", &service, &[&["--s6-version=2.13"], &["--s6-version=2.13.1"]], &[(&["--s6-version=2.15"], "=2.13.1.0")]),
        ("shebang-dir", &service, &[&["--shebang-dir=/x"]], &[(&["--shebang-dir=/usr/bin"], "=/x")]),
        ("execline-dir", &service, &[&["--execline-dir=/y"]], &[(&["--execline-dir=/x"], "=/y")]),
        ("s6-dir", &service, &[&["--s6-dir=/z"]], &[(&["--s6-dir=/x"], "=/z")]),
        ("fix-modes", &service, &[&["--fix-modes"]], &[]),
        (
            "count",
            &service,
            &[&["--count=2"], &["--count=02"], &["--count=1", "--instance=2"]],
            &[(&["--count=1"], "=1 --instance=2")],
        ),
        ("instance", &definitions, &[&["--instance=b", "--instance=a"]], &[(&["--instance=a"], "=a --instance=b")]),
        ("static", &definitions, &[&["--static"]], &[]),
        ("s6-rc", &definitions, &[&["-rsvc/log/all"]], &[(&["-rsvc/log"], "=svc/log/all"), (&["-rsvc"], "=svc/log/all")]),
        (
            "depends-on",
            &definitions,
            &[&["--depends-on=db", "--depends-on=net"]],
            &[(&["--depends-on=db"], "=db --depends-on=net")],
        ),
        ("essential", &definitions, &[&["--essential"]], &[]),
        ("recommended", &definitions, &[&["--recommended"]], &[]),
        ("timeout-up", &definitions, &[&["--timeout-up=010"]], &[(&["--timeout-up=0"], "=10")]),
        ("timeout-down", &definitions, &[&["--timeout-down=0"]], &[(&["--timeout-down=1"], "=0")]),
        ("installation", &slashpackage, &[&["--installation=slashpackage"]], &[]),
    ];
    for (name, document, same, others) in rows {
        let written = match *name {
            "count" => "instance",
            "installation" => "shebang-dir",
            name => name,
        };
        let deciding = if written == "instance" { "instance, --instances-from or --count" } else { written };
        for words in *same {
            assert_eq!(told(words, document), "", "{words:?}");
            let without = told(words, &bare);
            assert!(without.starts_with(&format!("--{deciding}: the plan was computed with")), "{words:?}: {without}");
        }
        for (words, value) in *others {
            let answer = told(words, document);
            assert!(
                answer.starts_with(&format!("--{deciding}: the plan was computed with `--{written}{value}`, not with")),
                "{words:?}: {answer}"
            );
        }
    }
    // A file of names is read later: tests/wire.rs.
    let missing: Vec<_> = NAMES.into_iter().filter(|name| rows.iter().all(|row| row.0 != *name)).collect();
    assert_eq!(missing, ["instances-from"]);
    // The first that differs is named, in the order of documents; and what is not typed is not compared.
    let answer = told(&["-Pother", "-lnobody", "-n10"], &service);
    assert_eq!(answer, "--log-user: the plan was computed with `--log-user=daemon`, not with `--log-user=nobody`");
    assert_eq!(told(&["--strict", "--sync"], &service), "");
}

/// Options that one program has beside the common ones.
#[derive(Clone, Debug, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = "Own")]
struct OwnOptions {
    /// Amount
    #[arg(long, value_name = "N")]
    fuel: Option<OsString>,
    /// File
    #[arg(long, value_name = "FILE")]
    module: Option<OsString>,
}

/// A program may have options of its own: any other program of this project reads the other words as it did.
#[test]
fn options_of_one_program() {
    let parse = |words: &[&str]| {
        cli::parse::<OwnOptions>(Program { name: "other", ..Program::MAKER }, words.iter().map(OsString::from))
    };
    let own = |words: &[&str]| {
        let own = parse(&[&["other"], words].concat()).unwrap().own;
        [own.fuel, own.module].map(|value| value.map(|value| value.into_string().unwrap()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(own(&["template", "dir"]), [None, None]);
    assert_eq!(own(&["--fuel", "7", "template", "dir"]), [some("7"), None]);
    assert_eq!(own(&["template", "--fuel=7", "dir", "--module", "--"]), [some("7"), some("--")]);
    assert_eq!(own(&["--module=a=b", "--module", "c", "template", "dir"]), [None, some("c")]);
    assert_eq!(own(&["--", "--fuel=7", "dir"]), [None, None]);
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
        let parsed = parse(words).unwrap();
        assert_eq!(parsed.common, common, "{words:?}");
        assert_eq!(cli::parse_common(parsed.common), Ok(parsed.invocation), "{words:?}");
    }
    let Err(Refusal::Help(help)) = parse(&["other", "-h"]) else { panic!("no help") };
    assert!(help.contains("Usage: other [OPTIONS] TEMPLATE DIR") && help.contains("--fuel <N>"), "{help}");
    assert!(help.contains("Amount") && help.contains("Own:"), "{help}");
    let Err(Refusal::Usage(error)) = invocation(["--fuel=7", "template", "dir"]) else { panic!("it is known") };
    assert_eq!(error.to_string(), "unknown option `--fuel`");
}

/// Numbers are plain decimal and in a range; a hint says how to write what was probably meant.
#[test]
fn numbers() {
    let number = |value: &str, min: u8, max: u8| {
        let option = NumberOption { name: "--fuel", unit: Unit::Count };
        option.read(Some(OsStr::new(value)), min, max).map_err(|error| error.to_string())
    };
    assert_eq!([number("5", 5, 9), number("9", 5, 9), number("255", 0, 255)], [5, 9, 255].map(|number| Ok(Some(number))));
    for (value, min, max) in [("4", 5, 9), ("10", 5, 9), ("256", 0, 255), ("", 0, 255), ("x", 0, 255), ("-1", 0, 255)] {
        let reason = format!("--fuel `{value}`: must be a number from {min} to {max}");
        assert_eq!(number(value, min, max), Err(reason));
    }
    let hint = |words: &[&str]| match request(words.iter().copied().chain(["template", "dir"])) {
        Err(Refusal::Usage(error)) => error.hint().map(str::to_owned),
        other => panic!("{words:?}: {other:?}"),
    };
    for (words, expected) in [
        (&["-c=5"][..], Some("the value begins with `=`; a short option takes its value without one: -c 5")),
        (&["-L=/l"], Some("the value begins with `=`; a short option takes its value without one: -L /l")),
        (&["-s", "100k"], Some("the number is in bytes, without a suffix: -s 102400")),
        (&["-s", "100q"], Some("the number is in bytes, without a suffix")),
        (&["-r", "svc", "--timeout-up", "5s"], Some("the number is in milliseconds, without a suffix: --timeout-up 5000")),
        (&["-c", "5k"], None),
    ] {
        assert_eq!(hint(words).as_deref(), expected, "{words:?}");
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
        let found = invocation(words).unwrap();
        assert_eq!((found.template.to_str(), found.dir.to_str()), (Some(template), Some(dir)));
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

fn settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
