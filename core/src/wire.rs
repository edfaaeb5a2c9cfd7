//! Jobs and plans as JSON: what goes into the guest and what comes out of it (docs/plan-format.md specifies both).
//!
//! The types that are serialised are private and versioned; they are made from domain types, and decoding goes through the same
//! constructors that everything else goes through. A decoded plan is a whole tree with paths that cannot escape; whether it does
//! what a plan may do is [`Plan::check`](crate::plan::Plan::check)'s to say.

use crate::facts::{Credentials, Facts};
use crate::instances::{InstanceName, Instances};
use crate::path::{PathError, TreePath};
use crate::plan::{Content, Placement, Plan};
use crate::request::{Account, AccountName};
use crate::template::{FileFacts, HEAD_MAX, Template};
use crate::tree::{Ids, Kind, Meta, Mode, Node, Tree, TreeError};
use crate::warning::{self, Warning, WarningParts};
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use serde::de::{self, IntoDeserializer as _, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The version of both documents that this program writes, and the only one that it reads.
pub const VERSION: u32 = 2;

const JOB: &str = "s6-instance-maker job";
const PLAN: &str = "s6-instance-maker plan";

/// What a plan is computed from, besides the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Facts about the process that asks.
    pub facts: Facts,
    /// What was seen of the template.
    pub template: Template,
}

/// A plan, and which template it was computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDocument {
    /// The plan.
    pub plan: Plan,
    /// The digest of the template's manifest.
    pub template: TemplateDigest,
}

/// The SHA-256 of a template's manifest: names, kinds, modes, owners, sizes, link targets and the first bytes of control scripts;
/// no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateDigest([u8; 32]);

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

impl TemplateDigest {
    /// The digest of a manifest.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        Self(Sha256::digest(to_json(&entries_of_template(template))).into())
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for TemplateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Job {
    /// The document, one line.
    #[must_use]
    pub fn encode(facts: &Facts, template: &Template) -> Vec<u8> {
        let account = |(name, known): (&AccountName, &Credentials)| AccountV2 {
            name: Bytes::of(name.as_bytes()).into_owned(),
            owner: owner(known.ids),
            groups: known.groups.clone(),
        };
        let mut json = to_json(&JobV2 {
            format: JOB.into(),
            version: VERSION,
            facts: FactsV2 {
                umask: facts.umask.to_string(),
                caller: owner(facts.caller),
                accounts: facts.accounts.iter().map(account).collect(),
                instances: facts.instances.iter().map(|name| Bytes::of(name.as_name().as_bytes())).collect(),
            },
            template: entries_of_template(template),
        });
        json.push(b'\n');
        json
    }

    /// Reads a document.
    pub fn decode(json: &[u8]) -> Result<Self, WireError> {
        const WHAT: &str = "job";
        let job: JobV2<'_> = from_json(WHAT, JOB, json)?;
        let invalid = |part| WireError::Part { what: WHAT, part };
        let umask = Mode::parse(job.facts.umask.as_bytes()).ok_or_else(|| invalid("umask"))?;
        let mut accounts = alloc::collections::BTreeMap::new();
        for account in job.facts.accounts {
            let Ok(Account::Named(name)) = Account::parse(&account.name.0) else {
                return Err(invalid("account"));
            };
            let credentials = Credentials { ids: ids(account.owner), groups: account.groups };
            if accounts.insert(name, credentials).is_some() {
                return Err(invalid("account"));
            }
        }
        let mut instances = Instances::default();
        for name in job.facts.instances {
            let declared = InstanceName::new(&name.0).is_ok_and(|name| instances.declare(name).is_ok());
            if !declared {
                return Err(invalid("instance"));
            }
        }
        let facts = Facts { umask, caller: ids(job.facts.caller), accounts, instances };
        if let Some(index) = job.template.iter().position(|entry| entry.owner.is_none()) {
            return Err(WireError::NoOwner { what: WHAT, index });
        }
        let tree = tree_of(WHAT, job.template, |entry| {
            if entry.text.is_some() || entry.copy.is_some() {
                return Err("a file of a template has neither a text nor a copy");
            }
            let head = entry.head.map(|head| head.0.into_owned());
            if head.as_ref().is_some_and(|head| head.len() > HEAD_MAX) {
                return Err("its head is too long");
            }
            Ok(FileFacts { size: entry.size.ok_or("it has no size")?, head })
        })?;
        Ok(Self { facts, template: Template::from(tree) })
    }
}

impl PlanDocument {
    /// The document, one line, for a plan that was computed from `template`.
    #[must_use]
    pub fn encode(plan: &Plan, template: &Template) -> Vec<u8> {
        let entries = plan.tree.iter().map(|(path, node)| {
            let mut entry = EntryV2::of(path, node);
            if let Kind::File(content) = &node.kind {
                match content {
                    Content::Generated(bytes) => entry.text = Some(Bytes::of(bytes)),
                    Content::Template(from) => entry.copy = Some(Bytes::of(from.as_bytes())),
                }
            }
            entry
        });
        let mut json = to_json(&PlanV2 {
            format: PLAN.into(),
            version: VERSION,
            template: TemplateDigest::of(template).to_string(),
            placement: match plan.placement {
                Placement::New => PlacementV2::New,
                Placement::Within => PlacementV2::Within,
            },
            entries: entries.collect(),
            warnings: plan.warnings.iter().map(WarningV2::of).collect(),
        });
        json.push(b'\n');
        json
    }

