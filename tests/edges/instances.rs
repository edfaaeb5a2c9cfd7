//! Instances that a job declares, what a template is asked for on the way, and a request without options.

use super::path;
use s6_instance_maker_core::cli::LinkPolicy;
use s6_instance_maker_core::instances::{DuplicateInstance, Instances};
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::plan::{PlanError, plan};
use s6_instance_maker_core::request::{Request, Shape};
use s6_instance_maker_core::template::FileFacts;
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use s6_instance_maker_core::wire::Job;
use s6_instance_maker_workspace::manifest::{facts, invocation, request, template};

const RUN: &str = "0755 file run";

/// The request of a command line, with instances from a list.
fn declaring(words: &[&str], names: &str) -> Result<Request, DuplicateInstance> {
    let mut request = request(words.iter().chain(&["t", "d"]).copied()).unwrap();
    request.declare(&Instances::parse_list(names.as_bytes()).unwrap())?;
    Ok(request)
}

/// A request that nobody typed is what a command line without options asks for.
#[test]
fn a_request_without_options() {
    let shape = Shape::ServiceDirectory { log: None, instances: Instances::default() };
    assert_eq!(Request::new(shape), request(["t", "d"]).unwrap());
}

/// Names from a file are as good as those of the command line; a name in both is an error.
#[test]
fn names_from_a_file() {
    let asked = |words: &[&str], names: &str| {
        plan(&declaring(words, names).unwrap(), &facts(), &template(RUN)).map(|plan| plan.to_string())
    };
    let all = request(["--instance", "a", "--instance", "b", "--instance", "c", "t", "d"]).unwrap();
    let expected = plan(&all, &facts(), &template(RUN)).unwrap().to_string();
    assert_eq!(asked(&["--instance", "b"], "c\na\n"), Ok(expected));
    let error = declaring(&["--instance", "b"], "b\n").unwrap_err().to_string();
    assert_eq!(error, "duplicate instance `b`");
    assert!(asked(&["-r", "svc"], "").is_ok());
    assert_eq!(
        asked(&["-c", "2", "--s6-version", "2.15"], "a\nb\nc\n"),
        Err(PlanError::TooManyInstances { declared: 3, room: 2 })
    );
    // Without -c there is room for 500.
    let many = |count: usize| (0..count).map(|number| format!("{number}\n")).collect::<String>();
    assert!(asked(&[], &many(500)).is_ok());
    assert_eq!(asked(&[], &many(501)), Err(PlanError::TooManyInstances { declared: 501, room: 500 }));
}

/// Numbers are names like those that are typed, and the same to a document.
#[test]
fn numbers_are_names() {
    let options = |words: &[&str], names: &str| Options::of(&declaring(words, names).unwrap());
    let three = options(&["--instance", "3", "--instance", "1", "--instance", "2"], "");
    assert_eq!(options(&["--count", "3"], ""), three);
    assert_eq!(options(&["--count", "2"], "3\n"), three);
    assert_eq!(options(&["--count", "1", "--instance", "3"], "2\n"), three);
    assert_eq!(options(&["--count", "0"], ""), options(&[], ""));
    assert_eq!(options(&["--count", "5", "--count", "007"], ""), options(&["--count", "7"], ""));
    assert_eq!(declaring(&["--count", "3"], "3\n").unwrap_err().to_string(), "duplicate instance `3`");
    // Only as it is: with zeros before it, it is another name.
    assert!(declaring(&["--count", "3"], "03\n").is_ok());
    assert_eq!(Instances::numbered(Instances::NUMBERED_MAX).iter().len(), 90_000);
    // What was typed is what a document must have been computed for.
    let expected = three.clone().only(&["count"]);
    assert_eq!(expected.require(&three), Ok(()));
    assert!(expected.require(&options(&["--count", "2"], "")).is_err());
}

/// A plan has the instances that were asked for, and no others.
#[test]
fn a_plan_with_other_instances_is_in_another_shape() {
    let made = |names: &str| {
        let request = declaring(&[], names).unwrap();
        (plan(&request, &facts(), &template(RUN)).unwrap(), request.shape)
    };
    for names in ["", "a\n", "a\nb\n"] {
        for other in ["", "a\n", "b\n", "a\nb\n"] {
            assert_eq!(made(names).0.is_in_shape(&made(other).1), names == other, "{names:?} for {other:?}");
        }
    }
}

/// A job says the names as they are, or is none.
#[test]
fn jobs_declare_instances() {
    let instances = Instances::parse_list(b"b\na\n").unwrap();
    let job = Job { instances, facts: facts(), template: template(RUN) };
    let text = String::from_utf8(Job::encode(&job.instances, &job.facts, &job.template)).unwrap();
    assert_eq!(Job::decode(text.as_bytes()), Ok(job));
    assert!(text.contains(r#""instances":["a","b"]"#), "{text}");
    for other in [r#"["a","a"]"#, r#"["../b"]"#, r#"[""]"#, r#"["s6-svscan-log"]"#] {
        let error = Job::decode(text.replace(r#"["a","b"]"#, other).as_bytes()).unwrap_err().to_string();
        assert_eq!(error, "the job has an invalid instance", "{other}");
    }
}

/// Of a template, what s6-supervise runs is looked into, and what it reads; each file once, wherever links lead.
#[test]
fn control_files() {
    let template = template(
        "0755 file run
         0755 dir data
         0755 file data/run
         0644 file data/notification-fd
         0777 link notification-fd -> data/notification-fd
         0644 file down-signal
         0755 dir lock-fd
         0644 file config
         0644 file type
         0777 link log -> data",
    );
    let files = ["run", "data/run", "data/notification-fd", "down-signal", "type"].map(path);
    assert_eq!(template.control_files(), files);
    assert_eq!(template.head(&path("run")), None);
}

/// The copy of a link's target is at the link's path; no other entry is lost.
#[test]
fn links_are_replaced() {
    let mut template = template("0755 file run\n0777 link a -> ../x\n0755 dir data");
    let owner = Some(Ids { uid: 1, gid: 2 });
    let file = || Node::new(Meta { mode: Mode::new(0o640), owner }, Kind::File(FileFacts { size: 3, head: None }));
    for other in ["run", "data", "missing"] {
        let before = template.clone();
        template.replace_link(&path(other), file());
        assert_eq!(template, before, "{other}");
    }
    template.replace_link(&path("a"), file());
    assert_eq!(template.tree().get(&path("a")), Some(&file()));
}

/// The limit of what is copied from outside is typed, or it is 64 MiB; it requires --dereference.
#[test]
fn limits_of_what_links_lead_to() {
    let links = |words: &[&str]| invocation(words.iter().chain(&["t", "d"]).copied()).map(|invocation| invocation.links);
    assert_eq!(links(&[]), Ok(LinkPolicy::Kept));
    assert_eq!(links(&["--dereference"]), Ok(LinkPolicy::Copied { limit: 64 << 20 }));
    assert_eq!(links(&["--dereference", "--dereference-limit", "0"]), Ok(LinkPolicy::Copied { limit: 0 }));
    assert!(links(&["--dereference-limit", "0"]).is_err());
}
