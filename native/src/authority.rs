//! Everything that the program may touch: a handle for the template, and one for where the result goes.
//!
//! This is the one bridge from paths that a user typed to capability handles; nothing behind it knows such a path but for
//! messages.

use crate::apply::entry::{Entry, OpenDir};
use crate::apply::publish::Publication;
use crate::error::{Error, Place, TemplateReason};
use crate::sys::{Identity, ONLY_DIRECTORY, Status, retry};
use crate::template::outside::Links;
use cap_std::AmbientAuthority;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{StatVfsMountFlags, fstatvfs};
use rustix::io::Errno;
use s6_instance_maker_core::path::{Name, NameError};
use s6_instance_maker_core::plan::{Placement, Plan};
use s6_instance_maker_core::rules::Problem;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// A directory to read from, and what to call it.
#[derive(Debug)]
pub struct TemplateDir {
    /// The handle, open for listing if the caller may list the directory.
    pub dir: Dir,
    /// The directory as it was typed.
    pub place: Place,
    /// The treatment of links in it that point outside it.
    pub links: Links,
}

/// A place for the result, and how the result will get there.
#[derive(Debug)]
pub struct Destination {
    /// DIR as it was typed.
    pub place: Place,
    /// The way by which the result gets its name.
    pub publication: Publication,
}

/// The state of DIR.
#[derive(Debug)]
pub enum Site {
    /// Nothing: DIR can be created.
    Absent(Destination),
    /// A directory, and its name in messages.
    Present(OpenDir, Place),
}

impl Site {
    /// The directory that changes: DIR, or the one that it would be created in.
    #[must_use]
    pub fn identity(&self) -> Identity {
        match self {
            Self::Absent(destination) => destination.identity(),
            Self::Present(dir, _) => dir.identity,
        }
    }

    /// DIR in messages.
    #[must_use]
    pub const fn place(&self) -> &Place {
        match self {
            Self::Absent(destination) => &destination.place,
            Self::Present(_, place) => place,
        }
    }

    /// DIR, if it exists.
    #[must_use]
    pub const fn there(&self) -> Option<&OpenDir> {
        match self {
            Self::Absent(_) => None,
            Self::Present(dir, _) => Some(dir),
        }
    }
}

impl TemplateDir {
    /// Opens a directory, links on the way to it followed; `links` is about those in it.
    ///
    /// # Ambient Authority
    ///
    /// `typed` is resolved like any program's arguments: from the root or from the working directory.
    pub fn open(typed: &OsStr, links: Links, ambient: AmbientAuthority) -> Result<Self, Error> {
        let place = Place::new(typed.as_bytes());
        let dir = retry(|| open_typed(Path::new(typed), ambient)).map_err(|source| match source.kind() {
            io::ErrorKind::NotADirectory => Error::Template { place: place.clone(), reason: TemplateReason::NotADirectory },
            _ => Error::Io { operation: "open the template", place: place.clone(), source },
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
            let identity = Status::of(&dir).map_err(shown.cannot("examine"))?.identity;
            Ok::<_, Error>(OpenDir { dir, place: shown, identity })
        };
        let (parent, last) = split(typed.as_bytes());
        let entry = match Name::new(last) {
            Ok(name) => {
                let parent = open(parent).map_err(|error| match error {
                    Error::Io { operation: "open", place, source } => Error::Parent { place, source },
                    other => other,
                })?;
                let seen = Status::of_entry(&parent.dir, &name);
                let entry = Entry { parent, name };
                match (seen, placement) {
                    (Ok(_), _) => Some(entry),
                    (Err(error), _) if error.kind() != io::ErrorKind::NotFound => return Err(place.cannot("examine")(error)),
                    (Err(_), Placement::New) => return Ok(Self { place, publication: Publication::New(entry) }),
                    (Err(_), Placement::Within) => return Ok(Self { place, publication: Publication::NewOrWithin(entry) }),
                }
            }
            Err(NameError::TooLong) => return Err(place.cannot("make")(Errno::NAMETOOLONG.into())),
            // `/`, `.` and `..` are no entries that could be made.
            Err(NameError::Empty | NameError::Dots | NameError::Forbidden) => None,
        };
        match (placement, &entry) {
            // Something is there, whatever it is.
            (Placement::New, Some(_)) => Err(Error::Exists(place)),
            (Placement::New, None) => open(typed.as_bytes()).and_then(|_| Err(Error::Exists(place))),
            (Placement::Within, _) => {
                let dir = open(typed.as_bytes())?;
                Ok(Self { place, publication: Publication::Within { dir, entry } })
            }
        }
    }

    /// Finds out what is at DIR.
    ///
    /// # Ambient Authority
    ///
    /// See [`Destination::open`].
    pub fn find(typed: &OsStr, placement: Placement, ambient: AmbientAuthority) -> Result<Site, Error> {
        match Self::open(typed, placement, ambient) {
            Ok(Self { publication: Publication::Within { dir, .. }, place }) => Ok(Site::Present(dir, place)),
            Ok(free) => Ok(Site::Absent(free)),
            Err(Error::Exists(place)) => {
                let dir = retry(|| open_typed(Path::new(typed), ambient)).map_err(place.cannot("open"))?;
                let identity = Status::of(&dir).map_err(place.cannot("examine"))?.identity;
                Ok(Site::Present(OpenDir { dir, place: place.clone(), identity }, place))
            }
            Err(error) => Err(error),
        }
    }

    /// The directory that the result goes into.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.publication.parent().identity
    }

