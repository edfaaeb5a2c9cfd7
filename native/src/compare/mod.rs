//! A plan beside what is at DIR, read from the disk for [`s6_instance_maker_core::compare`]. Nothing is written.

mod contents;
mod existing;
mod links;

use crate::apply::entry::OpenDir;
use crate::cursor::Cursor;
use crate::error::{Error, Place, cannot};
use crate::run::Run;
use crate::sys::{Status, is_one_of, last_name, open_dir, open_file};
use crate::template::source::Source;
use crate::workers;
use contents::{BUFFER, Reader, digest, digests, equal_part};
use existing::{lives, walk};
use rustix::io::Errno;
use s6_instance_maker_core::compare::{
    self, Contents, Differences, Digest, Found, INSTANCE, INSTANCES, OwnerPower, Questions, Refresh, Scope, Sides, State,
    StateKind, Version,
};
use s6_instance_maker_core::instances::InstanceName;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{Content, Placement, Plan};
use s6_instance_maker_core::tree::{Ids, Kind};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::{Mutex, PoisonError};

/// A plan beside an existing DIR, or beside none.
#[derive(Debug)]
pub(crate) struct Comparison<'a> {
    pub plan: &'a Plan,
    pub source: &'a Source,
    /// DIR. `None`: it is absent.
    pub there: Option<&'a OpenDir>,
    /// DIR in messages.
    pub place: &'a Place,
    pub caller: Ids,
    pub power: OwnerPower,
    /// The entries of DIR that are compared.
    pub scope: Scope,
    /// The entries that were found at DIR.
    pub found: Found,
    pub contents: Contents,
}

