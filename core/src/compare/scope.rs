//! The entries of an existing DIR that a comparison looks at, and the owner of each: the plan, the living service, or somebody
//! else (docs/original.md, "Bringing a living service up to date").

use super::link::Link;
use super::state::{Found, StateKind, within};
use crate::definition::DefinitionNames;
use crate::layout::{
    CONSUMER_FOR, CONTENTS_D, DEPENDENCIES_D, DOWN, FINISH, FLAG_ESSENTIAL, FLAG_RECOMMENDED, INSTANCE, INSTANCES, LOG,
    NOTIFICATION_FD, PIPELINE_NAME, PRODUCER_FOR, RECORD, RUN, S6_RC_COPIES, STAGING_PREFIX, STATE, TEMPLATE, TIMEOUT_DOWN,
    TIMEOUT_UP, TYPE,
};
use crate::path::{Name, TreePath};
use crate::plan::{Placement, Plan};
use alloc::collections::BTreeSet;

/// The files of a source definition that this program makes.
const OF_DEFINITION: [Name; 11] = [
    TYPE,
    RUN,
    NOTIFICATION_FD,
    PRODUCER_FOR,
    CONSUMER_FOR,
    PIPELINE_NAME,
    FLAG_ESSENTIAL,
    FLAG_RECOMMENDED,
    TIMEOUT_UP,
    TIMEOUT_DOWN,
    FINISH,
];
/// The directories of a source definition that this program makes, each exchanged as a whole.
const DIRECTORIES_OF_DEFINITION: [Name; 5] =
    [Name::constant("template"), DEPENDENCIES_D, CONTENTS_D, Name::constant("data"), Name::constant("env")];

/// The way of a comparison through DIR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    placement: Placement,
    /// With [`Placement::Within`], the definitions.
    parts: BTreeSet<Name>,
    /// The names of `-r`. The `contents.d` of the service lists the static instances that are this program's.
    names: Option<DefinitionNames>,
    /// The definitions that it lists at DIR.
    listed: BTreeSet<Name>,
    /// Definitions at DIR that stay, and that s6-rc-compile refuses beside those of the plan.
    conflicts: BTreeSet<Name>,
}

/// The treatment of an entry of DIR by a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// It is not examined: it belongs to the living service, or to nobody that a plan knows.
    Skip,
    /// It is examined.
    Examine,
    /// It is examined, and so is its content where it is a directory.
    Enter,
}

/// The owner of an entry of DIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The plan: it is there if and only if the plan contains it.
    Plan,
    /// An instance: it is there at least if the plan contains it.
    Instance,
    /// This program: its record of earlier templates, which shows that DIR is one that it made.
    Record,
    /// Somebody else: it stays.
    Foreign,
}

