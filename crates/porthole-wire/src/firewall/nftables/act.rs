//! Expressions that count, translate, refuse, log, or are iptables' own.

use porthole_model::Port;
use porthole_model::firewall::{
    AddressRange, Fork, ForkKind, IcmpFamily, Nat, NatKind, NatTarget, PortRange, Queue, Reject, Statement,
};

use super::super::bytes::Layout;
use super::super::xt::{Extension, nat_flags};
use super::data;
use super::kind::address;
use super::load::number;
use super::part::Content;
use super::registers::slot;
use super::translator::Translator;
use crate::netlink::attribute::Attributes;

/// `None` where the expression is not understood.
pub(super) fn take(translator: &mut Translator<'_>, name: &str, attributes: Attributes<'_>) -> Option<()> {
    let statement = match name {
        "match" | "target" => return extension(translator, name == "match", attributes),
        "counter" => Statement::Counter(data::counter(attributes)?),
        "nat" => Statement::Nat(nat(translator, attributes)?),
        "masq" => Statement::Nat(own_address(translator, NatKind::Masquerade, attributes, [2, 3, 1])?),
        "redir" => Statement::Nat(own_address(translator, NatKind::Redirect, attributes, [1, 2, 3])?),
        "reject" => Statement::Reject(reject(translator, attributes)?),
        "log" => Statement::Log(attributes.find(2).map(|prefix| prefix.text()).unwrap_or_default()),
        "notrack" => Statement::NoTrack,
        "queue" if attributes.find(4).is_none() => Statement::Queue(queue(attributes)?),
        "limit" => Statement::Fork(limit(attributes)?),
        "quota" => {
            let over = over(attributes, 2);
            fork(ForkKind::Quota, format!("quota {over}{} bytes", attributes.find(1)?.be64()?))
        }
        "connlimit" => {
            let over = over(attributes, 2);
            fork(ForkKind::Connections, format!("ct count {over}{}", number(attributes, 1)?))
        }
        "objref" => object(attributes)?,
        "dynset" => dynamic_set(attributes)?,
        "last" => Statement::Effect("last".to_owned()),
        "dup" => Statement::Effect("dup".to_owned()),
        "flow_offload" => Statement::Effect(format!("flow add @{}", attributes.find(1)?.text())),
        _ => return None,
    };
    translator.say(statement);
    Some(())
}

fn fork(kind: ForkKind, wording: String) -> Statement {
    Statement::Fork(Fork { kind, wording })
}

