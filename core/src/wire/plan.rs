//! Plan documents: what comes out of the guest.

use super::bytes::Bytes;
use super::entry::{Entries, FileContent, FileEntry, ReadEntries, TemplateDigest};
#[cfg(feature = "cli")]
use super::json::from_reader;
use super::json::{Document, VERSION, WireError, from_json, objects, to_json, word};
use crate::options::Options;
use crate::path::TreePath;
use crate::plan::{Content, Placement, Plan};
use crate::rules::{Finding, FindingParts, Rule};
use crate::template::Template;
use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize};

const WHAT: &str = "plan";

/// A plan, and which template it was computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDocument {
    /// The plan.
    pub plan: Plan,
    /// The options that it was computed for.
    pub options: Options,
    /// The digest of the template's manifest.
    pub template: TemplateDigest,
}

impl PlanDocument {
    /// Returns the document, one line, of a plan that was computed for `options` from `template`.
    #[must_use]
    pub fn encode(plan: &Plan, options: &Options, template: &Template) -> Vec<u8> {
        let mut json = to_json(&PlanV3 {
            format: PlanV3::<()>::FORMAT.into(),
            version: VERSION,
            options: options.words().map(|word| Bytes(word.into())).collect(),
            template: TemplateDigest::of(template).to_string(),
            placement: match plan.placement {
                Placement::New => PlacementV3::New,
                Placement::Within => PlacementV3::Within,
            },
            entries: Entries(&plan.tree),
            warnings: plan.warnings.iter().map(WarningV3::of).collect(),
        });
        json.push(b'\n');
        json
    }

    /// Reads a document.
    pub fn decode(json: &[u8]) -> Result<Self, WireError> {
        Self::from_wire(from_json(json)?)
    }

    /// Parses a document while it is read; the outer error is the reader's.
    #[cfg(feature = "cli")]
    pub fn read(reader: impl std::io::Read) -> std::io::Result<Result<Self, WireError>> {
        Ok(from_reader(reader)?.and_then(Self::from_wire))
    }

    fn from_wire(document: PlanV3<'_, ReadEntries<Content>>) -> Result<Self, WireError> {
        let invalid = |part| WireError::Part { what: WHAT, part };
        let template = TemplateDigest::parse(&document.template).ok_or_else(|| invalid("template"))?;
        let options = Options::parse(document.options.iter().map(|word| &word.0)).map_err(|_| invalid("list of options"))?;
        let warnings = document.warnings.into_iter().map(WarningV3::decode).collect::<Option<_>>();
        let warnings = warnings.ok_or_else(|| invalid("warning"))?;
        let tree = document.entries.0?;
        let placement = match document.placement {
            PlacementV3::New => Placement::New,
            PlacementV3::Within => Placement::Within,
        };
        // Each path has at most one of each rule; more would only flood whoever reads them.
        let most = Rule::ALL.len() * (tree.count() + 1);
        if Vec::len(&warnings) > most {
            return Err(invalid("number of warnings"));
        }
        Ok(Self { plan: Plan { tree, placement, warnings }, options, template })
    }
}

impl FileContent for Content {
    const WHAT: &'static str = WHAT;
    const HAS_OWNERS: bool = false;

    fn write<S: SerializeStruct>(&self, entry: &mut S) -> Result<(), S::Error> {
        match self {
            Self::Generated(bytes) => entry.serialize_field("text", &Bytes::of(bytes)),
            Self::Template(from) => entry.serialize_field("copy", &Bytes::of(from.as_bytes())),
        }
    }

    fn read(file: FileEntry<'_>) -> Result<Self, &'static str> {
        match (file.text, file.copy) {
            _ if file.size.is_some() || file.head.is_some() => Err("a file of a plan has neither a size nor a head"),
            (Some(text), None) => Ok(Self::Generated(text.0.into_owned())),
            (None, Some(from)) => {
                TreePath::parse(from.0).map(Self::Template).map_err(|_| "what it copies has no path in a template")
            }
            _ => Err("a file has either a text or a copy"),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanV3<'a, E> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
    #[serde(borrow)]
    options: Vec<Bytes<'a>>,
    template: String,
    #[serde(deserialize_with = "word")]
    placement: PlacementV3,
    /// [`Entries`] that are written, or [`ReadEntries`].
    entries: E,
    #[serde(borrow, deserialize_with = "objects")]
    warnings: Vec<WarningV3<'a>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PlacementV3 {
    New,
    Within,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WarningV3<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    subject: Option<Bytes<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    detail: Option<Bytes<'a>>,
}

impl<'a> WarningV3<'a> {
    fn of(warning: &Finding) -> Self {
        let FindingParts { id, subject, detail } = warning.to_parts();
        let bytes = |bytes: Vec<u8>| Bytes(bytes.into());
        Self { id: id.into(), subject: Some(bytes(subject)), detail: detail.map(bytes) }
    }

    fn decode(self) -> Option<Finding> {
        let bytes = |bytes: &'_ Option<Bytes<'_>>| bytes.as_ref().map(|bytes| bytes.0.to_vec());
        Finding::from_parts(&self.id, bytes(&self.subject).as_deref(), bytes(&self.detail).as_deref())
    }
}

impl<E> Document for PlanV3<'_, E> {
    const WHAT: &'static str = WHAT;
    const FORMAT: &'static str = "s6-instance-maker plan";
    const VERSION: u32 = VERSION;

    fn head(&self) -> (&str, u32) {
        (&self.format, self.version)
    }
}
