//! What cap-std's `Dir` is used for here, with as few descriptors and system calls as it takes.

use crate::error::retry;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{OFlags, RawDir, SeekFrom, seek};
use s6_instance_maker_core::path::TreePath;
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;

/// Room for the names that one system call answers, in bytes: what the C library takes.
const NAMES: usize = 32 << 10;

/// The directory at `path` below `root`, by one look-up that cannot leave `root`.
pub(crate) fn open_dir(root: &Dir, path: &TreePath) -> io::Result<Dir> {
    retry(|| if path.is_root() { root.try_clone() } else { root.open_dir(OsStr::from_bytes(path.as_bytes())) })
}

/// The file or directory `name` of `parent`, for reading; a link is not followed, and no FIFO's writer is waited for.
pub(crate) fn open_nofollow(parent: &Dir, name: impl AsRef<OsStr>, flags: OFlags) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).custom_flags((flags | OFlags::NONBLOCK).bits().cast_signed());
    retry(|| parent.open_with(name.as_ref(), &options))
}

/// The directory at `path` below `root`, such that its names can be read, and the directory locked, changed and flushed.
pub(crate) fn open_readable(root: &Dir, path: &TreePath) -> io::Result<Dir> {
    let path: &[u8] = if path.is_root() { b"." } else { path.as_bytes() };
    open_nofollow(root, OsStr::from_bytes(path), OFlags::DIRECTORY).map(|file| Dir::from_std_file(file.into_std()))
}

/// The names in a directory that [`open_readable`] opened, but for `.` and `..`, in no order; without another descriptor.
pub(crate) fn names(dir: &Dir) -> io::Result<Vec<OsString>> {
    // It may have been read before.
    retry(|| Ok(seek(dir, SeekFrom::Start(0))?))?;
    let mut buffer = vec![MaybeUninit::uninit(); NAMES];
    let mut entries = RawDir::new(dir, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) => match entry.file_name().to_bytes() {
                b"." | b".." => {}
                name => names.push(OsStr::from_bytes(name).to_owned()),
            },
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(names)
}
