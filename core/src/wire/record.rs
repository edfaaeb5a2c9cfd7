//! Records of templates: the entries of a template that an instanced service had, by which copies of it are known as unedited.

use super::bytes::{Bytes, sha256};
use super::json::{Document, WireError, from_json, objects, to_json, word};
use crate::compare::{Digest, Fingerprint, Version};
use crate::path::{Name, TreePath};
use crate::tree::{Mode, TreeError};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

const WHAT: &str = "record of a template";

/// A template at one moment, as a document.
#[derive(Debug)]
pub struct TemplateRecord;

impl TemplateRecord {
    /// Returns the document, one line.
    #[must_use]
    pub fn encode(version: &Version) -> Vec<u8> {
        let mut json = to_json(&RecordV1 {
            format: RecordV1::FORMAT.into(),
            version: RecordV1::VERSION,
            entries: version.0.iter().map(|(path, fingerprint)| EntryV1::of(path, fingerprint)).collect(),
        });
        json.push(b'\n');
        json
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// It is not such a document, or its entries are not those of a tree.
    pub fn decode(json: &[u8]) -> Result<Version, WireError> {
        let record: RecordV1<'_> = from_json(json)?;
        let mut entries = BTreeMap::new();
        for (index, entry) in record.entries.into_iter().enumerate() {
            let path = TreePath::parse(&*entry.path.0).map_err(|source| WireError::Path { what: WHAT, index, source })?;
            let fingerprint = entry.decode().map_err(|reason| WireError::Entry { what: WHAT, path: path.clone(), reason })?;
            insert(&mut entries, path, fingerprint).map_err(|source| WireError::Tree { what: WHAT, source })?;
        }
        Ok(Version(entries))
    }

    /// The name of the file for the document. Equal versions have equal names.
    #[must_use]
    pub fn name(version: &Version) -> Name {
        const PREFIX: Name = Name::constant("template-");
        // 64 bits are enough for the few that are in one directory.
        const DIGITS: usize = 16;
        let digest = Digest(Sha256::digest(Self::encode(version)).into()).to_string();
        let name: Vec<u8> = PREFIX.as_bytes().iter().copied().chain(digest.bytes().take(DIGITS)).collect();
        // Such letters, digits and a hyphen always are a name.
        Name::new(name).unwrap_or(PREFIX)
    }
}

/// Adds an entry. As in a [`Tree`](crate::tree::Tree), its directory is there already, and it is not.
fn insert(entries: &mut BTreeMap<TreePath, Fingerprint>, path: TreePath, fingerprint: Fingerprint) -> Result<(), TreeError> {
    let Some(parent) = path.parent() else { return Err(TreeError::Duplicate(path)) };
    match entries.get(&parent) {
        None if !parent.is_root() => return Err(TreeError::Orphan(path)),
        None | Some(Fingerprint::Directory(_)) => {}
        Some(_) => return Err(TreeError::ParentNotDirectory(path)),
    }
    match entries.insert(path.clone(), fingerprint) {
        None => Ok(()),
        Some(_) => Err(TreeError::Duplicate(path)),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordV1<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
    #[serde(borrow, deserialize_with = "objects")]
    entries: Vec<EntryV1<'a>>,
}

impl Document for RecordV1<'_> {
    const WHAT: &'static str = WHAT;
    const FORMAT: &'static str = "s6-instance-maker template";
    const VERSION: u32 = 1;

    fn head(&self) -> (&str, u32) {
        (&self.format, self.version)
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindV1 {
    Dir,
    File,
    Link,
    Fifo,
    Other,
}

/// An entry; which members it has depends on its kind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryV1<'a> {
    #[serde(borrow)]
    path: Bytes<'a>,
    #[serde(deserialize_with = "word")]
    kind: KindV1,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    target: Option<Bytes<'a>>,
}

impl<'a> EntryV1<'a> {
    fn of(path: &'a TreePath, fingerprint: &'a Fingerprint) -> Self {
        let (kind, mode, digest, target) = match fingerprint {
            Fingerprint::Directory(mode) => (KindV1::Dir, Some(mode), None, None),
            Fingerprint::File(mode, digest) => (KindV1::File, Some(mode), digest.as_ref(), None),
            Fingerprint::Symlink(target) => (KindV1::Link, None, None, Some(Bytes::of(target))),
            Fingerprint::Fifo(mode) => (KindV1::Fifo, Some(mode), None, None),
            Fingerprint::Other => (KindV1::Other, None, None, None),
        };
        Self {
            path: Bytes::of(path.as_bytes()),
            kind,
            mode: mode.map(Mode::to_string),
            sha256: digest.map(Digest::to_string),
            target,
        }
    }

    fn decode(self) -> Result<Fingerprint, &'static str> {
        let parse = |mode: String| Mode::parse(mode.as_bytes()).ok_or("its mode is not four octal digits");
        let mode = self.mode.map(parse).transpose()?;
        let digest = |text: String| sha256(&text).map(Digest).ok_or("its sha256 is not 64 lower-case hexadecimal digits");
        let digest = self.sha256.map(digest).transpose()?;
        match (self.kind, mode, digest, self.target) {
            (KindV1::Dir, Some(mode), None, None) => Ok(Fingerprint::Directory(mode)),
            (KindV1::File, Some(mode), digest, None) => Ok(Fingerprint::File(mode, digest)),
            (KindV1::Fifo, Some(mode), None, None) => Ok(Fingerprint::Fifo(mode)),
            (KindV1::Other, None, None, None) => Ok(Fingerprint::Other),
            (KindV1::Link, None, None, Some(target)) if !target.0.is_empty() && !target.0.contains(&0) => {
                Ok(Fingerprint::Symlink(target.0.into_owned()))
            }
            (KindV1::Link, ..) => Err("a link has a target, without a NUL in it, and no other member"),
            _ => Err("it does not have the members of its kind"),
        }
    }
}
