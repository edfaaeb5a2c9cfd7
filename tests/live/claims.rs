//! Consequences that the rules of lint claim: each is provoked on the real s6, with the rule's findings accepted.
//!
//! All claims are services of one scan directory, so that nobody waits for one after another: a service, its one instance and its
//! template are called after the claim.

use super::{Instances, READY, Scan, Site, TIMEOUT, until};
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::maker;
use s6_instance_maker_workspace::roots::Suite;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

mod table;

use table::table;

on_each_s6!(claims);

/// Something that a rule says.
struct Claim {
    rule: Rule,
    name: &'static str,
    /// In the rule's own words.
    says: &'static str,
    /// The versions on which it is so.
    on: &'static [Suite],
    options: &'static [&'static str],
    /// Spoils a template that was good.
    spoil: fn(&Draft<'_>),
    /// The changes of the service, all made before the first observation.
    order: fn(&Case<'_>),
    /// The observations.
    see: fn(&Case<'_>),
}

/// A template that is being written.
struct Draft<'a> {
    site: &'a Site,
    name: &'a str,
}

/// A service at work.
struct Case<'a> {
    scan: &'a Scan<'a>,
    instances: Instances<'a>,
    name: &'static str,
}

impl Claim {
    const fn new(rule: Rule, name: &'static str, says: &'static str, spoil: fn(&Draft<'_>), see: fn(&Case<'_>)) -> Self {
        Self { rule, name, says, on: &Suite::ALL, options: &[], spoil, order: |case| case.create(), see }
    }

    const fn on(mut self, on: &'static [Suite]) -> Self {
        self.on = on;
        self
    }

    const fn after(mut self, order: fn(&Case<'_>)) -> Self {
        self.order = order;
        self
    }

    const fn with(mut self, options: &'static [&'static str]) -> Self {
        self.options = options;
        self
    }
}

impl Draft<'_> {
    fn path(&self, path: &str) -> std::path::PathBuf {
        self.site.path(format!("templates/{}/{path}", self.name))
    }

    fn file(&self, path: &str, text: &str) {
        disk::file(self.path(path), 0o755, text);
    }

    /// A script that reports its path, and then does `rest`.
    fn script(&self, path: &str, rest: &str) {
        self.site.script(self.path(path), path, rest);
    }

    fn mode(&self, path: &str, mode: u32) {
        disk::chmod(self.path(path), mode);
    }

    fn link(&self, path: &str, target: &str) {
        let _ = fs::remove_file(self.path(path));
        symlink(target, self.path(path)).unwrap();
    }

    fn directory(&self, path: &str) {
        let _ = fs::remove_file(self.path(path));
        disk::directory(self.path(path), 0o755);
    }

    /// A part of a script: a line in the reports.
    fn report(&self, text: &str) -> String {
        format!("echo \"{} {text}\" >>{}", self.name, self.site.inside("reports"))
    }

    /// A logger, and an instance that writes to it without end, a KiB at a time.
    fn flood(&self) {
        self.script("log/run", "exec cat >/dev/null");
        let wrote = self.report("wrote");
        self.script("run", &format!("words=$(printf %01023d 0)\n: \"$1\"\nwhile echo \"$words\"; do {wrote}; done"));
    }

    /// An instance that cannot be stopped but by force.
    fn stubborn(&self) {
        self.script("run", &format!("trap '' TERM\n{READY}"));
    }
}

impl<'a> Case<'a> {
    fn of(scan: &'a Scan<'a>, service: &'a str, claim: &Claim) -> Self {
        Self { scan, instances: Instances::of(scan, service), name: claim.name }
    }
    fn create(&self) {
        self.instances.create(self.name);
    }

    fn create_ready(&self) {
        self.instances.create_ready(self.name);
    }

    fn directory(&self) -> String {
        self.scan.site.inside(self.instances.path_of(self.name))
    }

    /// Returns the number of reports of the script at `path` in the instance.
    fn reported(&self, path: &str) -> usize {
        let start = format!("{path} ");
        let folder = path.strip_suffix("run").or(path.strip_suffix("finish")).unwrap().trim_end_matches('/');
        let end = format!(" in {}/{folder}", self.directory());
        let is_its = |line: &&String| line.starts_with(&start) && line.ends_with(end.trim_end_matches('/'));
        self.scan.site.reports().iter().filter(is_its).count()
    }

    fn wait_for(&self, path: &str, times: usize) {
        until(&format!("{path} of {} for the {times}th time", self.name), || (self.reported(path) >= times).then_some(()));
    }

    /// Waits for a report that a [`Draft::report`] makes.
    fn wait_for_words(&self, words: &str) {
        let line = format!("{} {words}", self.name);
        until(&line, || self.scan.site.reports().contains(&line).then_some(()));
    }

    fn count_words(&self, words: &str) -> usize {
        let line = format!("{} {words}", self.name);
        self.scan.site.reports().iter().filter(|report| **report == line).count()
    }

    fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.scan.site.path("scan.output")).unwrap()).into_owned()
    }

    /// Waits until s6-supervise says something about the instance, or its logger for `/log`.
    fn wait_for_message(&self, part: &str, message: &str) {
        let start = format!("s6-supervise {}{part}: warning: ", self.name);
        let is_said = || self.output().lines().any(|line| line.strip_prefix(&start).is_some_and(|line| line.contains(message)));
        until(&format!("{start}... {message}"), || is_said().then_some(()));
    }

    /// Waits until the script of the service at `path` in the instance ended as often as that.
    fn wait_for_deaths(&self, path: &str, how: &str, times: usize) {
        let service = format!("{}{path}", self.directory());
        let deaths = || {
            let answer = self.scan.exec("s6-svdt", ["--", &service]);
            answer.stdout.lines().filter(|line| line.ends_with(how)).count()
        };
        until(&format!("{times} times {how} of {service}"), || (deaths() >= times).then_some(()));
    }

    fn control(&self, options: &[&str]) {
        self.instances.control(options, self.name);
    }

    /// Tells the supervisor of the instance, or its logger for `/log`, something.
    fn tell(&self, part: &str, option: &str) {
        self.scan.exec("s6-svc", [option, "--", &format!("{}{part}", self.directory())]).expect_code(0);
    }

    fn is(&self, what: &str) -> String {
        self.instances.is(what, self.name)
    }

    /// The orders: what more is done than to make an instance.
    fn refused(&self) {
        let answer = self.instances.try_create(self.name, TIMEOUT).expect_code(111);
        assert!(answer.stderr.contains("unable to create instance "), "{answer}");
    }

    fn restarted(&self) {
        self.create();
        self.wait_for("run", 1);
        self.tell("", "-r");
    }

    fn logger_restarted(&self) {
        self.create();
        self.wait_for("log/run", 1);
        self.tell("/log", "-r");
    }

    fn told_to_stop(&self) {
        self.create_ready();
        self.tell("", "-d");
    }

    fn told_to_reload(&self) {
        self.create_ready();
        self.tell("", "-l");
    }

    /// The instance has written all that fits between it and its logger.
    fn filled(&self) {
        self.create();
        until("64 KiB are written", || (self.count_words("wrote") >= 64).then_some(()));
    }

    /// Returns the observations.
    fn never_starts(&self) {
        self.wait_for_message("", "unable to spawn ./run");
        assert_eq!(self.reported("run"), 0);
        assert_eq!(self.is("up,wantedup"), "false true");
    }

    fn goes_on_without_finish(&self) {
        self.wait_for("run", 2);
        assert_eq!(self.reported("finish"), 0);
    }

    fn hangs_without_logger(&self) {
        self.wait_for_message("/log", "unable to spawn ./run");
        self.hangs();
    }

    fn hangs(&self) {
        assert_eq!(self.reported("log/run"), 0);
        assert_eq!(self.count_words("wrote"), 64);
        assert_eq!(self.is("up"), "true");
    }

    fn logger_goes_on_without_finish(&self) {
        self.wait_for("log/run", 2);
        assert_eq!(self.reported("log/finish"), 0);
    }

    fn no_instance(&self) {
        assert!(self.instances.list().is_empty());
        assert_eq!(self.reported("run"), 0);
    }

    /// It goes on, until it is killed.
    fn does_not_stop(&self) {
        assert_eq!(self.is("up,wantedup"), "true false");
        assert_eq!(self.reported("run"), 1);
        self.control(&["-wD", "-k"]);
    }

    fn starts_when_told(&self, part: &str, path: &str) {
        assert_eq!(self.reported(path), 0);
        self.tell(part, "-u");
        self.wait_for(path, 1);
    }
}

fn claims(site: &Site) {
    let table: Vec<Claim> =
        table().into_iter().filter(|claim| site.root.suite.is_some_and(|suite| claim.on.contains(&suite))).collect();
    for claim in &table {
        let draft = Draft { site, name: claim.name };
        draft.script("run", READY);
        draft.script("finish", "");
        draft.file("notification-fd", "3\n");
        (claim.spoil)(&draft);
        let template = format!("templates/{}", claim.name);
        let service = format!("scan/{}", claim.name);
        let operands = [template.as_str(), service.as_str()];
        // The rule finds it; and once that is accepted, there is nothing to say.
        let version = ["--installation", "debian", "--s6-version", &site.root.s6_version, "--strict", "--dry-run"];
        let answer = maker(&site.path(""), [&version, claim.options, &operands].concat()).expect_code(100);
        let is_said = |line: &str| line.contains(&format!("{}: `", claim.rule.id())) && line.contains(claim.says);
        assert!(answer.stderr.lines().any(is_said), "{}: {answer}", claim.name);
        site.make_for_this_s6(&[&["--allow", claim.rule.id()], claim.options, &operands].concat());
    }
    let scan = site.start(&[]);
    let services: Vec<_> = table.iter().map(|claim| format!("scan/{}", claim.name)).collect();
    let cases: Vec<_> = table.iter().zip(&services).map(|(claim, service)| (claim, Case::of(&scan, service, claim))).collect();
    for (claim, case) in &cases {
        (claim.order)(case);
    }
    for (claim, case) in cases.iter().rev() {
        (claim.see)(case);
    }
}

/// No rule says anything that was never seen.
#[test]
fn every_rule_is_seen() {
    let seen: BTreeSet<Rule> = table().iter().map(|claim| claim.rule).collect();
    let is_about_templates = |rule: &Rule| *rule < Rule::IdleLoggerOptions;
    let unseen: Vec<_> =
        Rule::ALL.into_iter().filter(|rule| is_about_templates(rule) && !seen.contains(rule)).map(Rule::id).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
    let names: BTreeSet<_> = table().iter().map(|claim| claim.name).collect();
    assert_eq!(names.len(), table().len(), "no two have the same name");
}
