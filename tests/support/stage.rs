//! A machine to run commands of the documentation on: a whole Debian with s6, the programs and the examples, as new for each run.

use crate::program::{self, Answer};
use crate::roots::Suite;
use crate::scratch::Scratch;
use crate::skip;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Such a machine, and a directory that it shares with this one.
#[derive(Debug)]
pub struct Stage {
    root: PathBuf,
    shared: Scratch,
    programs: Vec<(String, PathBuf)>,
}

/// Makes the file system from $1, of which nothing changes, with the programs that follow; what is made in it goes with the process.
/// Processes get numbers of their own, so that none of them stays.
const SET_UP: &str = r#"
base=$1 shared=$2 examples=$3 script=$4
shift 4
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$shared/stage"
mkdir "$shared/stage/upper" "$shared/stage/work" "$shared/stage/root"
root=$shared/stage/root
mount -t overlay -o "lowerdir=$base,upperdir=$shared/stage/upper,workdir=$shared/stage/work" overlay "$root"
mkdir -p "$root/proc" "$root/root" "$root/run" "$root/usr/local/bin"
mount -t proc proc "$root/proc"
while [ $# -gt 0 ]; do
	: >"$root/usr/local/bin/$1"
	chmod 0755 "$root/usr/local/bin/$1"
	mount --bind "$2" "$root/usr/local/bin/$1"
	shift 2
done
cp -R "$examples" "$root/root"
mkdir "$root/shared"
mount --bind "$shared" "$root/shared"
cd /
# Under PATH of the machine's own; there is nothing else in the environment.
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
	chroot "$root" sh -c 'umask 022; cd; exec sh -eu "$0"' "/shared/$script"
"#;

impl Stage {
    /// The machine with the programs under test; where it cannot be had, `test` says that it did not run.
    #[must_use]
    pub fn new(test: &str) -> Option<Self> {
        let mut stage = Self::without_programs(test)?;
        stage.programs.push(("s6-instance-maker".into(), program::program().to_owned()));
        match program::sandboxed() {
            Ok(sandboxed) => stage.programs.push(("s6-instance-maker-sandboxed".into(), sandboxed.plain.clone())),
            Err(why) => skip::did_not_run(&format!("{test}, in the sandbox"), why),
        }
        Some(stage)
    }

    /// The machine as Debian made it; where it cannot be had, `test` says that it did not run.
    #[must_use]
    pub fn without_programs(test: &str) -> Option<Self> {
        Self::on("documented", test)
    }

    /// A smaller machine with the s6 of another release, and s6-instance-maker; where it cannot be had, `test` says that it did not run.
    #[must_use]
    pub fn with_s6_of(suite: Suite, test: &str) -> Option<Self> {
        let mut stage = Self::on(suite.name(), test)?;
        stage.programs.push(("s6-instance-maker".into(), program::program().to_owned()));
        Some(stage)
    }

    fn on(name: &str, test: &str) -> Option<Self> {
        if !skip::is_root_or_say(test) {
            return None;
        }
        let roots = std::env::var_os("S6_ROOTS").map_or_else(|| program::target_dir().join("s6-roots"), PathBuf::from);
        let root = roots.join(name);
        if !root.join("s6-version").is_file() {
            skip::did_not_run(test, &format!("there is no {} (tests/roots makes it)", root.display()));
            return None;
        }
        let shared = Scratch::new("stage");
        crate::disk::directory(shared.join("stage"), 0o755);
        Some(Self { root, shared, programs: Vec::new() })
    }

    /// The directory that the machine sees as `/shared`.
    #[must_use]
    pub fn shared(&self) -> &Path {
        self.shared.path()
    }

    /// Runs `script` on it as root, in root's home directory, up to the first command that fails. It is as new for each script.
    ///
    /// # Panics
    ///
    /// If the script cannot be written.
    #[must_use]
    pub fn run(&self, script: &str) -> Answer {
        std::fs::write(self.shared.join("script"), script).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "sh", "-euc", SET_UP, "sh"]);
        command.args([&self.root, self.shared.path(), &program::workspace().join("examples")]).arg("script");
        for (name, path) in &self.programs {
            command.arg(name).arg(path);
        }
        Answer::of(&mut command)
    }
}
