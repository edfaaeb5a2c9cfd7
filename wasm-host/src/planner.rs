//! The sandbox as a planner: what the guest writes is believed only as far as it is checked.

use crate::error::SandboxError;
use crate::options::SandboxOptions;
use crate::sandbox::Sandbox;
use cap_std::AmbientAuthority;
use s6_instance_maker::run::Run;
use s6_instance_maker::{Error, PlanInputs, Planner, SITE};
use s6_instance_maker_core::cli::{Invocation, Program, UsageError};
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::plan::Plan;
use s6_instance_maker_core::wire::{Job, PlanDocument, TemplateDigest};

impl Planner for Sandbox {
    type Options = SandboxOptions;

    const PROGRAM: Program = Program {
        name: "s6-instance-maker-sandboxed",
        site: SITE,
        manual: include_str!("../man/s6-instance-maker-sandboxed.8"),
    };

    fn new(options: SandboxOptions, invocation: &Invocation, ambient: AmbientAuthority) -> Result<Self, UsageError> {
        options.sandbox(invocation, ambient)
    }

    fn plan(&self, inputs: &PlanInputs<'_>, run: &Run<'_>) -> Result<Plan, Error> {
        let job = Job::encode(inputs.listed, inputs.facts, inputs.template);
        let output = self.ask(inputs.arguments, job, run)?;
        Ok(believe(&output, inputs)?)
    }
}

/// A plan, where the bytes are one for this very job that does nothing that no plan may.
fn believe(output: &[u8], inputs: &PlanInputs<'_>) -> Result<Plan, SandboxError> {
    let PlanDocument { plan, options, template: digest } = PlanDocument::decode(output)?;
    let is_for_this_job = digest == TemplateDigest::of(inputs.template)
        && options == Options::of(inputs.request).given()
        && plan.is_in_shape(&inputs.request.shape);
    if !is_for_this_job {
        return Err(SandboxError::OtherJob);
    }
    plan.check(inputs.facts, inputs.template)?;
    Ok(plan)
}
