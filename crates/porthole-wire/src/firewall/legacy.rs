//! The tables of iptables-legacy, as the kernel gives them by `IPT_SO_GET_INFO` and `IPT_SO_GET_ENTRIES`.
//!
//! Layouts follow `include/uapi/linux/netfilter_ipv4/ip_tables.h` and `netfilter_ipv6/ip6_tables.h`: entries lie one
//! behind another, a jump names the offset of its target, and a chain begins with an entry that holds its name.

use std::collections::BTreeMap;

use porthole_model::firewall::{
    Backend, BaseChain, Chain, ChainKind, Counter, Field, FirewallTable, Hook, InterfaceSide, Match,
    PacketSide, Policy, Rule, Statement, TableFamily, Unknown, UnknownEffect, Value, ValueTest, Verdict,
    Wording, WordingSource,
};
use thiserror::Error;

use super::bytes::Layout;
use super::xt::{Extension, Understood, address_test, interface_test};
use super::{IpSetNames, words};

/// The size of `struct ipt_getinfo` and of `struct ip6t_getinfo`.
pub const INFO: usize = 84;

/// The bytes before the entries in `struct ipt_get_entries`: the table's name and a size, aligned to eight.
pub const ENTRIES_HEADER: usize = 40;

/// Why the bytes are not a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LegacyError {
    /// They end too early.
    #[error("the kernel's table ends within an entry")]
    Short,
    /// An entry's length leads out of the table, or is none.
    #[error("an entry of the kernel's table has a wrong length")]
    Length,
}

/// `struct ipt_getinfo`: where the chains of the hooks begin and where their policies are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    valid_hooks: u32,
    begins: [u32; 5],
    policies: [u32; 5],
    /// The size of the entries.
    pub size: u32,
}

impl TableInfo {
    /// Decodes it.
    pub fn decode(bytes: &[u8]) -> Result<Self, LegacyError> {
        let layout = Layout(bytes);
        let number = |at| layout.u32(at).ok_or(LegacyError::Short);
        let five = |at: usize| -> Result<[u32; 5], LegacyError> {
            Ok([number(at)?, number(at + 4)?, number(at + 8)?, number(at + 12)?, number(at + 16)?])
        };
        Ok(Self { valid_hooks: number(32)?, begins: five(36)?, policies: five(56)?, size: number(80)? })
    }
}

/// The hooks in the order of `enum nf_inet_hooks`, with iptables' names for their chains.
const HOOKS: [(Hook, &str); 5] = [
    (Hook::Prerouting, "PREROUTING"),
    (Hook::Input, "INPUT"),
    (Hook::Forward, "FORWARD"),
    (Hook::Output, "OUTPUT"),
    (Hook::Postrouting, "POSTROUTING"),
];

/// The table of that name, from its entries.
pub fn table(
    name: &str,
    v6: bool,
    info: &TableInfo,
    entries: &[u8],
    ip_sets: &IpSetNames,
) -> Result<FirewallTable, LegacyError> {
    let entries = split(entries, v6)?;
    let reading = Reading { v6, ip_sets, chains: names(&entries, info) };
    Ok(FirewallTable {
        backend: Backend::IptablesLegacy,
        family: if v6 { TableFamily::Ip6 } else { TableFamily::Ip },
        name: name.to_owned(),
        dormant: false,
        owner: None,
        chains: chains(name, info, &entries, &reading),
        sets: Vec::new(),
    })
}

/// An entry: a rule, a policy, or what begins and ends chains.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    offset: u32,
    layout: Layout<'a>,
    /// Where its parts are, which differs with the size of an address.
    shape: Shape,
    target: Layout<'a>,
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    protocol: usize,
    flags: usize,
    inverted: usize,
    offsets: usize,
    counters: usize,
    matches: usize,
    address: usize,
}

const V4: Shape =
    Shape { protocol: 80, flags: 82, inverted: 83, offsets: 88, counters: 96, matches: 112, address: 4 };
