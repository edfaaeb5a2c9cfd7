//! The instances that exist from the start.

use super::refusal::UsageError;
use super::values::{NumberOption, checked};
use crate::instances::{InstanceName, Instances};
use crate::options::Options;
use crate::request::Launcher;
use alloc::format;
use alloc::vec::Vec;
use clap::ArgAction;
use std::ffi::OsString;

#[derive(Clone, Debug, Default, clap::Args)]
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

    /// Create the instances 1 to N
    ///
    /// 0 to 90000 instances whose names are plain numbers, without leading zeros. A name that is declared
    /// twice, by whatever options, is an error.
    #[arg(verbatim_doc_comment, long, value_name = "N")]
    count: Option<OsString>,

    /// With -r: each instance is an s6-rc service
    ///
    /// The instance NAME is the longrun SERVICE@NAME, with the logger SERVICE@NAME-log where TEMPLATE has
    /// log. SERVICE is the bundle of them all; it may be empty. With -L, LOGGER reads from them all.
    #[arg(verbatim_doc_comment, long = "static")]
    static_instances: bool,
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

    /// Adds the family to what a plan must be computed for.
    pub(super) fn say(&self, options: &mut Options) -> Result<(), UsageError> {
        options.flag("static", self.static_instances.then_some(()));
        options.instances(&self.declared()?);
        Ok(())
    }

    /// The file that lists more of them.
    pub(super) const fn list(&self) -> Option<&OsString> {
        self.instances_from.as_ref()
    }

    /// The program that runs the instances.
    pub(super) const fn launcher(&self) -> Launcher {
        if self.static_instances { Launcher::S6Rc } else { Launcher::S6Svscan }
    }

    /// The first option that declares instances.
    pub(super) fn given(&self) -> Option<&'static str> {
        let options = [
            ("--instance", !self.instance.is_empty()),
            ("--instances-from", self.instances_from.is_some()),
            ("--count", self.count.is_some()),
        ];
        options.into_iter().find(|(_, is_given)| *is_given).map(|(option, _)| option)
    }
}
