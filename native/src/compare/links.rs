//! The source definitions at DIR, as far as they name others as their producers, their consumers, their pipeline or their contents.

use crate::apply::entry::OpenDir;
use crate::sys::{FileKind, Status, names, open_child, open_file, open_readable};
use s6_instance_maker_core::compare::{CONTENTS_D, Link, LinkKind};
use s6_instance_maker_core::path::TreePath;
use std::io::Read as _;

/// The most that is read of one file, in bytes: far more than the names of all instances that can be declared.
const MAX: u64 = 32 << 20;

/// Reads the names of other definitions in all definitions of `dir`. A file that cannot be read is left to s6-rc-compile, which reports it.
pub(super) fn read(dir: &OpenDir) -> Vec<Link> {
    let listed = open_readable(&dir.dir, &TreePath::ROOT).and_then(|dir| names(&dir)).unwrap_or_default();
    let definitions = listed.into_iter().flatten().filter(|name| !name.as_bytes().starts_with(b"."));
    let mut links = Vec::new();
    for definition in definitions {
        let Ok(directory) = open_child(&dir.dir, &definition) else { continue };
        for file in &Link::FILES {
            let is_file = Status::of_entry(&directory, file).is_ok_and(|status| status.kind == FileKind::Regular);
            let Some(file) = is_file.then(|| open_file(&directory, file).ok()).flatten() else { continue };
            let mut text = Vec::new();
            if file.take(MAX).read_to_end(&mut text).is_ok() {
                links.push(Link::parse(definition.clone(), &text));
            }
        }
        if let Ok(contents) = open_child(&directory, &CONTENTS_D).and_then(|contents| names(&contents)) {
            links.push(Link { definition, kind: LinkKind::Bundle, names: contents.into_iter().flatten().collect() });
        }
    }
    links
}