const V6: Shape = Shape {
    protocol: 128,
    flags: 131,
    inverted: 132,
    offsets: 140,
    counters: 152,
    matches: 168,
    address: 16,
};

/// The size of the header of a match or target.
const EXTENSION: usize = 32;

fn split(bytes: &[u8], v6: bool) -> Result<Vec<Entry<'_>>, LegacyError> {
    let shape = if v6 { V6 } else { V4 };
    let mut entries = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = Layout(&bytes[at..]);
        let offsets = (rest.u16(shape.offsets), rest.u16(shape.offsets + 2));
        let (Some(target), Some(length)) = offsets else { return Err(LegacyError::Short) };
        let (target, length) = (usize::from(target), usize::from(length));
        if target < shape.matches || length < target + EXTENSION {
            return Err(LegacyError::Length);
        }
        let layout = Layout(rest.slice(0, length).ok_or(LegacyError::Short)?);
        let target = Layout(layout.slice(target, length - target).ok_or(LegacyError::Length)?);
        let offset = u32::try_from(at).map_err(|_| LegacyError::Length)?;
        entries.push(Entry { offset, layout, shape, target });
        at += length;
    }
    Ok(entries)
}

impl Entry<'_> {
    fn target_name(&self) -> String {
        self.target.text(2, 29).unwrap_or_default()
    }

    /// The name of the chain that begins behind this entry.
    fn chain_name(&self) -> Option<String> {
        (self.target_name() == "ERROR").then(|| self.target.text(EXTENSION, 30))?
    }

    /// The verdict of a standard target.
    fn verdict(&self) -> Option<i32> {
        if self.target_name().is_empty() { self.target.u32(EXTENSION).map(u32::cast_signed) } else { None }
    }

    fn counter(&self) -> Option<Counter> {
        let (packets, bytes) = (self.shape.counters, self.shape.counters + 8);
        Some(Counter { packets: self.layout.u64(packets)?, bytes: self.layout.u64(bytes)? })
    }

    fn end(&self) -> u32 {
        self.offset.saturating_add(u32::try_from(self.layout.0.len()).unwrap_or(u32::MAX))
    }
}

/// The chains by the offset of their first entry.
fn names(entries: &[Entry<'_>], info: &TableInfo) -> BTreeMap<u32, String> {
    let built_in = HOOKS.iter().enumerate().filter(|(index, _)| info.valid_hooks >> index & 1 != 0);
    let built_in = built_in.map(|(index, (_, name))| (info.begins[index], (*name).to_owned()));
    let own = entries.iter().filter_map(|entry| Some((entry.end(), entry.chain_name()?)));
    // The last entry has the name "ERROR" and no chain behind it.
    let size = info.size;
    own.filter(|(begin, _)| *begin < size).chain(built_in).collect()
}

struct Reading<'a> {
    v6: bool,
    ip_sets: &'a IpSetNames,
    chains: BTreeMap<u32, String>,
}

fn chains(table: &str, info: &TableInfo, entries: &[Entry<'_>], reading: &Reading<'_>) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(name) = reading.chains.get(&entry.offset) {
            chains.push(Chain { name: name.clone(), handle: None, base: None, rules: Vec::new() });
        }
        let Some(chain) = chains.last_mut() else { continue };
        if entry.chain_name().is_some() {
            continue;
        }
        if let Some(base) = policy(table, info, entry) {
            chain.base = Some(base);
        } else if !ends_chain(entries, index) {
            let position = u32::try_from(chain.rules.len() + 1).unwrap_or(u32::MAX);
            chain.rules.push(reading.rule(entry, position));
        }
    }
    chains
}

/// The last entry of a built-in chain is its policy.
fn policy(table: &str, info: &TableInfo, entry: &Entry<'_>) -> Option<BaseChain> {
    let place = HOOKS
        .iter()
        .enumerate()
        .find(|(index, _)| info.valid_hooks >> index & 1 != 0 && info.policies[*index] == entry.offset);
    let (_, (hook, _)) = place?;
    let is_drop = entry.verdict() == Some(-1);
    Some(BaseChain {
        kind: kind(table, *hook),
        hook: *hook,
        priority: priority(table, *hook),
        policy: if is_drop { Policy::Drop } else { Policy::Accept },
        counter: entry.counter(),
        devices: Vec::new(),
    })
}

