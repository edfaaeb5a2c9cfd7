//! The names of other definitions in the source definitions at DIR.

use crate::layout::{CONSUMER_FOR, PIPELINE_NAME, PRODUCER_FOR};
use crate::path::Name;
use alloc::collections::BTreeSet;

/// The names of other definitions in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The definition.
    pub definition: Name,
    /// The reason why it names them.
    pub kind: LinkKind,
    /// The definitions that it names.
    pub names: BTreeSet<Name>,
}

/// A reason why a definition names others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// They are its producers, its consumer or its pipeline: s6-rc-compile compares both sides.
    Pipeline,
    /// They are in it, a bundle.
    Bundle,
}

impl Link {
    /// The files in which a definition names its producers, its consumer or its pipeline.
    pub const FILES: [Name; 3] = [PRODUCER_FOR, CONSUMER_FOR, PIPELINE_NAME];

    /// Reads one of [`Link::FILES`], where leading blanks are dropped and `#` begins a comment.
    #[must_use]
    pub fn parse(definition: Name, text: &[u8]) -> Self {
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_start).filter(|line| !line.starts_with(b"#"));
        Self { definition, kind: LinkKind::Pipeline, names: lines.filter_map(|name| Name::new(name).ok()).collect() }
    }

    /// Returns `true` if the definition cannot stay beside `parts`, or without `conflicts`, which cannot either. A bundle counts only
    /// if it is that of static instances: any other one is for its owner to change.
    pub(super) fn is_broken(&self, parts: &BTreeSet<Name>, conflicts: &BTreeSet<Name>) -> bool {
        let is_instance = |name: &Name| {
            let rest = name.as_bytes().strip_prefix(self.definition.as_bytes());
            rest.is_some_and(|rest| rest.starts_with(b"@")) && conflicts.contains(name)
        };
        match self.kind {
            LinkKind::Pipeline => self.names.iter().any(|name| parts.contains(name) || conflicts.contains(name)),
            LinkKind::Bundle => !self.names.is_empty() && self.names.iter().all(is_instance),
        }
    }
}
