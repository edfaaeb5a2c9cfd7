//! A plan in the making: directories, longruns, source definitions, copies of the template.

use super::content::Content;
use super::error::PlanError;
use super::wrap::Wrappers;
use crate::definition::{Definition, ServiceName};
use crate::execline::{Script, Wrapper};
use crate::instances::InstanceName;
use crate::layout::{
    CONTENTS_D, DEPENDENCIES_D, FINISH, FLAG_ESSENTIAL, FLAG_RECOMMENDED, INSTANCE, INSTANCES, NOTIFICATION_FD, RUN,
    TIMEOUT_DOWN, TIMEOUT_UP, TYPE,
};
use crate::path::{Name, TreePath};
use crate::rights::CopyRights;
use crate::template::{FileFacts, Template};
use crate::tree::{Kind, Meta, Mode, Node, Tree};
use alloc::format;
use alloc::vec::Vec;

/// The copies of the template. Each is put together from the template itself: one that is large is not held twice.
pub(super) struct TemplateCopy<'a> {
    template: &'a Template,
    copying: &'a CopyRights<'a>,
    wrapping: &'a Wrappers,
    /// The directories, and links to such, that are not copied.
    state: Vec<TreePath>,
    without_set_id: Vec<TreePath>,
    without_owner: Option<(TreePath, u64)>,
}

impl<'a> TemplateCopy<'a> {
    pub(super) fn new(template: &'a Template, copying: &'a CopyRights<'a>, wrapping: &'a Wrappers) -> Self {
        const SET_ID: u16 = Mode::SET_UID | Mode::SET_GID;
        let state = template.state();
        let mut copy = Self { template, copying, wrapping, state, without_set_id: Vec::new(), without_owner: None };
        for (path, node) in template.tree().iter() {
            if !copy.has(path) {
                continue;
            }
            let meta = copying.meta(path, node);
            if node.meta.mode.bits() & !meta.mode.bits() & SET_ID != 0 {
                copy.without_set_id.push(path.clone());
            }
            if !copying.keeps_owner(node.meta, meta) {
                copy.without_owner.get_or_insert_with(|| (path.clone(), 0)).1 += 1;
            }
        }
        copy
    }

    /// Returns `true` if what the template has at `path` is copied.
    fn has(&self, path: &TreePath) -> bool {
        !self.state.iter().any(|state| path.starts_with(state))
    }

    /// The entries, by their paths in the copy: the scripts themselves, and the wrappers in their place.
    fn entries(&self) -> impl Iterator<Item = (TreePath, Node<Content>)> {
        self.template.tree().iter().filter(|(path, _)| self.has(path)).flat_map(|(path, node)| {
            let node = self.copied(path, node);
            match self.wrapping.of(path) {
                None => [Some((path.clone(), node)), None],
                Some(wrapped) => {
                    let script = Kind::File(Content::Generated(wrapped.script.clone()));
                    let wrapper = Node::new(Meta::callers(Modes::WRAPPER), script);
                    [Some((wrapped.renamed.clone(), node)), Some((path.clone(), wrapper))]
                }
            }
            .into_iter()
            .flatten()
        })
    }

    /// The copy of the template's entry at `path`, if it is copied.
    pub(super) fn node(&self, path: &TreePath) -> Option<Node<Content>> {
        self.template.tree().get(path).filter(|_| self.has(path)).map(|node| self.copied(path, node))
    }

    fn copied(&self, path: &TreePath, node: &Node<FileFacts>) -> Node<Content> {
        let kind = match &node.kind {
            Kind::Directory => Kind::Directory,
            Kind::File(_) => Kind::File(Content::Template(path.clone())),
            Kind::Symlink(target) => Kind::Symlink(target.clone()),
            Kind::Fifo => Kind::Fifo,
        };
        Node::new(self.copying.meta(path, node), kind)
    }

