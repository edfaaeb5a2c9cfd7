//! Ours against s6's own program: the same command line under the same umask gives the same tree, name by name, with kinds,
//! modes, owners and bytes; but for a list of deviations, each of which says exactly what is there instead.
//!
//! Nothing here judges whether a result works; that is for tests that run it.

mod cases;
mod deviations;
mod generate;
mod settings;
mod templates;
mod wrong;

use cases::{Caller, Case, Shape, View};
use deviations::Subject;
use generate::UMASKS;
use s6_instance_maker::authority::TemplateDir;
use s6_instance_maker::environment::Environment;
use s6_instance_maker::facts;
use s6_instance_maker::run::{NoProgress, Run};
use s6_instance_maker::template::outside::Links;
use s6_instance_maker::template::read::Purpose;
use s6_instance_maker::template::source::Source;
use s6_instance_maker_core::facts::{Facts, Givable};
use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_workspace::disk::{differences, directory, read_tree};
use s6_instance_maker_workspace::jobs::Case as Planned;
use s6_instance_maker_workspace::manifest;
use s6_instance_maker_workspace::program::{Answer, program, under_umask};
use s6_instance_maker_workspace::roots::{Root, Suite};
use s6_instance_maker_workspace::s6rc_model;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::chown;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use wrong::Wrong;

/// All cases as they are planned: words behind the program's name, facts, and the template that the disk has in `folder`.
pub(crate) fn planned(suite: Suite, s6_version: &str, folder: &Path) -> Vec<Planned> {
    let ambient = cap_std::ambient_authority();
    let run = Run { interrupt: &AtomicBool::new(false), progress: &NoProgress };
    let templates = directory_in(folder, "templates");
    templates::build(&templates);
    let template = |case: &Case| {
        let reading = TemplateDir::open(templates.join(case.template.name).as_os_str(), Links::Kept, ambient).unwrap();
        Source::read(reading, None, Purpose::Plan, &run).unwrap().template().clone()
    };
    let planned = |case: Case| {
        let words = case.ours(View { templates: &templates, work: Path::new("/work") });
        let caller = match case.caller {
            Caller::Root => Ids { uid: 0, gid: 0 },
            Caller::WwwData => Ids { uid: 33, gid: 33 },
        };
        let umask = Mode::new(u32::from_str_radix(case.umask, 8).unwrap());
        let request = manifest::request(words.clone()).unwrap();
        let givable = match case.caller {
            Caller::Root => Givable::All,
            Caller::WwwData => Givable::NONE,
        };
        let (givable_users, givable_groups) = (givable.clone(), givable);
        let facts = Facts {
            umask,
            caller,
            givable_users,
            givable_groups,
            ..facts::take(request.accounts(), &Environment::default(), ambient).unwrap()
        };
        Planned { words, facts, template: template(&case) }
    };
    generate::all(suite, s6_version).into_iter().map(planned).collect()
}

#[test]
fn as_s6_2_11_in_bookworm() {
    same_trees(Suite::Bookworm, "as_s6_2_11_in_bookworm");
}

#[test]
fn as_s6_2_13_in_trixie() {
    same_trees(Suite::Trixie, "as_s6_2_13_in_trixie");
}

#[test]
fn as_s6_2_15_in_forky() {
    same_trees(Suite::Forky, "as_s6_2_15_in_forky");
}

#[test]
fn wrong_as_for_s6_2_11_in_bookworm() {
    same_refusals(Suite::Bookworm, "wrong_as_for_s6_2_11_in_bookworm");
}

#[test]
fn wrong_as_for_s6_2_13_in_trixie() {
    same_refusals(Suite::Trixie, "wrong_as_for_s6_2_13_in_trixie");
}

#[test]
fn wrong_as_for_s6_2_15_in_forky() {
    same_refusals(Suite::Forky, "wrong_as_for_s6_2_15_in_forky");
}

