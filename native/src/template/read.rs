//! Reading a template: from a directory handle to a [`Source`], whose manifest is what plans are computed from.
//!
//! The entries that a template may contain, and the replacement of links that point outside it, are decided here; the walk itself
//! is `walk`'s.

use crate::attributes::Attributes;
use crate::authority::TemplateDir;
use crate::cursor::Cursor;
use crate::error::{Error, TemplateReason, cannot};
use crate::run::Run;
use crate::sys::{FileKind, Identity, Status, is_one_of, open_dir};
use crate::template::held::Room;
use crate::template::outside::{Links, Outside, Target};
use crate::template::source::{Mount, NotCopied, Record, Records, Source, Stamp};
use crate::template::walk::{Depth, Walk, WalkEntry, WalkError};
use cap_std::fs::Dir;
use rustix::io::Errno;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::template::{FileFacts, HEAD_MAX, Resolved, Template};
use s6_instance_maker_core::tree::{Kind, Meta, Mode, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::sync::Arc;

/// The size that an entry counts besides its contents against the limit of [`Outside`], in bytes: many empty files reach the limit
/// too.
const ENTRY: u64 = 256;

/// The use that is made of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A plan is computed.
    Plan,
    /// The contents of its files are used, too.
    Contents,
}

impl Source {
    /// Reads a template: its manifest, and as much of its contents as there is room for where they will be used. Refused: sockets,
    /// device nodes, paths that are too long for a service directory, a template that would hold its own result, which goes into the
    /// directory `destination`, and, where the targets of links are copied, too much of that.
    pub fn read(
        template_dir: TemplateDir,
        destination: Option<Identity>,
        purpose: Purpose,
        run: &Run<'_>,
    ) -> Result<Self, Error> {
        let place = &template_dir.place;
        let mut status = Status::of(&template_dir.dir).map_err(place.cannot("examine"))?;
        // Where it cannot be listed, it is open for looking up names only, and cannot be read either.
        let attributes = match Attributes::of(&template_dir.dir) {
            Err(error) if is_one_of(&error, &[Errno::BADF]) => return Err(place.cannot("read")(Errno::ACCESS.into())),
            attributes => attributes.map_err(place.cannot("read the attributes of"))?,
        };
        let template = Template::new(meta(&status));
        let template_dir = Arc::new(template_dir);
        let source = Self {
            template_dir: Arc::clone(&template_dir),
            template,
            files: Records::default(),
            mounts: BTreeMap::new(),
            not_copied: BTreeMap::new(),
        };
        let room = Room::default();
        let depth = match purpose {
            Purpose::Plan => Depth::Attributes,
            Purpose::Contents => Depth::Contents(&room),
        };
        let mut reader = Reader { source, outside: 0, destination, depth, run };
        status = reader.note(&TreePath::ROOT, attributes, status);
        reader.source.template = reader.read_whole(&template_dir.dir, &status, &TreePath::ROOT, &BTreeSet::new())?;
        let mut source = reader.source;
        source.files.sort();
        source.read_heads()?;
        Ok(source)
    }

    /// Reads the first bytes of the files that s6-supervise will execute or read.
    fn read_heads(&mut self) -> Result<(), Error> {
        let mut cursor = Cursor::default();
        for path in self.template.control_files() {
            let head = self.with_contents(&mut cursor, &path, |original| {
                // HEAD_MAX is far below u64::MAX. With room for all of it, it is read at once.
                let length = original.size.min(HEAD_MAX as u64);
                let mut head = Vec::with_capacity(length as usize);
                let read = original.by_ref().take(length).read_to_end(&mut head);
                read.map_err(cannot("read", || original.place()))?;
                Ok(head)
            })?;
            self.template.set_head(&path, head);
        }
        Ok(())
    }
}

/// A template that is being read.
struct Reader<'r> {
    source: Source,
    /// The size of the copied targets outside so far, in bytes.
    outside: u64,
    /// The directory that the result goes into, which must not be part of the template.
    destination: Option<Identity>,
    depth: Depth<'r>,
    run: &'r Run<'r>,
}

/// A directory with all that is in it, no link followed.
struct Region<'d> {
    dir: &'d Dir,
    /// Its content, by paths below it.
    template: Template,
    /// The identities of its directories, where the targets of links are copied.
    directories: BTreeMap<TreePath, Identity>,
}

