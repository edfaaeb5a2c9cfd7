//! Errors of close: there some file systems, as NFS, report lost data.

use super::{End, Ground, PLAIN, small_template};

/// For every file of the result there is a close that must succeed; no other does any harm when it fails.
#[test]
fn a_file_that_cannot_be_closed_is_an_error() {
    let ground = Ground::new(None, small_template);
    let record = ground.record(PLAIN);
    let is_result = |path: &[u8]| path.starts_with(b"out/");
    let files = record.after.iter().filter(|(path, entry)| is_result(path) && entry.kind == "file").count();
    assert!(files > 5, "{files}");
    let mut failed = Vec::new();
    for call in record.calls.iter().filter(|call| call.name == "close") {
        let trial = ground.disturb(&record, "close", call.nth, "error=EIO");
        if trial.end(&record) == End::Nothing {
            let told = &trial.answer.stderr;
            assert!(told.contains("unable to write `") && told.contains("Input/output error"), "{}", trial.answer);
            failed.push(told.clone());
        }
        ground.undo(&record.before);
    }
    let messages: std::collections::BTreeSet<_> = failed.iter().collect();
    assert_eq!((failed.len(), messages.len()), (files, files), "{failed:?}");
}
