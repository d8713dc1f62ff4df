//! Tables and chains: where rules stand and when the kernel comes to them.

use serde::{Deserialize, Serialize};

use super::{Counter, FirewallSet, Hook, Rule};

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallTable {
    /// Who keeps it.
    pub backend: Backend,
    /// Which packets it sees.
    pub family: TableFamily,
    /// Its name, unique in back end and family.
    pub name: String,
    /// Whether its chains are out of work (nftables' `dormant` flag).
    pub dormant: bool,
    /// The netlink port of the process that owns it, where one does; the table ends with it.
    pub owner: Option<u32>,
    /// Its chains, in the order the kernel lists them.
    pub chains: Vec<Chain>,
    /// Its named sets and maps.
    pub sets: Vec<FirewallSet>,
}

impl FirewallTable {
    /// The chain of that name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    /// The named set or map of that name.
    pub fn set(&self, name: &str) -> Option<&FirewallSet> {
        self.sets.iter().find(|set| set.name == name)
    }
}

/// Who keeps a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// nftables, by `nft` or a program that speaks its language.
    Nftables,
    /// nftables, by iptables-nft or one of its kin: told by the names, hooks and priorities of its chains.
    IptablesNft,
    /// The kernel's older tables, by iptables-legacy.
    IptablesLegacy,
}

/// The protocol family of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFamily {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// IPv4 and IPv6.
    Inet,
    /// Frames that a bridge passes on.
    Bridge,
    /// ARP.
    Arp,
    /// Frames of a single device, at its ingress or egress.
    Netdev,
}

impl TableFamily {
    /// nft's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Bridge => "bridge",
            Self::Arp => "arp",
            Self::Netdev => "netdev",
        }
    }

    /// Whether a table of this family sees packets of `family`.
    pub fn meets(self, family: Self) -> bool {
        self == family || self == Self::Inet && matches!(family, Self::Ip | Self::Ip6)
    }
}

/// A chain of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Its name, unique in its table.
    pub name: String,
    /// Its number in nftables.
    pub handle: Option<u64>,
    /// How the kernel comes to it; `None` for a chain that only other chains lead to.
    pub base: Option<BaseChain>,
    /// Its rules, first one first.
    pub rules: Vec<Rule>,
}

/// What makes the kernel go through a chain by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseChain {
    /// What it does.
    pub kind: ChainKind,
    /// When it is gone through.
    pub hook: Hook,
    /// Its place among the chains of that hook: lower comes first.
    pub priority: i32,
    /// What becomes of a packet that no rule decided on.
    pub policy: Policy,
    /// How many packets the policy decided on, where that is counted.
    pub counter: Option<Counter>,
    /// The devices of a chain of the family `Netdev`, or of the hook `Ingress`.
    pub devices: Vec<String>,
}

/// The kinds of base chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainKind {
    /// Lets pass or drops.
    Filter,
    /// Translates addresses; only the first packet of a connection comes here.
    Nat,
    /// Has the packet routed anew when a rule changed it.
    Route,
}

/// What becomes of a packet at the end of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// It goes on.
    Accept,
    /// It ends.
    Drop,
}
