//! Names that lead to other definitions: pipelines, bundles, dependencies.

use super::names::{Definition, Definitions, FD_HOLDER, Longrun, ONESHOT_RUNNER};
use super::{Refusal, wrong};
use std::collections::{BTreeMap, BTreeSet};

type Set = BTreeSet<Vec<u8>>;
type Sets = BTreeMap<Vec<u8>, Set>;

/// The atomic services in each bundle, and those that each atomic service depends on.
pub(super) fn resolve(definitions: &Definitions) -> Result<(Sets, Sets), Refusal> {
    for (name, longrun) in definitions.longruns() {
        check_pipes(definitions, name, longrun)?;
    }
    let mut named: Sets = BTreeMap::new();
    for (name, definition) in &definitions.0 {
        if let Definition::Bundle(contents) = definition {
            named.insert(name.clone(), contents.clone());
        }
    }
    for (name, longrun) in definitions.longruns() {
        let Some(pipeline) = &longrun.pipeline else { continue };
        if definitions.0.contains_key(pipeline) || named.contains_key(pipeline) {
            return Err(wrong("duplicate service definition", pipeline));
        }
        let mut contents = Set::new();
        collect(definitions, name, &mut contents)?;
        named.insert(pipeline.clone(), contents);
    }
    let mut bundles = Sets::new();
    for name in named.keys() {
        let mut atomic = Set::new();
        expand(definitions, &named, name, &mut Vec::new(), &mut atomic)?;
        bundles.insert(name.clone(), atomic);
    }
    let dependencies = dependencies(definitions, &bundles)?;
    for name in dependencies.keys() {
        visit(&dependencies, name, &mut Vec::new(), &mut Set::new())?;
    }
    Ok((bundles, dependencies))
}

/// Both ends of a pipe are longruns that name each other.
fn check_pipes(definitions: &Definitions, name: &[u8], longrun: &Longrun) -> Result<(), Refusal> {
    let other = |name: &Vec<u8>| match definitions.0.get(name) {
        Some(Definition::Longrun(_, longrun)) => Some(longrun),
        Some(_) | None => None,
    };
    if let Some(consumer) = &longrun.consumer {
        let end = other(consumer).ok_or_else(|| wrong("declares being a producer for", name))?;
        if end.producers.iter().any(|producer| other(producer).is_none()) {
            return Err(wrong("declares", consumer));
        }
        if !end.producers.contains(name) {
            return Err(wrong("that does not declare it back", name));
        }
    }
    for producer in &longrun.producers {
        let end = other(producer).ok_or_else(|| wrong("declares", name))?;
        if end.consumer.as_deref() != Some(name) {
            return Err(wrong("that does not declare it back", name));
        }
    }
    Ok(())
}

/// A consumer and all that writes to it, directly or not.
fn collect(definitions: &Definitions, name: &Vec<u8>, contents: &mut Set) -> Result<(), Refusal> {
    if !contents.insert(name.clone()) {
        return Err(wrong("is too long: possible loop involving", name));
    }
    if let Some(Definition::Longrun(_, longrun)) = definitions.0.get(name) {
        longrun.producers.iter().try_for_each(|producer| collect(definitions, producer, contents))?;
    }
    Ok(())
}

/// The atomic services in a bundle, and in the bundles in it.
fn expand(
    definitions: &Definitions,
    named: &Sets,
    bundle: &Vec<u8>,
    way: &mut Vec<Vec<u8>>,
    atomic: &mut Set,
) -> Result<(), Refusal> {
    if way.contains(bundle) {
        return Err(wrong("cyclic bundle definition", bundle));
    }
    way.push(bundle.clone());
    for name in named.get(bundle).into_iter().flatten() {
        if named.contains_key(name) {
            expand(definitions, named, name, way, atomic)?;
        } else if definitions.0.contains_key(name) {
            atomic.insert(name.clone());
        } else {
            return Err(wrong("undefined service name", name));
        }
    }
    way.pop();
    Ok(())
}

fn dependencies(definitions: &Definitions, bundles: &Sets) -> Result<Sets, Refusal> {
    let mut dependencies = Sets::new();
    for (name, definition) in &definitions.0 {
        let (mut own, on) = match definition {
            Definition::Bundle(_) => continue,
            Definition::Oneshot(on) => (Set::from([ONESHOT_RUNNER.to_vec()]), on),
            Definition::Longrun(on, longrun) => {
                let holder = longrun.is_pipelined().then(|| FD_HOLDER.to_vec());
                (longrun.consumer.iter().cloned().chain(holder).collect(), on)
            }
        };
        for other in on {
            match bundles.get(other) {
                Some(contents) => own.extend(contents.iter().cloned()),
                None if definitions.0.contains_key(other) => own.extend([other.clone()]),
                None => return Err(wrong("undefined service name", other)),
            }
        }
        dependencies.insert(name.clone(), own);
    }
    Ok(dependencies)
}

/// Goes wherever the dependencies of a service lead.
fn visit(dependencies: &Sets, name: &Vec<u8>, way: &mut Vec<Vec<u8>>, done: &mut Set) -> Result<(), Refusal> {
    if way.contains(name) {
        return Err(wrong("cyclic service dependency", name));
    }
    if !done.contains(name) {
        way.push(name.clone());
        for other in dependencies.get(name).into_iter().flatten() {
            visit(dependencies, other, way, done)?;
        }
        way.pop();
        done.insert(name.clone());
    }
    Ok(())
}
