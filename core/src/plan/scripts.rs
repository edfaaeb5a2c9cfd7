//! The scripts of the supervisor of all instances and of their common logger (docs/original.md, "Generated files").

use crate::account::Account;
use crate::execline::{Script, Text, Word};
use crate::logging::{LogUser, Logging, PrepareLogDir, Timestamp};
use crate::request::{MaxInstances, Request, Shape};
use crate::target::{S6Version, Target};
use crate::template::InstanceLogger;
use alloc::vec::Vec;

/// The most slots that s6-svscan has (docs/original.md, "Room for instances").
const SLOTS_MAX: u32 = 160_000;
/// The most instances with a logger of their own: they take two slots each.
pub(crate) const MOST_LOGGED: u32 = SLOTS_MAX / 2;
/// The fewest: s6-svscan raises what is less.
const SLOTS_MIN: u32 = 4;
/// The most that fit into the usual stack of 8 MiB beside a large environment; 24,000 fail with one of 30 KB.
const SLOTS_WITHOUT_SOFTLIMIT: u32 = 16_000;
/// 160,000 slots of about 348 bytes, and the environment.
const STACK: u64 = 64 << 20;

/// s6-svscan has no room for so many instances with a logger of their own.
pub(crate) struct CapacityError {
    /// The requested number.
    pub given: u32,
}

/// The run script of the supervisor of all instances.
pub(crate) fn supervisor(request: &Request, logger: InstanceLogger) -> Result<Script, CapacityError> {
    let target = &request.target;
    let s6 = |name| Word::program(target.s6_dir.as_ref(), name);
    let mut script = Script::new(&target.shebang_dir);
    script.blank();
    script.line([
        Word::program(target.execline_dir.as_ref(), "fdmove"),
        Word::literal("-c"),
        Word::literal("2"),
        Word::literal("1"),
    ]);
    // s6-rc makes one of these directories too few, and then loses its live state at the next update but one; foreground, because a
    // PATH without mkdir shall not stop a service whose directories are there (docs/original.md, "Instances in a live s6-rc").
    if let Shape::S6Rc(_) = request.shape {
        let words = ["{", "mkdir", "-p", "-m", "0755", "--", "instance", "instances", "}"].map(Word::literal);
        script.line(core::iter::once(Word::program(target.execline_dir.as_ref(), "foreground")).chain(words));
    }
    let mut svscan = Vec::from([s6("s6-svscan"), Word::literal("-d3")]);
    if let Some(room) = room(request, logger)? {
        if room.softlimit {
            script.line([s6("s6-softlimit"), Word::literal("-s"), Word::number("", STACK)]);
        }
        svscan.push(room.option);
    }
    svscan.extend(request.name_max.map(|name_max| Word::number("-L", name_max.get().into())));
    svscan.extend([Word::literal("--"), Word::literal("instance")]);
    script.line(svscan);
    Ok(script)
}

/// The option by which s6-svscan gets its capacity.
struct Capacity {
    option: Word,
    /// `true` if its tables need a larger stack than usual.
    softlimit: bool,
}

/// The rule of docs/original.md, "Room for instances": s6-svscan counts slots from 2.12 on, and an instance with a logger of its
/// own takes two. Without a hint of the s6 version the option is left out: every version then has room for 500 and their
/// loggers.
fn room(request: &Request, logger: InstanceLogger) -> Result<Option<Capacity>, CapacityError> {
    let version = request.target.s6_version;
    if request.max_instances.is_none() && version.is_none() {
        return Ok(None);
    }
    let instances = request.max_instances.unwrap_or(MaxInstances::DEFAULT).get();
    if !version.unwrap_or(S6Version::NEWEST).counts_slots() {
        return Ok(Some(Capacity { option: Word::number("-c", instances.into()), softlimit: false }));
    }
    let each = match logger {
        InstanceLogger::None => 1,
        InstanceLogger::Each => 2,
    };
    let slots = (each * instances).max(SLOTS_MIN);
    if slots > SLOTS_MAX {
        return Err(CapacityError { given: instances });
    }
    Ok(Some(Capacity { option: Word::number("-C", slots.into()), softlimit: slots > SLOTS_WITHOUT_SOFTLIMIT }))
}

/// The run script of the logger for all instances.
pub(crate) fn logger(logging: &Logging, target: &Target) -> Script {
    let s6 = |name| Word::program(target.s6_dir.as_ref(), name);
    let dir = || Word::quoted(logging.dir.as_text());
    let mut script = Script::new(&target.shebang_dir);
    if let Some(LogUser { account, prepare }) = &logging.user {
        if let PrepareLogDir::Yes(entry) = prepare {
            let entry = || Word::quoted(entry.as_text());
            let mut first = |command: &[&'static str], arguments: &[Word]| {
                let words = [Word::program(target.execline_dir.as_ref(), "if"), Word::literal("{")];
                let command = command.iter().map(|word| Word::literal(word));
                script.line(words.into_iter().chain(command).chain(arguments.iter().cloned()).chain([Word::literal("}")]));
            };
            first(&["mkdir", "-p", "-m", "2700", "--"], &[entry()]);
            first(&["chown", "-h", "--"], &[Word::quoted(&owner_for_chown(account)), entry()]);
        }
        script.line([s6("s6-setuidgid"), Word::quoted(&account.to_text())]);
    }
    let mut words = Vec::from([s6("s6-log"), Word::literal("-bd3"), Word::literal("--")]);
    match logging.timestamp {
        Timestamp::None => {}
        Timestamp::Tai64n => words.push(Word::literal("t")),
        Timestamp::Iso8601 => words.push(Word::literal("T")),
        Timestamp::Both => words.extend([Word::literal("t"), Word::literal("T")]),
    }
    words.push(Word::number("n", logging.archives.into()));
    words.push(Word::number("s", logging.file_size.into()));
    if logging.total_size != 0 {
        words.push(Word::number("S", logging.total_size));
    }
    words.extend(logging.prefix.as_ref().map(|prefix| Word::prefixed("p", prefix)));
    words.push(dir());
    script.line(words);
    script
}

/// Returns the argument of chown: an account's name and a colon mean the account and its primary group.
fn owner_for_chown(account: &Account) -> Text {
    match account {
        Account::Named(_) => account.to_text().followed_by(":"),
        Account::Numbered(_) => account.to_text(),
    }
}
