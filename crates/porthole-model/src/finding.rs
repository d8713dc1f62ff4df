//! What an analysis found: findings with their evidence, and which checks ran.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Gap, Mend, Timestamp};

/// A check's stable code: `PH012`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckCode(pub u16);

impl fmt::Display for CheckCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PH{:03}", self.0)
    }
}

impl std::str::FromStr for CheckCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("PH").or_else(|| text.strip_prefix("ph")).unwrap_or(text);
        let number = digits.parse().map_err(|_| format!("{text:?} is not a code such as PH012"))?;
        Ok(Self(number))
    }
}

impl Serialize for CheckCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CheckCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is broken.
    Note,
    /// Works now, but is risky or broken for some.
    Warning,
    /// Broken.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The evidence admits other causes.
    Likely,
    /// The evidence admits no other cause.
    Certain,
}

/// What a finding concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Its kind.
    pub kind: SubjectKind,
    /// Its name: a container's, a network's, `8080/tcp` of a container, the host's.
    pub name: String,
}

/// The kinds of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// The host.
    Host,
    /// The engine.
    Engine,
    /// A network.
    Network,
    /// A container.
    Container,
    /// A published port.
    Port,
}

/// One thing that was read or tried and that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it was read: `sysctl net.ipv4.ip_forward`, `container web, NetworkSettings.Ports`.
    pub source: String,
    /// What stood there.
    pub observed: String,
}

/// A way to mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// What it does, as a sentence.
    pub explanation: String,
    /// The commands, in order; may be empty when words must do.
    pub commands: Vec<String>,
    /// The same as what porthole may do itself; only where it is safe and can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<Mend>,
}

impl Remedy {
    /// A way that is shown, and left to a person.
    pub fn by_hand(explanation: impl Into<String>, commands: Vec<String>) -> Self {
        Self { explanation: explanation.into(), commands, mend: None }
    }
}

/// One cause, found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The check that found it.
    pub code: CheckCode,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it concerns.
    pub subject: Subject,
    /// One sentence that a beginner understands.
    pub summary: String,
    /// What it rests on; never empty.
    pub evidence: Vec<Evidence>,
    /// Ways to mend it.
    pub remedies: Vec<Remedy>,
    /// Findings that this one explains.
    pub explains: Vec<Finding>,
}

/// What one check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    /// The check.
    pub code: CheckCode,
    /// Its title.
    pub title: String,
    /// What it came to.
    pub result: CheckResult,
}

/// The outcomes of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    /// It ran and found this many things.
    Ran {
        /// The number of findings, folded ones too.
        findings: usize,
        /// Parts it could not look at.
        gaps: Vec<Gap>,
    },
    /// It did not run.
    Skipped(Gap),
}

/// What a diagnosis came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When the facts were read.
    pub observed_at: Timestamp,
    /// The host, in a phrase: name, system, kernel.
    pub host: String,
    /// The engine, in a phrase, or why there is none.
    pub engine: Result<String, Gap>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// Every check, by code.
    pub checks: Vec<CheckOutcome>,
}

impl Report {
    /// The worst severity found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}
