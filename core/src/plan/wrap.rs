//! Running instances as a user: the template's control scripts behind wrappers that drop privileges.
//!
//! s6-svscan and the supervisors stay root, as s6's tools need them to be; only `run`, `finish`, `log/run` and `log/finish` run
//! as the user. Each script `X` of the template's copy is called `X.user`, and a wrapper takes its place. Nothing in the tree
//! becomes writable by the user (docs/deviations.md, "-u works").

use crate::account::{Account, AccountName};
use crate::escape::Excerpt;
use crate::execline::{SubstitutionError, Word, Wrapper};
use crate::layout::{FINISH, FINISH_USER, LOG, RUN, RUN_USER};
use crate::path::{Name, TreePath};
use crate::rights::UserAccess;
use crate::rules::Remedy;
use crate::target::Target;
use crate::template::{Resolved, Template};
use crate::tree::{Kind, Node};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The template's scripts that get a wrapper.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wrappers {
    scripts: BTreeMap<TreePath, WrappedScript>,
    unknown: Option<AccountName>,
    user_writable: Vec<TreePath>,
    links: Vec<TreePath>,
}

/// A script that gets a wrapper.
#[derive(Clone, Debug)]
pub(crate) struct WrappedScript {
    /// The path of the script itself in the result.
    pub renamed: TreePath,
    /// The wrapper's bytes.
    pub script: Vec<u8>,
}

/// A script of the template that the user could not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("-u: `{path}` in the template {reason}")]
pub struct ScriptProblem {
    /// The script, or the directory that hinders.
    pub path: TreePath,
    /// The problem.
    pub reason: ScriptReason,
}

/// The reason why there are no wrappers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// One of the scripts cannot be run by the user.
    #[error(transparent)]
    Script(#[from] ScriptProblem),
    /// The account's name or --s6-dir cannot stand in a wrapper.
    #[error(transparent)]
    Substitution(#[from] SubstitutionError),
}

/// A problem of a script that the user must be able to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptReason {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is neither a regular file nor a link to one.
    #[error("is not a regular file")]
    NotAFile,
    /// It is not a directory.
    #[error("is not a directory")]
    NotADirectory,
    /// It is a link that leads out of the template.
    #[error(
        "is a link to `{}`, outside the template; whether the user can run it, and who can replace it, cannot be checked", Excerpt(.0)
    )]
    Outside(Vec<u8>),
    /// A path in it would be too long.
    #[error("leads to a path that is too long")]
    TooDeep,
    /// It is a link that leads nowhere.
    #[error("is a link that leads nowhere")]
    Dangling,
    /// It is a link to a script that gets a wrapper itself.
    #[error("is a link to `{0}`, which runs as the user itself")]
    LinkToWrapped(TreePath),
    /// The name that it would be given is taken.
    #[error("has the name that the script itself gets; rename it")]
    NameTaken,
    /// It is a directory that the user may write; what is in it would be run by root.
    #[error("is a directory that the user can write; root would run files that the user puts there")]
    Replaceable,
}

impl WrapError {
    /// Returns a hint that names no remedy that the command line already has (`followed`).
    pub(super) fn hint(&self, followed: &BTreeSet<Remedy>) -> Option<&'static str> {
        match self {
            Self::Script(ScriptProblem { reason: ScriptReason::Outside(_), .. }) => {
                Some(if followed.contains(&Remedy::Dereference) {
                    "put the target into the template: nothing here could be copied in its place"
                } else {
                    "put the target into the template, or add --dereference to copy it in place of the link"
                })
            }
            _ => None,
        }
    }
}

impl Wrappers {
    /// Finds the scripts that `user` shall run, and checks that it cannot replace them: their wrappers are run by root. Whether it
    /// can run them is a rule of [`crate::lint`].
    pub(crate) fn new(
        user: &Account,
        target: &Target,
        template: &Template,
        access: &UserAccess<'_>,
    ) -> Result<Self, WrapError> {
        let check = Check { template, access };
        let mut scripts = BTreeMap::new();
        for (called, directory) in script_directories(template)? {
            for (name, needed) in SCRIPTS {
                let path = join(&directory, name.clone())?;
                if template.tree().get(&path).is_none() {
                    if needed {
                        return Err(problem(&path, ScriptReason::Missing).into());
                    }
                    continue;
                }
                let renamed = join(&directory, renamed(&name))?;
                if template.tree().get(&renamed).is_some() {
                    return Err(problem(&renamed, ScriptReason::NameTaken).into());
                }
                check.is_a_file(&path)?;
                check.cannot_replace(&called, &directory)?;
                scripts.insert(path, WrappedScript { renamed, script: wrapper(user, target, &name)? });
            }
        }
        let links = links_to(&scripts, template)?;
        Ok(Self { scripts, unknown: unknown(user, access), user_writable: access.writable_directories(), links })
    }

    /// Finds the scripts that `user` shall run by wrappers in another directory: none of them is renamed.
    pub(crate) fn elsewhere(user: &Account, template: &Template, access: &UserAccess<'_>) -> Result<Self, WrapError> {
        let check = Check { template, access };
        for (_, directory) in script_directories(template)? {
            for (name, needed) in SCRIPTS {
                let path = join(&directory, name)?;
                if template.tree().get(&path).is_some() {
                    check.is_a_file(&path)?;
                } else if needed {
                    return Err(problem(&path, ScriptReason::Missing).into());
                }
            }
        }
        Ok(Self { unknown: unknown(user, access), ..Self::default() })
    }

