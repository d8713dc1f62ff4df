//! Each thing that the kernel does, on a host with one uplink and one bridge of two containers.

use std::collections::BTreeMap;

use porthole_model::firewall::FirewallTable;
use porthole_model::firewall::{
    AddressRange, Backend, BaseChain, Chain, ChainKind, ConntrackState, Field, Fork, ForkKind, Hook,
    InterfaceSide, Match, Nat, NatKind, NatTarget, PacketSide, Policy, PortRange, Rule, Statement,
    TableFamily, Unknown, UnknownEffect, Value, ValueTest, Verdict, Wording, WordingSource,
};
use porthole_model::{
    BridgeDetails, BridgePort, BridgePortState, Discard, FdbEntry, Firewall, Gap, InterfaceAddress,
    InterfaceIndex, IpPrefix, Link, LinkKind, MacAddress, Neighbour, NeighbourState, NetworkStack, Observed,
    OperationalState, Outcome, Packet, PacketConnection, PacketOrigin, Port, Route, RouteKind, RoutingAction,
    RoutingRule, Step, Translation, Transport, Walk,
};

use super::Walker;

const LOOPBACK: InterfaceIndex = InterfaceIndex(1);
const UPLINK: InterfaceIndex = InterfaceIndex(2);
const BRIDGE: InterfaceIndex = InterfaceIndex(3);
const FIRST: InterfaceIndex = InterfaceIndex(4);
const SECOND: InterfaceIndex = InterfaceIndex(5);

fn link(index: InterfaceIndex, name: &str, kind: LinkKind, master: Option<InterfaceIndex>) -> Link {
    let InterfaceIndex(number) = index;
    let port = BridgePort { state: BridgePortState::Forwarding, hairpin: false, isolated: false };
    Link {
        index,
        name: name.to_owned(),
        kind,
        mac: Some(mac(number)),
        mtu: 1500,
        up: true,
        carrier: true,
        operational_state: OperationalState::Up,
        master,
        peer: None,
        bridge_port: master.map(|_| port),
        bridge: None,
    }
}

fn mac(number: u32) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, u8::try_from(number).unwrap()])
}

fn prefix(text: &str) -> IpPrefix {
    let (address, length) = text.split_once('/').unwrap();
    IpPrefix { address: address.parse().unwrap(), length: length.parse().unwrap() }
}

fn route(to: &str, kind: RouteKind, table: u32, interface: InterfaceIndex) -> Route {
    Route {
        destination: prefix(to),
        kind,
        gateway: None,
        interface: Some(interface),
        preferred_source: None,
        metric: None,
        table,
        protocol: 2,
        link_down: false,
        mtu: None,
    }
}

fn routes() -> Vec<Route> {
    use RouteKind::{Local, Unicast};
    vec![
        route("127.0.0.0/8", Local, 255, LOOPBACK),
        route("10.0.0.2/32", Local, 255, UPLINK),
        route("172.17.0.1/32", Local, 255, BRIDGE),
        route("10.0.0.0/24", Unicast, 254, UPLINK),
        route("172.17.0.0/16", Unicast, 254, BRIDGE),
        Route { gateway: Some("10.0.0.1".parse().unwrap()), ..route("0.0.0.0/0", Unicast, 254, UPLINK) },
    ]
}

fn rules() -> Vec<RoutingRule> {
    [(0, 255), (32766, 254)]
        .into_iter()
        .map(|(priority, table)| RoutingRule {
            priority,
            is_ipv4: true,
            negated: false,
            source: None,
            destination: None,
            input: None,
            output: None,
            mark: None,
            further: false,
            suppressed_length: None,
            action: RoutingAction::Table(table),
        })
        .collect()
}

