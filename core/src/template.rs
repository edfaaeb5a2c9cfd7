//! The manifest of a template: what was seen of a service directory, without the contents of its files.

use crate::archive::ArchiveOwners;
use crate::layout::{DATA_CHECK, FINISH, LOG, RUN, SETTINGS, STATE, TYPE};
use crate::path::{Name, TreePath};
use crate::tree::{Kind, Meta, Node, Tree, TreeError};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Facts about a regular file in a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// Its size in bytes.
    pub size: u64,
    /// Its first bytes, at most [`HEAD_MAX`], where it is a control file; none: nobody looked.
    pub head: Option<Vec<u8>>,
}

/// The number of bytes that are read of a control file.
pub const HEAD_MAX: usize = 4096;

/// The first bytes of programs that require no interpreter.
pub(crate) const ELF: &[u8] = b"\x7fELF";

/// The manifest of a template service directory. Every entry has an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Tree<FileFacts>);

/// The end of a path after the links on its way are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// At this entry, which is not a link.
    Entry(TreePath),
    /// Nowhere: an entry on the way is missing, or is not a directory.
    Missing,
    /// Outside of the template; the link at this path leads there.
    Outside(TreePath),
    /// Nowhere: links lead in a circle, or there are more than 40 of them.
    Loop,
}

/// The way of a path through the template's links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its end.
    pub end: Resolved,
    /// The directories in which a name is looked up, in order.
    pub directories: Vec<TreePath>,
    /// The links that are followed, in order.
    pub links: Vec<TreePath>,
}

/// A step on the way of a path.
enum Step<'a> {
    /// A name is looked up in this directory.
    Directory(&'a TreePath),
    /// This link is followed.
    Link(&'a TreePath),
}

/// The loggers of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceLogger {
    /// s6-svscan starts none.
    None,
    /// s6-svscan starts one beside each instance.
    Each,
}

/// The number of links that Linux follows in one path.
const LINKS_MAX: usize = 40;

impl From<Tree<FileFacts>> for Template {
    fn from(tree: Tree<FileFacts>) -> Self {
        Self(tree)
    }
}

impl Template {
    /// A template with nothing in it yet.
    #[must_use]
    pub fn new(root: Meta) -> Self {
        Self(Tree::new(root))
    }

    /// A template with these entries, in any order.
    pub fn collected(root: Meta, entries: Vec<(TreePath, Node<FileFacts>)>) -> Result<Self, TreeError> {
        Tree::collected(root, entries).map(Self)
    }

    /// Adds what was seen; directories before what is in them.
    pub fn insert(&mut self, path: TreePath, node: Node<FileFacts>) -> Result<(), TreeError> {
        self.0.insert(path, node)
    }

    /// All entries.
    #[must_use]
    pub const fn tree(&self) -> &Tree<FileFacts> {
        &self.0
    }

    /// Returns `true` if `path` may be where s6-supervise keeps its state: `supervise` and `event`, of the service and of its
    /// logger. Whoever reads a template need not look into such a directory.
    #[must_use]
    pub fn may_be_state(path: &TreePath) -> bool {
        matches!(path.as_bytes(), b"supervise" | b"event" | b"log/supervise" | b"log/event")
    }

    /// Returns the state of other supervisors: directories, and links to such, called `supervise` and `event`, of the service and
    /// of its logger. They are not copied: every instance would share what a link leads to, and could not start.
    #[must_use]
    pub fn state(&self) -> Vec<TreePath> {
        let log = match self.resolve(&LOG) {
            Resolved::Entry(path) => Some(path),
            Resolved::Missing | Resolved::Outside(_) | Resolved::Loop => None,
        };
        let directories = core::iter::once(TreePath::ROOT).chain(log);
        let paths = directories.flat_map(|directory| STATE.map(|name| directory.join(&name).ok())).flatten();
        let is_state =
            |path: &TreePath| self.0.get(path).is_some_and(|node| matches!(node.kind, Kind::Directory | Kind::Symlink(_)));
        let mut state: Vec<_> = paths.filter(is_state).collect();
        state.sort();
        state.dedup();
        state
    }

    /// The regular files that s6-supervise executes, links followed.
    #[must_use]
    pub fn control_scripts(&self) -> Vec<TreePath> {
        self.files_called(&[RUN, FINISH])
    }

    /// The regular files that s6-supervise executes, and those that s6-notifyoncheck does, links followed.
    #[must_use]
    pub fn executables(&self) -> Vec<TreePath> {
        let mut files = self.control_scripts();
        for directory in [TreePath::ROOT, LOG] {
            if let Ok(path) = directory.join_path(&DATA_CHECK)
                && let Resolved::Entry(end) = self.resolve(&path)
                && matches!(self.0.get(&end), Some(Node { kind: Kind::File(_), .. }))
                && !files.contains(&end)
            {
                files.push(end);
            }
        }
        files
    }

    /// The regular files that s6-supervise executes or reads, and the one that s6-rc reads first, links followed: a plan looks at
    /// the first bytes of these.
    #[must_use]
    pub fn control_files(&self) -> Vec<TreePath> {
        let mut files = self.executables();
        files.extend(self.files_called(&SETTINGS));
        files.extend(self.files_called(&[TYPE]));
        files
    }

