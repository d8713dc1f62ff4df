//! The rules that Docker lays in a healthy host's firewall, in a shape of our own making.

use porthole_model::firewall::{
    AddressRange, Backend, BaseChain, Chain, ChainKind, ConntrackState, Counter, Field, FirewallTable, Hook,
    InterfaceSide, Match, Nat, NatKind, NatTarget, PacketSide, Policy, PortRange, Rule, Statement,
    TableFamily, Value, ValueTest, Verdict, Wording, WordingSource,
};
use porthole_model::{
    Firewall, InterfaceIndex, LinkKind, MacAddress, Network, Observed, PortBinding, Route, RouteKind,
};

use crate::lab::{Lab, known};
use crate::nouns::{default_route, routing_rule};

/// Lays the rules of Docker's, and the routes of a kernel, for all that the lab has by now.
pub(crate) fn lay(lab: &mut Lab) {
    lay_routes(lab);
    let networks: Vec<Network> = known(&mut lab.engine().networks).clone();
    let bridged: Vec<_> = networks.iter().filter(|network| network.driver == "bridge").collect();
    let bindings = bindings(lab);
    let tables = vec![filter(&bridged, &bindings), nat(&bridged, &bindings)];
    lab.host_stack().firewall = Observed::Known(Firewall {
        nftables: Observed::Known(tables),
        iptables_legacy: Observed::Known(Vec::new()),
        ip6tables_legacy: Observed::Known(Vec::new()),
        ip_sets: Observed::Known(Vec::new()),
        hooks: Observed::Known(Vec::new()),
        wording_gaps: Vec::new(),
    });
}

/// The tables of nftables.
pub(crate) fn tables(lab: &mut Lab) -> &mut Vec<FirewallTable> {
    known(&mut known(&mut lab.host_stack().firewall).nftables)
}

/// A chain of iptables-nft.
pub(crate) fn chain<'l>(lab: &'l mut Lab, table: &str, name: &str) -> &'l mut Chain {
    let table = tables(lab).iter_mut().find(|each| each.name == table).expect("table");
    table.chains.iter_mut().find(|chain| chain.name == name).expect("chain")
}

/// Puts a rule before all others of a chain.
pub(crate) fn insert(lab: &mut Lab, table: &str, name: &str, statements: Vec<Statement>) {
    let chain = chain(lab, table, name);
    chain.rules.insert(0, rule(statements));
    number(chain);
}

/// Sets the policy of a base chain.
pub(crate) fn policy(lab: &mut Lab, table: &str, name: &str, policy: Policy) {
    chain(lab, table, name).base.as_mut().expect("base chain").policy = policy;
}

/// A table of chains that the kernel comes to.
pub(crate) fn table(backend: Backend, family: TableFamily, name: &str, chains: Vec<Chain>) -> FirewallTable {
    let sets = Vec::new();
    FirewallTable { backend, family, name: name.to_owned(), dormant: false, owner: None, chains, sets }
}

pub(crate) fn base(name: &str, hook: Hook, policy: Policy, rules: Vec<Vec<Statement>>) -> Chain {
    let kind = ChainKind::Filter;
    let base = BaseChain { kind, hook, priority: 0, policy, counter: None, devices: Vec::new() };
    Chain { base: Some(base), ..other(name, rules) }
}

fn base_of_nat(name: &str, hook: Hook, priority: i32, rules: Vec<Vec<Statement>>) -> Chain {
    let mut chain = base(name, hook, Policy::Accept, rules);
    let base = chain.base.as_mut().expect("base chain");
    (base.kind, base.priority) = (ChainKind::Nat, priority);
    chain
}

fn other(name: &str, rules: Vec<Vec<Statement>>) -> Chain {
    let rules = rules.into_iter().map(rule).collect();
    let mut chain = Chain { name: name.to_owned(), handle: None, base: None, rules };
    number(&mut chain);
    chain
}

fn number(chain: &mut Chain) {
    for (rule, position) in chain.rules.iter_mut().zip(1..) {
        rule.position = position;
        rule.wording.text = format!("-A {} (rule {position})", chain.name);
    }
}

fn rule(statements: Vec<Statement>) -> Rule {
    let counter = Statement::Counter(Counter { packets: 7, bytes: 420 });
    let (verdicts, conditions): (Vec<_>, Vec<_>) = statements
        .into_iter()
        .partition(|statement| matches!(statement, Statement::Verdict(_) | Statement::Nat(_)));
    Rule {
        position: 0,
        handle: Some(1),
        wording: Wording { text: String::new(), source: WordingSource::IptablesSave },
        comment: None,
        statements: conditions.into_iter().chain([counter]).chain(verdicts).collect(),
    }
}

pub(crate) fn by(side: InterfaceSide, name: &str) -> Statement {
    Statement::Match(Match::is(Field::Interface(side), Value::Name(name.to_owned())))
}

pub(crate) fn not(statement: Statement) -> Statement {
    match statement {
        Statement::Match(asked) => Statement::Match(Match { negated: !asked.negated, ..asked }),
        other => other,
    }
}

pub(crate) fn from(prefix: &str) -> Statement {
    let tests = vec![ValueTest::Prefix(prefix.parse().expect("prefix"))];
    Statement::Match(Match { field: Field::Address(PacketSide::Source), negated: false, tests })
}

pub(crate) fn to_port(port: u16) -> Statement {
    Statement::Match(Match::is(Field::Port(PacketSide::Destination), Value::Number(u64::from(port))))
}

pub(crate) fn established() -> Statement {
    let tests = vec![ValueTest::Is(Value::State(ConntrackState::Established))];
    Statement::Match(Match { field: Field::ConntrackState, negated: false, tests })
}

