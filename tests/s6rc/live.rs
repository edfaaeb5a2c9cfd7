//! A whole system: s6-svscan, s6-rc-init, and then services that come, change and go by s6-rc-update while it runs.

use crate::live::Instances;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::roots::Root;
use s6_instance_maker_workspace::scan::{Scan, Site, TIMEOUT, until};
use std::cell::Cell;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

/// The forms of definitions, all of which compile together; they depend on `net`.
pub(super) const DEFINITIONS: &[&[&str]] = &[
    &["-r", "alone"],
    &["-r", "managed", "--depends-on", "net", "--timeout-up", "5000", "--timeout-down", "0"],
    &["-r", "kept/keeper", "-L", "/logs", "--depends-on", "net", "--timeout-up", "5000"],
    &["-r", "service/logger", "-L", "/logs"],
    &["-r", "source/sink/pipe", "-L", "/logs", "-l", "nobody"],
    &["-r", "web", "--static", "--count", "2", "--instance", "it's", "--depends-on", "net"],
    &["-r", "worker/work log/all workers", "-L", "/logs", "--static", "--instance", "a", "--instance", "-b", "--essential"],
    &["-r", "none/no log/nothing", "-L", "/logs", "--static", "--count", "0"],
    &["-r", "-odd \"one\"/caf\u{e9}/pipe line", "-L", "/logs"],
];

/// A system that runs, stopped when this goes.
pub(super) struct System<'a> {
    pub(super) scan: Scan<'a>,
    databases: Cell<u32>,
}

impl<'a> System<'a> {
    /// Starts s6-svscan by `starter`, and s6-rc with the definitions in `source`.
    pub(super) fn boot(site: &'a Site, starter: &[&str], source: &str) -> Self {
        let system = System { scan: site.start_by(starter, &[]), databases: Cell::default() };
        let control = site.path("scan/.s6-svscan/control");
        until("s6-svscan", || control.exists().then_some(()));
        let database = system.compile(source);
        let init = ["-t", TIMEOUT, "-c", &database, "-l", &site.inside("live"), &site.inside("scan")];
        system.scan.exec("s6-rc-init", init).expect_code(0);
        system
    }

    /// Compiles the definitions in `source` to a database that is not there yet.
    fn compile(&self, source: &str) -> String {
        self.databases.set(self.databases.get() + 1);
        let database = self.scan.site.inside(format!("database{}", self.databases.get()));
        let answer = self.scan.exec("s6-rc-compile", [database.as_str(), &self.scan.site.inside(source)]).expect_code(0);
        assert_eq!(answer.stderr, "", "{answer}");
        database
    }

    /// Brings the system to the definitions in `source`, with these lines of a conversion file.
    pub(super) fn update_with(&self, source: &str, conversion: &str) {
        let site = self.scan.site;
        disk::file(site.path("conversion"), 0o644, conversion);
        let (live, conversion) = (site.inside("live"), site.inside("conversion"));
        let options = ["-t", TIMEOUT, "-l", &live, "-f", &conversion, &self.compile(source)];
        self.scan.exec("s6-rc-update", options).expect_code(0);
        // s6-svscan 2.13.1.0 once did not stop, on a busy machine, because the signal to stop came while it removed a service.
        self.scan.wait_until_removed();
    }

    pub(super) fn update(&self, source: &str) {
        self.update_with(source, "");
    }

    /// `s6-rc change`, up with `-u` or down with `-d`.
    pub(super) fn change(&self, direction: &str, name: &str) {
        let live = self.scan.site.inside("live");
        self.scan.exec("s6-rc", ["-t", TIMEOUT, "-l", &live, direction, "change", name]).expect_code(0);
    }

