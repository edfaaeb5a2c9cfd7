//! Publication: a result that is whole gets its name, or its parts get theirs.

use crate::apply::durability::{Durability, PendingFlush};
use crate::apply::entry::{Entry, OpenDir};
use crate::apply::stage::{Leftovers, Stage};
use crate::error::{Error, Place};
use crate::sys::{Status, open_dir};
use cap_std::fs::Dir;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{Content, Plan};
use s6_instance_maker_core::tree::{Ids, Node};
use std::io;

/// The way by which a result gets its name: the directory that it grows in, what is renamed there, and where earlier runs for the
/// same DIR may have left something.
#[derive(Debug)]
pub enum Publication {
    /// The staging directory becomes DIR, if nothing is there at that moment.
    New(Entry),
    /// The staging directory becomes DIR; where somebody else has made DIR by then, its parts become entries of that.
    NewOrWithin(Entry),
    /// The parts of the staging directory become entries of DIR, which is there.
    Within {
        /// DIR.
        dir: OpenDir,
        /// DIR as an entry of its parent; `None` where it is not known by a name, as `/` and `..`.
        entry: Option<Entry>,
    },
}

impl Publication {
    /// The directory that the staging directory is made in.
    #[must_use]
    pub const fn parent(&self) -> &OpenDir {
        match self {
            Self::New(entry) | Self::NewOrWithin(entry) => &entry.parent,
            Self::Within { dir, .. } => dir,
        }
    }

    /// The name that the staging directory is called after; `None` where there is nothing to publish.
    pub(super) fn label<'p>(&'p self, parts: &'p [Name]) -> Option<&'p Name> {
        match self {
            Self::New(entry) | Self::NewOrWithin(entry) => Some(&entry.name),
            Self::Within { .. } => parts.first(),
        }
    }

    /// The entry of the plan that the staging directory itself becomes; `None` where it does not become DIR, whose own mode is its
    /// owner's business.
    pub(super) fn root<'p>(&self, plan: &'p Plan) -> Option<&'p Node<Content>> {
        match self {
            Self::New(_) | Self::NewOrWithin(_) => plan.tree.get(&TreePath::ROOT),
            Self::Within { .. } => None,
        }
    }

    /// Removes what killed runs for the same DIR left behind. Returns what could not be removed.
    pub(super) fn sweep(&self, caller: Ids) -> Vec<Error> {
        match self {
            Self::New(entry) | Self::NewOrWithin(entry) => Stage::sweep(&entry.parent, Leftovers::Of(&entry.name), caller),
            Self::Within { dir, entry } => {
                let mut leftovers = Stage::sweep(dir, Leftovers::Any, caller);
                if let Some(Entry { parent, name }) = entry {
                    leftovers.extend(Stage::sweep(parent, Leftovers::Of(name), caller));
                }
                leftovers
            }
        }
    }

    /// Fails when something stands where `part` of a plan would be put; `place` is DIR.
    pub(crate) fn check_free(&self, part: &Name, place: &Place) -> Result<(), Error> {
        match self {
            // Examined when it was opened.
            Self::New(_) | Self::NewOrWithin(_) => Ok(()),
            Self::Within { dir, .. } => {
                let place = place.at(&part.clone().into());
                match Status::of_entry(&dir.dir, part) {
                    Ok(_) => Err(Error::Exists(place)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    Err(error) => Err(place.cannot("examine")(error)),
                }
            }
        }
    }

    /// Publishes what `stage` holds, whose entries are `parts`, and flushes where it is then; `outer` is [`Self::parent`]. Returns
    /// what is left of the staging directory where that could not be removed.
    pub(super) fn publish(
        &self,
        stage: Stage<'_>,
        parts: &[Name],
        place: &Place,
        durability: Durability,
        outer: PendingFlush,
    ) -> Result<Option<Error>, Error> {
        let leftover = match self {
            Self::New(entry) | Self::NewOrWithin(entry) => match (stage.become_result(&entry.name, place), self) {
                (Ok(()), _) => {
                    stage.check_result(&entry.name, place)?;
                    None
                }
                // Somebody else with the same idea was quicker to make the directory: then it is there, and may be.
                (Err(Error::Exists(exists)), Self::NewOrWithin(_)) => {
                    let Ok(there) = open_dir(&entry.parent.dir, &entry.name.clone().into()) else {
                        return Err(stage.discard(Error::Exists(exists)));
                    };
                    let inner = match durability.prepare(&there, place) {
                        Ok(inner) => inner,
                        Err(error) => return Err(stage.discard(error)),
                    };
                    let leftover = release(stage, parts, &there, place)?;
                    inner.flush()?;
                    leftover
                }
                (Err(error), _) => return Err(stage.discard(error)),
            },
            Self::Within { dir, .. } => release(stage, parts, &dir.dir, place)?,
        };
        outer.flush().map(|()| leftover)
    }
}

/// Moves the parts into `to`, and removes the staging directory: because of the error where they cannot be moved, and else since it
/// is empty. What is published stays where the empty directory cannot be removed, which is worth a warning.
fn release(stage: Stage<'_>, parts: &[Name], to: &Dir, place: &Place) -> Result<Option<Error>, Error> {
    match stage.release(parts, to, place) {
        Ok(()) => Ok(stage.remove_empty().err()),
        Err(error) => Err(stage.discard(error)),
    }
}
