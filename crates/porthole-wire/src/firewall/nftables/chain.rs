//! Chains.

use porthole_model::firewall::{BaseChain, Chain, ChainKind, Hook, Policy};

use super::{GETRULE, RuleRecord, data};
use crate::netlink::NetlinkError;
use crate::netlink::attribute::{Attribute, Attributes};
use crate::netlink::message::Request;
use crate::netlink::netfilter::{Subsystem, split};

const WHAT: &str = "chain";
const ARP: u8 = 3;
const NETDEV: u8 = 5;

/// A chain and the table that it is of, without its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainRecord {
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) chain: Chain,
}

impl ChainRecord {
    /// Decodes a chain.
    pub fn decode(payload: &[u8]) -> Result<Self, NetlinkError> {
        let (family, attributes) = split(WHAT, payload)?;
        let text = |kind, part| {
            attributes.find(kind).map(|value| value.text()).ok_or(NetlinkError::Lacks { what: WHAT, part })
        };
        let base = match attributes.find(4) {
            Some(hook) => Some(base(family, hook, attributes)?),
            None => None,
        };
        let handle = attributes.find(2).and_then(|handle| handle.be64());
        let chain = Chain { name: text(3, "name")?, handle, base, rules: Vec::new() };
        Ok(Self { family, table: text(1, "table")?, chain })
    }

    /// Asks for its rules. Kernels before 4.9 pass over the chain, and give the rules of the whole family.
    pub fn rules_request(&self) -> Request {
        let name = |text: &str| [text.as_bytes(), &[0]].concat();
        Subsystem::Nftables
            .dump(GETRULE, self.family)
            .with_attribute(1, &name(&self.table))
            .with_attribute(2, &name(&self.chain.name))
    }

    /// Whether a rule is one of its own.
    pub fn holds(&self, rule: &RuleRecord) -> bool {
        (self.family, &self.table, &self.chain.name) == (rule.family, &rule.table, &rule.chain)
    }
}

fn base(family: u8, hook: Attribute<'_>, attributes: Attributes<'_>) -> Result<BaseChain, NetlinkError> {
    let place = hook.nested(WHAT)?;
    let number = place.find(1).and_then(|number| number.be32());
    let counter = attributes.find(8).and_then(|counter| data::counter(counter.nested(WHAT).ok()?));
    let priority = place.find(2).and_then(|priority| priority.be32()).unwrap_or(0).cast_signed();
    let is_drop = attributes.find(5).and_then(|policy| policy.be32()) == Some(0);
    Ok(BaseChain {
        kind: kind(attributes.find(7)),
        hook: number
            .and_then(|number| hook_of_number(family, number))
            .ok_or(NetlinkError::Lacks { what: WHAT, part: "known hook" })?,
        priority,
        policy: if is_drop { Policy::Drop } else { Policy::Accept },
        counter,
        devices: devices(place),
    })
}

fn kind(attribute: Option<Attribute<'_>>) -> ChainKind {
    match attribute.map(|kind| kind.text()).as_deref() {
        Some("nat") => ChainKind::Nat,
        Some("route") => ChainKind::Route,
        _ => ChainKind::Filter,
    }
}

/// `NFTA_HOOK_DEV`, or the list `NFTA_HOOK_DEVS`.
fn devices(hook: Attributes<'_>) -> Vec<String> {
    let one = hook.find(3).map(|device| device.text());
    let several = hook.find(4).and_then(|list| list.nested(WHAT).ok());
    let listed = several.into_iter().flatten().map(|device| device.text());
    let mut devices: Vec<_> = one.into_iter().chain(listed).collect();
    devices.sort();
    devices.dedup();
    devices
}

/// `enum nf_inet_hooks`, `enum nf_dev_hooks` for the family of devices, and `NF_ARP_*`.
fn hook_of_number(family: u8, number: u32) -> Option<Hook> {
    Some(match (family, number) {
        (NETDEV, 0) | (_, 5) => Hook::Ingress,
        (NETDEV, 1) => Hook::Egress,
        (ARP, 1) | (_, 3) => Hook::Output,
        (ARP, 0) | (_, 1) => Hook::Input,
        (_, 0) => Hook::Prerouting,
        (_, 2) => Hook::Forward,
        (_, 4) => Hook::Postrouting,
        _ => return None,
    })
}
