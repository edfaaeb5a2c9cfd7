//! Many at once in the same place.

use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program;
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::process::{Command, Output, Stdio};

const RIVALS: usize = 64;

/// Runs a command line for each rival at once: `TEMPLATE` stands for its own template, `N` for its number. Every template has its
/// own contents, so that a mixture shows.
fn all_at_once(scratch: &Scratch, words: &[&str]) -> Vec<Output> {
    for rival in 0..RIVALS {
        let template = scratch.join(format!("template-{rival}"));
        disk::plain_template(&template);
        for file in 0..20 {
            disk::file(template.join(format!("data-{rival}/{file}")), 0o644, format!("{rival} {file}"));
            disk::file(template.join(format!("file-{file}")), 0o644, format!("{rival} {file}"));
        }
    }
    let start = |rival: usize| {
        let word = |word: &&str| word.replace("TEMPLATE", "template-N").replace('N', &rival.to_string());
        let mut command = Command::new(program::program());
        command.args(words.iter().map(word)).current_dir(scratch.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..RIVALS).map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

/// The result of one rival alone, by the same words.
fn alone(scratch: &Scratch, rival: usize, words: &[&str]) -> std::collections::BTreeMap<Vec<u8>, disk::OnDisk> {
    let dir = scratch.join("alone");
    let word = |word: &&str| word.replace("TEMPLATE", "template-N").replace('N', &rival.to_string());
    let mut words: Vec<String> = words.iter().map(word).collect();
    words.pop();
    words.push("alone".into());
    program::maker(scratch.path(), words).expect_code(0);
    let tree = disk::read_tree(&dir);
    std::fs::remove_dir_all(dir).unwrap();
    tree
}

/// One wins, the others say that it exists; what is there is the winner's.
#[test]
fn of_many_at_once_one_wins() {
    for (words, dir, there) in [
        (&["TEMPLATE", "out"][..], "out", "out"),
        (&["-r", "svc", "TEMPLATE", "new"], "new", "new/svc"),
        (&["-r", "svc", "TEMPLATE", "definitions"], "definitions", "definitions/svc"),
    ] {
        let scratch = Scratch::new("faults");
        disk::directory(scratch.join("definitions"), 0o755);
        let results = all_at_once(&scratch, words);
        let winners: Vec<usize> = (0..RIVALS).filter(|&rival| results[rival].status.success()).collect();
        let told: Vec<_> = results.iter().map(|result| String::from_utf8_lossy(&result.stderr)).collect();
        assert_eq!(winners.len(), 1, "{words:?}: {winners:?} won: {told:#?}");
        let clean = format!("s6-instance-maker: fatal: unable to create `{there}`: it already exists\n");
        let failures = (0..RIVALS)
            .filter(|&rival| {
                results[rival].status.code() == Some(111) && told[rival].starts_with(&clean) && told[rival].lines().count() == 2
            })
            .count();
        assert_eq!(failures, RIVALS - 1, "{words:?}: {told:#?}");
        let differences = disk::differences(&alone(&scratch, winners[0], words), &disk::read_tree(&scratch.join(dir)));
        assert!(differences.is_empty(), "{words:?}: left: {} alone; right: now\n{differences}", winners[0]);
        assert_no_staging(&scratch);
        skip::tell(&format!("{RIVALS} at once, {}: one wins, {failures} clean failures", words.join(" ")));
    }
}

/// With -r and a service of its own for each, all are there; also where they make the directory by the way.
#[test]
fn many_at_once_with_services_of_their_own_all_win() {
    let words = |dir| ["-r", "svcN", "TEMPLATE", dir];
    for dir in ["definitions", "new"] {
        let scratch = Scratch::new("faults");
        disk::directory(scratch.join("definitions"), 0o755);
        for (rival, result) in all_at_once(&scratch, &words(dir)).iter().enumerate() {
            assert_eq!(result.status.code(), Some(0), "{dir}, {rival}: {}", String::from_utf8_lossy(&result.stderr));
        }
        let mut expected = std::collections::BTreeMap::new();
        for rival in 0..RIVALS {
            expected.extend(alone(&scratch, rival, &words(dir)));
        }
        let differences = disk::differences(&expected, &disk::read_tree(&scratch.join(dir)));
        assert!(differences.is_empty(), "{dir}: left: all of them, each made alone; right: now\n{differences}");
        assert_no_staging(&scratch);
        skip::tell(&format!("{RIVALS} services at once in {dir}: all are there"));
    }
}

fn assert_no_staging(scratch: &Scratch) {
    let tree = disk::read_tree(scratch.path());
    let staging = tree.into_keys().map(|path| String::from_utf8_lossy(&path).into_owned());
    let staging: Vec<_> = staging.filter(|path| path.contains(s6_instance_maker::STAGING_PREFIX)).collect();
    assert!(staging.is_empty(), "{staging:?}");
}
