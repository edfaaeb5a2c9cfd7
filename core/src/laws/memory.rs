//! A plan carried out in memory, by rules of its own: what no plan may do is said here a second time, in other words than in
//! [`crate::check`], so that a mistake there does not hide itself.

use super::law::{BrokenLaw, law};
use crate::facts::Facts;
use crate::path::TreePath;
use crate::plan::{Content, Plan};
use crate::template::{FileFacts, Template};
use crate::tree::{Ids, Kind, Meta, Node};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

const SET_UID: u16 = 0o4000;
const SET_GID: u16 = 0o2000;
const SPECIAL: u16 = 0o7000;

/// A checked plan for `template` can be made from its first entry to its last, beneath one directory, and gives nobody more than
/// the template does.
pub(super) fn can_be_made(plan: &Plan, facts: &Facts, template: &Template) -> Result<(), BrokenLaw> {
    // Whether what is there is a directory, by the names that lead to it.
    let mut disk: BTreeMap<Vec<&[u8]>, bool> = BTreeMap::new();
    for (path, node) in plan.tree.iter() {
        let names: Vec<&[u8]> = path.as_bytes().split(|&byte| byte == b'/').collect();
        let is_directory = matches!(node.kind, Kind::Directory);
        if path.is_root() {
            law(disk.is_empty() && is_directory, "the root is a directory, and the first of all", path)?;
            disk.insert(Vec::new(), is_directory);
        } else {
            let is_name = |name: &&[u8]| {
                !matches!(*name, b"" | b"." | b"..") && name.len() <= 255 && !name.iter().any(|byte| matches!(byte, 0 | b'/'))
            };
            law(names.iter().all(is_name), "every path stays beneath the root", path)?;
            let parent = names.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default();
            law(disk.get(&parent) == Some(&true), "a directory comes before what is in it", path)?;
            law(disk.insert(names, is_directory).is_none(), "nothing is made twice", path)?;
        }
        rights(path, node, facts, template)?;
    }
    Ok(())
}

/// Fails when a made entry lends an identity that the template does not lend.
fn rights(path: &TreePath, node: &Node<Content>, facts: &Facts, template: &Template) -> Result<(), BrokenLaw> {
    let Meta { mode, owner } = node.meta;
    let can_be_given = |owner: Ids| {
        (owner.uid == facts.caller.uid || facts.givable_users.has(owner.uid))
            && (owner.gid == facts.caller.gid || facts.givable_groups.has(owner.gid))
    };
    law(owner.is_none_or(can_be_given), "nothing is given to whom the process cannot give it", path)?;
    if path.is_root() {
        return law(mode.bits() == 0o755 && owner.is_none(), "the root is the caller's, and 0755", path);
    }
    let result = owner.unwrap_or(facts.caller);
    let seen = |is_like: &dyn Fn(&TreePath, &Node<FileFacts>, Ids) -> bool| {
        template.tree().iter().any(|(at, seen)| {
            seen.kind.word() == node.kind.word() && seen.meta.owner.is_some_and(|owner| is_like(at, seen, owner))
        })
    };
    if owner.is_some() {
        let is_kept = |owner: Ids| {
            (owner.uid == result.uid || result.uid == facts.caller.uid)
                && (owner.gid == result.gid || result.gid == facts.caller.gid)
        };
        law(seen(&|_, _, owner| is_kept(owner)), "an owner is one that the template has", path)?;
    }
    if mode.has(SPECIAL) {
        let same = |_: &TreePath, seen: &Node<FileFacts>, _| mode.bits() & SPECIAL & !seen.meta.mode.bits() == 0;
        law(seen(&same), "special bits are ones that the template has", path)?;
    }
    match &node.kind {
        Kind::Directory => {
            let same = |_: &TreePath, seen: &Node<FileFacts>, _| seen.meta.mode == mode;
            law(mode.bits() == 0o755 || seen(&same), "a directory's mode is 0755 or one of the template", path)
        }
        Kind::File(Content::Generated(_)) => {
            law(!mode.has(SPECIAL) && owner.is_none(), "a generated file has no special rights", path)
        }
        Kind::File(Content::Template(from)) => {
            // A control script may have been made executable for those who may read it, and for its owner.
            let gained = |seen: &Node<FileFacts>| {
                let bits = seen.meta.mode.bits();
                let gained = mode.bits() & !bits & !SPECIAL;
                let may_gain = template.control_scripts().contains(from) && !mode.has(SET_UID | SET_GID);
                gained == 0 || may_gain && gained & !((bits & 0o444) >> 2 | 0o100) == 0
            };
            let same = |at: &TreePath, seen: &Node<FileFacts>, owner: Ids| {
                at == from
                    && seen.meta.mode.bits() & !mode.bits() & !SPECIAL == 0
                    && gained(seen)
                    && (!mode.has(SET_UID) || owner.uid == result.uid)
                    && (!mode.has(SET_GID) || owner.gid == result.gid)
                    && mode.bits() & SPECIAL & !seen.meta.mode.bits() == 0
            };
            law(seen(&same), "a copy lends no other identity than what it is a copy of", path)?;
            // Of the service and of its logger; only a directory can have something in it.
            let inner = from.as_bytes().strip_prefix(b"log/").unwrap_or(from.as_bytes());
            let is_state = inner.starts_with(b"supervise/") || inner.starts_with(b"event/");
            law(!is_state, "a supervisor's state is not copied", path)
        }
        Kind::Symlink(_) | Kind::Fifo => Ok(()),
    }
}
