//! The names of instances and services, and what they can be told together.

use s6_instance_maker_core::definition::{
    BundleName, Consumer, Definition, DefinitionError, DependencyName, Flags, Management, SERVICE_NAME_MAX, ServiceName,
    ServiceNameError,
};
use s6_instance_maker_core::instances::{
    DuplicateInstance, INSTANCE_NAME_MAX, InstanceName, InstanceNameError, Instances, ListError, NameMax,
};
use s6_instance_maker_core::path::Name;
use s6_instance_maker_core::request::Shape;
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};

fn instance(name: &str) -> InstanceName {
    InstanceName::new(name.as_bytes()).unwrap()
}

/// Names of instances: those that s6-instance-create accepts, without those that do harm.
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

/// A list has one name per line, as people and other tools write them.
#[test]
fn lists_of_instances() {
    let names = |text: &str| -> Result<Vec<String>, String> {
        let list = Instances::parse_list(text.as_bytes()).map_err(|error| error.to_string())?;
        assert_eq!(list.is_empty(), list.iter().len() == 0, "{text:?}");
        Ok(list.iter().map(ToString::to_string).collect())
    };
    for text in ["", "\n", "\n\r\n \t\n", "# none\n", "\u{feff}", "\u{feff}# none\r\n"] {
        assert_eq!(names(text), Ok(Vec::new()), "{text:?}");
    }
    for text in [
        "b\na\n",
        "a\nb",
        "\u{feff}a\nb\n",
        "a\r\nb\r\n",
        "\u{feff}a\r\nb",
        "\na\n\n\nb\n\n",
        "  a\n\tb \t\n",
        "# those of today\na\n  # and\nb\n#c\n",
    ] {
        assert_eq!(names(text), Ok(vec!["a".to_owned(), "b".to_owned()]), "{text:?}");
    }
    let blank = ListError::Name { line: 4, text: b"c d".to_vec(), source: InstanceNameError::Blank };
    assert_eq!(Instances::parse_list(b"a\n\nb\n c d\r\n"), Err(blank.clone()));
    assert!(blank.to_string().starts_with("line 4, `c d`: cannot contain a space"), "{blank}");
    assert_eq!(names("a\nb\na\n"), Err("line 3: duplicate instance `a`".to_owned()));
    let list = |text: &str| Instances::parse_list(text.as_bytes()).unwrap();
    assert_eq!(list("a\nb").and(&list("c")), Ok(list("a\nb\nc")));
    assert_eq!(list("a\nb").and(&list("c\nb")), Err(DuplicateInstance(instance("b"))));
    let mut declared = list("b");
    assert_eq!((declared.declare(instance("a")), declared.clone()), (Ok(()), list("a\nb")));
    assert_eq!((declared.declare(instance("b")), declared), (Err(DuplicateInstance(instance("b"))), list("a\nb")));
}

