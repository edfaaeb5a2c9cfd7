//! Every kind of single change to what is at DIR, made to 200 services: those of the plan's entries are differences, those of what
//! lives are not.

use super::trees::{CALLER, Numbers, Service, callers, file, path, services};
use s6_instance_maker_core::compare::{Claim, Difference, Fate, Found, Note, OwnerPower, State, StateKind};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::Placement;
use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_workspace::model::{self, Compared};
use s6_instance_maker_workspace::skip;
use std::collections::BTreeMap;
use std::mem;

/// The number of services.
const SERVICES: usize = 200;

impl Service {
    /// Its comparison, for a caller who can give files away.
    pub(super) const fn compared(&self) -> Compared<'_> {
        let names = self.names.as_ref();
        Compared { plan: &self.plan, template: &self.template, names, caller: CALLER, power: OwnerPower::Gives }
    }
}

/// A change of one entry: the kind of change, and the entry's other state.
type Change = (&'static str, State);

/// Every kind of change of an entry that stays.
pub(super) fn changes(state: &State, numbers: &mut Numbers) -> Vec<Change> {
    let Ids { uid, gid } = state.owner;
    let of_kind = |kind: StateKind| State { kind, ..state.clone() };
    let mut changes = vec![
        ("user", State { owner: Ids { uid: uid + 1, gid }, ..state.clone() }),
        ("group", State { owner: Ids { uid, gid: gid + 1 }, ..state.clone() }),
    ];
    match &state.kind {
        StateKind::File { size, .. } => {
            let other = |size| of_kind(StateKind::File { size, digest: Some(model::digest(b"other")) });
            changes.extend([("byte", other(*size)), ("longer", other(size + 1))]);
            changes.extend(size.checked_sub(1).map(|shorter| ("shorter", other(shorter))));
        }
        StateKind::Symlink(target) => {
            changes.push(("target", of_kind(StateKind::Symlink([target.as_slice(), b"/"].concat()))));
        }
        _ => {}
    }
    // A link has no mode.
    if !matches!(state.kind, StateKind::Symlink(_)) {
        let bit = 1 << numbers.below(12);
        changes.push(("mode", State { mode: Mode::new(u32::from(state.mode.bits() ^ bit)), ..state.clone() }));
    }
    let others = [
        StateKind::Directory,
        StateKind::File { size: 3, digest: Some(model::digest(b"run")) },
        StateKind::Symlink(b"run".to_vec()),
        StateKind::Fifo,
        StateKind::Socket,
        StateKind::Device,
    ];
    let others = others.into_iter().filter(|other| other.word() != state.kind.word());
    changes.extend(others.map(|kind| ("kind", of_kind(kind))));
    changes
}

/// Puts `state` where an entry is; what was in a directory is gone with it.
pub(super) fn replace(found: &mut Found, at: &TreePath, state: State) {
    if state.kind != StateKind::Directory {
        remove(found, at);
    }
    found.insert(at.clone(), state);
}

/// Removes an entry with all that is in it.
pub(super) fn remove(found: &mut Found, at: &TreePath) -> Found {
    let removed: Found =
        found.iter().filter(|(path, _)| path.starts_with(at)).map(|(path, state)| (path.clone(), state.clone())).collect();
    found.retain(|path, _| !removed.contains_key(path));
    removed
}

/// The path of an entry in a directory.
pub(super) fn inside(directory: &TreePath, name: &'static str) -> TreePath {
    directory.join_path(&path(name)).unwrap()
}

/// The entries of the plan that must be as planned.
pub(super) fn entries(service: &Service) -> Vec<TreePath> {
    let scope = service.compared().scope();
    let is_dir = |path: &TreePath| service.plan.placement == Placement::New || !path.is_root();
    let paths = service.plan.tree.iter().map(|(path, _)| path);
    paths.filter(|path| scope.claim(path) == Claim::Plan && is_dir(path)).cloned().collect()
}

/// The difference at a path.
fn at<'d>(differences: &'d [Difference], path: &TreePath) -> Option<&'d Difference> {
    differences.iter().find(|difference| difference.path == *path)
}