    fn instances(&self, service: &'a str) -> Instances<'_> {
        Instances::of(&self.scan, service)
    }

    pub(super) fn pid(&self, path: &str) -> i32 {
        self.scan.process(path).pid
    }

    pub(super) fn wait_for_report(&self, start: &str) {
        until(start, || self.scan.site.reports().iter().any(|line| line.starts_with(start)).then_some(()));
    }
}

/// The path of the service `svc` in the live state.
const SVC: &str = "live/servicedirs/svc";

/// On a system with s6-rc.
pub(super) fn on(test: &str, subject: fn(&Site)) {
    if let Some(root) = Root::with_s6_rc(test) {
        subject(&Site::new(root, &format!("s6rc-{test}")));
    }
}

/// A template whose instances report `kind` and are ready.
fn template(site: &Site, kind: &str) {
    site.script("template/run", kind, "echo >&3\nexec 3>&-\nexec sleep 1000000");
    disk::file(site.path("template/notification-fd"), 0o644, "3\n");
}

/// A service that is there before.
fn other(site: &Site, source: &str) {
    disk::file(site.path(source).join("other/type"), 0o644, "longrun\n");
    disk::file(site.path(source).join("other/run"), 0o644, "#!/bin/sh\nexec sleep 1000000\n");
}

/// Definitions in `source`: those of `args`, and the other service.
pub(super) fn define(site: &Site, source: &str, args: &[&str]) {
    other(site, source);
    site.make_for_this_s6(&[args, &["template", source]].concat());
}

/// The usual starter of s6-svscan: it changes nothing.
pub(super) const AS_IT_IS: &[&str] = &["env"];

/// A service is added to a system that runs, and updated again and again while it is up: no process is lost, and the live state
/// stays.
fn added_and_updated(site: &Site, starter: &[&str], args: &[&str], service_up: &str, uid: u32) {
    other(site, "first");
    let system = System::boot(site, starter, "first");
    system.change("-u", "other");
    let other = system.pid("live/servicedirs/other");

    template(site, "run");
    define(site, "added", args);
    system.update("added");
    system.change("-u", service_up);
    let instances = system.instances(SVC);
    for directory in ["instance", "instances"] {
        let mode = site.path(SVC).join(directory).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755, "{directory}");
    }
    let service = system.pid(SVC);

    // The second update is what lost everything when the directories were not there.
    system.update("added");
    system.update("added");
    instances.create_ready("a");
    system.wait_for_report(&format!("run {uid} 1: <a> in "));
    assert_eq!(instances.list(), ["a"]);
    let instance = system.pid(&format!("{SVC}/instances/a"));

    template(site, "new");
    define(site, "changed", args);
    system.update("changed");
    assert_eq!(system.pid(SVC), service);
    assert_eq!(system.pid(&format!("{SVC}/instances/a")), instance);
    // What is made from now on is of the new template, and what runs is so from its next start.
    instances.create_ready("b");
    system.wait_for_report(&format!("new {uid} 1: <b> in "));
    instances.restart("a");
    system.wait_for_report(&format!("new {uid} 1: <a> in "));
    assert_eq!(instances.list(), ["a", "b"]);
    instances.delete("a");
    assert_eq!(instances.list(), ["b"]);

    // Down and up again, with what is there.
    system.change("-d", "svc");
    system.change("-u", "svc");
    system.instances(SVC);
    assert_eq!(instances.list(), ["b"]);
    instances.delete("b");
    system.update("first");
    assert!(!site.path(SVC).exists());
    assert_eq!(system.pid("live/servicedirs/other"), other);
}

#[test]
fn a_service_is_added_and_updated() {
    on("a_service_is_added_and_updated", |site| added_and_updated(site, AS_IT_IS, &["-r", "svc"], "svc", 0));
}

#[test]
fn a_service_with_a_user_is_added_and_updated() {
    on("a_service_with_a_user_is_added_and_updated", |site| {
        added_and_updated(site, AS_IT_IS, &["-r", "svc", "-u", "www-data"], "svc", 33);
    });
}