    /// Reads a document.
    pub fn decode(json: &[u8]) -> Result<Self, WireError> {
        const WHAT: &str = "plan";
        let document: PlanV2<'_> = from_json(WHAT, PLAN, json)?;
        let invalid = |part| WireError::Part { what: WHAT, part };
        let template = parse_digest(&document.template).ok_or_else(|| invalid("template"))?;
        let warnings = document.warnings.into_iter().map(WarningV2::decode).collect::<Option<_>>();
        let warnings = warnings.ok_or_else(|| invalid("warning"))?;
        let tree = tree_of(WHAT, document.entries, |entry| match (entry.text, entry.copy) {
            _ if entry.size.is_some() || entry.head.is_some() => Err("a file of a plan has neither a size nor a head"),
            (Some(text), None) => Ok(Content::Generated(text.0.into_owned())),
            (None, Some(from)) => {
                TreePath::parse(from.0).map(Content::Template).map_err(|_| "what it copies has no path in a template")
            }
            _ => Err("a file has either a text or a copy"),
        })?;
        let placement = match document.placement {
            PlacementV2::New => Placement::New,
            PlacementV2::Within => Placement::Within,
        };
        // Each path has at most as many as there are kinds of warnings; more would only flood whoever reads them.
        let most = warning::KINDS * (tree.count() + 1);
        if Vec::len(&warnings) > most {
            return Err(invalid("number of warnings"));
        }
        Ok(Self { plan: Plan { tree, placement, warnings }, template })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobV2<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
    #[serde(borrow, deserialize_with = "object")]
    facts: FactsV2<'a>,
    #[serde(borrow, deserialize_with = "objects")]
    template: Vec<EntryV2<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactsV2<'a> {
    umask: String,
    caller: [u32; 2],
    #[serde(borrow, deserialize_with = "objects")]
    accounts: Vec<AccountV2<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Vec::is_empty")]
    instances: Vec<Bytes<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountV2<'a> {
    #[serde(borrow)]
    name: Bytes<'a>,
    owner: [u32; 2],
    groups: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanV2<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
    template: String,
    #[serde(deserialize_with = "word")]
    placement: PlacementV2,
    #[serde(borrow, deserialize_with = "objects")]
    entries: Vec<EntryV2<'a>>,
    #[serde(borrow, deserialize_with = "objects")]
    warnings: Vec<WarningV2<'a>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PlacementV2 {
    New,
    Within,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindV2 {
    Dir,
    File,
    Link,
    Fifo,
}

/// An entry of a template or of a plan; which members it has depends on its kind and on the document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryV2<'a> {
    #[serde(borrow)]
    path: Bytes<'a>,
    #[serde(deserialize_with = "word")]
    kind: KindV2,
    mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<[u32; 2]>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    target: Option<Bytes<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    head: Option<Bytes<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    text: Option<Bytes<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    copy: Option<Bytes<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WarningV2<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    subject: Option<Bytes<'a>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    detail: Option<Bytes<'a>>,
}

impl<'a> EntryV2<'a> {
    fn of<C>(path: &'a TreePath, node: &'a Node<C>) -> Self {
        let (kind, target) = match &node.kind {
            Kind::Directory => (KindV2::Dir, None),
            Kind::File(_) => (KindV2::File, None),
            Kind::Symlink(target) => (KindV2::Link, Some(Bytes::of(target))),
            Kind::Fifo => (KindV2::Fifo, None),
        };
        Self {
            path: Bytes::of(path.as_bytes()),
            kind,
            mode: node.meta.mode.to_string(),
            owner: node.meta.owner.map(owner),
            target,
            size: None,
            head: None,
            text: None,
            copy: None,
        }
    }
}

impl<'a> WarningV2<'a> {
    fn of(warning: &Warning) -> Self {
        let WarningParts { id, subject, detail } = warning.to_parts();
        let bytes = |bytes: Vec<u8>| Bytes(bytes.into());
        Self { id: id.into(), subject: subject.map(bytes), detail: detail.map(bytes) }
    }

