//! The options that say what to make, in one form for each meaning: what a plan's document says it was computed for.
//!
//! This is not the grammar: that is `cli`, which knows every spelling. Here `-c010` and `--max-instances 10` are the same word.

use crate::account::Account;
use crate::definition::{BundleName, Definition, DefinitionNames, Management};
use crate::escape::Excerpt;
use crate::instances::{DuplicateInstance, InstanceName, Instances};
use crate::logging::{LogUser, Logging, PrepareLogDir};
use crate::number;
use crate::path::Name;
use crate::request::{MaxInstances, Request, ScriptModes, Shape};
use crate::target::Target;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

/// The options that say what to make, by their long names, in the order in which they are compared.
pub const NAMES: [&str; 27] = [
    "max-instances",
    "user",
    "name-max",
    "s6-rc",
    "depends-on",
    "essential",
    "recommended",
    "timeout-up",
    "timeout-down",
    "log-dir",
    "log-user",
    "no-prepare-log-dir",
    "timestamp",
    "log-archives",
    "log-file-size",
    "log-total-size",
    "log-prefix",
    "s6-version",
    "installation",
    "shebang-dir",
    "execline-dir",
    "s6-dir",
    "fix-modes",
    "static",
    "instance",
    "instances-from",
    "count",
];

/// Options in one form: words `--NAME=VALUE`, or `--NAME` for a flag, in the order of [`NAMES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(Vec<OptionValues>);

/// One option with all of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OptionValues {
    name: &'static str,
    /// The values in order, `None` for a flag; empty: the option is as if it were not given.
    values: Vec<Option<Vec<u8>>>,
}

/// The first option that has another value on the command line than in a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: the plan was computed {document}, not {expected}", Deciding(.name))]
pub struct Mismatch {
    name: &'static str,
    document: OptionPhrase,
    expected: OptionPhrase,
}

/// The reason why words are not the options of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the options of a plan in their order")]
pub struct OptionsError;

