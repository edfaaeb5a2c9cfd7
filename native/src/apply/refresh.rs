//! Bringing an existing DIR up to date: what differs is built in a staging directory inside DIR, and put into place part by part.
//!
//! Each part is old or new at any moment. What lives is not touched (docs/original.md, "Bringing a living service up to date").

use crate::apply::durability::Durability;
use crate::apply::effects::{Effects, Supervision};
use crate::apply::entry::OpenDir;
use crate::apply::fill::{Fill, hand_over};
use crate::apply::place::{Corrections, Habits};
use crate::apply::stage::{Leftovers, Stage};
use crate::apply::{Outcome, Terms, examine, make_all};
use crate::compare::Comparison;
use crate::error::{Error, Place};
use crate::record;
use crate::run::Run;
use crate::sys::{exchange, is_one_of, last_name, open_child, open_dir, open_readable, rename_new, rename_over, retry};
use crate::template::source::Source;
use cap_std::fs::Dir;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use s6_instance_maker_core::cli::Copies;
use s6_instance_maker_core::compare::{
    self, CopyState, Differences, InstanceRefresh, OwnerPower, Questions, Refresh as Steps, Scope, Step, TEMPLATE, Version,
};
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{Content, Placement, Plan, PlanError};
use s6_instance_maker_core::rules::{Finding, Problem};
use s6_instance_maker_core::tree::Tree;
use std::collections::BTreeSet;
use std::io;

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
        let scope = Scope::of(self.plan).with_bundle(options.bundle());
        // What an interrupted refresh took out of the list is still this program's.
        let interrupted = scope.list().map(|list| Stage::names_in_leftovers(self.dir, &list)).unwrap_or_default();
        let scope = scope.and(interrupted);
        let mut outcome =
            Outcome { leftovers: Stage::sweep(self.dir, Leftovers::Any, self.terms.caller), ..Outcome::default() };
        let recorded = record::read(Some(self.dir))?;
        let mut compared =
            Comparison::new(self.plan, self.source, Some(self.dir), self.place, (self.terms.caller, self.power), scope, run)?;
        let mut questions = Questions::default();
        compared.ask_about_instances(&mut questions);
        compared.read(&questions, run)?;
        let differences = compared.differences();
        let work = self.work(&compared, &differences, &recorded, options, &mut outcome)?;
        let supervision = Supervision::of(&self.dir.dir);
        if let Some(change) = work.steps.logger.filter(|_| supervision.service) {
            return Err(Error::Supervised { place: self.place.clone(), change });
        }
        let added = if work.is_empty() { Vec::new() } else { self.replace(&work, &compared, &mut outcome, run)? };
        let effects = Effects {
            plan: self.plan,
            place: self.place,
            steps: &work.steps,
            instances: &work.instances,
            supervision,
            notes: self.older(&compared, &recorded, &work),
            differences: &differences,
            mixed: &added,
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
        let exchanged = steps.steps.iter().any(|step| *step.path() == TEMPLATE);
        let outgoing = exchanged.then(|| present.clone());
        let current = sides.template_version(&compared.contents);
        let older: Vec<Version> = recorded.iter().cloned().chain([present]).collect();
        let mut instances = Vec::new();
        let mut edited = Vec::new();
        if self.copies != Copies::Kept {
            for (name, path) in compare::instances(&compared.found) {
                match CopyState::of(&Version::below(&found, &path), &current, &older) {
                    CopyState::Edited(entry) if self.copies == Copies::Unedited => {
                        edited.push(Finding::warning(Problem::InstanceEdited(name, entry)));
                    }
                    CopyState::Current | CopyState::Older | CopyState::Edited(_) => {
                        let refresh = sides.refresh_instance(&path, &found, &compared.contents, &older);
                        instances.push((path, refresh));
                    }
                }
            }
        }
        outcome.findings.extend(self.terms.settings.judge(edited).map_err(PlanError::from)?);
        instances.retain(|(_, refresh)| !refresh.steps.is_empty() || refresh.keeps_logger);
        Ok(Work { steps, instances, outgoing })
    }

    /// Notes about instances that keep older copies, also those that only this refresh made old.
    fn older(&self, compared: &Comparison<'_>, recorded: &[Version], work: &Work) -> Vec<compare::Note> {
        let updated: BTreeSet<&TreePath> = work.instances.iter().map(|(path, _)| path).collect();
        let notes = compared.notes(recorded).into_iter();
        let is_left = |note: &compare::Note| match note {
            // There is a finding about it.
            compare::Note::Instance(_, CopyState::Edited(_)) if self.copies != Copies::Kept => false,
            compare::Note::Instance(name, _) => {
                let copy = compare::instances(&compared.found).find(|(other, _)| other == name);
                copy.is_none_or(|(_, path)| !updated.contains(&path))
            }
            _ => true,
        };
        notes.filter(is_left).collect()
    }

    /// Builds and replaces. Returns the instances that were created meanwhile and are copies of neither template.
    fn replace(
        &self,
        work: &Work,
        compared: &Comparison<'_>,
        outcome: &mut Outcome,
        run: &Run<'_>,
    ) -> Result<Vec<Name>, Error> {
        run.check()?;
        let stage = Stage::new(self.dir, &LABEL, self.terms.caller)?;
        let replaced = self.build(&stage, work, run).and_then(|(habits, findings)| {
            outcome.findings.extend(findings);
            if let Some(outgoing) = work.outgoing.as_ref().filter(|_| compare::instances(&compared.found).next().is_some()) {
                record::write(self.dir, &stage.dir, outgoing)?;
            }
            run.check()?;
            let steps = work.all_steps();
            self.put_all(&stage, &steps, &habits)?;
            Ok(())
        });
        if let Err(error) = replaced {
            return Err(stage.discard(error));
        }
        let mixed = self.mixed(work, compared, run);
        outcome.leftovers.extend(stage.dissolve());
        let flushed = self.flush(&work.all_steps());
        outcome.leftovers.extend(self.prune(compared, run).err());
        flushed?;
        mixed
    }

    /// Builds what the steps put into place.
    fn build(&self, stage: &Stage<'_>, work: &Work, run: &Run<'_>) -> Result<(Habits, Vec<Finding>), Error> {
        let plan = Plan { tree: work.built(), placement: self.plan.placement, warnings: Vec::new() };
        let (habits, findings) = examine(stage, &LABEL, &plan, (self.dir, self.place), &self.terms)?;
        let Terms { caller, durability, .. } = self.terms;
        let fill = Fill { stage, source: self.source, place: self.place, run, habits: &habits, caller, durability };
        make_all(&fill, &plan, None)?;
        Ok((habits, findings))
    }

    /// Carries out the steps in order.
    fn put_all(&self, stage: &Stage<'_>, steps: &[&Step], habits: &Habits) -> Result<(), Error> {
        for (done, step) in steps.iter().enumerate() {
            if let Err(error) = self.put(stage, step, habits, done) {
                return Err(match done {
                    0 => error,
                    _ => Error::Partly { place: self.place.clone(), error: error.into() },
                });
            }
        }
        Ok(())
    }

    fn put(&self, stage: &Stage<'_>, step: &Step, habits: &Habits, number: usize) -> Result<(), Error> {
        let path = step.path();
        let place = self.place.at(path);
        let Some(name) = last_name(path) else { return self.rights(&self.dir.dir, path, habits) };
        let parent = path.parent().unwrap_or(TreePath::ROOT);
        let to = open_dir(&self.dir.dir, &parent).map_err(place.cannot("open the directory of"))?;
        let from = || open_dir(&stage.dir, &parent).map_err(place.cannot("open the directory of"));
        match step {
            Step::Rights(_) => self.rights(&open_child(&to, &name).map_err(place.cannot("open"))?, path, habits),
            Step::Add(_) | Step::AddInstance(_) => {
                rename_new(&from()?, &name, &to, &name).map_err(|source| match source.kind() {
                    io::ErrorKind::AlreadyExists => Error::DirChanged(place.clone()),
                    _ => place.cannot("make")(source),
                })
            }
            Step::Replace(_) => rename_over(&from()?, &name, &to, &name).map_err(place.cannot("replace")),
            Step::Exchange(_) => exchange(&from()?, &name, &to, &name).map_err(|source| match is_one_of(&source, REFUSALS) {
                true => Error::Exchange { place: place.clone(), source },
                false => place.cannot("replace")(source),
            }),
            Step::Remove(_) => {
                let away =
                    Name::new(format!(".removed.{number}")).map_err(|_| place.cannot("remove")(Errno::NAMETOOLONG.into()))?;
                rename_new(&to, &name, &stage.dir, &away).map_err(|source| match is_one_of(&source, REFUSALS) {
                    true => Error::Exchange { place: place.clone(), source },
                    false => place.cannot("remove")(source),
                })
            }
        }
    }

    /// Gives a directory of DIR the owner and mode of the plan.
    fn rights(&self, dir: &Dir, path: &TreePath, habits: &Habits) -> Result<(), Error> {
        let copied = copied(path);
        let Some(node) = self.plan.tree.get(copied.as_ref().unwrap_or(path)) else { return Ok(()) };
        let dir = open_readable(dir, &TreePath::ROOT).map_err(self.place.at(path).cannot("open"))?;
        let (owner, mode) = habits.expected(node, self.terms.caller);
        let owner = (self.power == OwnerPower::Gives).then_some(owner);
        hand_over(&dir, Corrections { owner, mode }).map_err(self.place.at(path).cannot("change the owner or mode of"))
    }

    /// Flushes the directories of DIR in which something has another entry now.
    fn flush(&self, steps: &[&Step]) -> Result<(), Error> {
        let Durability::Flushed = self.terms.durability else { return Ok(()) };
        let directories: BTreeSet<TreePath> =
            steps.iter().map(|step| step.path().parent().unwrap_or(TreePath::ROOT)).chain([TreePath::ROOT]).collect();
        for directory in directories {
            let place = self.place.at(&directory);
            let handle = open_readable(&self.dir.dir, &directory).map_err(place.cannot("open"))?;
            self.terms.durability.flush(&handle, || place).map_err(|error| Error::Unflushed(error.into()))?;
        }
        Ok(())
    }

    /// The instances that are there now and were not before, and are copies of neither template: s6-instance-create copied while
    /// the template was exchanged.
    fn mixed(&self, work: &Work, compared: &Comparison<'_>, run: &Run<'_>) -> Result<Vec<Name>, Error> {
        let Some(outgoing) = &work.outgoing else { return Ok(Vec::new()) };
        let after = compared.again(run)?;
        let before: BTreeSet<TreePath> = compare::instances(&compared.found).map(|(_, path)| path).collect();
        let declared = |path: &TreePath| self.plan.tree.get(path).is_some();
        let new = compare::instances(&after.found).filter(|(_, path)| !before.contains(path) && !declared(path));
        let found = after.with_digests();
        let current = after.sides().template_version(&after.contents);
        let is_mixed = |path: &TreePath| {
            let copy = Version::below(&found, path);
            [&current, outgoing].iter().all(|version| CopyState::of(&copy, version, &[]) != CopyState::Current)
        };
        Ok(new.filter(|(_, path)| is_mixed(path)).map(|(name, _)| name.as_name().clone()).collect())
    }

    /// Removes the records of templates that no instance is a copy of.
    fn prune(&self, compared: &Comparison<'_>, run: &Run<'_>) -> Result<(), Error> {
        if self.plan.placement == Placement::Within {
            return Ok(());
        }
        if record::read(Some(self.dir))?.is_empty() {
            return Ok(());
        }
        let after = compared.again(run)?;
        let found = after.with_digests();
        let current = after.sides().template_version(&after.contents);
        let copies: Vec<Version> = compare::instances(&after.found).map(|(_, path)| Version::below(&found, &path)).collect();
        record::prune(self.dir, |version| copies.iter().any(|copy| version.explains(copy, &current)))
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

/// The path in the plan of which an entry of an instance is a copy.
fn copied(path: &TreePath) -> Option<TreePath> {
    let mut names = path.components();
    if names.next() != Some(b"instances") {
        return None;
    }
    names.next()?;
    let inner = names.collect::<Vec<_>>().join(&b'/');
    TEMPLATE.join_path(&TreePath::parse(inner).ok()?).ok()
}
