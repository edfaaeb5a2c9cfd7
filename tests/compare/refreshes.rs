//! The steps of a refresh, carried out in memory.

use super::changes::{changes, entries, inside, remove, replace};
use super::trees::{CALLER, Numbers, Service, callers, file, path, service, services};
use s6_instance_maker_core::compare::{Difference, Fate, Found, LoggerChange, Note, Refresh, RefreshError, StateKind, Step};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_workspace::{model, skip};
use std::collections::BTreeMap;

/// More instances than a service of the tests has.
const ROOM: u32 = 500;

/// Carries out the steps; fails where the system would refuse one, and where one would touch what it must not.
fn carry_out(service: &Service, refresh: &Refresh, found: &mut Found) {
    let scope = service.compared().scope();
    let mut units = Vec::new();
    for step in &refresh.steps {
        let path = step.path();
        assert!(!units.contains(path), "{path} has two steps: {:?}", refresh.steps);
        units.push(path.clone());
        if let Some(parent) = path.parent() {
            assert_eq!(found.get(&parent).map(|state| state.kind.word()), Some("dir"), "the parent of {step:?}");
        }
        let is_directory = found.get(path).map(|state| state.kind == StateKind::Directory);
        let is_built_directory = refresh.built.get(path).map(|node| node.kind.word() == "dir");
        match step {
            Step::Rights(_) => {
                assert_eq!(is_directory, Some(true), "{step:?}");
                let planned = model::state(service.plan.tree.get(path).unwrap(), &service.template, CALLER);
                found.insert(path.clone(), planned);
                continue;
            }
            Step::Add(_) | Step::AddInstance(_) => assert_eq!(is_directory, None, "{step:?}"),
            Step::Exchange(_) => assert!(is_directory == Some(true) || is_built_directory == Some(true), "{step:?}"),
            Step::Replace(_) => assert_eq!((is_directory, is_built_directory), (Some(false), Some(false)), "{step:?}"),
            Step::Remove(_) => assert!(is_directory.is_some(), "{step:?}"),
        }
        assert!(
            !(scope.is_open(path) && is_directory == Some(true)) || matches!(step, Step::Remove(_)),
            "{step:?} of what lives"
        );
        remove(found, path);
        if step.is_built() {
            let built = refresh.built.iter().filter(|(at, _)| at.starts_with(path));
            let built: Found = built.map(|(at, node)| (at.clone(), model::state(node, &service.template, CALLER))).collect();
            assert!(built.contains_key(path), "{step:?} is not built");
            found.extend(built);
        }
    }
    // Nothing is built in vain: what is built is in a step, or around one.
    for (path, _) in refresh.built.iter() {
        let is_used = refresh.steps.iter().any(|step| path.starts_with(step.path()) || step.path().starts_with(path));
        assert!(is_used || path.is_root(), "{path} is built in vain");
    }
}

/// Makes up to five changes of any kind to what is at DIR.
fn spoil(service: &Service, numbers: &mut Numbers) -> Found {
    let mut found = service.found.clone();
    let entries = entries(service);
    for _ in 0..=numbers.below(5) {
        let path = numbers.one(&entries).clone();
        let Some(state) = found.get(&path).cloned() else { continue };
        match numbers.below(4) {
            0 if !path.is_root() => drop(remove(&mut found, &path)),
            1 if state.kind == StateKind::Directory => {
                found.insert(inside(&path, "added"), file("x"));
            }
            _ => {
                let changes = changes(&state, numbers);
                let (what, changed) = numbers.one(&changes).clone();
                if !(path.is_root() && what == "kind") {
                    replace(&mut found, &path, changed);
                }
            }
        }
    }
    found
}

fn kept(differences: &[Difference]) -> Vec<&Difference> {
    differences.iter().filter(|difference| difference.fate == Fate::Kept).collect()
}

