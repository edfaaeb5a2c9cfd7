//! The entries at DIR, as far as a comparison requires them, without contents.

use crate::apply::entry::OpenDir;
use crate::error::{Error, Place};
use crate::run::Run;
use crate::sys::{FileKind, Status, open_readable};
use crate::template::walk::{Depth, Walk, WalkError};
use s6_instance_maker_core::compare::{Claim, Found, Scope, State, StateKind, Visit};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::tree::Mode;
use std::io;

/// Reads what `scope` asks for of DIR, without contents.
pub(super) fn walk(dir: &OpenDir, place: &Place, scope: &Scope, run: &Run<'_>) -> Result<Found, Error> {
    let opened = open_readable(&dir.dir, &TreePath::ROOT).map_err(place.cannot("read"))?;
    let root = Status::of(&opened).map_err(place.cannot("examine"))?;
    let mut found = Found::from([(TreePath::ROOT, state(&root, Vec::new()))]);
    let mut walk = Walk::new(&opened, dir.identity, Depth::Status);
    loop {
        run.check()?;
        let entry = match walk.next() {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(found),
            // Instances come and go.
            Err(WalkError::Io { path, source, .. }) if source.kind() == io::ErrorKind::NotFound && lives(scope, &path) => {
                continue;
            }
            Err(WalkError::Replaced(path)) if lives(scope, &path) => continue,
            Err(error) => return Err(explain(place, error)),
        };
        match scope.visit(&entry.path) {
            Visit::Skip => continue,
            Visit::Enter if entry.status.kind == FileKind::Directory => walk.enter(&entry),
            Visit::Enter | Visit::Examine => {}
        }
        found.insert(entry.path, state(&entry.status, entry.target));
    }
}

/// Returns `true` if the entry at `path` can disappear at any time, because it belongs to the living service.
pub(super) fn lives(scope: &Scope, path: &TreePath) -> bool {
    scope.visit(path) == Visit::Skip || scope.claim(path) == Claim::Instance
}

fn state(status: &Status, target: Vec<u8>) -> State {
    let kind = match status.kind {
        FileKind::Directory => StateKind::Directory,
        FileKind::Regular => StateKind::File { size: status.size, digest: None },
        FileKind::Symlink => StateKind::Symlink(target),
        FileKind::Fifo => StateKind::Fifo,
        FileKind::Socket => StateKind::Socket,
        FileKind::Device => StateKind::Device,
    };
    State { mode: Mode::new(status.mode), owner: status.owner, kind }
}

fn explain(place: &Place, error: WalkError) -> Error {
    match error {
        WalkError::Io { operation, path, source } => place.at(&path).cannot(operation)(source),
        WalkError::Name { directory, source } => Error::Io {
            operation: "examine",
            place: place.at(&directory),
            source: io::Error::new(io::ErrorKind::InvalidInput, source.to_string()),
        },
        WalkError::Replaced(path) => Error::DirChanged(place.at(&path)),
    }
}
