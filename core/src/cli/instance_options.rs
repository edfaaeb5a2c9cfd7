//! The instances that exist from the start.

use super::refusal::UsageError;
use super::values::checked;
use crate::instances::{InstanceName, Instances};
use alloc::vec::Vec;
use clap::ArgAction;
use std::ffi::OsString;

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Instances")]
pub(super) struct InstanceOptions {
    /// Create the instance NAME (repeatable)
    ///
    /// Declared instances start with the service.
    #[arg(verbatim_doc_comment, long, value_name = "NAME", action = ArgAction::Append)]
    instance: Vec<OsString>,

    /// Create the instances listed in FILE
    ///
    /// One name per line; `-` is standard input. Blanks around a name, empty lines and lines that begin
    /// with # are ignored.
    #[arg(verbatim_doc_comment, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    instances_from: Option<OsString>,
}

impl InstanceOptions {
    /// The instances that the command line itself names.
    pub(super) fn declared(&self) -> Result<Instances, UsageError> {
        let mut instances = Instances::default();
        for value in &self.instance {
            let name = checked("--instance", value, InstanceName::new)?;
            instances.declare(name).map_err(|error| UsageError::value("--instance", value, error))?;
        }
        Ok(instances)
    }

    /// The file that lists more of them.
    pub(super) const fn list(&self) -> Option<&OsString> {
        self.instances_from.as_ref()
    }

    /// The first option of the family that is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let options = [("--instance", !self.instance.is_empty()), ("--instances-from", self.instances_from.is_some())];
        options.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}
