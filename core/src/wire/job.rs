//! Jobs: what goes into the guest besides the command line.

use super::bytes::Bytes;
use super::entry::{Entries, FileContent, FileEntry, ReadEntries, ids, owner};
use super::json::{Document, VERSION, WireError, from_json, object, objects, to_json};
use crate::account::{Account, AccountName, Credentials};
use crate::facts::{Facts, Givable};
use crate::instances::{InstanceName, Instances};
use crate::template::{FileFacts, HEAD_MAX, Template};
use crate::tree::Mode;
use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize};

const WHAT: &str = "job";

/// The input of a plan besides the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Instances of the request that the command line does not name.
    pub instances: Instances,
    /// Facts about the process that asks.
    pub facts: Facts,
    /// The manifest of the template.
    pub template: Template,
}

impl Job {
    /// The document, one line.
    #[must_use]
    pub fn encode(instances: &Instances, facts: &Facts, template: &Template) -> Vec<u8> {
        let account = |(name, known): (&AccountName, &Credentials)| AccountV3 {
            name: Bytes::of(name.as_bytes()).into_owned(),
            owner: owner(known.ids),
            groups: known.groups.clone(),
        };
        let mut json = to_json(&JobV3 {
            format: JobV3::<()>::FORMAT.into(),
            version: VERSION,
            facts: FactsV3 {
                umask: facts.umask.to_string(),
                caller: owner(facts.caller),
                givable_users: GivableV3::of(&facts.givable_users),
                givable_groups: GivableV3::of(&facts.givable_groups),
                accounts: facts.accounts.iter().map(account).collect(),
            },
            instances: instances.iter().map(|name| Bytes::of(name.as_name().as_bytes())).collect(),
            template: Entries(template.tree()),
        });
        json.push(b'\n');
        json
    }

    /// Reads a document.
    pub fn decode(json: &[u8]) -> Result<Self, WireError> {
        let job: JobV3<'_, ReadEntries<FileFacts>> = from_json(json)?;
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
        for name in job.instances {
            let declared = InstanceName::new(&name.0).is_ok_and(|name| instances.declare(name).is_ok());
            if !declared {
                return Err(invalid("instance"));
            }
        }
        let givable = |givable: Option<GivableV3>| givable.map_or(Some(Givable::NONE), GivableV3::givable);
        let facts = Facts {
            umask,
            caller: ids(job.facts.caller),
            givable_users: givable(job.facts.givable_users).ok_or_else(|| invalid("givable user"))?,
            givable_groups: givable(job.facts.givable_groups).ok_or_else(|| invalid("givable group"))?,
            accounts,
        };
        Ok(Self { instances, facts, template: Template::from(job.template.0?) })
    }
}

impl FileContent for FileFacts {
    const WHAT: &'static str = WHAT;
    const HAS_OWNERS: bool = true;

    fn write<S: SerializeStruct>(&self, entry: &mut S) -> Result<(), S::Error> {
        entry.serialize_field("size", &self.size)?;
        match &self.head {
            Some(head) => entry.serialize_field("head", &Bytes::of(head)),
            None => Ok(()),
        }
    }

    fn read(file: FileEntry<'_>) -> Result<Self, &'static str> {
        if file.text.is_some() || file.copy.is_some() {
            return Err("a file of a template has neither a text nor a copy");
        }
        let head = file.head.map(|head| head.0.into_owned());
        if head.as_ref().is_some_and(|head| head.len() > HEAD_MAX) {
            return Err("its head is too long");
        }
        Ok(Self { size: file.size.ok_or("it has no size")?, head })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobV3<'a, T> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u32,
    #[serde(borrow, deserialize_with = "object")]
    facts: FactsV3<'a>,
    #[serde(default, borrow, skip_serializing_if = "Vec::is_empty")]
    instances: Vec<Bytes<'a>>,
    /// [`Entries`] that are written, or [`ReadEntries`].
    template: T,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactsV3<'a> {
    umask: String,
    caller: [u32; 2],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    givable_users: Option<GivableV3>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    givable_groups: Option<GivableV3>,
    #[serde(borrow, deserialize_with = "objects")]
    accounts: Vec<AccountV3<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountV3<'a> {
    #[serde(borrow)]
    name: Bytes<'a>,
    owner: [u32; 2],
    groups: Vec<u32>,
}

/// `"all"`, or ids in order, at least one; absent where there are none.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum GivableV3 {
    Word(String),
    Ids(Vec<u32>),
}

impl GivableV3 {
    const ALL: &str = "all";

    fn of(givable: &Givable) -> Option<Self> {
        match givable {
            Givable::All => Some(Self::Word(Self::ALL.into())),
            Givable::Only(ids) if ids.is_empty() => None,
            Givable::Only(ids) => Some(Self::Ids(ids.iter().copied().collect())),
        }
    }

    fn givable(self) -> Option<Givable> {
        match self {
            Self::Word(word) => (word == Self::ALL).then_some(Givable::All),
            // There is one form for each: in order, each once, and not without any.
            Self::Ids(ids) => {
                (!ids.is_empty() && ids.is_sorted_by(|one, next| one < next)).then(|| Givable::Only(ids.into_iter().collect()))
            }
        }
    }
}

impl<T> Document for JobV3<'_, T> {
    const WHAT: &'static str = WHAT;
    const FORMAT: &'static str = "s6-instance-maker job";
    const VERSION: u32 = VERSION;

    fn head(&self) -> (&str, u32) {
        (&self.format, self.version)
    }
}
