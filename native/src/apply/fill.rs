//! The making of single entries in a staging directory.

use crate::apply::durability::Durability;
use crate::apply::quirks::{Corrections, FileSystemQuirks};
use crate::apply::stage::Stage;
use crate::apply::transfer::Transfer;
use crate::error::{Error, Place};
use crate::run::Run;
use crate::sys::{Cursor, Status, as_os, change_owner, create_dir, create_fifo, create_file, last_name, open_dir, open_file};
use crate::sys::{open_readable, retry};
use crate::template::source::Source;
use cap_std::fs::Dir;
use rustix::fs::{Gid, Uid, fchmod, fchown};
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::Content;
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Node};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;

/// An entry of a plan.
pub(super) type PlanEntry<'p> = (&'p TreePath, &'p Node<Content>);

/// The context in which every entry of one result is made.
pub(super) struct Fill<'a> {
    pub stage: &'a Stage<'a>,
    pub source: &'a Source,
    /// The result's name in messages.
    pub place: &'a Place,
    pub run: &'a Run<'a>,
    pub quirks: FileSystemQuirks,
    pub caller: Ids,
    pub durability: Durability,
}

impl Fill<'_> {
    /// Makes a directory; until it is full, with a mode by which it can be filled.
    pub(super) fn directory(&self, cursor: &mut Cursor, &(path, node): &PlanEntry<'_>) -> Result<(), Error> {
        let Some(name) = last_name(path) else { return Ok(()) };
        let parent = cursor.parent_of(path, |parent| self.open_dir(parent))?;
        let mode = match self.directory_corrections(node.meta) {
            None => node.meta.mode.bits().into(),
            Some(_) => 0o700,
        };
        create_dir(parent, &name, mode).map_err(self.place.at(path).cannot("make"))?;
        self.run.progress.made(1);
        Ok(())
    }

    /// Gives a directory that is full its owner and mode, and flushes it.
    pub(super) fn finish_directory(&self, &(path, node): &PlanEntry<'_>) -> Result<(), Error> {
        let corrections = self.directory_corrections(node.meta);
        if corrections.is_none() && self.durability == Durability::Eventual {
            return Ok(());
        }
        let place = self.place.at(path);
        let handle = open_readable(&self.stage.dir, path).map_err(place.cannot("open"))?;
        if let Some(corrections) = corrections {
            hand_over(&handle, corrections).map_err(place.cannot("change the owner or mode of"))?;
        }
        self.durability.flush(&handle, || place)
    }

    /// Gives the staging directory the mode and owner of DIR, and flushes it; its group may be that of its own parent, where that is
    /// set-gid.
    pub(super) fn finish_root(&self, meta: Meta) -> Result<(), Error> {
        let cannot = || self.place.cannot("change the owner or mode of");
        let made = Status::of(&self.stage.dir).map_err(cannot())?.owner;
        let is_inherited = made.uid == self.caller.uid && made.gid != self.caller.gid;
        let owner = meta.owner.or(is_inherited.then_some(self.caller));
        hand_over(&self.stage.dir, Corrections { owner, mode: Some(meta.mode) }).map_err(cannot())?;
        self.durability.flush(&self.stage.dir, || self.place.clone())
    }

    /// Makes an entry that is no directory.
    pub(super) fn other(&self, cursors: &mut Cursors, &(path, node): &PlanEntry<'_>) -> Result<(), Error> {
        self.run.check()?;
        let Some(name) = last_name(path) else { return Ok(()) };
        let place = || self.place.at(path);
        let target = cursors.target.parent_of(path, |parent| self.open_dir(parent))?;
        match &node.kind {
            Kind::Directory => {}
            Kind::File(content) => self.file(target, &name, node.meta, content, &mut cursors.source, &place)?,
            Kind::Symlink(to) => {
                retry(|| target.symlink_contents(OsStr::from_bytes(to), as_os(&name))).map_err(place().cannot("make"))?;
                if let Some(owner) = self.quirks.corrections(node.meta, self.caller).owner {
                    change_owner(target, &name, owner).map_err(place().cannot("change the owner of"))?;
                }
            }
            Kind::Fifo => self.fifo(target, &name, node.meta).map_err(place().cannot("make"))?,
        }
        self.run.progress.made(1);
        Ok(())
    }

    fn file(
        &self,
        target: &Dir,
        name: &Name,
        meta: Meta,
        content: &Content,
        source: &mut Cursor,
        place: &dyn Fn() -> Place,
    ) -> Result<(), Error> {
        let corrections = self.quirks.corrections(meta, self.caller);
        // Until it has its owner, nobody else may look into it.
        let mode = if corrections.owner.is_some() { 0o600 } else { meta.mode.bits() & 0o777 };
        let mut file = create_file(target, name, mode.into()).map_err(place().cannot("make"))?;
        match content {
            Content::Generated(bytes) => file.write_all(bytes).map_err(place().cannot("write"))?,
            Content::Template(from) => self.copy(source, from, &file, place)?,
        }
        hand_over(&file, corrections).map_err(place().cannot("change the owner or mode of"))?;
        self.durability.flush(&file, place)?;
        close(file).map_err(place().cannot("write"))
    }

    /// Fills `to` with what the template has at `from`, if that is what was read there.
    fn copy(&self, cursor: &mut Cursor, from: &TreePath, to: &File, place: &dyn Fn() -> Place) -> Result<(), Error> {
        let Some(name) = last_name(from) else { return Err(Error::Changed(self.source.place(from))) };
        let parent = cursor.parent_of(from, |parent| self.source.open_dir(parent))?;
        self.source.with_contents(parent, &name, from, |original| Transfer::new(original, to, place, self.run).all())
    }

    fn fifo(&self, parent: &Dir, name: &Name, meta: Meta) -> io::Result<()> {
        let corrections = self.quirks.corrections(meta, self.caller);
        let mode = if corrections.are_needed() { 0o600 } else { meta.mode.bits() };
        create_fifo(parent, name, mode.into())?;
        if corrections.are_needed() {
            // By a handle, since a mode that is changed by a name is changed through links.
            hand_over(&open_file(parent, name)?, corrections)?;
        }
        Ok(())
    }

    /// Returns the owner and mode of a full directory: its own mode may be one by which it cannot be filled.
    fn directory_corrections(&self, meta: Meta) -> Option<Corrections> {
        let corrections = self.quirks.corrections(meta, self.caller);
        let can_be_filled = meta.mode.bits() & 0o700 == 0o700;
        if can_be_filled && !corrections.are_needed() {
            None
        } else {
            Some(Corrections { mode: Some(meta.mode), ..corrections })
        }
    }

    fn open_dir(&self, path: &TreePath) -> Result<Dir, Error> {
        open_dir(&self.stage.dir, path).map_err(self.place.at(path).cannot("open"))
    }
}

/// A worker's open directories: the one that it fills, and the one in the template that it copies from.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    target: Cursor,
    source: Cursor,
}

/// Gives an open file its owner, and then its mode, which the change of the owner may have reduced.
fn hand_over(handle: &impl AsFd, corrections: Corrections) -> io::Result<()> {
    if let Some(ids) = corrections.owner {
        retry(|| Ok(fchown(handle, Some(Uid::from_raw(ids.uid)), Some(Gid::from_raw(ids.gid)))?))?;
    }
    if let Some(mode) = corrections.mode {
        let mode = rustix::fs::Mode::from_raw_mode(mode.bits().into());
        retry(|| Ok(fchmod(handle, mode)?))?;
    }
    Ok(())
}

/// Closes a file that was written: some file systems, NFS among them, report only now that its contents are lost.
fn close(file: File) -> io::Result<()> {
    match nix::unistd::close(file) {
        // The descriptor is gone all the same; trying again might close another thread's.
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