impl Scope {
    /// The scope of a comparison with `plan`.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let (listed, conflicts) = (BTreeSet::new(), BTreeSet::new());
        Self { placement: plan.placement, parts: plan.parts().collect(), names: None, listed, conflicts }
    }

    /// The same for source definitions with these names. The bundle of a pipeline, which the plan only has where the list of
    /// instances is empty, is examined too: it may be left of such a list.
    #[must_use]
    pub fn with_definitions(mut self, names: Option<DefinitionNames>) -> Self {
        self.parts.extend(names.iter().filter_map(|names| names.pipeline.clone()));
        Self { names, ..self }
    }

    /// The directory that lists the static instances, and their loggers.
    #[must_use]
    pub fn list(&self) -> Option<TreePath> {
        TreePath::from(self.names.as_ref()?.service.clone()).join(&CONTENTS_D).ok()
    }

    /// Adds what only DIR shows: the definitions of an earlier plan, which are this program's too, and those that cannot stay beside
    /// `plan`. `found` are the entries at DIR, and `links` what its definitions say of each other.
    #[must_use]
    pub fn settled(mut self, plan: &Plan, found: &Found, links: &[Link]) -> Self {
        let Some(names) = self.names.clone() else { return self };
        let listed: BTreeSet<Name> = match self.list() {
            Some(list) => within(found, &list)
                .filter_map(|(path, _)| Name::new(path.below(&list)?.as_bytes()).ok())
                .filter(|name| self.is_static(name))
                .collect(),
            None => BTreeSet::new(),
        };
        self.parts.extend(listed.iter().cloned());
        self.listed = listed;
        loop {
            let is_of_conflict = |link: &&Link| {
                let is_known = |set: &BTreeSet<Name>| set.contains(&link.definition);
                !is_known(&self.parts) && !is_known(&self.conflicts) && link.is_broken(&self.parts, &self.conflicts)
            };
            let more: BTreeSet<Name> = links.iter().filter(is_of_conflict).map(|link| link.definition.clone()).collect();
            if more.is_empty() {
                break;
            }
            self.conflicts.extend(more);
        }
        if let Some(pipeline) = names.pipeline.as_ref().filter(|pipeline| plan.parts().all(|part| part != **pipeline)) {
            let is_there = found.contains_key(&TreePath::from(pipeline.clone()));
            if is_there && !is_empty_pipeline(found, &names, pipeline) {
                self.parts.remove(pipeline);
                self.conflicts.insert(pipeline.clone());
            }
        }
        self
    }

    /// The definitions at DIR that stay, and that s6-rc-compile refuses beside those of the plan.
    #[must_use]
    pub const fn conflicts(&self) -> &BTreeSet<Name> {
        &self.conflicts
    }

    /// Returns `true` if a definition is one that the bundle lists at DIR.
    #[must_use]
    pub fn is_listed(&self, definition: &Name) -> bool {
        self.listed.contains(definition)
    }

    /// Returns `true` if a definition has the name of a static instance, or of its logger.
    #[must_use]
    pub fn is_static(&self, definition: &Name) -> bool {
        let Some(DefinitionNames { service, logger, pipeline }) = &self.names else { return false };
        let rest = definition.as_bytes().strip_prefix(service.as_bytes()).and_then(|rest| rest.strip_prefix(b"@"));
        let is_other = [logger, pipeline].into_iter().flatten().any(|other| other == definition);
        rest.is_some_and(|rest| !rest.is_empty()) && !is_other
    }

    /// Returns the treatment of the entry at `path`, which is not the root.
    #[must_use]
    pub fn visit(&self, path: &TreePath) -> Visit {
        let mut names = path.components();
        let (first, second, third) = (names.next().unwrap_or_default(), names.next(), names.next());
        match self.placement {
            Placement::New => match (first, second) {
                (name, None) if name == RECORD.as_bytes() => Visit::Examine,
                _ if is_own(first) => Visit::Skip,
                (name, None) if is_state(name) => Visit::Skip,
                (name, None) if [INSTANCE, INSTANCES, TEMPLATE, LOG].iter().any(|known| known.as_bytes() == name) => {
                    Visit::Enter
                }
                (_, None) => Visit::Examine,
                (b"template", Some(_)) => Visit::Enter,
                (b"log", Some(name)) if third.is_some() || is_state(name) => Visit::Skip,
                // What s6-svscan keeps there is its own.
                (b"instance" | b"instances", Some(name)) if name.starts_with(b".") => Visit::Skip,
                (b"instances", Some(_)) => Self::visit_instance(path),
                (b"log" | b"instance", Some(_)) if third.is_none() => Visit::Examine,
                _ => Visit::Skip,
            },
            Placement::Within => match (second, third) {
                (None, _) if self.is_conflict(first) => Visit::Examine,
                _ if !self.parts.iter().any(|part| part.as_bytes() == first) => Visit::Skip,
                (None, _) => Visit::Enter,
                (Some(name), _) if self.is_of_definition(first, name) && is_directory_of_definition(name) => Visit::Enter,
                (Some(_), None) => Visit::Examine,
                _ => Visit::Skip,
            },
        }
    }

    /// A copy of the template, or what its supervisors keep in it.
    fn visit_instance(path: &TreePath) -> Visit {
        if is_of_supervisors(path.components().skip(2)) { Visit::Skip } else { Visit::Enter }
    }

    /// Returns the owner of the entry at `path`, which a walk has examined.
    #[must_use]
    pub fn claim(&self, path: &TreePath) -> Claim {
        let mut names = path.components();
        let (first, second, third) = (names.next().unwrap_or_default(), names.next(), names.next());
        let is_plans = match self.placement {
            Placement::New => match (first, second) {
                (b"instance" | b"instances", Some(_)) => return Claim::Instance,
                (name, None) if name == RECORD.as_bytes() => return Claim::Record,
                (b"log", Some(name)) => name == RUN.as_bytes() || name == NOTIFICATION_FD.as_bytes(),
                (name, None) => {
                    name.is_empty()
                        || [RUN, NOTIFICATION_FD].iter().any(|known| known.as_bytes() == name)
                        || [INSTANCE, INSTANCES, TEMPLATE, LOG].iter().any(|known| known.as_bytes() == name)
                }
                _ => first == TEMPLATE.as_bytes(),
            },
            Placement::Within => match (second, third) {
                (None, _) => !self.is_conflict(first),
                (Some(name), None) => self.is_of_definition(first, name),
                (Some(name), Some(_)) => is_directory_of_definition(name) && self.is_of_definition(first, name),
            },
        };
        if is_plans { Claim::Plan } else { Claim::Foreign }
    }

    fn is_conflict(&self, definition: &[u8]) -> bool {
        self.conflicts.iter().any(|name| name.as_bytes() == definition)
    }

    /// Returns `true` if this program makes entries called `name` in the definition `part`. Whatever else s6-rc reads of a longrun
    /// belongs to whoever put it beside what this program made, except in static instances, of which s6-rc reads nothing else.
    fn is_of_definition(&self, part: &[u8], name: &[u8]) -> bool {
        let is_static = Name::new(part).is_ok_and(|part| self.is_static(&part));
        let is_among = |names: &[Name]| names.iter().any(|known| known.as_bytes() == name);
        let of_static = [FINISH, Name::constant("data"), Name::constant("env")];
        let is_known = is_among(&OF_DEFINITION) || is_directory_of_definition(name);
        if is_static { is_known || is_among(&S6_RC_COPIES) } else { is_known && !is_among(&of_static) }
    }

    /// Returns `true` if the entry at `path` is a directory whose entries are brought up to date one by one. All others are
    /// exchanged whole.
    #[must_use]
    pub fn is_open(&self, path: &TreePath) -> bool {
        match self.placement {
            Placement::New => path.is_root() || [INSTANCE, INSTANCES, LOG].contains(path),
            Placement::Within => path.components().count() <= 1,
        }
    }

    /// Returns the entry that is exchanged when the one at `path` differs: itself, or the outermost directory around it that is
    /// not open.
    #[must_use]
    pub fn unit(&self, path: &TreePath) -> TreePath {
        let mut unit = path.clone();
        while let Some(parent) = unit.parent() {
            if self.is_open(&parent) {
                break;
            }
            unit = parent;
        }
        unit
    }
}

