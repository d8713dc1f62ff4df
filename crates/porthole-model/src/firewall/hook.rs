//! The points of the packet path at which the kernel calls what hangs there.

use serde::{Deserialize, Serialize};

use super::{Backend, Chain, FirewallTable, TableFamily};

/// A point of the packet path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// A device received it; nothing was looked at yet.
    Ingress,
    /// It came in; not routed yet.
    Prerouting,
    /// It is for this host.
    Input,
    /// It goes from one interface to another.
    Forward,
    /// This host made it.
    Output,
    /// It is about to leave.
    Postrouting,
    /// A device sends it.
    Egress,
}

/// Something that hangs at a hook, as the kernel lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookEntry {
    /// Of which packets.
    pub family: TableFamily,
    /// Where.
    pub hook: Hook,
    /// On which device, for `Ingress` and `Egress`.
    pub device: Option<String>,
    /// Its place: lower comes first.
    pub priority: i32,
    /// The kernel's function, such as `iptable_filter_hook` or `ipv4_conntrack_in`.
    pub function: Option<String>,
    /// The module that the function is in.
    pub module: Option<String>,
    /// The chain of nftables that it goes through.
    pub chain: Option<HookedChain>,
}

impl HookEntry {
    /// Whether this is what goes through that chain.
    pub fn is_of(&self, table: &FirewallTable, chain: &Chain) -> bool {
        match &self.chain {
            Some(hooked) => {
                table.backend != Backend::IptablesLegacy
                    && hooked.family == table.family
                    && hooked.table == table.name
                    && hooked.chain == chain.name
            }
            None => table.backend == Backend::IptablesLegacy && self.is_legacy(&table.name),
        }
    }

    /// Since kernel 5.16 all tables share `ipt_do_table`; the priority then tells them apart.
    fn is_legacy(&self, table: &str) -> bool {
        let function = self.function.as_deref().unwrap_or_default();
        match function {
            "ipt_do_table" | "ip6t_do_table" => true,
            named => {
                let rest = named.strip_prefix("iptable_").or_else(|| named.strip_prefix("ip6table_"));
                rest.is_some_and(|rest| rest.starts_with(table))
            }
        }
    }
}

/// A chain that a hook entry goes through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookedChain {
    /// The family of its table.
    pub family: TableFamily,
    /// Its table.
    pub table: String,
    /// Its name.
    pub chain: String,
}
