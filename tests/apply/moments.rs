//! Moments that only a race or a rare answer of the kernel brings about, provoked: strace delays a call until something was
//! changed, or answers in the kernel's place.

use super::{injected, names, staging_in};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A delay that is long enough to change something in, in microseconds.
const DELAY: &str = "1500000";

/// Runs the program with `words` in `scratch`, delayed as `options` of strace say, and does `change` once `moment` has come.
fn meanwhile(
    scratch: &Scratch,
    options: &[&str],
    words: &[&str],
    moment: impl Fn(&str) -> bool,
    change: impl FnOnce(),
) -> Answer {
    let log = scratch.join("log");
    // Of the run before.
    let _ = fs::remove_file(&log);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(&log).args(options).arg(program::program()).args(words);
    let mut child = command.current_dir(scratch.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !moment(&fs::read_to_string(&log).unwrap_or_default()) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the moment came: {words:?}");
        assert!(begun.elapsed() < Duration::from_secs(30), "the moment did not come: {words:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    change();
    assert!(child.try_wait().unwrap().is_none(), "it ended before the change was made: {words:?}");
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let command = format!("{words:?} with {options:?}");
    Answer { command, code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn delayed(call: &str) -> String {
    format!("inject={call}:delay_enter={DELAY}:when=1")
}

/// The staging directory in the scratch folder.
fn staging(scratch: &Scratch) -> std::path::PathBuf {
    scratch.join(&staging_in(scratch.path())[0])
}

/// Puts another directory, with something in it, in the place of the staging directory.
fn replace_staging(scratch: &Scratch) {
    let staging = staging(scratch);
    fs::rename(&staging, scratch.join("taken")).unwrap();
    disk::file(staging.join("precious"), 0o644, "somebody's");
    disk::chmod(&staging, 0o755);
}

/// Nothing is claimed that is not empty: it is not what was made, and stays as it is, mode and all.
#[test]
fn a_staging_directory_with_entries_is_not_claimed() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    // Before it is opened by its name.
    let fault = format!("inject=mkdirat:delay_exit={DELAY}:when=1");
    let there = |_: &str| !staging_in(scratch.path()).is_empty();
    let answer = meanwhile(&scratch, &["-e", &fault], &["template", "out"], there, || replace_staging(&scratch));
    assert_eq!(answer.code, Some(111), "{answer}");
    assert!(answer.stderr.contains("replaced by another process meanwhile"), "{answer}");
    let replaced = disk::read_tree(&staging(&scratch));
    assert_eq!((replaced[b"".as_slice()].mode, replaced[b"precious".as_slice()].mode, replaced.len()), (0o755, 0o644, 2));
    fs::remove_dir_all(staging(&scratch)).unwrap();
    // After it was found empty, and before it is closed to others, who may be in an ACL that it has inherited.
    let acl = Command::new("setfacl").args(["-d", "-m", "u:33:rwx"]).arg(scratch.path()).status();
    assert!(acl.unwrap().success());
    let put = || disk::file(staging(&scratch).join("precious"), 0o644, "somebody's");
    let begun = |log: &str| log.contains("removexattr(");
    let options = ["-e", "trace=fremovexattr", "-e", &delayed("fremovexattr")];
    let answer = meanwhile(&scratch, &options, &["template", "out"], begun, put);
    assert_eq!(answer.code, Some(111), "{answer}");
    assert!(answer.stderr.contains("replaced by another process meanwhile"), "{answer}");
    assert_eq!(names(&staging(&scratch)), ["precious"]);
    assert!(!scratch.join("out").exists());
}

/// Nobody else can look into a result that grows, whatever directory it grows in.
#[test]
fn the_staging_directory_is_closed_to_others() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    disk::directory(scratch.join("template/closed"), 0o500);
    disk::file(scratch.join("template/large"), 0o644, vec![b'x'; 100_000]);
    symlink("run", scratch.join("template/link")).unwrap();
    // The mode of the staging directory is changed where it is not what it should be; another change is the probe's.
    let places = [("open", 0o777, 2), ("shared", 0o2777, 3)];
    for (place, mode, _) in places {
        disk::directory(scratch.join(place), mode);
    }
    if skip::is_root_or_say("directories of other groups") {
        chown(scratch.join("shared"), Some(0), Some(33)).unwrap();
        disk::chmod(scratch.join("shared"), 0o2777);
    }
    for (place, _, finishing) in places {
        // From its first moment, when it is filled, and when the directories in it are finished.
        for (call, nth, mode) in
            [("flock", 1, 0o077), ("copy_file_range", 1, 0o7777), ("symlinkat", 1, 0o7777), ("fchmod", finishing, 0o7777)]
        {
            let fault = format!("{call}:signal=SIGKILL:when={nth}");
            let out = format!("{place}/out");
            let answer = injected(&scratch, &[&fault], &["template", &out]);
            assert_eq!(answer.code, None, "{fault}: {answer}");
            let staging = scratch.join(place).join(&staging_in(&scratch.join(place))[0]);
            let found = fs::metadata(&staging).unwrap().permissions().mode();
            assert_eq!(found & mode, 0o700 & mode, "{place}, {fault}: {found:o}");
            fs::remove_dir_all(&staging).unwrap();
        }
    }
}

/// A rename takes a name: what has it is looked at directly before, and what has the result's name directly after.
#[test]
fn the_name_is_examined_before_and_after_the_rename() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    // The first change of a mode is the probe's, the second one the staging directory's.
    let finished = |_: &str| {
        let mode = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
        staging_in(scratch.path()).first().is_some_and(|name| mode(&scratch.join(name)) == 0o755)
    };
    let fault = format!("inject=fchmod:delay_exit={DELAY}:when=2+");
    let answer = meanwhile(&scratch, &["-e", &fault], &["template", "out"], finished, || replace_staging(&scratch));
    assert_eq!(answer.code, Some(111), "{answer}");
    assert!(answer.stderr.contains("replaced by another process meanwhile"), "{answer}");
    assert!(!scratch.join("out").exists(), "somebody else's directory became the result");
    for path in [staging(&scratch), scratch.join("taken")] {
        fs::remove_dir_all(path).unwrap();
    }
    let options = ["-e", "trace=renameat2", "-e", &delayed("renameat2")];
    let begun = |log: &str| log.contains("renameat2(");
    let answer = meanwhile(&scratch, &options, &["template", "out"], begun, || replace_staging(&scratch));
    assert_eq!(answer.code, Some(111), "{answer}");
    assert_eq!(answer.stderr, "s6-instance-maker: fatal: `out`: replaced by another process meanwhile\n");
    assert_eq!(names(&scratch.join("out")), ["precious"], "it is not this program's to remove");
}

/// If the kernel stops moving bytes before the end, the copy is refused, by each of the methods.
#[test]
fn a_copy_that_ends_early_is_an_error() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    for name in ["large", "large too"] {
        disk::file(scratch.join("template").join(name), 0o644, vec![b'x'; 100_000]);
    }
    let before = disk::read_tree(scratch.path());
    let copies = "copy_file_range:error=EXDEV";
    for faults in [&["copy_file_range:retval=0"][..], &["copy_file_range:retval=0:when=2+"], &[copies, "sendfile:retval=0"]] {
        let answer = injected(&scratch, faults, &["template", "out"]);
        assert_eq!(answer.code, Some(111), "{faults:?}: {answer}");
        assert!(answer.stderr.contains("changed while the template was copied"), "{faults:?}: {answer}");
        assert_eq!(disk::differences(&before, &disk::read_tree(scratch.path())), "", "{faults:?}");
    }
    // Such files there are: in /sys, the size is that of a page, whatever the contents are.
    let short = "/sys/kernel/fscaps";
    let Ok(contents) = fs::read(short) else { return skip::say("apply::moments", "there is no /sys/kernel/fscaps") };
    assert!((contents.len() as u64) < fs::metadata(short).unwrap().len());
    symlink(short, scratch.join("template/short")).unwrap();
    let answer = injected(&scratch, &[], &["--dereference", "template", "out"]);
    assert_eq!(answer.code, Some(111), "{answer}");
    assert!(answer.stderr.contains("`template/short`: changed while the template was copied"), "{answer}");
    assert_eq!(names(scratch.path()), ["template"]);
}

