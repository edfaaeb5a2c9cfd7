//! The programs under test, and what came of running them.

use s6_instance_maker_core::rules::Rule;
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
/// If it does not build.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build("s6-instance-maker", "s6-instance-maker", &[]))
}

/// Copies the program to `path`, to be run there.
///
/// Another process copies it: while this one writes it, a thread could start a process that has it open for writing for a moment
/// longer, and then nobody could run it ("Text file busy").
///
/// # Panics
///
/// When it cannot be copied.
pub fn copy_to(path: &Path) {
    assert!(Command::new("cp").arg(program()).arg(path).status().unwrap().success());
}

/// The same as it is released, for measuring.
///
/// # Panics
///
/// If it does not build.
#[must_use]
pub fn released_program() -> PathBuf {
    build("s6-instance-maker", "s6-instance-maker", &["--release"])
}

/// The released program, linked statically with musl. `None`: this machine's Rust cannot build for that.
///
/// # Panics
///
/// If it does not build.
#[must_use]
pub fn released_static() -> Option<PathBuf> {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let library = Command::new("rustc").args(["--print", "target-libdir", "--target", &target]).output().ok()?;
    let library = String::from_utf8(library.stdout).ok()?;
    let is_there = Path::new(library.trim()).is_dir();
    is_there.then(|| build("s6-instance-maker", "s6-instance-maker", &["--release", "--target", &target]))
}

/// s6-instance-maker-sandboxed as it is built without more ado, and with its compiler.
#[derive(Debug)]
pub struct Sandboxed {
    /// Without features.
    pub plain: PathBuf,
    /// With the feature `compiler`.
    pub with_compiler: PathBuf,
    /// The script that builds the guest for both.
    pub build_script: PathBuf,
}

/// s6-instance-maker-sandboxed as it is released, without features and with the feature `compiler`, for measuring.
///
/// # Panics
///
/// If they do not build.
#[must_use]
pub fn released_sandboxed() -> [PathBuf; 2] {
    build_twice("released", &["--release"])
}

/// The guest, which is built along with s6-instance-maker-sandboxed; why not, where this machine's Rust has no WASI.
///
/// # Panics
///
/// If it does not build.
pub fn guest() -> Result<&'static Path, &'static str> {
    static GUEST: OnceLock<PathBuf> = OnceLock::new();
    sandboxed().map(|_| GUEST.get_or_init(|| target_dir().join("wasm/s6-instance-maker.wasm")).as_path())
}

/// The sandboxed programs; why not, where this machine's Rust has no WASI.
///
/// # Panics
///
/// If they do not build.
pub fn sandboxed() -> Result<&'static Sandboxed, &'static str> {
    static SANDBOXED: OnceLock<Option<Sandboxed>> = OnceLock::new();
    let build = || {
        let mut rustc = Command::new("rustc");
        let libraries = Answer::of(rustc.current_dir(workspace()).args(["--print", "target-libdir", "--target", WASI]));
        Path::new(libraries.stdout.trim()).is_dir().then(build_sandboxed)
    };
    SANDBOXED.get_or_init(build).as_ref().ok_or("Rust has no target wasm32-wasip1 here; try rustup target add wasm32-wasip1")
}

fn build_sandboxed() -> Sandboxed {
    let [plain, with_compiler] = build_twice("sandboxed", &[]);
    let artifacts = artifacts(SANDBOXED.0, SANDBOXED.1, &[]);
    let script = artifacts.iter().find(|artifact| {
        let target = |key: &str| artifact.pointer(&format!("/target/{key}"));
        let is_script = target("kind/0").is_some_and(|kind| kind == "custom-build");
        is_script && target("src_path").and_then(|path| path.as_str()).is_some_and(|path| path.contains("/wasm-host/"))
    });
    let build_script = script.and_then(|script| script.pointer("/filenames/0")).and_then(|name| name.as_str());
    Sandboxed { plain, with_compiler, build_script: build_script.expect("cargo names the build script").into() }
}

/// Builds it without features and with the compiler, for `folder` beside the build's folders: both have the same name.
fn build_twice(folder: &str, options: &[&str]) -> [PathBuf; 2] {
    let folder = target_dir().join(folder);
    std::fs::create_dir_all(&folder).expect("a folder beside the build's");
    [("plain", &[][..]), ("with-compiler", &["--features", "compiler"])].map(|(name, features)| {
        let built = build(SANDBOXED.0, SANDBOXED.1, &[options, features].concat());
        let copy = folder.join(name);
        // One that still runs cannot be written to.
        let _ = std::fs::remove_file(&copy);
        std::fs::copy(built, &copy).expect("the program can be copied");
        copy
    })
}

/// Package and program.
const SANDBOXED: (&str, &str) = ("s6-instance-maker-wasm-host", "s6-instance-maker-sandboxed");

const WASI: &str = "wasm32-wasip1";

fn build(package: &str, name: &str, options: &[&str]) -> PathBuf {
    let artifacts = artifacts(package, name, options);
    let executables = artifacts.iter().filter_map(|artifact| artifact.get("executable")?.as_str());
    executables.map(PathBuf::from).next_back().expect("cargo names the program that it built")
}

/// Returns cargo's report about everything that it built for a program.
fn artifacts(package: &str, name: &str, options: &[&str]) -> Vec<serde_json::Value> {
    let output = Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args(["build", "--locked", "--package", package, "--bin", name, "--message-format", "json-render-diagnostics"])
        .args(options)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{name} does not build");
    let messages = output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    messages.filter(|message: &serde_json::Value| message["reason"] == "compiler-artifact").collect()
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
    /// If it cannot be started.
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

/// Options by which everything is accepted that lint finds: for templates that are there to be copied, not to be run.
#[must_use]
pub fn all_allowed() -> Vec<String> {
    Rule::ALL.iter().map(|rule| format!("--allow={}", rule.id())).collect()
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
