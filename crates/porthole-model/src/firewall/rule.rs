//! Rules: their words, and the statements that were understood of them.

use serde::{Deserialize, Serialize};

use super::{IpSetLookup, Lookup, MarkChange, Match, Nat, Queue, Reject, Verdict, VerdictMap};

/// A rule of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its place in its chain, from 1, as `iptables -L --line-numbers` counts.
    pub position: u32,
    /// Its number in nftables, by which `nft delete rule` and the kernel's rule trace name it.
    pub handle: Option<u64>,
    /// Its words.
    pub wording: Wording,
    /// What its author noted.
    pub comment: Option<String>,
    /// What it does, in order. A packet for which a statement does not hold leaves the rule there.
    pub statements: Vec<Statement>,
}

impl Rule {
    /// How many packets came this far; the first counter of a rule that has several.
    pub fn counter(&self) -> Option<Counter> {
        self.statements.iter().find_map(|statement| match statement {
            Statement::Counter(counter) => Some(*counter),
            _ => None,
        })
    }

    /// What of it was not understood.
    pub fn unknown(&self) -> impl Iterator<Item = &Unknown> {
        self.statements.iter().filter_map(|statement| match statement {
            Statement::Unknown(unknown) => Some(unknown),
            _ => None,
        })
    }
}

/// A rule in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// One line: `-A DOCKER -d 172.17.0.2/32 ! -i docker0 … -j ACCEPT`.
    pub text: String,
    /// Whose words they are.
    pub source: WordingSource,
}

/// Whose words a rule's wording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WordingSource {
    /// iptables-save's, or that of one of its kin.
    IptablesSave,
    /// porthole's own, in the manner of nft.
    Own,
}

/// Packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// A part of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// Holds for packets whose field has one of the values.
    Match(Match),
    /// Holds for packets whose fields are in a set.
    Lookup(Lookup),
    /// Holds for packets that an ipset has.
    IpSet(IpSetLookup),
    /// Holds or not, by more than the packet.
    Fork(Fork),
    /// Counts the packets that came this far.
    Counter(Counter),
    /// Sets a mark.
    Mark(MarkChange),
    /// The packet's connection is not tracked.
    NoTrack,
    /// The packet is traced from here on.
    Trace,
    /// The packet is noted in a log, with this prefix.
    Log(String),
    /// Something that neither decides on the packet nor changes where it goes, in words: `tcp option maxseg size set rt mtu`.
    Effect(String),
    /// Translates addresses; the packet leaves the base chain, accepted.
    Nat(Nat),
    /// Ends the packet and tells its sender.
    Reject(Reject),
    /// Hands the packet to a program, which decides.
    Queue(Queue),
    /// Decides.
    Verdict(Verdict),
    /// Decides by what a map says of the packet's fields; holds only where the map has them.
    VerdictMap(VerdictMap),
    /// Was not understood.
    Unknown(Unknown),
}

/// Something on which a match depends that no packet shows: what came before, chance, or time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// What it depends on.
    pub kind: ForkKind,
    /// In words: `limit rate 5/minute burst 5 packets`.
    pub wording: String,
}

/// What a fork depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForkKind {
    /// A rate of packets or bytes.
    Rate,
    /// An amount of bytes.
    Quota,
    /// A number of connections.
    Connections,
    /// A list of addresses seen lately.
    Recent,
    /// Chance, or every n-th packet.
    Chance,
    /// The time of day.
    Time,
    /// A named object of nftables: its quota or limit, by its name.
    Object,
}

/// A statement that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// As much as is known: `xt match "u32" revision 0, 2028 bytes`.
    pub wording: String,
    /// What it could do.
    pub effect: UnknownEffect,
}

/// What a statement that was not understood could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownEffect {
    /// Hold or not, and nothing else.
    Match,
    /// Decide on the packet, change it, or do neither.
    Action,
    /// Any of it.
    Anything,
}
