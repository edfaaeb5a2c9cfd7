//! Documents that are none.

use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_core::wire::{Job, PlanDocument};
use s6_instance_maker_workspace::manifest::{facts, template};

#[test]
fn jobs_that_are_none() {
    let text = String::from_utf8(Job::encode(&Instances::default(), &facts(), &template("0755 file run = #!/bin/sh"))).unwrap();
    let message = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        Job::decode(text.replacen(from, to, 1).as_bytes()).map_err(|error| error.to_string())
    };
    let account = r#"{"name":"www-data","owner":[33,33],"groups":[33,4]}"#;
    assert_eq!(message(account, &format!("{account},{account}")), Err("the job has an invalid account".into()));
    let head = r##""head":"#!/bin/sh""##;
    let of = |length| format!(r#""head":"{}""#, "h".repeat(length));
    assert!(message(head, &of(4096)).is_ok());
    assert_eq!(message(head, &of(4097)), Err("entry `run` of the job: its head is too long".into()));
}

/// A plan has at most as many warnings as there are kinds, of each of its paths and of the request: more would flood who carries it
/// out.
#[test]
fn warnings_have_an_end() {
    const KINDS: usize = Rule::ALL.len();
    let digest = "0".repeat(64);
    let head =
        format!(r#"{{"format":"s6-instance-maker plan","version":3,"options":[],"template":"{digest}","placement":"new""#);
    let message = |entries: usize, warnings: usize| {
        let entry = |at: usize| {
            let path = if at == 0 { String::new() } else { at.to_string() };
            format!(r#"{{"path":"{path}","kind":"dir","mode":"0755"}}"#)
        };
        let entries = (0..entries).map(entry).collect::<Vec<_>>().join(",");
        let warnings = vec![r#"{"id":"log-file-size","subject":"1"}"#; warnings].join(",");
        let text = format!(r#"{head},"entries":[{entries}],"warnings":[{warnings}]}}"#);
        PlanDocument::decode(text.as_bytes()).map(|document| document.plan.warnings.len()).map_err(|error| error.to_string())
    };
    for entries in 1..4 {
        let most = KINDS * (entries + 1);
        for warnings in [0, 1, most - 1, most] {
            assert_eq!(message(entries, warnings), Ok(warnings), "{entries} entries");
        }
        for warnings in [most + 1, 10 * most] {
            let refused = Err("the plan has an invalid number of warnings".to_owned());
            assert_eq!(message(entries, warnings), refused, "{entries} entries, {warnings} warnings");
        }
    }
}