fn stack(tables: Vec<FirewallTable>) -> NetworkStack {
    let address = |interface, text: &str| InterfaceAddress::new(interface, prefix(text));
    let neighbour = |address: &str, number| Neighbour {
        interface: BRIDGE,
        address: address.parse().unwrap(),
        mac: Some(mac(number)),
        state: NeighbourState::Reachable,
    };
    let entry = |port, number| FdbEntry {
        mac: mac(number),
        port,
        bridge: Some(BRIDGE),
        vlan: None,
        state: NeighbourState::Reachable,
    };
    NetworkStack {
        links: Observed::Known(vec![
            link(LOOPBACK, "lo", LinkKind::Loopback, None),
            link(UPLINK, "eth0", LinkKind::Device, None),
            link(BRIDGE, "docker0", LinkKind::Bridge, None),
            link(FIRST, "veth1", LinkKind::Veth, Some(BRIDGE)),
            link(SECOND, "veth2", LinkKind::Veth, Some(BRIDGE)),
        ]),
        addresses: Observed::Known(vec![
            address(LOOPBACK, "127.0.0.1/8"),
            address(UPLINK, "10.0.0.2/24"),
            address(BRIDGE, "172.17.0.1/16"),
        ]),
        routes: Observed::Known(routes()),
        path_mtus: Observed::Known(Vec::new()),
        routing_rules: Observed::Known(rules()),
        neighbours: Observed::Known(vec![neighbour("172.17.0.2", 12), neighbour("172.17.0.3", 13)]),
        forwarding_database: Observed::Known(vec![entry(FIRST, 12), entry(SECOND, 13)]),
        sysctls: sysctls(),
        sockets: Observed::Missing(Gap::not_asked("sockets")),
        firewall: Observed::Known(Firewall {
            nftables: Observed::Known(tables),
            iptables_legacy: Observed::Known(Vec::new()),
            ip6tables_legacy: Observed::Known(Vec::new()),
            ip_sets: Observed::Known(Vec::new()),
            hooks: Observed::Missing(Gap::not_asked("hooks")),
            wording_gaps: Vec::new(),
        }),
        connection_tracking: Observed::Missing(Gap::not_asked("connection tracking")),
    }
}

fn sysctls() -> BTreeMap<String, Observed<String>> {
    let mut values =
        BTreeMap::from([("net.bridge.bridge-nf-call-iptables".to_owned(), Observed::Known("1".to_owned()))]);
    for interface in ["all", "lo", "eth0", "docker0", "veth1", "veth2"] {
        for (name, value) in [("forwarding", "1"), ("rp_filter", "0"), ("route_localnet", "0")] {
            values.insert(format!("net.ipv4.conf.{interface}.{name}"), Observed::Known(value.to_owned()));
        }
    }
    values
}

fn set(stack: &mut NetworkStack, sysctl: &str, value: &str) {
    stack.sysctls.insert(sysctl.to_owned(), Observed::Known(value.to_owned()));
}

fn base(kind: ChainKind, hook: Hook, priority: i32, policy: Policy) -> BaseChain {
    BaseChain { kind, hook, priority, policy, counter: None, devices: Vec::new() }
}

fn chain(name: &str, base: impl Into<Option<BaseChain>>, rules: Vec<Vec<Statement>>) -> Chain {
    let rules = rules.into_iter().zip(1..).map(|(statements, position)| Rule {
        position,
        handle: Some(u64::from(position)),
        wording: Wording { text: format!("{name} {position}"), source: WordingSource::Own },
        comment: None,
        statements,
    });
    Chain { name: name.to_owned(), handle: None, base: base.into(), rules: rules.collect() }
}

fn table(family: TableFamily, name: &str, chains: Vec<Chain>) -> FirewallTable {
    FirewallTable {
        backend: Backend::Nftables,
        family,
        name: name.to_owned(),
        dormant: false,
        owner: None,
        chains,
        sets: Vec::new(),
    }
}

fn filter(chains: Vec<Chain>) -> Vec<FirewallTable> {
    vec![table(TableFamily::Ip, "filter", chains)]
}

