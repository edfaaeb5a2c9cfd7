//! s6-rc takes what is made for it.

use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::{Content, plan};
use s6_instance_maker_core::tree::Kind;
use s6_instance_maker_workspace::manifest;
use s6_instance_maker_workspace::program::{Answer, maker};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::process::{Command, Stdio};

/// All three forms of -r, alone and together, with and without -u.
#[test]
fn s6_rc_compiles_what_is_made() {
    if Command::new("s6-rc-compile").stdin(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return skip::say("s6_rc_compiles_what_is_made", "there is no s6-rc-compile in PATH");
    }
    let scratch = Scratch::new("s6rc");
    disk::plain_template(scratch.join("template"));
    disk::file(scratch.join("template/log/run"), 0o755, "#!/bin/sh\nexec cat\n");
    let managed = ["--depends-on", "net", "--essential", "--timeout-up", "5000", "--timeout-down", "0"];
    let forms: [&[&str]; 5] = [
        &["-r", "alone"],
        &[&["-r", "managed"], &managed[..]].concat(),
        &[&["-r", "kept/keeper", "-L", "/logs"], &managed[..]].concat(),
        &["-r", "service/logger", "-L", "/logs"],
        &["-r", "source/sink/pipe", "-L", "/logs", "-l", "nobody"],
    ];
    for (number, user) in [[].as_slice(), &["-u", "www-data"]].into_iter().enumerate() {
        let all = format!("all{number}");
        for (form, arguments) in forms.iter().enumerate() {
            let one = format!("source{number}{form}");
            for dir in [&one, &all] {
                disk::file(scratch.join(dir).join("net/type"), 0o644, "oneshot\n");
                disk::file(scratch.join(dir).join("net/up"), 0o644, "true\n");
                maker(scratch.path(), [user, arguments, &["template", dir]].concat()).expect_code(0);
            }
            compile(&scratch, &one);
        }
        compile(&scratch, &all);
    }
}

fn compile(scratch: &Scratch, source: &str) {
    let compiled = format!("compiled-{source}");
    let answer = Answer::of(Command::new("s6-rc-compile").current_dir(scratch.path()).args([&compiled, source]));
    assert_eq!(answer.clone().expect_code(0).stderr, "", "{answer}");
    // s6-rc has service directories of its own; those with a template are ours.
    let services = scratch.join(&compiled).join("servicedirs").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let ours: Vec<_> = services.filter(|service| service.join("template").exists()).collect();
    let sources =
        scratch.join(source).read_dir().unwrap().filter(|entry| entry.as_ref().unwrap().path().join("template").exists());
    assert_eq!(ours.len(), sources.count(), "{source}");
    for service in ours {
        assert!(service.join("instance").is_dir() && service.join("instances").is_dir(), "{}", service.display());
    }
}

