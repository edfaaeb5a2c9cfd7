//! The JSON Schemas of docs/schema: what is written is valid, and what a reader refuses is not, as far as a schema can say so.

mod differences;

use jsonschema::Validator;
use s6_instance_maker_core::compare::Differences;
use s6_instance_maker_core::options::NAMES;
use s6_instance_maker_core::wire::{DifferenceDocument, Job, PlanDocument, TemplateRecord};
use s6_instance_maker_workspace::corpus::{self, Seed};
use s6_instance_maker_workspace::listing::Listing;
use s6_instance_maker_workspace::program::workspace;
use s6_instance_maker_workspace::skip;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The schemas, each with the fuzz target whose seeds are such documents; differences are never read.
const SCHEMAS: [(&str, Option<&str>); 4] =
    [("job", Some("job")), ("plan", Some("plan")), ("differences", None), ("template-record", Some("record"))];

fn text(schema: &str) -> String {
    let path = workspace().join(format!("docs/schema/{schema}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn validator(name: &str) -> Validator {
    jsonschema::draft202012::new(&schema(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Fails with all that is wrong with a document.
fn expect_valid(validator: &Validator, document: &[u8]) {
    let value: Value = serde_json::from_slice(document).unwrap();
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}", String::from_utf8_lossy(document));
}

/// The reader of the documents of a fuzz target.
fn read(target: &str, document: &[u8]) -> Result<(), String> {
    let error = match target {
        "job" => Job::decode(document).err(),
        "plan" => PlanDocument::decode(document).err(),
        "record" => TemplateRecord::decode(document).err(),
        other => panic!("nothing reads {other}"),
    };
    error.map_or(Ok(()), |error| Err(error.to_string()))
}

/// What a reader refuses and the schemas do not: part of the message, and the reason.
const NOT_IN_A_SCHEMA: &[(&str, &str)] = &[
    ("duplicate field", "a member that is repeated is one member for a schema"),
    ("invalid type: floating point", "3.0 is an integer in a schema"),
    ("are not a tree", "entries depend on others"),
    ("the plan has an invalid warning", "each id has subjects and details of its own"),
    ("a name cannot be longer than 255 bytes", "a schema counts characters"),
    ("the plan has an invalid list of options", "they are in an order"),
    ("with bytes that are not UTF-8", "the hexadecimal form of UTF-8 is a string like any other"),
];

/// Every schema is one, refuses unknown members in every object, and defines what other schemas define in the same way.
#[test]
fn schemas_are_strict() {
    let mut definitions: BTreeMap<String, (Value, usize)> = BTreeMap::new();
    for (name, _) in SCHEMAS {
        let schema = schema(name);
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_strict(name, &schema);
        for (definition, value) in schema["$defs"].as_object().unwrap() {
            let used = text(name).contains(&format!("\"#/$defs/{definition}\""));
            assert!(used, "{name}: no use of {definition}");
            if ["root", "entry", "entries"].contains(&definition.as_str()) {
                continue;
            }
            let (known, count) = definitions.entry(definition.clone()).or_insert_with(|| (value.clone(), 0));
            assert_eq!(known, value, "{name}: another {definition}");
            *count += 1;
        }
    }
    let shared = definitions.values().filter(|(_, count)| *count > 1).count();
    assert!(shared >= 8, "{shared} definitions are shared");
    let mut files: Vec<_> = fs::read_dir(workspace().join("docs/schema")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let names: BTreeSet<_> = files.iter().map(|file| file.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, SCHEMAS.into_iter().map(|(name, _)| name).collect());
}

fn assert_strict(name: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            if members.contains_key("properties") {
                assert_eq!(members.get("additionalProperties"), Some(&Value::Bool(false)), "{name}: {value}");
                assert!(members.contains_key("required"), "{name}: {value}");
            }
            members.values().for_each(|value| assert_strict(name, value));
        }
        Value::Array(values) => values.iter().for_each(|value| assert_strict(name, value)),
        _ => {}
    }
}

/// The schema of plans has the warnings and options that docs/plan-format.md lists, which other tests compare with the program; and
/// that file names each schema.
#[test]
fn schemas_agree_with_the_specification() {
    let specification = fs::read_to_string(workspace().join("docs/plan-format.md")).unwrap();
    for (name, _) in SCHEMAS {
        assert!(specification.contains(&format!("](schema/{name}.json)")), "{name}");
    }
    let plan = schema("plan");
    let between = |start: &str, end: &str| specification.split_once(start).unwrap().1.split_once(end).unwrap().0;
    let table = between("| warning | subject | detail |\n|---|---|---|\n", "\n\n");
    let ids: Vec<&str> = table.lines().map(|row| row.split('`').nth(1).unwrap()).collect();
    let ids_of_schema: Vec<_> = plan["$defs"]["warning"]["properties"]["id"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert_eq!(ids_of_schema, ids);
    let names: Vec<&str> = between("They are in this order: ", ". A repeatable").split('`').skip(1).step_by(2).collect();
    // Options that are written as others.
    let others = ["installation", "instances-from", "count"];
    assert_eq!(names, NAMES.into_iter().filter(|name| !others.contains(name)).collect::<Vec<_>>());
    let pattern = plan["$defs"]["option"]["oneOf"][0]["pattern"].as_str().unwrap();
    assert_eq!(pattern, format!("^--(?:{})(?:=|$)", names.join("|")));
}

/// Whatever the program writes of the tests' cases is valid, and so are the examples of docs/plan-format.md.
#[test]
fn what_is_written_is_valid() {
    for (name, target) in SCHEMAS {
        let validator = validator(name);
        let Some(target) = target else { continue };
        let written: Vec<_> = corpus::written(target).collect();
        assert!(written.len() >= 150, "{name}: {} documents", written.len());
        written.iter().for_each(|document| expect_valid(&validator, document));
    }
    let specification = fs::read_to_string(workspace().join("docs/plan-format.md")).unwrap();
    let examples: Vec<&str> = specification.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), SCHEMAS.len());
    for ((name, target), example) in SCHEMAS.into_iter().zip(examples) {
        expect_valid(&validator(name), example.as_bytes());
        assert_eq!(target.map_or(Ok(()), |target| read(target, example.as_bytes())), Ok(()), "{name}");
    }
    let validator = validator("differences");
    let previews = super::compare::previews::previews().into_iter().map(|(_, differences)| differences);
    for differences in previews.chain([super::wire::differences::sample(), Differences::default()]) {
        expect_valid(&validator, &DifferenceDocument::encode(&differences));
    }
}

/// Documents that are damaged in every way: a schema accepts what its reader accepts, less what is never written, and refuses what its
/// reader refuses, less what no schema can say.
#[test]
fn what_is_refused_is_invalid() {
    let (mut used, mut wrong) = (BTreeSet::new(), Listing::default());
    let mut counts = Vec::new();
    for (name, target) in SCHEMAS {
        let Some(target) = target else { continue };
        let validator = validator(name);
        let (mut accepted, mut refused, mut beyond) = (0, 0, 0);
        for seed in corpus::seeds(target).into_iter().chain(more(target)) {
            let read = read(target, &seed.bytes);
            let Ok(value) = serde_json::from_slice::<Value>(&seed.bytes) else {
                assert!(read.is_err(), "{target}: {} is not JSON", seed.name);
                continue;
            };
            match (read, validator.is_valid(&value)) {
                (Ok(()), true) => accepted += 1,
                (Err(_), false) => refused += 1,
                (Err(message), true) => {
                    match NOT_IN_A_SCHEMA.iter().position(|(part, _)| message.contains(part)) {
                        Some(reason) => drop(used.insert(reason)),
                        None => wrong.add(seed.name, &format!("{name}: valid, but {message}")),
                    }
                    beyond += 1;
                }
                (Ok(()), false) => {
                    let value = without_nulls(value);
                    for error in validator.iter_errors(&value) {
                        wrong.add(
                            value.to_string(),
                            &format!("{name}: not valid, but accepted: {}: {error}", error.instance_path()),
                        );
                    }
                }
            }
        }
        skip::tell(&format!(
            "{name}: {accepted} documents are valid, {refused} are not, {beyond} are refused by the reader alone"
        ));
        counts.push((accepted, refused));
    }
    assert_eq!(wrong.text(), "");
    assert!(counts.iter().all(|&(accepted, refused)| accepted >= 100 && refused >= 1000), "{counts:?}");
    let unused: Vec<_> = (0..NOT_IN_A_SCHEMA.len()).filter(|index| !used.contains(index)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// Documents that are wrong in ways that no seed is.
fn more(target: &str) -> Option<Seed> {
    let long = format!("\"path\":\"{}\"", "\u{e9}".repeat(128));
    let (from, to) = match target {
        "plan" => ("\"options\":[", "\"options\":[\"--s6-rc=s\",\"--user=u\","),
        "record" => ("\"path\":\"d\"", long.as_str()),
        _ => return None,
    };
    let document = corpus::small_documents(target).swap_remove(0);
    assert!(document.contains(from), "{document}");
    Some(Seed { name: format!("more of {target}"), bytes: document.replacen(from, to, 1).into_bytes() })
}

/// A reader takes a member that is null for an absent one; none is written.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
