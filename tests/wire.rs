//! Jobs and plans as documents: they say all that there is to say, and what is none is refused (docs/plan-format.md).

mod apply;
pub(crate) mod differences;
mod records;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::laws;
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::wire::{Job, PlanDocument, TemplateDigest};
use s6_instance_maker_workspace::jobs::{Case, cases, odd_template};
use s6_instance_maker_workspace::listing::Listing;
use s6_instance_maker_workspace::{json, manifest};
use serde_json::{Value, json};

#[test]
fn documents_are_read_back() {
    let mut plans = 0;
    let cases = cases();
    for Case { words, facts, template } in &cases {
        let job = Job { instances: Instances::default(), facts: facts.clone(), template: template.clone() };
        let text = Job::encode(&Instances::default(), facts, template);
        assert_eq!(Job::decode(&text).as_ref(), Ok(&job), "{words:?}");
        assert_eq!(Job::decode(spread(&text).as_bytes()).as_ref(), Ok(&job), "{words:?}");
        let request: Request = manifest::request(words.clone()).unwrap();
        let Ok(plan) = plan(&request, facts, template) else { continue };
        let text = manifest::document(&plan, &request, template);
        let document = PlanDocument { plan, options: Options::of(&request).given(), template: TemplateDigest::of(template) };
        assert_eq!(PlanDocument::decode(&text).as_ref(), Ok(&document), "{words:?}");
        assert_eq!(PlanDocument::decode(spread(&text).as_bytes()).as_ref(), Ok(&document), "{words:?}");
        assert!(text.ends_with(b"\n") && text.iter().filter(|&&byte| byte == b'\n').count() == 1, "{words:?}");
        // What we plan ourselves is nothing that may not be planned.
        assert_eq!(document.plan.check(facts, template), Ok(()), "{words:?}");
        plans += 1;
    }
    assert!(plans >= 150 && cases.len() - plans >= 40, "{plans} plans of {} cases", cases.len());
}

/// The same document with blanks wherever they may be.
fn spread(json: &[u8]) -> String {
    let text = str::from_utf8(json).unwrap();
    let lines = json::lines(text);
    assert_eq!(json::compact(&lines), text.trim_end());
    lines
}

/// The plan of a wrapped script has the script's own owner, also if it is a link.
#[test]
fn renamed_scripts_keep_their_owner() {
    let template = manifest::template("0755 dir data\n0755 file data/start = #!/bin/sh\n0777 link run -> data/start (1:2)");
    let request = manifest::request(["-u", "www-data", "template", "dir"]).unwrap();
    let plan = plan(&request, &manifest::facts(), &template).unwrap();
    assert!(plan.to_string().contains("0777 link template/run.user (1:2) -> data/start\n"), "{plan}");
    assert_eq!(plan.check(&manifest::facts(), &template), Ok(()));
}

const SAMPLE: &str = "
    2755 dir . (5:6)
    0755 file run = #!/bin/sh
    6755 file tool (33:4)
    1777 dir data
    0640 fifo data/fifo
    0777 link data/up -> ../run (1:2)";

#[test]
fn documents() {
    let template = manifest::template(SAMPLE);
    let words = ["-u", "www-data", "-c", "7", "-t", "2", "--s6-version", "2.16", "template", "dir"];
    let request = manifest::request(words).unwrap();
    let plan = plan(&request, &manifest::facts(), &template).unwrap();
    let show = |json: Vec<u8>| json::lines(str::from_utf8(&json).unwrap());
    settings("wire")
        .bind(|| insta::assert_snapshot!("job", show(Job::encode(&Instances::default(), &manifest::facts(), &template))));
    settings("wire").bind(|| insta::assert_snapshot!("plan", show(manifest::document(&plan, &request, &template))));
}