    /// The regular files in the template and in its `log` with one of these names, links followed, none twice.
    fn files_called(&self, names: &[Name]) -> Vec<TreePath> {
        let mut files = Vec::new();
        for directory in [TreePath::ROOT, LOG] {
            for name in names {
                if let Ok(path) = directory.join(name)
                    && let Resolved::Entry(path) = self.resolve(&path)
                    && matches!(self.0.get(&path), Some(Node { kind: Kind::File(_), .. }))
                    && !files.contains(&path)
                {
                    files.push(path);
                }
            }
        }
        files
    }

    /// The first bytes of the regular file that `path` leads to, where somebody looked.
    #[must_use]
    pub fn head(&self, path: &TreePath) -> Option<&[u8]> {
        let Resolved::Entry(end) = self.resolve(path) else { return None };
        match self.0.get(&end) {
            Some(Node { kind: Kind::File(facts), .. }) => facts.head.as_deref(),
            _ => None,
        }
    }

    /// Puts something else in the place of a link; anything else than a link is left as it is.
    pub fn replace_link(&mut self, path: &TreePath, node: Node<FileFacts>) {
        if let Some(link @ Node { kind: Kind::Symlink(_), .. }) = self.0.get_mut(path) {
            *link = node;
        }
    }

    /// Tells the first bytes of a regular file; anything else is left as it is.
    pub fn set_head(&mut self, path: &TreePath, head: Vec<u8>) {
        if let Some(Node { kind: Kind::File(facts), .. }) = self.0.get_mut(path) {
            facts.head = Some(head);
        }
    }

    /// Returns this template as if its entries had the owners that they are to have in an archive.
    #[must_use]
    pub fn owned_as_in(self, owners: &ArchiveOwners) -> Self {
        Self(self.0.changed(|node| node.meta.owner = node.meta.owner.map(|owner| owners.of(owner))))
    }

    /// Returns `true` if s6-svscan will give every instance a logger of its own: `log` is a directory, or leads out of the
    /// template, where one may be.
    #[must_use]
    pub fn instance_logger(&self) -> InstanceLogger {
        let is_logged = match self.resolve(&LOG) {
            Resolved::Entry(path) => matches!(self.0.get(&path), Some(Node { kind: Kind::Directory, .. })),
            Resolved::Outside(_) => true,
            Resolved::Missing | Resolved::Loop => false,
        };
        if is_logged { InstanceLogger::Each } else { InstanceLogger::None }
    }

    /// The directory in the template that `log` is, or leads to.
    #[must_use]
    pub fn log_directory(&self) -> Option<TreePath> {
        match self.resolve(&LOG) {
            Resolved::Entry(path) => matches!(self.0.get(&path), Some(Node { kind: Kind::Directory, .. })).then_some(path),
            Resolved::Missing | Resolved::Outside(_) | Resolved::Loop => None,
        }
    }

    /// Follows `path` through the template's links.
    #[must_use]
    pub fn resolve(&self, path: &TreePath) -> Resolved {
        let is_directory = |path: &TreePath| matches!(self.0.get(path), Some(Node { kind: Kind::Directory, .. }));
        match self.0.get(path).map(|node| &node.kind) {
            // What a tree has is in directories of that tree, and so no link leads to it.
            Some(Kind::Directory | Kind::File(_) | Kind::Fifo) => Resolved::Entry(path.clone()),
            None if path.parent().is_some_and(|parent| is_directory(&parent)) => Resolved::Missing,
            Some(Kind::Symlink(_)) | None => self.follow(path, &mut |_| {}),
        }
    }

    /// Follows `path` through the template's links, and keeps what was passed on the way.
    #[must_use]
    pub fn route(&self, path: &TreePath) -> Route {
        let (mut directories, mut links) = (Vec::new(), Vec::new());
        let end = self.follow(path, &mut |step| match step {
            Step::Directory(path) => directories.push(path.clone()),
            Step::Link(path) => links.push(path.clone()),
        });
        Route { end, directories, links }
    }

    /// Reports each step, so that nothing is kept where only the end counts.
    fn follow(&self, path: &TreePath, report: &mut dyn FnMut(Step<'_>)) -> Resolved {
        let mut at = TreePath::ROOT;
        let mut ahead: VecDeque<&[u8]> = path.components().collect();
        // The last link that was followed: what it leads to is its doing.
        let mut link = TreePath::ROOT;
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if !matches!(self.0.get(&at), Some(Node { kind: Kind::Directory, .. })) {
                return Resolved::Missing;
            }
            if name.is_empty() || name == b"." {
                continue;
            }
            report(Step::Directory(&at));
            if name == b".." {
                match at.parent() {
                    Some(parent) => at = parent,
                    None => return Resolved::Outside(link),
                }
                continue;
            }
            let Some(next) = Name::new(name).ok().and_then(|name| at.join(&name).ok()) else {
                return Resolved::Missing;
            };
            match self.0.get(&next).map(|node| &node.kind) {
                None => return Resolved::Missing,
                Some(Kind::Symlink(target)) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Resolved::Loop;
                    }
                    report(Step::Link(&next));
                    if target.starts_with(b"/") {
                        return Resolved::Outside(next);
                    }
                    link = next;
                    for name in target.rsplit(|&byte| byte == b'/') {
                        ahead.push_front(name);
                    }
                }
                Some(_) => at = next,
            }
        }
        Resolved::Entry(at)
    }
}
