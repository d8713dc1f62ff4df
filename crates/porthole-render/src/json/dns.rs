//! The way of a name, as JSON.

use std::net::IpAddr;

use porthole_model::{
    DnsLadder, DnsName, DnsOutcome, DnsProbe, DnsRung, DnsRungKind, DnsRungState, DnsTry, DnsVerdict,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::gap::MissingFact;
use super::report::{EvidenceItem, RemedyItem, SeverityWord};
use super::{SCHEMA_VERSION, pretty};

/// The way of a name from a container: its rungs, what was looked up, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole dns")]
pub struct DnsDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// Whose names were looked into: `container web`, `network app`, `process 4711`.
    pub subject: String,
    /// The engine: `Docker 28.5.2`; null of a process.
    pub engine: Option<String>,
    /// From the container outwards.
    pub rungs: Vec<DnsRungItem>,
    /// What was looked up.
    pub names: Vec<DnsNameItem>,
    /// What is wrong, the cause first; empty where names are found.
    pub verdicts: Vec<DnsVerdictItem>,
    /// What could not be read or asked.
    pub gaps: Vec<MissingFact>,
}

/// A rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DnsRungItem {
    /// `resolver_file`, `hosts_file`, `embedded_resolver`, `redirect`, `engine_sockets`, `name_server`, `forwarder`,
    /// `host_resolver`.
    pub kind: &'static str,
    /// What it is here.
    pub title: String,
    /// `good`, `poor`, `failed` or `unknown`.
    pub state: &'static str,
    /// What was read there, in words.
    pub notes: Vec<String>,
    /// What was asked there.
    pub probes: Vec<DnsProbeItem>,
}

/// A question that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DnsProbeItem {
    /// `container` or `host`: the network namespace that it was asked from.
    pub from: &'static str,
    /// The server's address.
    pub server: String,
    /// The server's port.
    pub port: u16,
    /// `udp` or `tcp`.
    pub over: String,
    /// The name that was asked for.
    pub name: String,
    /// `A` or `AAAA`.
    pub record: String,
    /// What came of it.
    pub outcome: DnsOutcomeItem,
    /// How long that took.
    pub took_microseconds: u64,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DnsOutcomeItem {
    /// The kind of outcome.
    pub outcome: DnsOutcomeWord,
    /// The response code of an answer: `NOERROR`, `NXDOMAIN`, ….
    pub code: Option<String>,
    /// The addresses in an answer.
    pub addresses: Vec<IpAddr>,
    /// The names that the name stands for.
    pub aliases: Vec<String>,
    /// Whether an answer did not fit its datagram.
    pub truncated: bool,
    /// What stood in the way, in words.
    pub words: Option<String>,
}

/// The kinds of outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DnsOutcomeWord {
    /// The server answered.
    Answered,
    /// No answer in time.
    Silent,
    /// Nobody listens there.
    Refused,
    /// The question does not get there.
    Unreachable,
    /// What came is no answer.
    Garbage,
    /// Another address than was asked answered.
    Stranger,
    /// It was not asked.
    NotAsked,
}

/// A name that was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DnsNameItem {
    /// As it was asked for.
    pub name: String,
    /// What it is: `container db`, `outside`.
    pub what: String,
    /// What the hosts file says.
    pub in_hosts_file: Vec<IpAddr>,
    /// The full names in the order in which glibc tries them.
    pub tried: Vec<DnsTryItem>,
    /// The full names that musl tries, where they are others.
    pub with_musl: Option<Vec<String>>,
    /// The addresses that a program gets.
    pub addresses: Vec<IpAddr>,
}

/// A full name, and what the container's servers say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DnsTryItem {
    /// The full name.
    pub name: String,
    /// What came of the IPv4 question; null where it was not asked.
    pub a: Option<DnsOutcomeItem>,
    /// What came of the IPv6 question; null where it was not asked.
    pub aaaa: Option<DnsOutcomeItem>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DnsVerdictItem {
    /// The rung that is broken; `name` where it is the name itself.
    pub rung: &'static str,
    /// How bad it is.
    pub severity: SeverityWord,
    /// One sentence.
    pub summary: String,
    /// What it rests on.
    pub evidence: Vec<EvidenceItem>,
    /// Ways to mend it.
    pub remedies: Vec<RemedyItem>,
}

