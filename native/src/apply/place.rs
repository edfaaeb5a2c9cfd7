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
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

/// The effects of a place on new entries.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    /// On those that are not directories.
    files: KindHabits,
    directories: KindHabits,
}

/// The effects of a place on new entries of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KindHabits {
    modes: NewModes,
    /// Modes with set-id or sticky bits that entries cannot be given, and those that they have instead.
    refused_modes: BTreeMap<u16, Mode>,
    owners: NewOwners,
    /// The owners that entries cannot be given.
    replaced: BTreeMap<Ids, Replacement>,
}

/// The result of asking for an owner that an entry cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Replacement {
    /// The owner that the entry has instead, once it was asked for where that has an effect.
    became: Ids,
    /// To ask has an effect: the user or the group is given.
    has_effect: bool,
}

/// The permission bits of new entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NewModes {
    /// Those that are asked for.
    AsAsked,
    /// Others, which can be changed: a umask that a user of this library left on.
    Correctable,
    /// Those of the file system, whatever is asked for: such as these.
    Fixed(Mode),
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
    pub owner: Option<Given<Ids>>,
    /// Given second.
    pub mode: Option<Given<Mode>>,
}

/// An owner or a mode that an entry is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// All of it, or it is an error.
    Whole(T),
    /// As much of it as the place allows.
    Partly(T),
}

impl<T: Copy> Given<T> {
    /// Gives it by `call`.
    pub(super) fn by(self, call: impl Fn(T) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Whole(value) => call(value),
            Self::Partly(value) => settled(|| call(value)),
        }
    }
}

impl Corrections {
    /// Returns `true` if there is anything to give.
    pub(super) const fn are_needed(self) -> bool {
        self.owner.is_some() || self.mode.is_some()
    }

    /// The permission bits that a new entry is made with which shall have `mode`: until it has its owner, nobody else may look into it.
    pub(super) fn first_mode(self, mode: Mode) -> u32 {
        let bits = match self {
            // A place that takes none later may take it now.
            Self { mode: Some(Given::Partly(mode)), .. } => mode.bits(),
            Self { owner: Some(_), .. } => 0o600,
            Self { owner: None, .. } => mode.bits(),
        };
        u32::from(bits & 0o777)
    }

    /// The permission bits that a new directory is made with: it must be filled.
    pub(super) fn first_directory_mode(self) -> u32 {
        match self.mode {
            Some(Given::Partly(mode)) => u32::from(mode.bits() & 0o777 | 0o700),
            _ => 0o700,
        }
    }
}

impl Habits {
    /// Makes a file in `dir`, and a directory called `name` unless the staging directory's own name proves that `dir` takes that; does to
    /// them what `plan` needs, examines them, and removes them again; where files have not what they are asked for, the same with
    /// directories. Returns what `plan` will not get there, too. `root` is the entry that the staging directory becomes, `place` the
    /// result.
    pub(super) fn probe(
        dir: &Dir,
        name: &Name,
        (plan, root): (&Plan, Option<&Node<Content>>),
        caller: Ids,
        place: &Place,
    ) -> Result<(Self, Vec<Problem>), Error> {
        let made_dir = (!is_kept(name)).then(|| Probe::Directory.with(dir, name, 0o700, |made| Status::of(&made))).transpose();
        let made_dir = made_dir.map_err(|source| match () {
            () if is_refused_name(&source) => Error::NameRefused(place.clone()),
            () => place.cannot("make a directory for")(source),
        })?;
        let cannot = || place.cannot("make a file for");
        let mut problems = Vec::new();
        let mut find = |probe| KindHabits::probe(probe, dir, (plan, root), caller, &mut problems);
        let files = find(Probe::File).map_err(cannot())?;
        // To remove a directory takes some file systems longer than all the rest.
        let directories = if files.are_usual() && made_dir.is_none_or(|made_dir| made_dir.owner == caller) {
            files.clone()
        } else {
            find(Probe::Directory).map_err(place.cannot("make a directory for"))?
        };
        Ok((Self { files, directories }, problems))
    }

    fn of(&self, node: &Node<Content>) -> &KindHabits {
        if matches!(node.kind, Kind::Directory) { &self.directories } else { &self.files }
    }

    /// Returns the owner and mode that a new entry still lacks.
    pub(super) fn corrections(&self, node: &Node<Content>, caller: Ids) -> Corrections {
        let habits = self.of(node);
        let Meta { mode, owner } = node.meta;
        let replacement = habits.replaced.get(&owner.unwrap_or(caller));
        let owner = match (replacement, habits.owners) {
            (Some(replacement), _) => replacement.has_effect.then_some(Given::Partly(owner.unwrap_or(caller))),
            (None, NewOwners::Caller) => owner.map(Given::Whole),
            (None, NewOwners::Other) => Some(Given::Whole(owner.unwrap_or(caller))),
        };
        let final_mode = self.mode(node, caller);
        // A new file is given no set-id or sticky bit, and a new owner takes those that it has.
        let is_needed = owner.is_some()
            || habits.modes == NewModes::Correctable
            || final_mode.has(0o7000)
            || final_mode.without(0o7000) != mode.without(0o7000);
        Corrections { owner, mode: is_needed.then(|| self.given_mode(node, caller)) }
    }

