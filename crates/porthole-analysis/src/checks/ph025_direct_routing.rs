//! PH025: packets that were sent straight to a container's own address were dropped on purpose.

use std::collections::BTreeMap;
use std::net::IpAddr;

use porthole_model::firewall::{
    Field, Hook, PacketSide, Rule, Statement, TableFamily, Value, ValueTest, Verdict,
};
use porthole_model::{CheckCode, EngineKind, Firewall, Gap, IpPrefix, Network, Severity};

use super::concern::{about_container, about_network};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::places::engine_namespace;
use crate::shell::word;

const CODE: CheckCode = CheckCode(25);

/// Where connection tracking stands; what is before it sees packets as they came.
const CONNECTION_TRACKING: i32 = -200;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "packets straight to a container's address were dropped",
    documentation: Documentation {
        checks: "Whether a rule before connection tracking (table raw, chain PREROUTING) that drops what is sent to a \
                 running container's own address from outside its network has seen packets.",
        why: "Since version 28 Docker lays such a rule for every container: only published ports are reached from \
              outside, by the host's address. Before, other machines could reach a container at its own address if \
              they had a route to it, by a static route, a VPN such as Tailscale, or a neighbour on another network. \
              After the upgrade just these connections time out. That the rule is there is as it should be; that it \
              has dropped packets tells that somebody tries.",
        mend: "If these connections are wanted, publish the port, or allow the network to be routed to: make it with \
               `-o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected` or `routed`, or name the interface that \
               is trusted in `com.docker.network.bridge.trusted_host_interfaces`. If not, nothing is to be done.",
        example: "After the upgrade to Docker 28 a laptop on the Tailscale network cannot reach 172.18.0.5:5432 any more.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    if engine.version.kind == EngineKind::Podman {
        return Ok(found);
    }
    let firewall = engine_namespace(snapshot)?.stack.known()?.firewall.known()?;
    let drops = drops(firewall);
    let mut networks: BTreeMap<_, Vec<(Endpoint<'_>, Drop<'_>)>> = BTreeMap::new();
    for endpoint in endpoints(snapshot)? {
        match endpoint {
            Ok(endpoint) => {
                let own =
                    drops.iter().filter(|drop| endpoint.given().any(|given| given.address == drop.address));
                let network = networks.entry(&endpoint.network.name).or_default();
                network.extend(own.map(|drop| (endpoint, *drop)));
            }
            Err(gap) => found.gap(gap),
        }
    }
    found.concerns.extend(networks.values().filter_map(|drops| concern(drops)));
    found.gaps.extend(firewall.gaps().cloned());
    Ok(found)
}

/// A rule that dropped packets to an address.
#[derive(Clone, Copy)]
struct Drop<'a> {
    address: IpAddr,
    packets: u64,
    rule: &'a Rule,
}

fn drops(firewall: &Firewall) -> Vec<Drop<'_>> {
    let families = [TableFamily::Ip, TableFamily::Ip6].into_iter();
    let chains = families.flat_map(|family| firewall.base_chains(family, Hook::Prerouting));
    let early = chains
        .filter(|(_, chain)| chain.base.as_ref().is_some_and(|base| base.priority < CONNECTION_TRACKING));
    early.flat_map(|(_, chain)| &chain.rules).filter_map(drop_of).collect()
}

/// A rule of the engine's shape, for one address and whatever does not come by its bridge, that has seen packets.
fn drop_of(rule: &Rule) -> Option<Drop<'_>> {
    let drops = rule.statements.contains(&Statement::Verdict(Verdict::Drop));
    let is_by_others = rule.statements.iter().any(|each| {
        matches!(each, Statement::Match(each) if each.negated && matches!(each.field, Field::Interface(_)))
    });
    let packets = rule.counter()?.packets;
    let address = rule.statements.iter().find_map(destination)?;
    (drops && is_by_others && packets > 0).then_some(Drop { address, packets, rule })
}

fn destination(statement: &Statement) -> Option<IpAddr> {
    let Statement::Match(each) = statement else { return None };
    if each.negated || each.field != Field::Address(PacketSide::Destination) {
        return None;
    }
    match each.tests.as_slice() {
        [ValueTest::Is(Value::Address(address))] => Some(*address),
        [ValueTest::Prefix(IpPrefix { address, length })] => {
            (*length == if address.is_ipv4() { 32 } else { 128 }).then_some(*address)
        }
        _ => None,
    }
}

fn concern(drops: &[(Endpoint<'_>, Drop<'_>)]) -> Option<Concern> {
    let network: &Network = drops.first()?.0.network;
    let summary = format!(
        "packets from outside network '{}' straight to the addresses of its containers were dropped, as Docker does \
         since version 28; whoever sends them cannot reach the containers that way",
        network.name
    );
    let concern = Concern::new(CODE, Severity::Note, about_network(network), summary);
    let name = word(&network.name);
    let concern = drops.iter().fold(concern, |concern, (endpoint, drop)| {
        let source = format!("rule for {} of container '{}'", drop.address, endpoint.container.name);
        let observed = format!("{} ({} packets)", drop.rule.wording.text, drop.packets);
        concern.related(about_container(endpoint.container)).evidence(source, observed)
    });
    Some(concern.remedy("if they are wanted, publish the port that they are for", Vec::new()).remedy(
        "or allow the network to be routed to, when it is made",
        vec![format!(
            "docker network create -o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected {name}"
        )],
    ))
}
