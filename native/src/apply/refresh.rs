//! Bringing an existing DIR up to date: what differs is built in a staging directory inside DIR, and put into place part by part.
//!
//! Each part is old or new at any moment. What lives is not touched (docs/original.md, "Bringing a living service up to date").

use crate::apply::durability::Durability;
use crate::apply::effects::{Effects, Supervision, is_linked};
use crate::apply::entry::OpenDir;
use crate::apply::fill::{Fill, hand_over};
use crate::apply::place::{Corrections, Given, Habits};
use crate::apply::stage::{Leftovers, Stage};
use crate::apply::{Outcome, Terms, examine, make_all};
use crate::compare::Comparison;
use crate::error::{Error, Place};
use crate::record;
use crate::run::Run;
use crate::sys::{Status, exchange, is_one_of, last_name, open_child, open_dir, open_readable, rename_new, rename_over, retry};
use crate::template::source::Source;
use cap_std::fs::Dir;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use s6_instance_maker_core::cli::Copies;
use s6_instance_maker_core::compare::{
    self, CopyState, Differences, Found, INSTANCES, InstanceRefresh, OwnerPower, Refresh as Steps, Scope, Step, TEMPLATE,
    Version,
};
use s6_instance_maker_core::instances::InstanceName;
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{Content, Placement, Plan, PlanError};
use s6_instance_maker_core::rules::{Finding, Problem};
use s6_instance_maker_core::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::AtomicBool;

/// The name in the staging directory's own name.
const LABEL: Name = Name::constant("refresh");

/// A refresh of an existing DIR.
pub(crate) struct Refresh<'a> {
    pub plan: &'a Plan,
    pub source: &'a Source,
    pub dir: &'a OpenDir,
    /// DIR in messages.
    pub place: &'a Place,
    pub terms: Terms<'a>,
    pub copies: Copies,
    /// The power of the caller over owners.
    pub power: OwnerPower,
}

/// The work of a refresh.
struct Work {
    steps: Steps,
    /// Those of instances, with their paths.
    instances: Vec<(TreePath, InstanceRefresh)>,
    /// The template that was in DIR, if it is exchanged.
    outgoing: Option<Version>,
}

