//! Carrying out a plan: staged, then renamed into place; all of it or nothing.

use crate::authority::{Beside, Destination, Form};
use crate::copy::Copy;
use crate::directory::{open_dir, open_nofollow, open_readable};
use crate::error::{Error, Place, retry};
use crate::read::Source;
use crate::run::Run;
use crate::stage::Stage;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, File, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{AtFlags, Gid, OFlags, Uid, chownat, fchmod, fchown, fsync, mkfifoat};
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{Content, Placement, Plan};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Node};
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Whether what is made can be lost when the whole system stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The system writes it to disk in its own time.
    #[default]
    Eventual,
    /// Every file and directory is flushed before the result appears, and the directory that it appears in after that.
    Flushed,
}

impl Durability {
    /// `dir`, such that it can be flushed later. Whoever may make entries in a directory may still not be allowed to read it, and
    /// could not flush it: better to know while nothing is made.
    fn open(self, dir: &Dir, place: &Place) -> Result<Option<Dir>, Error> {
        match self {
            Self::Eventual => Ok(None),
            Self::Flushed => open_readable(dir, &TreePath::ROOT).map(Some).map_err(place.cannot("flush")),
        }
    }

    fn flush(self, handle: &impl AsFd, place: impl FnOnce() -> Place) -> Result<(), Error> {
        match self {
            Self::Eventual => Ok(()),
            // Nothing but EINTR is tried again: after a failure, the system may take what it could not write for written.
            Self::Flushed => retry(|| Ok(fsync(handle)?)).map_err(|error| place().cannot("flush")(error)),
        }
    }
}

/// Makes what `plan` says at `destination`, with contents from `source`, on behalf of `caller`. Answers what else should be
/// known: leftovers of earlier runs that could not be removed.
pub fn apply(
    plan: &Plan,
    source: &Source,
    destination: &Destination,
    durability: Durability,
    caller: Ids,
    run: &Run<'_>,
) -> Result<Vec<Error>, Error> {
    let Destination { place, dir, dir_place, form, beside, .. } = destination;
    let parts: Vec<Name> = plan.parts().collect();
    let label = match form {
        Form::New(name) => Some(name),
        Form::Existing => parts.first(),
    };
    // A plan without parts leaves an existing directory as it is.
    let Some(label) = label else { return Ok(Vec::new()) };
    let mut leftovers = Stage::sweep(dir, dir_place, if let Form::New(name) = form { Some(name) } else { None });
    if let Some(Beside { dir, place, name }) = beside {
        leftovers.extend(Stage::sweep(dir, place, Some(name)));
    }
    destination.check_free(plan)?;
    run.check()?;
    let outer = durability.open(dir, dir_place)?;
    let stage = Stage::new(dir, dir_place, label)?;
    let fill = Fill { stage: &stage, source, place, run, habits: Habits::default(), caller, durability };
    let made = fill.all(plan, form).and_then(|()| run.check()).and_then(|()| match form {
        Form::New(name) => match stage.become_result(name, place) {
            // Somebody else with the same idea was quicker to make the directory: then it is there, and may be.
            Err(Error::Exists(exists)) if plan.placement == Placement::Within => {
                let Ok(there) = open_dir(dir, &name.clone().into()) else { return Err(Error::Exists(exists)) };
                let inner = durability.open(&there, place)?;
                stage.release(&parts, &there, place).map(|()| Made::Parts(inner))
            }
            result => result.map(|()| Made::Whole),
        },
        Form::Existing => stage.release(&parts, dir, place).map(|()| Made::Parts(None)),
    });
    let inner = match made {
        Ok(Made::Whole) => {
            if let Form::New(name) = form {
                stage.check_result(name, place)?;
            }
            None
        }
        Ok(Made::Parts(inner)) => {
            // What was to be made is there; an empty directory that stays is worth a warning.
            leftovers.extend(stage.remove_empty().err());
            inner
        }
        Err(error) => return Err(stage.discard(error)),
    };
    // What is there by now stays: it is whole, and somebody may have begun to use it.
    for (dir, place) in [(inner, place), (outer, dir_place)] {
        if let Some(dir) = dir {
            durability.flush(&dir, || place.clone()).map_err(|error| Error::Unflushed(error.into()))?;
        }
    }
    Ok(leftovers)
}

/// How a result came to its place.
enum Made {
    /// The staging directory became it.
    Whole,
    /// Its parts were moved out of the staging directory, which is still there; into this directory, if that is to be flushed and
    /// is not the one that the staging directory is in.
    Parts(Option<Dir>),
}