/// After a refresh there is no difference but entries that stay, and these are as they were; or there is a reason why not.
#[test]
fn refreshes_remove_every_difference() {
    let mut numbers = Numbers(4);
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for service in services(200) {
        for _ in 0..20 {
            let mut found = spoil(&service, &mut numbers);
            let before = service.compared().differences(&found);
            let outcome = match service.compared().refresh(&found, ROOM) {
                Ok(refresh) => {
                    let is_clean = kept(&before.entries).len() == before.entries.len();
                    let fills = before.notes.iter().any(|note| matches!(note, Note::EmptyDirectory(_)));
                    assert_eq!(refresh.steps.is_empty(), is_clean && !fills, "{before:?}\n{:?}", refresh.steps);
                    carry_out(&service, &refresh, &mut found);
                    let after = service.compared().differences(&found);
                    assert_eq!(kept(&after.entries), kept(&before.entries), "{:?}", refresh.steps);
                    assert_eq!(after.entries.len(), kept(&after.entries).len(), "{after:?}\n{:?}", refresh.steps);
                    assert_eq!(after.notes, [], "{:?}", refresh.steps);
                    if refresh.steps.is_empty() { "nothing to do" } else { "done" }
                }
                Err(RefreshError::NotOurs(path)) => {
                    assert!(!found.contains_key(&path), "{path}");
                    "not ours"
                }
                Err(RefreshError::NotADirectory(path)) => {
                    assert!(found[&path].kind != StateKind::Directory, "{path}");
                    "not a directory"
                }
                Err(RefreshError::Taken { definition, list }) => {
                    let entry = list.join(&definition).unwrap();
                    let is_listed = found.contains_key(&entry) && found[&list].kind == StateKind::Directory;
                    assert!(!is_listed && found.contains_key(&TreePath::from(definition)), "{entry}");
                    "name taken"
                }
                Err(error) => panic!("{error}: {before:?}"),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    skip::tell(&format!("compare: refreshes of 200 services: {outcomes:?}"));
    assert_eq!(outcomes.len(), 5, "{outcomes:?}");
    assert!(outcomes["done"] >= 2000, "{outcomes:?}");
}

/// What lives is the same after a refresh.
#[test]
fn refreshes_touch_nothing_that_lives() {
    let mut numbers = Numbers(5);
    for service in services(100) {
        let entries = entries(&service);
        let scope = service.compared().scope();
        let is_living = |path: &TreePath| !entries.contains(path) && !path.is_root();
        let mut found = service.found.clone();
        for path in &entries {
            // A directory that was replaced has lost its entries.
            let Some(state) = found.get(path).cloned() else { continue };
            let changes = changes(&state, &mut numbers);
            let (what, changed) = numbers.one(&changes).clone();
            // Without its list, a bundle has no instances.
            if what != "kind" || !scope.is_open(path) && scope.list().as_ref() != Some(path) {
                replace(&mut found, path, changed);
            }
        }
        let living = |found: &Found| -> Found {
            found.iter().filter(|(path, _)| is_living(path)).map(|(path, state)| (path.clone(), state.clone())).collect()
        };
        let before = living(&found);
        let refresh = service.compared().refresh(&found, ROOM).unwrap();
        assert!(!refresh.steps.is_empty());
        carry_out(&service, &refresh, &mut found);
        assert_eq!(living(&found), before, "{:?}", refresh.steps);
        assert_eq!(service.compared().differences(&found).entries, [], "{:?}", refresh.steps);
    }
}

/// Returns the text of the outcome of a refresh: its steps, or the reason why there is none.
fn outcome(options: &[&str], room: u32, change: fn(&mut Found)) -> String {
    let service = service(options);
    let mut found = service.found.clone();
    change(&mut found);
    match service.compared().refresh(&found, room) {
        Err(error) => error.to_string(),
        Ok(refresh) => {
            let step = |step: &Step| {
                let word = match step {
                    Step::Rights(_) => "rights",
                    Step::Add(_) => "add",
                    Step::Exchange(_) => "exchange",
                    Step::Replace(_) => "replace",
                    Step::AddInstance(_) => "add instance",
                    Step::Remove(_) => "remove",
                };
                format!("{word} {}", step.path())
            };
            let logger = refresh.logger.map(|change| match change {
                LoggerChange::Appears => "logger appears",
                LoggerChange::Disappears => "logger disappears",
            });
            refresh.steps.iter().map(step).chain(logger.map(String::from)).collect::<Vec<_>>().join(", ")
        }
    }
}

fn logger(found: &mut Found) {
    found.insert(path("log"), callers(0o755, StateKind::Directory));
    found.insert(path("log/run"), file("older"));
    found.insert(path("log/supervise"), callers(0o700, StateKind::Directory));
}

/// The definition of a static instance that the plan no longer has.
fn older_instance(found: &mut Found) {
    found.insert(path("svc/contents.d/svc@old"), file(""));
    found.insert(path("svc@old"), callers(0o755, StateKind::Directory));
    found.insert(path("svc@old/type"), file("longrun\n"));
}

/// Steps and refusals, each for one reason.
#[test]
fn outcomes() {
    type Row<'r> = (&'r [&'r str], u32, fn(&mut Found), &'r str);
    let table: [Row<'_>; 21] = [
        (&[], 500, |_| {}, ""),
        (&[], 500, Found::clear, "add ."),
        (
            &[],
            500,
            |found| found.retain(|path, _| path.is_root()),
            "add instance, add instances, add notification-fd, add run, add template",
        ),
        (&[], 500, |found| replace(found, &path("run"), file("x")), "replace run"),
        (&[], 500, |found| replace(found, &path("run"), callers(0o755, StateKind::Directory)), "exchange run"),
        (&[], 500, |found| replace(found, &path("template/run"), file("x")), "exchange template"),
        (&[], 500, |found| replace(found, &path("instance"), callers(0o700, StateKind::Directory)), "rights instance"),
        (
            &[],
            500,
            |found| {
                remove(found, &path("run"));
                remove(found, &path(".s6-instance-maker"));
            },
            "`run` is missing: not a directory that this program made",
        ),
        // The record shows that it is one.
        (&[], 500, |found| drop(remove(found, &path("run"))), "add run"),
        (&[], 500, |found| replace(found, &path("instances"), file("x")), "`instances` is not a directory"),
        (&["-L/l"], 500, |found| drop(remove(found, &path("log"))), "add log, logger appears"),
        (&[], 500, logger, "remove log, logger disappears"),
        (
            &[],
            500,
            |found| {
                logger(found);
                found.insert(path("log/rules"), file("mine"));
            },
            "`log/rules` is not this program's; `log` cannot be removed",
        ),
        (
            &["--instance", "a"],
            500,
            |found| {
                remove(found, &path("instance/a"));
                remove(found, &path("instances/a"));
            },
            "add instance instances/a, add instance instance/a",
        ),
        (&["--instance", "a"], 2, |_| {}, ""),
        (&["--instance", "a"], 1, |_| {}, "2 instances are declared or exist; the capacity is 1"),
        (
            &["-rsvc"],
            500,
            |found| drop(remove(found, &path("svc/type"))),
            "`svc/type` is missing: not a directory that this program made",
        ),
        (&["-rsvc"], 500, |found| drop(remove(found, &path("svc"))), "add svc"),
        (
            &["-rsvc", "--static", "--count=1"],
            500,
            |found| {
                older_instance(found);
                found.insert(path("svc@foreign"), callers(0o755, StateKind::Directory));
            },
            "remove svc@old, exchange svc/contents.d",
        ),
        (
            &["-rsvc", "--static", "--count=1"],
            500,
            |found| {
                older_instance(found);
                found.insert(path("svc@old/notes"), file("mine"));
            },
            "`svc@old/notes` is not this program's; `svc@old` cannot be removed",
        ),
        (
            &["-rsvc", "--static", "--count=1"],
            500,
            |found| drop(remove(found, &path("svc/contents.d/svc@1"))),
            "the definition `svc@1` is not in `svc/contents.d`: it is not one of this program, and stays",
        ),
    ];
    for (options, room, change, expected) in table {
        assert_eq!(outcome(options, room, change), expected, "{options:?}");
    }
}
