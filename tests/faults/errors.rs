//! Every system call that touches files fails once, with each error that it may fail with.

use super::{
    Call, Count, End, Ground, INTO_EXISTING, INTO_NEW, PLAIN, Record, Shape, Trial, has_threads_or_say, large_template,
    numbers, shapes_for_threads, small_template,
};
use s6_instance_maker_workspace::skip;
use std::collections::BTreeMap;

/// System calls, what in them makes an error possible, and the errors: of EIO, ENOSPC, EINTR, EMFILE, EROFS and EACCES those that
/// some file system, or what stands before it, gives for such a call. File systems in user space give EINTR for any of them.
const ERRORS: &[(&[&str], &str, &[&str])] = &[
    (&["openat", "openat2", "open"], "", &["EIO", "EINTR", "EMFILE", "EACCES"]),
    (&["openat", "openat2", "open"], "O_CREAT", &["ENOSPC", "EROFS"]),
    (&["fcntl"], "F_DUPFD", &["EIO", "EINTR", "EMFILE"]),
    (&["statx", "newfstatat", "fstat", "lstat", "stat", "statfs", "fstatfs"], "", &["EIO", "EINTR", "EACCES"]),
    (&["readlinkat", "readlink", "getdents64"], "", &["EIO", "EINTR", "EACCES"]),
    (&["lseek", "flock", "read", "pread64", "readv", "access", "faccessat2", "chdir"], "", &["EIO", "EINTR", "EACCES"]),
    (&["mkdirat", "mkdir", "symlinkat", "symlink", "mknodat", "mknod"], "", &["EIO", "ENOSPC", "EINTR", "EROFS", "EACCES"]),
    (&["renameat2", "renameat", "rename", "link"], "", &["EIO", "ENOSPC", "EINTR", "EROFS", "EACCES"]),
    (&["unlinkat", "unlink", "rmdir"], "", &["EIO", "ENOSPC", "EINTR", "EROFS", "EACCES"]),
    (&["write", "writev", "copy_file_range", "sendfile", "ftruncate"], "", &["EIO", "ENOSPC", "EINTR"]),
    (&["write"], "write(1, ", &["EPIPE"]),
    (&["fchmod", "fchmodat", "chmod", "fremovexattr"], "", &["EIO", "ENOSPC", "EINTR", "EROFS", "EACCES"]),
    (&["fchown", "fchownat", "chown", "lchown"], "", &["EIO", "ENOSPC", "EINTR", "EROFS", "EACCES"]),
    (&["listxattr", "llistxattr", "flistxattr", "getxattr", "lgetxattr", "fgetxattr"], "", &["EIO", "EINTR"]),
    (&["memfd_create"], "", &["ENOSPC", "EMFILE"]),
    (&["close"], "", &["EIO", "ENOSPC", "EINTR"]),
];

/// System calls that touch no files; and F_GETFD, with which std asserts, in builds for debugging, that a descriptor is open.
const OTHERS: &[&str] = &[
    "brk",
    "mmap",
    "munmap",
    "mprotect",
    "madvise",
    "mremap",
    "futex",
    "clone3",
    "clone",
    "exit",
    "exit_group",
    "umask",
    "getpid",
    "gettid",
    "geteuid",
    "getegid",
    "getuid",
    "getgid",
    "getgroups",
    "ioctl",
    "rt_sigaction",
    "rt_sigprocmask",
    "sigaltstack",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "rseq",
    "prctl",
    "prlimit64",
    "getrandom",
    "restart_syscall",
    "clock_gettime",
];

/// The errors for a call; none for one that touches no files.
pub(super) fn errors(call: &Call) -> Vec<&'static str> {
    let rows: Vec<_> = ERRORS.iter().filter(|(names, _, _)| names.contains(&call.name.as_str())).collect();
    assert!(!rows.is_empty() || OTHERS.contains(&call.name.as_str()), "no table has this system call: {}", call.text);
    rows.into_iter().filter(|(_, what, _)| call.text.contains(what)).flat_map(|(_, _, errors)| *errors).copied().collect()
}

/// The system's words for it.
pub(super) fn words(error: &str) -> &str {
    match error {
        "EIO" => "Input/output error",
        "ENOSPC" => "No space left on device",
        "EINTR" => "Interrupted system call",
        "EMFILE" => "Too many open files",
        "EROFS" => "Read-only file system",
        "EACCES" => "Permission denied",
        "EPIPE" => "Broken pipe",
        _ => panic!("{error}"),
    }
}

