//! File systems that are too small: everything or nothing, and the system's reason.

use super::SHAPES;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::process::Command;

/// Mounts a file system of `$1` KiB with `$2` inodes, in a mount namespace of its own, so that nothing stays mounted; runs the
/// program there, and says with which exit code and what is there then: names, kinds, modes, owners, and files' contents.
const SCRIPT: &str = r#"
    mount -t tmpfs -o "size=$1k,nr_inodes=$2" none disk && mkdir disk/definitions || exit 99
    shift 2
    "$0" "$@"
    echo "exit code $?"
    cd disk && find . -printf '%p %y %m %U:%G %l\n' | sort && find . -type f -exec sha256sum '{}' + | sort
"#;

#[test]
fn a_file_system_that_is_too_small_is_left_as_it_was() {
    if !skip::is_root_or_say("faults::a_file_system_that_is_too_small_is_left_as_it_was") {
        return;
    }
    let scratch = Scratch::new("faults");
    let template = scratch.join("template");
    disk::plain_template(&template);
    disk::file(template.join("data/large"), 0o644, vec![b'x'; 300_000]);
    for index in 0..40 {
        disk::file(template.join(format!("data/{index}/file")), 0o600, index.to_string().repeat(3000));
    }
    disk::directory(scratch.join("disk"), 0o755);
    let run = |size: u32, inodes: u32, words: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", SCRIPT])
            .arg(program::program())
            .args([size, inodes].map(|number| number.to_string()));
        Answer::of(command.args(words).current_dir(scratch.path())).expect_code(0)
    };
    const LARGE: u32 = 1 << 20;
    const MANY: u32 = 1 << 16;
    let (mut all, mut nothing, mut everything) = (0, 0, 0);
    for shape in SHAPES {
        let dir = format!("disk/{}", shape.dir);
        let words = [shape.options, &["template", &dir]].concat();
        let whole = run(LARGE, MANY, &words).stdout;
        assert!(whole.starts_with("exit code 0\n") && whole.lines().count() > 80, "{whole}");
        // TEMPLATE that is not there: all is as before.
        let before = run(LARGE, MANY, &[shape.options, &["missing", &dir]].concat()).stdout;
        assert!(before.starts_with("exit code 111\n"), "{before}");
        let sizes = (1..=256).step_by(4).map(|pages| (pages * 4, MANY));
        for (size, inodes) in sizes.chain((3..=150).step_by(3).map(|inodes| (LARGE, inodes))) {
            let answer = run(size, inodes, &words);
            all += 1;
            if answer.stdout == whole && answer.stderr.is_empty() {
                everything += 1;
            } else {
                assert_eq!(answer.stdout, before, "{size} KiB, {inodes} inodes: {answer}");
                let told =
                    answer.stderr.starts_with("s6-instance-maker: fatal: unable to ") && answer.stderr.lines().count() == 1;
                assert!(told && answer.stderr.contains("No space left on device"), "{size} KiB, {inodes} inodes: {answer}");
                nothing += 1;
            }
        }
    }
    skip::tell(&format!("small file systems: {all} trials: {nothing} nothing, {everything} everything"));
    assert!(nothing > 100 && everything > 20, "{nothing} {everything}");
}