    fn decode(self) -> Option<Warning> {
        let bytes = |bytes: &'_ Option<Bytes<'_>>| bytes.as_ref().map(|bytes| bytes.0.to_vec());
        Warning::from_parts(&self.id, bytes(&self.subject).as_deref(), bytes(&self.detail).as_deref())
    }
}

/// What is left of an entry for the content of a file.
struct FileEntry<'a> {
    size: Option<u64>,
    head: Option<Bytes<'a>>,
    text: Option<Bytes<'a>>,
    copy: Option<Bytes<'a>>,
}

fn entries_of_template(template: &Template) -> Vec<EntryV2<'_>> {
    let entries = template.tree().iter().map(|(path, node)| {
        let mut entry = EntryV2::of(path, node);
        if let Kind::File(file) = &node.kind {
            entry.size = Some(file.size);
            entry.head = file.head.as_deref().map(Bytes::of);
        }
        entry
    });
    entries.collect()
}

/// The tree that `entries` are; the first one is its root.
fn tree_of<'a, C>(
    what: &'static str,
    entries: Vec<EntryV2<'a>>,
    content: impl Fn(FileEntry<'a>) -> Result<C, &'static str>,
) -> Result<Tree<C>, WireError> {
    let mut tree: Option<Tree<C>> = None;
    for (index, entry) in entries.into_iter().enumerate() {
        let path = TreePath::parse(entry.path.0).map_err(|source| WireError::Path { what, index, source })?;
        let refuse = |reason| WireError::Entry { what, path: path.clone(), reason };
        let mode = Mode::parse(entry.mode.as_bytes()).ok_or_else(|| refuse("its mode is not four octal digits"))?;
        let meta = Meta { mode, owner: entry.owner.map(ids) };
        let is_file = entry.kind == KindV2::File;
        let file = FileEntry { size: entry.size, head: entry.head, text: entry.text, copy: entry.copy };
        let has_content = file.size.is_some() || file.head.is_some() || file.text.is_some() || file.copy.is_some();
        if has_content && !is_file {
            return Err(refuse("only a file has contents"));
        }
        let kind = match (entry.kind, entry.target) {
            (KindV2::Link, Some(target)) if !target.0.is_empty() && !target.0.contains(&0) => {
                Kind::Symlink(target.0.into_owned())
            }
            (KindV2::Link, _) => return Err(refuse("a link has a target, without a NUL in it")),
            (_, Some(_)) => return Err(refuse("only a link has a target")),
            (KindV2::Dir, None) => Kind::Directory,
            (KindV2::Fifo, None) => Kind::Fifo,
            (KindV2::File, None) => Kind::File(content(file).map_err(refuse)?),
        };
        match (&mut tree, kind) {
            (None, Kind::Directory) if path.is_root() => tree = Some(Tree::new(meta)),
            (None, _) => return Err(refuse("the first entry must be the root directory")),
            (Some(tree), kind) => {
                tree.insert(path, Node::new(meta, kind)).map_err(|source| WireError::Tree { what, source })?;
            }
        }
    }
    tree.ok_or(WireError::Part { what, part: "list of entries: it is empty" })
}

fn to_json(document: &impl Serialize) -> Vec<u8> {
    // Maps with keys that are no strings, and failing writers, are all that serde_json cannot write; there are none here.
    serde_json::to_vec(document).unwrap_or_default()
}

/// What every document begins with.
trait Document {
    /// What it says that it is, and of which version.
    fn head(&self) -> (&str, u32);
}

impl Document for JobV2<'_> {
    fn head(&self) -> (&str, u32) {
        (&self.format, self.version)
    }
}

impl Document for PlanV2<'_> {
    fn head(&self) -> (&str, u32) {
        (&self.format, self.version)
    }
}

#[derive(Deserialize)]
struct HeadV2<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
}

/// Reads a document of the kind that calls itself `format`. Where it cannot be read, its head may say why.
fn from_json<'a, T: Deserialize<'a> + Document>(what: &'static str, format: &str, json: &'a [u8]) -> Result<T, WireError> {
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
            if let Ok(head) = serde_json::from_slice::<HeadV2<'_>>(json) {
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

fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Vec::<Object<T>>::deserialize(deserializer).map(|objects| objects.into_iter().map(|Object(value)| value).collect())
}

/// One of several words, which is a string only: what is derived would read an object with such a member as well.
fn word<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
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

fn parse_digest(text: &str) -> Option<TemplateDigest> {
    let mut digest = [0; 32];
    (text.len() == 64 && text.is_ascii()).then_some(())?;
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = hex_pair(digits)?;
    }
    Some(TemplateDigest(digest))
}

const fn owner(ids: Ids) -> [u32; 2] {
    [ids.uid, ids.gid]
}

const fn ids([uid, gid]: [u32; 2]) -> Ids {
    Ids { uid, gid }
}

/// Bytes in JSON: a string where they are UTF-8, else `{"hex": "..."}`.
#[derive(Clone)]
struct Bytes<'a>(Cow<'a, [u8]>);

impl<'a> Bytes<'a> {
    const fn of(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    fn into_owned(self) -> Bytes<'static> {
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
