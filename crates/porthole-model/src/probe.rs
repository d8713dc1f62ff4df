//! Packets and questions that porthole sent to find out whether something answers, and what came of them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{DnsOutcome, DnsQuestion, DnsTransport, Gap, NameServer, Observed, Pid, TransportProtocol};

/// Where a probe is sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeVantage {
    /// A network namespace of porthole's own, beyond an interface of the host, as another machine is.
    Outside,
    /// The engine's network namespace, or the host's where there is no engine.
    Host,
    /// The network namespace of this process, the first one of a container.
    Container(Pid),
}

impl fmt::Display for ProbeVantage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Outside => "outside",
            Self::Host => "the host",
            Self::Container(_) => "the container",
        })
    }
}

/// What is to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProbeRequest {
    /// From where.
    pub from: ProbeVantage,
    /// Whom.
    pub target: SocketAddr,
    /// How.
    pub protocol: TransportProtocol,
}

/// What was tried, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What was asked for.
    pub request: ProbeRequest,
    /// The address it was sent from, where it came to that.
    pub source: Option<SocketAddr>,
    /// What came of it.
    pub outcome: ProbeOutcome,
    /// How long that took, in microseconds; over TCP, until the connection stood or failed.
    pub took: u64,
}

/// What came of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// Data came back: over TCP the program speaks first, over UDP it answers an empty datagram.
    Answered,
    /// The connection stands, and nothing was said on it, which is what most programs do.
    Connected,
    /// The connection was taken and ended at once, before anything was said.
    Closed,
    /// The connection was taken and reset at once.
    Reset,
    /// Nobody takes it there.
    Refused(Refusal),
    /// Nothing came back in time. Over UDP that is no fault by itself.
    Silent,
    /// It does not arrive.
    Unreachable(Obstacle),
    /// It was not tried.
    NotTried(Gap),
}

/// Who refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// A TCP reset: the address is there and nobody listens, or a firewall rule says so in its place.
    Reset,
    /// "Port unreachable" of ICMP: over TCP the words of a firewall rule, over UDP also those of a host where nobody
    /// listens.
    Icmp(IcmpError),
    /// One of the two; ICMP could not be read.
    Unseen,
}

/// What is in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// Somebody on the way said so.
    Icmp(IcmpError),
    /// The kernel did not send it, or gave up; in words.
    Local(String),
}

/// An ICMP error: that a packet did not arrive, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IcmpError {
    /// Who said it.
    pub from: IpAddr,
    /// Why.
    pub reason: IcmpReason,
}

/// The reasons of ICMP errors (RFC 792, RFC 1812, RFC 4443).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IcmpReason {
    /// There is no route to the network.
    NetworkUnreachable,
    /// The host does not answer its neighbour.
    HostUnreachable,
    /// The host does not know the protocol.
    ProtocolUnreachable,
    /// Nobody takes it at that port.
    PortUnreachable,
    /// It is forbidden: the words of a firewall.
    Prohibited,
    /// It was on the way for too many hops.
    TimeExceeded,
    /// It does not fit the next link, and may not be taken apart.
    TooBig,
    /// Any other.
    Other {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
}

impl fmt::Display for IcmpReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NetworkUnreachable => formatter.pad("network unreachable"),
            Self::HostUnreachable => formatter.pad("host unreachable"),
            Self::ProtocolUnreachable => formatter.pad("protocol unreachable"),
            Self::PortUnreachable => formatter.pad("port unreachable"),
            Self::Prohibited => formatter.pad("administratively prohibited"),
            Self::TimeExceeded => formatter.pad("time to live exceeded"),
            Self::TooBig => formatter.pad("packet too big"),
            Self::Other { kind, code } => write!(formatter, "type {kind} code {code}"),
        }
    }
}

impl fmt::Display for IcmpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ICMP \"{}\" from {}", self.reason, self.from)
    }
}

impl ProbeOutcome {
    /// Whether somebody took it: a connection came to stand, or data came.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Answered | Self::Connected | Self::Closed | Self::Reset)
    }

    /// Whether a program holds on to it. A proxy without a program behind it ends what it took at once.
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Answered | Self::Connected)
    }
}

impl fmt::Display for ProbeOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => formatter.pad("answers"),
            Self::Connected => formatter.pad("connected"),
            Self::Closed => formatter.pad("connected, and closed at once"),
            Self::Reset => formatter.pad("connected, and reset at once"),
            Self::Refused(Refusal::Reset) => formatter.pad("refused by a reset"),
            Self::Refused(Refusal::Icmp(error)) => write!(formatter, "refused by {error}"),
            Self::Refused(Refusal::Unseen) => formatter.pad("refused"),
            Self::Silent => formatter.pad("no answer"),
            Self::Unreachable(Obstacle::Icmp(error)) => write!(formatter, "unreachable: {error}"),
            Self::Unreachable(Obstacle::Local(words)) => write!(formatter, "unreachable: {words}"),
            Self::NotTried(gap) => write!(formatter, "not tried: {}", gap.cause),
        }
    }
}

/// A name server that is to be asked for a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameRequest {
    /// From where.
    pub from: ProbeVantage,
    /// Whom.
    pub server: NameServer,
    /// How.
    pub over: DnsTransport,
    /// What.
    pub question: DnsQuestion,
}

/// A name server that was asked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameProbe {
    /// What was asked for.
    pub request: NameRequest,
    /// What came of it.
    pub outcome: DnsOutcome,
    /// How long that took, in microseconds.
    pub took: u64,
}

/// What is to be tried, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbePlan {
    /// Packets.
    pub packets: Vec<ProbeRequest>,
    /// Questions to name servers.
    pub names: Vec<NameRequest>,
}

/// All that was tried, and where the probes from outside came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probes {
    /// The place outside; a gap where there was none, or none was needed.
    pub outside: Observed<OutsidePlace>,
    /// What was tried, in the order it was asked for.
    pub tried: Vec<Probe>,
    /// The name servers that were asked.
    #[serde(default)]
    pub names: Vec<NameProbe>,
}

impl Probes {
    /// What came of a request.
    pub fn of(&self, request: &ProbeRequest) -> Option<&Probe> {
        self.tried.iter().find(|probe| probe.request == *request)
    }

    /// What came of a question.
    pub fn of_name(&self, request: &NameRequest) -> Option<&NameProbe> {
        self.names.iter().find(|probe| probe.request == *request)
    }
}

/// Where the probes from outside came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsidePlace {
    /// The interface of the host they came in by. Rules that name another interface did not see them.
    pub interface: String,
    /// The addresses they came from, one for each family.
    pub addresses: Vec<IpAddr>,
}
