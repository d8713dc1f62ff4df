//! What a command asks for, so that it reads no more than it shows.

/// A topic of a network namespace, or of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Interfaces and their addresses.
    Links,
    /// Routes and neighbours.
    Routes,
    /// Forwarding databases.
    ForwardingDatabase,
    /// Values of `/proc/sys`.
    Sysctls,
    /// TCP sockets that listen and UDP sockets that are not connected, with their owners.
    Listeners,
    /// Every socket, with its owners.
    Sockets,
    /// Firewalls: tables, chains, rules, sets.
    Firewall,
    /// UDP entries of connection tracking, and its counters.
    Connections,
    /// Beside `Firewall`: rules in the words of iptables-save, where there are any.
    FirewallWording,
    /// The same for the network namespace that porthole itself is in, and no other.
    OwnFirewallWording,
    /// What the engine says of itself at length (`/info`), beside its containers and networks.
    EngineInfo,
    /// What is left of the last runs of containers that did not end well.
    Aftermaths,
    /// What containers use of what they are allowed.
    Resources,
    /// The files that the engine names.
    Storage,
    /// What the engine keeps of its networks on disk.
    NetworkDatabase,
    /// The files by which the host and its containers find names.
    Names,
}

/// The topics a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    topics: Vec<Topic>,
}

impl Scope {
    /// These topics.
    pub fn of(topics: &[Topic]) -> Self {
        Self { topics: topics.to_vec() }
    }

    /// Everything a snapshot holds.
    pub fn everything() -> Self {
        use Topic::{
            Aftermaths, Connections, EngineInfo, Firewall, FirewallWording, ForwardingDatabase, Links, Names,
            NetworkDatabase, Resources, Routes, Sockets, Storage, Sysctls,
        };
        let namespaces =
            [Links, Routes, ForwardingDatabase, Sysctls, Sockets, Connections, Firewall, FirewallWording];
        Self::of(
            &[namespaces.as_slice(), &[Resources, Storage, EngineInfo, Aftermaths, NetworkDatabase, Names]]
                .concat(),
        )
    }

    /// Whether `topic` is asked for.
    pub fn has(&self, topic: Topic) -> bool {
        self.topics.contains(&topic)
    }
}