/// What a file system does with new files besides what it was asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Habits {
    /// It gives them other permission bits: a umask that a user of this library left on, a file system with modes of its own.
    other_mode: bool,
    /// It gives them another group: the mount option grpid.
    other_group: bool,
}

/// Fills a staging directory.
struct Fill<'a> {
    stage: &'a Stage<'a>,
    source: &'a Source,
    /// What to call the result.
    place: &'a Place,
    run: &'a Run<'a>,
    habits: Habits,
    caller: Ids,
    durability: Durability,
}

/// An entry of a plan.
type Entry<'p> = (&'p TreePath, &'p Node<Content>);

/// How many entries other than directories are worth a second thread.
const ENTRIES_FOR_THREADS: usize = 512;
/// How many bytes are.
const BYTES_FOR_THREADS: u64 = 8 << 20;
/// More threads than this wait for the file system's own locks.
const THREADS_MAX: usize = 8;

impl Fill<'_> {
    /// Makes all entries; directories first, and their final modes last, so that any mode can be filled.
    fn all(mut self, plan: &Plan, form: &Form) -> Result<(), Error> {
        self.habits = self.probe()?;
        let inner = || plan.tree.iter().filter(|(path, _)| !path.is_root());
        let (directories, others): (Vec<Entry<'_>>, Vec<Entry<'_>>) =
            inner().partition(|(_, node)| matches!(node.kind, Kind::Directory));
        let bytes = others.iter().map(|(_, node)| self.size(node)).sum();
        self.run.progress.plan((directories.len() + others.len()) as u64, bytes);
        for (path, node) in &directories {
            self.run.check()?;
            self.directory(path, node.meta)?;
        }
        self.others(&others, bytes)?;
        for (path, node) in directories.iter().rev() {
            self.run.check()?;
            let unfinished = self.is_unfinished(node.meta);
            if unfinished || self.durability == Durability::Flushed {
                self.finish_directory(path, node.meta, unfinished)?;
            }
        }
        match (form, plan.tree.get(&TreePath::ROOT)) {
            // DIR's own mode is its owner's business when it was there before.
            (Form::Existing, _) | (_, None) => Ok(()),
            (Form::New(_), Some(root)) => {
                self.finish_root(root.meta).map_err(self.place.cannot("change the owner or mode of"))?;
                self.durability.flush(&self.stage.dir, || self.place.clone())
            }
        }
    }

    /// Gives the staging directory what DIR shall have; its group may be the one of its own parent, where that is set-gid.
    fn finish_root(&self, meta: Meta) -> io::Result<()> {
        let made = retry(|| self.stage.dir.dir_metadata())?;
        let inherited = made.uid() == self.caller.uid && made.gid() != self.caller.gid;
        let owner = meta.owner.or(inherited.then_some(self.caller));
        self.hand_over(&self.stage.dir, Meta { owner, ..meta }, true)
    }

    fn size(&self, node: &Node<Content>) -> u64 {
        match &node.kind {
            Kind::File(Content::Generated(bytes)) => bytes.len() as u64,
            Kind::File(Content::Template(path)) => match self.source.template().tree().get(path).map(|node| &node.kind) {
                Some(Kind::File(file)) => file.size,
                _ => 0,
            },
            _ => 0,
        }
    }

    /// Makes a file and looks at what it became.
    fn probe(&self) -> Result<Habits, Error> {
        const NAME: &str = ".probe";
        const MODE: u32 = 0o777;
        let cannot = || self.place.cannot("make a file for");
        let file = retry(|| self.stage.dir.open_with(NAME, &new_file(MODE))).map_err(cannot())?;
        let metadata = retry(|| file.metadata()).map_err(cannot())?;
        retry(|| self.stage.dir.remove_file(NAME)).map_err(cannot())?;
        Ok(Habits {
            other_mode: metadata.mode() & 0o7777 != MODE,
            // Where the user is another one too, the owner is not ours to give.
            other_group: metadata.uid() == self.caller.uid && metadata.gid() != self.caller.gid,
        })
    }

    /// Whom an entry must be given to after it was made.
    fn new_owner(&self, meta: Meta) -> Option<Ids> {
        meta.owner.or(self.habits.other_group.then_some(self.caller))
    }

    fn directory(&self, path: &TreePath, meta: Meta) -> Result<(), Error> {
        let mode = if self.is_unfinished(meta) { 0o700 } else { meta.mode.bits().into() };
        retry(|| self.stage.dir.create_dir_with(OsStr::from_bytes(path.as_bytes()), DirBuilder::new().mode(mode)))
            .map_err(self.place.at(path).cannot("make"))?;
        self.run.progress.made(1);
        Ok(())
    }

    /// Whether a directory can only get its mode and owner when it is full.
    fn is_unfinished(&self, meta: Meta) -> bool {
        meta.mode.bits() & 0o7700 != 0o700 || self.habits.other_mode || self.new_owner(meta).is_some()
    }

    fn finish_directory(&self, path: &TreePath, meta: Meta, unfinished: bool) -> Result<(), Error> {
        let place = self.place.at(path);
        let handle = open_readable(&self.stage.dir, path).map_err(place.cannot("open"))?;
        if unfinished {
            self.hand_over(&handle, meta, true).map_err(place.cannot("change the owner or mode of"))?;
        }
        self.durability.flush(&handle, || place)
    }

    /// Gives an open file its owner and, when it has not got it or the owner's change took it away, its mode.
    fn hand_over(&self, handle: &impl AsFd, meta: Meta, mode_too: bool) -> io::Result<()> {
        let owner = self.new_owner(meta);
        if let Some(ids) = owner {
            retry(|| Ok(fchown(handle, Some(Uid::from_raw(ids.uid)), Some(Gid::from_raw(ids.gid)))?))?;
        }
        if mode_too || owner.is_some() {
            let mode = rustix::fs::Mode::from_raw_mode(meta.mode.bits().into());
            retry(|| Ok(fchmod(handle, mode)?))?;
        }
        Ok(())
    }

    /// Makes an empty file; until it has its owner, nobody else may look into it.
    fn new_file(&self, parent: &Dir, name: &OsStr, meta: Meta, place: &dyn Fn() -> Place) -> Result<File, Error> {
        let mode = if self.new_owner(meta).is_some() { 0o600 } else { meta.mode.bits() & 0o777 };
        retry(|| parent.open_with(name, &new_file(mode.into()))).map_err(place().cannot("make"))
    }

    /// Fills `to` with what the template has at `from`, if that is what was read there.
    fn copy(&self, opened: &File, from: &TreePath, to: &File, place: &dyn Fn() -> Place) -> Result<(), Error> {
        let from_place = || self.source.place(from);
        let size = match self.source.template().tree().get(from).map(|node| &node.kind) {
            Some(Kind::File(file)) => file.size,
            _ => return Err(Error::Changed(from_place())),
        };
        let copy = Copy { from: opened, to, from_place: &from_place, to_place: place, run: self.run };
        copy.contents(size, || self.source.check_unchanged(opened, from))?;
        self.source.check_unchanged(opened, from).map(|_| ())
    }

    /// Gives a link its owner.
    fn give_away(&self, parent: &Dir, name: &OsStr, meta: Meta) -> io::Result<()> {
        let Some(ids) = self.new_owner(meta) else { return Ok(()) };
        let (uid, gid) = (Uid::from_raw(ids.uid), Gid::from_raw(ids.gid));
        retry(|| Ok(chownat(parent, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn fifo(&self, parent: &Dir, name: &OsStr, meta: Meta) -> io::Result<()> {
        let unfinished = meta.mode.has(0o7000) || self.habits.other_mode || self.new_owner(meta).is_some();
        let mode = if unfinished { 0o600 } else { meta.mode.bits() };
        retry(|| Ok(mkfifoat(parent, name, rustix::fs::Mode::from_raw_mode(mode.into()))?))?;
        if unfinished {
            // By a handle, since a mode that is changed by a name is changed through links.
            let handle = open_nofollow(parent, name, OFlags::empty())?;
            self.hand_over(&handle, meta, true)?;
        }
        Ok(())
    }

    /// Makes everything that is no directory, on several threads where that helps.
    fn others(&self, entries: &[Entry<'_>], bytes: u64) -> Result<(), Error> {
        let worth_it = entries.len() >= ENTRIES_FOR_THREADS || bytes >= BYTES_FOR_THREADS;
        let threads =
            if worth_it { std::thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX)) } else { 1 };
        if threads == 1 {
            let mut pair = Pair::new(self);
            return entries.iter().try_for_each(|entry| pair.make(entry));
        }
        let work = Work { entries, next: AtomicUsize::new(0), failure: Mutex::new(None) };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                // Where the system has no room for another thread, those that there are do the work.
                if std::thread::Builder::new().spawn_scoped(scope, || work.take_part(self)).is_err() {
                    break;
                }
            }
            work.take_part(self);
        });
        match work.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }
}

