//! What no table of plans and no corpus comes to: the last cases of the core's own types, so that every line of it runs.

use s6_instance_maker_core::cli::{self, Refusal, UsageError};
use s6_instance_maker_core::definition::{
    Consumer, Definition, DefinitionError, Management, SERVICE_NAME_MAX, ServiceName, ServiceNameError,
};
use s6_instance_maker_core::escape::{Shown, is_shown};
use s6_instance_maker_core::execline::{Text, Word};
use s6_instance_maker_core::instances::{
    DeclaredTwice, INSTANCE_NAME_MAX, InstanceName, InstanceNameError, Instances, ListError, NameMax,
};
use s6_instance_maker_core::laws;
use s6_instance_maker_core::path::{Name, PathError, TreePath};
use s6_instance_maker_core::plan::{Content, Placement, Plan};
use s6_instance_maker_core::request::{Shape, Timestamp};
use s6_instance_maker_core::target::{ProgramDir, ProgramDirError, ShebangDir, Target};
use s6_instance_maker_core::template::{FileFacts, Resolved, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node, Tree, TreeError};
use s6_instance_maker_core::wire::{Job, PlanDocument};
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::panic::catch_unwind;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

/// Constants are checked when the program is built; what checks them does the same when it runs.
#[test]
fn constants_are_checked() {
    assert_eq!((Name::constant("run"), TreePath::constant("log/run")), (Name::new(*b"run").unwrap(), path("log/run")));
    assert!(catch_unwind(|| Name::constant("a/b")).is_err());
    assert!(catch_unwind(|| TreePath::constant("../run")).is_err());
    assert_eq!(Name::new(*b"a\x1bb").unwrap().to_string(), r"a\x1bb");
}

/// A path that leads through a file, or to a name that cannot be, ends nowhere.
#[test]
fn links_that_lead_nowhere() {
    let mut template = template("0755 file run\n0777 link a -> run/x\n0777 link b -> x");
    let link = |target: Vec<u8>| Node::new(Meta::callers(Mode::new(0o777)), Kind::Symlink(target));
    template.insert(path("c"), link(vec![b'n'; 256])).unwrap();
    for name in ["a", "b", "c", "run/x"] {
        assert_eq!(template.resolve(&path(name)), Resolved::Missing, "{name}");
    }
}