/// A ladder as JSON.
pub fn dns(ladder: &DnsLadder) -> String {
    pretty(&DnsDocument {
        schema_version: SCHEMA_VERSION,
        subject: ladder.subject.clone(),
        engine: ladder.engine.clone(),
        rungs: ladder.rungs.iter().map(rung).collect(),
        names: ladder.names.iter().map(name).collect(),
        verdicts: ladder.verdicts.iter().map(verdict).collect(),
        gaps: ladder.gaps.iter().map(|gap| MissingFact::at(None, gap)).collect(),
    })
}

fn rung(rung: &DnsRung) -> DnsRungItem {
    DnsRungItem {
        kind: kind(rung.kind),
        title: rung.title.clone(),
        state: match rung.state {
            DnsRungState::Good => "good",
            DnsRungState::Poor => "poor",
            DnsRungState::Failed => "failed",
            DnsRungState::Unknown => "unknown",
        },
        notes: rung.notes.clone(),
        probes: rung.probes.iter().map(probe).collect(),
    }
}

fn kind(kind: DnsRungKind) -> &'static str {
    match kind {
        DnsRungKind::ResolverFile => "resolver_file",
        DnsRungKind::HostsFile => "hosts_file",
        DnsRungKind::EmbeddedResolver => "embedded_resolver",
        DnsRungKind::Redirect => "redirect",
        DnsRungKind::EngineSockets => "engine_sockets",
        DnsRungKind::NameServer => "name_server",
        DnsRungKind::Forwarder => "forwarder",
        DnsRungKind::HostResolver => "host_resolver",
        DnsRungKind::Name => "name",
    }
}

fn probe(probe: &DnsProbe) -> DnsProbeItem {
    DnsProbeItem {
        from: match probe.from {
            porthole_model::DnsVantage::Container => "container",
            porthole_model::DnsVantage::Host => "host",
        },
        server: probe.server.to_string(),
        port: probe.port.0,
        over: probe.over.to_string(),
        name: probe.question.name.clone(),
        record: probe.question.kind.to_string(),
        outcome: outcome(&probe.outcome),
        took_microseconds: probe.took,
    }
}

fn outcome(outcome: &DnsOutcome) -> DnsOutcomeItem {
    let (word, words) = match outcome {
        DnsOutcome::Answered(_) => (DnsOutcomeWord::Answered, None),
        DnsOutcome::Silent => (DnsOutcomeWord::Silent, None),
        DnsOutcome::Refused => (DnsOutcomeWord::Refused, None),
        DnsOutcome::Unreachable(words) => (DnsOutcomeWord::Unreachable, Some(words.clone())),
        DnsOutcome::Garbage(words) => (DnsOutcomeWord::Garbage, Some(words.clone())),
        DnsOutcome::Stranger(address) => (DnsOutcomeWord::Stranger, Some(address.to_string())),
        DnsOutcome::NotAsked(gap) => (DnsOutcomeWord::NotAsked, Some(gap.to_string())),
    };
    let answer = outcome.answer();
    DnsOutcomeItem {
        outcome: word,
        code: answer.map(|answer| answer.code.to_string()),
        addresses: answer.map(|answer| answer.addresses.clone()).unwrap_or_default(),
        aliases: answer.map(|answer| answer.aliases.clone()).unwrap_or_default(),
        truncated: answer.is_some_and(|answer| answer.truncated),
        words,
    }
}

fn name(name: &DnsName) -> DnsNameItem {
    DnsNameItem {
        name: name.name.clone(),
        what: name.what.clone(),
        in_hosts_file: name.in_hosts_file.clone(),
        tried: name.tried.iter().map(attempt).collect(),
        with_musl: name.with_musl.clone(),
        addresses: name.addresses.clone(),
    }
}

fn attempt(attempt: &DnsTry) -> DnsTryItem {
    DnsTryItem {
        name: attempt.name.clone(),
        a: attempt.a.as_ref().map(outcome),
        aaaa: attempt.aaaa.as_ref().map(outcome),
    }
}

fn verdict(verdict: &DnsVerdict) -> DnsVerdictItem {
    let evidence = verdict.evidence.iter();
    DnsVerdictItem {
        rung: kind(verdict.rung),
        severity: verdict.severity.into(),
        summary: verdict.summary.clone(),
        evidence: evidence
            .map(|item| EvidenceItem { source: item.source.clone(), observed: item.observed.clone() })
            .collect(),
        remedies: verdict.remedies.iter().map(RemedyItem::from).collect(),
    }
}