pub(crate) fn says(verdict: Verdict) -> Statement {
    Statement::Verdict(verdict)
}

fn jump(to: &str) -> Statement {
    says(Verdict::Jump(to.to_owned()))
}

fn bridge(network: &Network) -> String {
    network.bridge_name().expect("bridge")
}

/// Each published port with the address that it leads to and the bridge that is there.
fn bindings(lab: &mut Lab) -> Vec<(PortBinding, std::net::IpAddr, String)> {
    let networks = known(&mut lab.engine().networks).clone();
    let containers = known(&mut lab.engine().containers).clone();
    let of_container = containers.iter().flat_map(|container| {
        let attachment = container.attachments.first();
        let network =
            attachment.and_then(|place| networks.iter().find(|each| each.name == place.network_name));
        container
            .published_ports
            .iter()
            .filter_map(move |binding| Some((binding.clone(), attachment?.ipv4?.address, bridge(network?))))
    });
    of_container.filter(|(binding, ..)| binding.host_address.is_ipv4()).collect()
}

fn filter(networks: &[&Network], bindings: &[(PortBinding, std::net::IpAddr, String)]) -> FirewallTable {
    use InterfaceSide::{In, Out};
    let mut forward = vec![vec![jump("DOCKER-USER")]];
    for network in networks {
        let name = bridge(network);
        forward.push(vec![by(Out, &name), established(), says(Verdict::Accept)]);
        forward.push(vec![by(Out, &name), jump("DOCKER")]);
        forward.push(vec![by(In, &name), says(Verdict::Accept)]);
    }
    let ports = bindings.iter().map(|(binding, _, bridge)| {
        vec![by(Out, bridge), to_port(binding.container_port.0), says(Verdict::Accept)]
    });
    let chains = vec![
        base("INPUT", Hook::Input, Policy::Accept, Vec::new()),
        base("FORWARD", Hook::Forward, Policy::Drop, forward),
        base("OUTPUT", Hook::Output, Policy::Accept, Vec::new()),
        other("DOCKER", ports.collect()),
        other("DOCKER-USER", vec![vec![says(Verdict::Return)]]),
    ];
    table(Backend::IptablesNft, TableFamily::Ip, "filter", chains)
}

fn nat(networks: &[&Network], bindings: &[(PortBinding, std::net::IpAddr, String)]) -> FirewallTable {
    let masquerade = networks.iter().map(|network| {
        let subnet = network.subnets[0].prefix.to_string();
        let target = NatTarget::Fixed { addresses: None, ports: None };
        let nat = Nat { kind: NatKind::Masquerade, target, flags: Vec::new() };
        vec![from(&subnet), not(by(InterfaceSide::Out, &bridge(network))), Statement::Nat(nat)]
    });
    let local = Statement::Match(Match::is(
        Field::AddressKind(porthole_model::firewall::RouteQuestion {
            side: PacketSide::Destination,
            interface: None,
            with_mark: false,
        }),
        Value::AddressKind(porthole_model::firewall::AddressKind::Local),
    ));
    let translations = bindings.iter().map(|(binding, address, bridge)| {
        let port = binding.container_port;
        let target = NatTarget::Fixed {
            addresses: Some(AddressRange { from: *address, to: *address }),
            ports: Some(PortRange { from: port, to: port }),
        };
        let nat = Nat { kind: NatKind::Destination, target, flags: Vec::new() };
        vec![not(by(InterfaceSide::In, bridge)), to_port(binding.host_port.0), Statement::Nat(nat)]
    });
    let chains = vec![
        base_of_nat("PREROUTING", Hook::Prerouting, -100, vec![vec![local, jump("DOCKER")]]),
        base_of_nat("POSTROUTING", Hook::Postrouting, 100, masquerade.collect()),
        other("DOCKER", translations.collect()),
    ];
    table(Backend::IptablesNft, TableFamily::Ip, "nat", chains)
}

/// The routes and routing rules that a kernel has by itself for the addresses of its interfaces.
fn lay_routes(lab: &mut Lab) {
    let stack = lab.host_stack();
    let held = known(&mut stack.addresses).clone();
    let route = |destination: &str, kind, table, interface| Route {
        destination: destination.parse().expect("prefix"),
        kind,
        gateway: None,
        table,
        ..default_route("10.77.0.1", interface)
    };
    for address in held.iter().filter(|held| held.prefix.address.is_ipv4()) {
        let own = format!("{}/32", address.prefix.address);
        let local = route(&own, RouteKind::Local, 255, address.interface);
        let link = route(&address.prefix.to_string(), RouteKind::Unicast, 254, address.interface);
        known(&mut stack.routes).extend([local, link]);
    }
    known(&mut stack.routes).push(route("127.0.0.0/8", RouteKind::Local, 255, InterfaceIndex(1)));
    *known(&mut stack.routing_rules) = vec![routing_rule(0, 255), routing_rule(32_766, 254)];
    let links: Vec<_> = known(&mut stack.links).iter().map(|link| (link.index, link.name.clone())).collect();
    for name in links.iter().map(|(_, name)| name.as_str()).chain(["all"]) {
        for (setting, value) in [("forwarding", "1"), ("rp_filter", "0"), ("route_localnet", "0")] {
            let value = Observed::Known(value.to_owned());
            stack.sysctls.insert(format!("net.ipv4.conf.{name}.{setting}"), value);
        }
    }
    for link in known(&mut stack.links).iter_mut().filter(|link| link.kind == LinkKind::Bridge) {
        let InterfaceIndex(number) = link.index;
        link.mac = Some(MacAddress([2, 0x42, 0, 0, 0, u8::try_from(number).expect("few links")]));
    }
}
