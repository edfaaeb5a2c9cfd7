//! Trees on disk: making templates, and reading back what was made.

use s6_instance_maker_core::escape::Escaped;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// An entry on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// `dir`, `file`, `link`, `fifo`, `socket` or `device`.
    pub kind: &'static str,
    /// The permission bits.
    pub mode: u32,
    /// User and group.
    pub owner: (u32, u32),
    /// A file's bytes, a link's target.
    pub bytes: Vec<u8>,
}

/// All that is in `root`, itself as the empty path; no links are followed.
///
/// # Panics
///
/// If something cannot be read.
#[must_use]
pub fn read_tree(root: &Path) -> BTreeMap<Vec<u8>, OnDisk> {
    let mut tree = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let kind = kind(metadata.file_type());
        let bytes = match kind {
            "dir" => {
                pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                Vec::new()
            }
            "file" => fs::read(&path).unwrap(),
            "link" => fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec(),
            _ => Vec::new(),
        };
        let relative = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
        let owner = (metadata.uid(), metadata.gid());
        tree.insert(relative, OnDisk { kind, mode: metadata.mode() & 0o7777, owner, bytes });
    }
    tree
}

fn kind(file_type: fs::FileType) -> &'static str {
    if file_type.is_dir() {
        "dir"
    } else if file_type.is_file() {
        "file"
    } else if file_type.is_symlink() {
        "link"
    } else if file_type.is_fifo() {
        "fifo"
    } else if file_type.is_socket() {
        "socket"
    } else {
        "device"
    }
}

/// The kinds of all that is in `root`, itself too, as in [`OnDisk`]; no contents are read.
///
/// # Panics
///
/// If something cannot be read.
#[must_use]
pub fn kinds(root: &Path) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        kinds.push(kind(metadata.file_type()));
        if metadata.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    kinds
}

/// The number of bytes of a file that are shown.
const SHOWN: usize = 200;

/// The differences between two trees, a line each; empty when there are none. `left` and `right` name them.
#[must_use]
pub fn differences(left: &BTreeMap<Vec<u8>, OnDisk>, right: &BTreeMap<Vec<u8>, OnDisk>) -> String {
    let mut text = String::new();
    let paths: std::collections::BTreeSet<_> = left.keys().chain(right.keys()).collect();
    for path in paths {
        let (one, other) = (left.get(path), right.get(path));
        if one != other {
            let show = |entry: Option<&OnDisk>| {
                entry.map_or_else(
                    || "absent".to_owned(),
                    |entry| {
                        let beginning = entry.bytes.get(..SHOWN).unwrap_or(&entry.bytes);
                        let more = entry.bytes.len() - beginning.len();
                        let more = if more == 0 { String::new() } else { format!(" and {more} bytes more") };
                        format!("{} {:04o} {:?} {}{more}", entry.kind, entry.mode, entry.owner, Escaped(beginning))
                    },
                )
            };
            writeln!(text, "{}\n  left:  {}\n  right: {}", Escaped(path), show(one), show(other)).unwrap();
        }
    }
    text
}

/// Makes a file with its parents, `mode` and all.
///
/// # Panics
///
/// If it cannot be made.
pub fn file(path: impl AsRef<Path>, mode: u32, bytes: impl AsRef<[u8]>) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    chmod(path, mode);
}

/// Makes a directory with its parents.
///
/// # Panics
///
/// If it cannot be made.
pub fn directory(path: impl AsRef<Path>, mode: u32) {
    fs::create_dir_all(path.as_ref()).unwrap();
    chmod(path, mode);
}

/// Changes the permission bits, all twelve of them.
///
/// # Panics
///
/// If they cannot be changed.
pub fn chmod(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path.as_ref(), fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes a FIFO.
///
/// # Panics
///
/// If it cannot be made.
pub fn fifo(path: impl AsRef<Path>, mode: u32) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path.as_ref(), rustix::fs::Mode::from_raw_mode(mode)).unwrap();
    chmod(path, mode);
}

/// Makes a tree as [`read_tree`] reads it, with its modes and owners.
///
/// # Panics
///
/// When something cannot be made.
pub fn write_tree(root: &Path, tree: &BTreeMap<Vec<u8>, OnDisk>) {
    for (path, entry) in tree {
        let place = if path.is_empty() { root.to_owned() } else { root.join(OsStr::from_bytes(path)) };
        match entry.kind {
            "dir" => directory(&place, 0o700),
            "file" => file(&place, 0o600, &entry.bytes),
            "fifo" => fifo(&place, 0o600),
            "link" => std::os::unix::fs::symlink(OsStr::from_bytes(&entry.bytes), &place).unwrap(),
            other => panic!("a {other} is not made here"),
        }
        // Only root can give away; for everybody else it is the caller's already.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::lchown(&place, Some(entry.owner.0), Some(entry.owner.1)).unwrap();
        }
    }
    // Last, since some cannot be entered, and a change of the owner takes set-id bits.
    for (path, entry) in tree.iter().rev().filter(|(_, entry)| entry.kind != "link") {
        chmod(if path.is_empty() { root.to_owned() } else { root.join(OsStr::from_bytes(path)) }, entry.mode);
    }
}

/// A template that runs, with so many files of 1 KiB, a hundred in each directory.
pub fn template_of_files(path: impl AsRef<Path>, count: usize) {
    let path = path.as_ref();
    plain_template(path);
    for index in 0..count {
        file(path.join(format!("data/{}/{index}", index / 100)), 0o644, vec![b'x'; 1 << 10]);
    }
}

/// A template that runs: a `run` script that says its argument and sleeps.
pub fn plain_template(path: impl AsRef<Path>) {
    let path = path.as_ref();
    directory(path, 0o755);
    file(path.join("run"), 0o755, "#!/bin/sh\necho \"instance $1\"\nexec sleep 1000000\n");
}
