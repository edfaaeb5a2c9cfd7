//! Real s6 installations: Debian root file systems with s6 and execline in them, to chroot into.
//!
//! `tests/roots` makes them, in `target/s6-roots/SUITE`; S6_ROOTS names another folder. Besides, the s6 and the s6-rc that PATH of
//! this machine has: s6-rc is in no Debian release.

use crate::scratch::Scratch;
use crate::skip;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Debian release and the s6 that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// s6 2.11.3.2
    Bookworm,
    /// s6 2.13.1.0
    Trixie,
    /// s6 2.15.1.0
    Forky,
}

impl Suite {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bookworm, Self::Trixie, Self::Forky];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Forky => "forky",
        }
    }
}

/// A root file system with s6 in it.
#[derive(Clone, Debug)]
pub struct Root {
    /// Its Debian release; `None`: this machine's own.
    pub suite: Option<Suite>,
    /// The directory.
    pub path: PathBuf,
    /// Its s6's version, four numbers.
    pub s6_version: String,
    /// The options by which s6-instance-maker is told where its programs are.
    pub installation: [OsString; 2],
    /// The PATH of its programs.
    search: OsString,
}

/// The programs of s6-rc, and those of s6 and execline that it works with.
const S6_RC: [&str; 8] =
    ["s6-rc-compile", "s6-rc-init", "s6-rc", "s6-rc-update", "s6-rc-db", "s6-svscan", "s6-instance-create", "execlineb"];

/// The oldest s6 that a known s6-rc works with.
const S6_OF_S6_RC: &str = "2.12.0.0";

impl Root {
    /// The root file system of `suite`; where there is none, or no root to enter it, `test` says that it did not run.
    ///
    /// # Panics
    ///
    /// If its s6 has no version.
    #[must_use]
    pub fn of(suite: Suite, test: &str) -> Option<Self> {
        if !skip::is_root_or_say(test) {
            return None;
        }
        let roots = std::env::var_os("S6_ROOTS").map_or_else(|| crate::program::target_dir().join("s6-roots"), PathBuf::from);
        let path = roots.join(suite.name());
        let Ok(version) = std::fs::read_to_string(path.join("s6-version")) else {
            skip::did_not_run(test, &format!("there is no {} (tests/roots makes it)", path.display()));
            return None;
        };
        let installation = ["--installation", "debian"].map(OsString::from);
        let search = "/usr/bin:/usr/sbin:/bin:/sbin:/usr/lib/execline/bin".into();
        Some(Self { suite: Some(suite), path, s6_version: version.trim().to_owned(), installation, search })
    }

    /// This machine, where its PATH has s6-rc; where not, `test` says that it did not run, which is no failure: no package brings
    /// it.
    #[must_use]
    pub fn with_s6_rc(test: &str) -> Option<Self> {
        let search = std::env::var_os("PATH").unwrap_or_default();
        let directory_of = |program: &&str| std::env::split_paths(&search).find(|directory| directory.join(program).is_file());
        if let Some(program) = S6_RC.iter().find(|program| directory_of(program).is_none()) {
            skip::say(test, &format!("there is no {program} in PATH"));
            return None;
        }
        if !skip::is_root_or_say(test) {
            return None;
        }
        let installation = ["--shebang-dir".into(), directory_of(&"execlineb")?.into_os_string()];
        Some(Self { suite: None, path: "/".into(), s6_version: S6_OF_S6_RC.into(), installation, search })
    }

    /// A directory of a test's own in this file system, and what it is called from inside.
    #[must_use]
    pub fn scratch(&self, label: &str) -> (Scratch, PathBuf) {
        let scratch = Scratch::within(&self.path.join("tmp"), label);
        let inside = self.inside(scratch.path());
        (scratch, inside)
    }

    /// The path of `path` seen from inside.
    ///
    /// # Panics
    ///
    /// If it is not in this file system.
    #[must_use]
    pub fn inside(&self, path: &Path) -> PathBuf {
        Path::new("/").join(path.strip_prefix(&self.path).unwrap())
    }

    /// `program` run inside, as root, with a usual PATH and nothing else in its environment.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = if self.suite.is_some() {
            let mut command = Command::new("chroot");
            command.arg(&self.path).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.env_clear().env("PATH", &self.search);
        command
    }
}
