//! Planners, and the origins that a plan can have.

use crate::error::Error;
use crate::run::Run;
use crate::template::source::Source;
use cap_std::AmbientAuthority;
use s6_instance_maker_core::cli::{Args, Invocation, NoOptions, Program, Site, UsageError};
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::message::Message;
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::PlanError;
use s6_instance_maker_core::plan::{Plan, plan};
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::rights::Runner;
use s6_instance_maker_core::rules::Settings;
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::wire::{PlanDocument, TemplateDigest};
use std::ffi::OsString;

/// A way to compute plans: the core itself, or something that runs it elsewhere. A program is made of one.
pub trait Planner: Sized {
    /// The options that only a program with this planner has; by default, none of them is given.
    type Options: Args + Default;

    /// The program's own part of the grammar.
    const PROGRAM: Program;

    /// Returns the planner that a command line asks for.
    ///
    /// # Ambient Authority
    ///
    /// Files that its options name are resolved like any program's arguments.
    fn new(options: Self::Options, invocation: &Invocation, ambient: AmbientAuthority) -> Result<Self, UsageError>;

    /// Computes a plan. What takes long should end when `run` is interrupted.
    fn plan(&self, inputs: &PlanInputs<'_>, run: &Run<'_>) -> Result<Plan, Error>;
}

/// All that a plan is computed from, twice: as values, and as the words that other programs of this project understand.
#[derive(Clone, Copy, Debug)]
pub struct PlanInputs<'a> {
    /// The command line, the program's name first, without options that only this program has.
    pub arguments: &'a [OsString],
    /// The instances that the command line does not name.
    pub listed: &'a Instances,
    /// The request of the command line, with those instances.
    pub request: &'a Request,
    /// Facts about this process.
    pub facts: &'a Facts,
    /// The manifest of the template.
    pub template: &'a Template,
}

/// The defaults of the site that this program is built for: `S6_INSTANCE_MAKER_S6_VERSION` and `S6_INSTANCE_MAKER_INSTALLATION` in
/// the environment of the build. They never count at run time.
pub const SITE: Site = Site::new(option_env!("S6_INSTANCE_MAKER_S6_VERSION"), option_env!("S6_INSTANCE_MAKER_INSTALLATION"));

/// The core, called as a function.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

impl Planner for InProcess {
    type Options = NoOptions;

    const PROGRAM: Program = Program { site: SITE, manual: include_str!("../man/s6-instance-maker.8"), ..Program::MAKER };

    fn new(_: NoOptions, _: &Invocation, _: AmbientAuthority) -> Result<Self, UsageError> {
        Ok(Self)
    }

    fn plan(&self, inputs: &PlanInputs<'_>, _: &Run<'_>) -> Result<Plan, Error> {
        Ok(plan(inputs.request, inputs.facts, inputs.template)?)
    }
}

/// The origin of a plan.
#[derive(Debug)]
pub enum PlanOrigin<'a, P> {
    /// A planner computes it.
    Planner {
        /// The planner.
        planner: &'a P,
        /// See [`PlanInputs::arguments`].
        arguments: &'a [OsString],
        /// See [`PlanInputs::listed`].
        listed: &'a Instances,
        /// See [`PlanInputs::request`].
        request: &'a Request,
    },
    /// It was computed elsewhere.
    Document {
        /// The document.
        document: PlanDocument,
        /// The treatment of warnings by the command line that carries it out.
        settings: &'a Settings,
    },
}

/// A plan, the options that it was computed for, and what there is to say about it.
pub(crate) struct ObtainedPlan<'a> {
    pub plan: Plan,
    pub options: Options,
    /// The treatment of findings by the command line.
    pub settings: &'a Settings,
    /// The account that runs the instances.
    pub runner: Runner,
    pub warnings: Vec<Message>,
}

impl<'a> ObtainedPlan<'a> {
    /// The plan, unless its warnings are errors for this command line. A planner was told so, and is not believed.
    fn new(mut plan: Plan, options: Options, settings: &'a Settings, facts: &Facts) -> Result<Self, Error> {
        let runner = options.user().map_or(Runner::Tree, |user| Runner::User(facts.credentials(&user)));
        plan.warnings = settings.judge(plan.warnings).map_err(PlanError::from)?;
        let warnings = settings.messages(&plan.warnings);
        Ok(Self { plan, options, settings, runner, warnings })
    }
}

impl<'a, P: Planner> PlanOrigin<'a, P> {
    /// Returns the plan for the template in `source`; one that was computed elsewhere only if it does nothing that no plan may.
    pub(crate) fn obtain(self, source: &Source, facts: &Facts, run: &Run<'_>) -> Result<ObtainedPlan<'a>, Error> {
        match self {
            Self::Planner { planner, arguments, listed, request } => {
                let inputs = PlanInputs { arguments, listed, request, facts, template: source.template() };
                ObtainedPlan::new(planner.plan(&inputs, run)?, Options::of(request), &request.rules, facts)
            }
            Self::Document { document: PlanDocument { plan, options, template: expected }, settings } => {
                let found = TemplateDigest::of(source.template());
                if found != expected {
                    let difference = Box::new(plan.template_difference(source.template()));
                    return Err(Error::OtherTemplate { place: source.place(&TreePath::ROOT), difference, expected, found });
                }
                plan.check(facts, source.template())?;
                ObtainedPlan::new(plan, options, settings, facts)
            }
        }
    }
}
