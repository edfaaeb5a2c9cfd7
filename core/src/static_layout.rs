//! The service directory of an instance that s6-rc runs: where each entry of a template stands in the definition.
//!
//! s6-rc-compile copies `run`, `finish`, a few files with one value each, and the directories `data` and `env`; everything else in
//! a definition vanishes (docs/original.md, "Static instances in s6-rc"). So the scripts of the template and all entries that s6-rc does not
//! know are in `data/.template`, and the `run` of the definition links the latter into the service directory, which stays the
//! working directory: s6-rc-update replaces `data`, and would delete a working directory in it.

use crate::layout::{
    DATA, DATA_TEMPLATE, DOWN, ENV, FINISH, FINISH_USER, FLAGS, INSTANCE, INSTANCES, LOG, RUN, RUN_USER, S6_RC_COPIES, STATE,
    TEMPLATE,
};
use crate::path::{Name, PathError, TreePath};
use crate::rules::Part;
use crate::template::{FileFacts, Resolved, Template};
use crate::tree::{Kind, Meta, Mode, Node};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The places of the entries of one service directory of a template: of the template itself, or of its `log`.
#[derive(Clone, Debug)]
pub(crate) struct StaticLayout {
    /// The service directory in the template.
    pub(crate) origin: TreePath,
    /// The place of each entry that is copied, by its path in the template.
    places: BTreeMap<TreePath, TreePath>,
    /// The regular file in the template of each control file that s6-rc reads.
    control_files: BTreeMap<Name, TreePath>,
    /// The entries that `run` links into the service directory.
    linked: Vec<Name>,
}

/// A path of the template is too long for its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayoutError {
    /// The path below `data/.template`.
    pub(crate) path: TreePath,
    /// The problem.
    pub(crate) source: PathError,
}

impl StaticLayout {
    /// The layout of `part` of a template. `None`: the template has no such part.
    pub(crate) fn new(template: &Template, part: Part) -> Result<Option<Self>, LayoutError> {
        let (origin, without) = match (part, template.log_directory()) {
            (Part::Service, log) => (TreePath::ROOT, log.map(|_| LOG)),
            (Part::Logger, Some(log)) => (log, None),
            (Part::Logger, None) => return Ok(None),
        };
        let mut layout = Self { origin, places: BTreeMap::new(), control_files: BTreeMap::new(), linked: Vec::new() };
        let state = template.state();
        for (path, _) in template.tree().iter() {
            let is_left_out = without.iter().chain(&state).any(|outer| path.starts_with(outer));
            if let Some(inner) = path.below(&layout.origin).filter(|_| !is_left_out) {
                layout.put(template, path, &inner)?;
            }
        }
        Ok(Some(layout))
    }

    fn put(&mut self, template: &Template, path: &TreePath, inner: &TreePath) -> Result<(), LayoutError> {
        let is_known = |directory: &TreePath| inner.starts_with(directory);
        let name = Name::new(inner.as_bytes()).ok();
        if let Some(name) = name.clone().filter(|name| S6_RC_COPIES.contains(name)) {
            match template.resolve(path) {
                Resolved::Entry(end) if matches!(template.tree().get(&end), Some(Node { kind: Kind::File(_), .. })) => {
                    self.control_files.insert(name, end);
                }
                // What is there when it is compiled counts.
                Resolved::Outside(_) => {
                    self.places.insert(path.clone(), inner.clone());
                }
                // A link that leads nowhere; and what s6-rc-compile would refuse, and s6-supervise would not read either.
                Resolved::Entry(_) | Resolved::Missing | Resolved::Loop => {}
            }
            return Ok(());
        }
        if is_known(&DATA) || is_known(&ENV) {
            self.places.insert(path.clone(), inner.clone());
            return Ok(());
        }
        let place = DATA_TEMPLATE.join_path(inner).map_err(|source| LayoutError { path: inner.clone(), source })?;
        self.places.insert(path.clone(), place);
        self.linked.extend(name.filter(is_linked));
        Ok(())
    }

