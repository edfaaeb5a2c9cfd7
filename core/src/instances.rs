//! Instances that are there from the start, and the names that instances have.

use crate::escape;
use crate::path::Name;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

/// The longest name of an instance that every s6-svscan supervises, in bytes (docs/original.md, "Arguments and names of
/// instances").
pub const INSTANCE_NAME_MAX: usize = 251;

/// The name of an instance: what s6-instance-create takes (docs/original.md, "Arguments and names of instances"), less what does
/// harm although it takes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceName(Name);

/// The reason why bytes are not the name of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceNameError {
    /// There are none.
    #[error("cannot be empty")]
    Empty,
    /// s6-instance-create refuses it, and s6-svscan passes over it.
    #[error("cannot begin with a dot; s6-svscan would ignore it")]
    Dot,
    /// s6-instance-create, -control and -delete refuse it.
    #[error("cannot contain a space, tab, newline, form feed or carriage return")]
    Blank,
    /// It would be somewhere else.
    #[error("cannot contain a slash or a NUL")]
    Forbidden,
    /// s6-svscan takes it for its catch-all logger.
    #[error("is the name of s6-svscan's own logger; the service could not be stopped")]
    Catchall,
    /// s6-svscan would not supervise it.
    #[error("cannot be longer than {INSTANCE_NAME_MAX} bytes; s6-svscan would not supervise it")]
    TooLong,
}

impl InstanceName {
    /// Checks `bytes` and makes them the name of an instance.
    pub fn new(bytes: &[u8]) -> Result<Self, InstanceNameError> {
        match bytes {
            [] => Err(InstanceNameError::Empty),
            [b'.', ..] => Err(InstanceNameError::Dot),
            b"s6-svscan-log" => Err(InstanceNameError::Catchall),
            _ if bytes.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | 0x0c | b'\r')) => Err(InstanceNameError::Blank),
            _ if bytes.len() > INSTANCE_NAME_MAX => Err(InstanceNameError::TooLong),
            _ => Name::new(bytes).map(Self).map_err(|_| InstanceNameError::Forbidden),
        }
    }

    /// The name of its directory.
    #[must_use]
    pub const fn as_name(&self) -> &Name {
        &self.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names of instances, sorted, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instances(BTreeSet<InstanceName>);

/// A name was declared a second time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("duplicate instance `{0}`")]
pub struct DuplicateInstance(pub InstanceName);

/// The reason why a list of names is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The text is not in bytes that names can be in.
    #[error("is UTF-16; convert it to UTF-8: iconv -f UTF-16 -t UTF-8")]
    Utf16,
    /// A line is not a name.
    #[error("line {line}, `{}`: {source}", crate::escape::Excerpt(.text))]
    Name {
        /// The line's number, from 1.
        line: usize,
        /// The text of the line, without blanks around it.
        text: Vec<u8>,
        /// The reason.
        source: InstanceNameError,
    },
    /// A line is a name that was hardly meant.
    #[error("line {line}, `{}`: {reason}", crate::escape::Excerpt(.text))]
    Doubtful {
        /// The line's number, from 1.
        line: usize,
        /// The text of the line, without blanks around it.
        text: Vec<u8>,
        /// The reason.
        reason: ListNameError,
    },
    /// A line repeats another one.
    #[error("line {line}: {source}")]
    Duplicate {
        /// The line's number, from 1.
        line: usize,
        /// The name.
        source: DuplicateInstance,
    },
}

/// The reason why a line of a list is probably not the intended name; `--instance` accepts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListNameError {
    /// Quotes, commas, semicolons, brackets or braces.
    #[error("must be one plain name, without quotes, commas, semicolons, brackets and braces")]
    Punctuation,
    /// Characters that nobody sees.
    #[error("contains a control character, an invisible one, or a blank other than a space")]
    Invisible,
    /// Nothing but `-`.
    #[error("consists of dashes, as the line between two documents does")]
    Dashes,
    /// A backslash at its end.
    #[error("ends in a backslash; a name cannot go on in the next line")]
    Continued,
}

impl Instances {
    /// The highest number of instances that can be declared by their number: the highest capacity.
    pub const NUMBERED_MAX: u32 = 90_000;

    /// The instances `1` to `count`; none for 0.
    #[must_use]
    pub fn numbered(count: u32) -> Self {
        Self((1..=count).map(|number| InstanceName(number.into())).collect())
    }

    /// Reads a list: one name per line. Blanks around a name, carriage returns at the ends of lines, empty lines, lines that begin
    /// with `#`, and a byte order mark at the beginning of the text are no part of names.
    ///
    /// # Errors
    ///
    /// The first line that is not a name, or hardly meant as one.
    pub fn parse_list(text: &[u8]) -> Result<Self, ListError> {
        if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            return Err(ListError::Utf16);
        }
        let mut instances = Self::default();
        let body = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for (index, text) in body.split(|&byte| byte == b'\n').enumerate() {
            let (line, text) = (index + 1, text.trim_ascii());
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            let name = InstanceName::new(text).map_err(|source| ListError::Name { line, text: text.to_vec(), source })?;
            if let Some(reason) = ListNameError::about(text) {
                return Err(ListError::Doubtful { line, text: text.to_vec(), reason });
            }
            instances.declare(name).map_err(|source| ListError::Duplicate { line, source })?;
        }
        Ok(instances)
    }

    /// Adds a name, if it is not there yet.
    pub fn declare(&mut self, name: InstanceName) -> Result<(), DuplicateInstance> {
        if self.contains(&name) {
            Err(DuplicateInstance(name))
        } else {
            self.0.insert(name);
            Ok(())
        }
    }

    /// These names and those, if no name is among both.
    pub fn and(&self, more: &Self) -> Result<Self, DuplicateInstance> {
        let mut all = self.clone();
        more.iter().cloned().try_for_each(|name| all.declare(name))?;
        Ok(all)
    }

    /// The names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &InstanceName> {
        self.0.iter()
    }

    /// Returns `true` if `name` is one of them.
    #[must_use]
    pub fn contains(&self, name: &InstanceName) -> bool {
        self.0.contains(name)
    }

    /// Returns `true` if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ListNameError {
    fn about(name: &[u8]) -> Option<Self> {
        let is_invisible = |c: char| c.is_control() || c.is_whitespace() || escape::is_invisible(c);
        if name.iter().any(|byte| b"\"'`,;[]{}".contains(byte)) {
            Some(Self::Punctuation)
        } else if name.iter().all(|byte| *byte == b'-') {
            Some(Self::Dashes)
        } else if name.ends_with(b"\\") {
            Some(Self::Continued)
        } else {
            name.utf8_chunks().any(|chunk| chunk.valid().chars().any(is_invisible)).then_some(Self::Invisible)
        }
    }
}

/// The longest name that an instance may have, in bytes: s6-svscan's option `-L`, which there is from s6 2.12 on (docs/original.md,
/// "Room for instances").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameMax(u32);

impl NameMax {
    /// The least that s6-svscan does not raise.
    pub const MIN: u32 = 11;
    /// The longest name that a directory can have.
    pub const MAX: u32 = 255;

    /// Takes 11 to 255.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        u32::try_from(number).ok().filter(|number| (Self::MIN..=Self::MAX).contains(number)).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns `true` if a name may be that long.
    #[must_use]
    pub fn allows(self, name: &InstanceName) -> bool {
        u32::try_from(name.as_name().as_bytes().len()).is_ok_and(|length| length <= self.0)
    }
}
