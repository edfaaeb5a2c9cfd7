//! The place of a result: what it does to new entries besides what it is asked for, found out by probes.

use crate::apply::stage::is_kept;
use crate::error::{Error, Place};
use crate::sys::{REFUSALS, Status, as_os, change_mode, change_owner, create_dir, create_file, is_one_of, open_child, retry};
use cap_std::fs::Dir;
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{Content, Plan};
use s6_instance_maker_core::rules::{PlaceChange, Problem};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;

/// The effects of a place on new entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Habits {
    modes: NewModes,
    owners: NewOwners,
    /// The owners that entries cannot be given, and those that they have instead.
    replaced: BTreeMap<Ids, Ids>,
}

/// The permission bits of new entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewModes {
    /// Those that are asked for.
    AsAsked,
    /// Others, which can be changed: a umask that a user of this library left on.
    Correctable,
    /// Those of the file system, whatever is asked for.
    Fixed,
}

/// The owner of new entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewOwners {
    /// The caller.
    Caller,
    /// Another user or group, as with the mount option grpid.
    Other,
}

/// The owner and mode that an entry must still be given after it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrections {
    /// Given first.
    pub owner: Option<Ids>,
    /// Given second.
    pub mode: Option<Mode>,
}

impl Corrections {
    /// Returns `true` if there is anything to give.
    pub(super) const fn are_needed(self) -> bool {
        self.owner.is_some() || self.mode.is_some()
    }
}

impl Habits {
    /// Makes a file in `dir`, and a directory called `name` unless the staging directory's own name proves that `dir` takes that; does to
    /// them what `plan` needs, examines them, and removes them again. Returns what `plan` will not get there, too. `place` is the
    /// result.
    pub(super) fn probe(
        dir: &Dir,
        name: &Name,
        plan: &Plan,
        caller: Ids,
        place: &Place,
    ) -> Result<(Self, Vec<Problem>), Error> {
        let made_dir = (!is_kept(name)).then(|| probe_directory(dir, name)).transpose();
        let made_dir = made_dir.map_err(|source| match () {
            () if is_one_of(&source, &[Errno::INVAL, Errno::ILSEQ, Errno::NOENT, Errno::NAMETOOLONG]) => {
                Error::NameRefused(place.clone())
            }
            () => place.cannot("make a directory for")(source),
        })?;
        let cannot = || place.cannot("make a file for");
        const FILE: Name = Name::constant(".probe");
        let file = create_file(dir, &FILE, 0o777).map_err(cannot())?;
        // Directories in directories are removed with one more open file than they are made with: if there is no room for it, nothing
        // is made.
        let is_nested = |path: &TreePath| path.parent().is_some_and(|parent| !parent.is_root());
        if plan.tree.iter().any(|(path, node)| matches!(node.kind, Kind::Directory) && is_nested(path)) {
            drop(retry(|| dir.try_clone()).map_err(cannot())?);
        }
        let probed = Self::of(&file, made_dir, plan, caller).map_err(cannot());
        retry(|| dir.remove_file(as_os(&FILE))).map_err(cannot())?;
        probed
    }

    fn of(file: &File, made_dir: Option<Status>, plan: &Plan, caller: Ids) -> io::Result<(Self, Vec<Problem>)> {
        let made = Status::of(file)?;
        let mut problems = Vec::new();
        let modes = match wrong_mode(file, &made, plan)? {
            Some((asked, became)) => {
                let count = plan.tree.iter().filter(|(_, node)| !matches!(node.kind, Kind::Symlink(_))).count();
                problems.push(Problem::Place(PlaceChange::Mode { asked, became }, count as u64));
                // Special bits alone may be refused where all others are kept.
                if asked.has(0o7000) { NewModes::Correctable } else { NewModes::Fixed }
            }
            None if made.mode == 0o777 => NewModes::AsAsked,
            None => NewModes::Correctable,
        };
        let are_callers = made.owner == caller && made_dir.is_none_or(|made_dir| made_dir.owner == caller);
        let owners = if are_callers { NewOwners::Caller } else { NewOwners::Other };
        let mut asked: BTreeSet<Ids> = plan.tree.iter().filter_map(|(_, node)| node.meta.owner).collect();
        if owners == NewOwners::Other {
            asked.insert(caller);
        }
        let mut replaced = BTreeMap::new();
        for asked in asked {
            settled(|| change_owner(file, asked))?;
            let became = Status::of(file)?.owner;
            if became != asked {
                replaced.insert(asked, became);
                let count = plan.tree.iter().filter(|(_, node)| node.meta.owner.unwrap_or(caller) == asked).count();
                problems.push(Problem::Place(PlaceChange::Owner { asked, became }, count as u64));
            }
        }
        Ok((Self { modes, owners, replaced }, problems))
    }