/// Entries that several threads make.
struct Work<'a> {
    entries: &'a [Entry<'a>],
    /// The first one that nobody has begun.
    next: AtomicUsize,
    /// The first one in the tree that failed, and how.
    failure: Mutex<Option<(usize, Error)>>,
}

impl Work<'_> {
    /// Entries are handed out in runs of neighbours, which mostly share a directory.
    const RUN: usize = 32;

    fn take_part(&self, fill: &Fill<'_>) {
        let mut pair = Pair::new(fill);
        loop {
            let start = self.next.fetch_add(Self::RUN, Ordering::Relaxed);
            if start >= self.entries.len() {
                return;
            }
            for (index, entry) in self.entries.iter().enumerate().skip(start).take(Self::RUN) {
                if let Err(error) = pair.make(entry) {
                    // Nothing beyond the failure is begun; what comes first in the tree is what is told.
                    self.next.store(self.entries.len(), Ordering::Relaxed);
                    let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    if failure.as_ref().is_none_or(|(first, _)| index < *first) {
                        *failure = Some((index, error));
                    }
                    return;
                }
            }
        }
    }
}

/// A worker's open directories: the one that it fills, and the one in the template that it copies from.
struct Pair<'a> {
    fill: &'a Fill<'a>,
    target: Option<(TreePath, Dir)>,
    source: Option<(TreePath, Dir)>,
}

