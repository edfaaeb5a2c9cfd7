//! The variables of the environment that count, as values; `main.rs` reads them.

use s6_instance_maker_core::archive::ArchiveTime;
use s6_instance_maker_core::cli::UsageError;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

/// The variables of the environment that count. `None`: the variable is not set.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// The time of every entry of an archive, in seconds since the beginning of 1970.
    source_date_epoch: Option<OsString>,
    ld_preload: Option<OsString>,
    fakeroot_key: Option<OsString>,
    pseudo_disabled: Option<OsString>,
    no_color: Option<OsString>,
    clicolor_force: Option<OsString>,
}

impl Environment {
    /// Reads each variable by its name with `variable`.
    pub fn read(variable: impl Fn(&'static str) -> Option<OsString>) -> Self {
        Self {
            source_date_epoch: variable("SOURCE_DATE_EPOCH"),
            ld_preload: variable("LD_PRELOAD"),
            fakeroot_key: variable("FAKEROOTKEY"),
            pseudo_disabled: variable("PSEUDO_DISABLED"),
            no_color: variable("NO_COLOR"),
            clicolor_force: variable("CLICOLOR_FORCE"),
        }
    }

    /// The time of every entry of an archive.
    pub(crate) fn archive_time(&self) -> Result<ArchiveTime, UsageError> {
        let Some(value) = &self.source_date_epoch else { return Ok(ArchiveTime::default()) };
        ArchiveTime::parse(value.as_bytes()).map_err(|error| {
            let hint = "SOURCE_DATE_EPOCH in the environment is the time of every entry of the archive; without it that is 0";
            UsageError::value("SOURCE_DATE_EPOCH", value, error).with_hint(hint)
        })
    }

    /// The colors that the environment asks for: none (`NO_COLOR`), or some on any output (`CLICOLOR_FORCE`). `None`: it does not say.
    pub(crate) fn colors(&self) -> Option<bool> {
        let is_given = |value: &Option<OsString>| value.as_ref().is_some_and(|value| !value.is_empty());
        match () {
            () if is_given(&self.no_color) => Some(false),
            () if is_given(&self.clicolor_force) && self.clicolor_force.as_ref().is_some_and(|value| value != "0") => {
                Some(true)
            }
            () => None,
        }
    }

    /// The stand-in for root that the environment shows: fakeroot or pseudo. They are libraries that are loaded before the C library, and
    /// see nothing of a program that is linked statically.
    pub(crate) fn stand_in(&self) -> Option<&'static str> {
        let preloaded = self.ld_preload.as_ref().map_or(&b""[..], |libraries| libraries.as_bytes());
        let is_preloaded = |library: &[u8]| preloaded.windows(library.len()).any(|part| part == library);
        let is_disabled = self.pseudo_disabled.as_ref().is_some_and(|value| !value.is_empty() && value != "0");
        match () {
            () if is_preloaded(b"libfakeroot") && self.fakeroot_key.is_some() => Some("fakeroot"),
            () if is_preloaded(b"libpseudo") && !is_disabled => Some("pseudo"),
            () => None,
        }
    }
}