/// Unless in a full sweep, two of the errors, others at every turn.
pub(super) fn share(errors: Vec<&'static str>, turn: usize) -> Vec<&'static str> {
    let all = errors.len();
    let is_due = |place: usize| [0, all.div_ceil(2)].contains(&((place + turn) % all));
    errors.into_iter().enumerate().filter(|(place, _)| skip::all() || is_due(*place)).map(|(_, error)| error).collect()
}

/// Lets each of `calls` fail with its errors, and counts how it ends; `expect` judges, and answers what is wrong.
pub(super) fn sweep<'r>(
    ground: &Ground,
    record: &'r Record,
    calls: impl Iterator<Item = &'r Call>,
    expect: impl Fn(&Trial, End, &str) -> Result<(), String>,
) -> Count {
    let mut count = Count::default();
    let faults =
        calls.enumerate().flat_map(|(turn, call)| share(errors(call), turn).into_iter().map(move |error| (call, error)));
    for (call, error) in faults {
        let trial = ground.disturb(record, &call.name, call.nth, &format!("error={error}"));
        let end = trial.end(record);
        count.add(end);
        let met = if trial.met { Ok(()) } else { Err("the call did not take place".to_owned()) };
        if let Err(why) = met.and_then(|()| expect(&trial, end, error)) {
            count.failures.push(format!("{why}: {}\n{}", call.text, trial.story(record)));
        }
        ground.undo(&record.before);
    }
    count
}

/// Checks a trial of ours: everything and no message, or nothing and an error; an interrupted call is made again.
fn all_or_nothing(trial: &Trial, end: End, error: &str) -> Result<(), String> {
    let stderr = &trial.answer.stderr;
    match end {
        End::Everything if stderr.lines().all(|line| line.starts_with("s6-instance-maker: warning: ")) => Ok(()),
        End::Everything => Err("everything is there, and yet there is a message".into()),
        // The call of the loader, which counts like those of the program's first thread.
        End::Nothing if trial.answer.code == Some(127) && stderr.contains(": error while loading shared libraries: ") => Ok(()),
        _ if error == "EINTR" => Err("an interrupted call was not tried again".into()),
        End::Nothing | End::ToldLeftover if trial.answer.code != Some(111) => Err("the exit code is not 111".into()),
        End::Nothing | End::ToldLeftover if !trial.silenced && !is_one_message(stderr, error) => {
            Err("there is not one clear message".into())
        }
        End::Nothing | End::ToldLeftover => Ok(()),
        End::Partial | End::Wrong => Err(format!("{end:?}")),
    }
}

/// One line, which says what was tried with which file, and the system's answer. What may be given away is tried with no file.
fn is_one_message(stderr: &str, error: &str) -> bool {
    let told = stderr.strip_prefix("s6-instance-maker: fatal: unable to ").and_then(|rest| rest.strip_suffix('\n'));
    told.is_some_and(|told| {
        let others = ["find out to which owners files can be given: ", "write to standard output: "];
        let has_subject = told.contains('`') || others.iter().any(|other| told.starts_with(other));
        !told.contains('\n') && has_subject && told.contains(&format!(": {}", words(error)))
    })
}

/// The same, and no leftover at all: where nothing but one call fails, removing succeeds.
pub(super) fn without_leftovers(trial: &Trial, end: End, error: &str) -> Result<(), String> {
    if end == End::ToldLeftover { Err("something is left".into()) } else { all_or_nothing(trial, end, error) }
}

/// Lets one call of `every` fail.
fn calls_of(shape: Shape, every: usize) {
    let ground = Ground::new(None, small_template);
    let record = ground.record(shape);
    assert_eq!(record.answer.code, Some(0), "{}", record.answer);
    let always: Vec<&str> = shape.always.iter().map(|fault| fault.split(':').next().unwrap()).collect();
    let calls = record.calls.iter().filter(|call| !always.contains(&call.name.as_str())).step_by(every);
    let count = sweep(&ground, &record, calls, without_leftovers);
    count.settle(&format!("failing calls, {}", shape.name));
    assert!(count.of(End::Nothing) * every > 50 && count.of(End::Everything) * every > 50, "{}", count.text());
}

#[test]
fn every_failing_call_leaves_all_or_nothing() {
    calls_of(PLAIN, 1);
}

