//! Source definitions for s6-rc, judged by a model of s6-rc-compile: nothing that this project makes is refused, ignored, or
//! compiled to what never runs. `s6rc` has the real programs.

use s6_instance_maker_core::plan::{Placement, plan};
use s6_instance_maker_workspace::cases::CASES;
use s6_instance_maker_workspace::s6rc_model::{Compiler, Database, Line, accept, planned};
use s6_instance_maker_workspace::{jobs, manifest, s6rc_sources};
use std::collections::{BTreeMap, BTreeSet};

/// Definitions that s6-rc-compile accepts, and those that it refuses.
#[test]
fn the_model_judges_as_s6_rc_compile_does() {
    for line in [Line::V0_5, Line::V0_7] {
        let compiler = Compiler { line, ..Compiler::NEWEST };
        for source in s6rc_sources::all() {
            let label = source.label;
            match (compiler.compile(&source.tree), source.refused) {
                (Ok(_), None) => {}
                (Err(refusal), Some((code, message))) => {
                    assert_eq!((refusal.code, refusal.fault), (code, message), "{label}: {refusal}");
                }
                (Ok(_), Some(expected)) => panic!("{label}: accepted, and not {expected:?}"),
                (Err(refusal), None) => panic!("{label}: {refusal}"),
            }
        }
    }
}

/// The database that s6-rc-compile would make of what a command line plans for a template with a logger.
fn compiled(options: &[&str]) -> Database {
    let template = manifest::template("0755 file run = #!/bin/sh\n0755 dir log\n0755 file log/run = #!/bin/sh");
    let request = manifest::request(options.iter().copied().chain(["template", "dir"])).unwrap();
    accept(planned(&plan(&request, &manifest::facts(), &template).unwrap(), &template))
}

fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<Vec<u8>> {
    names.into_iter().map(|name| name.as_bytes().to_vec()).collect()
}

#[test]
fn definitions_are_compiled_whole() {
    // Longer than any name of a file, which a bundle's is not; a oneshot may be longer than what s6-svscan supervises.
    let long = "n".repeat(1000);
    for (options, service, logger, pipeline) in [
        (&["-r", "svc"][..], "svc", None, None),
        (&["-r", "svc/log", "-L", "/l"], "svc", Some("log"), None),
        (&["-r", "svc/log/pipe", "-L", "/l", "-l", "nobody", "-u", "www-data"], "svc", Some("log"), Some("pipe")),
        (&["-r", "-a \"b\"/caf\u{e9}/pipe line $", "-L", "/l"], "-a \"b\"", Some("caf\u{e9}"), Some("pipe line $")),
        (&["-r", "$1", "--essential", "--timeout-up", "4294967295", "--timeout-down", "007"], "$1", None, None),
        (&["-r", &format!("svc/log/{long}"), "-L", "/l", "--depends-on", &long[..255]], "svc", Some("log"), Some(&long)),
        (
            &["-r", "svc/log/pipe", "-L", "/l", "--depends-on", "net", "--depends-on", "a b", "--essential"],
            "svc",
            Some("log"),
            Some("pipe"),
        ),
    ] {
        let database = compiled(options);
        let both = names([service].into_iter().chain(logger));
        let asked = options.windows(2).filter(|words| words[0] == "--depends-on").map(|words| words[1]);
        let asked: Vec<_> = asked.collect();
        assert_eq!(database.longruns.keys().cloned().collect::<BTreeSet<_>>(), both, "{options:?}");
        assert_eq!(database.consumers, names(logger), "{options:?}");
        assert_eq!(database.bundles.keys().cloned().collect::<BTreeSet<_>>(), names(pipeline), "{options:?}");
        assert!(database.bundles.values().all(|contents| *contents == both), "{options:?}");
        // s6-rc's own holder of pipes is a dependency of both ends.
        let holder = logger.map(|_| "s6rc-fdholder");
        let on = |name: &str| database.dependencies[name.as_bytes()].clone();
        assert_eq!(on(service), names(asked.iter().copied().chain(logger).chain(holder)), "{options:?}");
        if let Some(logger) = logger {
            assert_eq!(on(logger), names(asked.iter().copied().chain(holder)), "{options:?}");
        }
        for (name, servicedir) in &database.longruns {
            let is_service = name == service.as_bytes();
            let run = if logger.is_some() { "run.user" } else { "run" };
            assert!(servicedir.tree[run.as_bytes()].bytes.starts_with(b"#!"), "{options:?}");
            assert_eq!(servicedir.tree[b"notification-fd".as_slice()].bytes, b"3\n");
            for copied in ["template/run", "template/log/run", "instance", "instances"] {
                assert_eq!(servicedir.tree.contains_key(copied.as_bytes()), is_service, "{options:?}: {copied}");
            }
        }
    }
}

