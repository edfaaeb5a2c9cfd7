//! Wrong command lines, and what both programs say to them.

use s6_instance_maker_workspace::roots::Suite;

/// A command line, and both exit codes.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// The arguments, in a folder with the surroundings.
    pub args: Vec<String>,
    /// The exit code of s6's program.
    pub original: i32,
    /// That of ours.
    pub ours: i32,
    /// Why they differ; none: they do not.
    pub reason: Option<&'static str>,
    /// Under this umask; none: under each of the usual ones.
    pub umask: Option<&'static str>,
    /// Run by www-data, not by root.
    pub by_www_data: bool,
    /// Only for these.
    pub suites: &'static [Suite],
}

impl Wrong {
    fn new(original: i32, ours: i32, reason: Option<&'static str>, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Self { args, original, ours, reason, umask: None, by_www_data: false, suites: &Suite::ALL }
    }

    /// `true` if ours makes something of it.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.ours == 0 && self.args.iter().any(|arg| arg == "out") && self.args.iter().all(|arg| arg != "--dry-run")
    }

    const fn under(mut self, umask: &'static str) -> Self {
        self.umask = Some(umask);
        self
    }

    const fn by_www_data(mut self) -> Self {
        self.by_www_data = true;
        self
    }

    const fn only(mut self, suites: &'static [Suite]) -> Self {
        self.suites = suites;
        self
    }
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Wrong> {
    let mut all = usage();
    all.extend(system());
    all.extend(refused_by_ours());
    all.extend(accepted_by_ours());
    all
}

/// Wrong for both.
fn usage() -> Vec<Wrong> {
    let lines: &[&[&str]] = &[
        &[],
        &["t"],
        &["--", "t"],
        &["-x", "t", "out"],
        &["-xc", "5", "t", "out"],
        &["--nonsense", "t", "out"],
        &["--c", "5", "t", "out"],
        &["-c"],
        &["-c", "5"],
        &["-c", "", "t", "out"],
        &["-c", "t", "out"],
        &["-c", "+1", "t", "out"],
        &["-c", "-1", "t", "out"],
        &["-c-1", "t", "out"],
        &["-c=5", "t", "out"],
        &["-c", "0x10", "t", "out"],
        &["-c", "10k", "t", "out"],
        &["-c", " 10", "t", "out"],
        &["-c", "10 ", "t", "out"],
        &["-c", "1.5", "t", "out"],
        &["-c", "4294967296", "t", "out"],
        &["-c", "18446744073709551616", "t", "out"],
        &["-t", "", "t", "out"],
        &["-t", "x", "t", "out"],
        &["-t", "4", "t", "out"],
        &["-L", "/l", "-t", "4", "t", "out"],
        &["-t", "4294967295", "t", "out"],
        &["-n", "-1", "t", "out"],
        &["-n", "4294967296", "t", "out"],
        &["-L", "/l", "-n", "ten", "t", "out"],
        &["-s", "", "t", "out"],
        &["-s", "1M", "t", "out"],
        &["-s", "18446744073709551616", "t", "out"],
        &["-S", "", "t", "out"],
        &["-S", "18446744073709551616", "t", "out"],
        &["-L", "/l", "-S", "-0", "t", "out"],
        &["-L", "", "t", "out"],
        &["-L", "log", "t", "out"],
        &["-L", "./log", "t", "out"],
        &["-L", "~/log", "t", "out"],
        &["-u", "a b", "t", "out"],
        &["-u", "a\tb", "t", "out"],
        &["-u", "a\n", "t", "out"],
        &["-r", "a\nb", "t", "out"],
        &["-r", "/x", "t", "out"],
        &["-r", "/", "t", "out"],
        &["-r", "svc/", "t", "out"],
        &["-r", "svc/log", "t", "out"],
        &["-r", "svc/log/p", "t", "out"],
        &["-L", "/l", "-r", "svc/", "t", "out"],
        &["-L", "/l", "-r", "svc//p", "t", "out"],
        &["-L", "/l", "-r", "svc/log/", "t", "out"],
        &["-L", "/l", "-r", "svc/log/p/", "t", "out"],
        &["-L", "/l", "-r", "svc/log/p/q", "t", "out"],
        &["-L", "/l", "-r", "svc", "t", "out"],
        &["-L", "/l", "-r", "", "t", "out"],
        &["-L", "/l", "-r", "svc/log\n", "t", "out"],
    ];
    lines.iter().map(|args| Wrong::new(100, 100, None, args)).collect()
}

