//! The record of the templates that an instanced service had: files in a directory of its own in DIR, one for each template.
//!
//! A copy of a recorded template is an old copy, and not an edited one. A file that is no record counts as none: then the copy
//! counts as edited, and stays.

use crate::apply::Durability;
use crate::apply::entry::OpenDir;
use crate::error::Error;
use crate::sys::{as_os, create_dir, create_file, names, open_child, open_file, open_readable, rename_over, retry};
use cap_std::fs::Dir;
use s6_instance_maker_core::compare::{RECORD, Version};
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::wire::TemplateRecord;
use std::fs::File;
use std::io::{self, Read as _, Write as _};

/// The most that is read of one record, in bytes.
const RECORD_MAX: u64 = 256 << 20;
/// The most records that are kept.
const RECORDS_MAX: usize = 64;

/// Reads all records in DIR. The records are for those who may change DIR: for others, there are none.
pub(crate) fn read_if_permitted(there: Option<&OpenDir>) -> Result<Vec<Version>, Error> {
    match read(there) {
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => Ok(Vec::new()),
        records => records,
    }
}

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
    let names = names.into_iter().flatten();
    let read = |name: Name| {
        let file = open_file(&dir, &name).map_err(place.cannot("read the records in"))?;
        let mut bytes = Vec::new();
        file.take(RECORD_MAX).read_to_end(&mut bytes).map_err(place.cannot("read the records in"))?;
        Ok(TemplateRecord::decode(&bytes).ok().map(|version| (name, version)))
    };
    names.take(RECORDS_MAX).filter_map(|name| read(name).transpose()).collect()
}

/// Announces that DIR will change: makes the directory of records, by which a later run knows DIR for this program's, and writes the
/// record of the `outgoing` template into it, whole or not at all; it is made in `stage`.
pub(crate) fn announce(there: &OpenDir, stage: &Dir, outgoing: Option<&Version>, durability: Durability) -> Result<(), Error> {
    let place = there.place.at(&TreePath::from(RECORD));
    match create_dir(&there.dir, &RECORD, 0o700) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(place.cannot("make")(error)),
        _ => {}
    }
    let dir = open_child(&there.dir, &RECORD).map_err(place.cannot("open"))?;
    if let Some(version) = outgoing {
        let write = || -> io::Result<File> {
            let mut file = create_file(stage, &RECORD, 0o600)?;
            file.write_all(&TemplateRecord::encode(version))?;
            Ok(file)
        };
        durability.flush(&write().map_err(place.cannot("write"))?, || place.clone())?;
        rename_over(stage, &RECORD, &dir, &TemplateRecord::name(version)).map_err(place.cannot("write"))?;
    }
    durability.flush(&dir, || place)?;
    let outer = open_readable(&there.dir, &TreePath::ROOT).map_err(there.place.cannot("open"))?;
    durability.flush(&outer, || there.place.clone())
}

/// Takes back what [`announce`] did, because nothing changed. `recorded` are the templates that had a record before.
pub(crate) fn withdraw(there: &OpenDir, outgoing: Option<&Version>, recorded: &[Version]) -> Result<(), Error> {
    let added = outgoing.filter(|version| !recorded.contains(version)).map(TemplateRecord::name);
    remove(there, &added.into_iter().collect::<Vec<_>>())
}

/// Removes the records that `is_needed` does not name, and their directory if it is empty then.
pub(crate) fn prune(there: &OpenDir, is_needed: impl Fn(&Version) -> bool) -> Result<(), Error> {
    let outdated = recorded(Some(there))?.into_iter().filter(|(_, version)| !is_needed(version)).map(|(name, _)| name);
    remove(there, &outdated.collect::<Vec<_>>())
}

/// Removes records, and their directory if it is empty then.
fn remove(there: &OpenDir, outdated: &[Name]) -> Result<(), Error> {
    let remove = || -> io::Result<()> {
        let dir = match open_child(&there.dir, &RECORD) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            dir => dir?,
        };
        for name in outdated {
            match retry(|| dir.remove_file(as_os(name))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if names(&dir)?.is_empty() { retry(|| there.dir.remove_dir(as_os(&RECORD))) } else { Ok(()) }
    };
    remove().map_err(there.place.at(&TreePath::from(RECORD)).cannot("remove records from"))
}