/// Returns `true` if `pipeline` at DIR is nothing but the bundle that is made of an empty list of instances. A `type` of that size in
/// such a directory says `bundle`, or nothing that s6-rc-compile takes.
fn is_empty_pipeline(found: &Found, names: &DefinitionNames, pipeline: &Name) -> bool {
    const BUNDLE: u64 = b"bundle\n".len() as u64;
    let directory = TreePath::from(pipeline.clone());
    let list = directory.join(&CONTENTS_D).ok();
    let listed = |name: &Name| Some((list.as_ref()?.join(name).ok()?, Some(0)));
    let file = directory.join(&TYPE).ok().map(|path| (path, Some(BUNDLE)));
    let files = [file, listed(&names.service), names.logger.as_ref().and_then(listed)];
    let directories = [Some(directory.clone()), list.clone()].map(|path| Some((path?, None)));
    let expected: BTreeSet<(TreePath, Option<u64>)> = files.into_iter().chain(directories).flatten().collect();
    let is_plain = |kind: &StateKind| matches!(kind, StateKind::Directory | StateKind::File { .. });
    let there = found.iter().filter(|(path, _)| path.starts_with(&directory));
    let there: Option<BTreeSet<_>> =
        there.map(|(path, state)| is_plain(&state.kind).then(|| (path.clone(), state.kind.size()))).collect();
    there == Some(expected)
}

/// Returns `true` if the entry of an instance with the names `inner` is its supervisors' business, whatever the template has there.
pub(super) fn is_of_supervisors<'n>(mut inner: impl Iterator<Item = &'n [u8]>) -> bool {
    match (inner.next(), inner.next()) {
        (Some(log), Some(name)) if log == LOG.as_bytes() => is_state(name),
        (Some(name), _) => is_state(name),
        _ => false,
    }
}

/// The files of a supervisor, and the one that keeps a service down.
fn is_state(name: &[u8]) -> bool {
    STATE.iter().any(|state| state.as_bytes() == name) || name == DOWN.as_bytes()
}

/// The files of this program: its record of earlier templates, and staging directories.
fn is_own(name: &[u8]) -> bool {
    name == RECORD.as_bytes() || name.starts_with(STAGING_PREFIX.as_bytes())
}

fn is_directory_of_definition(name: &[u8]) -> bool {
    DIRECTORIES_OF_DEFINITION.iter().any(|known| known.as_bytes() == name)
}
