//! The same trials with s6's own program, for comparison.

use super::{Count, End, Ground, SHAPES, errors, small_template};
use s6_instance_maker_workspace::roots::{Root, Suite};
use s6_instance_maker_workspace::skip;

/// The newest s6; all of them in a full sweep.
fn suites() -> &'static [Suite] {
    if skip::all() { &Suite::ALL } else { &[Suite::Forky] }
}

#[test]
fn the_original_when_calls_fail() {
    for &suite in suites() {
        let Some(root) = Root::of(suite, "faults::the_original_when_calls_fail") else { return };
        let (version, ground) = (root.s6_version.clone(), Ground::new(Some(root), small_template));
        for shape in SHAPES {
            let record = ground.record(shape);
            assert_eq!(record.answer.code, Some(0), "{}", record.answer);
            let count = errors::sweep(&ground, &record, record.calls.iter(), |_, _, _| Ok(()));
            count.settle(&format!("failing calls, the original {version}, {}", shape.name));
            // Where this is no longer so, docs/explanation/testing.md is to be corrected.
            assert!(count.of(End::Partial) > 10 && count.of(End::Wrong) > 10, "{}", count.text());
        }
    }
}

#[test]
fn the_original_when_it_is_killed() {
    for &suite in suites() {
        let Some(root) = Root::of(suite, "faults::the_original_when_it_is_killed") else { return };
        let (version, ground) = (root.s6_version.clone(), Ground::new(Some(root), small_template));
        for shape in SHAPES {
            let record = ground.record(shape);
            let mut count = Count::default();
            for call in &record.calls {
                let trial = ground.disturb(&record, &call.name, call.nth, "signal=KILL");
                // Everything may be there when it is killed, too.
                let everything = trial.tree == record.after;
                count.add(if everything { End::Everything } else { trial.end(&record) });
                if !trial.met {
                    count.failures.push(format!("the call did not take place: {}\n{}", call.text, trial.story(&record)));
                }
                ground.undo(&record.before);
            }
            count.settle(&format!("killed at every call, the original {version}, {}", shape.name));
            assert!(count.of(End::Partial) * 2 > count.all(), "{}", count.text());
        }
    }
}
