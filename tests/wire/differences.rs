//! Differences as documents.

use super::inner_settings;
use s6_instance_maker_core::compare::{
    Cause, CopyState, Difference, Differences, Digest, Fate, Note, RefreshError, State, StateKind,
};
use s6_instance_maker_core::instances::InstanceName;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_core::wire::DifferenceDocument;
use s6_instance_maker_workspace::json;

fn path(bytes: &[u8]) -> TreePath {
    TreePath::parse(bytes).unwrap()
}

fn state(mode: u32, kind: StateKind) -> Option<State> {
    Some(State { mode: Mode::new(mode), owner: Ids { uid: 0, gid: 33 }, kind })
}

/// Differences with every action, kind, cause and note.
pub(crate) fn sample() -> Differences {
    let file = |size, digest: Option<u8>| StateKind::File { size, digest: digest.map(|byte| Digest([byte; 32])) };
    let link = |target: &[u8]| StateKind::Symlink(target.to_vec());
    let entries: [(&[u8], _, _, _, _); 7] = [
        (b"", state(0o755, StateKind::Directory), state(0o700, StateKind::Directory), Fate::Replaced, None),
        (b"\xff", state(0o644, StateKind::Socket), None, Fate::Kept, None),
        (b"device", state(0o600, StateKind::Device), None, Fate::Kept, None),
        (b"run", state(0o700, file(9, Some(0x0a))), state(0o755, file(10, None)), Fate::Replaced, Some(Cause::Umask)),
        (b"template/link", state(0o777, link(b"/\xff")), state(0o777, link(b"run")), Fate::Replaced, None),
        (b"template/old", state(0o4755, file(u64::MAX, None)), None, Fate::Removed, None),
        (b"template/pipe", None, state(0o600, StateKind::Fifo), Fate::Created, None),
    ];
    let entries = entries.map(|(at, found, planned, fate, cause)| Difference { path: path(at), found, planned, fate, cause });
    let name = |name: &[u8]| InstanceName::new(name).unwrap();
    let notes = [
        Note::EmptyDirectory(path(b"instance")),
        Note::Owners { path: path(b""), found: Ids { uid: 1, gid: 2 }, planned: Ids { uid: 3, gid: 4 }, count: 5 },
        Note::Instance(name(b"a"), CopyState::Older),
        Note::Instance(name(b"\xff"), CopyState::Edited(path(b"data/\xfe"))),
        Note::NotRefreshable(RefreshError::NotOurs(path(b"template"))),
    ];
    Differences { entries: entries.into(), notes: notes.into() }
}

#[test]
fn documents() {
    for (name, differences) in [("differences", sample()), ("differences-none", Differences::default())] {
        let text = String::from_utf8(DifferenceDocument::encode(&differences)).unwrap();
        assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
        inner_settings("wire").bind(|| insta::assert_snapshot!(name, json::lines(&text)));
    }
}