/// The rules of s6-rc-compile that concern us (docs/original.md, "Names in s6-rc" and "Source definitions of s6-rc"), where there
/// is no s6-rc-compile: every definition has a type and a script, holds only what a longrun may hold, and names only what is
/// there, each from both sides.
#[test]
fn definitions_follow_the_rules_of_s6_rc() {
    for (options, services) in [
        (&["-r", "svc"][..], &["svc"][..]),
        (&["-r", "svc/log", "-L", "/l"], &["log", "svc"]),
        (&["-r", "svc/log/pipe", "-L", "/l", "-l", "nobody", "-u", "www-data"], &["log", "svc"]),
        (&["-r", "-a \"b\"/caf\u{e9}$/pipe line ", "-L", "/l"], &["-a \"b\"", "caf\u{e9}$"]),
        (&["-r", "svc", "--essential", "--timeout-up", "4294967295", "--timeout-down", "007"], &["svc"]),
        (&["-r", "svc/log/pipe", "-L", "/l", "--depends-on", "net", "--depends-on", "a b", "--essential"], &["log", "svc"]),
    ] {
        let template = manifest::template("0755 file run = #!/bin/sh\n0755 dir log\n0755 file log/run = #!/bin/sh");
        let request = manifest::request(options.iter().copied().chain(["template", "dir"])).unwrap();
        let plan = plan(&request, &manifest::facts(), &template).unwrap();
        let text = |path: &str| match &plan.tree.get(&TreePath::parse(path).unwrap())?.kind {
            Kind::File(Content::Generated(bytes)) => Some(String::from_utf8(bytes.clone()).unwrap()),
            other => panic!("{path}: {other:?}"),
        };
        let mut found = Vec::new();
        for (path, node) in plan.tree.iter() {
            let path = std::str::from_utf8(path.as_bytes()).unwrap();
            match path.split_once('/') {
                None if path.is_empty() => assert!(matches!(node.kind, Kind::Directory)),
                None => {
                    assert!(matches!(node.kind, Kind::Directory), "{path} is ignored by s6-rc-compile");
                    assert_eq!(text(&format!("{path}/type")).as_deref(), Some("longrun\n"));
                    assert!(text(&format!("{path}/run")).unwrap().starts_with("#!"));
                    assert_eq!(text(&format!("{path}/notification-fd")).as_deref(), Some("3\n"));
                    found.push(path);
                }
                Some((_, file)) => {
                    let longrun = [
                        "type",
                        "run",
                        "notification-fd",
                        "template",
                        "producer-for",
                        "consumer-for",
                        "pipeline-name",
                        "dependencies.d",
                        "flag-essential",
                        "timeout-up",
                        "timeout-down",
                    ];
                    // What a service depends on is a name of an empty file; s6-rc-compile passes over those with a dot.
                    if let Some(dependency) = file.strip_prefix("dependencies.d/") {
                        assert_eq!(text(path).as_deref(), Some(""));
                        assert!(!dependency.starts_with('.') && !services.contains(&dependency), "{path} is a cycle");
                    }
                    if matches!(file, "timeout-up" | "timeout-down") {
                        let milliseconds = text(path).unwrap().strip_suffix('\n').and_then(|number| number.parse::<u32>().ok());
                        assert!(milliseconds.is_some(), "{path} is no number of milliseconds");
                    }
                    assert!(longrun.contains(&file.split('/').next().unwrap()), "s6-rc-compile would ignore {path}");
                    assert!(!file.starts_with("instance"), "s6-rc-compile makes these itself");
                }
            }
        }
        assert_eq!(found, services);
        // Asked for is what both halves depend on, and how the service itself is managed.
        let asked = options.iter().filter(|option| **option == "--depends-on").count();
        for service in services {
            let depends_on = |path: &TreePath| path.as_bytes().starts_with(format!("{service}/dependencies.d/").as_bytes());
            assert_eq!(plan.tree.iter().filter(|(path, _)| depends_on(path)).count(), asked, "{service}");
            let is_service = plan.tree.get(&TreePath::parse(format!("{service}/template")).unwrap()).is_some();
            for (option, file) in
                [("--essential", "flag-essential"), ("--timeout-up", "timeout-up"), ("--timeout-down", "timeout-down")]
            {
                let is_there = plan.tree.get(&TreePath::parse(format!("{service}/{file}")).unwrap()).is_some();
                assert_eq!(is_there, is_service && options.contains(&option), "{service}/{file}");
            }
        }
        // A list file has one name; no blank or `#` at its start that would be lost.
        let name = |path: String| {
            let text = text(&path)?;
            let name = text.strip_suffix('\n').unwrap().to_owned();
            assert!(!name.is_empty() && !name.contains('\n') && !name.starts_with([' ', '\t', '#', '.']), "{path}: {name:?}");
            Some(name)
        };
        for service in services {
            if let Some(consumer) = name(format!("{service}/producer-for")) {
                assert_eq!(name(format!("{consumer}/consumer-for")).as_deref(), Some(*service));
                assert!(name(format!("{service}/pipeline-name")).is_none(), "only the last consumer names a pipeline");
                let pipeline = name(format!("{consumer}/pipeline-name"));
                assert!(pipeline.is_none_or(|pipeline| !services.contains(&pipeline.as_str())));
            }
        }
    }
}
