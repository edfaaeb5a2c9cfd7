//! The programs under test, and what came of running them.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The workspace's folder.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The build's folder.
#[must_use]
pub fn target_dir() -> PathBuf {
    // target/PROFILE/... /s6-instance-maker: the program's own place tells.
    program().ancestors().nth(2).expect("a program lies in target/PROFILE").to_owned()
}

/// s6-instance-maker, built from what is in the workspace now.
///
/// # Panics
///
/// When it does not build.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build("s6-instance-maker", "s6-instance-maker", &[]))
}

/// The same as it is released, for measuring.
///
/// # Panics
///
/// When it does not build.
#[must_use]
pub fn released_program() -> PathBuf {
    build("s6-instance-maker", "s6-instance-maker", &["--release"])
}

/// The guest, built as it is released; why not, where this machine's Rust has no WASI.
///
/// # Panics
///
/// When it does not build.
pub fn guest() -> Result<&'static Path, &'static str> {
    static GUEST: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let mut rustc = Command::new("rustc");
        let libraries = Answer::of(rustc.current_dir(workspace()).args(["--print", "target-libdir", "--target", WASI]));
        let options = ["--features", "guest", "--target", WASI, "--release"];
        Path::new(libraries.stdout.trim())
            .is_dir()
            .then(|| build("s6-instance-maker-core", "s6-instance-maker-guest", &options))
    };
    GUEST.get_or_init(build).as_deref().ok_or("Rust has no target wasm32-wasip1 here; try rustup target add wasm32-wasip1")
}

const WASI: &str = "wasm32-wasip1";

fn build(package: &str, name: &str, options: &[&str]) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args(["build", "--locked", "--package", package, "--bin", name, "--message-format", "json-render-diagnostics"])
        .args(options)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{name} does not build");
    let mut executables = output.stdout.split(|&byte| byte == b'\n').filter_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    executables.next_back().expect("cargo names the program that it built")
}

/// A program's answer: status and both outputs, as text in which odd bytes are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The command line, for messages.
    pub command: String,
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.command)?;
        f.write_str(&self.stdout)?;
        f.write_str(&self.stderr)?;
        match self.code {
            Some(code) => writeln!(f, "exit code {code}"),
            None => writeln!(f, "ended by a signal"),
        }
    }
}

impl Answer {
    /// Runs `command` to its end, without standard input.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn of(command: &mut Command) -> Self {
        let shown = format!("{command:?}");
        let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{shown}: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { command: shown, code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// This answer, if its exit code is `code`.
    ///
    /// # Panics
    ///
    /// Otherwise, with all that is known.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{self}");
        self
    }
}

/// `command` under `umask`.
#[must_use]
pub fn under_umask(umask: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask]).arg(program);
    command
}

/// s6-instance-maker with `args`, in `directory`, under umask 022.
#[must_use]
pub fn maker<A: AsRef<OsStr>>(directory: &Path, args: impl IntoIterator<Item = A>) -> Answer {
    Answer::of(under_umask("022", program()).current_dir(directory).args(args))
}
