//! System calls on files: by single names in open directories, with as few descriptors as it takes.
//!
//! A [`Name`] holds no slash and is neither `.` nor `..`, and no link is followed, so no call here can leave the directory that it
//! is given. Paths are walked from name to name. Everything goes through the C library, and a file is known by its open handle:
//! what a library that is loaded before it (fakeroot, pseudo) has to see, it sees. The other files of this package call cap-std for
//! what cap-std does by single names as well, and nothing else of `rustix::fs` that takes a path: `clippy.toml` has the list.

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, RawDir, RenameFlags, SeekFrom, Stat, StatxAttributes, StatxFlags, Uid};
use rustix::fs::{fstat, seek};
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, NameError, TreePath};
use s6_instance_maker_core::tree::Ids;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::time::{Duration, SystemTime};

/// The size of the buffer for one listing of names, in bytes: the C library's.
const LISTING: usize = 32 << 10;

/// Answers of a file system that keeps no owners or modes, or not those that it is asked for.
pub(crate) const REFUSALS: &[Errno] =
    &[Errno::PERM, Errno::ACCESS, Errno::INVAL, Errno::OPNOTSUPP, Errno::NOSYS, Errno::NOTTY, Errno::OVERFLOW];

/// The flag of `open` by which nothing but a directory is opened, for options that take flags as a number.
pub(crate) const ONLY_DIRECTORY: i32 = OFlags::DIRECTORY.bits().cast_signed();

/// A file's device and inode: two handles with one identity are open on one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    dev: u64,
    ino: u64,
}

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Directory,
    Regular,
    Symlink,
    Fifo,
    Socket,
    Device,
}

impl FileKind {
    const fn new(file_type: FileType) -> Self {
        match file_type {
            FileType::Directory => Self::Directory,
            FileType::RegularFile => Self::Regular,
            FileType::Symlink => Self::Symlink,
            FileType::Fifo => Self::Fifo,
            FileType::Socket => Self::Socket,
            _ => Self::Device,
        }
    }

    /// The type that a listing tells. `None`: it does not.
    fn of_entry(file_type: FileType) -> Option<Self> {
        (file_type != FileType::Unknown).then(|| Self::new(file_type))
    }
}

/// The state of a file at one moment, as `fstat` and `fstatat` report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub identity: Identity,
    pub kind: FileKind,
    /// The permission bits, 0 to 0o7777.
    pub mode: u32,
    pub owner: Ids,
    /// In bytes.
    pub size: u64,
    /// The space that is allocated for the contents, in bytes.
    pub allocated: u64,
    /// Seconds and nanoseconds.
    pub modified: (i64, u64),
    /// Seconds and nanoseconds.
    pub changed: (i64, u64),
}

impl Status {
    /// Reports on an open file.
    pub(crate) fn of(handle: &impl AsFd) -> io::Result<Self> {
        retry(|| Ok(fstat(handle)?)).map(|stat| Self::from(&stat))
    }

    /// Reports on the entry `name` of `dir`, itself where it is a link.
    #[expect(clippy::disallowed_methods, reason = "by a single name, without following it")]
    pub(crate) fn of_entry(dir: &Dir, name: &Name) -> io::Result<Self> {
        retry(|| Ok(rustix::fs::statat(dir, as_os(name), AtFlags::SYMLINK_NOFOLLOW)?)).map(|stat| Self::from(&stat))
    }
}

impl Status {
    /// Returns `true` if the file was last changed before `moment`, as far as the clock of its file system can be trusted.
    pub(crate) fn is_older_than(&self, moment: Option<SystemTime>) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let changed = u64::try_from(seconds).ok().map(|seconds| Duration::new(seconds, 0) + Duration::from_nanos(nanoseconds));
        let moment = moment.and_then(|moment| moment.duration_since(SystemTime::UNIX_EPOCH).ok());
        changed.zip(moment).is_some_and(|(changed, moment)| changed < moment)
    }
}

impl From<&Stat> for Status {
    // The fields of `Stat` have other types on other platforms.
    #[expect(clippy::useless_conversion, clippy::unnecessary_cast, reason = "not useless everywhere")]
    fn from(stat: &Stat) -> Self {
        /// The unit of `st_blocks`, in bytes.
        const BLOCK: u64 = 512;
        let kind = FileKind::new(FileType::from_raw_mode(stat.st_mode));
        Self {
            identity: Identity { dev: stat.st_dev.into(), ino: stat.st_ino.into() },
            kind,
            mode: u32::from(stat.st_mode) & 0o7777,
            owner: Ids { uid: stat.st_uid, gid: stat.st_gid },
            size: u64::try_from(stat.st_size).unwrap_or(0),
            allocated: u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(BLOCK),
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u64),
        }
    }
}

