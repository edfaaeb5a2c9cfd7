//! Difference documents: what `--diff` and `--check` found, for programs. They are written, and never read here.

use super::bytes::Bytes;
use super::entry::owner;
use super::json::to_json;
use crate::compare::{Cause, CopyState, Difference, Differences, Note, State, StateKind};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use serde::Serialize;

/// The version of difference documents.
const VERSION: u32 = 1;

/// The differences between a plan and what is at DIR, as a document.
#[derive(Debug)]
pub struct DifferenceDocument;

impl DifferenceDocument {
    /// Returns the document, one line.
    #[must_use]
    pub fn encode(differences: &Differences) -> Vec<u8> {
        let mut json = to_json(&DifferencesV1 {
            format: "s6-instance-maker differences",
            version: VERSION,
            differences: differences.entries.iter().map(DifferenceV1::of).collect(),
            notes: differences.notes.iter().map(NoteV1::of).collect(),
        });
        json.push(b'\n');
        json
    }
}

#[derive(Serialize)]
struct DifferencesV1<'a> {
    format: &'static str,
    version: u32,
    differences: Vec<DifferenceV1<'a>>,
    notes: Vec<NoteV1<'a>>,
}

#[derive(Serialize)]
struct DifferenceV1<'a> {
    path: Bytes<'a>,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<StateV1<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<StateV1<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
}

impl<'a> DifferenceV1<'a> {
    fn of(difference: &'a Difference) -> Self {
        Self {
            path: Bytes::of(difference.path.as_bytes()),
            action: difference.fate.word(),
            found: difference.found.as_ref().map(StateV1::of),
            planned: difference.planned.as_ref().map(StateV1::of),
            cause: difference.cause.map(|cause| match cause {
                Cause::Umask => "umask",
            }),
        }
    }
}

/// The state of an entry; which of the last members it has depends on its kind.
#[derive(Serialize)]
struct StateV1<'a> {
    kind: &'static str,
    mode: String,
    owner: [u32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Bytes<'a>>,
}

impl<'a> StateV1<'a> {
    fn of(state: &'a State) -> Self {
        let (sha256, target) = match &state.kind {
            StateKind::File { digest, .. } => (digest.map(|digest| digest.to_string()), None),
            StateKind::Symlink(target) => (None, Some(Bytes::of(target))),
            StateKind::Directory | StateKind::Fifo | StateKind::Socket | StateKind::Device => (None, None),
        };
        Self {
            kind: state.kind.word(),
            mode: state.mode.to_string(),
            owner: owner(state.owner),
            size: state.kind.size(),
            sha256,
            target,
        }
    }
}

/// A note; which members it has depends on its id.
#[derive(Serialize)]
struct NoteV1<'a> {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<Bytes<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Bytes<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    planned: Option<[u32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

impl<'a> NoteV1<'a> {
    fn of(note: &'a Note) -> Self {
        let about = |instance, path| Self { id: note.id(), instance, path, found: None, planned: None, count: None };
        let at = |path: &'a crate::path::TreePath| Some(Bytes::of(path.as_bytes()));
        match note {
            Note::EmptyDirectory(path) => about(None, at(path)),
            Note::NotRefreshable(reason) => about(None, reason.entry().map(Bytes::of)),
            Note::Owners { path, found, planned, count } => {
                let (found, planned) = (Some(owner(*found)), Some(owner(*planned)));
                Self { found, planned, count: Some(*count), ..about(None, at(path)) }
            }
            Note::Instance(name, state) => {
                let edited = match state {
                    CopyState::Edited(path) => at(path),
                    CopyState::Current | CopyState::Older => None,
                };
                about(Some(Bytes::of(name.as_name().as_bytes())), edited)
            }
        }
    }
}
