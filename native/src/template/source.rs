//! A template that was read: its manifest, and its contents, unchanged since then.
//!
//! Small files are held in memory. Every other one is remembered by a `Stamp`, so that whoever uses its contents learns whether they
//! are still the same.

use crate::authority::TemplateDir;
use crate::cursor::Cursor;
use crate::error::{Error, Place};
use crate::sys::{Identity, Status, last_name, open_dir, open_file, retry};
use crate::template::outside::{Links, Target};
use cap_std::fs::Dir;
use s6_instance_maker_core::archive::ArchiveOwners;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::rules::{Finding, Problem, Tally};
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::Kind;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read};
use std::sync::Arc;

/// A template that was read: its manifest, and what is needed to copy from it.
#[derive(Debug)]
pub struct Source {
    pub(super) template_dir: Arc<TemplateDir>,
    pub(super) template: Template,
    pub(super) files: Records,
    /// The targets that replace links out of the template, by the link's path.
    pub(super) mounts: BTreeMap<TreePath, Mount>,
    /// Properties of entries that are not copied: of each kind the first entry, and the number of entries.
    pub(super) not_copied: BTreeMap<NotCopied, (TreePath, u64)>,
}

/// A property of an entry, besides its contents, mode and owner, that a copy does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NotCopied {
    Acl,
    Capability,
    Attribute,
}

/// A file or directory from outside of the template that takes the place of a link.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    /// The text of the link.
    pub(super) target: OsString,
    /// The identity of its target.
    pub(super) identity: Identity,
}

/// The regular files of a template, as they were read.
#[derive(Debug, Default)]
pub(super) struct Records(Vec<(TreePath, Record)>);

impl Records {
    /// Adds a file; in any order, each once.
    pub(super) fn add(&mut self, path: TreePath, record: Record) {
        self.0.push((path, record));
    }

    /// Makes what was added known to [`get`](Self::get).
    pub(super) fn sort(&mut self) {
        self.0.shrink_to_fit();
        self.0.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    }

    fn get(&self, path: &TreePath) -> Option<&Record> {
        let at = self.0.binary_search_by(|(known, _)| known.cmp(path)).ok()?;
        self.0.get(at).map(|(_, record)| record)
    }
}

/// A regular file, as it was read.
#[derive(Clone, Debug)]
pub(super) enum Record {
    /// Its contents.
    Held(Box<[u8]>),
    /// That by which a later change of its contents is noticed.
    Stamped(Stamp),
}

/// A hash of the part of a file's status that changes whenever its contents do: a template can have a million files, and each has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Stamp {
    pub(super) fn of(status: &Status) -> Self {
        let mut hasher = DefaultHasher::new();
        (status.identity, status.size, status.modified, status.changed).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// A file of the template while its contents are used, from the first byte on.
#[derive(Debug)]
pub(crate) struct SourceFile<'s> {
    pub contents: SourceContents<'s>,
    /// The size that it had when the template was read, in bytes.
    pub size: u64,
    source: &'s Source,
    path: &'s TreePath,
}

/// The place where the contents of a file are.
#[derive(Debug)]
pub(crate) enum SourceContents<'s> {
    /// In memory: those that are not read yet.
    Held(&'s [u8]),
    /// In the template.
    Open(&'s File, Stamp),
}

impl SourceFile<'_> {
    /// The file's name in messages.
    pub(crate) fn place(&self) -> Place {
        self.source.place(self.path)
    }

    /// Examines an open file again; fails when it is not what was read.
    pub(crate) fn examine(&self, file: &File, stamp: Stamp) -> Result<Status, Error> {
        let status = Status::of(file).map_err(self.place().cannot("examine"))?;
        if stamp == Stamp::of(&status) { Ok(status) } else { Err(Error::Changed(self.place())) }
    }
}

impl Read for SourceFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.contents {
            SourceContents::Held(bytes) => bytes.read(buffer),
            SourceContents::Open(file, _) => retry(|| (&mut &**file).read(buffer)),
        }
    }
}

impl Source {
    /// The manifest.
    #[must_use]
    pub const fn template(&self) -> &Template {
        &self.template
    }

    /// Returns this template as if its entries had the owners that they are to have in an archive.
    #[must_use]
    pub fn owned_as_in(self, owners: &ArchiveOwners) -> Self {
        Self { template: self.template.owned_as_in(owners), ..self }
    }