    /// Returns the owner and mode that a new entry still lacks.
    pub(super) fn corrections(&self, node: &Node<Content>, caller: Ids) -> Corrections {
        let Meta { mode, owner } = node.meta;
        let Some(became) = self.replaced.get(&owner.unwrap_or(caller)) else {
            let owner = match self.owners {
                NewOwners::Caller => owner,
                NewOwners::Other => Some(owner.unwrap_or(caller)),
            };
            // A new file is given no set-id or sticky bit, and a new owner takes those that it has.
            let is_needed = owner.is_some() || self.modes == NewModes::Correctable || mode.has(0o7000);
            return Corrections { owner, mode: self.mode(is_needed, mode) };
        };
        // A set-id bit would lend the identity of somebody else.
        let asked = owner.unwrap_or(caller);
        let mode = match node.kind {
            Kind::File(_) if asked.uid != became.uid => mode.without(Mode::SET_UID | Mode::SET_GID),
            Kind::File(_) => mode.without(Mode::SET_GID),
            _ => mode,
        };
        let is_needed = self.modes == NewModes::Correctable || mode.has(0o7000) || mode != node.meta.mode;
        Corrections { owner: None, mode: self.mode(is_needed, mode) }
    }

    /// The owner and mode that an entry has in the end; no mode where the place has its own.
    pub(super) fn expected(&self, node: &Node<Content>, caller: Ids) -> (Ids, Option<Mode>) {
        let asked = node.meta.owner.unwrap_or(caller);
        let mode = match self.modes {
            NewModes::Fixed => None,
            NewModes::AsAsked | NewModes::Correctable => Some(node.meta.mode),
        };
        (self.replaced.get(&asked).copied().unwrap_or(asked), mode)
    }

    fn mode(&self, is_needed: bool, mode: Mode) -> Option<Mode> {
        (is_needed && self.modes != NewModes::Fixed).then_some(mode)
    }
}

/// Makes a call, and once more where it is refused: what a place does, it does always. A refusal is no error here, since what came
/// of the call is examined.
fn settled(call: impl Fn() -> io::Result<()>) -> io::Result<()> {
    match call().or_else(|_| call()) {
        Err(error) if !is_one_of(&error, REFUSALS) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the directory `name` in `dir`, and removes it again. Returns what it was.
fn probe_directory(dir: &Dir, name: &Name) -> io::Result<Status> {
    create_dir(dir, name, 0o700)?;
    let status = open_child(dir, name).and_then(|made| Status::of(&made));
    retry(|| dir.remove_dir(as_os(name)))?;
    status
}

/// A mode that the place does not give a file, of those that matter for `plan`, and the mode that it gives instead. `made` is the
/// status of the file when it was new, by the mode 0777.
fn wrong_mode(file: &File, made: &Status, plan: &Plan) -> io::Result<Option<(Mode, Mode)>> {
    let usual = [Mode::new(0o640), Mode::new(0o755)];
    let special = plan.tree.iter().map(|(_, node)| node).filter(|node| matches!(node.kind, Kind::File(_)));
    let special: BTreeSet<u16> = special.map(|node| node.meta.mode.bits()).filter(|bits| bits & 0o7000 != 0).collect();
    // A file that was made with one mode, and then takes another one, has the modes that it is given.
    let usual = usual.into_iter().take(if made.mode == 0o777 { 1 } else { usual.len() });
    for asked in usual.chain(special.into_iter().map(|bits| Mode::new(bits.into()))) {
        settled(|| change_mode(file, asked.bits().into()))?;
        let became = Mode::new(Status::of(file)?.mode);
        if became != asked {
            return Ok(Some((asked, became)));
        }
    }
    Ok(None)
}