impl<'a> Pair<'a> {
    const fn new(fill: &'a Fill<'a>) -> Self {
        Self { fill, target: None, source: None }
    }

    fn make(&mut self, &(path, node): &Entry<'_>) -> Result<(), Error> {
        self.fill.run.check()?;
        let fill = self.fill;
        let place = || fill.place.at(path);
        let name = name_of(path);
        let target = cached(&mut self.target, path, |parent| {
            open_dir(&fill.stage.dir, parent).map_err(fill.place.at(parent).cannot("open"))
        })?;
        match &node.kind {
            Kind::Directory => {}
            Kind::File(content) => {
                let file = fill.new_file(target, name, node.meta, &place)?;
                match content {
                    Content::Generated(bytes) => (&file).write_all(bytes).map_err(place().cannot("write"))?,
                    Content::Template(from) => {
                        let source = cached(&mut self.source, from, |parent| fill.source.open_dir(parent))?;
                        let opened = fill.source.open_file(source, name_of(from), from)?;
                        fill.copy(&opened, from, &file, &place)?;
                    }
                }
                let special = node.meta.mode.has(0o7000);
                fill.hand_over(&file, node.meta, special || fill.habits.other_mode)
                    .map_err(place().cannot("change the owner or mode of"))?;
                fill.durability.flush(&file, place)?;
                close(file).map_err(place().cannot("write"))?;
            }
            Kind::Symlink(to) => {
                retry(|| target.symlink_contents(OsStr::from_bytes(to), name)).map_err(place().cannot("make"))?;
                fill.give_away(target, name, node.meta).map_err(place().cannot("change the owner of"))?;
            }
            Kind::Fifo => fill.fifo(target, name, node.meta).map_err(place().cannot("make"))?,
        }
        fill.run.progress.made(1);
        Ok(())
    }
}

/// The last name of a path.
fn name_of(path: &TreePath) -> &OsStr {
    OsStr::from_bytes(path.split().unwrap_or_default().1)
}

/// The open directory that `path` is in: the one of last time, if it is that.
fn cached<'c>(
    cache: &'c mut Option<(TreePath, Dir)>,
    path: &TreePath,
    open: impl FnOnce(&TreePath) -> Result<Dir, Error>,
) -> Result<&'c Dir, Error> {
    let parent = path.parent().unwrap_or(TreePath::ROOT);
    let (parent, dir) = match cache.take() {
        Some((last, dir)) if last == parent => (last, dir),
        _ => {
            let dir = open(&parent)?;
            (parent, dir)
        }
    };
    Ok(&cache.insert((parent, dir)).1)
}

/// Closes a file that was written: some file systems, NFS among them, say only now that its contents are lost.
fn close(file: File) -> io::Result<()> {
    match nix::unistd::close(file) {
        // The descriptor is gone all the same; trying again might close another thread's.
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How a file is made: new, for writing, with these permission bits as far as the file system agrees.
fn new_file(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).follow(FollowSymlinks::No).mode(mode);
    options
}
