//! The record of the templates that an instanced service had: files in a directory of its own in DIR, one for each template.
//!
//! A copy of a recorded template is an old copy, and not an edited one. A record that cannot be read counts as none: then the copy
//! counts as edited, and stays.

use crate::apply::entry::OpenDir;
use crate::error::Error;
use crate::sys::{as_os, create_dir, create_file, names, open_child, open_file, retry};
use cap_std::fs::Dir;
use s6_instance_maker_core::compare::{RECORD, Version};
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::wire::TemplateRecord;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;

/// The most that is read of one record, in bytes.
const RECORD_MAX: u64 = 256 << 20;
/// The most records that are kept.
const RECORDS_MAX: usize = 64;

/// Reads all records in DIR.
pub(crate) fn read(there: Option<&OpenDir>) -> Result<Vec<Version>, Error> {
    Ok(recorded(there)?.into_iter().map(|(_, version)| version).collect())
}

fn recorded(there: Option<&OpenDir>) -> Result<Vec<(Name, Version)>, Error> {
    let Some(there) = there else { return Ok(Vec::new()) };
    let place = there.place.at(&TreePath::from(RECORD));
    let dir = match open_child(&there.dir, &RECORD) {
        Ok(dir) => dir,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(place.cannot("open")(error)),
    };
    let names = names(&dir).map_err(place.cannot("read"))?;
    let names = names.into_iter().filter_map(|name| Name::new(name.as_bytes()).ok());
    let read = |name: Name| {
        let mut bytes = Vec::new();
        let file = open_file(&dir, &name).ok()?;
        file.take(RECORD_MAX).read_to_end(&mut bytes).ok()?;
        Some((name, TemplateRecord::decode(&bytes).ok()?))
    };
    Ok(names.take(RECORDS_MAX).filter_map(read).collect())
}

/// Writes the record of `version` into DIR, whole or not at all; it is made in `stage`.
pub(crate) fn write(there: &OpenDir, stage: &Dir, version: &Version) -> Result<(), Error> {
    let place = || there.place.at(&TreePath::from(RECORD));
    let write = || -> io::Result<()> {
        match create_dir(&there.dir, &RECORD, 0o700) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let dir = open_child(&there.dir, &RECORD)?;
        let name = TemplateRecord::name(version);
        let mut file = create_file(stage, &RECORD, 0o600)?;
        file.write_all(&TemplateRecord::encode(version))?;
        rustix::fs::fsync(&file)?;
        crate::sys::rename_over(stage, &RECORD, &dir, &name)
    };
    write().map_err(place().cannot("write"))
}

/// Removes the records that `is_needed` does not name, and their directory if it is empty then.
pub(crate) fn prune(there: &OpenDir, is_needed: impl Fn(&Version) -> bool) -> Result<(), Error> {
    let place = || there.place.at(&TreePath::from(RECORD));
    let outdated: Vec<Name> =
        recorded(Some(there))?.into_iter().filter(|(_, version)| !is_needed(version)).map(|(name, _)| name).collect();
    let prune = || -> io::Result<()> {
        let Ok(dir) = open_child(&there.dir, &RECORD) else { return Ok(()) };
        for name in &outdated {
            retry(|| dir.remove_file(as_os(name)))?;
        }
        if names(&dir)?.is_empty() { retry(|| there.dir.remove_dir(as_os(&RECORD))) } else { Ok(()) }
    };
    prune().map_err(place().cannot("remove records from"))
}
