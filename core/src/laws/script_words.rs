//! Generated scripts, read back word by word and compared with the request.

use super::law::{BrokenLaw, law};
use super::lexer::lex;
use crate::account::Account;
use crate::logging::{LogUser, Logging, PrepareLogDir, Timestamp};
use crate::plan::{Content, Plan};
use crate::request::{Request, Shape};
use crate::target::{ProgramDir, Target};
use crate::tree::{Kind, Mode};
use alloc::format;
use alloc::vec::Vec;

/// The words of a script.
type Words = Vec<Vec<u8>>;

/// Every script of `plan` says what `request` asks for, and not a word more.
pub(super) fn say_what_was_asked(plan: &Plan, request: &Request) -> Result<(), BrokenLaw> {
    let mut count = 0;
    let expected = expected(request);
    for (path, node) in plan.tree.iter() {
        let Kind::File(Content::Generated(bytes)) = &node.kind else { continue };
        let name = path.split().map_or(b"".as_slice(), |(_, name)| name);
        if !matches!(name, b"run" | b"finish") {
            continue;
        }
        count += 1;
        law(bytes.starts_with(b"#!/") && bytes.ends_with(b"\n"), "a script has an interpreter, and an end", path)?;
        let words = lex(bytes).unwrap_or_default();
        law(expected.iter().any(|expected| expected.is_met_by(&words)), "a script says what was asked for", &words)?;
        if node.meta.mode == Mode::new(0o755) && words.last().is_some_and(|word| word == b"$@") {
            let others = words.split_last().map(|(_, others)| others).unwrap_or_default();
            law(!others.iter().any(|word| is_substituted(word)), "a wrapper substitutes nothing but its arguments", &words)?;
        }
    }
    let logged = request.shape.logging().is_some();
    law(count >= 1 + usize::from(logged) + usize::from(request.user.is_some()), "every script is there", &count)
}

/// The beginnings that a script may have, and its end; between them are at most so many words of this program's own.
struct Expected {
    start: Words,
    end: Words,
    between: usize,
}

impl Expected {
    fn is_met_by(&self, words: &[Vec<u8>]) -> bool {
        let fixed = self.start.len() + self.end.len();
        words.starts_with(&self.start) && words.ends_with(&self.end) && (fixed..=fixed + self.between).contains(&words.len())
    }
}

fn expected(request: &Request) -> Vec<Expected> {
    let target = &request.target;
    let fdmove = program(target.execline_dir.as_ref(), "fdmove");
    // Between them a softlimit, and s6-svscan with its options.
    let mut start = words(&fdmove, &["-c", "2", "1"]);
    if let Shape::S6Rc(_) = request.shape {
        let foreground = program(target.execline_dir.as_ref(), "foreground");
        start.extend(words(&foreground, &["{", "mkdir", "-p", "-m", "0755", "--", "instance", "instances", "}"]));
    }
    let supervisor = Expected { start, end: owned(&["--", "instance"]), between: 7 };
    let mut all = Vec::from([supervisor]);
    all.extend(request.shape.logging().map(|logging| logger(logging, target)));
    if let Some(user) = &request.user {
        for script in ["./run.user", "./finish.user"] {
            let mut end = become_account(target, user);
            end.extend(owned(&[script, "$@"]));
            all.push(Expected { start: Vec::new(), end, between: 0 });
        }
    }
    all
}

fn logger(logging: &Logging, target: &Target) -> Expected {
    let mut start = Words::new();
    let mut end = Words::new();
    if let Some(LogUser { account, prepare }) = &logging.user {
        if let PrepareLogDir::Yes(entry) = prepare {
            let entry = entry.as_text().as_bytes().to_vec();
            let mut owner = account.to_text().as_bytes().to_vec();
            if matches!(account, Account::Named(_)) {
                owner.push(b':');
            }
            let block = program(target.execline_dir.as_ref(), "if");
            start.extend(words(&block, &["{", "mkdir", "-p", "-m", "2700", "--"]));
            start.extend([entry.clone(), b"}".to_vec()]);
            start.extend(words(&block, &["{", "chown", "-h", "--"]));
            start.extend([owner, entry, b"}".to_vec()]);
        }
        end.extend(become_account(target, account));
    }
    end.extend(words(&program(target.s6_dir.as_ref(), "s6-log"), &["-bd3", "--"]));
    end.extend(owned(match logging.timestamp {
        Timestamp::None => &[],
        Timestamp::Tai64n => &["t"],
        Timestamp::Iso8601 => &["T"],
        Timestamp::Both => &["t", "T"],
    }));
    end.extend([format!("n{}", logging.archives).into_bytes(), format!("s{}", logging.file_size).into_bytes()]);
    if logging.total_size > 0 {
        end.push(format!("S{}", logging.total_size).into_bytes());
    }
    end.extend(logging.prefix.as_ref().map(|prefix| [b"p", prefix.as_bytes()].concat()));
    end.push(logging.dir.as_text().as_bytes().to_vec());
    Expected { start, end, between: 0 }
}

fn become_account(target: &Target, account: &Account) -> Words {
    Vec::from([program(target.s6_dir.as_ref(), "s6-setuidgid"), account.to_text().as_bytes().to_vec()])
}

fn program(dir: Option<&ProgramDir>, name: &str) -> Vec<u8> {
    dir.map_or_else(|| name.as_bytes().to_vec(), |dir| [dir.as_bytes(), b"/", name.as_bytes()].concat())
}

fn words(program: &[u8], rest: &[&str]) -> Words {
    core::iter::once(program.to_vec()).chain(owned(rest)).collect()
}

fn owned(words: &[&str]) -> Words {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// Returns `true` if `execlineb -S0` puts something else in the place of a part of this word (docs/original.md, "The lexer of
/// execlineb"): a variable in braces anywhere, or one without at the end.
pub(super) fn is_substituted(word: &[u8]) -> bool {
    let is_variable = |name: &[u8]| matches!(name, b"@" | b"#") || !name.is_empty() && name.iter().all(u8::is_ascii_digit);
    let dollars = || word.iter().enumerate().filter(|(_, byte)| **byte == b'$').filter_map(|(at, _)| word.get(at + 1..));
    dollars().any(is_variable)
        || dollars()
            .filter_map(|rest| rest.strip_prefix(b"{"))
            .any(|rest| rest.iter().position(|&byte| byte == b'}').and_then(|end| rest.get(..end)).is_some_and(is_variable))
}

/// The shape's own names, so that a plan's parts can be compared with them.
pub(super) fn parts(shape: &Shape) -> usize {
    match shape {
        Shape::ServiceDirectory { log, .. } => 5 + usize::from(log.is_some()),
        Shape::S6Rc(definition) => 1 + usize::from(definition.log().is_some()),
    }
}
