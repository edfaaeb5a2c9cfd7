//! Findings taken apart for documents, and put together again.

use super::control::ControlFile;
use super::finding::Finding;
use super::problem::{DeniedAccess, LinkDestination, Problem, S6RcSeries, ServiceKind, StaticProblem, Tally};
use super::script::{Fault, Part, Script};
use super::table::Rule;
use crate::account::{Account, AccountName};
use crate::definition::DependencyName;
use crate::layout::{DOWN, LOCK_FD, LOG, RUN, S6_RC_FILES, TYPE};
use crate::logging::LOGGER_OPTIONS;
use crate::number;
use crate::path::{Name, TreePath};
use crate::target::S6Version;
use crate::tree::Mode;
use alloc::string::ToString as _;
use alloc::vec::Vec;

/// A finding taken apart, for documents: [`Finding::from_parts`] puts it together again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingParts {
    /// The rule's id.
    pub id: &'static str,
    /// The subject: a path in the template, options with blanks between them, a number, a version, a mode or a name.
    pub subject: Vec<u8>,
    /// A detail. `None`: there is none.
    pub detail: Option<Vec<u8>>,
}

impl Finding {
    /// Takes the finding apart. Its level is not a part: a document has warnings only.
    #[must_use]
    pub fn to_parts(&self) -> FindingParts {
        let problem = &self.problem;
        let path = problem.path().map(|path| path.as_bytes().to_vec());
        let subject = match problem {
            Problem::IdleLoggerOptions(options) => options.join(" ").into_bytes(),
            Problem::LogFileSize(given) => given.to_string().into_bytes(),
            Problem::NewerS6(given) => given.to_string().into_bytes(),
            Problem::WritableScripts(umask) => umask.to_string().into_bytes(),
            Problem::UnknownAccount(name) => name.as_bytes().to_vec(),
            Problem::CapacityNeedsSlots(given) => given.to_string().into_bytes(),
            Problem::EssentialDependencies(names) => {
                let names: Vec<&[u8]> = names.iter().map(|name| name.as_name().as_bytes()).collect();
                names.join(b"/".as_slice())
            }
            Problem::StagingLeft(text) | Problem::WouldBeRefused(text) => text.clone().into_bytes(),
            Problem::InstanceEdited(name, _) => name.as_name().as_bytes().to_vec(),
            // Everything else is about a path, or about nothing that has a name.
            _ => path.unwrap_or_default(),
        };
        let detail = match problem {
            Problem::Script(_, fault) => fault.detail().to_vec(),
            Problem::Link { target, .. } => target.clone(),
            Problem::ControlFile(_, value) => value.clone(),
            Problem::LockFdShared(_, descriptor) => descriptor.to_string().into_bytes(),
            Problem::LockFdTooNew(_, version) => version.to_string().into_bytes(),
            Problem::SharedLogDirectory(directory) => directory.clone(),
            Problem::UserCannot(denied) => denied.word().to_vec(),
            Problem::Static(problem, _) => problem.detail(),
            Problem::NotALongrun(kind) => kind.word().to_vec(),
            Problem::Tally(_, _, count) => count.to_string().into_bytes(),
            Problem::S6RcDefinition(names) => {
                let others: Vec<&[u8]> = names.iter().skip(1).map(Name::as_bytes).collect();
                others.join(b", ".as_slice())
            }
            _ => Vec::new(),
        };
        FindingParts { id: self.rule().id(), subject, detail: (!detail.is_empty()).then_some(detail) }
    }

    /// The warning that came apart into these; none where no warning does.
    #[must_use]
    pub fn from_parts(id: &str, subject: Option<&[u8]>, detail: Option<&[u8]>) -> Option<Self> {
        // None and an empty one are the same: there is one form for each.
        if detail.is_some_and(<[u8]>::is_empty) {
            return None;
        }
        let rule = Rule::parse(id.as_bytes())?;
        problem(rule, subject?, detail.unwrap_or_default()).map(Self::warning)
    }
}

