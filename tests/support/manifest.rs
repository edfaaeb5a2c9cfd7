//! Templates and plans without a disk: a manifest from its text form, a plan from a command line.

use s6_instance_maker_core::account::Account;
use s6_instance_maker_core::account::Credentials;
use s6_instance_maker_core::cli::{self, Invocation, Refusal};
use s6_instance_maker_core::facts::{Facts, Givable};
use s6_instance_maker_core::message::{Message, PROGRAM};
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::{Plan, plan};
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::template::{FileFacts, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use s6_instance_maker_core::wire::PlanDocument;
use std::ffi::OsString;

/// A manifest from lines like those of a plan's text form: `0755 file run`, `0755 dir log`, `0777 link a -> b`, `0600 fifo f`; an
/// owner in parentheses behind that, else root; a script's head behind `=`, or its whole text behind `==`, where `\\n`, `\\r` and
/// the like stand for what they do in Rust. The first line may be `MODE dir .`.
///
/// # Panics
///
/// When a line is none of these.
#[must_use]
pub fn template(text: &str) -> Template {
    let mut template = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (line, whole) = line.split_once(" == ").map_or((line, None), |(line, text)| (line, Some(unescaped(text))));
        let (line, head) = line.split_once(" = ").map_or((line, None), |(line, head)| (line, Some(head.as_bytes().to_vec())));
        let size = whole.as_ref().map_or(0, |whole| whole.len() as u64);
        let head = whole.or(head);
        let (line, owner) = line.split_once(" (").map_or((line, "0:0"), |(line, owner)| (line, owner.trim_end_matches(')')));
        let (line, target) = line.split_once(" -> ").map_or((line, ""), |(line, target)| (line, target));
        let mut words = line.split_whitespace();
        let (mode, kind, path) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let (uid, gid) = owner.split_once(':').unwrap();
        let owner = Ids { uid: uid.parse().unwrap(), gid: gid.parse().unwrap() };
        let meta = Meta { mode: Mode::new(u32::from_str_radix(mode, 8).unwrap()), owner: Some(owner) };
        if path == "." {
            template = Some(Template::new(meta));
            continue;
        }
        let kind = match kind {
            "dir" => Kind::Directory,
            "file" => Kind::File(FileFacts { size, head }),
            "link" => Kind::Symlink(target.as_bytes().to_vec()),
            "fifo" => Kind::Fifo,
            other => panic!("{other} is no kind"),
        };
        let path = TreePath::parse(path).unwrap();
        let root = || Template::new(Meta { mode: Mode::new(0o755), owner: Some(Ids { uid: 0, gid: 0 }) });
        template.get_or_insert_with(root).insert(path, Node::new(meta, kind)).unwrap();
    }
    template.expect("a template has at least one line")
}

/// A text with `\\n`, `\\r`, `\\t`, `\\u{feff}` and `\\\\` for what they stand for.
fn unescaped(text: &str) -> Vec<u8> {
    let mut plain = text.to_owned();
    for (escape, character) in
        [("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\u{feff}", "\u{feff}"), ("\\e", "\u{1b}"), ("\\\\", "\\")]
    {
        plain = plain.replace(escape, character);
    }
    plain.into_bytes()
}

/// root under umask 022, on a machine with the account www-data (33:33), which is in the group 4 too.
#[must_use]
pub fn facts() -> Facts {
    let Ok(Account::Named(name)) = Account::parse(b"www-data") else { panic!("www-data is an account's name") };
    let www_data = Credentials { ids: Ids { uid: 33, gid: 33 }, groups: vec![33, 4] };
    Facts {
        umask: Mode::new(0o022),
        caller: Ids { uid: 0, gid: 0 },
        givable_users: Givable::All,
        givable_groups: Givable::All,
        accounts: [(name, www_data)].into(),
    }
}

/// The same for an ordinary process of `caller`.
#[must_use]
pub fn facts_of(caller: Ids) -> Facts {
    Facts { caller, givable_users: Givable::NONE, givable_groups: Givable::NONE, ..facts() }
}

/// The request that a command line makes: the words after the program's name.
pub fn request<A: Into<OsString>>(words: impl IntoIterator<Item = A>) -> Result<Request, Refusal> {
    Ok(invocation(words)?.source.into_request()?)
}

/// The meaning of a command line: the words after the program's name.
pub fn invocation<A: Into<OsString>>(words: impl IntoIterator<Item = A>) -> Result<Invocation, Refusal> {
    cli::parse_common(std::iter::once("s6-instance-maker".into()).chain(words.into_iter().map(Into::into)))
}

/// The document of a plan that was computed for `request`.
#[must_use]
pub fn document(plan: &Plan, request: &Request, template: &Template) -> Vec<u8> {
    PlanDocument::encode(plan, &Options::of(request), template)
}

/// A plan and its warnings, or an error, as text.
#[must_use]
pub fn planned<A: Into<OsString>>(words: impl IntoIterator<Item = A>, facts: &Facts, template: &Template) -> String {
    match request(words) {
        Err(Refusal::Show(text) | Refusal::Help(text)) => text,
        Err(Refusal::Usage(error)) => told(&[Message::new(&error, error.hint())]),
        Ok(request) => match plan(&request, facts, template) {
            Err(error) => told(&error.messages()),
            Ok(plan) => plan.to_string() + &told(&request.rules.messages(&plan.warnings)),
        },
    }
}

/// The lines of messages, one for each message and each hint.
#[must_use]
pub fn told(messages: &[Message]) -> String {
    let own = format!("{PROGRAM}: ");
    messages.iter().map(Message::lines).map(|lines| lines.replace(&format!("\n{own}"), "\n").replacen(&own, "", 1)).collect()
}
