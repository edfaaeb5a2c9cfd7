//! Running instances as a user: the template's control scripts behind wrappers that drop privileges.
//!
//! s6-svscan and the supervisors stay root, as s6's tools need them to be; only `run`, `finish`, `log/run` and `log/finish` run
//! as the user. Each script `X` of the template's copy is called `X.user`, and a wrapper takes its place. Nothing in the tree
//! becomes writable by the user (docs/deviations.md, "-u works").

use crate::execline::{Arguments, Script, Word};
use crate::facts::{Access, Credentials, Facts};
use crate::path::{Name, TreePath};
use crate::request::{Account, AccountName};
use crate::target::Target;
use crate::template::{Resolved, Template};
use crate::tree::{Kind, Node};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Which of the template's paths get a wrapper.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wrapping {
    scripts: BTreeMap<TreePath, Wrapped>,
    unknown: Option<AccountName>,
}

/// A script that gets a wrapper.
#[derive(Clone, Debug)]
pub(crate) struct Wrapped {
    /// Where the script itself will be.
    pub renamed: TreePath,
    /// The wrapper's bytes.
    pub script: Vec<u8>,
}

/// Why the user could not run one of the template's scripts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("-u: `{path}` in the template {reason}")]
pub struct ScriptProblem {
    /// The script, or the directory that hinders.
    pub path: TreePath,
    /// What is wrong with it.
    pub reason: ScriptReason,
}

/// What is wrong with a script that a user shall run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptReason {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is no regular file, nor a link to one.
    #[error("is no regular file")]
    NotAFile,
    /// It is no directory.
    #[error("is no directory")]
    NotADirectory,
    /// It is a link that leads out of the template.
    #[error("leads out of the template, where nothing can be checked")]
    Outside,
    /// It is a link that leads nowhere.
    #[error("is a link that leads nowhere")]
    Dangling,
    /// It is a link to a script that gets a wrapper itself.
    #[error("is a link to `{0}`, which runs as the user itself")]
    LinkToWrapped(TreePath),
    /// The name that it would be given is taken.
    #[error("is in the way: that is what the script itself will be called")]
    NameTaken,
    /// The user may not execute it.
    #[error("cannot be executed by the user")]
    NotExecutable,
    /// It is a script and the user may not read it.
    #[error("cannot be read by the user, as a script must be")]
    NotReadable,
    /// It is a directory and the user may not pass through it.
    #[error("is a directory that the user cannot pass through")]
    NotSearchable,
}

const RUN: Name = Name::constant("run");
const FINISH: Name = Name::constant("finish");
const LOG: TreePath = TreePath::constant("log");

impl Wrapping {
    /// Finds the scripts that `user` shall run and checks that it can.
    pub(crate) fn new(user: &Account, target: &Target, facts: &Facts, template: &Template) -> Result<Self, ScriptProblem> {
        let who = facts.credentials(user);
        let unknown = match user {
            Account::Named(name) if who.is_none() => Some(name.clone()),
            Account::Named(_) | Account::Numbered(_) => None,
        };
        let mut wrapping = Self { scripts: BTreeMap::new(), unknown };
        for directory in script_directories(template)? {
            for (name, needed) in [(RUN, true), (FINISH, false)] {
                let path = join(&directory, name.clone())?;
                if template.tree().get(&path).is_none() {
                    if needed {
                        return Err(problem(&path, ScriptReason::Missing));
                    }
                    continue;
                }
                check_access(template, facts, who.as_ref(), &path)?;
                let script = wrapper(user, target, &name);
                let renamed = join(&directory, renamed(&name))?;
                if template.tree().get(&renamed).is_some() {
                    return Err(problem(&renamed, ScriptReason::NameTaken));
                }
                wrapping.scripts.insert(path, Wrapped { renamed, script });
            }
        }
        wrapping.check_links(template)?;
        Ok(wrapping)
    }

    /// The wrapper for the script at `path`, if it gets one.
    pub(crate) fn of(&self, path: &TreePath) -> Option<&Wrapped> {
        self.scripts.get(path)
    }