/// Values that no member of a job or a plan can have.
#[test]
fn documents_that_are_none() {
    let template = manifest::template(SAMPLE);
    let words = ["-t", "2", "template", "dir"];
    let request = manifest::request(words).unwrap();
    let plan = plan(&request, &manifest::facts(), &template).unwrap();
    let job = String::from_utf8(Job::encode(&Instances::default(), &manifest::facts(), &template)).unwrap();
    let plan = String::from_utf8(manifest::document(&plan, &request, &template)).unwrap();
    let mut listings = [Listing::default(), Listing::default()];
    for (what, [from, to]) in NONE.iter().flat_map(|(what, changes)| changes.iter().map(move |change| (what, change))) {
        let original = if *what == "job" { &job } else { &plan };
        assert!(original.contains(from), "no {from} in the {what}");
        let changed = original.replacen(from, to, 1);
        let message = match *what {
            "job" => Job::decode(changed.as_bytes()).err().map(|error| error.to_string()),
            _ => PlanDocument::decode(changed.as_bytes()).err().map(|error| error.to_string()),
        };
        let message = message.unwrap_or_else(|| panic!("a {what} with {to} for {from} is one"));
        // Where in the text it is does not matter.
        let message = message.split(" at line ").next().unwrap();
        assert!(!message.contains(char::is_control), "{message:?}");
        listings[usize::from(*what == "plan")].add(format!("{from} -> {to}"), message);
    }
    for (name, listing) in ["documents-job", "documents-plan"].into_iter().zip(listings) {
        settings("messages").bind(|| insta::assert_snapshot!(name, listing.text()));
    }
    // A member that may be absent may be null as well.
    let with_null = |text: &str, from: &str, to: &str| text.replacen(from, to, 1).into_bytes();
    assert_eq!(Job::decode(&with_null(&job, "\"size\":0}", "\"size\":0,\"head\":null}")), Job::decode(job.as_bytes()));
    let nulls = "\"owner\":null,\"target\":null,\"text\":null,\"copy\":";
    assert_eq!(PlanDocument::decode(&with_null(&plan, "\"copy\":", nulls)), PlanDocument::decode(plan.as_bytes()));
}