#[test]
fn every_change_of_a_planned_entry_is_found() {
    let mut numbers = Numbers(2);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for service in services(SERVICES) {
        let compared = service.compared();
        for path in entries(&service) {
            let state = &service.found[&path];
            for (what, changed) in changes(state, &mut numbers) {
                // DIR is opened as a directory before anything is compared.
                if path.is_root() && what == "kind" {
                    continue;
                }
                let mut found = service.found.clone();
                replace(&mut found, &path, changed.clone());
                let differences = compared.differences(&found).entries;
                let difference = at(&differences, &path).unwrap_or_else(|| panic!("{what} of {path}: {differences:?}"));
                assert_eq!(difference.fate, Fate::Replaced, "{what} of {path}");
                let found = difference.found.as_ref().unwrap();
                assert_eq!((found.mode, found.owner, found.kind.word()), (changed.mode, changed.owner, changed.kind.word()));
                *counts.entry(what).or_default() += 1;
            }
            if path.is_root() {
                continue;
            }
            let mut found = service.found.clone();
            let removed = remove(&mut found, &path);
            let differences = compared.differences(&found);
            let is_note = differences.notes.contains(&Note::EmptyDirectory(path.clone()));
            let difference = at(&differences.entries, &path);
            assert!(
                is_note != (difference.map(|difference| difference.fate) == Some(Fate::Created)),
                "{path}: {differences:?}"
            );
            *counts.entry(if is_note { "removed, empty" } else { "removed" }).or_default() += 1;
            // Its other name is an entry that the plan does not have.
            let other = TreePath::parse([path.as_bytes(), b"~"].concat()).unwrap();
            let renamed = removed.into_iter().map(|(at, state)| {
                (TreePath::parse([other.as_bytes(), &at.as_bytes()[path.as_bytes().len()..]].concat()).unwrap(), state)
            });
            found.extend(renamed);
            let differences = compared.differences(&found).entries;
            assert_eq!(at(&differences, &path).is_some(), !is_note, "{path}: {differences:?}");
            // Another directory in DIR with -r is none of ours.
            let is_seen = compared.examined(&found).1.contains_key(&other);
            assert_eq!(at(&differences, &other).is_some(), is_seen, "{other}: {differences:?}");
            assert!(is_seen || path.parent().unwrap().is_root() && service.plan.placement == Placement::Within, "{path}");
            *counts.entry("renamed").or_default() += 1;
        }
    }
    skip::tell(&format!("compare: changes of {SERVICES} services, all found: {counts:?}"));
    assert_eq!(counts.len(), 11, "{counts:?}");
    assert!(counts.values().all(|&count| count >= 50), "{counts:?}");
}

/// What is added to a directory of the plan is a difference: one that stays if the directory is not the plan's alone.
#[test]
fn every_added_entry_is_found() {
    let mut fates: BTreeMap<&str, usize> = BTreeMap::new();
    for service in services(SERVICES) {
        let scope = service.compared().scope();
        for directory in entries(&service) {
            if service.found[&directory].kind != StateKind::Directory {
                continue;
            }
            for added in [file("x"), callers(0o755, StateKind::Directory), callers(0o600, StateKind::Socket)] {
                let place = inside(&directory, "added");
                let mut found = service.found.clone();
                found.insert(place.clone(), added);
                let differences = service.compared().differences(&found).entries;
                if [path("instance"), path("instances")].contains(&directory) && service.plan.placement == Placement::New {
                    assert_eq!(differences, [], "{place}");
                    *fates.entry("none").or_default() += 1;
                    continue;
                }
                let fates_found: Vec<_> = differences.iter().map(|difference| (&difference.path, difference.fate)).collect();
                let expected = if scope.claim(&place) == Claim::Plan { Fate::Removed } else { Fate::Kept };
                assert_eq!(fates_found, [(&place, expected)]);
                *fates.entry(expected.word()).or_default() += 1;
            }
        }
    }
    assert_eq!(fates.len(), 3, "{fates:?}");
    assert!(fates.values().all(|&count| count >= 50), "{fates:?}");
}

/// A living service does not differ, and no change of what lives is a difference, but where a declared instance is one no more.
#[test]
fn no_change_of_what_lives_is_a_difference() {
    let mut numbers = Numbers(3);
    let mut count = 0;
    for service in services(SERVICES) {
        let compared = service.compared();
        assert_eq!(compared.differences(&service.found).entries, [], "{:?}", service.plan);
        let living = service.found.keys().filter(|path| !entries(&service).contains(path) && !path.is_root());
        for path in living {
            let is_instance = service.plan.tree.get(path).is_some() && path.components().count() == 2;
            let ty = |state: &State| mem::discriminant(&state.kind);
            for (what, changed) in changes(&service.found[path], &mut numbers) {
                let mut found = service.found.clone();
                let is_lost = is_instance && ty(&changed) != ty(&service.found[path]);
                replace(&mut found, path, changed);
                // What remains of a declared instance is the living service's.
                let differences = compared.differences(&found).entries;
                assert_eq!(at(&differences, path).is_some(), is_lost, "{what} of {path}");
                assert_eq!(differences.len(), usize::from(is_lost), "{what} of {path}");
                count += 1;
            }
            let mut found = service.found.clone();
            remove(&mut found, path);
            let differences = compared.differences(&found).entries;
            assert_eq!(at(&differences, path).is_some(), is_instance, "{path}: {differences:?}");
            assert!(is_instance || differences.is_empty(), "{path}: {differences:?}");
        }
    }
    assert!(count >= 10_000, "{count} changes");
}

/// For a caller who cannot give files away, owners are one note.
#[test]
fn owners_that_cannot_be_given_are_a_note() {
    for service in services(20) {
        let compared = Compared { power: OwnerPower::Keeps, ..service.compared() };
        let mut found = service.found.clone();
        let entries = entries(&service);
        for path in &entries {
            found.get_mut(path).unwrap().owner.uid += 1;
        }
        let differences = compared.differences(&found);
        assert_eq!(differences.entries, []);
        let [Note::Owners { path, count, .. }] = differences.notes.as_slice() else { panic!("{differences:?}") };
        assert_eq!((path, count), (&entries[0], &(entries.len() as u64)));
    }
}