/// Instances that are longruns: the bundle has them and their own loggers, and the common logger reads from the last of each.
#[test]
fn static_instances_are_compiled_whole() {
    let logged = ["web@a", "web@a-log", "web@b", "web@b-log"];
    let two = ["-r", "web", "--static", "--instance", "a", "--instance", "b"];
    let database = compiled(&two);
    assert_eq!(database.longruns.keys().cloned().collect::<BTreeSet<_>>(), names(logged));
    assert_eq!(database.bundles, BTreeMap::from([(b"web".to_vec(), names(logged))]));
    assert_eq!(database.consumers, names(["web@a-log", "web@b-log"]));

    let options = [&two[2..], &["-r", "web/log/all", "-L", "/l", "--depends-on", "base", "--essential"]].concat();
    let database = compiled(&options);
    let all = || logged.into_iter().chain(["log"]);
    assert_eq!(database.longruns.keys().cloned().collect::<BTreeSet<_>>(), names(all()));
    assert_eq!(database.bundles[b"web".as_slice()], names(logged));
    assert_eq!(database.bundles[b"all".as_slice()], names(all()));
    let on = |name: &str| database.dependencies[name.as_bytes()].clone();
    assert_eq!(on("web@a"), names(["base", "web@a-log", "s6rc-fdholder"]));
    assert_eq!(on("web@b-log"), names(["base", "log", "s6rc-fdholder"]));
    assert_eq!(on("log"), names(["base", "s6rc-fdholder"]));
    for (name, servicedir) in &database.longruns {
        let has = |path: &str| servicedir.tree.contains_key(path.as_bytes());
        assert_eq!(has("data/.template/run"), name != b"log");
        assert!(!has("template") && !has("instance") && has("run.user"));
    }

    // Without an instance nothing runs, and every name is there.
    let database = compiled(&["-r", "web/log/all", "-L", "/l", "--static", "--count", "0"]);
    assert!(database.longruns.is_empty());
    assert!(database.bundles.values().all(BTreeSet::is_empty));
    assert_eq!(database.bundles.keys().cloned().collect::<BTreeSet<_>>(), names(["all", "log", "web"]));
}

/// Every other case of `-r` that the tests plan.
#[test]
fn every_planned_definition_compiles() {
    let mut count = 0;
    let cases = CASES.iter().map(|(_, options, template)| {
        let words = options.iter().map(Into::into).chain(["template".into(), "dir".into()]).collect();
        jobs::Case { words, facts: manifest::facts(), template: manifest::template(template) }
    });
    for case in cases.chain(jobs::cases()) {
        let Ok(request) = manifest::request(case.words.iter().cloned()) else { continue };
        let Ok(plan) = plan(&request, &case.facts, &case.template) else { continue };
        if plan.placement == Placement::Within {
            accept(planned(&plan, &case.template));
            count += 1;
        }
    }
    assert!(count > 30, "only {count} definitions were planned");
}

/// Definitions that compile and never run, and the model's answers for definitions that others make.
#[test]
fn the_model_finds_what_never_runs() {
    let pair = |logger: &str| {
        let source = s6rc_sources::logged("svc", logger);
        Compiler::NEWEST.compile(&source.tree).unwrap().stillborn()
    };
    assert_eq!(pair(&"l".repeat(243)), None);
    assert!(pair(&"l".repeat(244)).unwrap().ends_with("is too long for the name of a pipe"));
    assert!(pair(&"l".repeat(252)).unwrap().ends_with("is too long for s6-svscan"));
    assert!(pair("log$1").unwrap().ends_with("is substituted in the script that starts it"));
}
