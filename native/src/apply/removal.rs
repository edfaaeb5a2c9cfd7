//! The removal of a directory with all that is in it.

use crate::cursor::Cursor;
use crate::sys::{FileKind, Status, as_os, change_mode, is_mount_point, last_name, names, open_child, retry};
use cap_std::fs::{Dir, Permissions, PermissionsExt as _};
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, TreePath};
use std::io;

/// Empties `dir` and removes it from `parent`.
pub(super) fn remove_held(parent: &Dir, name: &Name, dir: &Dir) -> io::Result<()> {
    empty(dir)?;
    retry(|| parent.remove_dir(as_os(name)))
}

/// A step of emptying a directory.
enum RemovalStep {
    /// Remove what is in the directory, and put off the directories in it.
    Empty(TreePath),
    /// Remove the directory, which is empty by now.
    Remove(TreePath),
}

/// Removes all that is in `root`, however deep, with a few more descriptors; from directories that were given a mode that forbids
/// it, too; but nothing of another file system that somebody mounted there.
fn empty(root: &Dir) -> io::Result<()> {
    let mut pending = vec![RemovalStep::Empty(TreePath::ROOT)];
    let mut cursor = Cursor::default();
    while let Some(step) = pending.pop() {
        let path = match step {
            RemovalStep::Remove(path) => {
                if let Some(name) = last_name(&path) {
                    let parent = cursor.parent_below(root, &path)?;
                    retry(|| parent.remove_dir(as_os(&name)))?;
                }
                continue;
            }
            RemovalStep::Empty(path) => path,
        };
        let opened = match last_name(&path) {
            None => None,
            Some(name) => {
                pending.push(RemovalStep::Remove(path.clone()));
                Some(open_closed(cursor.parent_below(root, &path)?, &name)?)
            }
        };
        let dir = opened.as_ref().unwrap_or(root);
        for name in names(dir)? {
            let name = name.map_err(io::Error::other)?;
            if Status::of_entry(dir, &name)?.kind != FileKind::Directory {
                retry(|| dir.remove_file(as_os(&name)))?;
            } else if is_mount_point(dir, &name)? {
                return Err(Errno::BUSY.into());
            } else {
                pending.push(RemovalStep::Empty(path.join(&name).map_err(io::Error::other)?));
            }
        }
    }
    Ok(())
}

/// Opens the directory `name` of `parent` such that what is in it can be removed, whatever its mode is.
#[expect(clippy::disallowed_methods, reason = "by a single name; no call on a handle can do it")]
fn open_closed(parent: &Dir, name: &Name) -> io::Result<Dir> {
    let dir = match open_child(parent, name) {
        // Who is not root and may not read it must change it by its name. cap-std goes by way of /proc then, which it expects to
        // be in order: it panics where that fails, so this is the last resort.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            retry(|| parent.set_permissions(as_os(name), Permissions::from_mode(0o700)))?;
            open_child(parent, name)?
        }
        result => result?,
    };
    change_mode(&dir, 0o700)?;
    Ok(dir)
}
