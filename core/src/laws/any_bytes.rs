//! The laws that take any bytes: one for everything that comes from outside. Each is a fuzz target, and the test-suite puts what
//! the fuzzers found worth keeping through them again.

use super::law::{BrokenLaw, Outcome, law};
use super::lexer::lex;
use super::memory::can_be_made;
use super::sample;
use super::script_words::{is_substituted, parts, say_what_was_asked};
use super::smallest::{prefixed_text_is_one_word, quoted_text_is_one_word};
use crate::cli::{self, Invocation, PlanSource, Program, Refusal, Site, UsageError};
use crate::escape::is_printable;
use crate::execline::{Script, Text, Word, Wrapper};
use crate::facts::Facts;
use crate::options::Options;
use crate::path::TreePath;
use crate::plan::{Plan, plan};
use crate::request::Request;
use crate::rules::{Rule, Settings};
use crate::target::ShebangDir;
use crate::template::Template;
use crate::wire::{Job, PlanDocument, TemplateDigest, TemplateRecord};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Display;
use std::ffi::OsString;
#[cfg(unix)]
use std::os::unix::ffi::OsStringExt as _;
#[cfg(target_os = "wasi")]
use std::os::wasi::ffi::OsStringExt as _;

/// A law for any bytes.
pub type AnyBytes = fn(&[u8]) -> Result<Outcome, BrokenLaw>;

/// Every law for any bytes, by the name of its fuzz target.
pub const ANY_BYTES: [(&str, AnyBytes); 5] =
    [("argv", command_line), ("job", job_document), ("plan", plan_document), ("quoting", quoting), ("record", record_document)];

/// A site with both defaults.
const DEBIAN: Site = Site::new(Some("2.13"), Some("debian"));

/// An option that one program has beside the common ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
struct OneOption {
    #[arg(long)]
    own: Option<OsString>,
}

/// Words of a command line, a NUL between two: there is a request, whose plans are as plans must be, or there is a refusal that can
/// be shown. What one program takes of it, another one of this project reads the same.
pub fn command_line(bytes: &[u8]) -> Result<Outcome, BrokenLaw> {
    let typed = bytes.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec()));
    let words: Vec<OsString> = core::iter::once(OsString::from("s6-instance-maker")).chain(typed).collect();
    for site in [Site::NONE, DEBIAN] {
        let program = Program { name: "other", site, ..Program::MAKER };
        let parsed = cli::parse::<OneOption>(program, words.clone());
        let meaning = parsed.as_ref().map(|parsed| (&parsed.invocation, &parsed.own));
        let by_grammar = cli::parse_any::<OneOption>(program, words.clone());
        let by_grammar = by_grammar.as_ref().map(|parsed| (&parsed.invocation, &parsed.own));
        law(meaning == by_grammar, "a short command line means what the grammar says", &words)?;
        if let Ok(parsed) = parsed
            && site == Site::NONE
        {
            let common = cli::parse_common(parsed.common.clone());
            law(common.as_ref() == Ok(&parsed.invocation), "the common words mean the same", &parsed.common)?;
        }
    }
    let invocation = match cli::parse_common(words.clone()) {
        Ok(invocation) => invocation,
        Err(Refusal::Show(text) | Refusal::Help(text)) => return lines_are_shown(&text).map(|()| Outcome::Refused),
        Err(Refusal::Usage(error)) => return usage_is_shown(&error).map(|()| Outcome::Refused),
    };
    let Ok(request) = invocation.source.into_request() else { return Ok(Outcome::Refused) };
    let beside_plan =
        words.iter().take(1).cloned().chain([OsString::from("--apply-plan=plan")]).chain(words.iter().skip(1).cloned());
    if let Ok(Invocation { source: PlanSource::Document { expected, .. }, .. }) = cli::parse_common(beside_plan)
        && request.idle_logger_options.is_empty()
    {
        law(expected.require(&Options::of(&request)) == Ok(()), "a command line fits its own options", &words)?;
    }
    // More instances differ from these in nothing but their number, and each is a copy of the template.
    if request.shape.instances().is_some_and(|instances| instances.iter().len() > INSTANCES_MAX) {
        return Ok(Outcome::Refused);
    }
    let mut held = Outcome::Refused;
    for facts in sample::callers() {
        if let Outcome::Accepted = planned(&request, &facts, &sample::template())? {
            held = Outcome::Accepted;
        }
    }
    Ok(held)
}

