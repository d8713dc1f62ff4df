//! Matches.

use porthole_model::IpPrefix;
use porthole_model::MacAddress;
use porthole_model::firewall::{
    AddressKind, Field, Fork, ForkKind, InterfaceSide, IpSetLookup, Match, PacketSide, RouteQuestion,
    Statement, Value, ValueTest,
};

use super::super::bytes::{Layout, octets, prefix_length};
use super::{Extension, Understood, conntrack};

/// `None` for a match that is not known, or of which a part is not.
pub(super) fn read(extension: &Extension<'_>) -> Option<Understood> {
    let info = extension.info;
    let statements = match (extension.name, extension.revision) {
        ("comment", 0) => {
            return Some(Understood { statements: Vec::new(), comment: Some(info.text(0, info.0.len())?) });
        }
        ("tcp", 0) => tcp(info)?,
        ("udp" | "udplite", 0) => ports(info, info.u8(8)?)?,
        ("multiport", 1) => multiport(info)?,
        ("icmp", 0) => icmp(info, Field::IcmpType, Field::IcmpCode)?,
        ("icmp6", 0) => icmp(info, Field::Icmp6Type, Field::Icmp6Code)?,
        ("addrtype", 0 | 1) => address_kind(info, extension.revision)?,
        ("conntrack", 1..=3) => conntrack::conntrack(info, extension.revision, extension.v6)?,
        ("state", 0) => conntrack::state(info)?,
        ("mark", 1) => mark(Field::Mark, info)?,
        ("connmark", 1) => mark(Field::ConntrackMark, info)?,
        ("set", 1..=4) => vec![ip_set(extension)?],
        ("iprange", 1) => address_ranges(info, extension.v6)?,
        ("physdev", 0) => bridge_ports(info)?,
        ("owner", 1) => owner(info)?,
        ("mac", 0) => mac(info)?,
        ("pkttype", 0) => number(Field::PacketType, info.u32(0)?.into(), info.u32(4)? != 0),
        ("devgroup", 0) => interface_groups(info)?,
        ("rpfilter", 0) => reverse_path(info.u8(0)?)?,
        ("length", 0) => range(Field::Length, info.u16(0)?, info.u16(2)?, info.u8(4)? != 0),
        ("dscp", 0) => number(Field::Dscp, info.u8(0)?.into(), info.u8(1)? != 0),
        ("ttl" | "hl", 0) => time_to_live(info)?,
        ("helper", 0) => helper(info)?,
        ("limit", 0) => vec![limit(info)?],
        ("hashlimit", _) => return Some(extension.fork(ForkKind::Rate)),
        ("connlimit", _) => return Some(extension.fork(ForkKind::Connections)),
        ("connbytes" | "quota", _) => return Some(extension.fork(ForkKind::Quota)),
        ("recent", _) => return Some(extension.fork(ForkKind::Recent)),
        ("statistic", _) => return Some(extension.fork(ForkKind::Chance)),
        ("time", _) => return Some(extension.fork(ForkKind::Time)),
        _ => return None,
    };
    Some(statements.into())
}

/// A condition with these tests; none at all for no test.
fn condition(field: Field, negated: bool, tests: Vec<ValueTest>) -> Vec<Statement> {
    if tests.is_empty() { Vec::new() } else { vec![Statement::Match(Match { field, negated, tests })] }
}

fn number(field: Field, number: u64, negated: bool) -> Vec<Statement> {
    condition(field, negated, vec![ValueTest::Is(Value::Number(number))])
}

fn range(field: Field, from: u16, to: u16, negated: bool) -> Vec<Statement> {
    condition(field, negated, vec![number_range(from.into(), to.into())])
}

fn number_range(from: u64, to: u64) -> ValueTest {
    if from == to {
        ValueTest::Is(Value::Number(from))
    } else {
        ValueTest::Range { from: Value::Number(from), to: Value::Number(to) }
    }
}

/// `struct xt_tcp`. A condition on TCP options is not told further.
fn tcp(info: Layout<'_>) -> Option<Vec<Statement>> {
    let (option, mask, value, inverted) = (info.u8(8)?, info.u8(9)?, info.u8(10)?, info.u8(11)?);
    if option != 0 {
        return None;
    }
    let mut statements = ports(info, inverted & 3)?;
    if mask != 0 {
        let masked =
            ValueTest::Masked { mask: Value::Number(mask.into()), value: Value::Number(value.into()) };
        statements.extend(condition(Field::TcpFlags, inverted & 4 != 0, vec![masked]));
    }
    Some(statements)
}