/// Nobody gets an instance that nobody named: what is no list of plain names is refused, with line and reason.
#[test]
fn lists_that_are_none() {
    let refused = |text: &[u8]| Instances::parse_list(text).unwrap_err().to_string();
    for (text, start) in [
        ("a\n\u{feff}b\n", "line 2, `\\u{feff}b`: contains a control character, an invisible one, or a blank"),
        ("a\u{a0}\n", "line 1, `a\u{a0}`: contains "),
        ("a\u{200b}b\n", "line 1, `a\\u{200b}b`: contains "),
        ("a\u{b}\n", "line 1, `a\\x0b`: contains "),
        ("a\u{1b}[0m\n", "line 1, `a\\x1b[0m`: must be one plain name"),
        ("a\rb\r", "line 1, `a\\rb`: cannot contain a space"),
        ("a # the first\n", "line 1, `a # the first`: cannot contain a space"),
        ("- a\n", "line 1, `- a`: cannot contain a space"),
        ("\"a\"\n", "line 1, `\"a\"`: must be one plain name"),
        ("'a'\n", "line 1, `'a'`: must be one plain name, "),
        ("a,b\n", "line 1, `a,b`: must be one plain name, "),
        ("a\nb;\n", "line 2, `b;`: must be one plain name, "),
        ("[\na\n]\n", "line 1, `[`: must be one plain name, "),
        ("{}\n", "line 1, `{}`: must be one plain name, "),
        ("./a\n", "line 1, `./a`: cannot begin with a dot"),
        ("a/b\n", "line 1, `a/b`: cannot contain a slash"),
        ("a\0\n", "line 1, `a\\x00`: cannot contain a slash or a NUL"),
    ] {
        let message = refused(text.as_bytes());
        assert!(message.starts_with(start), "{text:?}: {message}");
    }
    for utf16 in [b"\xff\xfea\0\n\0".as_slice(), b"\xfe\xff\0a\0\n"] {
        assert!(refused(utf16).contains("UTF-16"));
    }
    // Names that are no text are names all the same.
    assert_eq!(Instances::parse_list(b"caf\xe9\n").unwrap().iter().len(), 1);
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

/// Names of services: those that s6-rc-compile accepts, and those that can be combined.
#[test]
fn names_of_services() {
    let service = |name: &str| ServiceName::new(name.as_bytes());
    let long = "n".repeat(SERVICE_NAME_MAX);
    for name in ["a", "a b", "a\t#", " a", "\ta", "#a", "s6-rc", "s6rc", "-s6rc-", "s6-rcs", &long] {
        assert_eq!(service(name).unwrap().as_name(), &Name::new(name.as_bytes()).unwrap());
        assert_eq!(service(name).unwrap().to_string(), Name::new(name.as_bytes()).unwrap().to_string());
    }
    for (name, error) in [
        ("", ServiceNameError::Empty),
        (".a", ServiceNameError::Dot),
        ("s6rc-", ServiceNameError::Reserved),
        ("s6-rc-a", ServiceNameError::Reserved),
        ("a\nb", ServiceNameError::Newline),
        (&format!("{long}n"), ServiceNameError::TooLong),
        (&"n".repeat(300), ServiceNameError::TooLong),
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
            pipeline: pipeline.map(|pipeline| BundleName::new(pipeline.as_bytes()).unwrap()),
            logging: logging().unwrap(),
        });
        let depends_on = depends_on.iter().map(|name| DependencyName::new(name.as_bytes()).unwrap()).collect();
        let flags = Flags { essential: true, recommended: false };
        let management = Management { depends_on, flags, ..Management::default() };
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
    // A logger's name is part of the name of a pipe, and of a script that substitutes.
    let logger = |length: usize| define("a", Some(&"l".repeat(length)), None, &[]);
    assert_eq!((logger(243), logger(244)), (Ok(()), Err(DefinitionError::LongLogger)));
    for name in ["$1", "a$", "${@}", "\\$@"] {
        assert_eq!(define("a", Some(name), None, &[]), Err(DefinitionError::DollarInLogger));
        assert_eq!(define(name, Some("b"), Some(name), &[]).err(), Some(DefinitionError::SameName("service", "pipeline")));
        assert_eq!(define(name, Some("b"), None, &[]), Ok(()));
    }
    // In lists, which there are beside a logger only, some names are lost.
    for name in [" a", "\ta", "#a"] {
        assert_eq!(define(name, None, None, &["#b"]), Ok(()));
        for (service_name, logger) in [(name, "b"), ("b", name)] {
            let lost = Err(DefinitionError::Unlistable(service(name).unwrap()));
            assert_eq!(define(service_name, Some(logger), None, &[]), lost);
        }
        assert_eq!(BundleName::new(name.as_bytes()), Err(ServiceNameError::LeadingBlankOrHash));
    }
    // A bundle is no directory that s6-rc-compile passes over, and nobody supervises it.
    for name in [".a", &"n".repeat(255), &"n".repeat(5000), "a b", "$1"] {
        let bundle = BundleName::new(name.as_bytes()).unwrap();
        assert_eq!(bundle.as_bytes(), name.as_bytes());
        let has_directory = name.len() <= 255 && !name.starts_with('.');
        assert_eq!(bundle.directory(), has_directory.then(|| Name::new(name.as_bytes()).unwrap()));
    }
    for (name, error) in [
        ("", ServiceNameError::Empty),
        ("s6rc-a", ServiceNameError::Reserved),
        ("a\nb", ServiceNameError::Newline),
        ("a/b", ServiceNameError::Forbidden),
        ("a\0", ServiceNameError::Forbidden),
    ] {
        assert_eq!(BundleName::new(name.as_bytes()), Err(error), "{name:?}");
    }
    // What a service depends on may be a oneshot or a bundle, which nobody supervises; its name is that of a file.
    for name in ["a", "a b", " a", "#a", "$1", &"n".repeat(255)] {
        assert_eq!(DependencyName::new(name.as_bytes()).unwrap().as_name(), &Name::new(name.as_bytes()).unwrap());
    }
    for (name, error) in [
        ("", ServiceNameError::Empty),
        (".a", ServiceNameError::Dot),
        ("s6rc-a", ServiceNameError::Reserved),
        ("a\nb", ServiceNameError::Newline),
        ("a/b", ServiceNameError::Forbidden),
        (&"n".repeat(256), ServiceNameError::LongFileName),
    ] {
        assert_eq!(DependencyName::new(name.as_bytes()), Err(error), "{name:?}");
    }
    for name in ["a", "b", "c"] {
        assert_eq!(
            define("a", Some("b"), Some("c"), &["x", name]),
            Err(DefinitionError::OnItself(DependencyName::new(name.as_bytes()).unwrap()))
        );
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
