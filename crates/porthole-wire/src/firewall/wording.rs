//! A rule's statements in words, in the manner of nft.

use std::fmt::Write;
use std::net::IpAddr;

use porthole_model::firewall::{
    AddressKind, AddressRange, ConntrackSide, ConntrackState, Elements, Field, IcmpFamily, InterfaceSide,
    Lookup, MarkChange, MarkSource, Match, Nat, NatKind, NatTarget, PacketSide, PortRange, Reject,
    RouteQuestion, SetElement, SetKey, SetOutcome, Statement, Value, ValueTest, Verdict,
};

/// The statements as one line.
pub fn words(statements: &[Statement], comment: Option<&str>) -> String {
    let mut words: Vec<_> = statements.iter().map(statement).collect();
    words.extend(comment.map(|comment| format!("comment {comment:?}")));
    words.join(" ")
}

fn statement(statement: &Statement) -> String {
    match statement {
        Statement::Match(condition) => matching(condition),
        Statement::Lookup(lookup) => look_up(lookup),
        Statement::IpSet(lookup) => {
            let sides: Vec<_> = lookup.sides.iter().map(|side| side_word(*side, "src", "dst")).collect();
            let mut words = format!("ipset {}{} {}", not(lookup.negated), lookup.set, sides.join(","));
            for condition in &lookup.conditions {
                let _infallible = write!(words, " {condition}");
            }
            words
        }
        Statement::Fork(fork) => fork.wording.clone(),
        Statement::Counter(counter) => {
            format!("counter packets {} bytes {}", counter.packets, counter.bytes)
        }
        Statement::Mark(change) => mark(*change),
        Statement::NoTrack => "notrack".to_owned(),
        Statement::Trace => "meta nftrace set 1".to_owned(),
        Statement::Log(prefix) if prefix.is_empty() => "log".to_owned(),
        Statement::Log(prefix) => format!("log prefix {prefix:?}"),
        Statement::Effect(wording) => wording.clone(),
        Statement::Nat(nat) => translation(nat),
        Statement::Reject(reject) => refusal(*reject),
        Statement::Queue(queue) => {
            let last = u32::from(queue.first) + u32::from(queue.count.max(1)) - 1;
            let bypass = if queue.bypass { " bypass" } else { "" };
            format!("queue num {}{bypass}", number_range(queue.first.into(), last))
        }
        Statement::Verdict(verdict) => verdict_words(verdict),
        Statement::VerdictMap(map) => {
            format!("{} vmap {}", fields(&map.fields), elements(&map.elements))
        }
        Statement::Unknown(unknown) => format!("[{}]", unknown.wording),
    }
}

fn matching(condition: &Match) -> String {
    let field = &condition.field;
    let tests: Vec<_> = condition.tests.iter().map(|test| test_words(field, test)).collect();
    let tests =
        if let [test] = tests.as_slice() { test.clone() } else { format!("{{ {} }}", tests.join(", ")) };
    format!("{} {}{tests}", field_words(field, first_address(&condition.tests)), not_equal(condition.negated))
}

fn look_up(lookup: &Lookup) -> String {
    format!("{} {}{}", fields(&lookup.fields), not_equal(lookup.negated), elements(&lookup.elements))
}

fn not(negated: bool) -> &'static str {
    if negated { "! " } else { "" }
}

fn not_equal(negated: bool) -> &'static str {
    if negated { "!= " } else { "" }
}

fn fields(fields: &[Field]) -> String {
    let words: Vec<_> = fields.iter().map(|field| field_words(field, None)).collect();
    words.join(" . ")
}

fn side_word(side: PacketSide, source: &'static str, destination: &'static str) -> &'static str {
    match side {
        PacketSide::Source => source,
        PacketSide::Destination => destination,
    }
}

fn interface_word(side: InterfaceSide, in_word: &'static str, out_word: &'static str) -> &'static str {
    match side {
        InterfaceSide::In => in_word,
        InterfaceSide::Out => out_word,
    }
}