    /// The mode that an entry is given which was made with another one.
    pub(super) fn given_mode(&self, node: &Node<Content>, caller: Ids) -> Given<Mode> {
        let mode = self.mode(node, caller);
        if matches!(self.of(node).modes, NewModes::Fixed(_)) { Given::Partly(mode) } else { Given::Whole(mode) }
    }

    /// The owner and mode that an entry has in the end; no mode where the place has its own.
    pub(super) fn expected(&self, node: &Node<Content>, caller: Ids) -> (Ids, Option<Mode>) {
        let habits = self.of(node);
        let asked = node.meta.owner.unwrap_or(caller);
        let mode = match habits.modes {
            NewModes::Fixed(_) => None,
            NewModes::AsAsked | NewModes::Correctable => Some(self.mode(node, caller)),
        };
        (habits.replaced.get(&asked).map_or(asked, |replacement| replacement.became), mode)
    }

    /// Mode and owner that an entry has in the end, as far as that is known.
    pub(super) fn result(&self, node: &Node<Content>, caller: Ids) -> Meta {
        let (owner, mode) = self.expected(node, caller);
        let fixed = match self.of(node).modes {
            NewModes::Fixed(became) => became,
            NewModes::AsAsked | NewModes::Correctable => node.meta.mode,
        };
        Meta { mode: mode.unwrap_or(fixed), owner: Some(owner) }
    }

    /// The mode that an entry is to have here.
    fn mode(&self, node: &Node<Content>, caller: Ids) -> Mode {
        let habits = self.of(node);
        let Meta { mode, owner } = node.meta;
        let mode = habits.refused_modes.get(&mode.bits()).copied().unwrap_or(mode);
        let asked = owner.unwrap_or(caller);
        match (habits.replaced.get(&asked), &node.kind) {
            // One that others might write would lend it to them.
            (_, Kind::File(_)) if matches!(habits.modes, NewModes::Fixed(_)) => mode.without(Mode::SET_UID | Mode::SET_GID),
            // A set-id bit would lend the identity of somebody else.
            (Some(Replacement { became, .. }), Kind::File(_)) if asked.uid != became.uid => {
                mode.without(Mode::SET_UID | Mode::SET_GID)
            }
            (Some(_), Kind::File(_)) => mode.without(Mode::SET_GID),
            _ => mode,
        }
    }
}

impl KindHabits {
    /// Finds out what `dir` does to what `probe` makes in it. Adds what the plan will not get to `problems`.
    fn probe(
        probe: Probe,
        dir: &Dir,
        (plan, root): (&Plan, Option<&Node<Content>>),
        caller: Ids,
        problems: &mut Vec<Problem>,
    ) -> io::Result<Self> {
        let entries = || plan.tree.iter().map(|(_, node)| node).filter(|node| probe.stands_for(node));
        let special: BTreeSet<u16> = entries().map(|node| node.meta.mode.bits()).filter(|bits| bits & 0o7000 != 0).collect();
        let special = || special.iter().map(|&bits| Mode::new(bits.into()));
        let mut refused_modes = BTreeMap::new();
        let (made, wrong) = probe.with(dir, &Probe::NAME, 0o777, |made| {
            let status = Status::of(&made)?;
            // Directories in directories are removed with one more open file than they are made with: if there is no room for it,
            // nothing is made.
            let is_nested = |path: &TreePath| path.parent().is_some_and(|parent| !parent.is_root());
            if plan.tree.iter().any(|(path, node)| matches!(node.kind, Kind::Directory) && is_nested(path)) {
                drop(retry(|| dir.try_clone())?);
            }
            let wrong = wrong_mode(made, &status)?;
            for asked in special().filter(|_| wrong.is_none()) {
                refused_modes.insert(asked.bits(), mode_given(made, asked)?);
            }
            Ok((status, wrong))
        })?;
        let modes = match wrong {
            None if made.mode == 0o777 => NewModes::AsAsked,
            None => NewModes::Correctable,
            Some(asked) => {
                // A place may take a mode when an entry is made, and none later.
                let new = |asked: Mode| {
                    probe.with(dir, &Probe::NAME, u32::from(asked.bits() & 0o777), |made| mode_given(made, asked))
                };
                let became = new(asked)?;
                if became != asked {
                    let count = entries().filter(|node| !matches!(node.kind, Kind::Symlink(_))).count();
                    report(problems, PlaceChange::Mode { asked, became }, count);
                }
                for asked in special().filter(|_| became == asked) {
                    refused_modes.insert(asked.bits(), new(asked)?);
                }
                // The staging directory is made as one that is closed to others.
                if let (Some(root), true) = (root.filter(|root| probe.stands_for(root)), became == asked) {
                    report(problems, PlaceChange::Mode { asked: root.meta.mode, became: Mode::new(0o700) }, 1);
                }
                NewModes::Fixed(became)
            }
        };
        refused_modes.retain(|&bits, became| became.bits() != bits);
        for (&bits, &became) in &refused_modes {
            let asked = Mode::new(bits.into());
            report(problems, PlaceChange::Mode { asked, became }, entries().filter(|node| node.meta.mode == asked).count());
        }
        let owners = if made.owner == caller { NewOwners::Caller } else { NewOwners::Other };
        let mut asked: BTreeSet<Ids> = entries().filter_map(|node| node.meta.owner).collect();
        if owners == NewOwners::Other {
            asked.insert(caller);
        }
        let mut replaced = BTreeMap::new();
        for asked in asked {
            // Each on a new one: what can be given at all may depend on the owner that it has.
            let became = probe.with(dir, &Probe::NAME, 0o600, |made| {
                settled(|| change_owner(&made, asked))?;
                Ok(Status::of(&made)?.owner)
            })?;
            if became != asked {
                replaced.insert(asked, Replacement { became, has_effect: became != made.owner });
                let count = entries().filter(|node| node.meta.owner.unwrap_or(caller) == asked).count();
                report(problems, PlaceChange::Owner { asked, became }, count);
            }
        }
        Ok(Self { modes, refused_modes, owners, replaced })
    }