/// Opens the directory at `path` below `root` for looking up names in it; the right to list it is not needed.
pub(crate) fn open_dir(root: &Dir, path: &TreePath) -> io::Result<Dir> {
    if path.is_root() { retry(|| root.try_clone()) } else { descend(root, path, OFlags::PATH) }
}

/// Opens the directory at `path` below `root` such that it can be listed, locked, changed and flushed.
pub(crate) fn open_readable(root: &Dir, path: &TreePath) -> io::Result<Dir> {
    if path.is_root() { open_at(root, OsStr::new("."), DIRECTORY).map(into_dir) } else { descend(root, path, OFlags::empty()) }
}

/// Opens the directory `name` of `dir` as [`open_readable`] does.
pub(crate) fn open_child(dir: &Dir, name: &Name) -> io::Result<Dir> {
    open_at(dir, as_os(name), DIRECTORY).map(into_dir)
}

/// Opens the directory `name` of `dir` as [`open_dir`] does.
pub(crate) fn open_search(dir: &Dir, name: &Name) -> io::Result<Dir> {
    open_at(dir, as_os(name), DIRECTORY | OFlags::PATH).map(into_dir)
}

/// Opens the entry `name` of `dir` for reading; the writer of a FIFO is not waited for.
pub(crate) fn open_file(dir: &Dir, name: &Name) -> io::Result<File> {
    open_at(dir, as_os(name), OFlags::empty()).map(File::from)
}

/// Makes the file `name` in `dir`, where nothing may have that name, and opens it for writing.
#[expect(clippy::disallowed_methods, reason = "by a single name, which must be new")]
pub(crate) fn create_file(dir: &Dir, name: &Name, mode: u32) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry(|| Ok(rustix::fs::openat(dir, as_os(name), flags, Mode::from_raw_mode(mode))?)).map(File::from)
}

/// Makes the FIFO `name` in `dir`.
#[expect(clippy::disallowed_methods, reason = "by a single name, which must be new")]
pub(crate) fn create_fifo(dir: &Dir, name: &Name, mode: u32) -> io::Result<()> {
    retry(|| Ok(rustix::fs::mkfifoat(dir, as_os(name), Mode::from_raw_mode(mode))?))
}

/// Makes the directory `name` in `dir`.
pub(crate) fn create_dir(dir: &Dir, name: &Name, mode: u32) -> io::Result<()> {
    use cap_std::fs::{DirBuilder, DirBuilderExt as _};
    retry(|| dir.create_dir_with(as_os(name), DirBuilder::new().mode(mode)))
}

/// Gives an open file to `owner`.
pub(crate) fn change_owner(handle: &impl AsFd, owner: Ids) -> io::Result<()> {
    retry(|| std::os::unix::fs::fchown(handle, Some(owner.uid), Some(owner.gid)))
}

/// Changes the permission bits of an open file, all twelve of them.
pub(crate) fn change_mode(handle: &impl AsFd, mode: u32) -> io::Result<()> {
    retry(|| Ok(nix::sys::stat::fchmod(handle, nix::sys::stat::Mode::from_bits_truncate(mode))?))
}

/// Gives the entry `name` of `dir` to `owner`, itself where it is a link.
#[expect(clippy::disallowed_methods, reason = "by a single name, without following it")]
pub(crate) fn change_entry_owner(dir: &Dir, name: &Name, owner: Ids) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
    retry(|| Ok(rustix::fs::chownat(dir, as_os(name), Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?))
}

