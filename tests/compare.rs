//! The comparison of a plan with what is at DIR, and its refresh, in memory: no disk.

mod changes;
pub(crate) mod previews;
mod refreshes;
mod trees;

use s6_instance_maker_core::compare::{Differences, Fate, Found, OwnerPower};
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::plan::{Placement, plan};
use s6_instance_maker_workspace::jobs::{Case, cases};
use s6_instance_maker_workspace::manifest;
use s6_instance_maker_workspace::model::{self, Compared};

/// The result of every plan of the tests does not differ from its plan, whoever compares; and everything is created where nothing is.
#[test]
fn results_do_not_differ_from_their_plans() {
    let mut plans = 0;
    for Case { words, facts, template } in &cases() {
        let request = manifest::request(words.clone()).unwrap();
        let Ok(plan) = plan(&request, facts, template) else { continue };
        let names = Options::of(&request).definition_names();
        let found = model::carried_out(&plan, template, facts.caller);
        for power in [OwnerPower::Gives, OwnerPower::Keeps] {
            let names = names.as_ref();
            let compared = Compared { plan: &plan, template, names, caller: facts.caller, power };
            assert_eq!(compared.differences(&found), Differences::default(), "{words:?}");
            assert_eq!(compared.refresh(&found, 90_000).unwrap().steps, [], "{words:?}");
            let all = compared.differences(&Found::new());
            // DIR itself is not part of a plan whose entries become entries of DIR.
            let expected = plan.tree.count() - usize::from(plan.placement == Placement::Within);
            assert_eq!((all.entries.len(), all.notes), (expected, Vec::new()), "{words:?}");
            assert!(all.entries.iter().all(|difference| difference.fate == Fate::Created && difference.found.is_none()));
        }
        plans += 1;
    }
    assert!(plans >= 150, "{plans} plans");
}