/// The two ranges of ports that `struct xt_tcp` and `struct xt_udp` begin with.
fn ports(info: Layout<'_>, inverted: u8) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    for (side, at, bit) in [(PacketSide::Source, 0, 1), (PacketSide::Destination, 4, 2)] {
        let (from, to, negated) = (info.u16(at)?, info.u16(at + 2)?, inverted & bit != 0);
        if (from, to, negated) != (0, u16::MAX, false) {
            statements.extend(range(Field::Port(side), from, to, negated));
        }
    }
    Some(statements)
}

/// `struct xt_multiport_v1`: a port whose flag is set begins a range that the next one ends.
fn multiport(info: Layout<'_>) -> Option<Vec<Statement>> {
    let field = match info.u8(0)? {
        0 => Field::Port(PacketSide::Source),
        1 => Field::Port(PacketSide::Destination),
        2 => Field::EitherPort,
        _ => return None,
    };
    let count = usize::from(info.u8(1)?).min(15);
    let mut tests = Vec::new();
    let mut at = 0;
    while at < count {
        let port = |at: usize| info.u16(2 + 2 * at).map(u64::from);
        let begins_range = info.u8(32 + at)? != 0;
        let last = if begins_range { at + 1 } else { at };
        tests.push(number_range(port(at)?, port(last)?));
        at = last + 1;
    }
    Some(condition(field, info.u8(47)? != 0, tests))
}

/// `struct ipt_icmp`. Turned over, it speaks of type and code at once, which two conditions cannot say.
fn icmp(info: Layout<'_>, kind: Field, code: Field) -> Option<Vec<Statement>> {
    let (wanted, from, to, inverted) = (info.u8(0)?, info.u8(1)?, info.u8(2)?, info.u8(3)? & 1 != 0);
    // Type 255 is any (`icmp_type_code_match`).
    if wanted == 255 && !inverted && kind == Field::IcmpType {
        return Some(Vec::new());
    }
    let mut statements = number(kind, wanted.into(), inverted);
    if (from, to) != (0, 255) {
        if inverted {
            return None;
        }
        statements.extend(range(code, from.into(), to.into(), false));
    }
    Some(statements)
}

/// `struct xt_addrtype_info` and `struct xt_addrtype_info_v1`.
fn address_kind(info: Layout<'_>, revision: u32) -> Option<Vec<Statement>> {
    let flags = match revision {
        0 => u32::from(info.u32(4)? != 0) | u32::from(info.u32(8)? != 0) << 1,
        _ => info.u32(4)?,
    };
    let interface = match flags & 0xc {
        0 => None,
        4 => Some(InterfaceSide::In),
        8 => Some(InterfaceSide::Out),
        _ => return None,
    };
    let mut statements = Vec::new();
    for (side, at, bit) in [(PacketSide::Source, 0, 1), (PacketSide::Destination, 2, 2)] {
        let mask = info.u16(at)?;
        let kinds = (0..16u8).filter(|kind| mask >> kind & 1 != 0).map(kind_of_number);
        let tests = kinds.map(|kind| ValueTest::Is(Value::AddressKind(kind))).collect();
        let question = RouteQuestion { side, interface, with_mark: false };
        statements.extend(condition(Field::AddressKind(question), flags & bit != 0, tests));
    }
    Some(statements)
}

/// The kinds by their `rtm_type`.
pub(in crate::firewall) fn kind_of_number(number: u8) -> AddressKind {
    match number {
        0 => AddressKind::Unspecified,
        1 => AddressKind::Unicast,
        2 => AddressKind::Local,
        3 => AddressKind::Broadcast,
        4 => AddressKind::Anycast,
        5 => AddressKind::Multicast,
        6 => AddressKind::Blackhole,
        7 => AddressKind::Unreachable,
        8 => AddressKind::Prohibit,
        other => AddressKind::Other(other),
    }
}

