//! SOURCE_DATE_EPOCH: the one variable of the environment that counts, and where it does not.

use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

fn with_epoch(scratch: &Scratch, epoch: &str, words: &[&str]) -> Answer {
    let mut command = Command::new(program::program());
    Answer::of(command.args(words).env("SOURCE_DATE_EPOCH", epoch).current_dir(scratch.path()))
}

/// A file with the archive that is made at `epoch`.
fn archive_at(scratch: &Scratch, epoch: &str) -> PathBuf {
    let path = scratch.join("archive");
    let mut command = Command::new(program::program());
    command.args(["--tar", "template", "out"]).env("SOURCE_DATE_EPOCH", epoch).current_dir(scratch.path());
    assert!(command.stdout(File::create(&path).unwrap()).status().unwrap().success(), "{epoch}");
    path
}

#[test]
fn the_time_of_an_archive() {
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    for (epoch, shown) in [
        ("0", "1970-01-01 00:00:00"),
        ("0001700000000", "2023-11-14 22:13:20"),
        // The first second that eleven octal digits cannot say, and the last that is accepted.
        ("8589934592", "2242-03-16 12:56:32"),
        ("253402300799", "9999-12-31 23:59:59"),
    ] {
        let archive = archive_at(&scratch, epoch);
        let list = super::output(Command::new("tar").args(["--utc", "--full-time", "-tvf"]).arg(archive));
        let list = String::from_utf8(list).unwrap();
        assert!(list.lines().count() == 7 && list.lines().all(|line| line.contains(shown)), "{epoch}:\n{list}");
    }
    for epoch in ["", " ", "now", "-1", "1.5", "253402300800", "99999999999999999999", "\u{1b}[31m"] {
        let answer = with_epoch(&scratch, epoch, &["--tar", "template", "out"]).expect_code(100);
        assert!(answer.stdout.is_empty(), "{answer}");
        assert!(answer.stderr.starts_with("s6-instance-maker: fatal: SOURCE_DATE_EPOCH `"), "{answer}");
        assert!(answer.stderr.contains("must be a number of seconds from 0 to 253402300799\n"), "{answer}");
        assert!(!answer.stderr.contains('\u{1b}'), "{answer}");
    }
}

/// It changes nothing else, whatever it is.
#[test]
fn nothing_else_depends_on_it() {
    let scratch = Scratch::new("tar");
    disk::plain_template(scratch.join("template"));
    for words in [&["--digest"][..], &["--dry-run"], &["--print-job"], &["--print-job", "--tar"], &["--help"]] {
        let words = [words, &["template", "out"]].concat();
        let [one, other] = ["0", "nonsense"].map(|epoch| with_epoch(&scratch, epoch, &words).expect_code(0));
        assert_eq!(one.stdout, other.stdout, "{words:?}");
    }
    with_epoch(&scratch, "nonsense", &["template", "out"]).expect_code(0);
}
