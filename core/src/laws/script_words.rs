//! Generated scripts, read back word by word and compared with the request.

use super::law::{BrokenLaw, law};
use super::lexer::lex;
use crate::account::Account;
use crate::definition::Definition;
use crate::instances::Instances;
use crate::layout::LOG;
use crate::logging::{LogUser, Logging, PrepareLogDir, Timestamp};
use crate::plan::{Content, Plan};
use crate::request::{Request, Shape};
use crate::target::{ProgramDir, Target};
use crate::template::{Resolved, Template};
use crate::tree::Kind;
use alloc::format;
use alloc::vec::Vec;

/// The words of a script.
type Words = Vec<Vec<u8>>;

/// Every script of `plan` says what `request` asks for, and not a word more.
pub(super) fn say_what_was_asked(plan: &Plan, request: &Request, template: &Template) -> Result<(), BrokenLaw> {
    let mut count = 0;
    let expected = match &request.shape {
        Shape::ServiceDirectory { .. } | Shape::S6Rc(_) => expected(request),
        Shape::Static { definition, instances } => expected_static(request, definition, instances, template),
    };
    for (path, node) in plan.tree.iter() {
        let Kind::File(Content::Generated(bytes)) = &node.kind else { continue };
        let (directory, name) = path.split().unwrap_or_default();
        // The bundle of static instances lists them in a directory, and one may be called so.
        if !matches!(name, b"run" | b"finish") || directory.ends_with(b"/contents.d") {
            continue;
        }
        count += 1;
        law(bytes.starts_with(b"#!/") && bytes.ends_with(b"\n"), "a script has an interpreter, and an end", path)?;
        let words = lex(bytes).unwrap_or_default();
        law(expected.iter().any(|expected| expected.is_met_by(&words)), "a script says what was asked for", &words)?;
        if words.last().is_some_and(|word| word == b"$@") {
            let is_argument = |word: &&Vec<u8>| matches!(word.as_slice(), b"$@" | b"$1" | b"$2");
            let arguments = words.iter().filter(is_argument).count();
            let asked: usize = if name == b"finish" && bytes.windows(4).any(|option| option == b" -s3") { 3 } else { 1 };
            law(arguments == asked, "a wrapper passes on each argument once", &words)?;
            let mut others = words.iter().filter(|word| !is_argument(word));
            law(!others.any(|word| is_substituted(word)), "a wrapper substitutes nothing but its arguments", &words)?;
        }
    }
    let logged = request.shape.logging().is_some();
    match &request.shape {
        Shape::Static { instances, .. } => {
            let each = 1 + usize::from(is_logged(template));
            let common = usize::from(logged && !instances.is_empty());
            law(count >= instances.iter().len() * each + common, "every script is there", &count)
        }
        Shape::ServiceDirectory { .. } | Shape::S6Rc(_) => {
            law(count >= 1 + usize::from(logged) + usize::from(request.user.is_some()), "every script is there", &count)
        }
    }
}

/// Returns `true` if each static instance has a logger of its own: what its service directory `log` is made of is in the template.
fn is_logged(template: &Template) -> bool {
    let Resolved::Entry(end) = template.resolve(&LOG) else { return false };
    template.tree().get(&end).is_some_and(|node| matches!(node.kind, Kind::Directory))
}

/// The scripts of instances that are longruns, and of the logger of them all.
fn expected_static(request: &Request, definition: &Definition, instances: &Instances, template: &Template) -> Vec<Expected> {
    let target = &request.target;
    let become_user = request.user.as_ref().map(|user| become_account(target, user)).unwrap_or_default();
    let execline = |name| program(target.execline_dir.as_ref(), name);
    let logged = words(&execline("fdmove"), &["-c", "2", "1"]);
    let linked = words(&execline("if"), &["{", "ln", "-sfn", "--"]);
    // Those of the service and those of its logger, and whether the common logger reads from them.
    let is_logged = is_logged(template);
    let halves = [(b"".as_slice(), !is_logged), (b"/log", true)];
    let mut all: Vec<Expected> = request.shape.logging().map(|logging| logger(logging, target)).into_iter().collect();
    for (name, (tail, is_last)) in instances.iter().flat_map(|name| halves.map(|half| (name, half))) {
        let argument = [name.as_name().as_bytes(), tail].concat();
        let run = [become_user.as_slice(), &[b"./data/.template/run".to_vec(), argument.clone()]].concat();
        let start = if is_last && definition.log().is_some() { logged.clone() } else { Words::new() };
        let with_links = Expected {
            start: [start.as_slice(), &linked].concat(),
            end: [owned(&[".", "}"]), run.clone()].concat(),
            between: template.tree().count(),
        };
        let finish =
            [become_user.clone(), owned(&["./data/.template/finish", "$1", "$2"]), Vec::from([argument]), owned(&["$@"])];
        all.push(with_links);
        all.push(Expected { start, end: run, between: 0 });
        all.push(Expected { start: Words::new(), end: finish.concat(), between: 0 });
    }
    all
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
pub(super) fn parts(shape: &Shape, template: &Template) -> usize {
    match shape {
        Shape::Static { definition, instances } => {
            let (count, log) = (instances.iter().len(), definition.log());
            let each = 1 + usize::from(is_logged(template));
            // Without an instance there is no consumer of which s6-rc-compile would make the pipeline.
            let pipeline = count == 0 && log.is_some_and(|log| log.pipeline.is_some());
            1 + count * each + usize::from(log.is_some()) + usize::from(pipeline)
        }
        Shape::ServiceDirectory { log, .. } => 5 + usize::from(log.is_some()),
        Shape::S6Rc(definition) => 1 + usize::from(definition.log().is_some()),
    }
}