/// Renames, unless something has the new name already.
#[expect(clippy::disallowed_methods, reason = "it can replace nothing but what it made: an empty directory or an empty file")]
pub(crate) fn rename_new(from: &Dir, name: &Name, to: &Dir, new: &Name) -> io::Result<()> {
    match retry(|| Ok(rustix::fs::renameat_with(from, as_os(name), to, as_os(new), RenameFlags::NOREPLACE)?)) {
        // A file system that knows no flags: what is empty and our own can be replaced, and nothing else.
        Err(error) if is_one_of(&error, &[Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP]) => {
            let is_directory = Status::of_entry(from, name)?.kind == FileKind::Directory;
            if is_directory {
                create_dir(to, new, 0o700)?
            } else {
                drop(create_file(to, new, 0o000)?)
            }
            retry(|| Ok(rustix::fs::renameat(from, as_os(name), to, as_os(new))?)).inspect_err(|_| {
                // It was empty, and is again gone; if even that fails, the rename's error is the one to report.
                let _ = if is_directory { to.remove_dir(as_os(new)) } else { to.remove_file(as_os(new)) };
            })
        }
        result => result,
    }
}

/// Gives the entry `name` of `from` the name of the entry `new` of `to`, which is gone then. Not for directories.
#[expect(clippy::disallowed_methods, reason = "by single names; the caller replaces an entry that its plan replaces")]
pub(crate) fn rename_over(from: &Dir, name: &Name, to: &Dir, new: &Name) -> io::Result<()> {
    retry(|| Ok(rustix::fs::renameat(from, as_os(name), to, as_os(new))?))
}

/// Exchanges the entry `name` of `from` with the entry `new` of `to`, both at once.
#[expect(clippy::disallowed_methods, reason = "by single names; nothing is lost")]
pub(crate) fn exchange(from: &Dir, name: &Name, to: &Dir, new: &Name) -> io::Result<()> {
    retry(|| Ok(rustix::fs::renameat_with(from, as_os(name), to, as_os(new), RenameFlags::EXCHANGE)?))
}

/// Opens the FIFO `name` of `dir` for writing, if somebody reads it: `NXIO` where nobody does.
#[expect(clippy::disallowed_methods, reason = "by a single name, without following it")]
pub(crate) fn open_fifo(dir: &Dir, name: &Name) -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    retry(|| Ok(rustix::fs::openat(dir, as_os(name), flags, Mode::empty())?))
}

/// Returns `true` if another file system, or another part of this one, is mounted on the directory `name` of `dir`.
#[expect(clippy::disallowed_methods, reason = "by a single name, without following it")]
pub(crate) fn is_mount_point(dir: &Dir, name: &Name) -> io::Result<bool> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    match retry(|| Ok(rustix::fs::statx(dir, as_os(name), flags, StatxFlags::TYPE)?)) {
        Ok(found) if found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) => {
            Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
        }
        // A kernel before 5.8 does not report it; another device does.
        Ok(_) | Err(_) => Ok(Status::of(dir)?.identity.dev != Status::of_entry(dir, name)?.identity.dev),
    }
}

/// A name in a directory, and the type of what has it, where the file system tells that along.
#[derive(Debug)]
pub(crate) struct Listed {
    pub name: Result<Name, NameError>,
    pub kind: Option<FileKind>,
}

/// A buffer for listings.
#[derive(Debug)]
pub(crate) struct ListingBuffer(Vec<MaybeUninit<u8>>);

impl Default for ListingBuffer {
    fn default() -> Self {
        Self(vec![MaybeUninit::uninit(); LISTING])
    }
}

/// The entries of a directory that was opened for listing and not listed since, without `.` and `..`, in no order; takes no other
/// descriptor.
pub(crate) fn list(dir: &Dir, buffer: &mut ListingBuffer) -> io::Result<Vec<Listed>> {
    let mut entries = RawDir::new(dir, &mut buffer.0);
    let mut listed = Vec::new();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) => match entry.file_name().to_bytes() {
                b"." | b".." => {}
                name => listed.push(Listed { name: Name::new(name), kind: FileKind::of_entry(entry.file_type()) }),
            },
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(listed)
}

/// The names in a directory that was opened for listing, without `.` and `..`, in no order; takes no other descriptor.
pub(crate) fn names(dir: &Dir) -> io::Result<Vec<Result<Name, NameError>>> {
    // It may have been read before.
    retry(|| Ok(seek(dir, SeekFrom::Start(0))?))?;
    Ok(list(dir, &mut ListingBuffer::default())?.into_iter().map(|listed| listed.name).collect())
}

/// The names of the extended attributes of an open file, a NUL behind each.
pub(crate) fn list_attributes(handle: &impl AsFd) -> io::Result<Vec<u8>> {
    grown(|buffer| rustix::fs::flistxattr(handle, buffer))
}

