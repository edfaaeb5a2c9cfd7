//! The instances that exist from the start.

use super::refusal::UsageError;
use super::values::{NumberOption, checked};
use crate::instances::{InstanceName, Instances};
use alloc::format;
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
    #[arg(verbatim_doc_comment, long, value_name = "FILE")]
    instances_from: Option<OsString>,

    /// Create the instances 1 to N
    ///
    /// 0 to 90000 instances whose names are plain numbers, without leading zeros. A name that is declared
    /// twice, by whatever options, is an error.
    #[arg(verbatim_doc_comment, long, value_name = "N")]
    count: Option<OsString>,
}

impl InstanceOptions {
    /// The instances that the command line itself names.
    pub(super) fn declared(&self) -> Result<Instances, UsageError> {
        let count = NumberOption::count("--count").read(self.count.as_deref(), 0, Instances::NUMBERED_MAX)?.unwrap_or_default();
        let numbered = Instances::numbered(count);
        let mut instances = numbered.clone();
        for value in &self.instance {
            let name = checked("--instance", value, InstanceName::new)?;
            if numbered.contains(&name) {
                return Err(UsageError::value("--instance", value, format!("--count {count} declares this instance too")));
            }
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
        let options = [
            ("--instance", !self.instance.is_empty()),
            ("--instances-from", self.instances_from.is_some()),
            ("--count", self.count.is_some()),
        ];
        options.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}
