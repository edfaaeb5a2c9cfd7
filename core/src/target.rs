//! The system where the result will run: the version of s6, and the directories of its programs. Nothing is probed.

use alloc::vec::Vec;
use core::fmt;

/// The system that the generated scripts will run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The directory of execlineb, for interpreter lines.
    pub shebang_dir: ShebangDir,
    /// The directory of execline's other programs. `None`: they are found by PATH.
    pub execline_dir: Option<ProgramDir>,
    /// The directory of s6's programs. `None`: they are found by PATH.
    pub s6_dir: Option<ProgramDir>,
    /// The version of s6. `None`: it is unknown, and nothing is written that an s6 might not know.
    pub s6_version: Option<S6Version>,
}

impl Default for Target {
    fn default() -> Self {
        Self::installed(Installation::Path)
    }
}

impl Target {
    /// The directories of a customary installation, and no s6 version.
    #[must_use]
    pub fn installed(installation: Installation) -> Self {
        let dirs = |shebang, execline, s6| Self {
            shebang_dir: ShebangDir(bytes(shebang)),
            execline_dir: Option::map(execline, |dir| ProgramDir(bytes(dir))),
            s6_dir: Option::map(s6, |dir| ProgramDir(bytes(dir))),
            s6_version: None,
        };
        match installation {
            Installation::Path => dirs("/usr/bin", None, None),
            Installation::Debian => dirs("/usr/bin", Some("/usr/lib/execline/bin"), Some("/usr/bin")),
            Installation::Slashpackage => dirs("/command", Some("/command"), Some("/command")),
        }
    }
}

/// Customary places of execline and s6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installation {
    /// execlineb in `/usr/bin`, all else found by PATH.
    Path,
    /// Debian: execlineb and s6 in `/usr/bin`, execline's other programs in `/usr/lib/execline/bin`.
    Debian,
    /// Slashpackage: all in `/command`.
    Slashpackage,
}

/// The longest interpreter line that Linux reads to its end, with `#!` and without the newline.
pub const SHEBANG_MAX: usize = 255;

/// The directory in an interpreter line: absolute, printable ASCII without blanks, short enough for the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShebangDir(Vec<u8>);

/// The directory of a program that a script names: absolute, any bytes but NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramDir(Vec<u8>);

/// The reason why bytes are not a directory of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramDirError {
    /// It does not begin with `/`.
    #[error("must be absolute")]
    NotAbsolute,
    /// There is a NUL in it.
    #[error("cannot contain a NUL byte")]
    Nul,
    /// The kernel would split or misread the interpreter line.
    #[error("cannot be in an interpreter line; only printable ASCII without blanks can")]
    NotForShebang,
    /// The kernel would not read the interpreter line to its end.
    #[error("is too long; the interpreter line would have more than {SHEBANG_MAX} bytes")]
    TooLong,
}

impl ShebangDir {
    /// Checks `dir`; slashes at its end are dropped.
    pub fn new(dir: &[u8]) -> Result<Self, ProgramDirError> {
        let dir = absolute(dir)?;
        if !dir.iter().all(u8::is_ascii_graphic) {
            return Err(ProgramDirError::NotForShebang);
        }
        if b"#!".len() + dir.len() + b"/execlineb -S0".len() > SHEBANG_MAX {
            return Err(ProgramDirError::TooLong);
        }
        Ok(Self(dir.to_vec()))
    }

    /// The directory, without a slash at its end; empty for `/` itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl ProgramDir {
    /// Checks `dir`; slashes at its end are dropped.
    pub fn new(dir: &[u8]) -> Result<Self, ProgramDirError> {
        absolute(dir).map(|dir| Self(dir.to_vec()))
    }

    /// The directory, without a slash at its end; empty for `/` itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn absolute(dir: &[u8]) -> Result<&[u8], ProgramDirError> {
    if !dir.starts_with(b"/") {
        return Err(ProgramDirError::NotAbsolute);
    }
    if dir.contains(&0) {
        return Err(ProgramDirError::Nul);
    }
    Ok(dir.iter().rposition(|&byte| byte != b'/').map_or(b"", |last| dir.get(..=last).unwrap_or_default()))
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A version of s6, four numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct S6Version([u32; 4]);

/// The reason why a text is not a supported version of s6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum S6VersionError {
    /// It is not two to four plain decimal numbers with dots between them.
    #[error("must be X.Y, X.Y.Z or X.Y.Z.W")]
    Syntax,
    /// Its service directories look otherwise (docs/original.md, "Versions").
    #[error("s6 before {} is not supported; it keeps the template elsewhere", S6Version::OLDEST)]
    TooOld,
}

impl S6Version {
    /// The first version that keeps the template where we put it.
    pub const OLDEST: Self = Self([2, 11, 3, 0]);
    /// The newest version whose behaviour is known.
    pub const NEWEST: Self = Self([2, 15, 1, 0]);
    /// From here on s6-svscan counts slots, with `-C`, and keeps its tables on the stack.
    const SLOTS: Self = Self([2, 12, 0, 0]);
    /// From here on s6-supervise makes a service's lock file.
    const LOCK_FILES: Self = Self([2, 14, 0, 0]);
    /// The newest of each series: what completes a shorter one.
    const SERIES: [Self; 5] =
        [Self([2, 11, 3, 2]), Self([2, 12, 0, 4]), Self([2, 13, 1, 0]), Self([2, 14, 0, 1]), Self::NEWEST];

    /// Reads `X.Y[.Z[.W]]`; missing parts are those of the newest known version that begins so, else 0.
    pub fn parse(text: &[u8]) -> Result<Self, S6VersionError> {
        let mut parts = [0; 4];
        let mut given = 0;
        for part in text.split(|&byte| byte == b'.') {
            let number = crate::number::parse(part).and_then(|number| u32::try_from(number).ok());
            *parts.get_mut(given).ok_or(S6VersionError::Syntax)? = number.ok_or(S6VersionError::Syntax)?;
            given += 1;
        }
        if given < 2 {
            return Err(S6VersionError::Syntax);
        }
        let begins_so = |version: &&Self| version.0.iter().zip(&parts).take(given).all(|(known, part)| known == part);
        let version = Self::SERIES.iter().find(begins_so).copied().unwrap_or(Self(parts));
        if version < Self::OLDEST { Err(S6VersionError::TooOld) } else { Ok(version) }
    }

    /// Returns `true` if its s6-supervise makes the file that `lock-fd` is about; an older one never starts such a service
    /// (docs/original.md, "Control files of s6-supervise").
    #[must_use]
    pub fn makes_lock_files(self) -> bool {
        self >= Self::LOCK_FILES
    }

    /// Returns `true` if its s6-svscan counts slots, with the option `-C`.
    #[must_use]
    pub fn counts_slots(self) -> bool {
        self >= Self::SLOTS
    }
}

impl fmt::Display for S6Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, build] = self.0;
        write!(f, "{major}.{minor}.{patch}.{build}")
    }
}