/// The names of the extended attributes of the entry `name` of `dir`, itself where it is a link, a NUL behind each.
#[expect(clippy::disallowed_methods, reason = "by a single name in an open directory, without following it")]
pub(crate) fn list_entry_attributes(dir: &Dir, name: &Name) -> io::Result<Vec<u8>> {
    let path = path_of(dir, name);
    match grown(|buffer| rustix::fs::llistxattr(path.as_slice(), buffer)) {
        // There is no /proc.
        Err(error) if is_one_of(&error, &[Errno::NOENT, Errno::NOTDIR]) => list_attributes(&open_file(dir, name)?),
        result => result,
    }
}

/// The extended attribute `attribute` of an open file.
pub(crate) fn read_attribute(handle: &impl AsFd, attribute: &[u8]) -> io::Result<Vec<u8>> {
    grown(|buffer| rustix::fs::fgetxattr(handle, attribute, buffer))
}

/// The extended attribute `attribute` of the entry `name` of `dir`, itself where it is a link.
#[expect(clippy::disallowed_methods, reason = "by a single name in an open directory, without following it")]
pub(crate) fn read_entry_attribute(dir: &Dir, name: &Name, attribute: &[u8]) -> io::Result<Vec<u8>> {
    let path = path_of(dir, name);
    match grown(|buffer| rustix::fs::lgetxattr(path.as_slice(), attribute, buffer)) {
        Err(error) if is_one_of(&error, &[Errno::NOENT, Errno::NOTDIR]) => read_attribute(&open_file(dir, name)?, attribute),
        result => result,
    }
}

/// The entry `name` of `dir` for calls that take no handle: by way of /proc, which leads to the open directory itself.
fn path_of(dir: &Dir, name: &Name) -> Vec<u8> {
    use std::os::fd::AsRawFd as _;
    let mut path = format!("/proc/self/fd/{}/", dir.as_fd().as_raw_fd()).into_bytes();
    path.extend_from_slice(name.as_bytes());
    path
}

/// Returns the bytes that a call writes into a buffer, which grows until it is large enough.
fn grown(call: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> io::Result<Vec<u8>> {
    /// Enough for nearly all files, in bytes.
    const USUAL: usize = 256;
    /// The kernel's limit of an attribute and of a list, in bytes.
    const MOST: usize = 64 << 10;
    let mut buffer = vec![0; USUAL];
    loop {
        match retry(|| Ok(call(&mut buffer)?)) {
            Ok(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            Err(error) if buffer.len() < MOST && is_one_of(&error, &[Errno::RANGE]) => buffer.resize(MOST, 0),
            Err(error) => return Err(error),
        }
    }
}

/// The name for calls that take an `OsStr`.
pub(crate) fn as_os(name: &Name) -> &OsStr {
    OsStr::from_bytes(name.as_bytes())
}

/// The last name of a path; `None` for the root.
pub(crate) fn last_name(path: &TreePath) -> Option<Name> {
    path.split().and_then(|(_, name)| Name::new(name).ok())
}

/// Returns `true` if the system's answer is one of these.
pub(crate) fn is_one_of(error: &io::Error, errnos: &[Errno]) -> bool {
    errnos.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Tries again for as long as a signal interrupts the call.
pub(crate) fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Flags for directories.
const DIRECTORY: OFlags = OFlags::DIRECTORY;

/// Opens the directory at `path`, which is not the root, from name to name; the last one with `access`.
fn descend(root: &Dir, path: &TreePath, access: OFlags) -> io::Result<Dir> {
    let mut names = path.components().peekable();
    let mut at: Option<Dir> = None;
    while let Some(name) = names.next() {
        let access = if names.peek().is_some() { OFlags::PATH } else { access };
        at = Some(into_dir(open_at(at.as_ref().unwrap_or(root), OsStr::from_bytes(name), DIRECTORY | access)?));
    }
    at.ok_or_else(|| Errno::NOENT.into())
}

/// Opens a single name, or the directory itself as `.`.
#[expect(clippy::disallowed_methods, reason = "by a single name, without following it")]
fn open_at(dir: &Dir, name: &OsStr, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    retry(|| Ok(rustix::fs::openat(dir, name, flags, Mode::empty())?))
}

fn into_dir(handle: OwnedFd) -> Dir {
    Dir::from_std_file(handle.into())
}