/// In a document of this kind, this for the first that.
type Changes = (&'static str, &'static [[&'static str; 2]]);

const NONE: &[Changes] = &[
    (
        "job",
        &[
            ["s6-instance-maker job", "s6-instance-maker plan"],
            ["s6-instance-maker job", "\\u001b[31m"],
            ["\"version\":3", "\"version\":4"],
            ["\"version\":3", "\"version\":3.0"],
            ["\"version\":3", "\"version\":\"3\""],
            ["\"version\":3", "\"version\":3,\"version\":3"],
            ["\"version\":3,", ""],
            ["\"version\":3", "\"version\":3,\"more\":null"],
            ["\"version\":3", "\"version\":3,\"more\":null"],
            ["\"umask\":\"0022\"", "\"umask\":\"022\""],
            ["\"umask\":\"0022\"", "\"umask\":18"],
            ["\"caller\":[0,0]", "\"caller\":[0]"],
            ["\"caller\":[0,0]", "\"caller\":[0,0,0]"],
            ["\"caller\":[0,0]", "\"caller\":[0,-1]"],
            ["\"caller\":[0,0]", "\"caller\":[0,4294967296]"],
            ["\"caller\":[0,0]", "\"caller\":null"],
            ["\"www-data\"", "\"33:33\""],
            ["\"www-data\"", "\"\""],
            ["\"www-data\"", "\"a/b\""],
            ["{\"name\":\"www-data\",\"owner\":[33,33],\"groups\":[33,4]}", "[\"www-data\",[33,33],[33,4]]"],
            ["\"path\":\"data\"", "\"path\":\"../data\""],
            ["\"path\":\"data\"", "\"path\":\"data\\u0000\""],
            ["\"path\":\"data\"", "\"path\":\"run\""],
            ["\"path\":\"data\"", "\"path\":{\"hex\":\"64617461\"}"],
            ["\"path\":\"data\"", "\"path\":{\"hex\":\"FF\"}"],
            ["\"path\":\"data\"", "\"path\":{\"hex\":\"ff0\"}"],
            ["\"path\":\"data\"", "\"path\":{\"hex\":\"ff\",\"hex\":\"ff\"}"],
            ["\"path\":\"data\"", "\"path\":{\"base64\":\"/w==\"}"],
            ["\"path\":\"data\"", "\"path\":{}"],
            ["\"path\":\"data\"", "\"path\":[100]"],
            ["\"kind\":\"fifo\"", "\"kind\":\"socket\""],
            ["\"kind\":\"fifo\"", "\"kind\":{\"fifo\":null}"],
            ["\"kind\":\"fifo\"", "\"kind\":\"file\""],
            ["\"kind\":\"fifo\"", "\"kind\":\"fifo\",\"size\":0"],
            ["\"kind\":\"fifo\"", "\"kind\":\"fifo\",\"head\":\"\""],
            ["\"kind\":\"fifo\"", "\"kind\":\"fifo\",\"target\":\"a\""],
            ["\"kind\":\"fifo\",\"mode\":\"0640\",\"owner\":[0,0]", "\"kind\":\"fifo\",\"mode\":\"0640\""],
            ["\"kind\":\"fifo\",\"mode\":\"0640\",\"owner\":[0,0]", "\"kind\":\"fifo\",\"mode\":\"0640\",\"owner\":null"],
            ["\"mode\":\"6755\"", "\"mode\":\"16755\""],
            ["\"mode\":\"6755\"", "\"mode\":\"6785\""],
            ["\"size\":0,\"head\"", "\"head\""],
            ["\"size\":0,\"head\"", "\"size\":-1,\"head\""],
            ["\"size\":0,\"head\"", "\"size\":0,\"text\":\"\",\"head\""],
            ["\"size\":0,\"head\"", "\"size\":0,\"copy\":\"run\",\"head\""],
            ["\"target\":\"../run\"", "\"target\":\"\""],
            ["\"target\":\"../run\"", "\"target\":\"a\\u0000\""],
        ],
    ),
    (
        "plan",
        &[
            ["s6-instance-maker plan", "s6-instance-maker job"],
            ["\"version\":3", "\"version\":0"],
            ["\"placement\":\"new\"", "\"placement\":\"within\",\"placement\":\"new\""],
            ["\"placement\":\"new\"", "\"placement\":\"anywhere\""],
            ["\"placement\":\"new\"", "\"placement\":{\"new\":null}"],
            ["\"template\":\"", "\"template\":\"0"],
            ["\"id\":\"idle-logger-options\"", "\"id\":\"new-in-the-next-version\""],
            ["\"subject\":\"-t\"", "\"subject\":\"-x\""],
            ["\"subject\":\"-t\"", "\"subject\":\"\""],
            [",\"subject\":\"-t\"", ""],
            ["{\"path\":\"\",\"kind\":\"dir\"", "{\"path\":\"first\",\"kind\":\"dir\""],
            ["\"kind\":\"dir\"", "\"kind\":\"fifo\""],
            ["\"kind\":\"dir\"", "\"kind\":\"dir\",\"text\":\"\""],
            ["\"kind\":\"dir\"", "\"kind\":\"dir\",\"copy\":\"run\""],
            ["\"kind\":\"fifo\"", "\"kind\":\"fifo\",\"text\":\"\""],
            ["\"kind\":\"link\"", "\"kind\":\"link\",\"copy\":\"run\""],
            ["\"text\":\"3\\n\"", "\"text\":\"3\\n\",\"copy\":\"run\""],
            ["\"text\":\"3\\n\"", "\"text\":\"3\\n\",\"size\":2"],
            ["\"text\":\"3\\n\"", "\"text\":\"3\\n\",\"head\":\"3\\n\""],
            [",\"text\":\"3\\n\"", ""],
            ["\"copy\":\"run\"", "\"copy\":\"/run\""],
            ["{\"path\":\"instance\",\"kind\":\"dir\",\"mode\":\"0755\"}", "[\"instance\",\"dir\",\"0755\"]"],
            ["{\"path\":\"instance\",\"kind\":\"dir\",\"mode\":\"0755\"}", "null"],
        ],
    ),
];

/// Whatever decodes says the same when it is encoded again, and what follows from it is as it must be.
fn survives(bytes: &[u8]) -> Result<(), laws::BrokenLaw> {
    laws::job_document(bytes)?;
    laws::plan_document(bytes).map(|_| ())
}

fn owner() -> impl Strategy<Value = Value> {
    prop_oneof![8 => Just(json!([0, 0])), 2 => any::<(u32, u32)>().prop_map(|(uid, gid)| json!([uid, gid])), 1 => Just(Value::Null)]
}

fn bytes() -> impl Strategy<Value = Value> {
    let hex = |bytes: Vec<u8>| bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    prop_oneof![
        4 => "[a-c]{1,2}(/[a-c]{1,2}){0,2}".prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => prop::collection::vec(0x80..=0xffu8, 0..4).prop_map(move |bytes| json!({ "hex": hex(bytes) })),
    ]
}

/// An entry that is often right.
fn entry(of_job: bool) -> impl Strategy<Value = Value> {
    let mode = prop_oneof![8 => "[0-7]{4}", 1 => "[0-9a]{3,5}"];
    let kind = prop::sample::select(vec!["dir", "dir", "file", "file", "link", "fifo", "device"]);
    (bytes(), kind, mode, owner(), bytes(), prop::option::weighted(0.8, bytes()), any::<Option<u64>>()).prop_map(
        move |(path, kind, mode, owner, content, other, size)| {
            let mut entry = json!({ "path": path, "kind": kind, "mode": mode, "owner": owner });
            match kind {
                "link" => entry["target"] = content,
                "file" if of_job => {
                    entry["size"] = json!(size);
                    entry["head"] = json!(other);
                }
                "file" if size.is_some() => entry["text"] = content,
                "file" => entry["copy"] = content,
                _ => {}
            }
            entry
        },
    )
}

fn entries(of_job: bool) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(entry(of_job), 0..4).prop_map(|mut entries| {
        entries.insert(0, json!({ "path": "", "kind": "dir", "mode": "0755", "owner": [0, 0] }));
        entries
    })
}

fn warning() -> impl Strategy<Value = Value> {
    let ids = prop::sample::select(vec![
        "idle-logger-options",
        "log-file-size",
        "newer-s6",
        "writable-scripts",
        "unknown-account",
        "user-writable",
        "set-id-dropped",
        "state-left-behind",
        "control-file-invalid",
        "other",
    ]);
    let subject = prop_oneof![
        bytes(),
        Just("-l -t".into()),
        Just("0100".into()),
        Just("2.16".into()),
        Just("0022".into()),
        Just("j".into())
    ];
    (ids, subject, proptest::option::of(bytes())).prop_map(|(id, subject, detail)| match detail {
        None => json!({ "id": id, "subject": subject }),
        Some(detail) => json!({ "id": id, "subject": subject, "detail": detail }),
    })
}

fn document() -> impl Strategy<Value = Value> {
    let account = (bytes(), owner(), prop::collection::vec(any::<u32>(), 0..3))
        .prop_map(|(name, owner, groups)| json!({ "name": name, "owner": owner, "groups": groups }));
    let facts = ("[0-7]{4}", owner(), prop::collection::vec(account, 0..2))
        .prop_map(|(umask, caller, accounts)| json!({ "umask": umask, "caller": caller, "accounts": accounts }));
    let job = (facts, entries(true)).prop_map(
        |(facts, template)| json!({ "format": "s6-instance-maker job", "version": 3, "facts": facts, "template": template }),
    );
    let placement = prop::sample::select(vec!["new", "within"]);
    let plan = ("[0-9a-f]{64}", placement, entries(false), prop::collection::vec(warning(), 0..2)).prop_map(
        |(template, placement, entries, warnings)| {
            json!({
                "format": "s6-instance-maker plan",
                "version": 3,
                "options": [],
                "template": template,
                "placement": placement,
                "entries": entries,
                "warnings": warnings,
            })
        },
    );
    prop_oneof![job, plan]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(survives(&bytes), Ok(()));
    }

    #[test]
    fn nearly_documents(document in document()) {
        prop_assert_eq!(survives(document.to_string().as_bytes()), Ok(()), "{}", document);
    }

    /// Documents of ours, with something cut out and something put in.
    #[test]
    fn damaged_documents(
        is_job in any::<bool>(), at in any::<prop::sample::Index>(), length in 0usize..12,
        put in prop_oneof![prop::collection::vec(any::<u8>(), 0..4), "[\\[\\]{}:,\"0-9a-f]{0,6}".prop_map(String::into_bytes)],
    ) {
        let template = odd_template();
        let request = manifest::request(["-t0", "template", "dir"]).unwrap();
        let mut bytes = if is_job {
            Job::encode(&Instances::default(), &manifest::facts(), &template)
        } else {
            manifest::document(&plan(&request, &manifest::facts(), &template).unwrap(), &request, &template)
        };
        let at = at.index(bytes.len());
        bytes.splice(at..(at + length).min(bytes.len()), put);
        prop_assert_eq!(survives(&bytes), Ok(()), "{:?}", String::from_utf8_lossy(&bytes));
    }
}

/// The generators above do make documents that decode.
#[test]
fn nearly_documents_are_often_documents() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let decodes = |json: &Value| {
        let text = json.to_string();
        Job::decode(text.as_bytes()).is_ok() || PlanDocument::decode(text.as_bytes()).is_ok()
    };
    let whole = (0..1000).filter(|_| decodes(&document().new_tree(&mut runner).unwrap().current())).count();
    assert!((100..900).contains(&whole), "{whole} of 1000 documents decode");
}

fn settings(folder: &str) -> insta::Settings {
    let mut settings = inner_settings(folder);
    settings.set_snapshot_path(format!("../snapshots/{folder}"));
    settings
}

/// The same for a module in a folder of its own.
fn inner_settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../../snapshots/{folder}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}