/// The system refuses it to both.
fn system() -> Vec<Wrong> {
    let lines: &[&[&str]] = &[
        &["t", "full"],
        &["t", "empty"],
        &["t", "empty/"],
        &["t", "file"],
        &["t", "file/"],
        &["t", "fifo"],
        &["t", "to-full"],
        &["t", "to-nowhere"],
        &["t", "."],
        &["t", ".."],
        &["t", "/"],
        &["t", "full/."],
        &["t", "missing/out"],
        &["t", "file/out"],
        &["t", "/missing/out"],
        &["missing", "out"],
        &["-", "out"],
        &["-c", "5", "missing", "out"],
        &["-L", "/l", "missing", "out"],
        &["-r", "svc", "missing", "out"],
        &["-r", "svc", "missing", "full"],
        &["-r", "svc", "t", "missing/out"],
        &["-r", "svc", "t", "file"],
        &["-r", "svc", "t", "fifo"],
        &["-r", "svc", "t", "to-nowhere"],
        &["-r", "svc", "t", "pair"],
        &["-r", "svc", "t", "pair/"],
        &["-r", "svc", "pair/svc", "pair"],
        &["-r", "file", "t", "full"],
        &["-r", "svc/log", "-L", "/l", "t", "pair"],
        &["-r", "svc/log", "-L", "/l", "t", "with-log"],
        &["-r", "svc/log/all", "-L", "/l", "t", "with-log"],
    ];
    let mut all: Vec<Wrong> = lines.iter().map(|args| Wrong::new(111, 111, None, args)).collect();
    let long = "n".repeat(256);
    all.push(Wrong::new(111, 111, None, &["t", &long]));
    all.push(Wrong::new(111, 111, None, &[&long, "out"]));
    all.push(Wrong::new(111, 111, None, &["closed", "out"]).by_www_data());
    all.push(Wrong::new(111, 111, None, &["t", "full/out"]).by_www_data());
    all.push(Wrong::new(111, 111, None, &["-r", "svc", "t", "full"]).by_www_data());
    all
}

