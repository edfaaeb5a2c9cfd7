//! The definitions of a source directory: their types, and the names that they list.

use super::source::{Source, in_directory};
use super::{Refusal, unreadable, wrong};
use std::collections::{BTreeMap, BTreeSet};

/// The service of s6-rc that holds the pipes of pipelines.
pub(super) const FD_HOLDER: &[u8] = b"s6rc-fdholder";
/// The service of s6-rc that runs the scripts of oneshots.
pub(super) const ONESHOT_RUNNER: &[u8] = b"s6rc-oneshot-runner";

/// The definitions by their names.
#[derive(Debug, Default)]
pub(super) struct Definitions(pub BTreeMap<Vec<u8>, Definition>);

/// A definition.
#[derive(Debug)]
pub(super) enum Definition {
    /// A supervised service, with the names that it depends on.
    Longrun(BTreeSet<Vec<u8>>, Longrun),
    /// Scripts for up and down, with the names that it depends on.
    Oneshot(BTreeSet<Vec<u8>>),
    /// A set of names.
    Bundle(BTreeSet<Vec<u8>>),
}

/// The place of a longrun in a pipeline.
#[derive(Debug, Default)]
pub(super) struct Longrun {
    pub(super) consumer: Option<Vec<u8>>,
    pub(super) producers: BTreeSet<Vec<u8>>,
    pub(super) pipeline: Option<Vec<u8>>,
}

impl Longrun {
    /// Returns `true` if s6-rc starts it by a script of its own.
    pub(super) fn is_pipelined(&self) -> bool {
        self.consumer.is_some() || !self.producers.is_empty()
    }
}

impl Definitions {
    pub(super) fn longruns(&self) -> impl Iterator<Item = (&Vec<u8>, &Longrun)> {
        self.0.iter().filter_map(|(name, definition)| match definition {
            Definition::Longrun(_, longrun) => Some((name, longrun)),
            Definition::Oneshot(_) | Definition::Bundle(_) => None,
        })
    }
}

/// The definitions of a source directory. Names with a dot and plain files are passed over.
pub(super) fn definitions(source: Source<'_>) -> Result<Definitions, Refusal> {
    let mut definitions = Definitions::default();
    for name in source.names_in(b"").filter(|name| !name.starts_with(b".")) {
        if name.contains(&b'\n') {
            return Err(wrong("contains a newline character", name));
        }
        check(name)?;
        match source.at(name) {
            None => return Err(unreadable("unable to stat", name)),
            Some((_, entry)) if entry.kind != "dir" => continue,
            Some((directory, _)) => definitions.0.insert(name.to_vec(), definition(source, &directory)?),
        };
    }
    Ok(definitions)
}

fn check(name: &[u8]) -> Result<(), Refusal> {
    let reserved = name.starts_with(b"s6rc-") || name.starts_with(b"s6-rc-");
    if reserved { Err(wrong("starts with reserved prefix", name)) } else { Ok(()) }
}

fn definition(source: Source<'_>, directory: &[u8]) -> Result<Definition, Refusal> {
    let path = in_directory(directory, "type");
    let Some(text) = source.read(&path, "unable to read")? else { return Err(unreadable("unable to read", &path)) };
    // As much as the longest of the three and a newline is read.
    let text = text.get(..8).unwrap_or(text);
    match text.strip_suffix(b"\n").unwrap_or(text) {
        b"longrun" => Ok(Definition::Longrun(common(source, directory)?, longrun(source, directory)?)),
        b"oneshot" => {
            let names = common(source, directory)?;
            let up = in_directory(directory, "up");
            source.read(&up, "unable to open")?.ok_or_else(|| unreadable("unable to open", &up))?;
            Ok(Definition::Oneshot(names))
        }
        b"bundle" => {
            let contents = listed(source, directory, "contents")?;
            contents.map(Definition::Bundle).ok_or_else(|| unreadable("unable to open", &in_directory(directory, "contents")))
        }
        _ => Err(wrong("must be oneshot, longrun, or bundle", &path)),
    }
}

/// The common part of longruns and oneshots.
fn common(source: Source<'_>, directory: &[u8]) -> Result<BTreeSet<Vec<u8>>, Refusal> {
    for name in ["timeout-down", "timeout-up"] {
        let path = in_directory(directory, name);
        if let Some(text) = source.read(&path, "unable to read")? {
            let end = text.iter().rposition(|&byte| byte != b'\n').map_or(0, |last| last + 1);
            number(text.get(..end).unwrap_or_default()).ok_or_else(|| wrong("invalid", &path))?;
        }
    }
    Ok(listed(source, directory, "dependencies")?.unwrap_or_default())
}

/// Digits and nothing else, at most 4294967295.
pub(super) fn number(text: &[u8]) -> Option<u32> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

fn longrun(source: Source<'_>, directory: &[u8]) -> Result<Longrun, Refusal> {
    let run = in_directory(directory, "run");
    match source.at(&run) {
        None => return Err(wrong("unable to find a run script in", &run)),
        Some((_, entry)) if entry.kind != "file" => return Err(wrong("is not a regular file", &run)),
        Some(_) => {}
    }
    let one = |name, fault| {
        let path = in_directory(directory, name);
        let names = lines(source, &path)?;
        names.map(|names| only(names).ok_or_else(|| wrong(fault, &path))).transpose()
    };
    let consumer = one("producer-for", "should only contain one service name")?;
    let producers = lines(source, &in_directory(directory, "consumer-for"))?.unwrap_or_default();
    // Only the last consumer names the pipeline; elsewhere the file is ignored with a warning.
    let is_last = consumer.is_none() && !producers.is_empty();
    let pipeline = if is_last { one("pipeline-name", "should only contain one name")? } else { None };
    Ok(Longrun { consumer, producers, pipeline })
}

fn only(names: BTreeSet<Vec<u8>>) -> Option<Vec<u8>> {
    let mut names = names.into_iter();
    names.next().filter(|_| names.next().is_none())
}

/// The names of a directory `FILE.d`, or else the lines of a file.
fn listed(source: Source<'_>, directory: &[u8], file: &str) -> Result<Option<BTreeSet<Vec<u8>>>, Refusal> {
    let path = in_directory(directory, &format!("{file}.d"));
    match source.at(&path) {
        None => lines(source, &in_directory(directory, file)),
        Some((path, entry)) if entry.kind == "dir" => {
            let names: BTreeSet<_> =
                source.names_in(&path).filter(|name| !name.starts_with(b".")).map(<[u8]>::to_vec).collect();
            names.iter().try_for_each(|name| check(name))?;
            Ok(Some(names))
        }
        Some(_) => Err(unreadable("unable to opendir", &path)),
    }
}

/// The lines of a file, without leading blanks; empty ones and those with `#` are comments.
fn lines(source: Source<'_>, path: &[u8]) -> Result<Option<BTreeSet<Vec<u8>>>, Refusal> {
    let Some(text) = source.read(path, "unable to read")? else { return Ok(None) };
    let lines = text.split(|&byte| byte == b'\n');
    let lines = lines.map(|line| {
        let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
        line.get(start..).unwrap_or_default()
    });
    let names: BTreeSet<_> = lines.filter(|line| !matches!(line, [] | [b'#', ..])).map(<[u8]>::to_vec).collect();
    names.iter().try_for_each(|name| check(name))?;
    Ok(Some(names))
}