    /// Returns `true` if new entries have what they are asked for.
    fn are_usual(&self) -> bool {
        self.modes == NewModes::AsAsked
            && self.owners == NewOwners::Caller
            && self.refused_modes.is_empty()
            && self.replaced.is_empty()
    }
}

/// Adds a change of so many entries to the problems; the same change of other entries is one problem with it.
fn report(problems: &mut Vec<Problem>, change: PlaceChange, count: usize) {
    let count = count as u64;
    let known = problems.iter_mut().find_map(|problem| match problem {
        Problem::Place(known, count) if *known == change => Some(count),
        _ => None,
    });
    match known {
        Some(known) => *known += count,
        None if count > 0 => problems.push(Problem::Place(change, count)),
        None => {}
    }
}

/// The kind of what is made to be examined.
#[derive(Clone, Copy)]
enum Probe {
    File,
    Directory,
}

impl Probe {
    /// Its usual name.
    const NAME: Name = Name::constant(".probe");

    /// Makes one called `name` in `dir`, has `use_it` examine it, and removes it again.
    fn with<T>(self, dir: &Dir, name: &Name, mode: u32, use_it: impl FnOnce(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::File => {
                let found = use_it(create_file(dir, name, mode)?.as_fd());
                retry(|| dir.remove_file(as_os(name)))?;
                found
            }
            Self::Directory => {
                create_dir(dir, name, mode)?;
                let found = open_child(dir, name).and_then(|made| use_it(made.as_fd()));
                retry(|| dir.remove_dir(as_os(name)))?;
                found
            }
        }
    }

    /// Returns `true` if an entry is treated as what this makes.
    const fn stands_for(self, node: &Node<Content>) -> bool {
        matches!(node.kind, Kind::Directory) == matches!(self, Self::Directory)
    }
}

/// Returns `true` if the system's answer to the making of an entry in an open directory says that its name is not taken there.
pub(super) fn is_refused_name(error: &io::Error) -> bool {
    is_one_of(error, &[Errno::INVAL, Errno::ILSEQ, Errno::NOENT, Errno::NAMETOOLONG])
}

/// Makes a call, and once more where it is refused: what a place does, it does always. A refusal is no error here, since what came
/// of the call is examined.
fn settled(call: impl Fn() -> io::Result<()>) -> io::Result<()> {
    match call().or_else(|_| call()) {
        Err(error) if !is_one_of(&error, REFUSALS) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A mode that the place does not give, of those that are usual. `status` is that of what was just made by the mode 0777.
fn wrong_mode(made: BorrowedFd<'_>, status: &Status) -> io::Result<Option<Mode>> {
    let usual = [Mode::new(0o640), Mode::new(0o755)];
    // What was made with one mode, and then takes another one, has the modes that it is given.
    let enough = if status.mode == 0o777 { 1 } else { usual.len() };
    for asked in usual.into_iter().take(enough) {
        if mode_given(made, asked)? != asked {
            return Ok(Some(asked));
        }
    }
    Ok(None)
}

/// Asks for a mode, and returns the one that came of it.
fn mode_given(made: BorrowedFd<'_>, asked: Mode) -> io::Result<Mode> {
    settled(|| change_mode(&made, asked.bits().into()))?;
    Ok(Mode::new(Status::of(&made)?.mode))
}
