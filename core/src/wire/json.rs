//! The common part of all documents: format, version, reading and writing.

use crate::path::{PathError, TreePath};
use crate::tree::TreeError;
use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{self, DeserializeSeed, IntoDeserializer as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The version of jobs and plans that this program writes, and the only one that it reads.
pub const VERSION: u32 = 3;

/// The reason why bytes are not a document of the kind that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// They are no JSON, or not the right one.
    #[error("not a {what}: {reason}")]
    Syntax {
        /// `job`, `plan` or `record of a template`.
        what: &'static str,
        /// The parser's message.
        reason: String,
    },
    /// They are a document of another kind.
    #[error("not a {what}; the format is `{}`", crate::escape::Excerpt(.found.as_bytes()))]
    Format {
        /// `job`, `plan` or `record of a template`.
        what: &'static str,
        /// The format that it names.
        found: String,
    },
    /// They are a document of a version that this program does not know.
    #[error("a {what} of version {found}; this program reads version {known} only")]
    Version {
        /// `job`, `plan` or `record of a template`.
        what: &'static str,
        /// Its version.
        found: u32,
        /// The version that this program reads.
        known: u32,
    },
    /// One of the entries has a path that cannot be in a tree.
    #[error("entry {index} of the {what}: {source}")]
    Path {
        /// `job`, `plan` or `record of a template`.
        what: &'static str,
        /// The index of the entry, from 0.
        index: usize,
        /// The problem of its path.
        source: PathError,
    },
    /// One of the entries has no owner, and what was seen of a template has one.
    #[error("entry {index} of the {what} has no owner")]
    NoOwner {
        /// `job`.
        what: &'static str,
        /// The index of the entry, from 0.
        index: usize,
    },
    /// The entries are no tree.
    #[error("the entries of the {what} are not a tree: {source}")]
    Tree {
        /// `job`, `plan` or `record of a template`.
        what: &'static str,
        /// The problem.
        source: TreeError,
    },
    /// One of the entries is not what an entry can be.
    #[error("entry `{path}` of the {what}: {reason}")]
    Entry {
        /// `job`, `plan` or `record of a template`.
        what: &'static str,
        /// Its path.
        path: TreePath,
        /// The problem.
        reason: &'static str,
    },
    /// A member other than the entries is invalid.
    #[error("the {what} has an invalid {part}")]
    Part {
        /// `job`, `plan` or `record of a template`.
        what: &'static str,
        /// The value.
        part: &'static str,
    },
}

pub(super) fn to_json(document: &impl Serialize) -> Vec<u8> {
    // Maps with keys that are no strings, and failing writers, are all that serde_json cannot write; there are none here.
    serde_json::to_vec(document).unwrap_or_default()
}

/// A document with a format and a version.
pub(super) trait Document {
    /// The word for it in messages.
    const WHAT: &'static str;
    /// The format that documents of this kind name.
    const FORMAT: &'static str;
    /// The version that is written and read.
    const VERSION: u32;

    /// The format and version that this one names.
    fn head(&self) -> (&str, u32);
}

/// Reads a document. Where it cannot be read, its head may say why.
pub(super) fn from_json<'a, T: Deserialize<'a> + Document>(json: &'a [u8]) -> Result<T, WireError> {
    match serde_json::from_slice::<Object<T>>(json) {
        Ok(Object(document)) => check_head::<T>(document.head()).map(|()| document),
        Err(error) => Err(refusal::<T>(json, &error)),
    }
}

/// The same while the document is read; the outer error is the reader's.
#[cfg(feature = "cli")]
pub(super) fn from_reader<T: Deserialize<'static> + Document>(
    reader: impl std::io::Read,
) -> std::io::Result<Result<T, WireError>> {
    let mut beginning = HeadReader { reader, bytes: Vec::new() };
    let mut deserializer = serde_json::Deserializer::from_reader(std::io::BufReader::new(&mut beginning));
    let document =
        Object::<T>::deserialize(&mut deserializer).and_then(|Object(document)| deserializer.end().map(|()| document));
    drop(deserializer);
    match document {
        Ok(document) => Ok(check_head::<T>(document.head()).map(|()| document)),
        Err(error) if error.is_io() => Err(error.into()),
        Err(error) => Ok(Err(refusal::<T>(&beginning.bytes, &error))),
    }
}

/// A reader that keeps the beginning of what it reads.
#[cfg(feature = "cli")]
struct HeadReader<R> {
    reader: R,
    bytes: Vec<u8>,
}

#[cfg(feature = "cli")]
impl<R> HeadReader<R> {
    /// The number of bytes that are kept: documents of this program name their format in the first hundred.
    const MAX: usize = 4096;
}

#[cfg(feature = "cli")]
impl<R: std::io::Read> std::io::Read for HeadReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let room = Self::MAX.saturating_sub(self.bytes.len()).min(count);
        self.bytes.extend_from_slice(buffer.get(..room).unwrap_or_default());
        Ok(count)
    }
}

fn check_head<T: Document>((found, version): (&str, u32)) -> Result<(), WireError> {
    if found != T::FORMAT {
        Err(WireError::Format { what: T::WHAT, found: found.into() })
    } else if version != T::VERSION {
        Err(WireError::Version { what: T::WHAT, found: version, known: T::VERSION })
    } else {
        Ok(())
    }
}

/// The reason why a document that begins with `json` cannot be read.
fn refusal<T: Document>(json: &[u8], error: &serde_json::Error) -> WireError {
    let head = Head::default();
    // It fails as well; what counts is what it has seen before.
    let _ = (&head).deserialize(&mut serde_json::Deserializer::from_slice(json));
    if let (Some(found), Some(version)) = (head.format.take(), head.version.take())
        && let Err(refusal) = check_head::<T>((&found, version))
    {
        return refusal;
    }
    WireError::Syntax { what: T::WHAT, reason: shown(&error.to_string()) }
}

/// The format and version of a document, as far as they can be read.
#[derive(Default)]
struct Head {
    format: Cell<Option<String>>,
    version: Cell<Option<u32>>,
}

impl<'de> DeserializeSeed<'de> for &Head {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &Head {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "format" => self.format.set(Some(map.next_value()?)),
                "version" => self.version.set(Some(map.next_value()?)),
                _ => {
                    map.next_value::<de::IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A value that is written as an object and read from an object only: a derived reader would accept a list of the values as well.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(de::value::MapAccessDeserializer::new(map)).map(Object)
    }
}

pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

pub(super) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Vec::<Object<T>>::deserialize(deserializer).map(|objects| objects.into_iter().map(|Object(value)| value).collect())
}

/// One of several words, which is a string only: what is derived would read an object with such a member as well.
pub(super) fn word<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_str(WordVisitor(PhantomData))
}

struct WordVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for WordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::deserialize(text.into_deserializer())
    }
}

fn shown(text: &str) -> String {
    crate::escape::Excerpt(text.as_bytes()).to_string()
}
