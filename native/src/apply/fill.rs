//! The making of single entries in a staging directory.

use crate::apply::durability::Durability;
use crate::apply::place::{Corrections, Given, Habits, is_refused_name};
use crate::apply::stage::{Stage, is_kept};
use crate::apply::transfer::Transfer;
use crate::cursor::Cursor;
use crate::error::{Error, Place, Rights, cannot};
use crate::run::Run;
use crate::sys::{
    Status, as_os, change_entry_owner, change_mode, change_owner, create_dir, create_fifo, create_file, last_name, open_child,
    open_file, retry,
};
use crate::template::source::Source;
use cap_std::fs::Dir;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::Content;
use s6_instance_maker_core::tree::{Ids, Kind, Mode, Node};
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
    pub habits: &'a Habits,
    pub caller: Ids,
    pub durability: Durability,
}

impl Fill<'_> {
    /// Makes a directory; until it is full, with a mode by which it can be filled.
    pub(super) fn directory(&self, cursor: &mut Cursor, &(path, node): &PlanEntry<'_>) -> Result<(), Error> {
        let Some(name) = last_name(path) else { return Ok(()) };
        let parent = self.parent(cursor, path)?;
        let mode = match self.directory_corrections(node) {
            None => node.meta.mode.bits().into(),
            Some(corrections) => corrections.first_directory_mode(),
        };
        create_dir(parent, &name, mode).map_err(self.not_made(&name, "make", || self.place.at(path)))?;
        self.run.progress.made(1);
        Ok(())
    }

    /// Gives a directory that is full its owner and mode, examines it, and flushes it.
    pub(super) fn finish_directory(&self, cursor: &mut Cursor, &(path, node): &PlanEntry<'_>) -> Result<(), Error> {
        let Some(name) = last_name(path) else { return Ok(()) };
        let place = || self.place.at(path);
        let parent = self.parent(cursor, path)?;
        let corrections = self.directory_corrections(node);
        if corrections.is_none() && self.durability == Durability::Eventual {
            // There is nothing to do with it for which it would have to be opened.
            let status = Status::of_entry(parent, &name).map_err(cannot("examine", place))?;
            return self.check(node, &status, place);
        }
        let handle = open_child(parent, &name).map_err(cannot("open", place))?;
        self.finish(&handle, node, corrections, place)
    }

    /// Gives the staging directory the mode and owner of DIR, examines it, and flushes it; its group may be that of its own parent,
    /// where that is set-gid.
    pub(super) fn finish_root(&self, node: &Node<Content>) -> Result<(), Error> {
        let (owner, _) = self.habits.expected(node, self.caller);
        let corrections = self.habits.corrections(node, self.caller);
        let owner = corrections.owner.or((self.stage.status.owner != owner).then_some(Given::Whole(owner)));
        let corrections = Corrections { owner, ..self.closed(corrections, node) };
        self.finish(&self.stage.dir, node, Some(corrections), || self.place.clone())
    }

    fn finish(
        &self,
        handle: &Dir,
        node: &Node<Content>,
        corrections: Option<Corrections>,
        place: impl Fn() -> Place + Copy,
    ) -> Result<(), Error> {
        if let Some(corrections) = corrections {
            hand_over(handle, corrections).map_err(cannot("change the owner or mode of", place))?;
        }
        let status = Status::of(handle).map_err(cannot("examine", place))?;
        self.check(node, &status, place)?;
        self.durability.flush(handle, place)
    }

    /// Fails when a directory did not become what the plan says.
    fn check(&self, node: &Node<Content>, status: &Status, place: impl FnOnce() -> Place) -> Result<(), Error> {
        let (owner, mode) = self.habits.expected(node, self.caller);
        let became = Mode::new(status.mode);
        let mode = mode.unwrap_or(became);
        if (status.owner, became) == (owner, mode) {
            return Ok(());
        }
        let (asked, became) = (Rights { mode, owner }, Rights { mode: became, owner: status.owner });
        Err(Error::Altered { place: place(), asked, became })
    }

    /// Makes an entry that is not a directory.
    pub(super) fn other(&self, cursors: &mut Cursors, &(path, node): &PlanEntry<'_>) -> Result<(), Error> {
        self.run.check()?;
        let Some(name) = last_name(path) else { return Ok(()) };
        let place = || self.place.at(path);
        let target = self.parent(&mut cursors.target, path)?;
        match &node.kind {
            Kind::Directory => {}
            Kind::File(content) => self.file(target, &name, node, content, &mut cursors.source, &place)?,
            Kind::Symlink(to) => {
                retry(|| target.symlink_contents(OsStr::from_bytes(to), as_os(&name))).map_err(self.not_made(
                    &name,
                    "make the symbolic link",
                    place,
                ))?;
                if let Some(owner) = self.habits.corrections(node, self.caller).owner {
                    let given = owner.by(|owner| change_entry_owner(target, &name, owner));
                    given.map_err(cannot("change the owner of", place))?;
                }
            }
            Kind::Fifo => self.fifo(target, &name, node).map_err(self.not_made(&name, "make", place))?,
        }
        self.run.progress.made(1);
        Ok(())
    }

    fn file(
        &self,
        target: &Dir,
        name: &Name,
        node: &Node<Content>,
        content: &Content,
        source: &mut Cursor,
        place: &(dyn Fn() -> Place + Sync),
    ) -> Result<(), Error> {
        let corrections = self.habits.corrections(node, self.caller);
        let mut file =
            create_file(target, name, corrections.first_mode(node.meta.mode)).map_err(self.not_made(name, "make", place))?;
        match content {
            Content::Generated(bytes) => file.write_all(bytes).map_err(cannot("write", place))?,
            Content::Template(from) => self.copy(source, from, &file, place)?,
        }
        hand_over(&file, corrections).map_err(cannot("change the owner or mode of", place))?;
        self.durability.flush(&file, place)?;
        close(file).map_err(cannot("write", place))
    }

    /// Fills `to` with what the template has at `from`, if that is what was read there.
    fn copy(&self, cursor: &mut Cursor, from: &TreePath, to: &File, place: &(dyn Fn() -> Place + Sync)) -> Result<(), Error> {
        self.source.with_contents(cursor, from, |original| Transfer::new(original, to, place, self.run).all())
    }

    fn fifo(&self, parent: &Dir, name: &Name, node: &Node<Content>) -> io::Result<()> {
        let corrections = self.habits.corrections(node, self.caller);
        create_fifo(parent, name, corrections.first_mode(node.meta.mode))?;
        if corrections.are_needed() {
            // By a handle, since a mode that is changed by a name is changed through links.
            hand_over(&open_file(parent, name)?, corrections)?;
        }
        Ok(())
    }

    /// Returns the owner and mode of a full directory: its own mode may be one by which it cannot be filled.
    fn directory_corrections(&self, node: &Node<Content>) -> Option<Corrections> {
        let corrections = self.habits.corrections(node, self.caller);
        let can_be_filled = node.meta.mode.bits() & 0o700 == 0o700;
        if can_be_filled && !corrections.are_needed() { None } else { Some(self.closed(corrections, node)) }
    }

    /// The corrections of a directory that was made with another mode than it is to have.
    fn closed(&self, corrections: Corrections, node: &Node<Content>) -> Corrections {
        Corrections { mode: Some(self.habits.given_mode(node, self.caller)), ..corrections }
    }

    /// For `map_err`: an entry called `name` could not be made. Its name can be the reason only if it has bytes that not every file
    /// system takes.
    fn not_made(&self, name: &Name, operation: &'static str, place: impl FnOnce() -> Place) -> impl FnOnce(io::Error) -> Error {
        let is_kept = is_kept(name);
        move |source| match place() {
            place if !is_kept && is_refused_name(&source) => Error::NameRefused(place),
            place => place.cannot(operation)(source),
        }
    }

    /// The directory of the result that `path` is in.
    fn parent<'c>(&'c self, cursor: &'c mut Cursor, path: &TreePath) -> Result<&'c Dir, Error> {
        let parent = cursor.parent_below(&self.stage.dir, path);
        parent.map_err(cannot("open the directory of", || self.place.at(path)))
    }
}

/// A worker's open directories: the one that it fills, and the one in the template that it copies from.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    target: Cursor,
    source: Cursor,
}

/// Gives an open file its owner, and then its mode, which the change of the owner may have reduced.
pub(super) fn hand_over(handle: &impl AsFd, corrections: Corrections) -> io::Result<()> {
    corrections.owner.map_or(Ok(()), |owner| owner.by(|owner| change_owner(handle, owner)))?;
    corrections.mode.map_or(Ok(()), |mode| mode.by(|mode| change_mode(handle, mode.bits().into())))
}

/// Closes a file that was written: some file systems, NFS among them, report only now that its contents are lost.
fn close(file: File) -> io::Result<()> {
    match nix::unistd::close(file) {
        // The descriptor is gone all the same; trying again might close another thread's.
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
