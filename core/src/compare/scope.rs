//! The entries of an existing DIR that a comparison looks at, and the owner of each: the plan, the living service, or somebody
//! else (docs/original.md, "Bringing a living service up to date").

use super::state::{Found, within};
use crate::layout::{
    CONSUMER_FOR, CONTENTS_D, DEPENDENCIES_D, DOWN, FINISH, FLAG_ESSENTIAL, FLAG_RECOMMENDED, INSTANCE, INSTANCES, LOG,
    NOTIFICATION_FD, PIPELINE_NAME, PRODUCER_FOR, RECORD, RUN, S6_RC_COPIES, STAGING_PREFIX, STATE, TEMPLATE, TIMEOUT_DOWN,
    TIMEOUT_UP, TYPE,
};
use crate::path::{Name, TreePath};
use crate::plan::{Placement, Plan};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

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
    /// The bundle of static instances, whose `contents.d` lists the definitions that are this program's.
    bundle: Option<Name>,
    /// The definitions that it lists at DIR.
    listed: BTreeSet<Name>,
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
        Self { placement: plan.placement, parts: plan.parts().collect(), bundle: None, listed: BTreeSet::new() }
    }

    /// The same for static instances, whose bundle is `bundle`.
    #[must_use]
    pub fn with_bundle(self, bundle: Option<Name>) -> Self {
        Self { bundle, ..self }
    }

    /// The bundle of static instances.
    #[must_use]
    pub const fn bundle(&self) -> Option<&Name> {
        self.bundle.as_ref()
    }

    /// The directory that lists the static instances, and their loggers.
    #[must_use]
    pub fn list(&self) -> Option<TreePath> {
        TreePath::from(self.bundle.clone()?).join(&CONTENTS_D).ok()
    }

    /// The definitions that the bundle at DIR lists, and that have the name of a static instance or of its logger.
    #[must_use]
    pub fn listed(&self, found: &Found) -> BTreeSet<Name> {
        let Some(list) = self.list() else { return BTreeSet::new() };
        let names = within(found, &list).filter_map(|(path, _)| path.below(&list));
        names.filter_map(|name| Name::new(name.as_bytes()).ok()).filter(|name| self.is_static(name)).collect()
    }

    /// Adds definitions that are this program's, besides those of the plan.
    #[must_use]
    pub fn and(mut self, definitions: impl IntoIterator<Item = Name>) -> Self {
        let definitions: Vec<Name> = definitions.into_iter().filter(|name| self.is_static(name)).collect();
        self.listed.extend(definitions.iter().cloned());
        self.parts.extend(definitions);
        self
    }

    /// Returns `true` if a definition is one that the bundle lists at DIR.
    #[must_use]
    pub fn is_listed(&self, definition: &Name) -> bool {
        self.listed.contains(definition)
    }

    /// Returns `true` if a definition has the name of a static instance, or of its logger.
    #[must_use]
    pub fn is_static(&self, definition: &Name) -> bool {
        let rest = |bundle: &Name| definition.as_bytes().strip_prefix(bundle.as_bytes())?.strip_prefix(b"@").map(<[u8]>::len);
        self.bundle.as_ref().and_then(rest).is_some_and(|length| length > 0)
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
                (None, _) => true,
                (Some(name), None) => self.is_of_definition(first, name),
                (Some(name), Some(_)) => is_directory_of_definition(name) && self.is_of_definition(first, name),
            },
        };
        if is_plans { Claim::Plan } else { Claim::Foreign }
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
