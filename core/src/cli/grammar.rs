//! The grammar: the operands and the families of options.

use super::action_options::ActionOptions;
use super::instance_options::InstanceOptions;
use super::logger_options::LoggerOptions;
use super::refresh_options::RefreshOptions;
use super::refusal::UsageError;
use super::s6_rc_options::S6RcOptions;
use super::service_options::ServiceOptions;
use super::target_options::TargetOptions;
use super::template_options::TemplateOptions;
use crate::options::Options;
use alloc::format;
use std::ffi::OsString;

/// The arguments as they were typed, by family.
#[derive(Clone, Debug, Default, clap::Parser)]
#[command(
    name = "s6-instance-maker",
    version,
    about = "Makes an instanced s6 service from a template service directory",
    long_about = "\
Makes a service directory that launches and manages many instances of a service, each of them a
copy of the service directory TEMPLATE; or, with -r, source definition directories for s6-rc.

A new DIR appears whole or not at all. Nothing is written when the options or the template are
wrong.",
    after_help = "Exit codes: 0 done; 1 --check found a difference; 100 wrong usage, or a template\nthat cannot work; 111 the system refused something.",
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    next_line_help = false
)]
pub(super) struct Arguments {
    /// Service directory that runs one instance
    ///
    /// Its run script gets the name of the instance as its first argument, its finish script as the
    /// third one. Where it has a log directory, every instance has a logger of its own, whose run
    /// script gets NAME/log.
    #[arg(verbatim_doc_comment, value_name = "TEMPLATE", value_hint = clap::ValueHint::DirPath, help_heading = "Operands", display_order = 1)]
    template_operand: OsString,

    /// Directory to create
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath, help_heading = "Operands", display_order = 2)]
    dir_operand: OsString,

    #[command(flatten)]
    pub(super) service: ServiceOptions,
    #[command(flatten)]
    pub(super) s6_rc: S6RcOptions,
    #[command(flatten)]
    pub(super) logger: LoggerOptions,
    #[command(flatten)]
    pub(super) target: TargetOptions,
    #[command(flatten)]
    pub(super) template: TemplateOptions,
    #[command(flatten)]
    pub(super) instances: InstanceOptions,
    #[command(flatten)]
    pub(super) existing: RefreshOptions,
    #[command(flatten)]
    pub(super) action: ActionOptions,
}

impl Arguments {
    /// The same with operands.
    pub(super) fn with_operands(self, template: OsString, dir: OsString) -> Self {
        Self { template_operand: template, dir_operand: dir, ..self }
    }

    /// The place of the value of s6's own option `-LETTER`.
    pub(super) fn short(&mut self, letter: u8) -> Option<&mut Option<OsString>> {
        let service = self.service.short(letter).or_else(|| self.s6_rc.short(letter));
        service.or_else(|| self.logger.short(letter))
    }

    /// The options among the arguments that a plan is computed for, each by itself.
    ///
    /// An option that has an effect only beside another one counts alone, too: the document has the other one.
    pub(super) fn options(&self) -> Result<Options, UsageError> {
        let mut options = Options::default();
        self.service.say(&mut options)?;
        self.s6_rc.say(&mut options)?;
        self.logger.say(&mut options)?;
        self.target.say(&mut options)?;
        self.template.say(&mut options);
        self.instances.say(&mut options)?;
        Ok(options)
    }

    /// TEMPLATE and DIR.
    pub(super) fn operands(&self) -> Result<[OsString; 2], UsageError> {
        let named = [("TEMPLATE", &self.template_operand), ("DIR", &self.dir_operand)];
        match named.iter().find(|(_, value)| value.is_empty()) {
            Some((name, _)) => Err(UsageError::new(format!("{name} is empty"))),
            None => Ok(named.map(|(_, value)| value.clone())),
        }
    }
}
