//! What the fuzzers found worth keeping, through the same laws again: fuzz/README.md says how it was found.

use s6_instance_maker_core::laws::{self, AnyBytes, Held};
use s6_instance_maker_core::tree::Kind;
use s6_instance_maker_workspace::{program, skip};
use std::fs;
use std::path::{Path, PathBuf};

/// The corpus of a fuzz target, in the order of names.
pub(crate) fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = program::workspace().join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Every input of every corpus keeps its law; and each corpus has inputs that are taken and inputs that are refused, so that neither
/// half of a law is idle.
#[test]
fn corpora_keep_their_laws() {
    for (target, law) in laws::ANY_BYTES {
        let inputs = corpus(target);
        let taken = inputs.iter().filter(|(path, bytes)| held(law, path, bytes) == Held::Whole).count();
        let refused = inputs.len() - taken;
        assert!(taken >= 20 && refused >= 1, "{target}: {taken} taken, {refused} refused");
        skip::tell(&format!("fuzz, {target}: {taken} inputs of the corpus are taken, {refused} refused, all by the law"));
    }
}

fn held(law: AnyBytes, path: &Path, bytes: &[u8]) -> Held {
    law(bytes).unwrap_or_else(|broken| panic!("{}: {broken}", path.display()))
}

/// There is a target for every law, with a corpus and a dictionary, and none besides.
#[test]
fn every_law_has_a_target() {
    let fuzz = program::workspace().join("fuzz");
    let names = |folder: &str| {
        let stem = |entry: fs::DirEntry| entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<_> = fs::read_dir(fuzz.join(folder)).unwrap().map(|entry| stem(entry.unwrap())).collect();
        names.sort();
        names
    };
    let laws = laws::ANY_BYTES.map(|(target, _)| target.to_owned());
    for folder in ["fuzz_targets", "dict", "corpus"] {
        assert_eq!(names(folder), laws, "{folder}");
    }
    let size: u64 = laws.iter().flat_map(|target| corpus(target)).map(|(_, bytes)| bytes.len() as u64).sum();
    assert!(size < 200_000, "the corpora have {size} bytes");
}

/// What the laws plan for has all kinds of entries, and nothing of it was lost on the way.
#[test]
fn the_sample_has_everything() {
    let template = laws::sample::template();
    assert_eq!(template.tree().count(), 15);
    for kind in [Kind::Directory, Kind::Fifo, Kind::File(()), Kind::Symlink(Vec::new())] {
        assert!(template.tree().iter().any(|(_, node)| node.kind.word() == kind.word()), "{kind:?}");
    }
    assert!(laws::sample::callers().iter().all(|facts| facts.accounts.len() == 1));
}
