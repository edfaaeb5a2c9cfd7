//! Options about the service itself: its capacity, and the account of its instances.

use super::refusal::UsageError;
use super::values::{NumberOption, account};
use crate::account::Account;
use crate::instances::NameMax;
use crate::options::Options;
use crate::request::MaxInstances;
use crate::target::Target;
use alloc::vec::Vec;
use std::ffi::OsString;

#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Service")]
pub(super) struct ServiceOptions {
    /// Capacity, 2 to 90000 instances [default: 500]
    ///
    /// The number of instances that can exist at one time. With s6 2.12 and later, 80000 at most if the
    /// template has a log directory. Without -c and --s6-version the number is the default of
    /// s6-svscan, 500, for every s6.
    #[arg(verbatim_doc_comment, short = 'c', long, value_name = "N")]
    max_instances: Option<OsString>,

    /// Run instances and their loggers as USER
    ///
    /// USER is the name of an account, or UID:GID. The supervisors stay root. In the copy of the
    /// template, wrappers named run, finish, log/run and log/finish drop privileges and run the
    /// scripts themselves, which are renamed run.user and so on.
    #[arg(verbatim_doc_comment, short = 'u', long, value_name = "USER", value_hint = clap::ValueHint::Username)]
    user: Option<OsString>,

    /// Longest instance name, 11 to 255 [default: 251]
    ///
    /// In bytes. Requires s6 2.12 or later.
    #[arg(verbatim_doc_comment, long, value_name = "N")]
    name_max: Option<OsString>,
}

impl ServiceOptions {
    /// The place of the value of the option `-LETTER`.
    pub(super) const fn short(&mut self, letter: u8) -> Option<&mut Option<OsString>> {
        match letter {
            b'c' => Some(&mut self.max_instances),
            b'u' => Some(&mut self.user),
            _ => None,
        }
    }

    pub(super) fn capacity(&self) -> Result<Option<MaxInstances>, UsageError> {
        let option = NumberOption::count("-c");
        let number = option.read(self.max_instances.as_deref(), MaxInstances::MIN, MaxInstances::MAX)?;
        Ok(number.and_then(|number| MaxInstances::new(number.into())))
    }

    pub(super) fn user(&self) -> Result<Option<Account>, UsageError> {
        account("-u", self.user.as_deref())
    }

    /// The options of the family whose value is empty and means none.
    pub(super) fn empty(&self) -> Vec<&'static str> {
        self.user.iter().filter(|user| user.is_empty()).map(|_| "-u").collect()
    }

    /// The longest name of an instance; s6-svscan has that limit from 2.12 on.
    pub(super) fn name_max(&self, target: &Target) -> Result<Option<NameMax>, UsageError> {
        if self.name_max.is_some() && target.s6_version.is_some_and(|version| !version.counts_slots()) {
            return Err(UsageError::new("--name-max requires s6 2.12 or later; an older s6-svscan has no such option"));
        }
        self.longest_name()
    }

    fn longest_name(&self) -> Result<Option<NameMax>, UsageError> {
        let number = NumberOption::count("--name-max").read(self.name_max.as_deref(), NameMax::MIN, NameMax::MAX)?;
        Ok(number.and_then(|number| NameMax::new(number.into())))
    }

    /// Adds the family to what a plan must be computed for.
    pub(super) fn say(&self, options: &mut Options) -> Result<(), UsageError> {
        options.put("max-instances", self.capacity()?.map(MaxInstances::get));
        options.text("user", self.user()?.map(|user| user.to_text().as_bytes().to_vec()));
        options.put("name-max", self.longest_name()?.map(NameMax::get));
        Ok(())
    }
}
