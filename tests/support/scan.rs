//! A real s6-svscan at work in one of the [`roots`](crate::roots), and never more than that: when a [`Scan`] goes, so does every
//! process that it started.

use crate::disk;
use crate::program::{Answer, maker};
use crate::roots::Root;
use crate::s6rc_model;
use crate::scratch::Scratch;
use rustix::process::{Pid, Signal, kill_process};
use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// The time limit of anything that should happen at once; only a broken machine reaches it.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same in milliseconds, as s6's programs take it.
pub const TIMEOUT: &str = "20000";

/// The stack that systems usually give, whatever the tests were started with.
const USUAL_STACK: &str = "8388608";

/// Tries again and again until there is an answer.
///
/// # Panics
///
/// If there is none after 20 seconds.
pub fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = attempt() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A folder in a root file system: templates, a scan directory `scan`, and a file that scripts report to.
#[derive(Debug)]
pub struct Site {
    /// The root file system.
    pub root: Root,
    folder: Scratch,
    inside: PathBuf,
}

impl Site {
    /// A new folder in `root`.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn new(root: Root, label: &str) -> Self {
        let (folder, inside) = root.scratch(label);
        // Accounts without any right of their own pass through it, and report.
        disk::chmod(folder.path(), 0o755);
        disk::directory(folder.join("scan"), 0o755);
        disk::file(folder.join("reports"), 0o666, "");
        Self { root, folder, inside }
    }

    /// The path of `path` on this machine.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// The path of `path` in the root file system.
    ///
    /// # Panics
    ///
    /// If that is not UTF-8.
    #[must_use]
    pub fn inside(&self, path: impl AsRef<Path>) -> String {
        self.inside.join(path).into_os_string().into_string().unwrap()
    }

    /// Makes an executable shell script that reports `kind`, who runs it, with what arguments and where, and then does `rest`.
    ///
    /// The report is a line like `run 33 1: <NAME> in /tmp/.../instances/NAME`.
    pub fn script(&self, path: impl AsRef<Path>, kind: &str, rest: &str) {
        let reports = self.inside("reports");
        let text = format!(
            "#!/bin/sh\n\
             line=\"{kind} $(id -u) $#:\"\n\
             for word in \"$@\"; do line=\"$line <$word>\"; done\n\
             printf '%s\\n' \"$line in $(pwd -P)\" >>{reports}\n\
             {rest}\n"
        );
        disk::file(self.path(path), 0o755, text);
    }

    /// The reports of scripts so far.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    #[must_use]
    pub fn reports(&self) -> Vec<String> {
        let bytes = fs::read(self.path("reports")).unwrap();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }

    /// Runs s6-instance-maker here, for the s6 that is here and with `args`; definitions for s6-rc must be such that it compiles
    /// them.
    ///
    /// # Panics
    ///
    /// If it does not end with 0 and without a word, or makes a definition that s6-rc-compile would refuse.
    pub fn make(&self, args: &[&str]) {
        let installation = self.root.installation.iter().map(OsString::as_os_str);
        let answer = maker(self.folder.path(), installation.chain(args.iter().map(OsStr::new))).expect_code(0);
        assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "{}", answer.command);
        if let Some(definitions) = args.last().filter(|_| args.contains(&"-r")) {
            s6rc_model::accept(disk::read_tree(&self.path(definitions)));
        }
    }

    /// Runs s6-instance-maker here, for the very s6 that is here and with `args`.
    ///
    /// # Panics
    ///
    /// If it does not end with 0 and without a word.
    pub fn make_for_this_s6(&self, args: &[&str]) {
        let version = ["--s6-version", self.root.s6_version.as_str()];
        self.make(&[version.as_slice(), args].concat());
    }

    /// Starts s6-svscan on `scan`, with `environment` in addition to the usual one.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    pub fn start(&self, environment: &[(&str, &str)]) -> Scan<'_> {
        self.start_by(&["s6-softlimit", "-s", USUAL_STACK], environment)
    }

    /// The same by `starter`, a program and its arguments that changes the process and then runs the command behind them.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start_by(&self, starter: &[&str], environment: &[(&str, &str)]) -> Scan<'_> {
        let output = File::create(self.path("scan.output")).unwrap();
        let (program, arguments) = starter.split_first().expect("a program that starts another");
        let mut inner = self.root.command(program);
        inner.args(arguments).args(["s6-svscan", &self.inside("scan")]);
        // Should this process be killed, s6-svscan learns of it and stops everything: the one thing that Drop cannot do.
        let mut command = std::process::Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(inner.get_program()).args(inner.get_args()).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).envs(environment.iter().copied());
        let output_again = output.try_clone().unwrap();
        let child = command.stdin(Stdio::null()).stdout(output).stderr(output_again).spawn().expect("s6-svscan starts");
        Scan { site: self, child, history: RefCell::default() }
    }
}