#[test]
fn every_failing_call_leaves_all_or_nothing_with_r_in_a_new_directory() {
    calls_of(INTO_NEW, 1);
}

#[test]
fn every_failing_call_leaves_all_or_nothing_with_r_in_an_existing_directory() {
    calls_of(INTO_EXISTING, 1);
}

/// The ways that are taken on file systems that lack something.
#[test]
fn failing_calls_leave_all_or_nothing_where_the_file_system_lacks_something() {
    for shape in [
        Shape { name: "plain, sendfile", always: &["copy_file_range:error=EXDEV"], ..PLAIN },
        Shape { name: "plain, a buffer", always: &["copy_file_range:error=EXDEV", "sendfile:error=EINVAL"], ..PLAIN },
        Shape { name: "plain, no RENAME_NOREPLACE", always: &["renameat2:error=EINVAL"], ..PLAIN },
        Shape { name: "-r, existing directory, no RENAME_NOREPLACE", always: &["renameat2:error=EINVAL"], ..INTO_EXISTING },
    ] {
        calls_of(shape, if skip::all() { 1 } else { 3 });
    }
}

/// If the result cannot get its name and then a call of the removal fails as well, the leftovers are reported; interrupted
/// calls leave nothing.
#[test]
fn every_failing_call_of_a_removal_is_reported() {
    let ground = Ground::new(None, small_template);
    for shape in [
        Shape { name: "plain", always: &["renameat2:error=EIO"], ..PLAIN },
        Shape { name: "-r, existing directory", always: &["renameat2:error=EIO:when=2"], ..INTO_EXISTING },
    ] {
        let record = ground.record(shape);
        assert_eq!((record.answer.code, &record.after), (Some(111), &record.before), "{}", record.answer);
        let failed = record.calls.iter().position(|call| call.text.contains("INJECTED")).unwrap();
        // A message that cannot be written is one that cannot be told.
        let calls =
            record.calls.iter().skip(failed).filter(|call| call.name != "renameat2" && !call.text.starts_with("write(2"));
        let count = sweep(&ground, &record, calls, |trial, end, error| match end {
            End::Nothing if trial.answer.code == Some(111) => Ok(()),
            End::ToldLeftover if error != "EINTR" && trial.answer.stderr.contains("remains: unable to remove") => Ok(()),
            end => Err(format!("{end:?}")),
        });
        count.settle(&format!("failing calls while all is removed again, {}", shape.name));
        assert!(count.of(End::Nothing) > 20 && count.of(End::ToldLeftover) > 20, "{}", count.text());
    }
}

/// With threads, the same call fails once in each of them, so that a second one may hit the removal. Which thread makes which call
/// is not the same every time; that one of them made the call that was to fail is seen to.
#[test]
fn failing_calls_of_threads_leave_all_or_nothing() {
    const TEST: &str = "faults::failing_calls_of_threads_leave_all_or_nothing";
    let share = if skip::all() { 50 } else { 1 };
    let ground = Ground::new(None, large_template);
    for shape in shapes_for_threads() {
        let record = ground.record(*shape);
        assert_eq!(record.answer.code, Some(0), "{}", record.answer);
        if !has_threads_or_say(&record, TEST) {
            return;
        }
        // By name and error, since a thread's calls differ from run to run.
        let mut by_error: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
        for call in &record.calls {
            for error in errors(call) {
                by_error.entry(error).or_default().push(call);
            }
        }
        let (mut count, mut missed) = (Count::default(), 0);
        for (error, calls) in by_error {
            for (name, (first, last)) in numbers(calls.into_iter()) {
                for nth in (first..=last).step_by(((last - first) / share).max(1)) {
                    let trial = ground.disturb(&record, name, nth, &format!("error={error}"));
                    let end = trial.end(&record);
                    missed += usize::from(!trial.met);
                    count.add(end);
                    if let Err(why) = all_or_nothing(&trial, end, error) {
                        count.failures.push(format!("{why}\n{}", trial.story(&record)));
                    }
                    ground.undo(&record.before);
                }
            }
        }
        count.settle(&format!("failing calls of threads, {}, {missed} of them not met", shape.name));
        assert!(count.of(End::Nothing) > 50 && missed * 4 < count.all(), "{}, {missed} not met", count.text());
        // Few removals fail.
        assert!(count.of(End::ToldLeftover) * 10 < count.all(), "{}", count.text());
    }
}
