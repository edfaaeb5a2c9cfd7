//! Settings: which findings are accepted, and which are fatal.

use super::finding::{self, Finding, Findings};
use super::level::Level;
use super::remedy::Remedy;
use super::table::Rule;
use crate::message::Message;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// The treatment of findings by a command line, for its own findings and those of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The rules whose findings are accepted.
    pub allowed: BTreeSet<Rule>,
    /// The treatment of warnings.
    pub severity: Severity,
    /// The remedies that the command line has already.
    pub followed: BTreeSet<Remedy>,
}

/// The treatment of warnings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// They are reported.
    #[default]
    Usual,
    /// They are errors.
    Strict,
}

impl Settings {
    /// Leaves out what is accepted, and returns the rest if it is warnings only.
    ///
    /// # Errors
    ///
    /// All findings that are not accepted, where one of them is an error.
    pub fn judge(&self, findings: Vec<Finding>) -> Result<Vec<Finding>, Findings> {
        let refuses = self.refuses(&findings);
        let rest = findings.into_iter().filter(|finding| !self.accepts(finding));
        let rest: Vec<Finding> = rest.map(|finding| Finding { level: self.level(&finding), ..finding }).collect();
        if refuses { Err(Findings::new(rest, self.followed.clone())) } else { Ok(rest) }
    }

    /// Returns `true` if one of them is an error that is not accepted.
    #[must_use]
    pub fn refuses(&self, findings: &[Finding]) -> bool {
        findings.iter().any(|finding| !self.accepts(finding) && self.level(finding) == Level::Error)
    }

    fn accepts(&self, finding: &Finding) -> bool {
        self.allowed.contains(&finding.rule())
    }

    fn level(&self, finding: &Finding) -> Level {
        match self.severity {
            Severity::Usual => finding.level,
            Severity::Strict => Level::Error,
        }
    }

    /// Returns the messages about findings, errors first. Equal findings are reported once, with their number, and a few for each
    /// rule.
    #[must_use]
    pub fn messages(&self, findings: &[Finding]) -> Vec<Message> {
        finding::messages(findings, &self.followed)
    }
}
