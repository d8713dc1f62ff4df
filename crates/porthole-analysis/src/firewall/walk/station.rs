//! What hangs at a hook, in the order in which the kernel calls it.

use porthole_model::firewall::{BaseChain, Chain, ChainKind, FirewallTable, Hook, TableFamily};

use super::Walker;

/// `NF_IP_PRI_CONNTRACK`, `NF_IP_PRI_NAT_DST` and `NF_IP_PRI_NAT_SRC`.
const CONNECTION_TRACKING: i32 = -200;
const DESTINATION_TRANSLATION: i32 = -100;
const SOURCE_TRANSLATION: i32 = 100;

/// A base chain with its table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Based<'s> {
    pub(super) table: &'s FirewallTable,
    pub(super) chain: &'s Chain,
    pub(super) base: &'s BaseChain,
}

/// Something that the kernel calls at a hook.
#[derive(Clone, Debug)]
pub(super) enum Stop<'s> {
    /// A chain.
    Chain(Based<'s>),
    /// Connection tracking looks the packet up.
    Tracking,
    /// Addresses are translated. All chains of kind "nat" are called from here, in the order of their own
    /// priorities, wherever these would put them (`nf_nat_register_fn`).
    Translation(Vec<Based<'s>>),
}

impl<'s> Walker<'s> {
    /// What is called at a hook for packets of a family, with its priority.
    pub(super) fn stops(&self, family: TableFamily, hook: Hook) -> Vec<(i32, Stop<'s>)> {
        let based = self.firewall.base_chains(family, hook).into_iter();
        let based =
            based.filter_map(|(table, chain)| Some(Based { table, chain, base: chain.base.as_ref()? }));
        let (nat, others): (Vec<_>, Vec<_>) = based.partition(|based| based.base.kind == ChainKind::Nat);
        let mut stops: Vec<_> =
            others.into_iter().map(|based| (based.base.priority, Stop::Chain(based))).collect();
        for (priority, stop) in own_stops(family, hook, nat) {
            // Those of the kernel's own were there first, so others of the same priority come before them.
            let at = stops.partition_point(|(other, _)| *other <= priority);
            stops.insert(at, (priority, stop));
        }
        stops
    }

    /// The chains of a single device at its ingress or egress.
    pub(super) fn device_stops(&self, hook: Hook, device: &str) -> Vec<Based<'s>> {
        let chains = self.firewall.base_chains(TableFamily::Netdev, hook).into_iter();
        let based =
            chains.filter_map(|(table, chain)| Some(Based { table, chain, base: chain.base.as_ref()? }));
        based.filter(|based| based.base.devices.iter().any(|each| each == device)).collect()
    }
}

fn own_stops(family: TableFamily, hook: Hook, nat: Vec<Based<'_>>) -> Vec<(i32, Stop<'_>)> {
    if !matches!(family, TableFamily::Ip | TableFamily::Ip6) {
        return Vec::new();
    }
    match hook {
        Hook::Prerouting | Hook::Output => {
            vec![(CONNECTION_TRACKING, Stop::Tracking), (DESTINATION_TRANSLATION, Stop::Translation(nat))]
        }
        Hook::Input | Hook::Postrouting => vec![(SOURCE_TRANSLATION, Stop::Translation(nat))],
        Hook::Ingress | Hook::Forward | Hook::Egress => Vec::new(),
    }
}
