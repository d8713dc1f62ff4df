//! The files that a C library reads before it asks anyone.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A name server, as a file names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameServer {
    /// Its address.
    pub address: IpAddr,
    /// The interface that a link-local address is on.
    pub zone: Option<String>,
}

impl From<IpAddr> for NameServer {
    fn from(address: IpAddr) -> Self {
        Self { address, zone: None }
    }
}

impl fmt::Display for NameServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.zone {
            Some(zone) => write!(formatter, "{}%{zone}", self.address),
            None => self.address.fmt(formatter),
        }
    }
}

/// resolv.conf(5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolverFile {
    /// The name servers, in the order of the file.
    pub name_servers: Vec<NameServer>,
    /// The domains that are tried behind a name.
    pub search: Vec<String>,
    /// The `options`, word by word.
    pub options: Vec<String>,
    /// What an engine wrote beside them.
    pub remarks: EngineRemarks,
    /// Lines that a C library passes over.
    pub not_understood: Vec<String>,
    /// When the file was last written, where that was read.
    #[serde(default)]
    pub modified: Option<Timestamp>,
}

impl ResolverFile {
    /// The number of dots from which on a name is tried as it is first.
    pub fn ndots(&self) -> usize {
        self.number_of("ndots").unwrap_or(1).min(15)
    }

    /// Whether questions carry EDNS (RFC 6891).
    pub fn asks_with_edns(&self) -> bool {
        self.options.iter().any(|option| option == "edns0")
    }

    fn number_of(&self, option: &str) -> Option<usize> {
        let values = self.options.iter().filter_map(|word| word.strip_prefix(option)?.strip_prefix(':'));
        values.filter_map(|value| value.parse().ok()).next_back()
    }
}

/// What an engine notes in the resolv.conf that it writes (Docker 26 and newer).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineRemarks {
    /// The host's file that it began with.
    pub based_on: Option<String>,
    /// The servers that its own resolver asks; `None` where the file does not say.
    pub forwarders: Option<Vec<NotedForwarder>>,
    /// What was set for the container or the engine instead: `nameservers`, `search`, `options`.
    pub overrides: Vec<String>,
    /// No server was left, and the engine took those of its own.
    pub used_default_servers: bool,
    /// No server was left, and the engine has none to ask.
    pub has_no_server: bool,
}

/// A server that an engine's resolver asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedForwarder {
    /// The server.
    pub server: NameServer,
    /// Whether it is asked from the engine's network namespace, not the container's.
    pub from_host: bool,
}

/// A line of hosts(5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostsEntry {
    /// The address.
    pub address: IpAddr,
    /// The name and its aliases.
    pub names: Vec<String>,
}
