//! What is done with an existing DIR, planned in the sandbox.

use crate::refresh::{create, folder, make};
use s6_instance_maker_workspace::program::{self, Answer, under_umask};
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::path::Path;

/// The sandboxed programs do and say what the native one does: --diff, --check, --refresh and --refresh-instances, also with the plan
/// of a document, and with -r.
#[test]
fn refreshes_are_the_same() {
    const TEST: &str = "wasm::refresh::refreshes_are_the_same";
    let sandboxed = match program::sandboxed() {
        Ok(sandboxed) => sandboxed,
        Err(why) => return skip::did_not_run(TEST, why),
    };
    let scratch = folder();
    let service = ["-L", "/l", "-u", "1:1", "--allow", "not-readable-by-user", "--instance", "more"];
    let definitions = ["-r", "svc/log", "-L", "/l"];
    let plan = make(&scratch, &[&["--dry-run", "--format", "json"], &service[..], &["two", "svc"]].concat());
    fs::write(scratch.join("plan"), plan.stdout).unwrap();
    let (mut runs, mut changed) = (0, 0);
    for what in [
        &["--diff"][..],
        &["--diff", "--format", "json"],
        &["--check"],
        &["--refresh"],
        &["--refresh", "--sync"],
        &["--refresh-instances"],
        &["--refresh-instances", "--overwrite-edited"],
    ] {
        for (options, dir) in
            [(&service[..], "svc"), (&["--apply-plan", "plan"], "svc"), (&definitions, "source"), (&service, "new")]
        {
            if options == definitions && what[0] == "--refresh-instances" {
                continue;
            }
            let [expected, plain, with_compiler] =
                [program::program(), &sandboxed.plain, &sandboxed.with_compiler].map(|program: &Path| {
                    for dir in ["svc", "source", "new"] {
                        let _ = fs::remove_dir_all(scratch.join(dir));
                    }
                    make(&scratch, &["-L", "/l", "one", "svc"]);
                    make(&scratch, &["-r", "svc/log", "-L", "/other", "one", "source"]);
                    for name in ["live", "edited"] {
                        create(&scratch, "svc", name);
                    }
                    disk::file(scratch.join("svc/instances/edited/conf/version"), 0o644, "by hand");
                    let before = disk::read_tree(scratch.path());
                    let mut command = under_umask("022", program);
                    let answer = Answer::of(command.current_dir(scratch.path()).args(what).args(options).args(["two", dir]));
                    let after = disk::read_tree(scratch.path());
                    changed += usize::from(before != after);
                    (answer, after)
                });
            for (answer, tree) in [plain, with_compiler] {
                let same =
                    (answer.code, &answer.stdout, &answer.stderr) == (expected.0.code, &expected.0.stdout, &expected.0.stderr);
                assert!(same, "{}{answer}", expected.0);
                assert_eq!(disk::differences(&expected.1, &tree), "", "{answer}");
                assert!([Some(0), Some(1)].contains(&answer.code), "{answer}");
                runs += 1;
            }
        }
    }
    skip::tell(&format!("refreshes through the sandbox: {runs} runs, each as the native one"));
    assert!(changed >= runs / 2, "{changed} of {runs}");
}