impl Refresh<'_> {
    /// Brings DIR up to date with the plan, which was computed for `options`. Nothing is written where nothing differs.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where another refresh is at work; [`Error::Partly`] where some parts are new; otherwise DIR is as it was.
    pub(crate) fn carry_out(&self, options: &Options, run: &Run<'_>) -> Result<Outcome, Error> {
        let _lock = self.lock()?;
        let scope = Scope::of(self.plan).with_definitions(options.definition_names());
        let mut outcome =
            Outcome { leftovers: Stage::sweep(self.dir, Leftovers::Any, self.terms.facts.caller), ..Outcome::default() };
        let recorded = record::read(Some(self.dir))?;
        let mut compared = Comparison::new(
            self.plan,
            self.source,
            Some(self.dir),
            self.place,
            (self.terms.facts.caller, self.power),
            scope,
            run,
        )?;
        compared.read_instances(&recorded, run)?;
        let differences = compared.differences();
        let work = self.work(&compared, &differences, &recorded, options, &mut outcome)?;
        let supervision = Supervision::of(&self.dir.dir);
        if let Some(change) = work.steps.logger.filter(|_| supervision.service) {
            return Err(Error::Supervised { place: self.place.clone(), change });
        }
        let sites = Sites { compared: &compared, recorded: &recorded };
        let Aftermath { refreshed, mixed } = if work.is_empty() {
            // A run that was killed may have left a record that is not needed.
            outcome.leftovers.extend(self.prune(&compared).err());
            Aftermath::default()
        } else {
            self.replace(&work, &sites, &mut outcome, run)?
        };
        let effects = Effects {
            plan: self.plan,
            place: self.place,
            steps: &work.steps,
            instances: work.instances.iter().filter(|(path, _)| refreshed.contains(path)).collect(),
            supervision,
            notes: self.older(&sites, &refreshed),
            found: &compared.found,
            differences: &differences,
            mixed: &mixed,
        };
        outcome.notes = effects.messages();
        Ok(outcome)
    }

    /// Locks DIR against other refreshes. On a file system without locks, there is none.
    fn lock(&self) -> Result<Dir, Error> {
        let handle = open_readable(&self.dir.dir, &TreePath::ROOT).map_err(self.place.cannot("open"))?;
        match retry(|| Ok(flock(&handle, FlockOperation::NonBlockingLockExclusive)?)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Error::Busy(self.place.clone())),
            Err(error) if is_one_of(&error, &[Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL, Errno::BADF]) => {
                Ok(handle)
            }
            Err(error) => Err(self.place.cannot("lock")(error)),
            Ok(()) => Ok(handle),
        }
    }

    /// Computes all steps. Edited instances become findings.
    fn work(
        &self,
        compared: &Comparison<'_>,
        differences: &Differences,
        recorded: &[Version],
        options: &Options,
        outcome: &mut Outcome,
    ) -> Result<Work, Error> {
        let sides = compared.sides();
        let steps = Steps::of(&sides, differences, options.room());
        let steps = steps.map_err(|reason| Error::Refresh { place: self.place.clone(), reason })?;
        let found = compared.with_digests();
        let present = Version::below(&found, &TEMPLATE);
        let exchanged = self.plan.placement == Placement::New && steps.steps.iter().any(|step| *step.path() == TEMPLATE);
        let outgoing = exchanged.then(|| present.clone());
        let current = sides.template_version(&compared.contents);
        let older: Vec<Version> = recorded.iter().cloned().chain([present]).collect();
        let mut instances = Vec::new();
        let mut edited = Vec::new();
        if self.copies != Copies::Kept {
            // What has no link is being created or deleted.
            for (name, path) in compared.instances().filter(|(name, _)| is_linked(&compared.found, name)) {
                match CopyState::of(&Version::below(&found, &path), &current, &older) {
                    CopyState::Edited(entry) if self.copies == Copies::Unedited => {
                        edited.push(Finding::warning(Problem::InstanceEdited(name, entry)));
                    }
                    CopyState::Current | CopyState::Older | CopyState::Edited(_) => {
                        let refresh = sides.refresh_instance(&path, &found, &compared.contents, &current, &older);
                        instances.push((path, refresh));
                    }
                }
            }
        }
        outcome.findings.extend(self.terms.settings.judge(edited).map_err(PlanError::from)?);
        instances.retain(|(_, refresh)| !refresh.steps.is_empty() || refresh.keeps_logger);
        Ok(Work { steps, instances, outgoing })
    }

    /// Builds and replaces.
    fn replace(&self, work: &Work, sites: &Sites<'_>, outcome: &mut Outcome, run: &Run<'_>) -> Result<Aftermath, Error> {
        run.check()?;
        let stage = Stage::new(self.dir, &LABEL, self.terms.facts.caller)?;
        let outgoing = work.outgoing.as_ref().filter(|_| sites.compared.instances().next().is_some());
        let replaced = self.build(&stage, work, run).and_then(|(habits, findings)| {
            outcome.findings.extend(findings);
            let is_new = sites.compared.sides().is_new() && self.plan.placement == Placement::New;
            if outgoing.is_none() && !is_new {
                run.check()?;
                return self.put_all(&stage, work, &habits);
            }
            let put = record::announce(self.dir, &stage.dir, outgoing, self.terms.durability)
                .and_then(|()| run.check())
                .and_then(|()| self.put_all(&stage, work, &habits));
            put.map_err(|error| match error {
                Error::Partly { .. } => error,
                error => match record::withdraw(self.dir, outgoing, sites.recorded) {
                    Ok(()) => error,
                    Err(second) => Error::Leftover { first: error.into(), second: second.into() },
                },
            })
        });
        let refreshed = match replaced {
            Ok(refreshed) => refreshed,
            Err(error) => return Err(stage.discard(error)),
        };
        // What follows changes nothing that a signal could keep from being changed.
        let run = &Run { interrupt: &AtomicBool::new(false), ..*run };
        let known: Vec<Version> = sites.recorded.iter().chain(&work.outgoing).cloned().collect();
        let after = sites.compared.again(&known, run);
        outcome.leftovers.extend(stage.dissolve());
        let mixed = match after {
            Ok(after) => {
                outcome.leftovers.extend(self.prune(&after).err());
                self.mixed(work, sites, &after, &refreshed)
            }
            Err(error) => {
                outcome.leftovers.push(Error::Uncompared { place: self.place.clone(), error: error.into() });
                // Without records, their directory is only a mark of what is done by now.
                outcome.leftovers.extend(record::withdraw(self.dir, None, sites.recorded).err());
                Vec::new()
            }
        };
        self.flush(&work.all_steps())?;
        Ok(Aftermath { refreshed, mixed })
    }

    /// Builds what the steps put into place.
    fn build(&self, stage: &Stage<'_>, work: &Work, run: &Run<'_>) -> Result<(Habits, Vec<Finding>), Error> {
        let plan = Plan { tree: work.built(), placement: self.plan.placement, warnings: Vec::new() };
        let (habits, findings) = examine(stage, &LABEL, (&plan, None), (self.dir, self.place), &self.terms)?;
        let (caller, durability) = (self.terms.facts.caller, self.terms.durability);
        let fill = Fill { stage, source: self.source, place: self.place, run, habits: &habits, caller, durability };
        make_all(&fill, &plan, None)?;
        Ok((habits, findings))
    }

    /// Carries out the steps in order. Returns the instances that were refreshed; others have disappeared or were created anew.
    fn put_all(&self, stage: &Stage<'_>, work: &Work, habits: &Habits) -> Result<BTreeSet<TreePath>, Error> {
        let mut done = 0;
        let failed = |done: usize, error: Error| match (done, error) {
            (0, error) | (_, error @ Error::Partly { .. }) => error,
            (_, error) => Error::Partly { place: self.place.clone(), error: error.into() },
        };
        for step in &work.steps.steps {
            if let Err(error) = self.put(stage, step, habits, done) {
                return Err(failed(done - self.put_back(stage, work.steps.steps.get(..done).unwrap_or_default()), error));
            }
            done += 1;
        }
        let mut refreshed = BTreeSet::new();
        'instances: for (copy, refresh) in &work.instances {
            for step in &refresh.steps {
                match self.put(stage, step, habits, done) {
                    Ok(()) => done += 1,
                    Err(error) if is_of_another(&error) => continue 'instances,
                    Err(error) => return Err(failed(done, error)),
                }
            }
            refreshed.insert(copy.clone());
        }
        Ok(refreshed)
    }

    fn put(&self, stage: &Stage<'_>, step: &Step, habits: &Habits, number: usize) -> Result<(), Error> {
        let path = step.path();
        let place = self.place.at(path);
        let Some(name) = last_name(path) else { return self.rights(&self.dir.dir, path, habits) };
        let parent = path.parent().unwrap_or(TreePath::ROOT);
        let to = open_dir(&self.dir.dir, &parent).map_err(place.cannot("open the directory of"))?;
        let from = || open_dir(&stage.dir, &parent).map_err(place.cannot("open the directory of"));
        let refused = |operation, source| match is_one_of(&source, REFUSALS) {
            true => Error::Exchange { place: place.clone(), source },
            false => place.cannot(operation)(source),
        };
        match step {
            Step::Rights(_) => self.rights(&open_child(&to, &name).map_err(place.cannot("open"))?, path, habits),
            Step::Add(_) | Step::AddInstance(_) => {
                rename_new(&from()?, &name, &to, &name).map_err(|source| match source.kind() {
                    io::ErrorKind::AlreadyExists => Error::DirChanged(place.clone()),
                    _ => place.cannot("make")(source),
                })
            }
            Step::Replace(_) => rename_over(&from()?, &name, &to, &name).map_err(place.cannot("replace")),
            Step::Exchange(_) => exchange(&from()?, &name, &to, &name).map_err(|source| refused("replace", source)),
            Step::Remove(_) => {
                let away = removed(number).map_err(place.cannot("remove"))?;
                rename_new(&to, &name, &stage.dir, &away).map_err(|source| refused("remove", source))
            }
        }
    }

    /// Puts back what the steps `done` removed, if they did nothing else. Returns the number of steps that are undone.
    fn put_back(&self, stage: &Stage<'_>, done: &[Step]) -> usize {
        if !done.iter().all(|step| matches!(step, Step::Remove(_))) {
            return 0;
        }
        let put = |(number, step): (usize, &Step)| -> io::Result<()> {
            let path = step.path();
            let name = last_name(path).ok_or(Errno::INVAL)?;
            let to = open_dir(&self.dir.dir, &path.parent().unwrap_or(TreePath::ROOT))?;
            rename_new(&stage.dir, &removed(number)?, &to, &name)
        };
        done.iter().enumerate().rev().take_while(|step| put(*step).is_ok()).count()
    }

    /// Gives a directory of DIR the owner and mode of the plan.
    fn rights(&self, dir: &Dir, path: &TreePath, habits: &Habits) -> Result<(), Error> {
        let copied = copied(path);
        let Some(node) = self.plan.tree.get(copied.as_ref().unwrap_or(path)) else { return Ok(()) };
        let place = self.place.at(path);
        let dir = open_readable(dir, &TreePath::ROOT).map_err(place.cannot("open"))?;
        let before = Status::of(&dir).map_err(place.cannot("examine"))?.owner;
        let (owner, mode) = habits.expected(node, self.terms.facts.caller);
        let owner = Some(owner).filter(|owner| self.power == OwnerPower::Gives && *owner != before).map(Given::Whole);
        hand_over(&dir, Corrections { owner, mode: None }).map_err(place.cannot("change the owner of"))?;
        hand_over(&dir, Corrections { owner: None, mode: mode.map(Given::Whole) })
            .map_err(place.cannot("change the mode of"))
            .map_err(|error| match owner {
                Some(_) => Error::Partly { place: self.place.clone(), error: error.into() },
                None => error,
            })
    }

    /// Flushes the directories of DIR that have another entry, mode or owner now.
    fn flush(&self, steps: &[&Step]) -> Result<(), Error> {
        let Durability::Flushed = self.terms.durability else { return Ok(()) };
        let changed = |step: &&Step| match step {
            Step::Rights(path) => path.clone(),
            _ => step.path().parent().unwrap_or(TreePath::ROOT),
        };
        let directories: BTreeSet<TreePath> = steps.iter().map(changed).chain([TreePath::ROOT]).collect();
        for directory in directories {
            let place = self.place.at(&directory);
            let flushed = match open_readable(&self.dir.dir, &directory) {
                // An instance was deleted.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                handle => {
                    handle.map_err(place.cannot("open")).and_then(|handle| self.terms.durability.flush(&handle, || place))
                }
            };
            flushed.map_err(|error| Error::Unflushed(error.into()))?;
        }
        Ok(())
    }

    /// The instances whose copies have changed, and are now copies of neither template: s6-instance-create copied while the template
    /// was exchanged.
    fn mixed(&self, work: &Work, sites: &Sites<'_>, after: &Comparison<'_>, refreshed: &BTreeSet<TreePath>) -> Vec<Name> {
        let Some(outgoing) = &work.outgoing else { return Vec::new() };
        let (before, now) = (sites.compared.with_digests(), after.with_digests());
        let current = after.sides().template_version(&after.contents);
        let known = |inner: &TreePath| {
            [&current, outgoing].into_iter().chain(sites.recorded).any(|version| version.0.contains_key(inner))
        };
        let copy_in = |found: &Found, path: &TreePath| {
            let mut copy = Version::below(found, path);
            copy.0.retain(|inner, _| known(inner));
            copy
        };
        let is_mixed = |path: &TreePath| {
            let copy = copy_in(&now, path);
            copy != copy_in(&before, path)
                && [&current, outgoing].iter().all(|version| CopyState::of(&copy, version, &[]) != CopyState::Current)
        };
        let is_ours = |path: &TreePath| refreshed.contains(path) || self.plan.tree.get(path).is_some();
        let changed = after.instances().filter(|(_, path)| !is_ours(path) && is_mixed(path));
        changed.map(|(name, _)| name.as_name().clone()).collect()
    }

    /// Notes about instances that keep older copies, also those that only this refresh made old.
    fn older(&self, sites: &Sites<'_>, refreshed: &BTreeSet<TreePath>) -> Vec<compare::Note> {
        let copies: BTreeMap<InstanceName, TreePath> = sites.compared.instances().collect();
        let is_left = |note: &compare::Note| match note {
            // There is a finding about it.
            compare::Note::Instance(_, CopyState::Edited(_)) if self.copies != Copies::Kept => false,
            compare::Note::Instance(name, _) => copies.get(name).is_none_or(|path| !refreshed.contains(path)),
            _ => true,
        };
        sites.compared.notes(sites.recorded).into_iter().filter(is_left).collect()
    }

    /// Removes the records of templates that no instance is a copy of. `compared` is DIR as it is now.
    fn prune(&self, compared: &Comparison<'_>) -> Result<(), Error> {
        if self.plan.placement == Placement::Within {
            return Ok(());
        }
        let found = compared.with_digests();
        let current = compared.sides().template_version(&compared.contents);
        let copies: Vec<Version> = compared.instances().map(|(_, path)| Version::below(&found, &path)).collect();
        record::prune(self.dir, |version| copies.iter().any(|copy| version.explains(copy, &current)))
    }
}

