//! What both documents have in common: how they begin, of which version they are, and how they are read and written.

use crate::path::{PathError, TreePath};
use crate::tree::TreeError;
use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{self, IntoDeserializer as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The version of both documents that this program writes, and the only one that it reads.
pub const VERSION: u32 = 3;

/// Why bytes are no job or no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// They are no JSON, or not the right one.
    #[error("it is no {what}: {reason}")]
    Syntax {
        /// `job` or `plan`.
        what: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// They are a document of another kind.
    #[error("it is no {what}, but calls itself `{}`", crate::escape::Brief(.found.as_bytes()))]
    Format {
        /// `job` or `plan`.
        what: &'static str,
        /// What it says that it is.
        found: String,
    },
    /// They are a document of a version that this program does not know.
    #[error("it is a {what} of version {found}, and this program knows version {VERSION} only")]
    Version {
        /// `job` or `plan`.
        what: &'static str,
        /// Its version.
        found: u32,
    },
    /// One of the entries has a path that cannot be in a tree.
    #[error("entry {index} of the {what}: {source}")]
    Path {
        /// `job` or `plan`.
        what: &'static str,
        /// Which entry, from 0.
        index: usize,
        /// What is wrong with its path.
        source: PathError,
    },
    /// One of the entries has no owner, and what was seen of a template has one.
    #[error("entry {index} of the {what} has no owner")]
    NoOwner {
        /// `job`.
        what: &'static str,
        /// Which entry, from 0.
        index: usize,
    },
    /// The entries are no tree.
    #[error("the {what} is no tree: {source}")]
    Tree {
        /// `job` or `plan`.
        what: &'static str,
        /// What is wrong with it.
        source: TreeError,
    },
    /// One of the entries is not what an entry can be.
    #[error("entry `{path}` of the {what}: {reason}")]
    Entry {
        /// `job` or `plan`.
        what: &'static str,
        /// Its path.
        path: TreePath,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Something besides the entries is not what it can be.
    #[error("the {what} has an invalid {part}")]
    Part {
        /// `job` or `plan`.
        what: &'static str,
        /// What it is.
        part: &'static str,
    },
}

pub(super) fn to_json(document: &impl Serialize) -> Vec<u8> {
    // Maps with keys that are no strings, and failing writers, are all that serde_json cannot write; there are none here.
    serde_json::to_vec(document).unwrap_or_default()
}

/// What every document begins with.
pub(super) trait Document {
    /// What it says that it is, and of which version.
    fn head(&self) -> (&str, u32);
}

#[derive(Deserialize)]
struct HeadV3<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
}

/// Reads a document of the kind that calls itself `format`. Where it cannot be read, its head may say why.
pub(super) fn from_json<'a, T: Deserialize<'a> + Document>(
    what: &'static str,
    format: &str,
    json: &'a [u8],
) -> Result<T, WireError> {
    let check = |(found, version): (&str, u32)| {
        if found != format {
            Err(WireError::Format { what, found: found.into() })
        } else if version != VERSION {
            Err(WireError::Version { what, found: version })
        } else {
            Ok(())
        }
    };
    match serde_json::from_slice::<Object<T>>(json) {
        Ok(Object(document)) => check(document.head()).map(|()| document),
        Err(error) => {
            if let Ok(head) = serde_json::from_slice::<HeadV3<'_>>(json) {
                check((&head.format, head.version))?;
            }
            Err(WireError::Syntax { what, reason: shown(&error.to_string()) })
        }
    }
}

/// What is written as an object, and so read from one only: what is derived would read a list of the values as well.
struct Object<T>(T);

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
    crate::escape::Brief(text.as_bytes()).to_string()
}
