//! A network namespace's firewall: what every back end holds, in one shape, and what was understood of it.
//!
//! The shape is nftables' own (tables, chains, rules as lists of statements), since iptables of either kind fits into
//! it. A statement that was not understood is an [`Statement::Unknown`] with its wording; nothing is left out.

mod action;
mod hook;
mod ip_set;
mod matching;
mod rule;
mod set;
mod table;

use serde::{Deserialize, Serialize};

pub use action::{
    AddressRange, IcmpFamily, MarkChange, MarkSource, Nat, NatKind, NatTarget, PortRange, Queue, Reject,
    Verdict,
};
pub use hook::{Hook, HookEntry, HookedChain};
pub use ip_set::{IpSet, IpSetLookup, IpSetMember};
pub use matching::{
    AddressKind, ConntrackSide, ConntrackState, Field, InterfaceSide, Match, PacketSide, RouteQuestion,
    Value, ValueTest,
};
pub use rule::{Counter, Fork, ForkKind, Rule, Statement, Unknown, UnknownEffect, Wording, WordingSource};
pub use set::{Elements, FirewallSet, Lookup, SetElement, SetKey, SetOutcome, VerdictMap};
pub use table::{Backend, BaseChain, Chain, ChainKind, FirewallTable, Policy, TableFamily};

use crate::{Gap, GapKind, Observed};

/// The firewall of a network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// The tables of nftables: native ones, and those in which iptables-nft keeps its rules.
    pub nftables: Observed<Vec<FirewallTable>>,
    /// The tables of iptables-legacy, IPv4.
    pub iptables_legacy: Observed<Vec<FirewallTable>>,
    /// The tables of ip6tables-legacy.
    pub ip6tables_legacy: Observed<Vec<FirewallTable>>,
    /// The sets that `-m set` looks up.
    pub ip_sets: Observed<Vec<IpSet>>,
    /// Everything that is hooked into the kernel's packet path, in the kernel's own order (kernel 5.14 and newer).
    pub hooks: Observed<Vec<HookEntry>>,
    /// Where wording of iptables-save was asked for and could not be had; porthole's own is there instead.
    pub wording_gaps: Vec<Gap>,
}

impl Firewall {
    /// Every table that was read, of whatever back end.
    pub fn tables(&self) -> impl Iterator<Item = &FirewallTable> {
        self.back_ends().into_iter().filter_map(Observed::value).flatten()
    }

    /// Why a back end's tables are missing.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.back_ends().into_iter().filter_map(Observed::gap)
    }

    /// The base chains that a packet of `family` meets at `hook`, in the order in which it meets them.
    ///
    /// Chains of dormant tables are not met and not here. Between chains of one hook and priority the kernel's list
    /// of hooks decides; where there is none, nftables' order is taken, in which a later chain comes first
    /// (`nf_hook_entries_grow`).
    pub fn base_chains(&self, family: TableFamily, hook: Hook) -> Vec<(&FirewallTable, &Chain)> {
        let mut met: Vec<_> = self
            .tables()
            .filter(|table| !table.dormant && table.family.meets(family))
            .flat_map(|table| table.chains.iter().map(move |chain| (table, chain)))
            .filter_map(|(table, chain)| Some((chain.base.as_ref()?, table, chain)))
            .filter(|(base, ..)| base.hook == hook)
            .collect();
        met.reverse();
        met.sort_by_key(|(base, table, chain)| {
            (base.priority, self.place_in_hooks(family, hook, table, chain))
        });
        met.into_iter().map(|(_, table, chain)| (table, chain)).collect()
    }

    fn back_ends(&self) -> [&Observed<Vec<FirewallTable>>; 3] {
        [&self.nftables, &self.iptables_legacy, &self.ip6tables_legacy]
    }

    /// The place of a chain in the kernel's own list; behind all where the list does not name it.
    fn place_in_hooks(&self, family: TableFamily, hook: Hook, table: &FirewallTable, chain: &Chain) -> usize {
        let listed = self.hooks.value().and_then(|hooks| {
            hooks
                .iter()
                .position(|entry| entry.family == family && entry.hook == hook && entry.is_of(table, chain))
        });
        listed.unwrap_or(usize::MAX)
    }
}

