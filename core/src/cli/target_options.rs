//! The target system: which s6 will run the result, and where its programs are.

use super::refusal::UsageError;
use super::values::checked;
use crate::options::Options;
use crate::target::{Installation, ProgramDir, S6Version, ShebangDir, Target};
use alloc::borrow::ToOwned as _;
use clap::ValueEnum;
use std::ffi::{OsStr, OsString};

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Target system")]
pub(super) struct TargetOptions {
    /// s6 that runs the result
    ///
    /// 2.11.3.0 or later. Missing parts are those of the newest version of that series. By default the
    /// result suits every s6, or with -c every s6 from 2.12 on.
    #[arg(verbatim_doc_comment, long, value_name = "X.Y[.Z[.W]]")]
    s6_version: Option<OsString>,

    /// path, debian or slashpackage [default: path]
    ///
    /// path: execlineb is in /usr/bin, all other programs are found by PATH.
    /// debian: execlineb and s6 are in /usr/bin, the other programs of execline in
    /// /usr/lib/execline/bin. slashpackage: all are in /command. The options for single
    /// directories override it.
    #[arg(verbatim_doc_comment, long, value_name = "NAME", value_enum, hide_possible_values = true)]
    installation: Option<InstallationName>,

    /// Directory of execlineb [default: /usr/bin]
    ///
    /// For interpreter lines. With --installation slashpackage, the default is /command.
    #[arg(verbatim_doc_comment, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    shebang_dir: Option<OsString>,

    /// Directory of execline's other programs
    ///
    /// By default they are where --installation says.
    #[arg(verbatim_doc_comment, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    execline_dir: Option<OsString>,

    /// Directory of s6's programs
    ///
    /// By default they are where --installation says.
    #[arg(verbatim_doc_comment, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    s6_dir: Option<OsString>,
}

/// The names of the customary installations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum InstallationName {
    Path,
    Debian,
    Slashpackage,
}

impl TargetOptions {
    /// Takes the value of one of the options that a site can have a default for; `None`: it is another one, or has no such value.
    pub(super) fn take_site_option(&mut self, name: &str, value: &OsStr) -> Option<()> {
        match name {
            "s6-version" => self.s6_version = Some(value.to_owned()),
            "installation" => self.installation = Some(InstallationName::from_str(value.to_str()?, false).ok()?),
            _ => return None,
        }
        Some(())
    }

    pub(super) fn target(&self) -> Result<Target, UsageError> {
        let mut target = Target::installed(match self.installation {
            None | Some(InstallationName::Path) => Installation::Path,
            Some(InstallationName::Debian) => Installation::Debian,
            Some(InstallationName::Slashpackage) => Installation::Slashpackage,
        });
        if let Some(dir) = &self.shebang_dir {
            target.shebang_dir = checked("--shebang-dir", dir, ShebangDir::new)?;
        }
        if let Some(dir) = &self.execline_dir {
            target.execline_dir = Some(checked("--execline-dir", dir, ProgramDir::new)?);
        }
        if let Some(dir) = &self.s6_dir {
            target.s6_dir = Some(checked("--s6-dir", dir, ProgramDir::new)?);
        }
        target.s6_version =
            self.s6_version.as_deref().map(|text| checked("--s6-version", text, S6Version::parse)).transpose()?;
        Ok(target)
    }

    /// Adds the family to what a plan must be computed for.
    pub(super) fn say(&self, options: &mut Options) -> Result<(), UsageError> {
        options.target(&self.target()?);
        Ok(())
    }
}
