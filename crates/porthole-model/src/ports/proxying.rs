//! What docker-proxy is there for on a host, and what would become of it without.

use serde::{Deserialize, Serialize};

/// What docker-proxy does on this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyReview {
    /// How many of its processes run for the engine.
    pub processes: usize,
    /// Whether the engine starts them.
    pub is_used: bool,
    /// What connections it is for, and what would become of them without it.
    pub duties: Vec<ProxyDuty>,
}

/// A kind of connections that docker-proxy is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyDuty {
    /// Which.
    pub kind: ProxyDutyKind,
    /// The ports whose connections of this kind go by docker-proxy now: `127.0.0.1:8080/tcp`.
    pub ports: Vec<String>,
    /// What would become of them.
    pub without: WithoutProxy,
    /// On what that rests, in words.
    pub because: String,
}

/// The kinds of connections that docker-proxy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyDutyKind {
    /// From other machines.
    Outside,
    /// From the host, by `127.0.0.1`.
    Loopback,
    /// From the host, by `::1`.
    Loopback6,
    /// From a container to a port of its own network, by the host's address.
    Hairpin,
    /// From a container on another network, by the host's address.
    OtherNetworks,
    /// Over IPv6, to a container that has IPv4 alone.
    Ipv6ToIpv4,
}

/// What would become of a kind of connections without docker-proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutProxy {
    /// They do not need it.
    Same,
    /// The kernel does its work, which the engine sets up when containers are started anew.
    Kernel,
    /// They would fail.
    Lost,
    /// It could not be told.
    Unknown,
}