/// What of a template is looked into, and what is not.
#[test]
fn control_scripts_and_state() {
    let mut template = template(
        "0755 file run
         0777 link finish -> run
         0755 dir data
         0755 file data/run
         0755 dir data/finish
         0777 link log -> data
         0755 dir supervise",
    );
    assert_eq!(template.control_scripts(), [path("run"), path("data/run")]);
    let states = ["supervise", "event", "log/supervise", "log/event"];
    assert!(states.iter().all(|state| Template::may_be_state(&path(state))));
    assert!(!["run", "data/supervise", "supervise/lock"].iter().any(|other| Template::may_be_state(&path(other))));
    let before = template.clone();
    for other in ["missing", "data", "finish"] {
        template.set_head(&path(other), b"#!".to_vec());
    }
    assert_eq!(template, before);
    template.set_head(&path("run"), b"#!".to_vec());
    let head = |template: &Template| match &template.tree().get(&path("run")).unwrap().kind {
        Kind::File(FileFacts { head, .. }) => head.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((head(&before), head(&template)), (None, Some(b"#!".to_vec())));
}

#[test]
fn what_no_tree_takes() {
    let mut tree = Tree::new(Meta::callers(Mode::new(0o755)));
    let fifo = || Node::<()>::new(Meta::callers(Mode::new(0o600)), Kind::Fifo);
    assert_eq!(tree.insert(path("a"), fifo()), Ok(()));
    assert_eq!(tree.insert(path("a"), fifo()), Err(TreeError::Duplicate(path("a"))));
    assert_eq!(tree.insert(path("a/b"), fifo()), Err(TreeError::ParentNotDirectory(path("a/b"))));
    assert_eq!(tree.insert(path("b/b"), fifo()), Err(TreeError::Orphan(path("b/b"))));
    assert_eq!(tree.count(), 2);
}

/// Each rule of what a plan may do, on both of its sides, for the template of the laws; what passes can be made by the laws' own rules.
#[test]
fn what_a_plan_may_do() {
    let template = laws::sample::template();
    let [root, _] = laws::sample::callers();
    let meta = |mode, owner: Option<(u32, u32)>| {
        let owner = owner.map(|(uid, gid)| Ids { uid, gid });
        Meta { mode: Mode::new(mode), owner }
    };
    let copy = |from| Kind::File(Content::Template(path(from)));
    let text = || Kind::File(Content::Generated(Vec::new()));
    let link = || Kind::Symlink(b"x".to_vec());
    let special = "would have special permission bits or an owner of its own, and is no copy of something that has";
    let rights = "would have another mode or owner than what it is a copy of";
    let no_file = |from: &str| format!("would copy `{from}`, which is no file of the template");
    let mode = |mode: &str| format!("would be a directory of mode {mode}, and is no copy of one");
    let (daemon, www_data, odd) = (Some((0, 33)), Some((33, 4)), Some((1, 2)));
    let cases = [
        // A file of the template, as it is there.
        ("x", meta(0o755, None), copy("run"), None),
        ("x", meta(0o6755, www_data), copy("data/tool"), None),
        ("x", meta(0o777, None), copy("run"), Some(rights.to_owned())),
        ("x", meta(0o755, odd), copy("run"), Some(rights.to_owned())),
        ("x", meta(0o6755, None), copy("data/tool"), Some(rights.to_owned())),
        ("x", meta(0o755, None), copy("missing"), Some(no_file("missing"))),
        ("x", meta(0o2750, daemon), copy("data"), Some(no_file("data"))),
        ("x", meta(0o777, odd), copy("data/up"), Some(no_file("data/up"))),
        ("x", meta(0o4600, www_data), copy("supervise/lock"), Some(no_file("supervise/lock"))),
        // A file that is generated.
        ("x", meta(0o666, None), text(), None),
        ("x", meta(0o1666, None), text(), Some(special.to_owned())),
        ("x", meta(0o4755, None), text(), Some(special.to_owned())),
        ("x", meta(0o644, www_data), text(), Some(special.to_owned())),
        ("finish", meta(0o755, www_data), text(), Some(special.to_owned())),
        // A directory like one of the template, wherever the template's copy is, or one that nobody else may write.
        ("x", meta(0o755, None), Kind::Directory, None),
        ("tmp", meta(0o755, None), Kind::Directory, None),
        ("x", meta(0o775, None), Kind::Directory, Some(mode("0775"))),
        ("x", meta(0o1755, None), Kind::Directory, Some(special.to_owned())),
        ("x", meta(0o755, odd), Kind::Directory, Some(special.to_owned())),
        ("template/tmp", meta(0o1777, None), Kind::Directory, None),
        ("svc/template/tmp", meta(0o1777, None), Kind::Directory, None),
        ("template/template/tmp", meta(0o1777, None), Kind::Directory, None),
        ("x/tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("a/b/template/tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("templates/tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("template/data", meta(0o2750, daemon), Kind::Directory, None),
        ("template/data", meta(0o2750, None), Kind::Directory, Some(special.to_owned())),
        ("template/data", meta(0o750, None), Kind::Directory, Some(mode("0750"))),
        ("tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("template/tmp.user", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        // A FIFO, and a link, which may be called otherwise where a wrapper has its place.
        ("x", meta(0o666, None), Kind::Fifo, None),
        ("x", meta(0o640, www_data), Kind::Fifo, Some(special.to_owned())),
        ("template/tmp", meta(0o1777, None), Kind::Fifo, Some(special.to_owned())),
        ("x", meta(0o777, None), link(), None),
        ("x", meta(0o777, odd), link(), Some(special.to_owned())),
        ("template/finish", meta(0o755, www_data), link(), Some(special.to_owned())),
        ("template/data/up", meta(0o777, odd), link(), None),
        ("template/data/up.user", meta(0o777, odd), link(), None),
        ("template/data/up.other", meta(0o777, odd), link(), Some(special.to_owned())),
    ];
    for (at, meta, kind, refused) in cases {
        let mut tree = Tree::new(Meta::callers(Mode::new(0o755)));
        let place = path(at);
        let parents: Vec<_> =
            std::iter::successors(place.parent(), TreePath::parent).filter(|parent| !parent.is_root()).collect();
        for parent in parents.into_iter().rev() {
            tree.insert(parent, Node::new(Meta::callers(Mode::new(0o755)), Kind::Directory)).unwrap();
        }
        let what = format!("{at} {meta:?} {kind:?}");
        tree.insert(place, Node::new(meta, kind)).unwrap();
        let plan = Plan { tree, placement: Placement::New, warnings: Vec::new() };
        let message = plan.check(&root, &template).err().map(|violation| violation.to_string());
        assert_eq!(message, refused.map(|reason| format!("the plan is refused: `{at}` {reason}")), "{what}");
        laws::plan_document(&PlanDocument::encode(&plan, &template)).unwrap();
    }
    for meta in [meta(0o700, None), meta(0o1755, None), meta(0o755, www_data)] {
        let plan = Plan { tree: Tree::new(meta), placement: Placement::New, warnings: Vec::new() };
        let message = plan.check(&root, &template).unwrap_err().to_string();
        assert!(message.contains("is the result itself"), "{message}");
    }
}

#[test]
fn directories_of_programs() {
    assert_eq!(ShebangDir::new(format!("/{}", "a".repeat(238)).as_bytes()).map(|_| ()), Ok(()));
    assert_eq!(ShebangDir::new(format!("/{}", "a".repeat(239)).as_bytes()), Err(ProgramDirError::TooLong));
    assert_eq!(ShebangDir::new("/é".as_bytes()), Err(ProgramDirError::NotForShebang));
    assert_eq!(ProgramDir::new(b"/a\0"), Err(ProgramDirError::Nul));
    assert_eq!(ProgramDir::new(b"a"), Err(ProgramDirError::NotAbsolute));
    assert_eq!(ProgramDir::new(b"///").unwrap().as_bytes(), b"");
    assert_eq!(ProgramDir::new(b"/a//").unwrap().as_bytes(), b"/a");
    let target = Target::default();
    assert_eq!((target.shebang_dir.as_bytes(), target.execline_dir, target.s6_dir), (b"/usr/bin".as_slice(), None, None));
}

#[test]
fn jobs_that_are_none() {
    let text = String::from_utf8(Job::encode(&facts(), &template("0755 file run = #!/bin/sh"))).unwrap();
    let message = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        Job::decode(text.replacen(from, to, 1).as_bytes()).map_err(|error| error.to_string())
    };
    let account = r#"{"name":"www-data","owner":[33,33],"groups":[33,4]}"#;
    assert_eq!(message(account, &format!("{account},{account}")), Err("the job has an invalid account".into()));
    let head = r##""head":"#!/bin/sh""##;
    let of = |length| format!(r#""head":"{}""#, "h".repeat(length));
    assert!(message(head, &of(4096)).is_ok());
    assert_eq!(message(head, &of(4097)), Err("entry `run` of the job: its head is too long".into()));
}

#[test]
fn timestamps() {
    let all = [Timestamp::None, Timestamp::Tai64n, Timestamp::Iso8601, Timestamp::Both].map(Some);
    assert_eq!([0, 1, 2, 3].map(Timestamp::new), all);
    assert_eq!(Timestamp::new(4), None);
}

/// Tags are characters that nobody sees, and that say something to programs.
#[test]
fn tags_are_shown() {
    for (text, shown) in [("\u{e0041}", r"\u{e0041}"), ("\u{e0000}", r"\u{e0000}"), ("\u{e007f}", r"\u{e007f}")] {
        assert_eq!(Shown(text.as_bytes()).to_string(), shown);
        assert!(!is_shown(text) && is_shown(shown));
    }
}

#[test]
fn refusals_of_command_lines() {
    let refusal = |words: &[&[u8]]| match request(words.iter().map(|word| OsString::from_vec(word.to_vec()))) {
        Err(Refusal::Usage(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refusal(&[b"--dry-run", b"--print-job", b"t", b"d"]),
        "of --dry-run, --print-job and --apply-plan only one can be done"
    );
    assert_eq!(refusal(&[b"--\xff=x", b"t", b"d"]), "there is no option `--\u{fffd}`");
    assert_eq!(refusal(&[b"--installation=\xff", b"t", b"d"]), "--installation <NAME>: there is no `\u{fffd}`");
    let unsupported = UsageError::unsupported("--module", "build it in");
    assert_eq!(
        (unsupported.to_string().as_str(), unsupported.hint()),
        ("--module is not in this program", Some("build it in"))
    );
    assert!(cli::parse([]).is_err());
}

/// Every byte is quoted as s6's own program does it (docs/original.md, "Quoting"), not only so that execlineb reads it back.
#[test]
fn quoting_is_s6s_own() {
    for byte in 1..=255u8 {
        let expected = match byte {
            7..=13 => format!("\"\\{}\"", char::from(b"abtnvfr"[usize::from(byte - 7)])),
            b'"' | b'\\' => format!("\"\\{}\"", char::from(byte)),
            b' '..=b'~' => format!("\"{}\"", char::from(byte)),
            _ => format!("\"\\0x{byte:02x}\""),
        };
        let text = Text::new([byte]).unwrap();
        assert_eq!(String::from_utf8_lossy(Word::quoted(&text).as_bytes()), expected, "{byte}");
    }
}

/// A path that is put together is as long as one can be, and not longer.
#[test]
fn joined_paths_have_an_end() {
    let name = |length| Name::new(vec![b'n'; length]).unwrap();
    let deep = (0..15).fold(TreePath::ROOT, |path, _| path.join(&name(255)).unwrap());
    let longest = deep.join(&name(255)).unwrap();
    assert_eq!(longest.as_bytes().len(), 4095);
    assert_eq!(longest.join(&name(1)), Err(PathError::TooLong));
    let inner = TreePath::from(name(254)).join(&name(1)).unwrap();
    assert_eq!(deep.join_path(&inner), Err(PathError::TooLong));
    assert_eq!(longest.join_path(&TreePath::ROOT).as_ref(), Ok(&longest));
}

fn instance(name: &str) -> InstanceName {
    InstanceName::new(name.as_bytes()).unwrap()
}

/// What s6-instance-create takes for a name, and what of that would do harm.
#[test]
fn names_of_instances() {
    let long = "n".repeat(INSTANCE_NAME_MAX);
    for name in ["a", "a.b", "-a", "s6-svscan-log2", "s6-svscan-lo", "a\x0bb", "é", "@", &long] {
        assert_eq!(instance(name).as_name(), &Name::new(name.as_bytes()).unwrap());
        assert_eq!(instance(name).to_string(), Name::new(name.as_bytes()).unwrap().to_string());
    }
    for (name, error) in [
        ("", InstanceNameError::Empty),
        (".", InstanceNameError::Dot),
        (".a", InstanceNameError::Dot),
        ("s6-svscan-log", InstanceNameError::Catchall),
        ("a b", InstanceNameError::Blank),
        ("a\t", InstanceNameError::Blank),
        ("\na", InstanceNameError::Blank),
        ("a\x0c", InstanceNameError::Blank),
        ("a\r", InstanceNameError::Blank),
        ("a/b", InstanceNameError::Forbidden),
        ("a\0", InstanceNameError::Forbidden),
        (&format!("{long}n"), InstanceNameError::TooLong),
    ] {
        assert_eq!(InstanceName::new(name.as_bytes()), Err(error), "{name:?}");
    }
}

/// A list has a name a line, and says which line is none.
#[test]
fn lists_of_instances() {
    let names = |text: &str| -> Result<Vec<String>, String> {
        let list = Instances::parse_list(text.as_bytes()).map_err(|error| error.to_string())?;
        assert_eq!((list.is_empty(), list.iter().len()), (text.is_empty(), list.iter().count()), "{text:?}");
        Ok(list.iter().map(ToString::to_string).collect())
    };
    assert_eq!(names(""), Ok(Vec::new()));
    for text in ["b\na\n", "a\nb"] {
        assert_eq!(names(text), Ok(vec!["a".to_owned(), "b".to_owned()]));
    }
    let empty = InstanceNameError::Empty;
    for (text, line) in [("\n", 1), ("\na\n", 1), ("a\n\n", 2), ("a\n\nb\n", 2)] {
        let error = ListError::Name { line, text: Vec::new(), source: empty };
        assert_eq!(Instances::parse_list(text.as_bytes()), Err(error), "{text:?}");
    }
    let blank = ListError::Name { line: 3, text: b"c d".to_vec(), source: InstanceNameError::Blank };
    assert_eq!(Instances::parse_list(b"a\nb\nc d\n"), Err(blank.clone()));
    assert!(blank.to_string().starts_with("line 3, `c d`: it cannot hold a space"), "{blank}");
    assert_eq!(names("a\nb\na\n"), Err("line 3: the instance `a` is declared twice".to_owned()));
    let list = |text: &str| Instances::parse_list(text.as_bytes()).unwrap();
    assert_eq!(list("a\nb").and(&list("c")), Ok(list("a\nb\nc")));
    assert_eq!(list("a\nb").and(&list("c\nb")), Err(DeclaredTwice(instance("b"))));
    let mut declared = list("b");
    assert_eq!((declared.declare(instance("a")), declared.clone()), (Ok(()), list("a\nb")));
    assert_eq!((declared.declare(instance("b")), declared), (Err(DeclaredTwice(instance("b"))), list("a\nb")));
}

#[test]
fn longest_names() {
    assert_eq!([10, 256, u64::from(u32::MAX) + 12].map(NameMax::new), [None; 3]);
    for length in [NameMax::MIN, 12, NameMax::MAX] {
        let most = NameMax::new(length.into()).unwrap();
        let name = |length: u32| instance(&"n".repeat(length.min(251) as usize));
        assert_eq!((most.get(), most.allows(&name(length))), (length, true));
        assert_eq!(most.allows(&name(length + 1)), length > 250);
    }
}

/// What s6-rc-compile takes for names, and which of them can go together.
#[test]
fn names_of_services() {
    let service = |name: &str| ServiceName::new(name.as_bytes());
    let long = "n".repeat(SERVICE_NAME_MAX);
    for name in ["a", "a b", "a\t#", "s6-rc", "s6rc", "-s6rc-", "s6-rcs", &long] {
        assert_eq!(service(name).unwrap().as_name(), &Name::new(name.as_bytes()).unwrap());
        assert_eq!(service(name).unwrap().to_string(), Name::new(name.as_bytes()).unwrap().to_string());
    }
    for (name, error) in [
        ("", ServiceNameError::Empty),
        (".a", ServiceNameError::Dot),
        ("s6rc-", ServiceNameError::Reserved),
        ("s6-rc-a", ServiceNameError::Reserved),
        ("a\nb", ServiceNameError::Newline),
        (" a", ServiceNameError::LeadingBlankOrHash),
        ("\ta", ServiceNameError::LeadingBlankOrHash),
        ("#a", ServiceNameError::LeadingBlankOrHash),
        (&format!("{long}n"), ServiceNameError::TooLong),
        ("a/b", ServiceNameError::Forbidden),
        ("a\0", ServiceNameError::Forbidden),
    ] {
        assert_eq!(service(name), Err(error), "{name:?}");
    }
    let logging = || {
        request(["-L", "/l", "-r", "s/l", "t", "d"]).map(|request| match request.shape {
            Shape::S6Rc(definition) => definition.log().unwrap().logging.clone(),
            other => panic!("{other:?}"),
        })
    };
    let define = |name: &str, logger: Option<&str>, pipeline: Option<&str>, depends_on: &[&str]| {
        let log = logger.map(|logger| Consumer {
            logger: service(logger).unwrap(),
            pipeline: pipeline.map(|pipeline| service(pipeline).unwrap()),
            logging: logging().unwrap(),
        });
        let depends_on = depends_on.iter().map(|name| service(name).unwrap()).collect();
        let management = Management { depends_on, essential: true, ..Management::default() };
        let made = Definition::new(service(name).unwrap(), log.clone(), management.clone())?;
        assert_eq!((made.service(), made.log(), made.management()), (&service(name).unwrap(), log.as_ref(), &management));
        Ok(())
    };
    assert_eq!(define("a", None, None, &["b"]), Ok(()));
    assert_eq!(define("a", Some("b"), None, &["c", "d"]), Ok(()));
    assert_eq!(define("a", Some("b"), Some("c"), &["d"]), Ok(()));
    assert_eq!(define("a", Some("a"), None, &[]), Err(DefinitionError::SameName("service", "logger")));
    assert_eq!(define("a", Some("b"), Some("a"), &[]), Err(DefinitionError::SameName("service", "pipeline")));
    assert_eq!(define("a", Some("b"), Some("b"), &[]), Err(DefinitionError::SameName("logger", "pipeline")));
    for name in ["a", "b", "c"] {
        assert_eq!(define("a", Some("b"), Some("c"), &["x", name]), Err(DefinitionError::OnItself(service(name).unwrap())));
    }
}

/// With --fix-modes: who may read a script may execute it, its owner in any case, and a set-id bit that meant nothing is gone.
#[test]
fn modes_that_are_fixed() {
    for (mode, fixed) in [
        ("0644", "0755"),
        ("0600", "0700"),
        ("0640", "0750"),
        ("0000", "0100"),
        ("0444", "0555"),
        ("0004", "0105"),
        ("0222", "0322"),
        ("0755", "0755"),
        ("4755", "4755"),
        ("6750", "6750"),
        ("4644", "0755"),
        ("2640", "0750"),
        ("1644", "1755"),
    ] {
        let manifest =
            format!("{mode} file run\n{mode} file other\n0777 link finish -> data/stop\n0755 dir data\n{mode} file data/stop");
        for (options, expected) in [(&["--fix-modes"] as &[&str], fixed), (&[], mode)] {
            let options = options.iter().copied().chain(["--allow", "run-not-executable", "--allow", "finish-not-executable"]);
            let plan = planned(options.chain(["t", "d"]), &facts(), &template(&manifest));
            for (path, expected) in [("run", expected), ("other", mode), ("data/stop", expected)] {
                let line = format!("{expected} file template/{path} <- {path}\n");
                assert!(plan.contains(&line), "{line}{plan}");
            }
        }
    }
}
