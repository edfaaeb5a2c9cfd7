//! Results of the program, run by the real s6: each subject on each of three versions.

use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::Answer;
use s6_instance_maker_workspace::roots::{Root, Suite};
use s6_instance_maker_workspace::scan::{Scan, Site, TIMEOUT, until};

/// For each function of a [`Site`]: a module of its name with a test for each s6.
macro_rules! on_each_s6 {
    ($($subject:ident),+ $(,)?) => {$(
        mod $subject {
            use s6_instance_maker_workspace::roots::Suite;

            #[test]
            fn bookworm() {
                crate::live::on(Suite::Bookworm, stringify!($subject), super::$subject);
            }

            #[test]
            fn trixie() {
                crate::live::on(Suite::Trixie, stringify!($subject), super::$subject);
            }

            #[test]
            fn forky() {
                crate::live::on(Suite::Forky, stringify!($subject), super::$subject);
            }
        }
    )+};
}

mod claims;
mod declared;
mod definition;
mod example;
mod hints;
mod instances;
mod links;
mod logger;
mod refresh;
mod room;
mod static_instances;
mod user;

fn on(suite: Suite, subject: &str, test: fn(&Site)) {
    if let Some(root) = Root::of(suite, &format!("live {subject} on {}", suite.name())) {
        test(&Site::new(root, subject));
    }
}

/// A part of a run script: a line for each of its outputs, with the instance's name.
const TALK: &str = r#"printf 'out of %s\n' "$1"; printf 'err of %s\n' "$1" >&2"#;
/// A run script's rest: it says that it is ready and stays.
const READY: &str = "echo >&3\nexec 3>&-\nexec sleep 1000000";
/// A run script's rest: it stays.
const STAY: &str = "exec sleep 1000000";

/// A template that reports from run and finish, and is ready when it says so.
fn template(site: &Site) {
    site.script("template/run", "run", &[TALK, READY].join("\n"));
    site.script("template/finish", "finish", "");
    disk::file(site.path("template/notification-fd"), 0o644, "3\n");
}

/// The same with a logger for each instance, which puts the instance's lines into the reports.
fn logged_template(site: &Site) {
    template(site);
    let copy = format!("while read -r line; do printf '%s\\n' \"$1 got $line\" >>{}; done", site.inside("reports"));
    site.script("template/log/run", "log", &copy);
    site.script("template/log/finish", "log finish", "");
}

/// Instances of the service at `path`, worked on with s6's own commands.
pub(crate) struct Instances<'a> {
    scan: &'a Scan<'a>,
    path: &'a str,
}

impl<'a> Instances<'a> {
    /// Those of the service, once it is ready.
    pub(crate) fn of(scan: &'a Scan<'a>, path: &'a str) -> Self {
        scan.wait_until_ready(path);
        Self { scan, path }
    }

    fn run(&self, program: &str, options: &[&str], name: &str) -> Answer {
        let service = self.scan.site.inside(self.path);
        self.scan.exec(program, options.iter().copied().chain(["--", &service, name]))
    }

    /// Makes an instance; what came of it.
    fn try_create(&self, name: &str, timeout: &str) -> Answer {
        self.run("s6-instance-create", &["-t", timeout], name)
    }

    /// Makes an instance.
    pub(crate) fn create(&self, name: &str) {
        self.try_create(name, TIMEOUT).expect_code(0);
    }

    /// Makes an instance and waits until it says that it is ready.
    pub(crate) fn create_ready(&self, name: &str) {
        self.create(name);
        self.wait_until_ready(name);
    }

    fn wait_until_ready(&self, name: &str) {
        let instance = self.scan.site.inside(self.path_of(name));
        self.scan.exec("s6-svwait", ["-U", "-t", TIMEOUT, "--", &instance]).expect_code(0);
    }

    fn control(&self, options: &[&str], name: &str) {
        self.run("s6-instance-control", &[["-T", TIMEOUT].as_slice(), options].concat(), name).expect_code(0);
    }

    /// Returns s6's status of the instance.
    pub(crate) fn is(&self, what: &str, name: &str) -> String {
        self.run("s6-instance-status", &["-o", what], name).expect_code(0).stdout.trim_end().to_owned()
    }

    pub(crate) fn delete(&self, name: &str) {
        self.run("s6-instance-delete", &["-t", TIMEOUT], name).expect_code(0);
    }

    /// Their names, sorted.
    pub(crate) fn list(&self) -> Vec<String> {
        let answer = self.scan.exec("s6-instance-list", [self.scan.site.inside(self.path)]).expect_code(0);
        let mut names: Vec<_> = answer.stdout.lines().map(str::to_owned).collect();
        names.sort();
        names
    }

    /// The path of an instance, below the folder.
    fn path_of(&self, name: &str) -> String {
        format!("{}/instances/{name}", self.path)
    }

    /// Waits until a script of the instance reported `what` from its directory.
    fn wait_for_report(&self, what: &str, name: &str) {
        self.scan.wait_for_report(what, &self.path_of(name));
    }

    /// Waits until the instance's own logger, which runs as `uid`, reported that it was started and that it got a line.
    fn wait_for_logger(&self, uid: u32, name: &str) {
        self.scan.wait_for_report(&format!("log {uid} 1: <{name}/log>"), &format!("{}/log", self.path_of(name)));
        let line = format!("{name}/log got out of {name}");
        until(&line, || self.scan.site.reports().contains(&line).then_some(()));
    }

    /// Restarts an instance and waits until it is ready again.
    pub(crate) fn restart(&self, name: &str) {
        self.scan.expect_restart(&self.path_of(name), || self.control(&["-r"], name));
    }

    /// Shows that there is no room for one more; `last`, which is an instance, goes.
    fn expect_full(&self, last: &str) {
        // There is nothing to wait for: it will never be there.
        self.try_create("surplus", "1000").expect_code(99);
        // From 2.12 on, an s6-svscan that had no room for something does not stop its services when it is told to end, until it
        // has looked through its directory again: once a minute, or when told to, as here.
        self.delete(last);
    }
}

/// Returns the number of reports that begin with `start`.
fn count(site: &Site, start: &str) -> usize {
    site.reports().iter().filter(|line| line.starts_with(start)).count()
}

/// Waits until so many reports begin with `start`, and no more.
fn wait_for_count(site: &Site, start: &str, expected: usize) {
    until(&format!("{expected} reports of `{start}`"), || (count(site, start) >= expected).then_some(()));
    assert_eq!(count(site, start), expected, "{start}");
}