    /// The first entry of the template whose copy has another owner, and how many there are.
    pub(super) const fn without_owner(&self) -> Option<(&TreePath, u64)> {
        match &self.without_owner {
            Some((first, count)) => Some((first, *count)),
            None => None,
        }
    }

    /// The entries of the template whose set-id bit the copy does not have.
    pub(super) fn without_set_id(&self) -> &[TreePath] {
        &self.without_set_id
    }
}

/// The origin of what a longrun runs.
pub(super) enum LongrunKind {
    /// A script of this program's own, which says that it is ready.
    Ready(Script),
    /// An instance or its logger: the template, which is added apart.
    Instance,
}

/// A plan in the making.
pub(super) struct Draft {
    /// The entries below DIR, in any order.
    entries: Vec<(TreePath, Node<Content>)>,
    modes: Modes,
}

impl Draft {
    /// Returns a draft with nothing but DIR itself.
    pub(super) const fn new(modes: Modes) -> Self {
        Self { entries: Vec::new(), modes }
    }

    /// Returns the tree of DIR.
    pub(super) fn into_tree(self) -> Result<Tree<Content>, PlanError> {
        Ok(Tree::collected(Meta::callers(Modes::DIRECTORY), self.entries)?)
    }

    pub(super) fn directory(&mut self, path: TreePath) {
        self.node(path, Self::made_directory());
    }

    fn file(&mut self, directory: &TreePath, name: &Name, mode: Mode, bytes: Vec<u8>) -> Result<(), PlanError> {
        let path = below(directory, &name.clone().into())?;
        self.node(path, Node::new(Meta::callers(mode), Kind::File(Content::Generated(bytes))));
        Ok(())
    }

    /// Adds the files of every longrun: it is ready when it writes to descriptor 3, and it is run by a script.
    pub(super) fn longrun(&mut self, directory: &TreePath, script: Script, mode: Mode) -> Result<(), PlanError> {
        self.file(directory, &NOTIFICATION_FD, self.modes.file, b"3\n".to_vec())?;
        self.file(directory, &RUN, mode, script.into_bytes())
    }

    /// A source definition directory of a longrun; s6-rc-compile makes its scripts executable.
    pub(super) fn definition(
        &mut self,
        name: &ServiceName,
        definition: &Definition,
        kind: LongrunKind,
    ) -> Result<TreePath, PlanError> {
        let directory = TreePath::from(name.as_name().clone());
        self.directory(directory.clone());
        match kind {
            LongrunKind::Ready(script) => self.longrun(&directory, script, self.modes.file)?,
            LongrunKind::Instance => {}
        }
        self.file(&directory, &TYPE, self.modes.file, b"longrun\n".to_vec())?;
        let flags = definition.management().flags;
        for (flag, is_set) in [(FLAG_ESSENTIAL, flags.essential), (FLAG_RECOMMENDED, flags.recommended)] {
            if is_set {
                self.file(&directory, &flag, self.modes.file, Vec::new())?;
            }
        }
        let depends_on = &definition.management().depends_on;
        if !depends_on.is_empty() {
            let dependencies = below(&directory, &DEPENDENCIES_D.into())?;
            self.directory(dependencies.clone());
            for dependency in depends_on {
                self.file(&dependencies, dependency.as_name(), self.modes.file, Vec::new())?;
            }
        }
        Ok(directory)
    }

    /// Adds the dependencies and settings of the service itself; its logger follows it.
    pub(super) fn managed(&mut self, directory: &TreePath, definition: &Definition) -> Result<(), PlanError> {
        let management = definition.management();
        for (name, milliseconds) in [(TIMEOUT_UP, management.timeout_up), (TIMEOUT_DOWN, management.timeout_down)] {
            if let Some(milliseconds) = milliseconds {
                self.file(directory, &name, self.modes.file, format!("{milliseconds}\n").into_bytes())?;
            }
        }
        Ok(())
    }

