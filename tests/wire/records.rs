//! Records of templates as documents.

use super::inner_settings;
use s6_instance_maker_core::compare::{Digest, Fingerprint, Version};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::tree::Mode;
use s6_instance_maker_core::wire::TemplateRecord;
use s6_instance_maker_workspace::jobs::{Case, cases};
use s6_instance_maker_workspace::listing::Listing;
use s6_instance_maker_workspace::{json, manifest, model};
use std::collections::BTreeSet;

/// A version with every kind of entry, and with bytes that are not UTF-8.
fn sample() -> Version {
    let mode = Mode::new(0o2755);
    let entries: [(&[u8], Fingerprint); 7] = [
        (b"\xff", Fingerprint::Fifo(Mode::new(0o600))),
        (b"data", Fingerprint::Directory(mode)),
        (b"data/\xff", Fingerprint::Symlink(b"/\xfe".to_vec())),
        (b"data/link", Fingerprint::Symlink(b"../run".to_vec())),
        (b"data/unread", Fingerprint::File(Mode::new(0o4640), None)),
        (b"run", Fingerprint::File(Mode::new(0o755), Some(Digest([0x0a; 32])))),
        (b"socket", Fingerprint::Other),
    ];
    Version(entries.map(|(path, fingerprint)| (TreePath::parse(path).unwrap(), fingerprint)).into())
}

#[test]
fn a_record() {
    let record = TemplateRecord::encode(&sample());
    assert_eq!(TemplateRecord::decode(&record), Ok(sample()));
    let text = json::lines(str::from_utf8(&record).unwrap());
    assert_eq!(TemplateRecord::decode(text.as_bytes()), Ok(sample()));
    inner_settings("wire").bind(|| insta::assert_snapshot!("record", text));
}

/// The name of a record depends on nothing but its version, and on all of it.
#[test]
fn names() {
    assert_eq!(TemplateRecord::name(&sample()), TemplateRecord::name(&sample()));
    let changes: [fn(&mut Version); 4] = [
        |_| {},
        |version| drop(version.0.pop_last()),
        |version| *version.0.values_mut().nth(1).unwrap() = Fingerprint::Directory(Mode::new(0o755)),
        |version| version.0.clear(),
    ];
    let names: BTreeSet<_> = changes
        .iter()
        .map(|change| {
            let mut version = sample();
            change(&mut version);
            TemplateRecord::name(&version).to_string()
        })
        .collect();
    assert_eq!(names.len(), changes.len(), "{names:?}");
    // As `printf '%s\n' '{"format":"s6-instance-maker template","version":1,"entries":[]}' | sha256sum` has it.
    assert_eq!(TemplateRecord::name(&Version::default()).to_string(), "template-0a6fae890a0891ea");
}

/// The templates of all plans are read back.
#[test]
fn records_are_read_back() {
    let mut entries = 0;
    for Case { words, facts, template } in cases() {
        let request = manifest::request(words.clone()).unwrap();
        let Ok(plan) = plan(&request, &facts, &template) else { continue };
        let version = model::version(&plan, &template, facts.caller);
        let record = TemplateRecord::encode(&version);
        assert_eq!(TemplateRecord::decode(&record).as_ref(), Ok(&version), "{words:?}");
        entries += version.0.len();
    }
    assert!(entries >= 200, "{entries} entries");
}

/// In the record, this for the first that.
const NONE: &[[&str; 2]] = &[
    ["s6-instance-maker template", "s6-instance-maker job"],
    ["\"version\":1", "\"version\":3"],
    ["\"version\":1", "\"version\":1,\"more\":null"],
    ["\"version\":1,", ""],
    ["\"path\":\"data\"", "\"path\":\"\""],
    ["\"path\":\"data\"", "\"path\":\"..\""],
    ["\"path\":\"data\"", "\"path\":\"date\""],
    ["\"path\":\"data/link\"", "\"path\":\"data\""],
    ["\"path\":\"data/link\"", "\"path\":\"run/link\""],
    ["\"path\":\"socket\"", "\"path\":\"run/socket\""],
    ["\"kind\":\"fifo\"", "\"kind\":\"socket\""],
    ["\"kind\":\"fifo\"", "\"kind\":\"other\""],
    ["\"kind\":\"fifo\"", "\"kind\":\"link\""],
    ["\"kind\":\"fifo\"", "\"kind\":\"fifo\",\"sha256\":\"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\""],
    ["\"kind\":\"fifo\"", "\"kind\":\"fifo\",\"owner\":[0,0]"],
    ["\"mode\":\"2755\"", "\"mode\":\"755\""],
    [",\"mode\":\"2755\"", ""],
    ["\"target\":\"../run\"", "\"target\":\"\""],
    ["\"target\":\"../run\"", "\"target\":\"\\u0000\""],
    ["\"target\":\"../run\"", "\"target\":\"../run\",\"mode\":\"0777\""],
    ["\"sha256\":\"0a", "\"sha256\":\"0A"],
    ["\"sha256\":\"0a", "\"sha256\":\"a"],
    ["\"sha256\":\"0a", "\"sha256\":\"0a0a"],
];

#[test]
fn records_that_are_none() {
    let record = String::from_utf8(TemplateRecord::encode(&sample())).unwrap();
    let mut listing = Listing::default();
    for [from, to] in NONE {
        assert!(record.contains(from), "no {from} in the record");
        let error = TemplateRecord::decode(record.replacen(from, to, 1).as_bytes()).map_err(|error| error.to_string());
        let Err(message) = error else { panic!("a record with {to} for {from} is one") };
        // Where in the text it is does not matter.
        listing.add(format!("{from} -> {to}"), message.split(" at line ").next().unwrap());
    }
    inner_settings("messages").bind(|| insta::assert_snapshot!("documents-record", listing.text()));
}
