//! Bytes in JSON: names, targets and texts, which need not be UTF-8, and digests.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::de::{self, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes in JSON: a string where they are UTF-8, else `{"hex": "..."}`.
#[derive(Clone)]
pub(super) struct Bytes<'a>(pub(super) Cow<'a, [u8]>);

impl<'a> Bytes<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    pub(super) fn into_owned(self) -> Bytes<'static> {
        Bytes(Cow::Owned(self.0.into_owned()))
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("hex", &hex)?;
                map.end()
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Bytes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BytesVisitor).map(Bytes)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or {\"hex\": \"...\"} for bytes that are not UTF-8")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text.as_bytes()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.as_bytes().to_vec()))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let expected = || de::Error::custom("expected {\"hex\": \"...\"} with bytes that are not UTF-8");
        let entry: Option<(Cow<'de, str>, Cow<'de, str>)> = map.next_entry()?;
        let (key, hex) = entry.ok_or_else(expected)?;
        let end: Option<(Cow<'de, str>, de::IgnoredAny)> = map.next_entry()?;
        let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(hex_pair).collect();
        match bytes {
            // One form for the same bytes: what is UTF-8 is a string.
            Some(bytes) if key == "hex" && end.is_none() && core::str::from_utf8(&bytes).is_err() => Ok(Cow::Owned(bytes)),
            _ => Err(expected()),
        }
    }
}

/// Two lower-case hexadecimal digits.
fn hex_pair(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    match digits {
        [high, low] => Some(16 * digit(*high)? + digit(*low)?),
        _ => None,
    }
}

/// A SHA-256 in its form in documents, 64 lower-case hexadecimal digits.
pub(super) fn sha256(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    (text.len() == 64 && text.is_ascii()).then_some(())?;
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = hex_pair(digits)?;
    }
    Some(digest)
}
