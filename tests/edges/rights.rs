//! Rights to a copy: of accounts that are known, of one that is not, and of the caller.

use s6_instance_maker_core::account::Credentials;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::rights::Access;
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode};
use s6_instance_maker_workspace::manifest::{facts, facts_of};

fn who(uid: u32, gid: u32, groups: &[u32]) -> Option<Credentials> {
    Some(Credentials { ids: Ids { uid, gid }, groups: groups.to_vec() })
}

fn meta(mode: u32, uid: u32, gid: u32) -> Meta {
    Meta { mode: Mode::new(mode), owner: Some(Ids { uid, gid }) }
}

fn somebody() -> Facts {
    facts_of(Ids { uid: 33, gid: 4 })
}

/// Writing is for the owner, who can give the right to itself, for a group and for others where the mode says so; root is not
/// looked at, and nobody knows what an unknown account is, but that it is neither root nor in root's group.
#[test]
fn accounts_that_may_write() {
    let (root, in_groups, alone, unknown) = (who(0, 0, &[]), who(7, 8, &[9]), who(7, 8, &[]), None);
    let cases = [
        (&root, meta(0o777, 0, 0), false),
        (&root, meta(0o777, 7, 8), false),
        // The owner, whatever the mode.
        (&in_groups, meta(0o000, 7, 0), true),
        (&in_groups, meta(0o755, 0, 7), false),
        // The group, by both ways to be in it.
        (&in_groups, meta(0o020, 0, 8), true),
        (&in_groups, meta(0o020, 0, 9), true),
        (&in_groups, meta(0o020, 0, 0), false),
        (&in_groups, meta(0o020, 0, 10), false),
        (&in_groups, meta(0o755, 0, 8), false),
        (&in_groups, meta(0o755, 0, 9), false),
        (&alone, meta(0o020, 0, 8), true),
        (&alone, meta(0o020, 0, 9), false),
        // Others.
        (&alone, meta(0o002, 0, 0), true),
        (&alone, meta(0o775, 0, 0), false),
        // Somebody.
        (&unknown, meta(0o755, 7, 0), true),
        (&unknown, meta(0o020, 0, 8), true),
        (&unknown, meta(0o020, 0, 0), false),
        (&unknown, meta(0o755, 0, 8), false),
        (&unknown, meta(0o002, 0, 0), true),
    ];
    for (who, meta, may) in cases {
        assert_eq!(facts().may_write(who.as_ref(), meta), may, "{who:?} {meta:?}");
    }
}

/// An entry of the caller: root's is root's; for another caller's, which is to be installed with another owner, only what all may
/// write counts.
#[test]
fn accounts_that_may_write_entries_of_the_caller() {
    let callers = |mode| Meta::callers(Mode::new(mode));
    for who in [who(33, 4, &[]), None] {
        for (mode, may) in [(0o775, false), (0o777, true), (0o002, true)] {
            assert_eq!(somebody().may_write(who.as_ref(), callers(mode)), may, "{who:?} {mode:o}");
        }
        assert!(facts().may_write(who.as_ref(), callers(0o757)), "{who:?}");
        assert!(!facts().may_write(who.as_ref(), callers(0o775)), "{who:?}");
    }
    let in_roots_group = who(33, 0, &[]);
    assert!(facts().may_write(in_roots_group.as_ref(), callers(0o775)));
    assert!(!somebody().may_write(in_roots_group.as_ref(), callers(0o775)));
}

/// The first of owner, group and others that somebody is decides, as in the system; root reads everything, and executes what
/// anybody may execute.
#[test]
fn accounts_that_may_read_and_execute() {
    let (root, in_groups, alone, unknown) = (who(0, 0, &[]), who(7, 8, &[9]), who(7, 8, &[]), None);
    let cases = [
        // Whether it may read, whether it may execute.
        (&root, meta(0o000, 7, 8), (true, false)),
        (&root, meta(0o666, 7, 8), (true, false)),
        (&root, meta(0o100, 7, 8), (true, true)),
        (&root, meta(0o010, 7, 8), (true, true)),
        (&root, meta(0o001, 0, 0), (true, true)),
        (&in_groups, meta(0o500, 7, 0), (true, true)),
        (&in_groups, meta(0o400, 7, 0), (true, false)),
        (&in_groups, meta(0o100, 7, 0), (false, true)),
        (&in_groups, meta(0o077, 7, 8), (false, false)),
        (&in_groups, meta(0o050, 0, 8), (true, true)),
        (&in_groups, meta(0o040, 0, 8), (true, false)),
        (&in_groups, meta(0o010, 0, 9), (false, true)),
        (&in_groups, meta(0o707, 0, 8), (false, false)),
        (&in_groups, meta(0o707, 0, 9), (false, false)),
        (&in_groups, meta(0o770, 0, 0), (false, false)),
        (&alone, meta(0o050, 0, 8), (true, true)),
        (&alone, meta(0o770, 0, 9), (false, false)),
        (&alone, meta(0o005, 0, 9), (true, true)),
        (&alone, meta(0o004, 0, 0), (true, false)),
        (&alone, meta(0o001, 0, 0), (false, true)),
        (&unknown, meta(0o770, 7, 8), (false, false)),
        (&unknown, meta(0o005, 0, 0), (true, true)),
        (&unknown, meta(0o004, 0, 0), (true, false)),
        // The caller's is root's here.
        (&root, Meta::callers(Mode::new(0o070)), (true, true)),
        (&alone, Meta::callers(Mode::new(0o705)), (true, true)),
    ];
    for (who, meta, expected) in cases {
        let may = |access| facts().allows(who.as_ref(), meta, access);
        assert_eq!((may(Access::Read), may(Access::Execute)), expected, "{who:?} {meta:?}");
    }
    assert!(somebody().allows(who(33, 0, &[]).as_ref(), Meta::callers(Mode::new(0o500)), Access::Execute));
}

/// root keeps owners and bits; anybody else's copy is their own, and lends nobody an identity that the original did not lend.
#[test]
fn rights_of_copies() {
    let (file, directory) = (Kind::File(()), Kind::Directory);
    let callers = |mode| Meta::callers(Mode::new(mode));
    for kind in [&file, &directory] {
        assert_eq!(facts().copied(meta(0o6755, 33, 4), kind), meta(0o6755, 33, 4));
        assert_eq!(facts().copied(meta(0o6755, 0, 0), kind), callers(0o6755));
        assert_eq!(somebody().copied(meta(0o6755, 33, 4), kind), callers(0o6755));
    }
    // root by another group: the owner's group is kept.
    let root = Facts { caller: Ids { uid: 0, gid: 4 }, ..facts() };
    assert_eq!(root.copied(meta(0o6755, 0, 0), &file), meta(0o6755, 0, 0));
    for (seen, copied) in
        [(meta(0o7755, 0, 0), 0o1755), (meta(0o6755, 33, 0), 0o4755), (meta(0o6755, 0, 4), 0o2755), (meta(0o755, 0, 0), 0o755)]
    {
        assert_eq!(somebody().copied(seen, &file), callers(copied), "{seen:?}");
        assert_eq!(somebody().copied(seen, &directory), callers(seen.mode.bits().into()), "{seen:?}");
    }
}
