//! The properties of an archive besides its tree.

use s6_instance_maker_core::archive::{ArchiveOwners, ArchivePath, ArchiveTime};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::Content;
use s6_instance_maker_core::tree::{Kind, Node};

/// The properties of an archive besides its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The path of DIR.
    pub path: ArchivePath,
    /// The owners of its entries.
    pub owners: ArchiveOwners,
    /// The time of its entries.
    pub time: ArchiveTime,
}

impl Archive {
    /// The name of what is at `path` in the plan; that of a directory ends with a slash.
    pub(super) fn name(&self, path: &TreePath, node: &Node<Content>) -> Vec<u8> {
        let mut name = self.path.as_bytes().to_vec();
        if !path.is_root() {
            name.push(b'/');
            name.extend_from_slice(path.as_bytes());
        }
        if matches!(node.kind, Kind::Directory) {
            name.push(b'/');
        }
        name
    }
}