/// A document: it is a job, which says the same when it is written again and can be planned, or there is a refusal that can be
/// shown.
pub fn job_document(bytes: &[u8]) -> Result<Outcome, BrokenLaw> {
    let job = match Job::decode(bytes) {
        Ok(job) => job,
        Err(error) => return is_one_line(&error).map(|()| Outcome::Refused),
    };
    let text = Job::encode(&job.instances, &job.facts, &job.template);
    law(Job::decode(&text).as_ref() == Ok(&job), "a job that is written again is the same", &job)?;
    law(text.ends_with(b"\n") && text.iter().filter(|&&byte| byte == b'\n').count() == 1, "a job is one line", &job)?;
    let mut held = Outcome::Refused;
    for words in REQUESTS {
        // Most templates of any bytes cannot work; the plans that `--allow` gives for them are examined all the same.
        let allowed = Rule::ALL.into_iter().filter(|_| words.len() > 2).map(|rule| format!("--allow={}", rule.id()));
        let words = core::iter::once(String::from("s6-instance-maker"))
            .chain(allowed)
            .chain(words.iter().map(|word| String::from(*word)));
        let words = words.map(OsString::from);
        // They are, or the law would say so: nothing is passed over silently.
        let request = cli::parse_common(words).ok().and_then(|invocation| invocation.source.into_request().ok());
        let Some(mut request) = request else {
            return Err(BrokenLaw { what: "the laws' own requests are ones", about: format!("{job:?}") });
        };
        if request.declare(&job.instances).is_err() {
            continue;
        }
        if let Outcome::Accepted = planned(&request, &job.facts, &job.template)? {
            held = Outcome::Accepted;
        }
    }
    Ok(held)
}

/// The number of instances up to which a plan is made.
const INSTANCES_MAX: usize = 100;

/// The requests that are combined with any job: each shape, with a logger and without, as the caller and as a user.
const REQUESTS: &[&[&str]] = &[
    &["t", "d"],
    &["--fix-modes", "t", "d"],
    &["-c7", "-u", "www-data", "-L/l", "-l33:4", "t", "d"],
    &["-u7:8", "-rsvc", "t", "d"],
    &["-rsvc", "--static", "--count", "2", "--instance", "a$b", "t", "d"],
    &["-u7:8", "-rsvc", "--static", "--count", "0", "t", "d"],
    &["-u7:8", "-rsvc/log/pipe", "-L/l", "--static", "--count", "1", "--instance", "run", "--depends-on", "net", "t", "d"],
    &["-c16001", "-u", "nobody-here", "-rsvc/log/pipe", "-L/l", "-Pa b", "t", "d"],
];

/// A document: it is a plan, which says the same when it is written again, and which can be made beneath one directory, giving
/// nobody more than the template does, or is refused; or there is a refusal that can be shown.
pub fn plan_document(bytes: &[u8]) -> Result<Outcome, BrokenLaw> {
    let PlanDocument { plan, options, template: digest } = match PlanDocument::decode(bytes) {
        Ok(document) => document,
        Err(error) => return is_one_line(&error).map(|()| Outcome::Refused),
    };
    let text = digest.to_string();
    let is_digest = text.len() == 64 && bytes.windows(64).any(|window| window == text.as_bytes());
    // JSON may write any character as an escape.
    law(is_digest || bytes.contains(&b'\\'), "the digest is the one that was read", &text)?;
    let template = sample::template();
    is_written_and_read(&plan, &options, &template)?;
    tells(&plan)?;
    let mut held = Outcome::Refused;
    for facts in sample::callers() {
        match plan.check(&facts, &template) {
            Ok(()) => {
                can_be_made(&plan, &facts, &template)?;
                held = Outcome::Accepted;
            }
            Err(violation) => is_one_line(&violation)?,
        }
    }
    Ok(held)
}