/// `struct xt_mark_mtinfo1` and `struct xt_connmark_mtinfo1`.
fn mark(field: Field, info: Layout<'_>) -> Option<Vec<Statement>> {
    let (wanted, mask, inverted) = (info.u32(0)?, info.u32(4)?, info.u8(8)? != 0);
    let test = if mask == u32::MAX {
        ValueTest::Is(Value::Number(wanted.into()))
    } else {
        ValueTest::Masked { mask: Value::Number(mask.into()), value: Value::Number(wanted.into()) }
    };
    Some(condition(field, inverted, vec![test]))
}

/// `struct xt_set_info_match_v1` to `_v4`; since revision 3 the set's counters may be asked for too.
fn ip_set(extension: &Extension<'_>) -> Option<Statement> {
    let info = extension.info;
    let (index, dimensions, flags) = (info.u16(0)?, info.u8(2)?, info.u8(3)?);
    let name = extension.ip_sets.get(&index)?.clone();
    let side = |dimension| {
        let from_source = flags >> dimension & 1 != 0;
        if from_source { PacketSide::Source } else { PacketSide::Destination }
    };
    let asks_counters = extension.revision >= 3 && info.u32(40)? & (1 << 5) != 0;
    let asks_exceptions = flags & 1 << 7 != 0;
    let conditions = [(asks_counters, "counters"), (asks_exceptions, "return-nomatch")];
    Some(Statement::IpSet(IpSetLookup {
        set: name,
        sides: (1..=dimensions.min(6)).map(side).collect(),
        negated: flags & 1 != 0,
        conditions: conditions.iter().filter(|(asked, _)| *asked).map(|(_, words)| (*words).into()).collect(),
    }))
}

/// `struct xt_iprange_mtinfo`.
fn address_ranges(info: Layout<'_>, v6: bool) -> Option<Vec<Statement>> {
    let flags = info.u8(64)?;
    let mut statements = Vec::new();
    for (side, at, bit) in [(PacketSide::Source, 0, 0), (PacketSide::Destination, 32, 1)] {
        if flags >> bit & 1 != 0 {
            let (from, to) = (info.address(at, v6)?, info.address(at + 16, v6)?);
            let test = ValueTest::Range { from: Value::Address(from), to: Value::Address(to) };
            statements.extend(condition(Field::Address(side), flags >> (4 + bit) & 1 != 0, vec![test]));
        }
    }
    Some(statements)
}

/// `struct xt_physdev_info`.
fn bridge_ports(info: Layout<'_>) -> Option<Vec<Statement>> {
    let (inverted, asked) = (info.u8(64)?, info.u8(65)?);
    let mut statements = Vec::new();
    let mut ask = |bit: u8, field: Field, test: ValueTest| {
        if asked & bit != 0 {
            statements.extend(condition(field, inverted & bit != 0, vec![test]));
        }
    };
    let yes = || ValueTest::Is(Value::Number(1));
    ask(1, Field::BridgePort(InterfaceSide::In), interface_test(info.slice(0, 16)?, info.slice(16, 16)?)?);
    ask(2, Field::BridgePort(InterfaceSide::Out), interface_test(info.slice(32, 16)?, info.slice(48, 16)?)?);
    ask(4, Field::IsBridged, yes());
    ask(8, Field::HasBridgePort(InterfaceSide::In), yes());
    ask(16, Field::HasBridgePort(InterfaceSide::Out), yes());
    Some(statements)
}

/// The test of an interface's name under a mask; a mask that ends before the name's NUL leaves the end open.
pub(in crate::firewall) fn interface_test(name: &[u8], mask: &[u8]) -> Option<ValueTest> {
    let length = mask.iter().position(|byte| *byte != 0xff).unwrap_or(mask.len());
    if mask.iter().skip(length).any(|byte| *byte != 0) {
        return None;
    }
    let compared = name.get(..length)?;
    let text = super::super::bytes::text(compared);
    let is_whole = compared.contains(&0) || compared.len() == name.len();
    Some(if is_whole { ValueTest::Is(Value::Name(text)) } else { ValueTest::NamePrefix(text) })
}

