//! Everything that the program may touch: a handle for the template, and one for where the result goes.
//!
//! This is the one bridge from paths that a user typed to capability handles; nothing behind it knows such a path but for
//! messages.

use crate::error::{Error, Place, TemplateReason, retry};
use crate::outside::Links;
use cap_std::AmbientAuthority;
use cap_std::fs::{Dir, File, MetadataExt as _};
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, NameError};
use s6_instance_maker_core::plan::{Placement, Plan};
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// A directory to read from, and what to call it.
#[derive(Debug)]
pub struct Reading {
    /// The handle.
    pub dir: Dir,
    /// What was typed.
    pub place: Place,
    /// What becomes of links that lead out of it.
    pub links: Links,
}

/// A place for the result.
#[derive(Debug)]
pub struct Destination {
    /// What was typed.
    pub place: Place,
    /// The handle that everything is made under.
    pub dir: Dir,
    /// What to call that handle's directory.
    pub dir_place: Place,
    /// Which directory that is.
    pub identity: Identity,
    /// What shall become of it.
    pub form: Form,
    /// Where DIR is there already: its parent, in which a run that was to make it may have left something behind.
    pub beside: Option<Beside>,
}

/// A directory, what to call it, and what in it is meant.
#[derive(Debug)]
pub struct Beside {
    /// The handle.
    pub dir: Dir,
    /// What to call it.
    pub place: Place,
    /// The entry.
    pub name: Name,
}

/// How the result takes its place.
#[derive(Debug)]
pub enum Form {
    /// As a new entry of the handle's directory.
    New(Name),
    /// Its parts as new entries of the handle's directory, which is DIR itself.
    Existing,
}

/// Which file it is, by device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    dev: u64,
    ino: u64,
}

impl Identity {
    pub(crate) const fn new(dev: u64, ino: u64) -> Self {
        Self { dev, ino }
    }

    /// The file that `metadata` is about.
    #[must_use]
    pub fn of(metadata: &cap_std::fs::Metadata) -> Self {
        Self { dev: metadata.dev(), ino: metadata.ino() }
    }
}

impl Reading {
    /// Opens a directory, links on the way to it followed; `links` is about those in it.
    ///
    /// # Ambient Authority
    ///
    /// `typed` is resolved like any program's arguments: from the root or from the working directory.
    pub fn open(typed: &OsStr, links: Links, ambient: AmbientAuthority) -> Result<Self, Error> {
        let place = Place::new(typed.as_bytes());
        let dir = retry(|| open_typed(Path::new(typed), ambient)).map_err(|source| match source.kind() {
            io::ErrorKind::NotADirectory => Error::Template { place: place.clone(), reason: TemplateReason::NotADirectory },
            _ => Error::Io { operation: "open", place: place.clone(), source },
        })?;
        Ok(Self { dir, place, links })
    }
}

impl Destination {
    /// Opens the directory that the result goes into: DIR's parent, or DIR itself where it is there and may be.
    ///
    /// # Ambient Authority
    ///
    /// `typed` is resolved like any program's arguments: from the root or from the working directory.
    pub fn open(typed: &OsStr, placement: Placement, ambient: AmbientAuthority) -> Result<Self, Error> {
        let place = Place::new(typed.as_bytes());
        let open = |path: &[u8]| {
            let shown = Place::new(path);
            let dir = retry(|| open_typed(Path::new(OsStr::from_bytes(path)), ambient)).map_err(shown.cannot("open"))?;
            let identity = Identity::of(&retry(|| dir.dir_metadata()).map_err(shown.cannot("examine"))?);
            Ok::<_, Error>((dir, identity))
        };
        let (parent, last) = split(typed.as_bytes());
        let beside = match Name::new(last) {
            Ok(name) => {
                let (dir, identity) = open(parent)?;
                let dir_place = Place::new(parent);
                match retry(|| dir.symlink_metadata(OsStr::from_bytes(name.as_bytes()))) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Ok(Self { place, dir, dir_place, identity, form: Form::New(name), beside: None });
                    }
                    Err(error) => return Err(place.cannot("examine")(error)),
                    Ok(_) => Some(Beside { dir, place: dir_place, name }),
                }
            }
            Err(NameError::TooLong) => return Err(place.cannot("make")(Errno::NAMETOOLONG.into())),
            // `/`, `.` and `..` are no entries that could be made.
            Err(NameError::Empty | NameError::Dots | NameError::Forbidden) => None,
        };
        match (placement, &beside) {
            // Something is there, whatever it is.
            (Placement::New, Some(_)) => Err(Error::Exists(place)),
            (Placement::New, None) => open(typed.as_bytes()).and_then(|_| Err(Error::Exists(place))),
            (Placement::Within, _) => {
                let (dir, identity) = open(typed.as_bytes())?;
                Ok(Self { dir_place: place.clone(), place, dir, identity, form: Form::Existing, beside })
            }
        }
    }

    /// Fails when something stands where `plan` would put something.
    pub fn check_free(&self, plan: &Plan) -> Result<(), Error> {
        match self.form {
            // Looked at when it was opened.
            Form::New(_) => Ok(()),
            Form::Existing => plan.parts().try_for_each(|part| {
                let place = self.place.at(&part.clone().into());
                match retry(|| self.dir.symlink_metadata(OsStr::from_bytes(part.as_bytes()))) {
                    Ok(_) => Err(Error::Exists(place)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    Err(error) => Err(place.cannot("examine")(error)),
                }
            }),
        }
    }
}