/// What stands for the firewall in a snapshot that an older porthole wrote.
pub(crate) fn not_in_this_snapshot() -> Observed<Firewall> {
    let cause = "the porthole that wrote this snapshot did not read it";
    Observed::Missing(Gap::new(GapKind::NotAsked, "firewall", cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Backend::{IptablesLegacy, IptablesNft, Nftables};

    fn chain(name: &str, hook: Hook, priority: i32) -> Chain {
        let base = BaseChain {
            kind: ChainKind::Filter,
            hook,
            priority,
            policy: Policy::Accept,
            counter: None,
            devices: Vec::new(),
        };
        Chain { name: name.into(), handle: None, base: Some(base), rules: Vec::new() }
    }

    fn table(backend: Backend, family: TableFamily, name: &str, chains: Vec<Chain>) -> FirewallTable {
        let sets = Vec::new();
        FirewallTable { backend, family, name: name.into(), dormant: false, owner: None, chains, sets }
    }

    fn firewall() -> Firewall {
        use TableFamily::{Bridge, Inet, Ip};
        let nftables = vec![
            table(IptablesNft, Ip, "filter", vec![chain("FORWARD", Hook::Forward, 0)]),
            table(Nftables, Inet, "own", vec![chain("late", Hook::Forward, 0)]),
            table(Nftables, Ip, "raw", vec![chain("first", Hook::Forward, -300)]),
            table(Nftables, Bridge, "bridge", vec![chain("frames", Hook::Forward, -1)]),
        ];
        let legacy = table(IptablesLegacy, Ip, "filter", vec![chain("FORWARD", Hook::Forward, 0)]);
        Firewall {
            nftables: Observed::Known(nftables),
            iptables_legacy: Observed::Known(vec![legacy]),
            ip6tables_legacy: Observed::Missing(Gap::not_asked("ip6tables-legacy")),
            ip_sets: Observed::Known(Vec::new()),
            hooks: Observed::Missing(Gap::not_asked("hooks")),
            wording_gaps: Vec::new(),
        }
    }

    fn met(firewall: &Firewall) -> Vec<(Backend, &str)> {
        let chains = firewall.base_chains(TableFamily::Ip, Hook::Forward);
        chains.into_iter().map(|(table, chain)| (table.backend, chain.name.as_str())).collect()
    }

    #[test]
    fn base_chains_come_by_priority_and_the_later_one_first() {
        let expected =
            [(Nftables, "first"), (IptablesLegacy, "FORWARD"), (Nftables, "late"), (IptablesNft, "FORWARD")];
        assert_eq!(met(&firewall()), expected);
    }

    #[test]
    fn the_kernels_list_decides_between_equal_priorities() {
        let hooked = |table: &str, chain: &str, family| HookEntry {
            family: TableFamily::Ip,
            hook: Hook::Forward,
            device: None,
            priority: 0,
            function: None,
            module: None,
            chain: Some(HookedChain { family, table: table.into(), chain: chain.into() }),
        };
        let legacy = HookEntry {
            function: Some("iptable_filter_hook".into()),
            chain: None,
            ..hooked("", "", TableFamily::Ip)
        };
        let mut firewall = firewall();
        firewall.hooks = Observed::Known(vec![
            hooked("filter", "FORWARD", TableFamily::Ip),
            legacy,
            hooked("own", "late", TableFamily::Inet),
        ]);
        let expected =
            [(Nftables, "first"), (IptablesNft, "FORWARD"), (IptablesLegacy, "FORWARD"), (Nftables, "late")];
        assert_eq!(met(&firewall), expected);
    }

    #[test]
    fn chains_of_a_dormant_table_are_not_met() {
        let mut firewall = firewall();
        if let Observed::Known(tables) = &mut firewall.nftables {
            tables[2].dormant = true;
        }
        assert_eq!(met(&firewall).len(), 3);
    }
}
