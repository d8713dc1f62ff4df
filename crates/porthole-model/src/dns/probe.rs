//! Questions that porthole asked, and what came back.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{Gap, NameServer, Port};

/// The records that lookups ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
        })
    }
}

/// A question: a full name, without the last dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DnsQuestion {
    /// The name.
    pub name: String,
    /// The kind of record.
    pub kind: RecordKind,
}

/// How a question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsTransport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

impl fmt::Display for DnsTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

/// The network namespace that a question is asked from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsVantage {
    /// That of the container.
    Container,
    /// That of the engine, or of the host where there is no engine.
    Host,
}

impl fmt::Display for DnsVantage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Container => "the container",
            Self::Host => "the host",
        })
    }
}

/// Questions for one server, asked from one place in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DnsVisit {
    /// From where.
    pub from: DnsVantage,
    /// Whom.
    pub server: NameServer,
    /// At which port.
    pub port: Port,
    /// How.
    pub over: DnsTransport,
    /// Whether the questions carry EDNS.
    pub edns: bool,
    /// What.
    pub questions: Vec<DnsQuestion>,
}

/// A question that was asked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsProbe {
    /// From where.
    pub from: DnsVantage,
    /// Whom.
    pub server: NameServer,
    /// At which port.
    pub port: Port,
    /// How.
    pub over: DnsTransport,
    /// Whether the question carried EDNS.
    pub edns: bool,
    /// What.
    pub question: DnsQuestion,
    /// What came of it.
    pub outcome: DnsOutcome,
    /// How long that took, in microseconds.
    pub took: u64,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsOutcome {
    /// The server answered.
    Answered(DnsAnswer),
    /// No answer in time.
    Silent,
    /// Nobody listens there.
    Refused,
    /// The question could not be sent, or a router said that it does not arrive; in words.
    Unreachable(String),
    /// What came is no answer to it; in words.
    Garbage(String),
    /// What came was sent by another address than was asked.
    Stranger(SocketAddr),
    /// It was not asked.
    NotAsked(Gap),
}

impl DnsOutcome {
    /// The answer, if there is one.
    pub fn answer(&self) -> Option<&DnsAnswer> {
        match self {
            Self::Answered(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether the server said what it knows: addresses, or that there are none.
    pub fn is_knowledge(&self) -> bool {
        let knows =
            |answer: &DnsAnswer| matches!(answer.code, ResponseCode::NoError | ResponseCode::NoSuchName);
        self.answer().is_some_and(knows)
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// The code.
    pub code: ResponseCode,
    /// The addresses of the kind that was asked for.
    pub addresses: Vec<IpAddr>,
    /// The names that the name stands for, in their order.
    pub aliases: Vec<String>,
    /// Whether it did not fit a datagram.
    pub truncated: bool,
}

/// The response codes of RFC 1035 and RFC 6895.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseCode {
    /// NOERROR.
    NoError,
    /// FORMERR: the question is not understood.
    FormatError,
    /// SERVFAIL: the server could not find out.
    ServerFailure,
    /// NXDOMAIN: there is no such name.
    NoSuchName,
    /// NOTIMP: the server does not do that.
    NotImplemented,
    /// REFUSED: the server does not want to.
    Refused,
    /// Any other.
    Other(u16),
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoError => formatter.pad("NOERROR"),
            Self::FormatError => formatter.pad("FORMERR"),
            Self::ServerFailure => formatter.pad("SERVFAIL"),
            Self::NoSuchName => formatter.pad("NXDOMAIN"),
            Self::NotImplemented => formatter.pad("NOTIMP"),
            Self::Refused => formatter.pad("REFUSED"),
            Self::Other(code) => write!(formatter, "code {code}"),
        }
    }
}