fn problem(rule: Rule, subject: &[u8], detail: &[u8]) -> Option<Problem> {
    let path = || TreePath::parse(subject).ok();
    let part = |name: &Name| Part::ALL.into_iter().find(|part| part.path(name).as_bytes() == subject);
    let plain = |problem: Option<Problem>| problem.filter(|_| detail.is_empty());
    let exactly = |place: TreePath, problem| (place.as_bytes() == subject).then_some(problem);
    match rule {
        Rule::RunMissing => plain(exactly(Part::Service.path(&RUN), Problem::Missing(Part::Service))),
        Rule::LogRunMissing => plain(exactly(Part::Logger.path(&RUN), Problem::Missing(Part::Logger))),
        Rule::LogNotADirectory => plain(exactly(LOG, Problem::LogNotADirectory)),
        Rule::LinkLeavesTemplate => {
            Some(Problem::Link { path: path()?, target: detail.to_vec(), destination: LinkDestination::Outside })
        }
        Rule::AbsoluteLink => {
            Some(Problem::Link { path: path()?, target: detail.to_vec(), destination: LinkDestination::Absolute })
        }
        Rule::LinkDangling => {
            Some(Problem::Link { path: path()?, target: detail.to_vec(), destination: LinkDestination::Nowhere })
        }
        Rule::ControlFileInvalid => Some(Problem::ControlFile(ControlFile::at(subject)?, detail.to_vec())),
        Rule::LockFdEqualsNotificationFd => {
            Some(Problem::LockFdShared(part(&LOCK_FD)?, u32::try_from(number::parse(detail)?).ok()?))
        }
        Rule::LockFdNeedsNewerS6 => Some(Problem::LockFdTooNew(part(&LOCK_FD)?, S6Version::parse(detail).ok()?)),
        Rule::StateLeftBehind => plain(path().map(Problem::StateLeftBehind)),
        Rule::StateInTheWay => plain(path().map(Problem::StateInTheWay)),
        Rule::StartsDown => plain(part(&DOWN).map(Problem::StartsDown)),
        Rule::InstanceNameUnused => plain(exactly(RUN.into(), Problem::InstanceNameUnused)),
        Rule::SharedLogDirectory => exactly(Part::Logger.path(&RUN), Problem::SharedLogDirectory(detail.to_vec())),
        Rule::NotReadableByUser => DeniedAccess::of(subject, detail).map(Problem::UserCannot),
        Rule::OthersCanWrite => plain(path().map(Problem::OthersCanWrite)),
        Rule::CheckMissing => {
            let part = Part::ALL.into_iter().find(|part| Script::check(*part).path().as_bytes() == subject);
            plain(part.map(Problem::CheckMissing))
        }
        Rule::NotALongrun => exactly(TYPE.into(), Problem::NotALongrun(ServiceKind::of(detail)?)),
        Rule::S6RcDefinition => definition(subject, detail),
        Rule::IdleLoggerOptions => plain(idle_logger_options(subject)),
        Rule::LogFileSize => plain(number::parse(subject).and_then(|size| u32::try_from(size).ok()).map(Problem::LogFileSize)),
        Rule::NewerS6 => plain(S6Version::parse(subject).ok().map(Problem::NewerS6)),
        Rule::WritableScripts => plain(Mode::parse(subject).map(Problem::WritableScripts)),
        Rule::UnknownAccount => plain(account(subject).map(Problem::UnknownAccount)),
        Rule::UserWritable => plain(path().map(Problem::UserWritable)),
        Rule::StaticEntryIgnored
        | Rule::StaticNeedsNewerS6Rc
        | Rule::StaticLinkBreaks
        | Rule::StaticNamesParent
        | Rule::StaticNameFromDirectory
        | Rule::StaticOpensDirectory => Some(Problem::Static(StaticProblem::of(rule, detail)?, path()?)),
        // Errors only, and a document has warnings.
        Rule::StaticNameTaken | Rule::StaticDataNotADirectory | Rule::StaticUserWritable => None,
        Rule::LinkToWrapped => plain(path().map(Problem::LinkToWrapped)),
        Rule::SetIdDropped => plain(path().map(Problem::SetIdDropped)),
        Rule::EmptyUser => plain(subject.is_empty().then_some(Problem::EmptyUser)),
        Rule::EssentialDependencies => {
            let names = subject.split(|&byte| byte == b'/').map(|name| DependencyName::new(name).ok());
            plain(names.collect::<Option<_>>().map(Problem::EssentialDependencies))
        }
        Rule::CapacityNeedsSlots => {
            plain(number::parse(subject).and_then(|given| u32::try_from(given).ok()).map(Problem::CapacityNeedsSlots))
        }
        // Found where a plan is carried out, and so never in a document.
        Rule::PlaceChangesRights | Rule::NoExec | Rule::StagingLeft | Rule::WouldBeRefused | Rule::InstanceEdited => None,
        // Found beside a template's manifest, of which plans are made.
        Rule::AclNotCopied | Rule::CapabilityNotCopied | Rule::AttributeNotCopied => None,
        _ => match Tally::ALL.into_iter().find(|tally| tally.rule() == rule) {
            Some(tally) => Some(Problem::Tally(tally, path()?, number::parse(detail)?)),
            None => {
                let script = Script::at(subject)?;
                let fault = Fault::of(rule, detail.to_vec())?;
                (fault.rule(script) == rule).then_some(Problem::Script(script, fault))
            }
        },
    }
}

