//! Answers of the built-in guest, and of a module of the same bytes compiled at run time: the library's own plans and messages.

use super::{ask, built_in};
use crate::reference;
use s6_instance_maker::run::{NoProgress, Run};
use s6_instance_maker::{InProcess, PlanInputs, Planner as _};
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::wire::Job;
use s6_instance_maker_sandbox::limits::LimitOptions;
use s6_instance_maker_sandbox::{Origin, Sandbox, SandboxError};
use s6_instance_maker_workspace::jobs::{Case, cases};
use s6_instance_maker_workspace::roots::Suite;
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::wrong::wrong;
use s6_instance_maker_workspace::{disk, manifest, program, skip};
use std::fs;
use std::sync::atomic::AtomicBool;

/// Every case of the tables of plans, and every case that is compared with s6's own program, for three versions of it.
#[test]
fn plans_are_the_librarys_byte_for_byte() {
    let sandbox = built_in(LimitOptions::default());
    let mut count = [0, 0];
    let mut check = |Case { words, facts, template }: &Case| {
        let request: Request = manifest::request(words.clone()).unwrap();
        let answer = ask(&sandbox, words, Job::encode(&Instances::default(), facts, template));
        match plan(&request, facts, template) {
            Ok(plan) => {
                assert!(answer.unwrap() == manifest::document(&plan, &request, template), "{words:?}");
                count[0] += 1;
            }
            Err(error) => {
                let Err(SandboxError::Refused { messages, code: 100 }) = answer else { panic!("{words:?}: {answer:?}") };
                assert_eq!(messages, error.messages(), "{words:?}");
                count[1] += 1;
            }
        }
    };
    cases().iter().for_each(&mut check);
    let scratch = Scratch::new("wasm");
    if skip::is_root_or_say("wasm: the templates of the reference") {
        for (suite, version) in [(Suite::Bookworm, "2.11.3.2"), (Suite::Trixie, "2.13.1.0"), (Suite::Forky, "2.15.1.0")] {
            disk::directory(scratch.join(suite.name()), 0o755);
            reference::planned(suite, version, &scratch.join(suite.name())).iter().for_each(&mut check);
        }
        assert!(count[0] > 3000, "{count:?}");
    }
    let [plans, refusals] = count;
    assert!(plans >= 150 && refusals >= 40, "{count:?}");
    skip::tell(&format!("sandbox: {plans} plans and {refusals} refusals are the library's, byte for byte"));
}

/// The planner's result is the library's, its warnings and its error included.
#[test]
fn the_planner_is_interchangeable() {
    let sandbox = built_in(LimitOptions::default());
    let run = Run { interrupt: &AtomicBool::new(false), progress: &NoProgress };
    // Several errors, with warnings beside them.
    let wrong = "0644 file run\n0644 file finish\n0644 file log\n0644 file supervise";
    let wrong = Case { words: vec!["t".into(), "d".into()], facts: manifest::facts(), template: manifest::template(wrong) };
    let request = manifest::request(wrong.words.clone()).unwrap();
    assert!(plan(&request, &wrong.facts, &wrong.template).is_err_and(|error| error.messages().len() >= 3));
    for Case { words, facts, template } in cases().into_iter().chain([wrong]) {
        let request = manifest::request(words.clone()).unwrap();
        let arguments = [vec!["s6-instance-maker".into()], words].concat();
        let inputs = PlanInputs {
            arguments: &arguments,
            listed: &Instances::default(),
            request: &request,
            facts: &facts,
            template: &template,
        };
        let [ours, theirs] = [InProcess.plan(&inputs, &run), sandbox.plan(&inputs, &run)]
            .map(|result| result.map_err(|error| (error.messages(), error.exit_code())));
        assert_eq!(ours, theirs, "{arguments:?}");
    }
}

/// Wrong usage, which only the guest judges here, in the same words.
#[test]
fn refusals_are_the_librarys() {
    let sandbox = built_in(LimitOptions::default());
    let job = Job::encode(&Instances::default(), &manifest::facts(), &manifest::template("0755 file run"));
    // A program cannot be given a NUL.
    for wrong in wrong().filter(|wrong| !wrong.concat().contains('\0')) {
        let words: Vec<_> = wrong.iter().map(Into::into).collect();
        let answer = ask(&sandbox, &words, job.clone());
        let Err(SandboxError::Refused { messages, code: 100 }) = answer else { panic!("{wrong:?}: {answer:?}") };
        let expected = manifest::planned(words, &manifest::facts(), &manifest::template("0755 file run"));
        assert_eq!(manifest::told(&messages), expected);
    }
}

/// The module of the release, compiled at run time, answers what its precompiled form answers.
#[test]
fn the_released_module_is_the_built_in_one() {
    let guest = match program::guest() {
        Ok(guest) => fs::read(guest).unwrap(),
        Err(why) => return skip::did_not_run("wasm::same::the_released_module_is_the_built_in_one", why),
    };
    let [built_in, compiled] =
        [Origin::BuiltIn, Origin::Bytes(guest)].map(|origin| Sandbox::new(origin, LimitOptions::default()));
    for Case { words, facts, template } in cases() {
        let [ours, theirs] =
            [&built_in, &compiled].map(|sandbox| ask(sandbox, &words, Job::encode(&Instances::default(), &facts, &template)));
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{words:?}");
    }
}