/// The field by nft's name; of an address the family is told by its value.
fn field_words(field: &Field, address: Option<IpAddr>) -> String {
    let ip = if address.is_some_and(|address| address.is_ipv6()) { "ip6" } else { "ip" };
    let word = match field {
        Field::Interface(side) => interface_word(*side, "iifname", "oifname"),
        Field::InterfaceIndex(side) => interface_word(*side, "iif", "oif"),
        Field::InterfaceGroup(side) => interface_word(*side, "iifgroup", "oifgroup"),
        Field::Bridge(side) => interface_word(*side, "ibrname", "obrname"),
        Field::BridgePort(side) => interface_word(*side, "physdev in", "physdev out"),
        Field::HasBridgePort(side) => interface_word(*side, "physdev is-in", "physdev is-out"),
        Field::Address(side) => return format!("{ip} {}", side_word(*side, "saddr", "daddr")),
        Field::Port(side) => side_word(*side, "th sport", "th dport"),
        Field::Mac(side) => side_word(*side, "ether saddr", "ether daddr"),
        Field::ConntrackAddress(side) => return format!("ct {}", conntrack_words(*side, ip)),
        Field::ConntrackPort(side) => return format!("ct {}", conntrack_words(*side, "proto")),
        Field::AddressKind(question) => return question_words(*question, "type"),
        Field::RouteInterfaceIndex(question) => return question_words(*question, "oif"),
        Field::RouteInterface(question) => return question_words(*question, "oifname"),
        Field::RouteExists(question) => return question_words(*question, "exists"),
        Field::Other(name) => name,
        plain => plain_field(plain),
    };
    word.to_owned()
}

fn plain_field(field: &Field) -> &'static str {
    match field {
        Field::IsBridged => "physdev is-bridged",
        Field::NetworkProtocol => "meta nfproto",
        Field::EtherType => "meta protocol",
        Field::Protocol => "meta l4proto",
        Field::NextHeader => "ip6 nexthdr",
        Field::EitherPort => "th port",
        Field::TcpFlags => "tcp flags",
        Field::IcmpType => "icmp type",
        Field::IcmpCode => "icmp code",
        Field::Icmp6Type => "icmpv6 type",
        Field::Icmp6Code => "icmpv6 code",
        Field::IsFragment => "fragment",
        Field::Length => "meta length",
        Field::TimeToLive => "ttl",
        Field::Dscp => "dscp",
        Field::PacketType => "meta pkttype",
        Field::ConntrackState => "ct state",
        Field::ConntrackStatus | Field::ConntrackTranslation => "ct status",
        Field::ConntrackDirection => "ct direction",
        Field::ConntrackProtocol => "ct protocol",
        Field::ConntrackMark => "ct mark",
        Field::ConntrackZone => "ct zone",
        Field::ConntrackHelper => "ct helper",
        Field::Mark => "meta mark",
        Field::SocketUid => "meta skuid",
        Field::SocketGid => "meta skgid",
        Field::HasSocket => "socket exists",
        _ => "field",
    }
}

fn conntrack_words(side: ConntrackSide, what: &str) -> String {
    let what = if what == "ip6" {
        "ip6 "
    } else if what == "proto" {
        "proto-"
    } else {
        "ip "
    };
    let (direction, side) = match side {
        ConntrackSide::OriginalSource => ("original ", "src"),
        ConntrackSide::OriginalDestination => ("original ", "dst"),
        ConntrackSide::ReplySource => ("reply ", "src"),
        ConntrackSide::ReplyDestination => ("reply ", "dst"),
        ConntrackSide::Source => ("", "src"),
        ConntrackSide::Destination => ("", "dst"),
    };
    let side = match (what, side) {
        ("proto-", side) => side,
        (_, "src") => "saddr",
        _ => "daddr",
    };
    format!("{direction}{what}{side}")
}

