//! What connection tracking holds of UDP, and what it had to give up.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::Observed;

/// The connection tracking of a network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTracking {
    /// Its UDP entries.
    pub udp: Observed<UdpFlows>,
    /// Its counters.
    pub counters: Observed<ConntrackCounters>,
}

/// UDP entries of connection tracking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UdpFlows {
    /// The entries.
    pub flows: Vec<UdpFlow>,
    /// How many more there are that were not kept.
    pub omitted: u64,
}

/// A UDP entry of connection tracking: every packet of it is translated as the first one was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UdpFlow {
    /// Who sent the first packet.
    pub source: SocketAddr,
    /// Where that was sent to.
    pub destination: SocketAddr,
    /// Who is expected to answer: the destination, as it was translated.
    pub reply_source: SocketAddr,
    /// Where the answer is expected to go.
    pub reply_destination: SocketAddr,
    /// Whether there was an answer.
    pub seen_reply: bool,
    /// In how many seconds the entry ends, unless another packet comes.
    pub expires_in: Option<u32>,
}

/// Counters of connection tracking, summed over all processors, since the namespace was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConntrackCounters {
    /// Packets that were dropped for want of an entry, or because of a clash.
    pub drop: u64,
    /// Entries that were ended to make room, because the table was full.
    pub early_drop: u64,
}