    /// Findings about the place, for any result.
    pub fn problems(&self) -> Result<Vec<Problem>, Error> {
        problems(self.publication.parent())
    }

    /// Fails when something stands where `plan` would put something.
    pub fn check_free(&self, plan: &Plan) -> Result<(), Error> {
        plan.parts().try_for_each(|part| self.publication.check_free(&part, &self.place))
    }
}

/// Findings about a directory that something is made in.
pub(crate) fn problems(parent: &OpenDir) -> Result<Vec<Problem>, Error> {
    let system = retry(|| Ok(fstatvfs(&parent.dir)?)).map_err(parent.place.cannot("examine the file system of"))?;
    Ok(if system.f_flag.contains(StatVfsMountFlags::NOEXEC) { vec![Problem::NoExec] } else { Vec::new() })
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

/// Opens a document that a user named; `-` is standard input.
///
/// Nothing is read beyond the limit of its kind: the document ends there with an error (`FileTooLarge`). If it does not begin as
/// its kind does, it ends after that beginning: its parser reports the reason.
///
/// # Ambient Authority
///
/// `typed` is resolved like any program's arguments: from the root or from the working directory.
pub fn open_document(typed: &OsStr, kind: &DocumentKind, ambient: AmbientAuthority) -> Result<Document, Error> {
    let place = document_place(typed);
    let source: Box<dyn Read> = if typed == "-" {
        #[expect(clippy::disallowed_methods, reason = "the bridge from a typed `-` to standard input")]
        let input = io::stdin();
        Box::new(input)
    } else {
        #[expect(clippy::disallowed_methods, reason = "the bridge from a typed path to a file")]
        let file = retry(|| File::open_ambient(typed, ambient)).map_err(place.cannot("open"))?;
        Box::new(file)
    };
    Document::new(source, kind).map_err(place.cannot("read"))
}

/// Reads a whole document that a user named; `-` is standard input.
///
/// # Ambient Authority
///
/// See [`open_document`].
///
/// # Errors
///
/// The file cannot be opened or read, or is larger than its kind allows (`FileTooLarge`).
pub fn read_document(typed: &OsStr, kind: &DocumentKind, ambient: AmbientAuthority) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = open_document(typed, kind, ambient)?.read_to_end(&mut bytes);
    read.map_err(document_place(typed).cannot("read"))?;
    Ok(bytes)
}

/// A document while it is read.
pub struct Document {
    /// The beginning, which was read already.
    head: io::Cursor<Vec<u8>>,
    /// The bytes after it. `None`: nothing more is read.
    rest: Option<Box<dyn Read>>,
    /// The number of bytes that may come after it.
    left: u64,
}

impl Document {
    fn new(mut source: Box<dyn Read>, kind: &DocumentKind) -> io::Result<Self> {
        let mut head = Vec::new();
        source.by_ref().take(DocumentKind::HEAD.min(kind.max)).read_to_end(&mut head)?;
        let rest = (kind.may_begin)(&head).then_some(source);
        let left = kind.max.saturating_sub(head.len() as u64);
        Ok(Self { head: io::Cursor::new(head), rest, left })
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("left", &self.left).finish_non_exhaustive()
    }
}

impl Read for Document {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let from_head = self.head.read(buffer)?;
        let Some(rest) = self.rest.as_mut().filter(|_| from_head == 0 && !buffer.is_empty()) else { return Ok(from_head) };
        if self.left == 0 {
            // One byte beyond the limit shows that there is more.
            return match rest.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(Errno::FBIG.into()),
            };
        }
        let room = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = rest.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

/// The name of a document in messages.
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
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(ONLY_DIRECTORY);
    match File::open_ambient_with(path, &options, ambient) {
        // To look up names in a directory, nobody needs the right to list it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Dir::open_ambient_dir(path, ambient),
        opened => opened.map(|opened| Dir::from_std_file(opened.into_std())),
    }
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