    /// A file of s6-rc that lists names, one in a line.
    pub(super) fn list<'a>(
        &mut self,
        directory: &TreePath,
        file: &Name,
        names: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), PlanError> {
        let lines = names.into_iter().flat_map(|name| name.iter().chain(b"\n")).copied();
        self.file(directory, file, self.modes.file, lines.collect())
    }

    /// A source definition directory of a bundle of `contents`.
    pub(super) fn bundle<'a>(&mut self, name: &Name, contents: impl IntoIterator<Item = &'a Name>) -> Result<(), PlanError> {
        let directory = TreePath::from(name.clone());
        self.directory(directory.clone());
        self.file(&directory, &TYPE, self.modes.file, b"bundle\n".to_vec())?;
        let listed = below(&directory, &CONTENTS_D.into())?;
        self.directory(listed.clone());
        contents.into_iter().try_for_each(|name| self.file(&listed, name, self.modes.file, Vec::new()))
    }

    /// Adds the scripts of a definition: `run`, and `finish` where there is one.
    pub(super) fn scripts(&mut self, directory: &TreePath, run: Script, finish: Option<Wrapper>) -> Result<(), PlanError> {
        self.file(directory, &RUN, self.modes.file, run.into_bytes())?;
        finish.map_or(Ok(()), |finish| self.file(directory, &FINISH, self.modes.file, finish.into_bytes()))
    }

    /// Adds an entry as it is.
    pub(super) fn node(&mut self, path: TreePath, node: Node<Content>) {
        self.entries.push((path, node));
    }

    /// The node of a directory that is made.
    pub(super) const fn made_directory() -> Node<Content> {
        Node::new(Meta::callers(Modes::DIRECTORY), Kind::Directory)
    }

    /// A copy of the template as `directory`.
    pub(super) fn copy(&mut self, directory: &TreePath, copy: &TemplateCopy<'_>) -> Result<(), PlanError> {
        self.entries.reserve(copy.template.tree().count());
        for (path, node) in copy.entries() {
            self.node(below(directory, &path)?, node);
        }
        Ok(())
    }

    /// An instance as s6-instance-create makes it: a copy of the template, and a link to it in the scan directory.
    pub(super) fn instance(&mut self, name: &InstanceName, copy: &TemplateCopy<'_>) -> Result<(), PlanError> {
        let name = TreePath::from(name.as_name().clone());
        let target = [b"../", INSTANCES.as_bytes(), b"/", name.as_bytes()].concat();
        let link = Node::new(Meta::callers(Mode::new(0o777)), Kind::Symlink(target));
        self.node(below(&INSTANCE, &name)?, link);
        self.copy(&below(&INSTANCES, &name)?, copy)
    }
}

pub(super) fn below(directory: &TreePath, path: &TreePath) -> Result<TreePath, PlanError> {
    let place = directory.join_path(path);
    place.map_err(|source| PlanError::Path { directory: directory.clone(), path: path.clone(), source })
}

/// The modes of what is generated (docs/original.md, "Modes").
#[derive(Clone, Copy)]
pub(super) struct Modes {
    /// Files other than scripts, and scripts that s6-rc-compile makes executable.
    file: Mode,
    /// Scripts.
    pub(super) script: Mode,
}

impl Modes {
    /// Directories, whatever the umask.
    const DIRECTORY: Mode = Mode::new(0o755);
    /// Scripts that drop privileges: any account must be able to read and run them.
    const WRAPPER: Mode = Mode::new(0o755);

    pub(super) fn under(umask: Mode) -> Result<Self, PlanError> {
        if umask.has(0o400) {
            return Err(PlanError::UnreadableUmask { umask });
        }
        let file = Mode::new(0o666).without(umask.bits());
        // Who may read a script may execute it.
        let script = Mode::new(u32::from(file.bits() | (file.bits() & 0o444) >> 2));
        Ok(Self { file, script })
    }
}
