//! The properties of one program: its name, its manual page, and the defaults of the site that it was built for.

use crate::message;

/// The parts of a command line that only one program has; the rest is the same for all.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the program in its help.
    pub name: &'static str,
    /// The defaults of the site that it was built for.
    pub site: Site,
    /// Its manual page in roff, where `@VERSION@` and the line `@OPTIONS@` stand for what is generated. Empty: it has none.
    pub manual: &'static str,
}

/// Defaults that a program was built with: those of the system that it is for, as s6's own program has them compiled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Site {
    s6_version: Option<&'static str>,
    installation: Option<&'static str>,
}

impl Site {
    /// No defaults: the result suits every system.
    pub const NONE: Self = Self { s6_version: None, installation: None };

    /// Takes the values of `--s6-version` and `--installation`; `None` and an empty text are no default.
    ///
    /// # Panics
    ///
    /// When a value means nothing. Use it in a `const`, where that is a compile error.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated in constants only: a wrong default does not compile")]
    pub const fn new(s6_version: Option<&'static str>, installation: Option<&'static str>) -> Self {
        let s6_version = not_empty(s6_version);
        let installation = not_empty(installation);
        if let Some(version) = s6_version
            && !is_version(version.as_bytes())
        {
            panic!("S6_INSTANCE_MAKER_S6_VERSION must be X.Y, X.Y.Z or X.Y.Z.W, from 2.11.3.0 on");
        }
        if let Some(name) = installation
            && !matches!(name.as_bytes(), b"path" | b"debian" | b"slashpackage")
        {
            panic!("S6_INSTANCE_MAKER_INSTALLATION must be path, debian or slashpackage");
        }
        Self { s6_version, installation }
    }

    /// The defaults by the names of their options.
    pub(super) fn options(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let options = [("s6-version", self.s6_version), ("installation", self.installation)];
        options.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

const fn not_empty(value: Option<&'static str>) -> Option<&'static str> {
    match value {
        Some(value) if !value.is_empty() => Some(value),
        _ => None,
    }
}

/// Returns `true` if a text is two to four short numbers with dots between them, and no version before 2.11.3.0.
const fn is_version(mut text: &[u8]) -> bool {
    let mut parts = [0u32; 4];
    let mut given = 0;
    let mut digits = 0;
    while let [byte, rest @ ..] = text {
        text = rest;
        match *byte {
            b'.' if digits > 0 && given < 3 => {
                given += 1;
                digits = 0;
            }
            digit @ b'0'..=b'9' if digits < 5 => {
                let [a, b, c, d] = parts;
                parts = match given {
                    0 => [a * 10 + (digit - b'0') as u32, b, c, d],
                    1 => [a, b * 10 + (digit - b'0') as u32, c, d],
                    2 => [a, b, c * 10 + (digit - b'0') as u32, d],
                    _ => [a, b, c, d * 10 + (digit - b'0') as u32],
                };
                digits += 1;
            }
            _ => return false,
        }
    }
    let [major, minor, patch, _] = parts;
    let is_old = major < 2 || major == 2 && (minor < 11 || minor == 11 && given >= 2 && patch < 3);
    digits > 0 && given >= 1 && !is_old
}

impl Program {
    /// s6-instance-maker itself, for no site in particular.
    pub const MAKER: Self = Self { name: message::PROGRAM, site: Site::NONE, manual: "" };
}