#[test]
fn a_pipeline_is_added_and_updated() {
    on("a_pipeline_is_added_and_updated", |site| {
        let logs = site.inside("logs");
        added_and_updated(site, AS_IT_IS, &["-r", "svc/log/pipe", "-L", &logs], "pipe", 0);
        assert!(site.path("logs/current").exists());
    });
}

/// Nobody else can write where services are started from, whatever the umask of the supervision tree is.
#[test]
fn directories_are_closed_under_an_open_umask() {
    on("directories_are_closed_under_an_open_umask", |site| {
        let starter = ["sh", "-c", "umask 000; exec \"$@\"", "sh"];
        added_and_updated(site, &starter, &["-r", "svc"], "svc", 0);
        let scan = site.path("scan/.s6-svscan").metadata().unwrap();
        assert_eq!(scan.uid(), 0);
    });
}

/// The line that makes the directories needs mkdir; where PATH has none, s6-rc-init has made them.
#[test]
fn a_service_starts_without_mkdir() {
    on("a_service_starts_without_mkdir", |site| {
        let execlineb = std::path::PathBuf::from(&site.root.installation[1]);
        assert!(!execlineb.join("mkdir").exists(), "s6 shares its directory with mkdir here");
        site.script("template/run", "run", "exec /bin/sleep 1000000");
        define(site, "first", &["-r", "svc"]);
        // What the supervision tree finds is s6 and execline alone.
        let assignment = format!("PATH={}", execlineb.display());
        let system = System::boot(site, &["env", &assignment], "first");
        system.change("-u", "svc");
        let instances = system.instances(SVC);
        instances.create("a");
        until("an instance", || (!site.reports().is_empty()).then_some(()));
        assert_eq!(instances.list(), ["a"]);
        let output = std::fs::read_to_string(site.path("scan.output")).unwrap();
        assert!(output.contains("mkdir"), "mkdir was found: {output}");
        system.update("first");
        instances.delete("a");
    });
}

/// The reason for that line: with the definition that s6's own program makes, the service cannot be added to a system that runs, or
/// the update behind that loses the state of s6-rc.
#[test]
fn the_original_does_not_survive_an_update() {
    on("the_original_does_not_survive_an_update", |site| {
        other(site, "first");
        let system = System::boot(site, AS_IT_IS, "first");
        template(site, "run");
        other(site, "added");
        let definition = ["-r", "svc", &site.inside("template"), &site.inside("added")];
        system.scan.exec("s6-instance-maker", definition).expect_code(0);
        system.update("added");
        let live = site.inside("live");
        let up = system.scan.exec("s6-rc", ["-t", "2000", "-l", &live, "-u", "change", "svc"]);
        let again = system.scan.exec("s6-rc-update", ["-t", TIMEOUT, "-l", &live, &system.compile("added")]);
        assert!(
            up.code != Some(0) || again.code != Some(0),
            "s6-rc has mended it: the line in our script has no reason any more"
        );
        assert!(again.code == Some(0) || !site.path("live").join("servicedirs").exists(), "the state is still there: {again}");
    });
}

/// The one case that no run script can mend: a plain longrun becomes one with instances while it is up. With a line in the
/// conversion file it works.
#[test]
fn a_plain_service_becomes_instanced() {
    on("a_plain_service_becomes_instanced", |site| {
        other(site, "first");
        disk::file(site.path("first/svc/type"), 0o644, "longrun\n");
        disk::file(site.path("first/svc/run"), 0o644, "#!/bin/sh\nexec sleep 1000000\n");
        let system = System::boot(site, AS_IT_IS, "first");
        system.change("-u", "svc");
        template(site, "run");
        define(site, "instanced", &["-r", "svc"]);
        system.update_with("instanced", "svc restart\n");
        let instances = system.instances(SVC);
        instances.create_ready("a");
        system.update("instanced");
        assert_eq!(instances.list(), ["a"]);
        instances.delete("a");
    });
}