/// The last entry of any other chain is a return that nobody wrote; the next chain or the end of all follows.
fn ends_chain(entries: &[Entry<'_>], index: usize) -> bool {
    entries.get(index + 1).is_none_or(|next| next.chain_name().is_some())
}

/// The priorities at which the kernel's modules hang (`enum nf_ip_hook_priorities`).
fn priority(table: &str, hook: Hook) -> i32 {
    match table {
        "raw" => -300,
        "mangle" => -150,
        "nat" if matches!(hook, Hook::Postrouting | Hook::Input) => 100,
        "nat" => -100,
        "security" => 50,
        _ => 0,
    }
}

fn kind(table: &str, hook: Hook) -> ChainKind {
    match (table, hook) {
        ("nat", _) => ChainKind::Nat,
        ("mangle", Hook::Output) => ChainKind::Route,
        _ => ChainKind::Filter,
    }
}

impl Reading<'_> {
    fn rule(&self, entry: &Entry<'_>, position: u32) -> Rule {
        let mut statements = self.head(entry).unwrap_or_else(|| vec![unknown("head of the rule")]);
        let mut comment = None;
        for understood in self.matches(entry) {
            statements.extend(understood.statements);
            comment = understood.comment.or(comment);
        }
        statements.extend(entry.counter().map(Statement::Counter));
        statements.extend(self.target(entry));
        let text = words(&statements, comment.as_deref());
        let wording = Wording { text, source: WordingSource::Own };
        Rule { position, handle: None, wording, comment, statements }
    }

    /// `struct ipt_ip` and `struct ip6t_ip6`: addresses, interfaces, protocol.
    fn head(&self, entry: &Entry<'_>) -> Option<Vec<Statement>> {
        let (layout, shape) = (entry.layout, entry.shape);
        let inverted = layout.u8(shape.inverted)?;
        let mut statements = Vec::new();
        for (side, index, bit) in [(PacketSide::Source, 0, 3), (PacketSide::Destination, 1, 4)] {
            let address = layout.address(index * shape.address, self.v6)?;
            let mask = layout.address((index + 2) * shape.address, self.v6)?;
            let negated = inverted >> bit & 1 != 0;
            if !mask.is_unspecified() || negated {
                statements.push(condition(Field::Address(side), negated, address_test(address, mask)));
            }
        }
        for (side, index, bit) in [(InterfaceSide::In, 0, 0), (InterfaceSide::Out, 1, 1)] {
            let at = 4 * shape.address + 16 * index;
            let (name, mask) = (layout.slice(at, 16)?, layout.slice(at + 32, 16)?);
            if mask.iter().any(|byte| *byte != 0) {
                let negated = inverted >> bit & 1 != 0;
                statements.push(condition(Field::Interface(side), negated, interface_test(name, mask)?));
            }
        }
        statements.extend(self.protocol(entry, inverted)?);
        Some(statements)
    }

    /// In IPv6 a rule of no protocol has protocol 0 and a flag unset.
    fn protocol(&self, entry: &Entry<'_>, inverted: u8) -> Option<Vec<Statement>> {
        let (layout, shape) = (entry.layout, entry.shape);
        let (protocol, flags) = (layout.u16(shape.protocol)?, layout.u8(shape.flags)?);
        let mut statements = Vec::new();
        let number = |number: u16| ValueTest::Is(Value::Number(number.into()));
        let is_asked = if self.v6 { flags & 1 != 0 } else { protocol != 0 };
        if is_asked {
            statements.push(condition(Field::Protocol, inverted & 0x40 != 0, number(protocol)));
        }
        if !self.v6 && flags & 1 != 0 {
            statements.push(condition(Field::IsFragment, inverted & 0x20 != 0, number(1)));
        }
        Some(statements)
    }

    fn matches(&self, entry: &Entry<'_>) -> Vec<Understood> {
        let end = entry.layout.0.len() - entry.target.0.len();
        let mut at = entry.shape.matches;
        let mut found = Vec::new();
        while at < end {
            let length = usize::from(entry.layout.u16(at).unwrap_or(0));
            let Some(whole) = entry.layout.slice(at, length).filter(|_| length >= EXTENSION) else {
                found.push(vec![unknown("match of a wrong length")].into());
                break;
            };
            found.push(self.extension(whole, true));
            at += length;
        }
        found
    }

    /// `struct xt_entry_match` and `struct xt_entry_target` begin alike: size, name, revision.
    fn extension(&self, whole: &[u8], is_match: bool) -> Understood {
        let layout = Layout(whole);
        let name = layout.text(2, 29).unwrap_or_default();
        let extension = Extension {
            name: &name,
            revision: layout.u8(31).unwrap_or(0).into(),
            info: Layout(whole.get(EXTENSION..).unwrap_or_default()),
            v6: self.v6,
            ip_sets: self.ip_sets,
        };
        if is_match { extension.read_match() } else { extension.read_target() }
    }

    fn target(&self, entry: &Entry<'_>) -> Vec<Statement> {
        match entry.verdict() {
            Some(verdict) => self.verdict(entry, verdict).map(Statement::Verdict).into_iter().collect(),
            None => self.extension(entry.target.0, false).statements,
        }
    }

    /// A verdict below zero is `-NF_… - 1`, or a return (-5); else it is an offset, that of the next entry for a rule
    /// that does nothing but count.
    fn verdict(&self, entry: &Entry<'_>, verdict: i32) -> Option<Verdict> {
        match verdict {
            -1 => Some(Verdict::Drop),
            -2 => Some(Verdict::Accept),
            -5 => Some(Verdict::Return),
            offset => {
                let offset = u32::try_from(offset).ok()?;
                if offset == entry.end() {
                    return None;
                }
                let name = self.chains.get(&offset)?.clone();
                let flags = entry.layout.u8(entry.shape.flags)?;
                let is_goto = if self.v6 { flags & 4 != 0 } else { flags & 2 != 0 };
                Some(if is_goto { Verdict::Goto(name) } else { Verdict::Jump(name) })
            }
        }
    }
}