fn says(verdict: Verdict) -> Vec<Statement> {
    vec![Statement::Verdict(verdict)]
}

fn to_port(port: u64) -> Statement {
    Statement::Match(Match::is(Field::Port(PacketSide::Destination), Value::Number(port)))
}

fn nat(kind: NatKind, to: Option<(&str, u16)>) -> Statement {
    let target = NatTarget::Fixed {
        addresses: to.map(|(address, _)| {
            let address = address.parse().unwrap();
            AddressRange { from: address, to: address }
        }),
        ports: to.map(|(_, port)| PortRange { from: Port(port), to: Port(port) }),
    };
    Statement::Nat(Nat { kind, target, flags: Vec::new() })
}

fn packet(origin: PacketOrigin, source: &str, destination: &str, port: u16) -> Packet {
    let transport = Transport::Tcp { source: Port(40000), destination: Port(port), flags: 2 };
    Packet::first(origin, source.parse().unwrap(), destination.parse().unwrap(), transport)
}

fn from_outside(destination: &str, port: u16) -> Packet {
    packet(PacketOrigin::Interface(UPLINK), "10.0.0.1", destination, port)
}

fn walk(stack: &NetworkStack, packet: &Packet) -> Walk {
    Walker::new(stack).unwrap().walk(packet)
}

fn outcome(stack: &NetworkStack, packet: &Packet) -> Outcome {
    let walk = walk(stack, packet);
    walk.outcome().cloned().unwrap_or_else(|| panic!("{:#?}", walk.ways))
}

