//! The contents of files: compared byte for byte, or as digests, by several threads where that helps.

use crate::cursor::Cursor;
use crate::error::Error;
use crate::run::Run;
use crate::sys::retry;
use crate::workers;
use s6_instance_maker_core::compare::Digest;
use s6_instance_maker_core::path::TreePath;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

/// The buffer of a reader, in bytes.
pub(super) const BUFFER: usize = 64 << 10;

/// Reads files, by several threads where that helps, and returns their digests.
pub(super) fn digests<D: Send>(
    paths: &[TreePath],
    run: &Run<'_>,
    read: impl Fn(&mut Reader, &TreePath) -> Result<D, Error> + Sync,
) -> Result<BTreeMap<TreePath, D>, Error> {
    let digests = Mutex::new(BTreeMap::new());
    workers::for_each(paths, 0, |reader: &mut Reader, path| {
        run.check()?;
        let digest = read(reader, path)?;
        digests.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), digest);
        Ok(())
    })?;
    Ok(digests.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A worker's directories that were used last, in DIR and in the template, and its buffers.
pub(super) struct Reader {
    pub cursor: Cursor,
    pub template: Cursor,
    pub buffer: Vec<u8>,
    pub other: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        let buffer = || vec![0; BUFFER];
        Self { cursor: Cursor::default(), template: Cursor::default(), buffer: buffer(), other: buffer() }
    }
}

/// Reads from `file` for as long as it has the bytes of `expected`. Returns those that it lacks at its end; `None`: it has others.
pub(super) fn equal_part<'e>(mut file: &File, expected: &'e [u8], buffer: &mut [u8]) -> io::Result<Option<&'e [u8]>> {
    let mut left = expected;
    while !left.is_empty() {
        let room = left.len().min(buffer.len());
        let read = retry(|| file.read(buffer.get_mut(..room).unwrap_or_default()))?;
        if read == 0 {
            break;
        }
        match left.strip_prefix(buffer.get(..read).unwrap_or_default()) {
            Some(rest) => left = rest,
            None => return Ok(None),
        }
    }
    Ok(Some(left))
}

pub(super) fn digest(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    loop {
        match retry(|| file.read(buffer))? {
            0 => return Ok(Digest(hash.finalize().into())),
            read => hash.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}
