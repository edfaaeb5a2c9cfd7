//! The rules of s6-rc-compile as it was seen to follow them (docs/original.md, "Names in s6-rc" and "Source definitions of s6-rc"):
//! which source directories it refuses, and what the service directories contain that it makes of the others.
//!
//! A helper for machines without s6-rc; where there is one, `s6rc::compile` compares the two. The model does not parse the scripts
//! of oneshots, treats what a link outside of the source leads to as absent, and assumes the umask 022.

mod names;
mod resolve;
mod servicedir;
mod source;

use crate::disk::OnDisk;
use s6_instance_maker_core::escape::Escaped;
use s6_instance_maker_core::plan::{Content, Plan};
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::Kind;
use source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A tree of files by paths, as [`read_tree`](crate::disk::read_tree) reads it.
pub type Tree = BTreeMap<Vec<u8>, OnDisk>;

/// The bytes that stand for a script that s6-rc-compile writes itself: a service of a pipeline is started by it.
pub const WRAPPER: &[u8] = b"a script of s6-rc's own";

/// A line of s6-rc's releases that differs from the others in what it copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// 0.5.4.0 to 0.6.0.x.
    V0_5,
    /// 0.7.0.0.
    V0_7,
}

/// s6-rc-compile, and who runs it.
#[derive(Clone, Copy, Debug)]
pub struct Compiler {
    /// Its version.
    pub line: Line,
    /// The owner of what it makes: user and group.
    pub caller: (u32, u32),
}

/// A refusal: the exit code, and the message behind `s6-rc-compile: fatal: ` without the names of directories in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 1 for a wrong definition, 111 for what the system refused.
    pub code: i32,
    /// The part of the message that names the fault.
    pub fault: &'static str,
    /// The entry, or the name, at fault.
    pub at: Vec<u8>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {} (exit code {})", Escaped(&self.at), self.fault, self.code)
    }
}

/// A wrong definition.
fn wrong(fault: &'static str, at: &[u8]) -> Refusal {
    Refusal { code: 1, fault, at: at.to_vec() }
}

/// A definition that cannot be read.
fn unreadable(fault: &'static str, at: &[u8]) -> Refusal {
    Refusal { code: 111, fault, at: at.to_vec() }
}

/// A compiled database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// The service directories of longruns.
    pub longruns: BTreeMap<Vec<u8>, Servicedir>,
    /// The bundles, those of pipelines too, and the atomic services in each.
    pub bundles: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    /// The atomic services that each atomic service depends on, those of s6-rc itself too.
    pub dependencies: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>,
    /// The longruns that read what others write.
    pub consumers: BTreeSet<Vec<u8>>,
}

/// The result of compiling the source directory of a longrun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servicedir {
    /// The entries of the compiled service directory, itself as the empty path.
    pub tree: Tree,
    /// The entries of the source that s6-rc-compile passes over without a word.
    pub ignored: BTreeSet<Vec<u8>>,
}

impl Compiler {
    /// The newest s6-rc, run by root.
    pub const NEWEST: Self = Self { line: Line::V0_7, caller: (0, 0) };

    /// Returns s6-rc-compile's result for a source directory.
    pub fn compile(&self, source: &Tree) -> Result<Database, Refusal> {
        let source = Source::new(source);
        let definitions = names::definitions(source)?;
        let (bundles, dependencies) = resolve::resolve(&definitions)?;
        let (mut longruns, mut consumers) = (BTreeMap::new(), BTreeSet::new());
        for (name, longrun) in definitions.longruns() {
            longruns.insert(name.clone(), servicedir::compiled(self, source, name, longrun)?);
            if !longrun.producers.is_empty() {
                consumers.insert(name.clone());
            }
        }
        Ok(Database { longruns, bundles, dependencies, consumers })
    }
}

/// The longest name of a service that s6-svscan supervises.
const SUPERVISED_MAX: usize = 251;

/// The longest name of a pipe in s6-rc's holder of descriptors, which prefixes the name of each logger with `pipe:s6rc-r-`.
const PIPE_MAX: usize = 255;

impl Database {
    /// The first reason why something of this compiles, but never runs.
    #[must_use]
    pub fn stillborn(&self) -> Option<String> {
        let too_long = self.longruns.keys().find(|name| name.len() > SUPERVISED_MAX);
        let too_long = too_long.map(|name| format!("`{}` is too long for s6-svscan", Escaped(name)));
        let pipe = |name: &&Vec<u8>| "pipe:s6rc-r-".len() + name.len() > PIPE_MAX;
        let pipe =
            self.consumers.iter().find(pipe).map(|name| format!("`{}` is too long for the name of a pipe", Escaped(name)));
        let variable = self.consumers.iter().find(|name| name.contains(&b'$'));
        let variable = variable.map(|name| format!("`{}` is substituted in the script that starts it", Escaped(name)));
        too_long.or(pipe).or(variable)
    }
}

/// The tree that a plan makes of `template` in its DIR; of files of the template, only the text that a plan looks at.
#[must_use]
pub fn planned(plan: &Plan, template: &Template) -> Tree {
    let entries = plan.tree.iter().map(|(path, node)| {
        let (kind, bytes) = match &node.kind {
            Kind::Directory => ("dir", Vec::new()),
            Kind::File(Content::Generated(bytes)) => ("file", bytes.clone()),
            Kind::File(Content::Template(from)) => ("file", template.head(from).unwrap_or_default().to_vec()),
            Kind::Symlink(target) => ("link", target.clone()),
            Kind::Fifo => ("fifo", Vec::new()),
        };
        let owner = node.meta.owner.map_or((0, 0), |owner| (owner.uid, owner.gid));
        (path.as_bytes().to_vec(), OnDisk { kind, mode: node.meta.mode.bits().into(), owner, bytes })
    });
    entries.collect()
}

/// The database of definitions that this project made, where every service exists that they depend on.
///
/// # Panics
///
/// When s6-rc-compile refuses them, passes over an entry of them, or makes something of them that never runs.
pub fn accept(mut source: Tree) -> Database {
    let others: BTreeSet<Vec<u8>> = dependencies(&source).filter(|name| !source.contains_key(name)).collect();
    let entry = |kind, bytes: &[u8]| OnDisk { kind, mode: 0o755, owner: (0, 0), bytes: bytes.to_vec() };
    for name in others {
        source.insert([&name, b"/type".as_slice()].concat(), entry("file", b"oneshot\n"));
        source.insert([&name, b"/up".as_slice()].concat(), entry("file", b"true\n"));
        source.insert(name, entry("dir", b""));
    }
    let database = Compiler::NEWEST.compile(&source).unwrap_or_else(|refusal| panic!("s6-rc-compile would refuse {refusal}"));
    for (name, servicedir) in &database.longruns {
        let ignored: Vec<_> = servicedir.ignored.iter().map(|path| Escaped(path).to_string()).collect();
        assert!(ignored.is_empty(), "s6-rc-compile would ignore {ignored:?} of `{}`", Escaped(name));
    }
    assert_eq!(database.stillborn(), None);
    database
}

/// The names in all directories `dependencies.d`.
fn dependencies(source: &Tree) -> impl Iterator<Item = Vec<u8>> {
    source.keys().filter_map(|path| {
        let mut names = path.splitn(3, |&byte| byte == b'/').skip(1);
        (names.next() == Some(b"dependencies.d")).then(|| names.next().map(<[u8]>::to_vec))?
    })
}
