//! Reading a template: from a directory handle to a [`Template`], the manifest that plans are computed from.
//!
//! Every file is remembered by a [`Stamp`], so that the copy can tell whether it is still the same.

use crate::authority::{Destination, Identity, Reading};
use crate::directory::{names, open_dir, open_nofollow, open_readable};
use crate::error::{Error, Place, TemplateReason, retry};
use crate::run::Run;
use cap_std::fs::{Dir, File, FileTypeExt as _, Metadata, MetadataExt as _};
use rustix::fs::OFlags;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::template::{FileFacts, HEAD_MAX, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::ffi::OsStringExt as _;

/// A template that was read: its manifest, and what is needed to copy from it.
#[derive(Debug)]
pub struct Source {
    reading: Reading,
    template: Template,
    stamps: BTreeMap<TreePath, Stamp>,
    /// The directory that the result goes into, which must not be part of the template.
    destination: Option<Identity>,
}

/// What must not change between reading a template and having copied from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    identity: Identity,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            identity: Identity::of(metadata),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Source {
    /// Reads all of a template but file contents. Refused: sockets, device nodes, paths that are too long for a service
    /// directory, and a template that would hold its own result.
    pub fn read(reading: Reading, destination: Option<&Destination>, run: &Run<'_>) -> Result<Self, Error> {
        let metadata = retry(|| reading.dir.dir_metadata()).map_err(reading.place.cannot("examine"))?;
        let template = Template::new(meta(&metadata));
        let mut source = Self { reading, template, stamps: BTreeMap::new(), destination: destination.map(|to| to.identity) };
        let mut pending = vec![(TreePath::ROOT, Identity::of(&metadata))];
        while let Some((path, identity)) = pending.pop() {
            if source.destination == Some(identity) {
                return Err(source.refused(&path, TemplateReason::HoldsResult));
            }
            source.read_directory(&path, identity, run, &mut pending)?;
        }
        source.read_heads()?;
        Ok(source)
    }

    /// The manifest.
    #[must_use]
    pub const fn template(&self) -> &Template {
        &self.template
    }

    /// What to call something in the template.
    #[must_use]
    pub fn place(&self, path: &TreePath) -> Place {
        self.reading.place.at(path)
    }

    /// The template's directory at `path`.
    pub(crate) fn open_dir(&self, path: &TreePath) -> Result<Dir, Error> {
        open_dir(&self.reading.dir, path).map_err(self.place(path).cannot("open"))
    }

    /// Opens the file `name` of `parent`, which is at `path` in the template, for reading.
    pub(crate) fn open_file(&self, parent: &Dir, name: &OsStr, path: &TreePath) -> Result<File, Error> {
        open_nofollow(parent, name, OFlags::empty()).map_err(self.place(path).cannot("open"))
    }

    /// Fails unless `file` still is what was read at `path`.
    pub(crate) fn check_unchanged(&self, file: &File, path: &TreePath) -> Result<Metadata, Error> {
        let metadata = retry(|| file.metadata()).map_err(self.place(path).cannot("examine"))?;
        if self.stamps.get(path) == Some(&Stamp::of(&metadata)) { Ok(metadata) } else { Err(Error::Changed(self.place(path))) }
    }

    fn read_directory(
        &mut self,
        path: &TreePath,
        identity: Identity,
        run: &Run<'_>,
        pending: &mut Vec<(TreePath, Identity)>,
    ) -> Result<(), Error> {
        let place = self.place(path);
        let dir = open_readable(&self.reading.dir, path).map_err(place.cannot("read"))?;
        if Identity::of(&retry(|| dir.dir_metadata()).map_err(place.cannot("examine"))?) != identity {
            return Err(Error::Changed(place));
        }
        for name in names(&dir).map_err(place.cannot("read"))? {
            run.check()?;
            let inner = Name::new(name.as_bytes()).map_err(Into::into).and_then(|name| path.join(&name));
            let inner = inner.map_err(|error| self.refused(path, error.into()))?;
            let metadata = retry(|| dir.symlink_metadata(&name)).map_err(self.place(&inner).cannot("examine"))?;
            let kind = self.kind(&dir, &name, &inner, &metadata)?;
            match kind {
                Kind::Directory if Template::may_be_state(&inner) => {
                    if self.destination == Some(Identity::of(&metadata)) {
                        return Err(self.refused(&inner, TemplateReason::HoldsResult));
                    }
                }
                Kind::Directory => pending.push((inner.clone(), Identity::of(&metadata))),
                Kind::File(_) => {
                    self.stamps.insert(inner.clone(), Stamp::of(&metadata));
                }
                Kind::Symlink(_) | Kind::Fifo => {}
            }
            let node = Node::new(meta(&metadata), kind);
            self.template.insert(inner, node).map_err(|error| self.refused(path, error.into()))?;
            run.progress.read(1);
        }
        Ok(())
    }

    fn kind(&self, parent: &Dir, name: &OsStr, path: &TreePath, metadata: &Metadata) -> Result<Kind<FileFacts>, Error> {
        let kind = metadata.file_type();
        if kind.is_dir() {
            Ok(Kind::Directory)
        } else if kind.is_file() {
            Ok(Kind::File(FileFacts { size: metadata.len(), head: None }))
        } else if kind.is_symlink() {
            let target = retry(|| parent.read_link_contents(name)).map_err(self.place(path).cannot("read"))?;
            Ok(Kind::Symlink(target.into_os_string().into_vec()))
        } else if kind.is_fifo() {
            Ok(Kind::Fifo)
        } else if kind.is_socket() {
            Err(self.refused(path, TemplateReason::Socket))
        } else {
            Err(self.refused(path, TemplateReason::Device))
        }
    }

    /// The first bytes of the scripts that s6-supervise will execute.
    fn read_heads(&mut self) -> Result<(), Error> {
        for path in self.template.control_scripts() {
            let (Some(parent), Some((_, name))) = (path.parent(), path.split()) else { continue };
            let name = OsStr::from_bytes(name);
            let place = self.place(&path);
            let file = self.open_file(&self.open_dir(&parent)?, name, &path)?;
            self.check_unchanged(&file, &path)?;
            let mut head = Vec::new();
            // HEAD_MAX is far below u64::MAX.
            file.take(HEAD_MAX as u64).read_to_end(&mut head).map_err(place.cannot("read"))?;
            self.template.set_head(&path, head);
        }
        Ok(())
    }

    fn refused(&self, path: &TreePath, reason: TemplateReason) -> Error {
        Error::Template { place: self.place(path), reason }
    }
}

fn meta(metadata: &Metadata) -> Meta {
    Meta { mode: Mode::new(metadata.mode()), owner: Some(Ids { uid: metadata.uid(), gid: metadata.gid() }) }
}