impl<'a> Comparison<'a> {
    /// Walks the part of DIR that is in `scope`, and reads the files that may differ.
    pub(crate) fn new(
        plan: &'a Plan,
        source: &'a Source,
        there: Option<&'a OpenDir>,
        place: &'a Place,
        (caller, power): (Ids, OwnerPower),
        scope: Scope,
        run: &Run<'_>,
    ) -> Result<Self, Error> {
        let mut found = there.map_or(Ok(Found::new()), |dir| walk(dir, place, &scope, run))?;
        let links = there.filter(|_| plan.placement == Placement::Within).map_or(Vec::new(), links::read);
        let settled = scope.clone().settled(plan, &found, &links);
        if let Some(dir) = there.filter(|_| settled != scope) {
            found = walk(dir, place, &settled, run)?;
        }
        let scope = settled;
        let mut comparison = Self { plan, source, there, place, caller, power, scope, found, contents: Contents::default() };
        let unread: Vec<TreePath> = comparison.sides().questions().found.into_iter().collect();
        let equal = Mutex::new(BTreeSet::new());
        workers::for_each(&unread, 0, |reader: &mut Reader, path| {
            run.check()?;
            if comparison.is_equal(reader, path)? {
                equal.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone());
            }
            Ok(())
        })?;
        comparison.contents.equal = equal.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(comparison)
    }

    /// Compares the file at `path` in DIR with the planned one, which has the same size.
    fn is_equal(&self, reader: &mut Reader, path: &TreePath) -> Result<bool, Error> {
        let Reader { cursor, template, buffer, other } = reader;
        let found = self.open_found(cursor, path)?;
        let failed = || self.place.at(path);
        match self.plan.tree.get(path).map(|node| &node.kind) {
            Some(Kind::File(Content::Generated(bytes))) => {
                let rest = equal_part(&found, bytes, buffer).map_err(cannot("read", failed))?;
                Ok(rest.is_some_and(<[u8]>::is_empty))
            }
            Some(Kind::File(Content::Template(original))) => self.source.with_contents(template, original, |file| {
                let mut left = file.size;
                while left > 0 {
                    let room = usize::try_from(left).map_or(BUFFER, |left| left.min(BUFFER));
                    let read =
                        file.read(buffer.get_mut(..room).unwrap_or_default()).map_err(cannot("read", || file.place()))?;
                    let expected = buffer.get(..read).unwrap_or_default();
                    let rest = equal_part(&found, expected, other).map_err(cannot("read", failed))?;
                    if read == 0 || !rest.is_some_and(<[u8]>::is_empty) {
                        return Ok(false);
                    }
                    left = left.saturating_sub(read as u64);
                }
                Ok(true)
            }),
            _ => Ok(false),
        }
    }

    /// Walks DIR again, for the same plan, and reads the contents of all instances. Nothing else is read again.
    pub(crate) fn again(&self, older: &[Version], run: &Run<'_>) -> Result<Self, Error> {
        let Self { plan, source, there, place, caller, power, ref scope, .. } = *self;
        let found = there.map_or(Ok(Found::new()), |dir| walk(dir, place, scope, run))?;
        // Neither the plan nor the template has changed.
        let Contents { template, generated, .. } = self.contents.clone();
        let contents = Contents { template, generated, ..Contents::default() };
        let mut again = Self { plan, source, there, place, caller, power, scope: scope.clone(), found, contents };
        again.read_instances(older, run)?;
        Ok(again)
    }

    /// The instances that were found, and the paths of their copies. In source definitions there are none.
    pub(crate) fn instances(&self) -> impl Iterator<Item = (InstanceName, TreePath)> + '_ {
        let is_service = self.plan.placement == Placement::New;
        compare::instances(&self.found).filter(move |_| is_service)
    }

    /// Reads all that copies of the template are compared with: the copies, the template in DIR, and the plan's. `older` are the
    /// templates that are known besides.
    pub(crate) fn read_instances(&mut self, older: &[Version], run: &Run<'_>) -> Result<(), Error> {
        let mut questions = Questions::default();
        self.ask_about_instances(older, &mut questions);
        self.read(&questions, run)
    }

    /// The comparison for the core.
    pub(crate) fn sides(&self) -> Sides<'_> {
        let Self { plan, source, scope, found, caller, power, .. } = self;
        Sides { plan, template: source.template(), found, scope, caller: *caller, power: *power }
    }

    /// Returns the differences, without notes about instances.
    pub(crate) fn differences(&self) -> Differences {
        compare::compare(&self.sides(), &self.contents)
    }

    /// Returns the differences, with the digest of every file that differs, and with notes about a refresh to a result that has
    /// room for so many instances, and about instances: `older` are the templates that are known besides the plan's and the one
    /// that is in DIR.
    pub(crate) fn differences_in_full(&mut self, room: u32, older: &[Version], run: &Run<'_>) -> Result<Differences, Error> {
        let differences = self.differences();
        let mut questions = Questions::default();
        for difference in &differences.entries {
            let is_file = |state: &Option<State>| state.as_ref().is_some_and(|state| state.kind.size().is_some());
            if is_file(&difference.found) {
                questions.found.insert(difference.path.clone());
            }
            if is_file(&difference.planned) {
                self.ask(&difference.path, &mut questions);
            }
        }
        self.ask_about_instances(older, &mut questions);
        self.read(&questions, run)?;
        let mut differences = self.differences();
        differences.notes.extend(Refresh::refusal(&self.sides(), &differences, room));
        differences.notes.extend(self.notes(older));
        Ok(differences)
    }

    /// Notes about instances whose copies are not the plan's template.
    pub(crate) fn notes(&self, older: &[Version]) -> Vec<compare::Note> {
        if self.instances().next().is_none() {
            return Vec::new();
        }
        let found = self.with_digests();
        let there = Version::below(&found, &compare::TEMPLATE);
        let older: Vec<Version> = older.iter().cloned().chain([there]).collect();
        compare::notes(&found, &self.sides().template_version(&self.contents), &older)
    }

    /// Returns the entries that were found, with the digests that were read.
    pub(crate) fn with_digests(&self) -> Found {
        let read = |(path, state): (&TreePath, &State)| {
            let mut state = state.clone();
            if let (StateKind::File { digest, .. }, Some(read)) = (&mut state.kind, self.contents.found.get(path)) {
                *digest = Some(*read);
            }
            (path.clone(), state)
        };
        self.found.iter().map(read).collect()
    }

    /// Asks for the contents of the planned file at `path`.
    fn ask(&self, path: &TreePath, questions: &mut Questions) {
        match self.plan.tree.get(path).map(|node| &node.kind) {
            Some(Kind::File(Content::Template(original))) => questions.template.insert(original.clone()),
            Some(Kind::File(Content::Generated(_))) => questions.generated.insert(path.clone()),
            _ => false,
        };
    }

    /// Asks for the contents of the files that copies of the template are compared with. What no template has had is the
    /// instances' own, and may be large.
    fn ask_about_instances(&self, older: &[Version], questions: &mut Questions) {
        let copies: Vec<_> = self.instances().map(|(_, path)| path).collect();
        if copies.is_empty() {
            return;
        }
        let template = compare::TEMPLATE;
        let is_known = |inner: &TreePath| {
            let has = |path: TreePath| self.found.contains_key(&path) || self.plan.tree.get(&path).is_some();
            older.iter().any(|version| version.0.contains_key(inner)) || template.join_path(inner).is_ok_and(has)
        };
        for directory in copies.iter().chain([&template]) {
            let files = compare::within(&self.found, directory).filter(|(_, state)| state.kind.size().is_some());
            let files = files.map(|(path, _)| path);
            questions.found.extend(files.filter(|path| path.below(directory).is_some_and(|path| is_known(&path))).cloned());
        }
        for (path, _) in self.plan.tree.iter().filter(|(path, _)| path.starts_with(&template)) {
            self.ask(path, questions);
        }
    }

    /// Reads the files that `questions` names, unless they were read before. Instances that disappear meanwhile were not found.
    pub(crate) fn read(&mut self, questions: &Questions, run: &Run<'_>) -> Result<(), Error> {
        let unread = |paths: &BTreeSet<TreePath>, read: &BTreeMap<TreePath, Digest>| -> Vec<TreePath> {
            paths.iter().filter(|path| !read.contains_key(*path)).cloned().collect()
        };
        let template = unread(&questions.template, &self.contents.template);
        let found = unread(&questions.found, &self.contents.found);
        let template = digests(&template, run, |reader, path| self.digest_of_template(reader, path))?;
        let found = digests(&found, run, |reader, path| match self.digest_of_found(reader, path) {
            Err(error) if is_gone(&error) && lives(&self.scope, path) => Ok(None),
            digest => digest.map(Some),
        })?;
        self.contents.template.extend(template);
        let gone: Vec<&TreePath> = found.iter().filter(|(_, digest)| digest.is_none()).map(|(path, _)| path).collect();
        gone.into_iter().try_for_each(|path| self.forget(path))?;
        self.contents.found.extend(found.into_iter().filter_map(|(path, digest)| Some((path, digest?))));
        for path in &questions.generated {
            if let Some(Kind::File(Content::Generated(bytes))) = self.plan.tree.get(path).map(|node| &node.kind) {
                self.contents.generated.insert(path.clone(), Digest(Sha256::digest(bytes).into()));
            }
        }
        Ok(())
    }

    /// Forgets an entry of an instance that is gone, and all of the instance if that is being deleted: its link goes first.
    fn forget(&mut self, gone: &TreePath) -> Result<(), Error> {
        self.found.remove(gone);
        let Some(name) = gone.components().nth(1).and_then(|name| Name::new(name).ok()) else { return Ok(()) };
        let (link, copy) = (INSTANCE.join(&name), INSTANCES.join(&name));
        let (Ok(link), Ok(copy), Some(there)) = (link, copy, self.there) else { return Ok(()) };
        let place = self.place.at(&link);
        let seen = open_dir(&there.dir, &INSTANCE).and_then(|dir| Status::of_entry(&dir, &name));
        match seen {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.found.retain(|path, _| !path.starts_with(&copy) && *path != link);
                Ok(())
            }
            Err(error) => Err(place.cannot("examine")(error)),
        }
    }

    fn digest_of_template(&self, Reader { cursor, buffer, .. }: &mut Reader, path: &TreePath) -> Result<Digest, Error> {
        self.source
            .with_contents(cursor, path, |original| digest(original, buffer).map_err(cannot("read", || original.place())))
    }

    fn digest_of_found(&self, Reader { cursor, buffer, .. }: &mut Reader, path: &TreePath) -> Result<Digest, Error> {
        self.open_found(cursor, path).and_then(|file| digest(&mut &file, buffer).map_err(self.place.at(path).cannot("read")))
    }

    /// Opens the file at `path` in DIR.
    fn open_found(&self, cursor: &mut Cursor, path: &TreePath) -> Result<File, Error> {
        let place = || self.place.at(path);
        let (Some(name), Some(there)) = (last_name(path), self.there) else { return Err(Error::DirChanged(place())) };
        let parent = cursor.parent_below(&there.dir, path);
        let parent = parent.map_err(cannot("open the directory of", place))?;
        open_file(parent, &name).map_err(cannot("open", place))
    }

    /// Returns the first bytes of the file at `path` in DIR, at most `most`.
    pub(crate) fn found_text(&self, path: &TreePath, most: u64) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let file = self.open_found(&mut Cursor::default(), path)?;
        file.take(most).read_to_end(&mut text).map_err(self.place.at(path).cannot("read"))?;
        Ok(text)
    }

    /// Returns the first bytes of the planned file at `path`, at most `most`.
    pub(crate) fn planned_text(&self, path: &TreePath, most: u64) -> Result<Vec<u8>, Error> {
        match self.plan.tree.get(path).map(|node| &node.kind) {
            Some(Kind::File(Content::Generated(bytes))) => Ok(bytes.clone()),
            Some(Kind::File(Content::Template(original))) => {
                self.source.with_contents(&mut Cursor::default(), original, |file| {
                    let mut text = Vec::new();
                    let read = file.by_ref().take(most).read_to_end(&mut text);
                    read.map_err(cannot("read", || file.place()))?;
                    Ok(text)
                })
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// Returns `true` if an entry could not be opened because it is no longer what was found.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::Io { source, .. } => {
            matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) || is_one_of(source, &[Errno::LOOP])
        }
        Error::DirChanged(_) => true,
        _ => false,
    }
}
