//! s6-rc takes what is made for it.

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
    let forms: [&[&str]; 3] = [
        &["-r", "alone"],
        &["-r", "service/logger", "-L", "/logs"],
        &["-r", "source/sink/pipe", "-L", "/logs", "-l", "nobody"],
    ];
    for (number, user) in [[].as_slice(), &["-u", "www-data"]].into_iter().enumerate() {
        let all = format!("all{number}");
        for (form, arguments) in forms.iter().enumerate() {
            let one = format!("source{number}{form}");
            for dir in [&one, &all] {
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