fn condition(field: Field, negated: bool, test: ValueTest) -> Statement {
    Statement::Match(Match { field, negated, tests: vec![test] })
}

fn unknown(wording: &str) -> Statement {
    Statement::Unknown(Unknown { wording: wording.to_owned(), effect: UnknownEffect::Match })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_end_without_panic(info: [u8; INFO], bytes: Vec<u8>, v6: bool) {
            let info = TableInfo::decode(&info).unwrap();
            let _ = table("filter", v6, &info, &bytes, &IpSetNames::new());
        }

        #[test]
        fn entries_of_any_content_end_without_panic(
            contents in prop::collection::vec((prop::collection::vec(any::<u8>(), 112..160), any::<[u8; 64]>()), 1..6),
        ) {
            let mut bytes = Vec::new();
            for (mut head, target) in contents {
                head.resize(head.len().next_multiple_of(8), 0);
                let (target_offset, next) = (u16::try_from(head.len()).unwrap(), u16::try_from(head.len() + 64).unwrap());
                head[88..90].copy_from_slice(&target_offset.to_ne_bytes());
                head[90..92].copy_from_slice(&next.to_ne_bytes());
                bytes.extend(head);
                bytes.extend(target);
            }
            let info = TableInfo { valid_hooks: 0x1f, begins: [0; 5], policies: [0; 5], size: u32::try_from(bytes.len()).unwrap() };
            prop_assert!(table("filter", false, &info, &bytes, &IpSetNames::new()).is_ok());
        }
    }
}
