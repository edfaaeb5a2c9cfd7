//! The seeds of the fuzz targets through the targets' own laws; fuzz/README.md says how they were chosen.

use s6_instance_maker_core::laws::{self, AnyBytes, Outcome};
use s6_instance_maker_core::tree::Kind;
use s6_instance_maker_workspace::corpus::{self, Seed};
use s6_instance_maker_workspace::{program, skip};
use std::fs;

/// Every seed keeps the law of its target; each target has seeds that are accepted and seeds that are refused, so that neither half
/// of a law is idle.
#[test]
fn seeds_keep_their_laws() {
    for (target, law) in laws::ANY_BYTES {
        let seeds = corpus::seeds(target);
        let accepted = seeds.iter().filter(|seed| held(law, seed) == Outcome::Accepted).count();
        let refused = seeds.len() - accepted;
        assert!(accepted >= 20 && refused >= 1, "{target}: {accepted} accepted, {refused} refused");
        skip::tell(&format!("fuzz, {target}: {accepted} seeds are accepted and {refused} are refused, as the law says"));
    }
}

fn held(law: AnyBytes, seed: &Seed) -> Outcome {
    law(&seed.bytes).unwrap_or_else(|broken| panic!("{}: {broken}", seed.name))
}

/// There is a target for every law, with seeds and a dictionary, and none besides.
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
    for folder in ["fuzz_targets", "dict", "seeds"] {
        assert_eq!(names(folder), laws, "{folder}");
    }
}

/// The kept files are few, small and named for what they contain: everything else is made again by fuzz/regenerate.
#[test]
fn kept_files_are_few() {
    for (target, _) in laws::ANY_BYTES {
        let files = corpus::files(target);
        assert!((1..=25).contains(&files.len()), "{target}: {} files", files.len());
        let size: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        assert!(size <= 50_000, "{target}: {size} bytes");
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap();
            let words = name.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
            assert!(words, "fuzz/seeds/{target}/{name} is not named with words");
        }
    }
}

/// The documents that are damaged in every way have every member that docs/plan-format.md lists.
#[test]
fn small_documents_have_every_member() {
    let format = fs::read_to_string(program::workspace().join("docs/plan-format.md")).unwrap();
    let examples = format.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    // Differences are never read.
    let targets = [Some("job"), Some("plan"), None, Some("record")];
    for (target, example) in targets.into_iter().zip(examples) {
        let Some(target) = target else { continue };
        let small = corpus::small_documents(target).concat();
        let mut members: Vec<&str> = example.split('"').collect::<Vec<_>>().windows(2).filter_map(member).collect();
        members.sort_unstable();
        members.dedup();
        assert!(members.len() >= 8, "{members:?}");
        // Bytes that are not UTF-8 are no value of a small document; the tokens that replace values have that form.
        for member in members.into_iter().filter(|member| *member != "hex") {
            assert!(small.contains(&format!("\"{member}\":")), "no small {target} has the member {member}");
        }
    }
}

/// The name of a member, from what is before a quotation mark and what is behind it.
fn member<'a>(pair: &[&'a str]) -> Option<&'a str> {
    pair[1].starts_with(": ").then_some(pair[0])
}

/// The template that the laws plan for has entries of all kinds.
#[test]
fn the_sample_has_everything() {
    let template = laws::sample::template();
    assert_eq!(template.tree().count(), 15);
    for kind in [Kind::Directory, Kind::Fifo, Kind::File(()), Kind::Symlink(Vec::new())] {
        assert!(template.tree().iter().any(|(_, node)| node.kind.word() == kind.word()), "{kind:?}");
    }
    assert!(laws::sample::callers().iter().all(|facts| facts.accounts.len() == 1));
}
