//! Extended attributes of files: what they grant beyond owner and mode, none of which is copied.

use crate::sys::{is_one_of, list_attributes, list_entry_attributes, read_attribute, read_entry_attribute};
use cap_std::fs::Dir;
use rustix::io::Errno;
use s6_instance_maker_core::path::Name;
use std::io;
use std::os::fd::AsFd;

/// The purposes of the attributes of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// The rights that the owning group really has, 0 to 7, where an ACL says so: the group bits of the mode are the ACL's mask
    /// then.
    pub group: Option<u32>,
    /// There is an ACL, for the file or for what is made in the directory.
    pub acl: bool,
    /// There are file capabilities.
    pub capability: bool,
    /// There are attributes of a user or an administrator.
    pub other: bool,
}

/// The name of a file's ACL.
pub(crate) const ACCESS: &[u8] = b"system.posix_acl_access";
/// The name of the ACL of what is made in a directory.
pub(crate) const DEFAULT: &[u8] = b"system.posix_acl_default";

impl Attributes {
    /// The attributes of an open file.
    pub(crate) fn of(handle: &impl AsFd) -> io::Result<Self> {
        Self::new(list_attributes(handle), || read_attribute(handle, ACCESS))
    }

    /// The attributes of the entry `name` of `dir`, itself where it is a link.
    pub(crate) fn of_entry(dir: &Dir, name: &Name) -> io::Result<Self> {
        Self::new(list_entry_attributes(dir, name), || read_entry_attribute(dir, name, ACCESS))
    }

    fn new(names: io::Result<Vec<u8>>, acl: impl FnOnce() -> io::Result<Vec<u8>>) -> io::Result<Self> {
        let names = match names {
            // The file system has none, or the file cannot be opened: then it cannot be copied either.
            Err(error) if is_one_of(&error, &[Errno::OPNOTSUPP, Errno::NOSYS, Errno::ACCESS, Errno::PERM]) => {
                return Ok(Self::default());
            }
            names => names?,
        };
        let mut attributes = Self::default();
        let mut has_access = false;
        for name in names.split(|&byte| byte == 0) {
            match name {
                ACCESS => {
                    attributes.acl = true;
                    has_access = true;
                }
                DEFAULT => attributes.acl = true,
                b"security.capability" => attributes.capability = true,
                name if name.starts_with(b"user.") || name.starts_with(b"trusted.") => attributes.other = true,
                // Labels of security modules are those of the place, as for any other new file.
                _ => {}
            }
        }
        if has_access {
            attributes.group = group_of(&acl()?);
        }
        Ok(attributes)
    }
}

/// The rights of the owning group in an ACL, as the kernel writes it; `None` where it has no mask, or another form.
///
/// The form: a version, 2, in four bytes; then entries of a tag and rights in two bytes each, and an id in four; all little endian.
fn group_of(acl: &[u8]) -> Option<u32> {
    const VERSION: [u8; 4] = [2, 0, 0, 0];
    const OWNING_GROUP: u16 = 4;
    const MASK: u16 = 16;
    let entries = acl.strip_prefix(&VERSION)?.as_chunks::<8>().0;
    let rights = |wanted: u16| {
        let mut entries = entries.iter().map(|entry| {
            let [tag, tag_high, rights, rights_high, ..] = *entry;
            (u16::from_le_bytes([tag, tag_high]), u16::from_le_bytes([rights, rights_high]))
        });
        entries.find(|(tag, _)| *tag == wanted).map(|(_, rights)| rights & 7)
    };
    Some(u32::from(rights(OWNING_GROUP)? & rights(MASK)?))
}
