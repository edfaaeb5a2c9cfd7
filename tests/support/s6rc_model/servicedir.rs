//! The service directory that s6-rc-compile makes of a longrun.

use super::names::{Longrun, number};
use super::source::{Source, in_directory};
use super::{Compiler, Line, Refusal, Servicedir, Tree, WRAPPER, unreadable, wrong};
use crate::disk::OnDisk;

/// The files that s6-rc-compile reads for its database; they are not in the service directory.
const READ: [&str; 10] = [
    "type",
    "dependencies",
    "dependencies.d",
    "timeout-up",
    "timeout-down",
    "producer-for",
    "consumer-for",
    "pipeline-name",
    "flag-essential",
    "flag-recommended",
];
/// The files with a number, which is written anew.
const NUMBERS: [&str; 5] = ["notification-fd", "lock-fd", "timeout-kill", "timeout-finish", "max-death-tally"];
/// The number of bytes that are read of such a file: those of the largest number, and a newline.
const NUMBER_MAX: usize = 11;
/// The directories that are copied whole.
const DIRECTORIES: [&str; 3] = ["template", "data", "env"];

/// The service directory of the longrun `name`.
pub(super) fn compiled(compiler: &Compiler, source: Source<'_>, name: &[u8], longrun: &Longrun) -> Result<Servicedir, Refusal> {
    let directory = source.at(name).map_or_else(|| name.to_vec(), |(path, _)| path);
    let made = |kind, mode, bytes: &[u8]| OnDisk { kind, mode, owner: compiler.caller, bytes: bytes.to_vec() };
    let mut tree = Tree::from([(Vec::new(), made("dir", 0o755, b""))]);
    for script in ["run", "finish"] {
        let path = in_directory(&directory, script);
        let Some(text) = source.read(&path, "unable to copy")? else { continue };
        let text = made("file", 0o755, text);
        if longrun.is_pipelined() {
            tree.insert(format!("{script}.user").into_bytes(), text);
            tree.insert(script.into(), made("file", 0o755, WRAPPER));
        } else {
            tree.insert(script.into(), text);
        }
    }
    let mut descriptors = Vec::new();
    for file in NUMBERS {
        let path = in_directory(&directory, file);
        let Some(text) = source.read(&path, "unable to read")? else { continue };
        let text = text.get(..NUMBER_MAX).unwrap_or(text);
        let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let number = number(line).ok_or_else(|| unreadable("unable to read", &path))?;
        tree.insert(file.into(), made("file", 0o644, format!("{number}\n").as_bytes()));
        if file.ends_with("-fd") && number >= 3 {
            descriptors.push(number);
        }
    }
    if matches!(descriptors[..], [one, other] if one == other) {
        return Err(wrong("has the same value for notification-fd and lock-fd", name));
    }
    let (signals, flags): (&[&str], &[&str]) = match compiler.line {
        Line::V0_5 => (&["down-signal"], &[]),
        Line::V0_7 => (&["down-signal", "reload-signal"], &["flag-newpidns", "flag-timeout-killpg"]),
    };
    for file in signals {
        // What cannot be copied is passed over.
        if let Ok(Some(text)) = source.read(&in_directory(&directory, file), "") {
            tree.insert(file.as_bytes().to_vec(), made("file", 0o644, text));
        }
    }
    for file in flags.iter().filter(|file| source.at(&in_directory(&directory, file)).is_some()) {
        tree.insert(file.as_bytes().to_vec(), made("file", 0o644, b""));
    }
    for name in DIRECTORIES {
        let path = in_directory(&directory, name);
        match source.at(&path) {
            None => continue,
            Some((_, entry)) if entry.kind != "dir" => return Err(wrong("is not a directory", &path)),
            Some(_) => {}
        }
        // A link to a directory stays a link.
        for (below, entry) in source.below(&path) {
            let separator: &[u8] = if below.is_empty() { b"" } else { b"/" };
            tree.insert([name.as_bytes(), separator, below].concat(), entry.clone());
        }
        if name == "template" {
            tree.insert(b"instance".into(), made("dir", 0o755, b""));
            tree.insert(b"instances".into(), made("dir", 0o755, b""));
        }
    }
    let known = |name: &[u8]| READ.iter().any(|read| read.as_bytes() == name) || (is_source(name) && tree.contains_key(name));
    let ignored = source.names_in(&directory).filter(|name| !known(name)).map(<[u8]>::to_vec).collect();
    Ok(Servicedir { tree, ignored })
}

/// Returns `true` if an entry of the compiled directory can be one of the source: the others are s6-rc's own.
fn is_source(name: &[u8]) -> bool {
    !matches!(name, b"instance" | b"instances" | b"run.user" | b"finish.user")
}
