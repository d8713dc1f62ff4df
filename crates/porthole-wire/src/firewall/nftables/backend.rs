//! Who keeps a table of nftables: `nft`, or iptables-nft and its kin.

use porthole_model::firewall::{Backend, BaseChain, Chain, FirewallTable, Hook, TableFamily};

/// iptables-nft makes tables of these names alone, with base chains whose names, hooks and priorities are always
/// the same (iptables' `xtables_ipv4`, `xtables_bridge` and `xtables_arp`). It may make none of them: a table of such a
/// name that only has other chains is its.
pub(super) fn of(table: &FirewallTable) -> Backend {
    let mut bases = table.chains.iter().filter_map(|chain| Some((chain, chain.base.as_ref()?)));
    let has_name = priority(table.family, &table.name, Hook::Output).is_some();
    if has_name && bases.all(|(chain, base)| is_builtin(table, chain, base)) {
        Backend::IptablesNft
    } else {
        Backend::Nftables
    }
}

fn is_builtin(table: &FirewallTable, chain: &Chain, base: &BaseChain) -> bool {
    use Hook::{Forward, Input, Output, Postrouting, Prerouting};
    let has_name = match base.hook {
        Prerouting => chain.name == "PREROUTING" || chain.name == "BROUTING",
        Input => chain.name == "INPUT",
        Forward => chain.name == "FORWARD",
        Output => chain.name == "OUTPUT",
        Postrouting => chain.name == "POSTROUTING",
        _ => false,
    };
    has_name && priority(table.family, &table.name, base.hook) == Some(base.priority)
}

fn priority(family: TableFamily, table: &str, hook: Hook) -> Option<i32> {
    let is_source = matches!(hook, Hook::Postrouting | Hook::Input);
    match (family, table) {
        (TableFamily::Ip | TableFamily::Ip6, "raw") => Some(-300),
        (TableFamily::Ip | TableFamily::Ip6, "mangle") => Some(-150),
        (TableFamily::Ip | TableFamily::Ip6, "nat") => Some(if is_source { 100 } else { -100 }),
        (TableFamily::Ip | TableFamily::Ip6 | TableFamily::Arp, "filter") => Some(0),
        (TableFamily::Ip | TableFamily::Ip6, "security") => Some(50),
        (TableFamily::Bridge, "filter") => Some(-200),
        (TableFamily::Bridge, "nat") => Some(match hook {
            Hook::Output => 100,
            Hook::Postrouting => 300,
            _ => -300,
        }),
        (TableFamily::Bridge, "broute") => Some(-600),
        _ => None,
    }
}