    /// The wrapper for the script at `path`, if it gets one.
    pub(crate) fn of(&self, path: &TreePath) -> Option<&WrappedScript> {
        self.scripts.get(path)
    }

    /// The user, if nobody here knows it.
    pub(crate) const fn unknown_account(&self) -> Option<&AccountName> {
        self.unknown.as_ref()
    }

    /// The directories that the user may write; what is in them is not listed.
    pub(crate) fn user_writable(&self) -> &[TreePath] {
        &self.user_writable
    }

    /// Links that lead to a script that gets a wrapper.
    pub(crate) fn links(&self) -> &[TreePath] {
        &self.links
    }
}

/// The scripts that run as the user, and whether each must be there.
const SCRIPTS: [(Name, bool); 2] = [(RUN, true), (FINISH, false)];

/// The name of the user, if nobody here knows it.
fn unknown(user: &Account, access: &UserAccess<'_>) -> Option<AccountName> {
    match user {
        Account::Named(name) if !access.is_known() => Some(name.clone()),
        Account::Named(_) | Account::Numbered(_) => None,
    }
}

/// The links that lead to one of `scripts`: they will lead to its wrapper, which only root can run. For a control script that is
/// such a link, that is fatal.
fn links_to(scripts: &BTreeMap<TreePath, WrappedScript>, template: &Template) -> Result<Vec<TreePath>, ScriptProblem> {
    let mut links = Vec::new();
    for (path, node) in template.tree().iter() {
        // Most entries are no links, and following a path takes as long as it is deep.
        if let Kind::Symlink(_) = node.kind
            && let Resolved::Entry(end) = template.resolve(path)
            && scripts.contains_key(&end)
        {
            if scripts.contains_key(path) {
                return Err(problem(path, ScriptReason::LinkToWrapped(end)));
            }
            links.push(path.clone());
        }
    }
    Ok(links)
}

/// The template itself, and where its `log` leads: what s6-supervise calls it, and where that is.
fn script_directories(template: &Template) -> Result<Vec<(TreePath, TreePath)>, ScriptProblem> {
    let mut directories = Vec::from([(TreePath::ROOT, TreePath::ROOT)]);
    if template.tree().get(&LOG).is_some() {
        let end = end_of(template, &LOG)?;
        if !matches!(template.tree().get(&end), Some(Node { kind: Kind::Directory, .. })) {
            return Err(problem(&LOG, ScriptReason::NotADirectory));
        }
        directories.push((LOG, end));
    }
    Ok(directories)
}

/// A check of the template's scripts before they get wrappers.
struct Check<'a> {
    template: &'a Template,
    access: &'a UserAccess<'a>,
}

impl Check<'_> {
    fn is_a_file(&self, path: &TreePath) -> Result<(), ScriptProblem> {
        let end = end_of(self.template, path)?;
        match self.template.tree().get(&end) {
            Some(Node { kind: Kind::File(_), .. }) => Ok(()),
            _ => Err(problem(path, ScriptReason::NotAFile)),
        }
    }

    /// Fails when the user could put something else in the place of what is in `directory`, which s6-supervise finds as `called`.
    fn cannot_replace(&self, called: &TreePath, directory: &TreePath) -> Result<(), ScriptProblem> {
        let passed = core::iter::once(directory.clone()).chain(self.template.route(called).directories);
        match passed.into_iter().find(|directory| self.access.may_write(directory)) {
            Some(directory) => Err(problem(&directory, ScriptReason::Replaceable)),
            None => Ok(()),
        }
    }
}

fn end_of(template: &Template, path: &TreePath) -> Result<TreePath, ScriptProblem> {
    match template.resolve(path) {
        Resolved::Entry(end) => Ok(end),
        Resolved::Outside(link) => {
            let target = match template.tree().get(&link).map(|node| &node.kind) {
                Some(Kind::Symlink(target)) => target.clone(),
                // Only a link leads out.
                _ => Vec::new(),
            };
            Err(problem(&link, ScriptReason::Outside(target)))
        }
        Resolved::Missing | Resolved::Loop => Err(problem(path, ScriptReason::Dangling)),
    }
}

/// `X.user` for `X`.
fn renamed(name: &Name) -> Name {
    if *name == RUN { RUN_USER } else { FINISH_USER }
}

/// The script that becomes the user and then the template's script, with the same arguments.
fn wrapper(user: &Account, target: &Target, name: &Name) -> Result<Vec<u8>, SubstitutionError> {
    let script = if *name == RUN { "./run.user" } else { "./finish.user" };
    let become_user = [Word::program(target.s6_dir.as_ref(), "s6-setuidgid"), Word::quoted(&user.to_text())];
    Wrapper::new(&target.shebang_dir, become_user, script).map(Wrapper::into_bytes)
}

fn join(directory: &TreePath, name: Name) -> Result<TreePath, ScriptProblem> {
    // Only a `log` that is a link into a very deep directory can make it too long.
    directory.join(&name).map_err(|_| problem(directory, ScriptReason::TooDeep))
}

fn problem(path: &TreePath, reason: ScriptReason) -> ScriptProblem {
    ScriptProblem { path: path.clone(), reason }
}