fn question_words(question: RouteQuestion, result: &str) -> String {
    let mut words = format!("fib {}", side_word(question.side, "saddr", "daddr"));
    if question.with_mark {
        words.push_str(" . mark");
    }
    if let Some(side) = question.interface {
        words.push_str(interface_word(side, " . iif", " . oif"));
    }
    format!("{words} {result}")
}

fn first_address(tests: &[ValueTest]) -> Option<IpAddr> {
    match tests.first()? {
        ValueTest::Is(Value::Address(address)) | ValueTest::Range { from: Value::Address(address), .. } => {
            Some(*address)
        }
        ValueTest::Prefix(prefix) => Some(prefix.address),
        ValueTest::Masked { value: Value::Address(address), .. } => Some(*address),
        _ => None,
    }
}

fn test_words(field: &Field, test: &ValueTest) -> String {
    match test {
        ValueTest::Is(value) => value_words(field, value),
        ValueTest::Range { from, to } => format!("{}-{}", value_words(field, from), value_words(field, to)),
        ValueTest::Prefix(prefix) => prefix.to_string(),
        ValueTest::NamePrefix(name) => format!("\"{name}*\""),
        ValueTest::Masked { mask, value } => {
            format!("& {} == {}", value_words(field, mask), value_words(field, value))
        }
        ValueTest::AnyBit(bits) => format!("& {bits:#x} != 0"),
    }
}

fn value_words(field: &Field, value: &Value) -> String {
    match value {
        Value::Number(number) => number_words(field, *number),
        Value::Address(address) => address.to_string(),
        Value::Name(name) => format!("{name:?}"),
        Value::Mac(mac) => mac.to_string(),
        Value::State(state) => state_word(*state).to_owned(),
        Value::AddressKind(kind) => kind_word(*kind),
        Value::Bytes(bytes) => bytes.iter().fold("0x".to_owned(), |words, byte| format!("{words}{byte:02x}")),
    }
}

fn number_words(field: &Field, number: u64) -> String {
    let word = match (field, number) {
        (Field::Protocol | Field::NextHeader | Field::ConntrackProtocol, number) => protocol_word(number),
        (Field::NetworkProtocol, 2) => Some("ipv4"),
        (Field::NetworkProtocol, 10) => Some("ipv6"),
        (Field::EtherType, 0x0800) => Some("ip"),
        (Field::EtherType, 0x86dd) => Some("ip6"),
        (Field::EtherType, 0x0806) => Some("arp"),
        (Field::ConntrackDirection, 0) => Some("original"),
        (Field::ConntrackDirection, 1) => Some("reply"),
        _ => None,
    };
    let is_bits = matches!(
        field,
        Field::Mark
            | Field::ConntrackMark
            | Field::EtherType
            | Field::TcpFlags
            | Field::ConntrackStatus
            | Field::ConntrackTranslation
    );
    match word {
        Some(word) => word.to_owned(),
        None if is_bits => format!("{number:#x}"),
        None => number.to_string(),
    }
}

/// IANA's protocol numbers, as nft names them.
fn protocol_word(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        6 => "tcp",
        17 => "udp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        132 => "sctp",
        _ => return None,
    })
}

fn state_word(state: ConntrackState) -> &'static str {
    match state {
        ConntrackState::Invalid => "invalid",
        ConntrackState::Established => "established",
        ConntrackState::Related => "related",
        ConntrackState::New => "new",
        ConntrackState::Untracked => "untracked",
    }
}

fn kind_word(kind: AddressKind) -> String {
    let word = match kind {
        AddressKind::Unspecified => "unspec",
        AddressKind::Unicast => "unicast",
        AddressKind::Local => "local",
        AddressKind::Broadcast => "broadcast",
        AddressKind::Anycast => "anycast",
        AddressKind::Multicast => "multicast",
        AddressKind::Blackhole => "blackhole",
        AddressKind::Unreachable => "unreachable",
        AddressKind::Prohibit => "prohibit",
        AddressKind::Other(number) => return number.to_string(),
    };
    word.to_owned()
}

