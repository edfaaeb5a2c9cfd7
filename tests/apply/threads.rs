//! Much work is shared by threads: how much, and what comes of it when it fails.

use super::{injected, staging_in};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

/// Returns the number of threads that can share work here. If it is one, the test reports that it did not run.
fn processors_or_say(test: &str) -> Option<usize> {
    let processors = std::thread::available_parallelism().unwrap().get();
    if processors == 1 {
        skip::did_not_run(test, "there is one processor only, so there are no threads");
    }
    (processors > 1).then_some(processors)
}

/// From 512 entries or 8 MiB on there is a thread for each processor, up to eight; below that there is one.
#[test]
fn much_work_is_shared() {
    let Some(processors) = processors_or_say("apply::threads::much_work_is_shared") else { return };
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    let threads = || {
        let log = scratch.join("log");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "trace=clone,clone3", "-o"]).arg(&log).arg(program::program());
        Answer::of(command.args(["template", "out"]).current_dir(scratch.path())).expect_code(0);
        let made = disk::read_tree(&scratch.join("out"));
        fs::remove_dir_all(scratch.join("out")).unwrap();
        let started = fs::read_to_string(log).unwrap().lines().filter(|line| line.contains(" clone")).count();
        let files: Vec<_> = made.values().filter(|entry| entry.kind != "dir").collect();
        (started + 1, files.len(), files.iter().map(|entry| entry.bytes.len() as u64).sum::<u64>())
    };
    let several = processors.min(8);
    let (one, entries, bytes) = threads();
    assert_eq!(one, 1);
    // A hole is as much work as anything else, as far as anybody can tell beforehand.
    let large = fs::File::create(template.join("large")).unwrap();
    for (size, expected) in [((8 << 20) - 1, 1), (8 << 20, several)] {
        large.set_len(size - bytes).unwrap();
        assert_eq!(threads(), (expected, entries + 1, size), "{size} bytes");
    }
    large.set_len(0).unwrap();
    for index in entries + 1..511 {
        disk::file(template.join(format!("{index}")), 0o644, "");
    }
    assert_eq!(threads(), (1, 511, bytes));
    // Directories are made before threads are needed.
    disk::directory(template.join("data/more"), 0o755);
    assert_eq!(threads(), (1, 511, bytes));
    disk::fifo(template.join("fifo"), 0o644);
    assert_eq!(threads(), (several, 512, bytes));
}

/// On a file system that shares no blocks, two threads copy a large file: all bytes of it, behind a hole too; and what fails for one of
/// them fails for the file.
#[test]
fn two_threads_copy_a_large_file() {
    const TEST: &str = "apply::threads::two_threads_copy_a_large_file";
    let Some(_) = processors_or_say(TEST) else { return };
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    let bytes: Vec<u8> = (0..3 << 20u32).flat_map(|number: u32| number.to_le_bytes()).chain([1, 2, 3]).collect();
    disk::file(template.join("large"), 0o644, &bytes);
    let behind_hole = fs::File::create(template.join("sparse")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&behind_hole, &bytes, 5 << 20).unwrap();
    fs::create_dir(scratch.join("place")).unwrap();
    let script = "mount -t tmpfs none place || exit 99
        cp -a --sparse=always template place/ && cd place || exit 98
        strace -f -qq -o ../log -e trace=pwrite64,copy_file_range \"$0\" template out || exit 97
        cmp template/large out/template/large && cmp template/sparse out/template/sparse || exit 96
        stat -c %b out/template/large out/template/sparse
        for fault in pread64:error=EIO:when=7+ pread64:retval=0:when=7+ pwrite64:error=ENOSPC:when=3 pwrite64:retval=0:when=2; do
            strace -f -qq -o /dev/null -e inject=$fault \"$0\" template again
            echo $? $(ls -A)
        done";
    let mut command = Command::new("unshare");
    let answer = Answer::of(command.args(["-m", "sh", "-c", script]).arg(program::program()).current_dir(scratch.path()));
    if answer.code == Some(99) {
        return skip::say(TEST, "no tmpfs can be mounted here");
    }
    let (blocks, faults) = answer.stdout.split_at(answer.stdout.match_indices('\n').nth(1).unwrap().0 + 1);
    let blocks: Vec<u64> = blocks.lines().map(|line| line.parse().unwrap()).collect();
    // A page more at most.
    assert!(blocks[1].abs_diff(blocks[0]) <= 8, "the hole was filled: {answer}");
    assert_eq!(faults, "111 out template\n".repeat(4), "{answer}");
    let told = ["Input/output error", "changed while the template was copied", "No space left", "unable to copy"];
    for (line, told) in answer.stderr.lines().filter(|line| line.contains("fatal")).zip(told) {
        assert!(line.contains(told) && line.contains("`template/large`"), "{answer}");
    }
    let log = fs::read_to_string(scratch.join("log")).unwrap();
    let writers: std::collections::BTreeSet<&str> =
        log.lines().filter(|line| line.contains("pwrite64(")).map(|line| line.split(' ').next().unwrap()).collect();
    assert!(writers.len() > 1 && !log.contains("copy_file_range("), "{log}");
}

/// If several threads fail, the first failure in the order of the tree is reported.
#[test]
fn the_first_failure_in_the_tree_is_reported() {
    let Some(_) = processors_or_say("apply::threads::the_first_failure_in_the_tree_is_reported") else { return };
    let scratch = Scratch::new("apply");
    let template = scratch.join("template");
    disk::plain_template(&template);
    // Of the first entries, which one thread makes, the last fails; of those that another thread makes meanwhile, the first.
    for index in 100..129 {
        symlink("nowhere", template.join(format!("a-{index}"))).unwrap();
    }
    for index in 0..600 {
        disk::file(template.join(format!("b-{index:03}")), 0o644, vec![b'x'; 20_000]);
    }
    let faults = ["symlinkat:delay_enter=20000", "copy_file_range:error=EIO"];
    let answer = injected(&scratch, &faults, &["template", "out"]).expect_code(111);
    let expected = "s6-instance-maker: fatal: unable to copy `template/b-000` to `out/template/b-000`: Input/output error\n";
    assert_eq!(answer.stderr, expected);
    assert!(!scratch.join("out").exists() && staging_in(scratch.path()).is_empty());
}