impl Reader<'_> {
    /// Reads a directory that is to stand at `base`, and puts the targets of links that lead out of it in their place, where they
    /// shall be copied. `above` are the directories that it is in.
    fn read_whole(
        &mut self,
        dir: &Dir,
        status: &Status,
        base: &TreePath,
        above: &BTreeSet<Identity>,
    ) -> Result<Template, Error> {
        let mut region = self.read_region(dir, status, base)?;
        if let Links::Copied(outside) = self.source.template_dir.links {
            self.copy_links(&mut region, base, outside, above)?;
        }
        Ok(region.template)
    }

    fn read_region<'d>(&mut self, dir: &'d Dir, status: &Status, base: &TreePath) -> Result<Region<'d>, Error> {
        let mut entries = Vec::new();
        let copies_links = matches!(self.source.template_dir.links, Links::Copied(_));
        let mut directories = BTreeMap::from([(TreePath::ROOT, status.identity)]);
        self.check_apart(base, status)?;
        let mut walk = Walk::new(dir, status.identity, self.depth);
        while let Some(mut found) = walk.next().map_err(|error| self.explain(base, error))? {
            self.run.check()?;
            let whole = self.join(base, &found.path)?;
            // A link has no rights of its own, and a supervisor's state is not copied.
            if found.status.kind != FileKind::Symlink && !Template::may_be_state(&whole) {
                found.status = self.note(&whole, found.attributes, found.status);
            }
            let kind = self.kind(&found, &whole)?;
            if !base.is_root() {
                self.count(&whole, &kind)?;
            }
            match kind {
                Kind::Directory => {
                    self.check_apart(&whole, &found.status)?;
                    // The state of a supervisor is not copied, and so not read.
                    if !Template::may_be_state(&whole) {
                        walk.enter(&found);
                        if copies_links {
                            directories.insert(found.path.clone(), found.status.identity);
                        }
                    }
                }
                Kind::File(_) => {
                    let record = found.contents.take().map_or_else(|| Record::Stamped(Stamp::of(&found.status)), Record::Held);
                    self.source.files.add(whole.clone(), record);
                }
                Kind::Symlink(_) | Kind::Fifo => {}
            }
            entries.push((found.path, Node::new(meta(&found.status), kind)));
            self.run.progress.read(1);
        }
        let template = Template::collected(meta(status), entries).map_err(|error| self.refused(base, error.into()))?;
        Ok(Region { dir, template, directories })
    }

    /// Puts the targets of links that lead out of a region in their place, if they can be copied.
    fn copy_links(
        &mut self,
        region: &mut Region<'_>,
        base: &TreePath,
        outside: Outside,
        above: &BTreeSet<Identity>,
    ) -> Result<(), Error> {
        for (path, target) in leading_out(&region.template) {
            self.run.check()?;
            let whole = self.join(base, &path)?;
            let place = self.source.place(&whole);
            if Template::may_be_state(&whole) {
                continue;
            }
            let parent_path = path.parent().unwrap_or(TreePath::ROOT);
            let parent = open_dir(region.dir, &parent_path).map_err(place.cannot("open the directory of"))?;
            let target = OsString::from_vec(target);
            let (kind, status, inner) =
                match outside.open(&parent, &target).map_err(place.cannot("open the target of the link"))? {
                    Target::NothingToCopy => continue,
                    Target::File(file, status) => {
                        self.source.files.add(whole.clone(), Record::Stamped(Stamp::of(&status)));
                        let attributes = Attributes::of(&file).map_err(place.cannot("read the attributes of"))?;
                        let status = self.note(&whole, attributes, status);
                        (Kind::File(FileFacts { size: status.size, head: None }), status, None)
                    }
                    Target::Directory(dir, status) => {
                        let mut above = above.clone();
                        above.extend(path.ancestors().filter_map(|directory| region.directories.get(&directory)));
                        if above.contains(&status.identity) {
                            return Err(self.refused(&whole, TemplateReason::Endless));
                        }
                        let attributes = Attributes::of(&dir).map_err(place.cannot("read the attributes of"))?;
                        let status = self.note(&whole, attributes, status);
                        (Kind::Directory, status, Some((dir, above)))
                    }
                };
            self.count(&whole, &kind)?;
            self.source.mounts.insert(whole.clone(), Mount { target, identity: status.identity });
            region.template.replace_link(&path, Node::new(meta(&status), kind));
            if let Some((dir, above)) = inner {
                let inner = self.read_whole(&dir, &status, &whole, &above)?;
                for (below, node) in inner.tree().iter().filter(|(below, _)| !below.is_root()) {
                    let path = path.join_path(below).map_err(|error| self.refused(&whole, error.into()))?;
                    region.template.insert(path, node.clone()).map_err(|error| self.refused(&whole, error.into()))?;
                }
            }
        }
        Ok(())
    }

    /// Counts what of an entry is not copied. Returns its status with the rights that its owning group really has, which the mode
    /// does not say where there is an ACL.
    fn note(&mut self, path: &TreePath, attributes: Attributes, status: Status) -> Status {
        let Attributes { group, acl, capability, other } = attributes;
        let kinds = [(acl, NotCopied::Acl), (capability, NotCopied::Capability), (other, NotCopied::Attribute)];
        for (_, kind) in kinds.into_iter().filter(|(is_there, _)| *is_there) {
            self.source.not_copied.entry(kind).or_insert_with(|| (path.clone(), 0)).1 += 1;
        }
        let mode = group.map_or(status.mode, |group| status.mode & !0o070 | group << 3);
        Status { mode, ..status }
    }

    /// Fails when the directory at `path` is the one that the result goes into.
    fn check_apart(&self, path: &TreePath, status: &Status) -> Result<(), Error> {
        if self.destination == Some(status.identity) { Err(self.refused(path, TemplateReason::HoldsResult)) } else { Ok(()) }
    }

    /// Counts an entry from outside against the limit.
    fn count(&mut self, path: &TreePath, kind: &Kind<FileFacts>) -> Result<(), Error> {
        let Links::Copied(Outside { limit, .. }) = self.source.template_dir.links else { return Ok(()) };
        let contents = if let Kind::File(file) = kind { file.size } else { 0 };
        self.outside = self.outside.saturating_add(contents).saturating_add(ENTRY);
        if self.outside > limit {
            Err(self.refused(path, TemplateReason::TooMuchOutside { limit, entry: ENTRY }))
        } else {
            Ok(())
        }
    }

    fn join(&self, base: &TreePath, path: &TreePath) -> Result<TreePath, Error> {
        base.join_path(path).map_err(|error| {
            let directory = path.parent().and_then(|parent| base.join_path(&parent).ok());
            self.refused(directory.as_ref().unwrap_or(base), error.into())
        })
    }

    fn kind(&self, found: &WalkEntry, path: &TreePath) -> Result<Kind<FileFacts>, Error> {
        match found.status.kind {
            FileKind::Directory => Ok(Kind::Directory),
            FileKind::Regular => Ok(Kind::File(FileFacts { size: found.status.size, head: None })),
            FileKind::Symlink => Ok(Kind::Symlink(found.target.clone())),
            FileKind::Fifo => Ok(Kind::Fifo),
            FileKind::Socket => Err(self.refused(path, TemplateReason::Socket)),
            FileKind::Device => Err(self.refused(path, TemplateReason::Device)),
        }
    }

    /// The error of a walk that began at `base`, in terms of the template.
    fn explain(&self, base: &TreePath, error: WalkError) -> Error {
        let place = |path: &TreePath| self.source.place(base).at(path);
        match error {
            WalkError::Io { operation, path, source } => place(&path).cannot(operation)(source),
            WalkError::Name { directory, source } => Error::Template { place: place(&directory), reason: source.into() },
            WalkError::Replaced(path) => Error::Changed(place(&path)),
        }
    }

    fn refused(&self, path: &TreePath, reason: TemplateReason) -> Error {
        Error::Template { place: self.source.place(path), reason }
    }
}

/// The links of a template that lead out of it, however many others they lead through, and their texts.
fn leading_out(template: &Template) -> Vec<(TreePath, Vec<u8>)> {
    let links = template.tree().iter().filter_map(|(path, node)| match &node.kind {
        Kind::Symlink(target) => Some((path, target)),
        _ => None,
    });
    let leads_out = |(path, _): &(&TreePath, &Vec<u8>)| matches!(template.resolve(path), Resolved::Outside(_));
    links.filter(leads_out).map(|(path, target)| (path.clone(), target.clone())).collect()
}

fn meta(status: &Status) -> Meta {
    Meta { mode: Mode::new(status.mode), owner: Some(status.owner) }
}