impl Options {
    /// Returns what `request` asks for. An option with a default has its value where it means something.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let mut options = Self(Vec::new());
        options.put("max-instances", request.max_instances.map(|number| number.get()));
        options.text("user", request.user.as_ref().map(|user| user.to_text().as_bytes().to_vec()));
        options.put("name-max", request.name_max.map(|number| number.get()));
        options.definition(request.shape.definition());
        options.logging(request.shape.logging());
        options.target(&request.target);
        options.flag("fix-modes", (request.script_modes == ScriptModes::Executable).then_some(()));
        options.flag("static", matches!(request.shape, Shape::Static { .. }).then_some(()));
        if let Some(instances) = request.shape.instances() {
            options.instances(instances);
        }
        options
    }

    /// The number of instances that the result has a capacity for.
    #[must_use]
    pub fn room(&self) -> u32 {
        let number = self.value("max-instances").and_then(number::parse).and_then(|number| u32::try_from(number).ok());
        number.unwrap_or(MaxInstances::DEFAULT.get())
    }

    /// The account of `-u`.
    #[must_use]
    pub fn user(&self) -> Option<Account> {
        Account::parse(self.value("user")?).ok()
    }

    /// The names of the definitions, if source definitions are made.
    #[must_use]
    pub fn definition_names(&self) -> Option<DefinitionNames> {
        let mut names = self.value("s6-rc")?.split(|&byte| byte == b'/').map(|name| Name::new(name).ok());
        let mut next = || names.next().flatten();
        Some(DefinitionNames { service: next()?, logger: next(), pipeline: next() })
    }

    fn find(&self, name: &str) -> Option<&OptionValues> {
        self.0.iter().find(|option| option.name == name)
    }

    /// The first value of the option `name`.
    fn value(&self, name: &str) -> Option<&[u8]> {
        self.find(name)?.values.first()?.as_deref()
    }

    /// Adds the names of instances to those that they have.
    pub fn declare(&mut self, list: &Instances) -> Result<(), DuplicateInstance> {
        let Some(option) = self.0.iter_mut().find(|option| option.name == "instance") else {
            self.instances(list);
            return Ok(());
        };
        let bytes = |name: &InstanceName| Some(name.as_name().as_bytes().to_vec());
        if let Some(name) = list.iter().find(|name| option.values.binary_search(&bytes(name)).is_ok()) {
            return Err(DuplicateInstance(name.clone()));
        }
        option.values.extend(list.iter().map(bytes));
        option.values.sort();
        Ok(())
    }

    /// Returns those of them that `typed` has: options of [`NAMES`], each standing for what it decides.
    #[must_use]
    pub fn only(mut self, typed: &[&'static str]) -> Self {
        let decides = |option: &OptionValues| {
            typed.iter().any(|typed| match *typed {
                "installation" => matches!(option.name, "shebang-dir" | "execline-dir" | "s6-dir"),
                "instances-from" | "count" => option.name == "instance",
                typed => option.name == typed,
            })
        };
        self.0.retain(decides);
        self
    }

    /// Returns those that have a value: what a document says.
    #[must_use]
    pub fn given(mut self) -> Self {
        self.0.retain(|option| !option.values.is_empty());
        self
    }

    /// Fails when one of them has another value in `document`.
    pub fn require(&self, document: &Self) -> Result<(), Mismatch> {
        for OptionValues { name, values } in &self.0 {
            let found = document.find(name).map(|option| option.values.as_slice());
            let found = found.unwrap_or_default();
            if found != values.as_slice() {
                let given = |values: &[Option<Vec<u8>>]| OptionPhrase { name, values: values.to_vec() };
                return Err(Mismatch { name, document: given(found), expected: given(values) });
            }
        }
        Ok(())
    }

    /// The words, none for an option that is as if it were not given.
    pub fn words(&self) -> impl Iterator<Item = Vec<u8>> {
        self.0.iter().flat_map(|option| {
            option.values.iter().map(|value| match value {
                None => [b"--", option.name.as_bytes()].concat(),
                Some(value) => [b"--", option.name.as_bytes(), b"=", value].concat(),
            })
        })
    }

    /// Reads what [`words`](Self::words) returns.
    pub fn parse<W: AsRef<[u8]>>(words: impl IntoIterator<Item = W>) -> Result<Self, OptionsError> {
        let mut options = Self(Vec::new());
        let mut order = NAMES.iter().copied();
        for word in words {
            let word = word.as_ref().strip_prefix(b"--").ok_or(OptionsError)?;
            let (name, value) = match word.iter().position(|&byte| byte == b'=') {
                Some(equals) => (word.get(..equals), word.get(equals + 1..).map(<[u8]>::to_vec)),
                None => (Some(word), None),
            };
            let name = name.unwrap_or_default();
            match options.0.last_mut() {
                Some(last) if last.name.as_bytes() == name => last.values.push(value),
                _ => {
                    let name = order.find(|known| known.as_bytes() == name).ok_or(OptionsError)?;
                    options.0.push(OptionValues { name, values: Vec::from([value]) });
                }
            }
        }
        Ok(options)
    }

    fn definition(&mut self, definition: Option<&Definition>) {
        let names = definition.map(|definition| {
            let log = definition.log();
            let names = core::iter::once(definition.service().as_name())
                .chain(log.map(|log| log.logger.as_name()))
                .map(Name::as_bytes)
                .chain(log.and_then(|log| log.pipeline.as_ref()).map(BundleName::as_bytes));
            names.collect::<Vec<_>>().join(&b'/')
        });
        self.text("s6-rc", names);
        self.management(definition.map(Definition::management).unwrap_or(&Management::default()));
    }

    /// Adds the properties of a service in s6-rc.
    pub(crate) fn management(&mut self, management: &Management) {
        let depends_on = management.depends_on.iter().map(|name| Some(name.as_name().as_bytes().to_vec()));
        self.0.push(OptionValues { name: "depends-on", values: depends_on.collect() });
        self.flag("essential", management.flags.essential.then_some(()));
        self.flag("recommended", management.flags.recommended.then_some(()));
        self.put("timeout-up", management.timeout_up);
        self.put("timeout-down", management.timeout_down);
    }

    /// Adds the target system.
    pub(crate) fn target(&mut self, target: &Target) {
        self.put("s6-version", target.s6_version);
        self.text("shebang-dir", Some(target.shebang_dir.as_bytes().to_vec()));
        self.text("execline-dir", target.execline_dir.as_ref().map(|dir| dir.as_bytes().to_vec()));
        self.text("s6-dir", target.s6_dir.as_ref().map(|dir| dir.as_bytes().to_vec()));
    }

    /// Adds the names of instances as the only ones.
    pub(crate) fn instances(&mut self, instances: &Instances) {
        let names = instances.iter().map(|name| Some(name.as_name().as_bytes().to_vec()));
        self.0.push(OptionValues { name: "instance", values: names.collect() });
    }

    fn logging(&mut self, logging: Option<&Logging>) {
        let user = logging.and_then(|logging| logging.user.as_ref());
        self.text("log-dir", logging.map(|logging| logging.dir.as_text().as_bytes().to_vec()));
        self.text("log-user", user.map(|LogUser { account, .. }| account.to_text().as_bytes().to_vec()));
        let is_kept = user.filter(|LogUser { prepare, .. }| *prepare == PrepareLogDir::No);
        self.flag("no-prepare-log-dir", is_kept.map(|_| ()));
        self.put("timestamp", logging.map(|logging| logging.timestamp.number()));
        self.put("log-archives", logging.map(|logging| logging.archives));
        self.put("log-file-size", logging.map(|logging| logging.file_size));
        self.put("log-total-size", logging.map(|logging| logging.total_size));
        let prefix = logging.and_then(|logging| logging.prefix.as_ref());
        self.text("log-prefix", prefix.map(|prefix| prefix.as_bytes().to_vec()));
    }

    /// Adds an option with a value that is written as it is displayed.
    pub(crate) fn put(&mut self, name: &'static str, value: Option<impl fmt::Display>) {
        self.text(name, value.map(|value| format!("{value}").into_bytes()));
    }

    /// Adds an option with a value that is bytes.
    pub(crate) fn text(&mut self, name: &'static str, value: Option<Vec<u8>>) {
        self.0.push(OptionValues { name, values: value.into_iter().map(Some).collect() });
    }

    /// Adds an option without a value.
    pub(crate) fn flag(&mut self, name: &'static str, given: Option<()>) {
        self.0.push(OptionValues { name, values: given.map(|()| None).into_iter().collect() });
    }
}

/// An option with its values, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OptionPhrase {
    name: &'static str,
    values: Vec<Option<Vec<u8>>>,
}

/// The options that decide what the option of a document says.
struct Deciding<'a>(&'a str);

impl fmt::Display for Deciding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "instance" => f.write_str("--instance, --instances-from or --count"),
            name => write!(f, "--{name}"),
        }
    }
}

/// The number of values of one option that a message shows.
const SHOWN_MAX: usize = 5;

impl fmt::Display for OptionPhrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.values.is_empty() {
            return f.write_str("without it");
        }
        f.write_str("with `")?;
        for (index, value) in self.values.iter().take(SHOWN_MAX).enumerate() {
            write!(f, "{}--{}", if index > 0 { " " } else { "" }, self.name)?;
            if let Some(value) = value {
                write!(f, "={}", Excerpt(value))?;
            }
        }
        f.write_str("`")?;
        match self.values.len().checked_sub(SHOWN_MAX) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}