/// The words of the rules that applied, in order.
fn met(walk: &Walk) -> Vec<&str> {
    let steps = walk.ways[0].steps.iter();
    steps
        .filter_map(|step| match step {
            Step::Rule { rule, .. } => Some(rule.text.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn without_rules_a_packet_is_routed() {
    let stack = stack(Vec::new());
    let delivered = Outcome::Delivered { address: "10.0.0.2".parse().unwrap(), port: Some(Port(22)) };
    assert_eq!(outcome(&stack, &from_outside("10.0.0.2", 22)), delivered);
    let sent = Outcome::Sent {
        interface: BRIDGE,
        bridge_port: Some(FIRST),
        next_hop: "172.17.0.2".parse().unwrap(),
    };
    assert_eq!(outcome(&stack, &from_outside("172.17.0.2", 80)), sent);
    let local = packet(PacketOrigin::Local, "10.0.0.2", "192.0.2.1", 80);
    let sent = Outcome::Sent { interface: UPLINK, bridge_port: None, next_hop: "10.0.0.1".parse().unwrap() };
    assert_eq!(outcome(&stack, &local), sent);
}

#[test]
fn what_is_accepted_in_one_base_chain_meets_the_next_and_a_drop_ends_all() {
    let forward = |name, priority, verdict| {
        chain(name, base(ChainKind::Filter, Hook::Forward, priority, Policy::Accept), vec![says(verdict)])
    };
    let stack = stack(filter(vec![
        forward("late", 10, Verdict::Drop),
        forward("early", -10, Verdict::Accept),
        forward("never", 20, Verdict::Accept),
    ]));
    let walk = walk(&stack, &from_outside("172.17.0.2", 80));
    assert_eq!(met(&walk), ["early 1", "late 1"]);
    assert!(matches!(walk.outcome(), Some(Outcome::Dropped(rule)) if rule.chain.chain == "late"));
}

#[test]
fn jumps_return_and_gotos_do_not() {
    let goto_or_jump = |verdict: Verdict| {
        let forward = base(ChainKind::Filter, Hook::Forward, 0, Policy::Accept);
        let stack = stack(filter(vec![
            chain("forward", forward, vec![says(verdict), says(Verdict::Drop)]),
            chain("other", None, vec![says(Verdict::Return), says(Verdict::Drop)]),
        ]));
        outcome(&stack, &from_outside("172.17.0.2", 80))
    };
    assert!(
        matches!(goto_or_jump(Verdict::Jump("other".into())), Outcome::Dropped(rule) if rule.position == 2)
    );
    assert!(matches!(goto_or_jump(Verdict::Goto("other".into())), Outcome::Sent { .. }));
}

#[test]
fn chains_that_lead_to_each_other_end() {
    let forward = base(ChainKind::Filter, Hook::Forward, 0, Policy::Accept);
    for verdict in [Verdict::Jump, Verdict::Goto] {
        let stack = stack(filter(vec![
            chain("forward", forward.clone(), vec![says(verdict("a".into()))]),
            chain("a", None, vec![says(verdict("b".into()))]),
            chain("b", None, vec![says(verdict("a".into()))]),
        ]));
        assert_eq!(outcome(&stack, &from_outside("172.17.0.2", 80)), Outcome::Loops);
    }
}

fn published(with_masquerade: bool) -> Vec<FirewallTable> {
    let nat_chain = |name, hook, priority, rules| {
        chain(name, base(ChainKind::Nat, hook, priority, Policy::Accept), rules)
    };
    let dnat = vec![to_port(8080), nat(NatKind::Destination, Some(("172.17.0.2", 80)))];
    let masquerade = vec![nat(NatKind::Masquerade, None)];
    vec![table(
        TableFamily::Ip,
        "nat",
        vec![
            nat_chain("prerouting", Hook::Prerouting, -100, vec![dnat.clone()]),
            nat_chain("output", Hook::Output, -100, vec![dnat]),
            nat_chain(
                "postrouting",
                Hook::Postrouting,
                100,
                if with_masquerade { vec![masquerade] } else { vec![] },
            ),
        ],
    )]
}

#[test]
fn a_published_port_is_translated_and_then_routed() {
    let stack = stack(published(true));
    let walk = walk(&stack, &from_outside("10.0.0.2", 8080));
    assert_eq!(met(&walk), ["prerouting 1", "postrouting 1"]);
    assert!(matches!(walk.outcome(), Some(Outcome::Sent { interface: BRIDGE, .. })));
    let end = walk.ways[0].packet;
    assert_eq!((end.source.to_string().as_str(), end.destination_port), ("172.17.0.1", Some(Port(80))));
}

#[test]
fn the_chains_of_nat_are_asked_once_for_a_connection() {
    let stack = stack(published(true));
    let mut later = from_outside("10.0.0.2", 8080);
    later.connection = PacketConnection {
        state: ConntrackState::Established,
        is_reply: false,
        translation: Some(Translation {
            source: None,
            destination: Some(("172.17.0.3".parse().unwrap(), Some(Port(81)))),
        }),
    };
    let walk = walk(&stack, &later);
    assert_eq!(met(&walk), Vec::<&str>::new());
    assert_eq!(walk.ways[0].packet.destination, "172.17.0.3".parse::<std::net::IpAddr>().unwrap());
}

#[test]
fn what_the_host_sends_to_its_own_published_port_is_routed_again() {
    let mut stack = stack(published(false));
    let own = packet(PacketOrigin::Local, "10.0.0.2", "10.0.0.2", 8080);
    assert!(matches!(outcome(&stack, &own), Outcome::Sent { interface: BRIDGE, .. }));
    let loopback = packet(PacketOrigin::Local, "127.0.0.1", "127.0.0.1", 8080);
    assert_eq!(outcome(&stack, &loopback), Outcome::Discarded(Discard::LoopbackAddress));
    set(&mut stack, "net.ipv4.conf.docker0.route_localnet", "1");
    assert!(matches!(outcome(&stack, &loopback), Outcome::Sent { interface: BRIDGE, .. }));
}

#[test]
fn a_container_that_asks_its_own_published_port_needs_hairpin_mode() {
    let mut stack = stack(published(false));
    let own = packet(PacketOrigin::Interface(FIRST), "172.17.0.2", "10.0.0.2", 8080);
    assert_eq!(outcome(&stack, &own), Outcome::Discarded(Discard::HairpinOff(FIRST)));
    // A bridge that has not learned yet where the container is learns it from this packet.
    (stack.neighbours, stack.forwarding_database) =
        (Observed::Known(Vec::new()), Observed::Known(Vec::new()));
    assert_eq!(outcome(&stack, &own), Outcome::Discarded(Discard::HairpinOff(FIRST)));
    let mut links = stack.links.value().unwrap().clone();
    if let Some(port) = &mut links[3].bridge_port {
        port.hairpin = true;
    }
    stack.links = Observed::Known(links);
    assert_eq!(outcome(&stack, &own), Outcome::Bridged { bridge: BRIDGE, port: Some(FIRST) });
    set(&mut stack, "net.bridge.bridge-nf-call-iptables", "0");
    assert!(matches!(outcome(&stack, &own), Outcome::Sent { interface: BRIDGE, .. }));
}

#[test]
fn a_bridged_frame_meets_the_rules_of_ip_where_it_is_so_set() {
    let by_bridge = |side| Statement::Match(Match::is(Field::Interface(side), Value::Name("docker0".into())));
    let isolation =
        vec![by_bridge(InterfaceSide::In), by_bridge(InterfaceSide::Out), Statement::Verdict(Verdict::Drop)];
    let forward = base(ChainKind::Filter, Hook::Forward, 0, Policy::Accept);
    let mut stack = stack(filter(vec![chain("forward", forward, vec![isolation])]));
    let peers = packet(PacketOrigin::Interface(FIRST), "172.17.0.2", "172.17.0.3", 80);
    assert!(matches!(outcome(&stack, &peers), Outcome::Dropped(_)));
    set(&mut stack, "net.bridge.bridge-nf-call-iptables", "0");
    assert_eq!(outcome(&stack, &peers), Outcome::Bridged { bridge: BRIDGE, port: Some(SECOND) });
    // The bridge's own setting does as well, where there is the module that asks it.
    let bridge = &mut stack.links.value_mut().unwrap()[2].bridge;
    *bridge = Some(BridgeDetails { calls_iptables: true, ..BridgeDetails::default() });
    assert!(matches!(outcome(&stack, &peers), Outcome::Dropped(_)));
    stack.sysctls.remove("net.bridge.bridge-nf-call-iptables");
    assert_eq!(outcome(&stack, &peers), Outcome::Bridged { bridge: BRIDGE, port: Some(SECOND) });
}

#[test]
fn what_is_not_tracked_is_not_translated() {
    let raw = base(ChainKind::Filter, Hook::Prerouting, -300, Policy::Accept);
    let mut tables = published(true);
    tables.push(table(TableFamily::Ip, "raw", vec![chain("raw", raw, vec![vec![Statement::NoTrack]])]));
    let walk = walk(&stack(tables), &from_outside("10.0.0.2", 8080));
    assert_eq!(met(&walk), ["raw 1"]);
    assert!(matches!(walk.outcome(), Some(Outcome::Delivered { .. })));
}

#[test]
fn the_state_of_a_connection_is_invalid_before_it_is_looked_up() {
    let state = |state| Statement::Match(Match::is(Field::ConntrackState, Value::State(state)));
    let at = |name, priority| {
        let base = base(ChainKind::Filter, Hook::Prerouting, priority, Policy::Accept);
        chain(name, base, vec![vec![state(ConntrackState::Invalid)], vec![state(ConntrackState::New)]])
    };
    let stack = stack(filter(vec![at("before", -300), at("behind", -150)]));
    assert_eq!(met(&walk(&stack, &from_outside("10.0.0.2", 22))), ["before 1", "behind 2"]);
}

#[test]
fn what_has_no_connection_is_not_translated_to_iptables_and_has_no_status_to_nft() {
    let is_not = |field| {
        let tests = vec![ValueTest::AnyBit(1 << 5)];
        vec![Statement::Match(Match { field, negated: true, tests })]
    };
    let rules = vec![is_not(Field::ConntrackTranslation), is_not(Field::ConntrackStatus)];
    let raw = base(ChainKind::Filter, Hook::Prerouting, -300, Policy::Accept);
    let stack = stack(filter(vec![chain("raw", raw, rules)]));
    assert_eq!(met(&walk(&stack, &from_outside("10.0.0.2", 22))), ["raw 1"]);
}

#[test]
fn what_is_masqueraded_on_the_loopback_interface_gets_another_ones_address() {
    let behind = base(ChainKind::Nat, Hook::Postrouting, 100, Policy::Accept);
    let masquerade = chain("behind", behind, vec![vec![nat(NatKind::Masquerade, None)]]);
    let walk =
        walk(&stack(filter(vec![masquerade])), &packet(PacketOrigin::Local, "127.0.0.1", "127.0.0.1", 80));
    assert_eq!(walk.ways[0].packet.source.to_string(), "10.0.0.2");
}

#[test]
fn what_is_not_understood_parts_the_way() {
    let unknown = |effect| Statement::Unknown(Unknown { wording: "xt match \"u32\"".into(), effect });
    let forward = base(ChainKind::Filter, Hook::Forward, 0, Policy::Accept);
    let host = stack(filter(vec![chain(
        "forward",
        forward.clone(),
        vec![
            vec![unknown(UnknownEffect::Match), Statement::Verdict(Verdict::Drop)],
            vec![to_port(81), unknown(UnknownEffect::Match), Statement::Verdict(Verdict::Drop)],
        ],
    )]));
    let walk = walk(&host, &from_outside("172.17.0.2", 80));
    assert_eq!(walk.ways.len(), 2);
    assert_eq!(walk.outcome(), None);
    assert!(matches!(walk.ways[0].outcome, Outcome::Sent { .. }) && !walk.ways[0].assumptions[0].holds);
    assert!(matches!(walk.ways[1].outcome, Outcome::Dropped(_)) && walk.ways[1].assumptions[0].holds);
    let host = stack(filter(vec![chain("forward", forward, vec![vec![unknown(UnknownEffect::Action)]])]));
    let walk = Walker::new(&host).unwrap().walk(&from_outside("172.17.0.2", 80));
    assert!(matches!(walk.ways[1].outcome, Outcome::Undecided(_)));
}

#[test]
fn the_same_unknown_has_one_answer_on_one_way() {
    let by_root = |negated| {
        let tests = vec![ValueTest::Is(Value::Number(0))];
        Statement::Match(Match { field: Field::SocketUid, negated, tests })
    };
    let output = base(ChainKind::Filter, Hook::Output, 0, Policy::Accept);
    let host = stack(filter(vec![chain(
        "output",
        output,
        vec![
            vec![by_root(false), Statement::Verdict(Verdict::Accept)],
            vec![by_root(true), Statement::Verdict(Verdict::Drop)],
        ],
    )]));
    let mut sent = packet(PacketOrigin::Local, "10.0.0.2", "192.0.2.1", 80);
    let walk = walk(&host, &sent);
    assert_eq!(walk.ways.len(), 2, "{:#?}", walk.ways);
    assert!(matches!(walk.ways[0].outcome, Outcome::Dropped(_)));
    sent.uid = Some(0);
    assert!(matches!(outcome(&host, &sent), Outcome::Sent { .. }));
}

#[test]
fn so_many_unknowns_that_not_all_ways_can_be_followed_are_told() {
    let rate = || vec![Statement::Fork(Fork { kind: ForkKind::Rate, wording: "limit".into() })];
    let forward = base(ChainKind::Filter, Hook::Forward, 0, Policy::Accept);
    let host = stack(filter(vec![chain("forward", forward, (0..20).map(|_| rate()).collect())]));
    let walk = walk(&host, &from_outside("172.17.0.2", 80));
    assert!(walk.is_cut && walk.outcome().is_none());
}

#[test]
fn what_keeps_the_kernel_from_routing() {
    let mut host = stack(Vec::new());
    set(&mut host, "net.ipv4.conf.eth0.forwarding", "0");
    let not = outcome(&host, &from_outside("172.17.0.2", 80));
    assert_eq!(not, Outcome::NotForwarded { sysctl: "net.ipv4.conf.eth0.forwarding".into() });
    set(&mut host, "net.ipv4.conf.eth0.rp_filter", "1");
    let spoofed = packet(PacketOrigin::Interface(UPLINK), "172.17.0.9", "10.0.0.2", 80);
    assert_eq!(outcome(&host, &spoofed), Outcome::Discarded(Discard::ReversePath));
    let own = packet(PacketOrigin::Interface(UPLINK), "10.0.0.2", "10.0.0.2", 80);
    assert_eq!(outcome(&host, &own), Outcome::Discarded(Discard::OwnSource));
    let loopback = from_outside("127.0.0.1", 80);
    assert_eq!(outcome(&host, &loopback), Outcome::Discarded(Discard::LoopbackAddress));
    host.routes = Observed::Known(routes().into_iter().take(3).collect());
    assert_eq!(outcome(&host, &from_outside("192.0.2.1", 80)), Outcome::NoRoute { kind: None });
}

#[test]
fn a_vpns_routing_rule_takes_what_it_did_not_mark() {
    let mut host = stack(Vec::new());
    let mut routes = routes();
    routes.push(route("0.0.0.0/0", RouteKind::Blackhole, 51820, UPLINK));
    host.routes = Observed::Known(routes);
    let mut rules = rules();
    let vpn = RoutingRule {
        priority: 32000,
        negated: true,
        mark: Some((51820, u32::MAX)),
        action: RoutingAction::Table(51820),
        ..rules[0].clone()
    };
    rules.insert(1, vpn);
    host.routing_rules = Observed::Known(rules);
    let mut sent = packet(PacketOrigin::Local, "10.0.0.2", "192.0.2.1", 80);
    assert_eq!(outcome(&host, &sent), Outcome::NoRoute { kind: Some(RouteKind::Blackhole) });
    sent.mark = 51820;
    assert!(matches!(outcome(&host, &sent), Outcome::Sent { interface: UPLINK, .. }));
}

#[test]
fn a_firewall_that_was_not_read_is_no_empty_one() {
    let mut host = stack(Vec::new());
    host.firewall = Observed::Missing(Gap::not_asked("firewall"));
    assert!(Walker::new(&host).is_err());
}

#[test]
fn ten_thousand_rules_that_do_not_apply_are_passed() {
    let from = |number: u64| {
        let network = format!("10.{}.{}.0/24", 1 + number / 250, number % 250);
        let source = Match {
            field: Field::Address(PacketSide::Source),
            negated: false,
            tests: vec![ValueTest::Prefix(prefix(&network))],
        };
        vec![Statement::Match(source), to_port(80), Statement::Verdict(Verdict::Drop)]
    };
    let forward = base(ChainKind::Filter, Hook::Forward, 0, Policy::Accept);
    let host = stack(filter(vec![chain("forward", forward, (0..10_000).map(from).collect())]));
    let walker = Walker::new(&host).unwrap();
    let walk = walker.walk(&from_outside("172.17.0.2", 80));
    assert!(matches!(walk.outcome(), Some(Outcome::Sent { .. })));
    assert!(matches!(outcome(&host, &packet(PacketOrigin::Interface(UPLINK), "10.9.7.1", "172.17.0.2", 80)),
        Outcome::Dropped(rule) if rule.position == 2008));
}
