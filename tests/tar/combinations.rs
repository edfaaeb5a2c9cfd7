//! Archives of plans from elsewhere: computed in the sandbox, or read from a document.

use super::{archive_template, output, printed};
use s6_instance_maker_workspace::program::{self, all_allowed, under_umask};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::process::Command;

/// Options that change what is in an archive.
const CASES: &[&[&str]] = &[
    &[],
    &["-c5", "-L", "/var/log/all", "--instance", "one"],
    &["-u", "1:1"],
    &["-r", "svc/log", "-L", "/var/log/all"],
    &["--owner", "5", "--group", "g:7"],
    &["--owner", "0", "--group", "0", "-u", "1000:100"],
];

#[test]
fn the_sandbox_makes_the_same_archive() {
    const TEST: &str = "tar::combinations::the_sandbox_makes_the_same_archive";
    if !skip::is_root_or_say(TEST) {
        return;
    }
    let sandboxed = match program::sandboxed() {
        Ok(sandboxed) => sandboxed,
        Err(why) => return skip::did_not_run(TEST, why),
    };
    let scratch = Scratch::new("tar");
    archive_template(&scratch.join("template"));
    for options in CASES {
        for action in ["--tar", "--digest"] {
            let words = [options, &[action, "template", "srv/x"][..]].concat();
            let mut command = under_umask("077", &sandboxed.plain);
            let found = output(command.args(all_allowed()).args(&words).current_dir(scratch.path()));
            assert!(found == printed(scratch.path(), &words), "{words:?}");
        }
    }
}

/// A plan that was computed as root under umask 022, or in the sandbox for an archive, is the archive's.
#[test]
fn a_document_makes_the_same_archive() {
    if !skip::is_root_or_say("tar::combinations::a_document_makes_the_same_archive") {
        return;
    }
    let scratch = Scratch::new("tar");
    archive_template(&scratch.join("template"));
    for options in CASES.iter().filter(|options| !options.contains(&"--owner")) {
        fs::write(
            scratch.join("plan"),
            printed(scratch.path(), &[options, &["--dry-run", "--format", "json", "template", "x"][..]].concat()),
        )
        .unwrap();
        let direct = printed(scratch.path(), &[options, &["--tar", "template", "srv/x"][..]].concat());
        assert!(printed(scratch.path(), &["--apply-plan", "plan", "--tar", "template", "srv/x"]) == direct, "{options:?}");
        let direct = printed(scratch.path(), &[options, &["--digest", "template", "x"][..]].concat());
        assert_eq!(printed(scratch.path(), &["--apply-plan", "plan", "--digest", "template", "x"]), direct, "{options:?}");
    }
    // A document has the modes that it was computed with, for an archive as well.
    let mut command = under_umask("077", program::program());
    let words = ["--dry-run", "--format", "json", "template", "x"];
    fs::write(scratch.join("plan"), output(command.args(all_allowed()).args(words).current_dir(scratch.path()))).unwrap();
    fs::write(scratch.join("archive"), printed(scratch.path(), &["--apply-plan", "plan", "--tar", "template", "x"])).unwrap();
    let listed = output(Command::new("tar").args(["-tvf", "archive", "x/run"]).current_dir(scratch.path()));
    assert!(listed.starts_with(b"-rwx------ 0/0 "), "{}", String::from_utf8_lossy(&listed));
}

/// The job for an archive has the same facts whoever prints it, and the owners that the template's entries will have.
#[test]
fn the_job_for_an_archive() {
    if !skip::is_root_or_say("tar::combinations::the_job_for_an_archive") {
        return;
    }
    let scratch = Scratch::new("tar");
    let mut nobody = crate::apply::as_nobody(&scratch);
    disk::plain_template(scratch.join("template"));
    let job = printed(scratch.path(), &["--print-job", "--tar", "template", "out"]);
    assert!(output(nobody.args(["--print-job", "--tar", "template", "out"])) == job, "the job depends on who prints it");
    assert!(
        printed(scratch.path(), &["--print-job", "--digest", "template", "out"]) == job,
        "the job of the digest is another one"
    );
    let given = printed(scratch.path(), &["--print-job", "--tar", "--owner", "5", "--group", "g:7", "template", "out"]);
    let given = String::from_utf8(given).unwrap();
    assert_eq!(given.matches("\"owner\":[5,7]").count(), 2, "{given}");
    let facts = r#"{"umask":"0022","caller":[0,0],"givable_users":"all","givable_groups":"all","accounts":[]}"#;
    assert!(given.contains(facts), "{given}");
}
