//! The way of a name as rungs, and which of them is broken.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{DnsOutcome, DnsProbe, Evidence, Gap, Remedy, Severity};

/// The way of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsLadder {
    /// Whose: `container web`.
    pub subject: String,
    /// The engine, in words.
    pub engine: Option<String>,
    /// From the container outwards.
    pub rungs: Vec<DnsRung>,
    /// What was looked up.
    pub names: Vec<DnsName>,
    /// What is wrong, the cause first.
    pub verdicts: Vec<DnsVerdict>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl DnsLadder {
    /// Whether something is broken.
    pub fn is_broken(&self) -> bool {
        self.verdicts.iter().any(|verdict| verdict.severity == Severity::Error)
    }
}

/// One rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRung {
    /// Which.
    pub kind: DnsRungKind,
    /// What it is here: `/etc/resolv.conf`, `forwarder 10.77.0.1`.
    pub title: String,
    /// How it is.
    pub state: DnsRungState,
    /// What was read there, in words.
    pub notes: Vec<String>,
    /// What was asked there.
    pub probes: Vec<DnsProbe>,
}

/// The rungs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsRungKind {
    /// The container's resolv.conf.
    ResolverFile,
    /// The container's hosts file and nsswitch.conf.
    HostsFile,
    /// 127.0.0.11:53, where the engine's resolver seems to be.
    EmbeddedResolver,
    /// The rules that lead 127.0.0.11:53 to the engine's sockets.
    Redirect,
    /// The engine's sockets themselves.
    EngineSockets,
    /// A server that the container asks itself.
    NameServer,
    /// A server that the engine's resolver asks.
    Forwarder,
    /// The host's own resolver.
    HostResolver,
    /// The name itself: nobody has it.
    Name,
}

/// How a rung is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsRungState {
    /// As it should be.
    Good,
    /// It works, but not as it should.
    Poor,
    /// It is broken.
    Failed,
    /// It could not be told.
    Unknown,
}

/// A name that was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsName {
    /// As it was asked for.
    pub name: String,
    /// What it is: `container db`, `an outside name`.
    pub what: String,
    /// What the hosts file says, where it has the name.
    pub in_hosts_file: Vec<IpAddr>,
    /// The full names, in the order in which glibc tries them, as far as it goes.
    pub tried: Vec<DnsTry>,
    /// The full names that musl would try, where they are others.
    pub with_musl: Option<Vec<String>>,
    /// The addresses that a program gets.
    pub addresses: Vec<IpAddr>,
}

/// A full name and what the container's resolver says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsTry {
    /// The full name.
    pub name: String,
    /// What came of the IPv4 question.
    pub a: Option<DnsOutcome>,
    /// What came of the IPv6 question.
    pub aaaa: Option<DnsOutcome>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsVerdict {
    /// The rung that is broken.
    pub rung: DnsRungKind,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Ways to mend it.
    pub remedies: Vec<Remedy>,
}