/// Limits, quotas and counts hold below their number, or with this flag above it.
fn over(attributes: Attributes<'_>, flags: u16) -> &'static str {
    if number(attributes, flags).unwrap_or(0) & 1 != 0 { "over " } else { "" }
}

/// `NFTA_MATCH_*` and `NFTA_TARGET_*`.
fn extension(translator: &mut Translator<'_>, is_match: bool, attributes: Attributes<'_>) -> Option<()> {
    let name = attributes.find(1)?.text();
    let info = attributes.find(3).map(|info| info.value).unwrap_or_default();
    let extension = Extension {
        name: &name,
        revision: number(attributes, 2)?,
        info: Layout(info),
        v6: translator.known.v6 == Some(true),
        ip_sets: translator.around.ip_sets,
    };
    let understood = if is_match { extension.read_match() } else { extension.read_target() };
    for statement in understood.statements {
        translator.say(statement);
    }
    if understood.comment.is_some() {
        translator.comment = understood.comment;
    }
    Some(())
}

/// `NFTA_NAT_*`: the registers hold addresses and ports, or what a map said.
fn nat(translator: &Translator<'_>, attributes: Attributes<'_>) -> Option<Nat> {
    let kind = match number(attributes, 1)? {
        0 => NatKind::Source,
        1 => NatKind::Destination,
        _ => return None,
    };
    let register = |kind| number(attributes, kind).map(slot);
    let (low, high) = (register(3), register(4));
    let (port_low, port_high) = (register(5), register(6));
    let target = match low.map(|low| (low, translator.registers.get(low))) {
        Some((low, Some(Content::Mapped(addresses)))) => {
            mapped(translator, low, addresses.clone(), port_low)?
        }
        _ => NatTarget::Fixed {
            addresses: optional(low, |low| addresses(translator, low, high)).ok()?,
            ports: optional(port_low, |low| ports(translator, low, port_high)).ok()?,
        },
    };
    Some(Nat { kind, target, flags: nat_flags(number(attributes, 7).unwrap_or(0)) })
}

/// There is something in a register, and it cannot be read.
struct Unreadable;

/// What is in a register, where one is named.
fn optional<T>(slot: Option<u32>, read: impl Fn(u32) -> Option<T>) -> Result<Option<T>, Unreadable> {
    slot.map(|slot| read(slot).ok_or(Unreadable)).transpose()
}

/// A map may give address and port at once; then the port's register lies behind the address's.
fn mapped(
    translator: &Translator<'_>,
    address: u32,
    addresses: porthole_model::firewall::Lookup,
    port: Option<u32>,
) -> Option<NatTarget> {
    let ports = match port {
        None => None,
        Some(port) => match translator.registers.get(port) {
            Some(Content::Mapped(lookup)) => Some(lookup.clone()),
            None if port > address => None,
            _ => return None,
        },
    };
    Some(NatTarget::Mapped { addresses: Some(addresses), ports })
}

fn addresses(translator: &Translator<'_>, low: u32, high: Option<u32>) -> Option<AddressRange> {
    let from = address(translator.registers.data(low)?)?;
    let to = address(translator.registers.data(high.unwrap_or(low))?)?;
    Some(AddressRange { from, to })
}

fn ports(translator: &Translator<'_>, low: u32, high: Option<u32>) -> Option<PortRange> {
    let port = |slot| Layout(translator.registers.data(slot)?).be16(0).map(Port);
    Some(PortRange { from: port(low)?, to: port(high.unwrap_or(low))? })
}

/// `NFTA_MASQ_*` and `NFTA_REDIR_*`, with their attributes for the lowest port, the highest, and the flags.
fn own_address(
    translator: &Translator<'_>,
    kind: NatKind,
    attributes: Attributes<'_>,
    [low, high, flags]: [u16; 3],
) -> Option<Nat> {
    let register = |kind| number(attributes, kind).map(slot);
    let mapped = register(low).and_then(|low| translator.registers.get(low));
    let target = if let Some(Content::Mapped(ports)) = mapped {
        NatTarget::Mapped { addresses: None, ports: Some(ports.clone()) }
    } else {
        let ports = optional(register(low), |low| ports(translator, low, register(high))).ok()?;
        NatTarget::Fixed { addresses: None, ports }
    };
    Some(Nat { kind, target, flags: nat_flags(number(attributes, flags).unwrap_or(0)) })
}

/// `NFTA_REJECT_*`.
fn reject(translator: &Translator<'_>, attributes: Attributes<'_>) -> Option<Reject> {
    let code = attributes.find(2).and_then(|code| code.u8()).unwrap_or(0);
    let family = match number(attributes, 1)? {
        1 => return Some(Reject::TcpReset),
        2 => IcmpFamily::Either,
        0 if translator.known.v6? => IcmpFamily::V6,
        0 => IcmpFamily::V4,
        _ => return None,
    };
    Some(Reject::Icmp { family, code })
}

/// `NFTA_QUEUE_*`.
fn queue(attributes: Attributes<'_>) -> Option<Queue> {
    let flags = attributes.find(3).and_then(|flags| flags.be16()).unwrap_or(0);
    let count = attributes.find(2).and_then(|count| count.be16()).unwrap_or(1);
    Some(Queue { first: attributes.find(1)?.be16()?, count, bypass: flags & 1 != 0 })
}

/// `NFTA_LIMIT_*`.
fn limit(attributes: Attributes<'_>) -> Option<Fork> {
    let rate = attributes.find(1)?.be64()?;
    let unit = match attributes.find(2)?.be64()? {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86_400 => "day",
        604_800 => "week",
        _ => "unit",
    };
    let burst = number(attributes, 3).unwrap_or(0);
    let over = over(attributes, 5);
    let what = if number(attributes, 4).unwrap_or(0) == 1 { "bytes" } else { "packets" };
    let of = if what == "bytes" { " bytes" } else { "" };
    let wording = format!("limit rate {over}{rate}{of}/{unit} burst {burst} {what}");
    Some(Fork { kind: ForkKind::Rate, wording })
}

/// `NFTA_OBJREF_*`, by the type of the object; which one it is may be up to a map.
fn object(attributes: Attributes<'_>) -> Option<Statement> {
    let kind = number(attributes, 1)?;
    let name = attributes.find(2)?.text();
    Some(match kind {
        1 => Statement::Effect(format!("counter name {name:?}")),
        2 => fork(ForkKind::Object, format!("quota name {name:?}")),
        3 => Statement::Effect(format!("ct helper set {name:?}")),
        4 => fork(ForkKind::Object, format!("limit name {name:?}")),
        5 => fork(ForkKind::Object, format!("ct count name {name:?}")),
        7 => Statement::Effect(format!("ct timeout set {name:?}")),
        8 => Statement::Effect(format!("secmark name {name:?}")),
        9 => Statement::Effect(format!("ct expectation set {name:?}")),
        _ => return None,
    })
}

/// `NFTA_DYNSET_*`: what is put into a set may be counted or limited there.
fn dynamic_set(attributes: Attributes<'_>) -> Option<Statement> {
    let words = match number(attributes, 3)? {
        0 => "add",
        1 => "update",
        2 => "delete",
        _ => return None,
    };
    let wording = format!("{words} @{}", attributes.find(1)?.text());
    let decides = attributes.find(7).is_some() || attributes.find(10).is_some();
    Some(if decides { fork(ForkKind::Rate, wording) } else { Statement::Effect(wording) })
}