/// Any text, in every place of a script that a user can fill: the script has the words that were meant, or the text is refused.
pub fn quoting(bytes: &[u8]) -> Result<Outcome, BrokenLaw> {
    // As a script it has words or it has none; and these, quoted, are the same words.
    if let Ok(words) = lex(bytes) {
        let texts: Vec<Text> = words.iter().filter_map(|word| Text::new(word.as_slice()).ok()).collect();
        if texts.len() == words.len() {
            let again = texts.iter().map(|text| Word::quoted(text).as_bytes().to_vec()).collect::<Vec<_>>().join(&b' ');
            law(lex(&again) == Ok(words), "words that are quoted are the same words", &again)?;
        }
    }
    let text = match Text::new(bytes) {
        Ok(text) => text,
        Err(error) => {
            law(bytes.contains(&0), "only a NUL is refused", &bytes)?;
            return is_one_line(&error).map(|()| Outcome::Refused);
        }
    };
    law(!bytes.contains(&0), "a NUL is refused", &bytes)?;
    law(quoted_text_is_one_word(&text), "a quoted text is one word", &text)?;
    law(prefixed_text_is_one_word(&text), "a text behind a prefix is one word", &text)?;
    law(Word::quoted(&text).as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~')), "a quoted text is printable", &text)?;
    let shebang = match ShebangDir::new(b"/bin") {
        Ok(shebang) => shebang,
        // Never, for that directory.
        Err(error) => return Err(BrokenLaw { what: "there is an interpreter", about: error.to_string() }),
    };
    let mut script = Script::new(&shebang);
    script.line([Word::literal("a"), Word::quoted(&text), Word::prefixed("p", &text), Word::literal("z")]);
    script.line([Word::quoted(&text)]);
    let prefixed = [b"p", bytes].concat();
    let expected = [b"a", bytes, &prefixed, b"z", bytes].map(<[u8]>::to_vec).to_vec();
    law(lex(&script.into_bytes()) == Ok(expected), "a script has the words that were put there", &text)?;
    match Wrapper::finish(&shebang, None, "./x", Word::quoted(&text)) {
        Err(error) => is_one_line(&error)?,
        Ok(wrapper) => {
            let expected = [b"./x".as_slice(), b"$1", b"$2", bytes, b"$@"].map(<[u8]>::to_vec).to_vec();
            law(lex(&wrapper.into_bytes()) == Ok(expected), "a finish script has the words that were put there", &text)?;
            law(!is_substituted(bytes), "the words of a finish script stay as they are", &text)?;
        }
    }
    match Wrapper::new(&shebang, [Word::literal("a"), Word::quoted(&text)], "./x") {
        Err(error) => is_one_line(&error)?,
        Ok(wrapper) => {
            let expected = [b"a", bytes, b"./x", b"$@"].map(<[u8]>::to_vec).to_vec();
            law(lex(&wrapper.into_bytes()) == Ok(expected), "a wrapper has the words that were put there", &text)?;
            law(!is_substituted(bytes), "a wrapper's words stay as they are", &text)?;
        }
    }
    Ok(Outcome::Accepted)
}

/// A document: it is the record of a template, which says the same when it is written again, and has one name; or there is a
/// refusal that can be shown.
pub fn record_document(bytes: &[u8]) -> Result<Outcome, BrokenLaw> {
    let version = match TemplateRecord::decode(bytes) {
        Ok(version) => version,
        Err(error) => return is_one_line(&error).map(|()| Outcome::Refused),
    };
    let text = TemplateRecord::encode(&version);
    law(TemplateRecord::decode(&text).as_ref() == Ok(&version), "a record that is written again is the same", &version)?;
    law(text.ends_with(b"\n") && text.iter().filter(|&&byte| byte == b'\n').count() == 1, "a record is one line", &version)?;
    let name = TemplateRecord::name(&version);
    let digits = name.as_bytes().strip_prefix(b"template-").unwrap_or_default();
    let is_name = digits.len() == 16 && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    law(is_name, "a record has the name of one", &name)?;
    let in_order = version.0.keys().is_sorted_by(|one, next| one < next);
    law(in_order && !version.0.keys().any(TreePath::is_root), "a record has the entries below a root", &version)?;
    Ok(Outcome::Accepted)
}

/// A plan for this template is the same each time, says what was asked for, passes its check, can be made, and can be written and
/// read; or there is none, and it can be said why.
fn planned(request: &Request, facts: &Facts, template: &Template) -> Result<Outcome, BrokenLaw> {
    let first = plan(request, facts, template);
    law(first == plan(request, facts, template), "planning twice gives the same", request)?;
    let plan = match first {
        Ok(plan) => plan,
        Err(error) => return is_one_line(&error).map(|()| Outcome::Refused),
    };
    law(plan.parts().count() == parts(&request.shape, template), "a plan has its parts", request)?;
    law(plan.is_in_shape(&request.shape), "a plan is in the shape that was asked for", request)?;
    law(plan.check(facts, template) == Ok(()), "a plan of ours passes the check", &plan)?;
    say_what_was_asked(&plan, request, template)?;
    can_be_made(&plan, facts, template)?;
    is_written_and_read(&plan, &Options::of(request).given(), template)?;
    tells(&plan)?;
    Ok(Outcome::Accepted)
}

fn is_written_and_read(plan: &Plan, options: &Options, template: &Template) -> Result<(), BrokenLaw> {
    let text = PlanDocument::encode(plan, options, template);
    let document = PlanDocument { plan: plan.clone(), options: options.clone(), template: TemplateDigest::of(template) };
    law(PlanDocument::decode(&text) == Ok(document), "a plan that is written and read is the same", plan)?;
    law(text.ends_with(b"\n") && text.iter().filter(|&&byte| byte == b'\n').count() == 1, "a plan is one line", plan)
}

/// Fails when a message about a plan cannot be shown.
fn tells(plan: &Plan) -> Result<(), BrokenLaw> {
    Settings::default().messages(&plan.warnings).iter().try_for_each(|message| {
        is_one_line(&message.text)?;
        message.hint.as_ref().map_or(Ok(()), |hint| is_one_line(hint))
    })?;
    lines_are_shown(&plan.to_string())
}

fn usage_is_shown(error: &UsageError) -> Result<(), BrokenLaw> {
    is_one_line(error)?;
    error.hint().map_or(Ok(()), |hint| is_one_line(&hint))
}

/// A message has no control characters, and nothing else that makes a line lie.
fn is_one_line(message: &dyn Display) -> Result<(), BrokenLaw> {
    let message = message.to_string();
    law(is_printable(&message) && !message.is_empty(), "a message can be shown", &message)
}

fn lines_are_shown(text: &str) -> Result<(), BrokenLaw> {
    text.lines()
        .flat_map(|line| line.split('\t'))
        .try_for_each(|line| law(is_printable(line), "every line can be shown", &line))
}