/// The number of failures that are reported in full.
const STORIES: usize = 5;

fn same_trees(suite: Suite, test: &str) {
    let Some(root) = Root::of(suite, test) else { return };
    let begin = Instant::now();
    let (scratch, _) = root.scratch(test);
    directory(scratch.path(), 0o755);
    templates::build(&directory_in(scratch.path(), "templates"));
    let cases = generate::all(suite, &root.s6_version);
    let mut applied: BTreeMap<&str, usize> = deviations::ALL.iter().map(|&(name, _)| (name, 0)).collect();
    let (mut identical, mut capacity_alone) = (0, 0);
    let mut failures = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        match same_tree(case, &root, scratch.path(), number) {
            Ok(names) => {
                identical += usize::from(names.is_empty());
                capacity_alone += usize::from(names == ["capacity"]);
                for name in names {
                    *applied.entry(name).or_default() += 1;
                }
            }
            Err(story) => failures.push(format!("case {number}: {}\n{story}", case.name())),
        }
    }
    let seconds = begin.elapsed().as_secs_f32();
    let count = cases.len();
    say(&format!(
        "{test}: {count} cases in {seconds:.1} s, {identical} identical, {capacity_alone} but for capacity; deviations: {applied:?}"
    ));
    fail_with(&failures, count);
    let idle: Vec<_> = applied.iter().filter(|(_, times)| **times == 0).map(|(name, _)| name).collect();
    assert!(idle.is_empty(), "{test}: deviations that never applied: {idle:?}");
    for (umask, shape) in UMASKS.into_iter().flat_map(|umask| Shape::ALL.map(|shape| (umask, shape))) {
        let met = cases.iter().filter(|case| case.umask == umask && case.shape == shape).count();
        assert!(met >= templates::ALL.len(), "{test}: only {met} cases of {shape:?} under umask {umask}");
    }
}

/// Runs both programs, and answers which deviations there are; or, in words, what else differs.
fn same_tree(case: &Case, root: &Root, folder: &Path, number: usize) -> Result<Vec<&'static str>, String> {
    let templates = folder.join("templates");
    let here = directory_in(folder, &number.to_string());
    let (theirs, ours) = (here.join("original"), here.join("ours"));
    case.prepare(&theirs);
    case.prepare(&ours);
    let inside = View { templates: &root.inside(&templates), work: &root.inside(&theirs) };
    let original = run_original(root, case.caller, case.umask, inside.work, &case.original(inside));
    let answer = run_ours(case.caller, case.umask, &ours, &case.ours(View { templates: &templates, work: &ours }));
    let told = || format!("{original}{answer}");
    if original.code != Some(0) || answer.code != Some(0) {
        return Err(format!("{}not both succeeded\n", told()));
    }
    if !answer.stdout.is_empty() || !answer.stderr.lines().all(|line| line.starts_with("s6-instance-maker: warning: ")) {
        return Err(format!("{}ours says something else than warnings\n", told()));
    }
    let mut subject = Subject { case, templates: &templates, tree: read_tree(&theirs) };
    let mut names = Vec::new();
    for (name, deviation) in deviations::ALL {
        match deviation(&mut subject) {
            Ok(true) => names.push(name),
            Ok(false) => {}
            Err(problem) => return Err(format!("{}deviation {name}: {problem}\n", told())),
        }
    }
    let tree = read_tree(&ours);
    if subject.tree != tree {
        let different = differences(&subject.tree, &tree);
        return Err(format!("{}left: the original with {names:?}; right: ours\n{different}", told()));
    }
    if let Some(definitions) = case.definitions(&tree) {
        s6rc_model::accept(definitions);
    }
    fs::remove_dir_all(here).unwrap();
    Ok(names)
}