/// `struct xt_owner_match_info`; with supplementary groups more than the packet would have to be known.
fn owner(info: Layout<'_>) -> Option<Vec<Statement>> {
    let (asked, inverted) = (info.u8(16)?, info.u8(17)?);
    if asked & 8 != 0 {
        return None;
    }
    let mut statements = Vec::new();
    for (bit, field, at) in [(1, Field::SocketUid, 0), (2, Field::SocketGid, 8)] {
        if asked & bit != 0 {
            let test = number_range(info.u32(at)?.into(), info.u32(at + 4)?.into());
            statements.extend(condition(field, inverted & bit != 0, vec![test]));
        }
    }
    if asked & 4 != 0 {
        statements.extend(number(Field::HasSocket, 1, inverted & 4 != 0));
    }
    Some(statements)
}

/// `struct xt_mac_info`.
fn mac(info: Layout<'_>) -> Option<Vec<Statement>> {
    let test = ValueTest::Is(Value::Mac(MacAddress(info.array(0)?)));
    Some(condition(Field::Mac(PacketSide::Source), info.u32(8)? != 0, vec![test]))
}

/// `struct xt_devgroup_info`.
fn interface_groups(info: Layout<'_>) -> Option<Vec<Statement>> {
    let flags = info.u32(0)?;
    let mut statements = Vec::new();
    for (side, at, bit) in [(InterfaceSide::In, 4, 0), (InterfaceSide::Out, 12, 2)] {
        if flags >> bit & 1 != 0 {
            let (group, mask) = (u64::from(info.u32(at)?), u64::from(info.u32(at + 4)?));
            let test = if mask == u64::from(u32::MAX) {
                ValueTest::Is(Value::Number(group))
            } else {
                ValueTest::Masked { mask: Value::Number(mask), value: Value::Number(group) }
            };
            statements.extend(condition(
                Field::InterfaceGroup(side),
                flags >> (bit + 1) & 1 != 0,
                vec![test],
            ));
        }
    }
    Some(statements)
}

/// `struct xt_rpfilter_info`: loose 1, with mark 2, accept local 4, inverted 8.
fn reverse_path(flags: u8) -> Option<Vec<Statement>> {
    if flags & 4 != 0 {
        return None;
    }
    let interface = (flags & 1 == 0).then_some(InterfaceSide::In);
    let question = RouteQuestion { side: PacketSide::Source, interface, with_mark: flags & 2 != 0 };
    Some(number(Field::RouteExists(question), 1, flags & 8 != 0))
}

/// `struct ipt_ttl_info` and `struct ip6t_hl_info`: equal, not equal, less, greater.
fn time_to_live(info: Layout<'_>) -> Option<Vec<Statement>> {
    let (mode, value) = (info.u8(0)?, info.u8(1)?);
    let (from, to) = match mode {
        0 | 1 => (value, value),
        2 => (0, value.checked_sub(1)?),
        3 => (value.checked_add(1)?, u8::MAX),
        _ => return None,
    };
    Some(range(Field::TimeToLive, from.into(), to.into(), mode == 1))
}

/// `struct xt_helper_info`; an empty name asks for any helper.
fn helper(info: Layout<'_>) -> Option<Vec<Statement>> {
    let name = info.text(4, 30)?;
    let test = if name.is_empty() { ValueTest::NamePrefix(name) } else { ValueTest::Is(Value::Name(name)) };
    Some(condition(Field::ConntrackHelper, info.u32(0)? != 0, vec![test]))
}

/// `struct xt_rateinfo`: the average is 10,000 seconds over the rate.
fn limit(info: Layout<'_>) -> Option<Statement> {
    let (average, burst) = (u64::from(info.u32(0)?.max(1)), info.u32(4)?);
    let units = [("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400)];
    let (unit, seconds) =
        units.into_iter().find(|(_, seconds)| seconds * 10_000 / average > 0).unwrap_or(("day", 86_400));
    let rate = (seconds * 10_000 + average / 2) / average;
    let wording = format!("limit rate {rate}/{unit} burst {burst} packets");
    Some(Statement::Fork(Fork { kind: ForkKind::Rate, wording }))
}

/// The test that an address lies under a mask.
pub(in crate::firewall) fn address_test(address: std::net::IpAddr, mask: std::net::IpAddr) -> ValueTest {
    match prefix_length(&octets(mask)) {
        Some(length) if length == longest(address) => ValueTest::Is(Value::Address(address)),
        Some(length) => ValueTest::Prefix(IpPrefix { address, length }),
        None => ValueTest::Masked { mask: Value::Address(mask), value: Value::Address(address) },
    }
}

fn longest(address: std::net::IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}