    /// The user, if nobody here knows it.
    pub(crate) const fn unknown_account(&self) -> Option<&AccountName> {
        self.unknown.as_ref()
    }

    /// A link to a wrapped script would run its wrapper, which cannot drop privileges twice.
    fn check_links(&self, template: &Template) -> Result<(), ScriptProblem> {
        for path in self.scripts.keys() {
            if let Resolved::Entry(end) = template.resolve(path)
                && end != *path
                && self.scripts.contains_key(&end)
            {
                return Err(problem(path, ScriptReason::LinkToWrapped(end)));
            }
        }
        Ok(())
    }
}

/// The template itself, and where its `log` leads.
fn script_directories(template: &Template) -> Result<Vec<TreePath>, ScriptProblem> {
    let mut directories = Vec::from([TreePath::ROOT]);
    if template.tree().get(&LOG).is_some() {
        let end = end_of(template, &LOG)?;
        if !matches!(template.tree().get(&end), Some(Node { kind: Kind::Directory, .. })) {
            return Err(problem(&LOG, ScriptReason::NotADirectory));
        }
        if !directories.contains(&end) {
            directories.push(end);
        }
    }
    Ok(directories)
}

/// Whether the user can reach, execute and, where it is a script, read what is at `path`.
fn check_access(template: &Template, facts: &Facts, who: Option<&Credentials>, path: &TreePath) -> Result<(), ScriptProblem> {
    let end = end_of(template, path)?;
    let Some(Node { meta, kind: Kind::File(file) }) = template.tree().get(&end) else {
        return Err(problem(path, ScriptReason::NotAFile));
    };
    for directory in ancestors(path).chain(ancestors(&end)) {
        let passes = template.tree().get(&directory).is_some_and(|node| facts.allows(who, node.meta, Access::Execute));
        if !passes {
            return Err(problem(&directory, ScriptReason::NotSearchable));
        }
    }
    if !facts.allows(who, *meta, Access::Execute) {
        return Err(problem(path, ScriptReason::NotExecutable));
    }
    let is_binary = file.head.as_ref().is_some_and(|head| head.starts_with(b"\x7fELF"));
    if !is_binary && !facts.allows(who, *meta, Access::Read) {
        return Err(problem(path, ScriptReason::NotReadable));
    }
    Ok(())
}

fn end_of(template: &Template, path: &TreePath) -> Result<TreePath, ScriptProblem> {
    match template.resolve(path) {
        Resolved::Entry(end) => Ok(end),
        Resolved::Outside(link) => Err(problem(&link, ScriptReason::Outside)),
        Resolved::Missing | Resolved::Loop => Err(problem(path, ScriptReason::Dangling)),
    }
}

/// The directories that lead to `path`, the innermost first, the root last.
fn ancestors(path: &TreePath) -> impl Iterator<Item = TreePath> {
    core::iter::successors(path.parent(), TreePath::parent)
}

/// `X.user` for `X`.
fn renamed(name: &Name) -> Name {
    const RUN_USER: Name = Name::constant("run.user");
    const FINISH_USER: Name = Name::constant("finish.user");
    if *name == RUN { RUN_USER } else { FINISH_USER }
}

/// The script that becomes the user and then the template's script, with the same arguments.
fn wrapper(user: &Account, target: &Target, name: &Name) -> Vec<u8> {
    let command = if *name == RUN { "./run.user" } else { "./finish.user" };
    let mut script = Script::new(&target.shebang_dir, Arguments::Substituted);
    script.line([Word::program(target.s6_dir.as_ref(), "s6-setuidgid"), Word::quoted(&user.to_text())]);
    script.line([Word::literal(command), Word::literal("$@")]);
    script.into_bytes()
}

fn join(directory: &TreePath, name: Name) -> Result<TreePath, ScriptProblem> {
    // Only a `log` that is a link into a very deep directory can make it too long.
    directory.join(&name).map_err(|_| problem(directory, ScriptReason::Outside))
}

fn problem(path: &TreePath, reason: ScriptReason) -> ScriptProblem {
    ScriptProblem { path: path.clone(), reason }
}