/// A running s6-svscan. Dropping it stops it and all that it supervises; when a test fails, it tells the whole story.
#[derive(Debug)]
pub struct Scan<'a> {
    /// The scan directory that it runs in.
    pub site: &'a Site,
    child: Child,
    history: RefCell<Vec<Answer>>,
}

impl Scan<'_> {
    /// Runs a program to its end in the root file system, as root.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn exec<A: AsRef<OsStr>>(&self, program: &str, args: impl IntoIterator<Item = A>) -> Answer {
        // Even what waits for ever by mistake ends.
        let answer = Answer::of(self.site.root.command("timeout").args(["60", program]).args(args));
        self.history.borrow_mut().push(answer.clone());
        answer
    }

    /// The same for questions that are asked again and again, which would only lengthen the story.
    fn ask(&self, program: &str, args: &[&str]) -> Answer {
        Answer::of(self.site.root.command(program).args(args))
    }

    /// Waits until the service at `path`, below the folder, is supervised and ready.
    ///
    /// # Panics
    ///
    /// If that does not come to pass.
    pub fn wait_until_ready(&self, path: &str) {
        let service = self.site.inside(path);
        let status = self.site.path(path).join("supervise/status");
        // The supervisor listens before there is a status to look at.
        let is_supervised = || self.ask("s6-svok", &[&service]).code == Some(0) && status.exists();
        until(&format!("a supervisor of {path}"), || is_supervised().then_some(()));
        self.exec("s6-svwait", ["-U", "-t", TIMEOUT, &service]).expect_code(0);
    }

    /// Waits until a script reported `what` from the directory at `path`, below the folder.
    ///
    /// # Panics
    ///
    /// If none does.
    pub fn wait_for_report(&self, what: &str, path: &str) {
        let line = format!("{what} in {}", self.site.inside(path));
        until(&format!("the report `{line}`"), || self.site.reports().contains(&line).then_some(()));
    }

    /// Waits until the service at `path`, which says when it is ready, has said so again after `order` restarted it.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn expect_restart(&self, path: &str, order: impl FnOnce()) {
        let service = self.site.inside(path);
        let before = self.process(path).pid;
        order();
        // Not with s6-svc -wR, which was seen to wait in vain on a busy machine, in all versions.
        let status = || self.ask("s6-svstat", &["-o", "pid,ready", "--", &service]).stdout;
        until(&format!("another process for {path}, and ready"), || {
            let now = status();
            (now.trim_end().ends_with(" true") && !now.starts_with(&format!("{before} "))).then_some(())
        });
    }

    /// Restarts the service at `path`, which says when it is ready, and waits until it has said so again.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn restart(&self, path: &str) {
        self.expect_restart(path, || {
            self.exec("s6-svc", ["-r", "--", &self.site.inside(path)]).expect_code(0);
        });
    }

    /// The process that runs for the service at `path`, as s6 knows it.
    ///
    /// # Panics
    ///
    /// If none does.
    #[must_use]
    pub fn process(&self, path: &str) -> Process {
        let answer = self.exec("s6-svstat", ["-o", "pid", &self.site.inside(path)]).expect_code(0);
        Process::of(answer.stdout.trim().parse().unwrap())
    }

    /// All service directories, whether they are supervised or not.
    fn services(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut scan_directories = vec![self.site.path("scan")];
        while let Some(directory) = scan_directories.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let service = entry.path();
                scan_directories.push(service.join("instance"));
                found.extend([service.join("log"), service]);
            }
        }
        found.retain(|service| service.join("supervise/status").exists());
        found
    }

    /// Processes that are at work in the folder. Nobody else knows its name.
    fn processes(&self) -> Vec<Process> {
        let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|&pid| self.is_ours(pid)).map(Process::of).collect()
    }

    /// Waits until no supervisor is left of a service directory that is gone.
    ///
    /// # Panics
    ///
    /// When one still is.
    pub fn wait_until_removed(&self) {
        let is_left = |process: &Process| {
            let cwd = fs::read_link(format!("/proc/{}/cwd", process.pid));
            process.command.starts_with("s6-supervise ") && cwd.is_ok_and(|cwd| !cwd.exists())
        };
        until("the end of removed supervisors", || (!self.processes().iter().any(is_left)).then_some(()));
    }

    fn is_ours(&self, pid: i32) -> bool {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(self.site.folder.path()))
    }

    fn wait(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE / 2 {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Kills the processes that an orderly stop did not end: supervisors by their control pipes, services by the numbers that s6
    /// has for them.
    fn stop_by_force(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for service in self.services() {
            let name = self.site.root.inside(&service).into_os_string().into_string().unwrap_or_default();
            let status = self.exec("s6-svstat", ["-o", "pid", &name]);
            self.exec("s6-svc", ["-xd", &name]);
            let pid = status.stdout.trim().parse().ok().filter(|&pid| self.is_ours(pid));
            if let Some(pid) = pid.and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }

    fn story(&self) -> String {
        let mut story = String::new();
        for answer in self.history.borrow().iter() {
            writeln!(story, "{answer}").unwrap();
        }
        for name in ["scan.output", "reports"] {
            let bytes = fs::read(self.site.path(name)).unwrap_or_default();
            writeln!(story, "--- {name}\n{}", String::from_utf8_lossy(&bytes)).unwrap();
        }
        let tree = Answer::of(std::process::Command::new("ls").arg("-lAR").arg(self.site.path("scan")));
        writeln!(story, "--- files\n{}", tree.stdout).unwrap();
        for process in self.processes() {
            writeln!(story, "still there: {process:?}").unwrap();
        }
        story
    }
}

impl Drop for Scan<'_> {
    #[expect(clippy::print_stderr, reason = "shown when the test fails, and captured otherwise")]
    fn drop(&mut self) {
        let failed = std::thread::panicking();
        if failed {
            eprintln!("{}", self.story());
        }
        // It is not reaped yet, so its number is still its own.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let orderly = self.wait();
        let why = if orderly { String::new() } else { self.story() };
        if !orderly {
            self.stop_by_force();
        }
        let start = Instant::now();
        while !self.processes().is_empty() && start.elapsed() < PATIENCE / 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let left = self.processes();
        if !failed {
            assert!(orderly, "s6-svscan does not stop\n{why}");
            assert!(left.is_empty(), "left over: {left:?}\n{}", self.story());
        }
    }
}

/// A process, as the kernel tells.
#[derive(Debug)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    status: String,
    command: String,
}

/// Parts of a process's status.
const FIELDS: [&str; 4] = ["PPid:", "Uid:", "Gid:", "Groups:"];

impl Process {
    fn of(pid: i32) -> Self {
        let read = |file| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned();
        let mut status = text(read("status"));
        status =
            status.lines().filter(|line| FIELDS.iter().any(|field| line.starts_with(field))).collect::<Vec<_>>().join("\n");
        Self { pid, status, command: text(read("cmdline")) }
    }

    /// The words of a line of its status.
    fn field(&self, name: &str) -> Vec<&str> {
        let line = self.status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().split_whitespace().collect()
    }

    /// Real, effective, saved and file system user, and the same of groups, and the supplementary groups.
    #[must_use]
    pub fn credentials(&self) -> [Vec<&str>; 3] {
        ["Uid", "Gid", "Groups"].map(|name| self.field(name))
    }

    /// Its parent.
    ///
    /// # Panics
    ///
    /// If it is gone.
    #[must_use]
    pub fn parent(&self) -> Self {
        let parent = self.field("PPid").first().and_then(|pid| pid.parse().ok());
        Self::of(parent.unwrap_or_else(|| panic!("{self:?} is gone")))
    }

    /// Its arguments, with blanks between.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.command
    }
}