fn elements(elements: &Elements) -> String {
    match elements {
        Elements::Named(name) => format!("@{name}"),
        Elements::Inline(members) => {
            let members: Vec<_> = members.iter().map(element).collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

fn element(element: &SetElement) -> String {
    let plain = Field::Other(String::new());
    let joined = |tests: &[ValueTest]| {
        let words: Vec<_> = tests.iter().map(|test| test_words(&plain, test)).collect();
        words.join(" . ")
    };
    let key = match &element.key {
        SetKey::Parts(tests) => joined(tests),
        SetKey::Otherwise => "*".to_owned(),
    };
    match &element.outcome {
        None => key,
        Some(SetOutcome::Verdict(verdict)) => format!("{key} : {}", verdict_words(verdict)),
        Some(SetOutcome::Values(values)) => format!("{key} : {}", joined(values)),
    }
}

fn verdict_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept => "accept".to_owned(),
        Verdict::Drop => "drop".to_owned(),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Stolen => "stolen".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
    }
}

fn mark(change: MarkChange) -> String {
    let (own, other) = if change.of_connection { ("ct mark", "meta mark") } else { ("meta mark", "ct mark") };
    match change.source {
        MarkSource::Itself { keep: 0, flip } => format!("{own} set {flip:#x}"),
        MarkSource::Itself { keep, flip } => format!("{own} set {own} & {keep:#x} ^ {flip:#x}"),
        MarkSource::Other { keep: 0, take: u32::MAX } => format!("{own} set {other}"),
        MarkSource::Other { keep: 0, take } => format!("{own} set {other} & {take:#x}"),
        MarkSource::Other { keep, take } => {
            format!("{own} set {own} & {keep:#x} ^ {other} & {take:#x}")
        }
    }
}

fn translation(nat: &Nat) -> String {
    let mut words = match nat.kind {
        NatKind::Source => "snat",
        NatKind::Destination => "dnat",
        NatKind::Masquerade => "masquerade",
        NatKind::Redirect => "redirect",
    }
    .to_owned();
    let target = match &nat.target {
        NatTarget::Fixed { addresses, ports } => fixed_target(*addresses, *ports),
        NatTarget::Mapped { addresses, ports } => {
            let maps = addresses.iter().chain(ports);
            let maps: Vec<_> =
                maps.map(|map| format!("{} map {}", fields(&map.fields), elements(&map.elements))).collect();
            maps.join(" : ")
        }
    };
    if !target.is_empty() {
        let _infallible = write!(words, " to {target}");
    }
    if !nat.flags.is_empty() {
        let _infallible = write!(words, " {}", nat.flags.join(","));
    }
    words
}

fn fixed_target(addresses: Option<AddressRange>, ports: Option<PortRange>) -> String {
    let addresses = addresses.map(|range| match (range.from, range.to) {
        (from, to) if from == to && from.is_ipv6() && ports.is_some() => format!("[{from}]"),
        (from, to) if from == to => from.to_string(),
        (from, to) => format!("{from}-{to}"),
    });
    let ports = ports.map(|range| format!(":{}", number_range(range.from.0.into(), range.to.0.into())));
    addresses.into_iter().chain(ports).collect()
}

fn number_range(from: u32, to: u32) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

fn refusal(reject: Reject) -> String {
    match reject {
        Reject::TcpReset => "reject with tcp reset".to_owned(),
        Reject::Icmp { family, code } => {
            let family = match family {
                IcmpFamily::V4 => "icmp",
                IcmpFamily::V6 => "icmpv6",
                IcmpFamily::Either => "icmpx",
            };
            format!("reject with {family} {code}")
        }
    }
}
