//! Jobs that are none.

use s6_instance_maker_core::wire::Job;
use s6_instance_maker_workspace::manifest::{facts, template};

#[test]
fn jobs_that_are_none() {
    let text = String::from_utf8(Job::encode(&facts(), &template("0755 file run = #!/bin/sh"))).unwrap();
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
