//! Plans carried out in memory: what would be at DIR, and the contents of its files, for comparisons without a disk.

use s6_instance_maker_core::compare::{
    Contents, Differences, Digest, Found, OwnerPower, Refresh, RefreshError, Scope, Sides, State, StateKind, Version, Visit,
    compare,
};
use s6_instance_maker_core::definition::DefinitionNames;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::{Content, Plan};
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::{Ids, Kind, Node};
use std::collections::BTreeSet;

/// Returns a number for contents in the place of their SHA-256: FNV-1a, four times, each time of one byte more.
#[must_use]
pub fn digest(contents: &[u8]) -> Digest {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |byte: u8| {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash
    };
    contents.iter().copied().for_each(|byte| {
        add(byte);
    });
    let mut digest = [0; 32];
    for part in digest.chunks_mut(8) {
        part.copy_from_slice(&add(0xff).to_le_bytes());
    }
    Digest(digest)
}

/// The contents of every file of a plan. Each file of the template has its own.
#[must_use]
pub fn contents(plan: &Plan) -> Contents {
    let mut contents = Contents::default();
    for (path, node) in plan.tree.iter() {
        match &node.kind {
            Kind::File(Content::Generated(bytes)) => contents.generated.insert(path.clone(), digest(bytes)),
            Kind::File(Content::Template(original)) => contents.template.insert(original.clone(), original_digest(original)),
            Kind::Directory | Kind::Symlink(_) | Kind::Fifo => None,
        };
    }
    contents
}

fn original_digest(original: &TreePath) -> Digest {
    digest(&[b"the template's ", original.as_bytes()].concat())
}

/// The entries at DIR after `caller` has carried out a plan.
#[must_use]
pub fn carried_out(plan: &Plan, template: &Template, caller: Ids) -> Found {
    plan.tree.iter().map(|(path, node)| (path.clone(), state(node, template, caller))).collect()
}

/// The state of an entry of a plan that `caller` has carried out.
///
/// # Panics
///
/// If it is the copy of what is not a file of the template.
#[must_use]
pub fn state(node: &Node<Content>, template: &Template, caller: Ids) -> State {
    let kind = match &node.kind {
        Kind::Directory => StateKind::Directory,
        Kind::Fifo => StateKind::Fifo,
        Kind::Symlink(target) => StateKind::Symlink(target.clone()),
        Kind::File(Content::Generated(bytes)) => StateKind::File { size: bytes.len() as u64, digest: Some(digest(bytes)) },
        Kind::File(Content::Template(original)) => match template.tree().get(original).map(|node| &node.kind) {
            Some(Kind::File(file)) => StateKind::File { size: file.size, digest: Some(original_digest(original)) },
            other => panic!("{original} is {other:?}, not a file"),
        },
    };
    State { mode: node.meta.mode, owner: node.meta.owner.unwrap_or(caller), kind }
}

/// The template of a plan as a version of copies.
#[must_use]
pub fn version(plan: &Plan, template: &Template, caller: Ids) -> Version {
    let found = Found::new();
    Sides { plan, template, found: &found, scope: &Scope::of(plan), caller, power: OwnerPower::Gives }
        .template_version(&contents(plan))
}

/// The part of what is at DIR that a walk finds in a scope.
#[must_use]
pub fn examined(scope: &Scope, everything: &Found) -> Found {
    let mut found = Found::new();
    let mut entered = BTreeSet::from([TreePath::ROOT]);
    for (path, state) in everything {
        let Some(parent) = path.parent() else {
            found.insert(path.clone(), state.clone());
            continue;
        };
        let visit = if entered.contains(&parent) { scope.visit(path) } else { Visit::Skip };
        if visit == Visit::Enter && state.kind == StateKind::Directory {
            entered.insert(path.clone());
        }
        if visit != Visit::Skip {
            found.insert(path.clone(), state.clone());
        }
    }
    found
}

/// The comparison of a plan with what is at DIR, for one caller.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its template.
    pub template: &'a Template,
    /// The names of its definitions.
    pub names: Option<&'a DefinitionNames>,
    /// The caller.
    pub caller: Ids,
    /// Its power over owners.
    pub power: OwnerPower,
}

/// The way in which the contents of files are read.
#[derive(Clone, Copy)]
enum Reading {
    Compared,
    Digests,
}

impl Compared<'_> {
    /// Returns the differences from `everything` that is at DIR.
    ///
    /// # Panics
    ///
    /// If a file is compared that the questions do not name, or if they depend on the way in which contents are read.
    #[must_use]
    pub fn differences(&self, everything: &Found) -> Differences {
        let of = |reading| self.with_sides(everything, reading, compare);
        let places = |differences: &Differences| -> Vec<_> {
            differences.entries.iter().map(|difference| (difference.path.clone(), difference.fate)).collect()
        };
        let differences = of(Reading::Digests);
        assert_eq!(places(&of(Reading::Compared)), places(&differences));
        differences
    }

    /// Returns the refresh of `everything` that is at DIR, for so many instances.
    ///
    /// # Panics
    ///
    /// As [`Compared::differences`].
    pub fn refresh(&self, everything: &Found, room: u32) -> Result<Refresh, RefreshError> {
        let work = |sides: &Sides<'_>, contents: &Contents| Refresh::of(sides, &compare(sides, contents), room);
        let refresh = self.with_sides(everything, Reading::Digests, work);
        assert_eq!(self.with_sides(everything, Reading::Compared, work), refresh);
        refresh
    }

    /// The scope of the comparison, without what only DIR shows.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::of(self.plan).with_definitions(self.names.cloned())
    }

    /// The part of what is at DIR that is compared, and its scope.
    #[must_use]
    pub fn examined(&self, everything: &Found) -> (Scope, Found) {
        let scope = self.scope();
        let scope = scope.clone().settled(self.plan, &examined(&scope, everything), &[]);
        let found = examined(&scope, everything);
        (scope, found)
    }

    fn with_sides<R>(&self, everything: &Found, reading: Reading, work: impl FnOnce(&Sides<'_>, &Contents) -> R) -> R {
        let Self { plan, template, caller, power, .. } = *self;
        let (scope, mut found) = self.examined(everything);
        // A walk reads no contents.
        for state in found.values_mut() {
            if let StateKind::File { digest, .. } = &mut state.kind {
                *digest = None;
            }
        }
        let sides = Sides { plan, template, found: &found, scope: &scope, caller, power };
        let questions = sides.questions();
        let known = contents(plan);
        let at_dir = |path: &TreePath| read(&everything[path]).unwrap_or_else(|| panic!("{path} is not a file"));
        let planned = |path: &TreePath| read(&state(plan.tree.get(path).unwrap(), template, caller));
        let answers = match reading {
            Reading::Compared => {
                let equal = questions.found.into_iter().filter(|path| planned(path) == Some(at_dir(path)));
                Contents { equal: equal.collect(), ..Contents::default() }
            }
            Reading::Digests => Contents {
                equal: BTreeSet::new(),
                template: questions.template.into_iter().map(|path| (path.clone(), known.template[&path])).collect(),
                generated: questions.generated.into_iter().map(|path| (path.clone(), known.generated[&path])).collect(),
                found: questions.found.into_iter().map(|path| (path.clone(), at_dir(&path))).collect(),
            },
        };
        work(&sides, &answers)
    }
}

fn read(state: &State) -> Option<Digest> {
    match state.kind {
        StateKind::File { digest, .. } => digest,
        _ => None,
    }
}