/// A kind of document that a user names.
#[derive(Clone, Copy, Debug)]
pub struct DocumentKind {
    /// The most that is read, in bytes; a larger document is an error.
    pub max: u64,
    /// A check of the first [`HEAD`](Self::HEAD) bytes, or of all where there are fewer: `false` where whatever parses the document
    /// refuses these bytes, and anything that begins with them.
    pub may_begin: fn(&[u8]) -> bool,
}

impl DocumentKind {
    /// The size of the beginning that is checked before more is read, in bytes.
    pub const HEAD: u64 = 64 << 10;
    /// A plan that somebody else computed, of about a million entries at most. It is a JSON object.
    pub const PLAN: Self = Self { max: 1 << 30, may_begin: |head| head.trim_ascii_start().starts_with(b"{") };
    /// A list of instances: as many as there can be, with the longest names. No name contains a NUL.
    pub const INSTANCES: Self = Self { max: 32 << 20, may_begin: |head| !head.contains(&0) };
}

/// Reads a document that a user named; `-` is standard input.
///
/// Nothing is read beyond the limit of its kind. Where it does not begin as its kind does, nothing is read beyond that beginning, which
/// is returned: whatever parses it says what is wrong with it.
///
/// # Ambient Authority
///
/// `typed` is resolved like any program's arguments: from the root or from the working directory.
///
/// # Errors
///
/// The file cannot be opened or read, or is larger than its kind allows (`FileTooLarge`).
pub fn read_document(typed: &OsStr, kind: &DocumentKind, ambient: AmbientAuthority) -> Result<Vec<u8>, Error> {
    let place = document_place(typed);
    let bytes = if typed == "-" {
        read_limited(io::stdin().lock(), kind)
    } else {
        #[expect(clippy::disallowed_methods, reason = "the bridge from a typed path to a file")]
        let file = retry(|| File::open_ambient(typed, ambient)).map_err(place.cannot("open"))?;
        read_limited(file, kind)
    };
    bytes.map_err(place.cannot("read"))
}

fn read_limited(source: impl Read, kind: &DocumentKind) -> io::Result<Vec<u8>> {
    // One byte beyond the limit shows that there is more.
    let mut source = source.take(kind.max.saturating_add(1));
    let mut bytes = Vec::new();
    source.by_ref().take(DocumentKind::HEAD).read_to_end(&mut bytes)?;
    if (kind.may_begin)(&bytes) {
        source.read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > kind.max { Err(Errno::FBIG.into()) } else { Ok(bytes) }
}

/// What to call a file that a user named.
#[must_use]
pub fn document_place(typed: &OsStr) -> Place {
    Place::new(if typed == "-" { b"standard input" } else { typed.as_bytes() })
}

/// The one place where a path that a user typed becomes a handle.
///
/// # Ambient Authority
///
/// Resolves `path` from the root or from the working directory, through any link.
#[expect(clippy::disallowed_methods, reason = "the bridge from typed paths to handles")]
fn open_typed(path: &Path, ambient: AmbientAuthority) -> io::Result<Dir> {
    Dir::open_ambient_dir(path, ambient)
}

/// A path's directory and its last component, without slashes at its end.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    let path = path.get(..end).unwrap_or_default();
    match path.iter().rposition(|&byte| byte == b'/') {
        None => (b".", path),
        Some(slash) => {
            let parent = path.get(..slash).unwrap_or_default();
            (if parent.is_empty() { b"/" } else { parent }, path.get(slash + 1..).unwrap_or_default())
        }
    }
}