/// The state before a refresh: DIR, and the templates that it had earlier.
struct Sites<'a> {
    compared: &'a Comparison<'a>,
    recorded: &'a [Version],
}

/// The state of the instances after a refresh.
#[derive(Default)]
struct Aftermath {
    /// The copies that are up to date.
    refreshed: BTreeSet<TreePath>,
    /// The instances that are copies of no template.
    mixed: Vec<Name>,
}

/// Returns `true` if an instance is not the one that was found: it was deleted, or was deleted and created.
fn is_of_another(error: &Error) -> bool {
    match error {
        Error::Io { source, .. } => {
            matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
        }
        Error::DirChanged(_) => true,
        _ => false,
    }
}

impl Work {
    /// Everything that is built, in one tree.
    fn built(&self) -> Tree<Content> {
        let mut tree = self.steps.built.clone();
        for (path, node) in self.instances.iter().flat_map(|(_, refresh)| refresh.built.iter()) {
            // The directories around several instances are in each of these trees.
            let _ = tree.insert(path.clone(), node.clone());
        }
        tree
    }

    fn all_steps(&self) -> Vec<&Step> {
        self.steps.steps.iter().chain(self.instances.iter().flat_map(|(_, refresh)| &refresh.steps)).collect()
    }

    fn is_empty(&self) -> bool {
        self.all_steps().is_empty()
    }
}

/// Answers of a file system that cannot do with an entry what an exchange needs.
const REFUSALS: &[Errno] = &[Errno::XDEV, Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP];

/// The name in the staging directory of what the step with this number removed.
fn removed(number: usize) -> io::Result<Name> {
    Name::new(format!(".removed.{number}")).map_err(|_| Errno::NAMETOOLONG.into())
}

/// The path in the plan of which an entry of an instance is a copy.
fn copied(path: &TreePath) -> Option<TreePath> {
    let mut around = std::iter::once(path.clone()).chain(path.ancestors());
    let copy = around.find(|directory| directory.parent() == Some(INSTANCES))?;
    TEMPLATE.join_path(&path.below(&copy).unwrap_or(TreePath::ROOT)).ok()
}