    /// The entries of the template that are copied, and their places in the definition.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&TreePath, &TreePath)> {
        self.places.iter()
    }

    /// The control files, and the regular files of the template that they are copies of.
    pub(crate) fn control_files(&self) -> impl Iterator<Item = (&Name, &TreePath)> {
        self.control_files.iter()
    }

    /// The entries that `run` links into the service directory.
    pub(crate) fn linked(&self) -> &[Name] {
        &self.linked
    }

    /// The links in `data/.template` by which paths to `data` and `env` lead there from it, and their targets.
    pub(crate) fn ways_back<'a>(&'a self, template: &'a Template) -> impl Iterator<Item = (TreePath, &'static str)> + use<'a> {
        [(DATA, ".."), (ENV, "../../env")].into_iter().filter_map(|(directory, target)| {
            let there = self.origin.join_path(&directory).ok()?;
            template.tree().get(&there)?;
            Some((DATA_TEMPLATE.join_path(&directory).ok()?, target))
        })
    }

    /// Returns `true` if a link of the template leads in the service directory to what it leads to in the template. A link that leads
    /// nowhere, or outside, does so as well.
    pub(crate) fn keeps(&self, template: &Template, live: &Template, link: &TreePath) -> bool {
        let Some(place) = self.places.get(link) else { return true };
        let Resolved::Entry(end) = template.resolve(link) else { return true };
        let expected = if end == self.origin { None } else { self.places.get(&end) };
        let control_file = || {
            let name = self.control_files.iter().find(|(_, file)| **file == end).map(|(name, _)| name.clone());
            name.map(TreePath::from)
        };
        match (live.resolve(place), expected.cloned().or_else(control_file)) {
            (Resolved::Entry(found), Some(expected)) => found == expected,
            // The service directory itself has both of the template's: its own entries, and links to the others.
            (Resolved::Entry(found), None) => end == self.origin && (found.is_root() || found == DATA_TEMPLATE),
            _ => false,
        }
    }

    /// The service directory as links find it once `run` has made its links.
    pub(crate) fn live(&self, template: &Template) -> Template {
        let directory = || Node::new(Meta::callers(Mode::new(0o755)), Kind::Directory);
        let file = || Node::new(Meta::callers(Mode::new(0o755)), Kind::File(FileFacts::default()));
        let link = |target: Vec<u8>| Node::new(Meta::callers(Mode::new(0o777)), Kind::Symlink(target));
        let mut nodes =
            BTreeMap::from([(DATA, directory()), (DATA_TEMPLATE, directory()), (RUN.into(), file()), (FINISH.into(), file())]);
        nodes.extend(self.control_files.keys().map(|name| (name.clone().into(), file())));
        let entries = self.places.iter().filter_map(|(path, place)| Some((place.clone(), template.tree().get(path)?.clone())));
        nodes.extend(entries);
        nodes.extend(self.ways_back(template).map(|(path, target)| (path, link(target.into()))));
        nodes.extend(
            self.linked
                .iter()
                .map(|name| (name.clone().into(), link([DATA_TEMPLATE.as_bytes(), b"/", name.as_bytes()].concat()))),
        );
        let mut live = Template::new(Meta::callers(Mode::new(0o755)));
        for (path, node) in nodes {
            // Only what is refused elsewhere has no directory to be in.
            let _ = live.insert(path, node);
        }
        live
    }
}

/// Returns `true` if an entry of that name is linked into the service directory: it means nothing to s6-supervise. What means
/// something in a definition does so beside `data`, and nowhere in a service directory.
fn is_linked(name: &Name) -> bool {
    let is_script = [RUN, FINISH].contains(name);
    let is_supervisors = *name == DOWN || STATE.contains(name) || FLAGS.contains(name);
    !is_script && !is_supervisors && !is_unlinkable(name)
}

/// Returns `true` if something of s6-rc's own has that name in a service directory, or may have it.
pub(crate) fn is_unlinkable(name: &Name) -> bool {
    const OLD: Name = Name::constant("old");
    let names = [TEMPLATE, INSTANCE, INSTANCES];
    [OLD, RUN_USER, FINISH_USER].contains(name) || names.iter().any(|path| path.as_bytes() == name.as_bytes())
}
