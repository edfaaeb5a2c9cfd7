//! Seeds of the fuzz targets: the kept files of `fuzz/seeds`, and the tables of the tests, as inputs.
//!
//! A kept file has cases of one kind. As in JSON text sequences (RFC 7464), each begins with a record separator and ends with a
//! newline.

use crate::cases::CASES;
use crate::damage::damaged;
use crate::jobs;
use crate::manifest;
use crate::model;
use crate::program;
use crate::wrong::wrong;
use s6_instance_maker_core::compare::{Digest, Fingerprint, Version};
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::tree::Mode;
use s6_instance_maker_core::wire::{Job, TemplateRecord, VERSION};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// The byte before each case.
pub const RECORD_SEPARATOR: u8 = 0x1e;

/// One input of a fuzz target.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The file or table that it comes from and its number there, usable as the name of a file.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// The kept files of a fuzz target, in the order of their names.
///
/// # Panics
///
/// If they cannot be read.
#[must_use]
pub fn files(target: &str) -> Vec<PathBuf> {
    let folder = program::workspace().join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The cases of the kept files of a fuzz target, in the order of the files' names.
///
/// # Panics
///
/// If a file cannot be read or has another form.
#[must_use]
pub fn kept(target: &str) -> Vec<Seed> {
    let mut seeds = Vec::new();
    for path in files(target) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let records = bytes.strip_prefix(&[RECORD_SEPARATOR]).unwrap_or_else(|| panic!("{name} has no record separator"));
        for (index, record) in records.split(|&byte| byte == RECORD_SEPARATOR).enumerate() {
            let case = record.strip_suffix(b"\n").unwrap_or_else(|| panic!("{name}: case {index} ends in no newline"));
            seeds.push(Seed { name: format!("{name}-{index}"), bytes: with_version(case) });
        }
    }
    seeds
}

/// A case, in which `"version":CURRENT` stands for the version of documents that this program writes.
fn with_version(case: &[u8]) -> Vec<u8> {
    const CURRENT: &[u8] = b"\"version\":CURRENT";
    let Some(start) = case.windows(CURRENT.len()).position(|window| window == CURRENT) else { return case.to_vec() };
    let version = format!("\"version\":{VERSION}");
    [&case[..start], version.as_bytes(), &case[start + CURRENT.len()..]].concat()
}

/// The rows of the tests' tables as inputs of a fuzz target: documents are written by the program's own code, so that they are of
/// its current version.
///
/// # Panics
///
/// If there is no target of that name.
#[must_use]
pub fn tables(target: &str) -> Vec<Seed> {
    let inputs: Vec<Vec<u8>> = match target {
        "argv" => {
            let planned = CASES.iter().map(|(_, options, _)| [*options, &["t", "d"][..]].concat().join("\0").into_bytes());
            planned.chain(wrong().map(|words| words.join("\0").into_bytes())).collect()
        }
        "job" | "plan" | "record" => {
            let small = small_documents(target).into_iter().flat_map(|document| damaged(&document));
            written(target).chain(small).collect()
        }
        "quoting" => texts(),
        other => panic!("there are no tables for the fuzz target {other}"),
    };
    let seed = |(index, bytes)| Seed { name: format!("table-{index}"), bytes };
    inputs.into_iter().enumerate().map(seed).collect()
}

/// Every text of at most three of the characters that mean something to execlineb within a word, and of some that follow them in
/// escapes. Braces mean something as words only.
fn texts() -> Vec<Vec<u8>> {
    let mut texts = vec![Vec::new()];
    let mut shorter = 0;
    for _ in 0..3 {
        let end = texts.len();
        for index in shorter..end {
            let longer = |&byte| [texts[index].as_slice(), &[byte]].concat();
            let longer: Vec<_> = b"\\\"\n #an0x4$".iter().map(longer).collect();
            texts.extend(longer);
        }
        shorter = end;
    }
    texts
}

/// Jobs of few bytes, for [`small_documents`].
fn small_jobs() -> Vec<jobs::Case> {
    let new = (["-uwww-data", "-t1"], "0700 file run = #!/bin/sh");
    let within = (["-rs", "--allow=link-leaves-template"], "0777 link run -> /e\n0600 fifo f (33:4)");
    let case = |(options, template): ([&str; 2], &str)| {
        let words = options.into_iter().chain(["--allow=not-readable-by-user", "t", "d"]).map(OsString::from).collect();
        jobs::Case { words, facts: manifest::facts(), template: manifest::template(template) }
    };
    [new, within].map(case).into()
}

/// Versions of few entries, for [`small_documents`].
fn small_records() -> [Version; 2] {
    let mode = Mode::new(0o640);
    let digest = Some(Digest([0xf0; 32]));
    let directory: [(&str, Fingerprint); 2] =
        [("d", Fingerprint::Directory(Mode::new(0o755))), ("d/f", Fingerprint::File(mode, digest))];
    let others = [("l", Fingerprint::Symlink(b"/e".to_vec())), ("p", Fingerprint::Fifo(mode)), ("s", Fingerprint::Other)];
    let version = |entries: Vec<(&str, Fingerprint)>| {
        Version(entries.into_iter().map(|(path, entry)| (TreePath::parse(path).unwrap(), entry)).collect())
    };
    [version(directory.into()), version(others.into())]
}

/// Documents of few bytes that together have every member that a document of the fuzz target can have.
#[must_use]
pub fn small_documents(target: &str) -> Vec<String> {
    if target == "record" {
        return small_records().map(|record| String::from_utf8(TemplateRecord::encode(&record)).unwrap()).into();
    }
    let instances = Instances::parse_list(b"a\nb").unwrap();
    let cases = small_jobs();
    let documents = cases.iter().filter_map(|case| encode(target, case, &instances));
    documents.map(|document| String::from_utf8(document).unwrap()).collect()
}

/// The documents of the fuzz target that are written of the cases of plans.
pub fn written(target: &str) -> impl Iterator<Item = Vec<u8>> {
    let none = Instances::default();
    jobs::cases().into_iter().filter_map(move |case| encode(target, &case, &none))
}

/// The document of a fuzz target for a case; `None`: there is none.
fn encode(target: &str, case: &jobs::Case, instances: &Instances) -> Option<Vec<u8>> {
    match target {
        "job" => Some(Job::encode(instances, &case.facts, &case.template)),
        "plan" => document(case),
        "record" => record(case),
        _ => None,
    }
}

/// The plan of a case as a document; `None`: the case is refused.
fn document(case: &jobs::Case) -> Option<Vec<u8>> {
    let request = manifest::request(case.words.clone()).ok()?;
    let plan = plan(&request, &case.facts, &case.template).ok()?;
    Some(crate::manifest::document(&plan, &request, &case.template))
}

/// The record of a case's template, as a document; `None`: the case is refused.
fn record(case: &jobs::Case) -> Option<Vec<u8>> {
    let request = manifest::request(case.words.clone()).ok()?;
    let plan = plan(&request, &case.facts, &case.template).ok()?;
    Some(TemplateRecord::encode(&model::version(&plan, &case.template, case.facts.caller)))
}

/// All seeds of a fuzz target: the kept ones, then those of the tables.
#[must_use]
pub fn seeds(target: &str) -> Vec<Seed> {
    let mut seeds = kept(target);
    seeds.extend(tables(target));
    seeds
}