/// Wrong for ours only.
fn refused_by_ours() -> Vec<Wrong> {
    const SLOTS: &[Suite] = &[Suite::Trixie, Suite::Forky];
    let row = |original, reason, args: &[&str]| Wrong::new(original, 100, Some(reason), args);
    let too_long = "n".repeat(252);
    let long_logger = format!("svc/{}", "l".repeat(244));
    let mut all = vec![
        row(0, "there would be no room: s6 makes it 1", &["-c", "0", "t", "out"]),
        row(0, "s6-svscan makes it 2", &["-c", "1", "t", "out"]),
        row(0, "s6 makes it 90000", &["-c", "90001", "t", "out"]),
        row(0, "s6 makes it 90000", &["-c", "4294967295", "t", "out"]),
        row(0, "s6-svscan stops at 160000 slots, two for each instance", &["-c", "80001", "logged", "out"]).only(SLOTS),
        row(0, "s6-svscan stops at 160000 slots, two for each instance", &["-c", "90000", "-r", "s", "logged", "full"])
            .only(SLOTS),
        row(0, "s6-log takes 32 bits", &["-L", "/l", "-s", "4294967296", "t", "out"]),
        row(0, "s6-log takes 32 bits", &["-s", "18446744073709551615", "t", "out"]),
        row(0, "s6-setuidgid would take it for an option", &["-u", "-x", "t", "out"]),
        row(0, "s6-setuidgid would take it for an option", &["-u", "--", "t", "out"]),
        row(0, "s6-setuidgid would look for an account of that name", &["-u", "33", "t", "out"]),
        row(0, "s6-setuidgid wants numbers around the colon", &["-u", "www-data:www-data", "t", "out"]),
        row(0, "s6-setuidgid wants numbers around the colon", &["-u", "33:", "t", "out"]),
        row(0, "s6-setuidgid wants numbers around the colon", &["-u", ":33", "t", "out"]),
        row(0, "s6-setuidgid wants numbers around the colon", &["-u", ":", "t", "out"]),
        row(0, "no process can have this id", &["-u", "4294967295:0", "t", "out"]),
        row(0, "no account has such a name", &["-u", "a/b", "t", "out"]),
        row(0, "no account has such a name", &["-u", "a\x01b", "t", "out"]),
        row(0, "no account has such a name", &["-u", "a\r", "t", "out"]),
        row(0, "s6-setuidgid would take it for an option", &["-L", "/l", "-l", "-x", "t", "out"]),
        row(0, "s6-setuidgid would look for an account of that name", &["-L", "/l", "-l", "33", "t", "out"]),
        row(0, "s6-setuidgid wants numbers around the colon", &["-L", "/l", "-l", "a:b", "t", "out"]),
        row(0, "no account has such a name", &["-L", "/l", "-l", "a b", "t", "out"]),
        row(0, "no account has such a name", &["-l", "a\nb", "t", "out"]),
        row(0, "the user could not run it: it is missing", &["-u", "www-data", "without-run", "out"]),
        row(0, "the user could not run it: it is root's alone", &["-u", "www-data", "private", "out"]),
        row(0, "the name is taken", &["-u", "www-data", "taken", "out"]),
        row(0, "s6's program ignores it", &["t", "out", "third"]),
        row(0, "s6's program ignores it", &["t", "out", ""]),
        row(0, "s6's program ignores it", &["--", "t", "out", "-c5"]),
        row(0, "an option may stand behind the operands, and then needs its value", &["t", "out", "-c"]),
        row(0, "an option may stand behind the operands, and is then checked", &["t", "out", "-x"]),
        row(0, "an option may stand behind the operands: DIR is missing", &["t", "-c5"]),
        row(111, "an empty operand is a forgotten value", &["t", ""]),
        row(111, "an empty operand is a forgotten value", &["", "out"]),
        row(111, "an empty operand is a forgotten value", &["-r", "svc", "t", ""]),
        row(111, "s6-rc knows no such name", &["-r", "", "t", "out"]),
        row(111, "s6-rc knows no such name", &["-r", ".", "t", "out"]),
        row(111, "s6-rc knows no such name", &["-r", "..", "t", "out"]),
        row(0, "s6-rc-compile passes over it", &["-r", ".hidden", "t", "out"]),
        row(0, "s6-rc-compile passes over it", &["-L", "/l", "-r", "svc/.hidden", "t", "out"]),
        row(0, "the name is s6-rc's own", &["-r", "s6rc-x", "t", "out"]),
        row(0, "the name is s6-rc's own", &["-L", "/l", "-r", "svc/log/s6-rc-x", "t", "full"]),
        row(0, "s6-rc's list files would lose it", &["-L", "/l", "-r", "#svc/log", "t", "out"]),
        row(0, "s6-rc's list files would lose it", &["-L", "/l", "-r", " svc/log", "t", "out"]),
        row(0, "s6-rc's list files would lose it", &["-L", "/l", "-r", "svc/log/#pipe", "t", "out"]),
        row(0, "s6-rc's list files would lose it", &["-L", "/l", "-r", "svc/\tlog", "t", "out"]),
        row(0, "s6-svscan would not supervise it", &["-r", &too_long, "t", "out"]),
        row(0, "s6-rc would start no pipeline", &["-L", "/l", "-r", &long_logger, "t", "out"]),
        row(0, "s6-rc's script would substitute it", &["-L", "/l", "-r", "svc/log${1}", "t", "out"]),
        row(111, "two definitions cannot have one name", &["-L", "/l", "-r", "svc/svc", "t", "out"]),
        row(0, "two definitions cannot have one name", &["-L", "/l", "-r", "svc/log/svc", "t", "out"]),
        row(0, "two definitions cannot have one name", &["-L", "/l", "-r", "svc/log/log", "t", "out"]),
        row(0, "the template is no directory", &["file", "out"]),
        row(0, "the template is no directory", &["fifo", "out"]),
        row(0, "the template is no directory", &["/dev/null", "out"]),
        row(0, "nobody could listen on the copy", &["socket", "out"]),
        row(0, "a device in a template is a mistake or an attack", &["device", "out"]),
        row(0, "the template would hold its own result", &["t", "t/out"]).under("022"),
        row(0, "the template would hold its own result", &["-r", "svc", "t", "t/out"]).under("022"),
        row(0, "the template would hold its own result", &["-r", "svc", "t", "t"]).under("022"),
    ];
    for umask in ["0400", "0777", "0600"] {
        let reason = "the result's owner could not read it";
        all.push(row(0, reason, &["t", "out"]).under(umask));
        all.push(row(0, reason, &["-L", "/l", "-r", "svc/log", "t", "full"]).under(umask));
    }
    let lost = "a file would be missing from the copy";
    all.push(Wrong::new(0, 111, Some(lost), &["unreadable", "out"]).by_www_data());
    all.push(Wrong::new(0, 111, Some(lost), &["-r", "svc", "private", "out"]).by_www_data());
    let nowhere = "a link that leads nowhere is no template";
    all.push(Wrong::new(0, 111, Some(nowhere), &["to-nowhere", "out"]));
    all
}

/// Right for ours: it knows more options, and reads them in more places.
fn accepted_by_ours() -> Vec<Wrong> {
    let row = |original, reason, args: &[&str]| Wrong::new(original, 0, Some(reason), args);
    vec![
        row(100, "help", &["-h"]),
        row(100, "help", &["--help"]),
        row(100, "the version", &["-V"]),
        row(100, "the version", &["--version"]),
        row(100, "a long option", &["--dry-run", "t", "out"]),
        row(100, "a long option", &["--max-instances=7", "t", "out"]),
        row(100, "of a repeated option only the last value is read", &["-c", "x", "-c", "5", "t", "out"]),
        row(0, "s6's program ignores it, ours takes it for an option", &["t", "out", "-c5"]),
        row(0, "s6's program makes a directory called -c5, ours takes it for an option", &["t", "-c5", "out"]),
    ]
}