fn same_refusals(suite: Suite, test: &str) {
    let Some(root) = Root::of(suite, test) else { return };
    let begin = Instant::now();
    let (scratch, _) = root.scratch(test);
    directory(scratch.path(), 0o755);
    let (mut count, mut different) = (0, 0);
    let mut failures = Vec::new();
    for row in wrong::all() {
        if !row.suites.contains(&suite) {
            continue;
        }
        different += usize::from(row.reason.is_some());
        for umask in row.umask.map_or(UMASKS.to_vec(), |umask| vec![umask]) {
            let here = directory_in(scratch.path(), &count.to_string());
            count += 1;
            if let Err(story) = same_refusal(&row, &root, umask, &here) {
                failures.push(format!("{}, umask {umask}: {row:?}\n{story}", suite.name()));
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f32();
    say(&format!("{test}: {count} wrong command lines in {seconds:.1} s; {different} of the lines are judged differently"));
    fail_with(&failures, count);
}

/// Runs both programs, ours first: it leaves the surroundings as they are, so that the original finds them like that.
fn same_refusal(row: &Wrong, root: &Root, umask: &str, here: &Path) -> Result<(), String> {
    let caller = if row.by_www_data { Caller::WwwData } else { Caller::Root };
    templates::build_surroundings(here);
    if row.by_www_data {
        chown(here, Some(33), Some(33)).unwrap();
    }
    let args: Vec<OsString> = row.args.iter().map(OsString::from).collect();
    let before = read_tree(here);
    let told: Vec<OsString> = ["--installation", "debian", "--s6-version", &root.s6_version].map(OsString::from).into();
    let answer = run_ours(caller, umask, here, &[&told[..], &args[..]].concat());
    let left = differences(&before, &read_tree(here));
    if row.writes() {
        fs::remove_dir_all(here.join("out")).unwrap();
    }
    let original = run_original(root, caller, umask, &root.inside(here), &args);
    let mut story = String::new();
    if original.code != Some(row.original) {
        writeln!(story, "the original's exit code should be {}", row.original).unwrap();
    }
    if answer.code != Some(row.ours) {
        writeln!(story, "our exit code should be {}", row.ours).unwrap();
    }
    let speaks = answer.stderr.starts_with("s6-instance-maker: fatal: ") && answer.stdout.is_empty();
    if row.ours != 0 && !speaks {
        writeln!(story, "ours does not say what is wrong").unwrap();
    }
    if row.writes() == left.is_empty() {
        writeln!(story, "ours left behind, left before, right after:\n{left}").unwrap();
    }
    if story.is_empty() { Ok(()) } else { Err(format!("{original}{answer}{story}")) }
}

fn directory_in(folder: &Path, name: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    directory(&path, 0o755);
    path
}

/// s6's program with `args`, in the root's directory `work`.
fn run_original(root: &Root, caller: Caller, umask: &str, work: &Path, args: &[OsString]) -> Answer {
    let mut command = root.command("/bin/sh");
    command.args(["-c", "umask \"$1\" && cd \"$2\" && shift 2 && exec \"$@\"", "sh", umask]).arg(work);
    if caller == Caller::WwwData {
        command.args(["s6-setuidgid", "33:33"]);
    }
    Answer::of(command.arg("s6-instance-maker").args(args))
}

/// Ours with `args`, in the directory `work`.
fn run_ours(caller: Caller, umask: &str, work: &Path, args: &[OsString]) -> Answer {
    let mut command = match caller {
        Caller::Root => under_umask(umask, program()),
        Caller::WwwData => {
            let mut command = under_umask(umask, "chroot");
            command.args(["--userspec=33:33", "--groups=", "--skip-chdir", "/"]).arg(program());
            command
        }
    };
    Answer::of(command.current_dir(work).args(args))
}

/// Panics if there are failures, with the first few of them.
fn fail_with(failures: &[String], count: usize) {
    let stories = failures.iter().take(STORIES).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} of {count} failed, here are the first:\n\n{stories}", failures.len());
}

/// Writes to the stream itself: what goes through eprintln! is captured when a test passes.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "\n{text}");
}
