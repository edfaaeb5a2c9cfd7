//! Reading a template: from a directory handle to a [`Template`], the manifest that plans are computed from.
//!
//! Every file is remembered by a [`Stamp`], so that the copy can tell whether it is still the same.

use crate::authority::{Destination, Identity, Reading};
use crate::directory::{names, open_dir, open_nofollow, open_readable};
use crate::error::{Error, Place, TemplateReason, retry};
use crate::outside::{Links, Outside, Target};
use crate::run::Run;
use cap_std::fs::{Dir, File, FileTypeExt as _, Metadata, MetadataExt as _};
use rustix::fs::OFlags;
use s6_instance_maker_core::path::{Name, PathError, TreePath};
use s6_instance_maker_core::template::{FileFacts, HEAD_MAX, Resolved, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::ffi::OsStringExt as _;

/// A template that was read: its manifest, and what is needed to copy from it.
#[derive(Debug)]
pub struct Source {
    reading: Reading,
    template: Template,
    stamps: BTreeMap<TreePath, Stamp>,
    /// What stands where a link led out of the template, by the link's path.
    mounts: BTreeMap<TreePath, Mount>,
    /// How many bytes of that were counted.
    outside: u64,
    /// The directory that the result goes into, which must not be part of the template.
    destination: Option<Identity>,
}

/// Something from outside of the template that takes the place of a link.
#[derive(Clone, Debug)]
struct Mount {
    /// What the link says.
    target: OsString,
    /// What it led to.
    identity: Identity,
}

/// A directory with all that is in it, no link followed.
struct Region {
    dir: Dir,
    /// What was seen, by paths below it.
    template: Template,
    /// Which directories that are.
    directories: BTreeMap<TreePath, Identity>,
}

/// What an entry counts besides its contents against what may be copied of what links point to, in bytes: so that nothing but names
/// has its limit too.
pub(crate) const ENTRY: u64 = 256;

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
    /// directory, a template that would hold its own result, and, where what links point to is copied, too much of that.
    pub fn read(reading: Reading, destination: Option<&Destination>, run: &Run<'_>) -> Result<Self, Error> {
        let metadata = retry(|| reading.dir.dir_metadata()).map_err(reading.place.cannot("examine"))?;
        let dir = open_dir(&reading.dir, &TreePath::ROOT).map_err(reading.place.cannot("open"))?;
        let mut source = Self {
            reading,
            template: Template::new(meta(&metadata)),
            stamps: BTreeMap::new(),
            mounts: BTreeMap::new(),
            outside: 0,
            destination: destination.map(|to| to.identity),
        };
        source.template = source.read_whole(dir, &metadata, &TreePath::ROOT, &BTreeSet::new(), run)?;
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
        let place = self.place(path);
        let Some((at, mount)) = self.mount_on(path) else {
            return open_dir(&self.reading.dir, path).map_err(place.cannot("open"));
        };
        let parent = self.open_dir(&at.parent().unwrap_or(TreePath::ROOT))?;
        let dir = match self.open_outside(&parent, mount, at)? {
            Target::Directory(dir, _) => dir,
            _ => return Err(Error::Changed(self.place(at))),
        };
        // Below it, by one look-up that cannot leave it.
        let rest = path.as_bytes().get(at.as_bytes().len()..).unwrap_or_default();
        let rest =
            TreePath::parse(rest.strip_prefix(b"/").unwrap_or(rest)).map_err(|error| self.refused(path, error.into()))?;
        open_dir(&dir, &rest).map_err(place.cannot("open"))
    }

    /// Opens the file `name` of `parent`, which is at `path` in the template, for reading.
    pub(crate) fn open_file(&self, parent: &Dir, name: &OsStr, path: &TreePath) -> Result<File, Error> {
        match self.mounts.get(path) {
            None => open_nofollow(parent, name, OFlags::empty()).map_err(self.place(path).cannot("open")),
            Some(mount) => match self.open_outside(parent, mount, path)? {
                Target::File(file, _) => Ok(file),
                _ => Err(Error::Changed(self.place(path))),
            },
        }
    }

    /// Opens what took the place of the link at `path`, if it still is what was seen.
    fn open_outside(&self, parent: &Dir, mount: &Mount, path: &TreePath) -> Result<Target, Error> {
        let Links::Copied(outside) = self.reading.links else { return Err(Error::Changed(self.place(path))) };
        let target = outside.open(parent, &mount.target).map_err(self.place(path).cannot("open what it leads to,"))?;
        match &target {
            Target::File(_, metadata) | Target::Directory(_, metadata) if Identity::of(metadata) == mount.identity => {
                Ok(target)
            }
            _ => Err(Error::Changed(self.place(path))),
        }
    }

    /// The innermost directory from outside that `path` is in, or is.
    fn mount_on(&self, path: &TreePath) -> Option<(&TreePath, &Mount)> {
        if self.mounts.is_empty() {
            return None;
        }
        let mut at = Some(path.clone());
        while let Some(path) = at {
            if let Some(found) = self.mounts.get_key_value(&path) {
                return Some(found);
            }
            at = path.parent();
        }
        None
    }

    /// Fails unless `file` still is what was read at `path`.
    pub(crate) fn check_unchanged(&self, file: &File, path: &TreePath) -> Result<Metadata, Error> {
        let metadata = retry(|| file.metadata()).map_err(self.place(path).cannot("examine"))?;
        if self.stamps.get(path) == Some(&Stamp::of(&metadata)) { Ok(metadata) } else { Err(Error::Changed(self.place(path))) }
    }

    /// Reads a directory that is to stand at `base`, and copies what its links lead to that lead out of it, where they shall be
    /// copied. `above` are the directories that it is in.
    fn read_whole(
        &mut self,
        dir: Dir,
        metadata: &Metadata,
        base: &TreePath,
        above: &BTreeSet<Identity>,
        run: &Run<'_>,
    ) -> Result<Template, Error> {
        let mut region = self.read_region(dir, metadata, base, run)?;
        if let Links::Copied(outside) = self.reading.links {
            self.copy_links(&mut region, base, outside, above, run)?;
        }
        Ok(region.template)
    }

    fn read_region(&mut self, dir: Dir, metadata: &Metadata, base: &TreePath, run: &Run<'_>) -> Result<Region, Error> {
        let identity = Identity::of(metadata);
        let mut region = Region { dir, template: Template::new(meta(metadata)), directories: BTreeMap::new() };
        let mut pending = vec![(TreePath::ROOT, identity)];
        while let Some((path, identity)) = pending.pop() {
            if self.destination == Some(identity) {
                return Err(self.refused(&self.join(base, &path)?, TemplateReason::HoldsResult));
            }
            self.read_directory(&mut region, base, &path, identity, run, &mut pending)?;
            region.directories.insert(path, identity);
        }
        Ok(region)
    }

    fn read_directory(
        &mut self,
        region: &mut Region,
        base: &TreePath,
        path: &TreePath,
        identity: Identity,
        run: &Run<'_>,
        pending: &mut Vec<(TreePath, Identity)>,
    ) -> Result<(), Error> {
        let whole = self.join(base, path)?;
        let place = self.place(&whole);
        let dir = open_readable(&region.dir, path).map_err(place.cannot("read"))?;
        if Identity::of(&retry(|| dir.dir_metadata()).map_err(place.cannot("examine"))?) != identity {
            return Err(Error::Changed(place));
        }
        for name in names(&dir).map_err(place.cannot("read"))? {
            run.check()?;
            let name_in_tree =
                Name::new(name.as_bytes()).map_err(|error| self.refused(&whole, PathError::from(error).into()))?;
            let inner = path.join(&name_in_tree).map_err(|error| self.refused(&whole, error.into()))?;
            let whole = whole.join(&name_in_tree).map_err(|error| self.refused(&whole, error.into()))?;
            let metadata = retry(|| dir.symlink_metadata(&name)).map_err(self.place(&whole).cannot("examine"))?;
            let kind = self.kind(&dir, &name, &whole, &metadata)?;
            if !base.is_root() {
                self.count(&whole, &kind)?;
            }
            match kind {
                Kind::Directory if Template::may_be_state(&whole) => {
                    if self.destination == Some(Identity::of(&metadata)) {
                        return Err(self.refused(&whole, TemplateReason::HoldsResult));
                    }
                }
                Kind::Directory => pending.push((inner.clone(), Identity::of(&metadata))),
                Kind::File(_) => {
                    self.stamps.insert(whole.clone(), Stamp::of(&metadata));
                }
                Kind::Symlink(_) | Kind::Fifo => {}
            }
            let node = Node::new(meta(&metadata), kind);
            region.template.insert(inner, node).map_err(|error| self.refused(&whole, error.into()))?;
            run.progress.read(1);
        }
        Ok(())
    }

    /// Puts in the place of links that lead out of a region what they lead to, if that can be copied.
    fn copy_links(
        &mut self,
        region: &mut Region,
        base: &TreePath,
        outside: Outside,
        above: &BTreeSet<Identity>,
        run: &Run<'_>,
    ) -> Result<(), Error> {
        for (path, target) in leading_out(&region.template) {
            run.check()?;
            let whole = self.join(base, &path)?;
            // What is not copied need not be looked at.
            if Template::may_be_state(&whole) {
                continue;
            }
            let parent_path = path.parent().unwrap_or(TreePath::ROOT);
            let parent = open_dir(&region.dir, &parent_path).map_err(self.place(&whole).cannot("open the directory of"))?;
            let target = OsString::from_vec(target);
            let opened = outside.open(&parent, &target);
            let (kind, metadata, inner) = match opened.map_err(self.place(&whole).cannot("open what it leads to,"))? {
                Target::NothingToCopy => continue,
                Target::File(_, metadata) => {
                    self.stamps.insert(whole.clone(), Stamp::of(&metadata));
                    (Kind::File(FileFacts { size: metadata.len(), head: None }), metadata, None)
                }
                Target::Directory(dir, metadata) => {
                    let mut above = above.clone();
                    let mut at = Some(parent_path);
                    while let Some(directory) = at {
                        above.extend(region.directories.get(&directory));
                        at = directory.parent();
                    }
                    if above.contains(&Identity::of(&metadata)) {
                        return Err(self.refused(&whole, TemplateReason::Endless));
                    }
                    (Kind::Directory, metadata, Some((dir, above)))
                }
            };
            self.count(&whole, &kind)?;
            self.mounts.insert(whole.clone(), Mount { target, identity: Identity::of(&metadata) });
            region.template.replace_link(&path, Node::new(meta(&metadata), kind));
            if let Some((dir, above)) = inner {
                let inner = self.read_whole(dir, &metadata, &whole, &above, run)?;
                for (below, node) in inner.tree().iter().filter(|(below, _)| !below.is_root()) {
                    let path = path.join_path(below).map_err(|error| self.refused(&whole, error.into()))?;
                    region.template.insert(path, node.clone()).map_err(|error| self.refused(&whole, error.into()))?;
                }
            }
        }
        Ok(())
    }

    /// Counts an entry from outside against the limit.
    fn count(&mut self, path: &TreePath, kind: &Kind<FileFacts>) -> Result<(), Error> {
        let Links::Copied(Outside { limit, .. }) = self.reading.links else { return Ok(()) };
        let contents = if let Kind::File(file) = kind { file.size } else { 0 };
        self.outside = self.outside.saturating_add(contents).saturating_add(ENTRY);
        if self.outside > limit { Err(self.refused(path, TemplateReason::TooMuchOutside { limit })) } else { Ok(()) }
    }

    fn join(&self, base: &TreePath, path: &TreePath) -> Result<TreePath, Error> {
        base.join_path(path).map_err(|error| self.refused(base, error.into()))
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

    /// The first bytes of the files that s6-supervise will execute or read.
    fn read_heads(&mut self) -> Result<(), Error> {
        for path in self.template.control_files() {
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

/// The links of a template that lead out of it, however many others they lead through, and what they say.
fn leading_out(template: &Template) -> Vec<(TreePath, Vec<u8>)> {
    let links = template.tree().iter().filter_map(|(path, node)| match &node.kind {
        Kind::Symlink(target) => Some((path, target)),
        _ => None,
    });
    let leads_out = |(path, _): &(&TreePath, &Vec<u8>)| matches!(template.resolve(path), Resolved::Outside(_));
    links.filter(leads_out).map(|(path, target)| (path.clone(), target.clone())).collect()
}

fn meta(metadata: &Metadata) -> Meta {
    Meta { mode: Mode::new(metadata.mode()), owner: Some(Ids { uid: metadata.uid(), gid: metadata.gid() }) }
}
