//! The documents of named comparisons, as snapshots.

use super::changes::{remove, replace};
use super::trees::{CALLER, callers, file, path};
use s6_instance_maker_core::compare::{Differences, Found, Note, OwnerPower, StateKind};
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::tree::{Ids, Mode};
use s6_instance_maker_core::wire::DifferenceDocument;
use s6_instance_maker_workspace::model::{self, Compared};
use s6_instance_maker_workspace::{json, manifest};

/// The name of a snapshot, the options, the template, and what was done to the result.
type Preview = (&'static str, &'static [&'static str], &'static str, fn(&mut Found));

const PLAIN: &str = "0755 file run == #!/bin/sh\\n";
const DATA: &str = "
    0755 file run == #!/bin/sh\\n
    0755 dir data
    0640 file data/secret == hunter2\\n (0:33)
    0777 link data/link -> ../run
    0600 fifo data/pipe";

const PREVIEWS: &[Preview] = &[
    ("nothing-there", &["-L", "/l"], PLAIN, Found::clear),
    ("nothing-differs", &["-L", "/l"], DATA, |_| {}),
    ("contents", &[], DATA, |found| {
        replace(found, &path("run"), file("edited"));
        replace(found, &path("template/data/secret"), file("hunter3\n"));
    }),
    ("umask", &[], PLAIN, |found| {
        mode(found, "run", 0o700);
        mode(found, "notification-fd", 0o600);
        // The template's own modes are those of the template.
        mode(found, "template/run", 0o700);
    }),
    ("entries-of-the-template", &[], DATA, |found| {
        remove(found, &path("template/data/pipe"));
        found.insert(path("template/data/more"), file("more"));
        found.insert(path("template/down"), file(""));
    }),
    ("links", &[], DATA, |found| {
        replace(found, &path("template/data/link"), callers(0o777, StateKind::Symlink(b"/\xff".to_vec())));
    }),
    ("kinds", &[], DATA, |found| {
        replace(found, &path("template/data"), file("not a directory"));
        replace(found, &path("run"), callers(0o755, StateKind::Directory));
    }),
    ("unknown-entries", &["-L", "/l"], PLAIN, |found| {
        found.insert(path("README"), file("mine"));
        found.insert(path("log/rules"), callers(0o755, StateKind::Directory));
        found.insert(path("socket"), callers(0o755, StateKind::Socket));
    }),
    ("owners", &[], DATA, |found| {
        found.get_mut(&path("template/data/secret")).unwrap().owner = CALLER;
    }),
    ("empty-directories-absent", &[], PLAIN, |found| {
        remove(found, &path("instance"));
        remove(found, &path("instances"));
    }),
    ("logger-appears", &["-L", "/l"], PLAIN, |found| drop(remove(found, &path("log")))),
    ("logger-disappears", &[], PLAIN, |found| {
        found.insert(path("log"), callers(0o755, StateKind::Directory));
        found.insert(path("log/run"), file("#!/bin/sh\n"));
        found.insert(path("log/supervise"), callers(0o700, StateKind::Directory));
    }),
    ("declared-instance-absent", &["--instance", "a", "--instance", "b"], PLAIN, |found| {
        remove(found, &path("instance/a"));
        remove(found, &path("instances/a"));
        remove(found, &path("instance/b"));
    }),
    ("definition", &["-r", "svc/log", "-L", "/l", "--depends-on", "x"], PLAIN, |found| {
        found.insert(path("svc/timeout-up"), file("5\n"));
        found.insert(path("svc/data"), callers(0o755, StateKind::Directory));
        remove(found, &path("log/consumer-for"));
        remove(found, &path("svc/dependencies.d/x"));
        found.insert(path("other"), callers(0o755, StateKind::Directory));
    }),
    ("static-instance-no-longer-declared", &["-r", "svc", "--static", "--instance", "a"], PLAIN, |found| {
        found.insert(path("svc/contents.d/svc@old"), file(""));
        found.insert(path("svc@old"), callers(0o755, StateKind::Directory));
        found.insert(path("svc@old/run"), file("#!/bin/sh\n"));
        found.insert(path("svc@old/down"), file(""));
    }),
    ("something-else", &[], PLAIN, |found| {
        found.retain(|path, _| path.is_root());
        found.insert(path("passwd"), file("root:x:0:0"));
    }),
];

fn mode(found: &mut Found, at: &'static str, mode: u32) {
    found.get_mut(&path(at)).unwrap().mode = Mode::new(mode);
}

/// The differences of every named comparison, and of one by a caller who cannot give files away.
pub(crate) fn previews() -> Vec<(&'static str, Differences)> {
    let mut previews: Vec<_> = PREVIEWS.iter().map(|preview| (preview.0, compare(preview, OwnerPower::Gives))).collect();
    let owners: Preview = ("owners-not-changeable", &[], DATA, |found| {
        found.values_mut().for_each(|state| state.owner = Ids { uid: 7, gid: 8 });
    });
    previews.push((owners.0, compare(&owners, OwnerPower::Keeps)));
    previews
}

fn compare(&(_, options, template, change): &Preview, power: OwnerPower) -> Differences {
    let template = manifest::template(template);
    let request = manifest::request(options.iter().copied().chain(["template", "dir"])).unwrap();
    let plan = plan(&request, &manifest::facts(), &template).unwrap();
    let mut found = model::carried_out(&plan, &template, CALLER);
    change(&mut found);
    let options = Options::of(&request);
    let names = options.definition_names();
    let compared = Compared { plan: &plan, template: &template, names: names.as_ref(), caller: CALLER, power };
    let mut differences = compared.differences(&found);
    differences.notes.extend(compared.refresh(&found, options.room()).err().map(Note::NotRefreshable));
    differences
}

#[test]
fn documents() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/compare");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, differences) in previews() {
        let text = String::from_utf8(DifferenceDocument::encode(&differences)).unwrap();
        settings.bind(|| insta::assert_snapshot!(name, json::lines(&text)));
    }
}
