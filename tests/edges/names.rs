//! The names of instances and services, and what they can be told together.

use s6_instance_maker_core::definition::{
    Consumer, Definition, DefinitionError, Management, SERVICE_NAME_MAX, ServiceName, ServiceNameError,
};
use s6_instance_maker_core::instances::{
    DeclaredTwice, INSTANCE_NAME_MAX, InstanceName, InstanceNameError, Instances, ListError, NameMax,
};
use s6_instance_maker_core::path::Name;
use s6_instance_maker_core::request::Shape;
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};

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
    assert!(blank.to_string().starts_with("line 3, `c d`: cannot contain a space"), "{blank}");
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