/// Gives a file other contents of the same size, and the time of its last change back.
fn rewrite(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let contents = fs::read(path).unwrap().iter().map(|byte| if *byte == b'1' { b'2' } else { *byte }).collect::<Vec<_>>();
    fs::write(path, contents).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

/// Copies a template with a file of `contents` that is rewritten after it was listed.
fn rewritten(scratch: &Scratch, contents: &str) -> Answer {
    disk::plain_template(scratch.join("template"));
    let file = scratch.join("template/data/file");
    disk::file(&file, 0o644, contents);
    let options = ["-e", "trace=flock", "-e", &delayed("flock")];
    meanwhile(scratch, &options, &["template", "out"], |log| log.contains("flock("), || rewrite(&file))
}

/// A file that was written in place after it was listed is noticed, though its size and the time of its last change are the same.
#[test]
fn a_file_that_was_rewritten_is_noticed() {
    let scratch = Scratch::new("apply");
    let answer = rewritten(&scratch, &"contents 1".repeat(1000));
    assert_eq!(answer.code, Some(111), "{answer}");
    assert!(answer.stderr.contains("`template/data/file`: changed while"), "{answer}");
    assert!(!scratch.join("out").exists());
}

/// A small file is read when it is listed. Later changes of it have no effect.
#[test]
fn a_small_file_is_copied_as_it_was_listed() {
    let scratch = Scratch::new("apply");
    let answer = rewritten(&scratch, "contents 1");
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(fs::read_to_string(scratch.join("out/template/data/file")).unwrap(), "contents 1");
}

/// A small file that is written while it is read is not copied as a mixture: it is read again, and refused where that differs.
#[test]
fn a_small_file_that_changes_while_it_is_read_is_noticed() {
    let scratch = Scratch::new("apply");
    disk::plain_template(scratch.join("template"));
    let file = scratch.join("template/zzz");
    disk::file(&file, 0o644, "contents 1");
    // Between the reading of the only file that has so many bytes, and the look at its status.
    let options = ["-e", "trace=pread64", "-e", "inject=pread64:delay_exit=200000", "-P", file.to_str().unwrap()];
    let read = |log: &str| log.contains("pread64(");
    let answer = meanwhile(&scratch, &options, &["template", "out"], read, || rewrite(&file));
    let copied = fs::read_to_string(scratch.join("out/template/zzz"));
    match answer.code {
        Some(0) => assert_eq!(copied.unwrap(), fs::read_to_string(&file).unwrap(), "{answer}"),
        code => assert_eq!((code, copied.is_ok()), (Some(111), false), "{answer}"),
    }
}

/// The beginning of a script, by which a plan is computed, is that of the file that was listed, or there is no plan.
#[test]
fn the_beginning_of_a_script_is_that_of_what_was_read() {
    let scratch = Scratch::new("apply");
    let run = scratch.join("template/run");
    disk::plain_template(scratch.join("template"));
    let path = run.to_str().unwrap();
    for words in [["--dry-run", "template", "out"].as_slice(), &["--print-job", "template", "out"]] {
        let options = ["-P", path, "-e", "trace=read", "-e", &delayed("read")];
        let answer = meanwhile(&scratch, &options, words, |log| log.contains("read("), || rewrite(&run));
        assert_eq!(answer.code, Some(111), "{answer}");
        assert!(answer.stderr.contains("`template/run`: changed while") && answer.stdout.is_empty(), "{answer}");
    }
}
