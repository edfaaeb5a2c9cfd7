//! s6-rc-compile, and the model of it that stands for it elsewhere.

use super::live::DEFINITIONS;
use s6_instance_maker_core::escape::Escaped;
use s6_instance_maker_workspace::disk::{differences, plain_template, read_tree, write_tree};
use s6_instance_maker_workspace::program::{Answer, maker, under_umask};
use s6_instance_maker_workspace::roots::Root;
use s6_instance_maker_workspace::s6rc_model::{Compiler, Database, Line, Tree, WRAPPER};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, s6rc_sources, skip};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The model refuses what s6-rc-compile refuses, for the same reason, and makes of all else the same service directories, bundles
/// and dependencies.
#[test]
fn the_model_is_as_s6_rc_compile() {
    let Some(_) = Root::with_s6_rc("the_model_is_as_s6_rc_compile") else { return };
    let mut stories = Vec::new();
    for line in [Line::V0_5, Line::V0_7] {
        let compiler = Compiler { line, ..Compiler::NEWEST };
        let scratch = Scratch::new("s6rc-model");
        let failures: Vec<String> = s6rc_sources::all()
            .iter()
            .enumerate()
            .filter_map(|(number, source)| {
                let folder = scratch.join(number.to_string());
                write_tree(&folder.join("source"), &source.tree);
                let compared = compare(compiler, &source.tree, &folder);
                compared.err().map(|story| format!("{}: {story}", source.label))
            })
            .collect();
        if failures.is_empty() {
            let count = s6rc_sources::all().len();
            skip::tell(&format!("the_model_is_as_s6_rc_compile: {count} sources, judged as by s6-rc {line:?}"));
            return;
        }
        stories.push(format!("as {line:?}, {} differ:\n{}", failures.len(), failures.join("\n")));
    }
    panic!("the model is like no s6-rc-compile\n\n{}", stories.join("\n\n"));
}

/// Compiles `folder/source`, whose entries are `tree`, really and by the model.
fn compare(compiler: Compiler, tree: &Tree, folder: &Path) -> Result<(), String> {
    let answer = Answer::of(under_umask("022", "s6-rc-compile").current_dir(folder).args(["compiled", "source"]));
    match compiler.compile(tree) {
        Ok(database) if answer.code == Some(0) => same_database(&database, folder),
        Err(refusal) if answer.code == Some(refusal.code) && answer.stderr.contains(refusal.fault) => Ok(()),
        Ok(_) => Err(format!("the model accepts it\n{answer}")),
        Err(refusal) => Err(format!("the model refuses {refusal}\n{answer}")),
    }
}

fn same_database(database: &Database, folder: &Path) -> Result<(), String> {
    let mut real = BTreeSet::new();
    for entry in folder.join("compiled/servicedirs").read_dir().unwrap() {
        let name = entry.unwrap().file_name();
        if name.as_bytes().starts_with(b"s6rc-") {
            continue;
        }
        let mut tree = read_tree(&folder.join("compiled/servicedirs").join(&name));
        for (script, users) in [("run", "run.user"), ("finish", "finish.user")] {
            if tree.contains_key(users.as_bytes()) {
                let wrapper = tree.get_mut(script.as_bytes()).ok_or("a script of the user without the one that runs it")?;
                wrapper.bytes = WRAPPER.to_vec();
            }
        }
        let model = database.longruns.get(name.as_bytes()).ok_or_else(|| format!("{} is no longrun", name.display()))?;
        let differences = differences(&model.tree, &tree);
        if !differences.is_empty() {
            return Err(format!("left: the model; right: s6-rc-compile\n{differences}"));
        }
        real.insert(name.as_bytes().to_vec());
    }
    let modelled: BTreeSet<_> = database.longruns.keys().cloned().collect();
    if real != modelled {
        return Err(format!("the model has the longruns {modelled:?}, and s6-rc-compile {real:?}"));
    }
    let sets = database.bundles.iter().map(|bundle| ("contents", bundle));
    for (question, (name, names)) in sets.chain(database.dependencies.iter().map(|on| ("dependencies", on))) {
        let mut ask = under_umask("022", "s6-rc-db");
        let answer = Answer::of(ask.current_dir(folder).args(["-c", "compiled", question]).arg(OsStr::from_bytes(name)));
        let listed: BTreeSet<_> = answer.stdout.lines().map(|line| line.as_bytes().to_vec()).collect();
        if answer.code != Some(0) || listed != *names {
            let names: Vec<_> = names.iter().map(|name| Escaped(name).to_string()).collect();
            return Err(format!("the model says {names:?}\n{answer}"));
        }
    }
    Ok(())
}

/// All forms of `-r`, each alone and all together, with and without `-u`: compiled in silence, and as the model says.
#[test]
fn s6_rc_compiles_what_is_made() {
    let Some(root) = Root::with_s6_rc("s6_rc_compiles_what_is_made") else { return };
    let scratch = Scratch::new("s6rc");
    plain_template(scratch.join("template"));
    disk::file(scratch.join("template/log/run"), 0o755, "#!/bin/sh\nexec cat\n");
    let mut count = 0;
    for (group, user) in [[].as_slice(), &["-u", "www-data"]].into_iter().enumerate() {
        let all = format!("all{group}");
        for (form, arguments) in DEFINITIONS.iter().enumerate() {
            let one = format!("{group}-{form}");
            for dir in [&one, &all] {
                let source = scratch.join(dir).join("source");
                disk::file(source.join("net/type"), 0o644, "oneshot\n");
                disk::file(source.join("net/up"), 0o644, "true\n");
                let installation = root.installation.iter().map(|word| word.to_str().unwrap());
                let words = user.iter().chain(*arguments).copied();
                let source = format!("{dir}/source");
                maker(scratch.path(), installation.chain(words).chain(["template", &source])).expect_code(0);
            }
            count += compile(&scratch.join(&one));
        }
        count += compile(&scratch.join(&all));
    }
    skip::tell(&format!("s6_rc_compiles_what_is_made: {count} definitions"));
}

/// A set of static instances compiles after each refresh, from none and to none, with a common logger and its pipeline.
#[test]
fn s6_rc_compiles_what_is_refreshed() {
    if Root::with_s6_rc("s6_rc_compiles_what_is_refreshed").is_none() {
        return;
    }
    let scratch = Scratch::new("s6rc-refreshed");
    plain_template(scratch.join("template"));
    let compiled = ["0", "2", "0", "1"].map(|count| {
        let set = ["--refresh", "-r", "web/wlog/wall", "-L", "/l", "--static", "--count", count];
        maker(scratch.path(), [&set[..], &["template", "source"]].concat()).expect_code(0);
        let longruns = compile(scratch.path());
        std::fs::remove_dir_all(scratch.join("compiled")).unwrap();
        longruns
    });
    assert_eq!(compiled, [0, 3, 0, 2]);
}

/// Compiles `folder/source`; the number of longruns in it.
fn compile(folder: &Path) -> usize {
    let answer = Answer::of(under_umask("022", "s6-rc-compile").current_dir(folder).args(["compiled", "source"]));
    assert_eq!(answer.clone().expect_code(0).stderr, "", "{answer}");
    let source = read_tree(&folder.join("source"));
    let database = Compiler::NEWEST.compile(&source).unwrap_or_else(|refusal| panic!("{refusal}"));
    same_database(&database, folder).unwrap_or_else(|story| panic!("{story}"));
    assert_eq!(database.stillborn(), None);
    database.longruns.len()
}