    /// Returns the findings about properties that are not copied.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let tally = |kind: &NotCopied| match kind {
            NotCopied::Acl => Tally::Acl,
            NotCopied::Capability => Tally::Capability,
            NotCopied::Attribute => Tally::Attribute,
        };
        let problems = self.not_copied.iter().map(|(kind, (first, count))| Problem::Tally(tally(kind), first.clone(), *count));
        problems.map(Finding::warning).collect()
    }

    /// The name of something in the template in messages.
    #[must_use]
    pub fn place(&self, path: &TreePath) -> Place {
        self.template_dir.place.at(path)
    }

    /// Opens the template's directory at `path`.
    pub(crate) fn open_dir(&self, path: &TreePath) -> Result<Dir, Error> {
        let place = self.place(path);
        let Some((at, mount)) = self.mount_on(path) else {
            return open_dir(&self.template_dir.dir, path).map_err(place.cannot("open"));
        };
        let parent = self.open_dir(&at.parent().unwrap_or(TreePath::ROOT))?;
        let dir = match self.open_outside(&parent, mount, at)? {
            Target::Directory(dir, _) => dir,
            _ => return Err(Error::Changed(self.place(at))),
        };
        // Below it, by names that cannot leave it.
        let rest = path.as_bytes().get(at.as_bytes().len()..).unwrap_or_default();
        let rest = TreePath::parse(rest.strip_prefix(b"/").unwrap_or(rest))
            .map_err(|error| Error::Template { place: self.place(path), reason: error.into() })?;
        open_dir(&dir, &rest).map_err(place.cannot("open"))
    }

    /// Has `use_it` take what it needs of the contents of the file at `path`; `cursor` is at the directory that was used last. Fails
    /// when that were not the contents of the file that was read, from the first byte to the last.
    pub(crate) fn with_contents<T>(
        &self,
        cursor: &mut Cursor,
        path: &TreePath,
        use_it: impl FnOnce(&mut SourceFile<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let changed = || Error::Changed(self.place(path));
        let Some(Kind::File(file)) = self.template.tree().get(path).map(|node| &node.kind) else { return Err(changed()) };
        let size = file.size;
        let stamp = match self.files.get(path) {
            None => return Err(changed()),
            Some(Record::Held(bytes)) => {
                let contents = SourceContents::Held(bytes);
                return use_it(&mut SourceFile { contents, size, source: self, path });
            }
            Some(Record::Stamped(stamp)) => *stamp,
        };
        let name = last_name(path).ok_or_else(changed)?;
        let parent = cursor.parent_of(path, |parent| self.open_dir(parent))?;
        let file = self.open_file(parent, &name, path)?;
        let mut original = SourceFile { contents: SourceContents::Open(&file, stamp), size, source: self, path };
        let taken = use_it(&mut original)?;
        // Only now: what is unchanged at the end was so all the time, since the time of the last change is part of the stamp.
        original.examine(&file, stamp).map(|_| taken)
    }

    fn open_file(&self, parent: &Dir, name: &Name, path: &TreePath) -> Result<File, Error> {
        match self.mounts.get(path) {
            None => open_file(parent, name).map_err(self.place(path).cannot("open")),
            Some(mount) => match self.open_outside(parent, mount, path)? {
                Target::File(file, _) => Ok(file),
                _ => Err(Error::Changed(self.place(path))),
            },
        }
    }

    /// Opens what took the place of the link at `path`, if it still is what was seen.
    fn open_outside(&self, parent: &Dir, mount: &Mount, path: &TreePath) -> Result<Target, Error> {
        let Links::Copied(outside) = self.template_dir.links else { return Err(Error::Changed(self.place(path))) };
        let target = outside.open(parent, &mount.target).map_err(self.place(path).cannot("open the target of the link"))?;
        match &target {
            Target::File(_, status) | Target::Directory(_, status) if status.identity == mount.identity => Ok(target),
            _ => Err(Error::Changed(self.place(path))),
        }
    }

    /// The innermost directory from outside that `path` is in, or is.
    fn mount_on(&self, path: &TreePath) -> Option<(&TreePath, &Mount)> {
        if self.mounts.is_empty() {
            return None;
        }
        let mut directories = std::iter::once(path.clone()).chain(path.ancestors());
        directories.find_map(|directory| self.mounts.get_key_value(&directory))
    }
}
