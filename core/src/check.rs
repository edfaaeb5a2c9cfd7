//! Checks of plans that were computed elsewhere: what no plan may do.
//!
//! A [`Plan`] is a whole tree with paths that cannot escape, by its types. This says whether it could be a plan for *this*
//! template: what it copies is there, with no more rights than there, and what it does not copy has no special rights at all.
//! The effect of the generated scripts is not checked: read a plan that somebody else computed, as `--dry-run` prints it.

use crate::facts::Facts;
use crate::layout::{DATA, DATA_TEMPLATE, ENV, INSTANCES, LOG};
use crate::path::TreePath;
use crate::plan::{Content, Plan};
use crate::rights::made_executable;
use crate::template::{FileFacts, Resolved, Template};
use crate::tree::{Kind, Meta, Mode, Node};
use alloc::vec::Vec;

/// A violation of the rules for every plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan is refused: `{path}` {reason}")]
pub struct Violation {
    /// The path in the result.
    pub path: TreePath,
    /// The problem.
    pub reason: ViolationReason,
}

/// A problem of an entry of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViolationReason {
    /// It copies something that is not there.
    #[error("would copy `{0}`, which is not a file of the template")]
    SourceMissing(TreePath),
    /// A copy would have another owner, or other permission bits, than what is copied.
    #[error("would have another mode or owner than the file that it copies")]
    OtherRights,
    /// An entry that is not a copy would have a set-id or sticky bit, or an owner.
    #[error("would have special permission bits or an owner, and is not a copy of an entry with them")]
    SpecialRights,
    /// A directory that is not a copy would be unusable, or writable by others.
    #[error("would be a directory of mode {0}, and is not a copy of one")]
    DirectoryMode(Mode),
    /// DIR itself can only be the caller's, mode 0755.
    #[error("is the result itself; it must be a directory of mode 0755 without an owner")]
    Root,
}

impl Plan {
    /// Returns `true` if this may be carried out for `template` on behalf of the caller in `facts`.
    pub fn check(&self, facts: &Facts, template: &Template) -> Result<(), Violation> {
        let state = template.state();
        let scripts = template.executables();
        for (path, node) in self.tree.iter() {
            let result = match &node.kind {
                Kind::Directory if path.is_root() => {
                    if node.meta == Meta::callers(DIRECTORY) {
                        Ok(())
                    } else {
                        Err(ViolationReason::Root)
                    }
                }
                Kind::File(Content::Template(from)) => {
                    let may_be_executable = scripts.contains(from);
                    check_copy(facts, template, &state, from, node.meta, may_be_executable)
                }
                Kind::File(Content::Generated(_)) => check_generated(node.meta),
                Kind::Directory | Kind::Symlink(_) | Kind::Fifo => {
                    if is_like_an_entry(facts, template, path, node) {
                        Ok(())
                    } else {
                        check_unlike(node)
                    }
                }
            };
            result.map_err(|reason| Violation { path: path.clone(), reason })?;
        }
        Ok(())
    }
}

/// The mode of directories that are generated.
const DIRECTORY: Mode = Mode::new(0o755);
/// Set-id and sticky bits.
const SPECIAL: u16 = 0o7000;

fn check_copy(
    facts: &Facts,
    template: &Template,
    state: &[TreePath],
    from: &TreePath,
    meta: Meta,
    may_be_executable: bool,
) -> Result<(), ViolationReason> {
    match template.tree().get(from) {
        Some(Node { meta: seen, kind: kind @ Kind::File(_) }) if !state.iter().any(|state| from.starts_with(state)) => {
            let copied = facts.copied(*seen, kind);
            if copied == meta || may_be_executable && made_executable(copied) == meta {
                Ok(())
            } else {
                Err(ViolationReason::OtherRights)
            }
        }
        _ => Err(ViolationReason::SourceMissing(from.clone())),
    }
}

const fn check_generated(meta: Meta) -> Result<(), ViolationReason> {
    if meta.mode.has(SPECIAL) || meta.owner.is_some() { Err(ViolationReason::SpecialRights) } else { Ok(()) }
}

/// An entry that is like none in the template.
fn check_unlike(node: &Node<Content>) -> Result<(), ViolationReason> {
    check_generated(node.meta)?;
    match node.kind {
        Kind::Directory if node.meta.mode != DIRECTORY => Err(ViolationReason::DirectoryMode(node.meta.mode)),
        _ => Ok(()),
    }
}

/// Returns `true` if the template has such an entry, with the same rights, at the path that this is the copy of.
fn is_like_an_entry(facts: &Facts, template: &Template, path: &TreePath, node: &Node<Content>) -> bool {
    let same =
        |seen: &Node<FileFacts>| seen.kind.word() == node.kind.word() && facts.copied(seen.meta, &seen.kind) == node.meta;
    let is_like = |inner: &TreePath| template.tree().get(inner).is_some_and(same);
    copied_from(path).chain(static_origins(template, path)).any(|inner| {
        // A script that is a link keeps its owner when a wrapper takes its place.
        let original = inner.as_bytes().strip_suffix(b".user").and_then(|original| TreePath::parse(original).ok());
        is_like(&inner) || matches!(node.kind, Kind::Symlink(_)) && original.is_some_and(|original| is_like(&original))
    })
}

/// Returns the paths in the template that `path` may be the copy of: it lies in `template`, in the directory of an instance, or in
/// the `template` of a service, which may have those names itself.
fn copied_from(path: &TreePath) -> impl Iterator<Item = TreePath> {
    let below_template = |bytes: &[u8]| inner(bytes.strip_prefix(b"template")?);
    let bytes = path.as_bytes();
    let slash = bytes.iter().position(|&byte| byte == b'/');
    let in_service = slash.and_then(|slash| bytes.get(slash + 1..)).and_then(below_template);
    let in_instance = bytes.strip_prefix(INSTANCES.as_bytes()).and_then(|bytes| bytes.strip_prefix(b"/")).and_then(|bytes| {
        let name = bytes.iter().position(|&byte| byte == b'/').unwrap_or(bytes.len());
        inner(bytes.get(name..)?)
    });
    below_template(bytes).into_iter().chain(in_service).chain(in_instance)
}

/// Returns the paths in the template that `path` may be the copy of in the definition of a static instance or of its logger: it lies
/// in `data/.template`, `data` or `env` there.
fn static_origins(template: &Template, path: &TreePath) -> impl Iterator<Item = TreePath> {
    let bytes = path.as_bytes();
    let below = bytes.iter().position(|&byte| byte == b'/').and_then(|slash| bytes.get(slash + 1..)).unwrap_or_default();
    let apart = below.strip_prefix(DATA_TEMPLATE.as_bytes()).and_then(inner);
    let is_in = |directory: &TreePath| below.strip_prefix(directory.as_bytes()).is_some_and(|rest| inner(rest).is_some());
    let in_place = if is_in(&DATA) || is_in(&ENV) { TreePath::parse(below).ok() } else { None };
    let log = match template.resolve(&LOG) {
        Resolved::Entry(log) => Some(log),
        _ => None,
    };
    let places: Vec<TreePath> = apart.into_iter().chain(in_place).collect();
    let logs: Vec<TreePath> = log.iter().flat_map(|log| places.iter().filter_map(|place| log.join_path(place).ok())).collect();
    places.into_iter().chain(logs)
}

/// The path below a directory, of which these bytes follow the directory's name.
fn inner(bytes: &[u8]) -> Option<TreePath> {
    match bytes {
        [] => Some(TreePath::ROOT),
        [b'/', inner @ ..] => TreePath::parse(inner).ok(),
        _ => None,
    }
}