fn definition(subject: &[u8], detail: &[u8]) -> Option<Problem> {
    let others = detail.split(|&byte| byte == b',').filter(|_| !detail.is_empty());
    let others = others.enumerate().map(|(index, name)| if index == 0 { Some(name) } else { name.strip_prefix(b" ") });
    let known = |name: &[u8]| S6_RC_FILES.into_iter().find(|known| known.as_bytes() == name);
    let names = core::iter::once(Some(subject)).chain(others).map(|name| known(name?));
    names.collect::<Option<_>>().map(Problem::S6RcDefinition)
}

/// Each option once, in their order, however often a document has it.
fn idle_logger_options(subject: &[u8]) -> Option<Problem> {
    let words = || subject.split(|&byte| byte == b' ');
    let is_known = |word: &[u8]| LOGGER_OPTIONS.iter().any(|option| option.as_bytes() == word);
    let given = |option: &&str| words().any(|word| word == option.as_bytes());
    words().all(is_known).then(|| Problem::IdleLoggerOptions(LOGGER_OPTIONS.into_iter().filter(given).collect()))
}

fn account(name: &[u8]) -> Option<AccountName> {
    match Account::parse(name) {
        Ok(Account::Named(name)) => Some(name),
        _ => None,
    }
}

impl ServiceKind {
    /// The word for it in the file `type`.
    const fn word(self) -> &'static [u8] {
        match self {
            Self::Oneshot => b"oneshot",
            Self::Bundle => b"bundle",
        }
    }

    fn of(word: &[u8]) -> Option<Self> {
        [Self::Oneshot, Self::Bundle].into_iter().find(|kind| kind.word() == word)
    }
}

impl StaticProblem {
    /// The detail in a document.
    fn detail(&self) -> Vec<u8> {
        match self {
            Self::NeedsNewer(series) => series.number().into(),
            Self::Value(text) | Self::LinkBreaks(text) | Self::NamesParent(text) => text.clone(),
            Self::Opened(mode) => mode.to_string().into_bytes(),
            Self::Ignored
            | Self::NameTaken
            | Self::NotADirectory
            | Self::LogNotADirectory
            | Self::NameFromDirectory
            | Self::UserWritable => Vec::new(),
        }
    }

    /// The problem that `rule` finds and `detail` says more about.
    fn of(rule: Rule, detail: &[u8]) -> Option<Self> {
        let plain = |problem| detail.is_empty().then_some(problem);
        match rule {
            Rule::StaticEntryIgnored => plain(Self::Ignored),
            Rule::StaticNameFromDirectory => plain(Self::NameFromDirectory),
            Rule::StaticNeedsNewerS6Rc => {
                let series = [S6RcSeries::V0_6_1, S6RcSeries::V0_7];
                series.into_iter().find(|series| series.number().as_bytes() == detail).map(Self::NeedsNewer)
            }
            Rule::StaticLinkBreaks => Some(Self::LinkBreaks(detail.to_vec())),
            Rule::StaticNamesParent => Some(Self::NamesParent(detail.to_vec())),
            Rule::StaticOpensDirectory => Mode::parse(detail).map(Self::Opened),
            _ => None,
        }
    }
}

impl DeniedAccess {
    /// The word for it in documents.
    const fn word(&self) -> &'static [u8] {
        match self {
            Self::Execute(_) => b"execute",
            Self::Read(_) => b"read",
            Self::Pass(_) => b"pass",
            Self::Open(_) => b"use",
        }
    }

    fn of(subject: &[u8], detail: &[u8]) -> Option<Self> {
        let path = || TreePath::parse(subject).ok();
        match detail {
            b"execute" => Script::at(subject).map(Self::Execute),
            b"read" => Script::at(subject).map(Self::Read),
            b"pass" => path().map(Self::Pass),
            b"use" => path().map(Self::Open),
            _ => None,
        }
    }
}
