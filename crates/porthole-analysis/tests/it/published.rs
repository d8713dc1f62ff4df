//! Published ports, stage by stage: what is said of each, of docker-proxy, and of the ways out.

use std::net::SocketAddr;

use porthole_analysis::{ports_counted, ports_since, published_ports};
use porthole_model::firewall::{Counter, InterfaceSide, Statement, Verdict};
use porthole_model::{
    BridgePort, Gap, IcmpError, IcmpReason, LinkKind, NetworkExit, Observed, Obstacle, PacketWay, Probe,
    ProbeOutcome, ProbeVerdict, ProbedStage, Probes, ProxyDutyKind, ProxyState, PublishedPorts, Refusal,
    Sender, Socket, SocketOwner, WayEnd, WithoutProxy,
};

use crate::lab::{Lab, known, refused};
use crate::nouns::{link, listener};
use crate::rules::{by, chain, insert, lay, says, tables, to_port};
use crate::spec::container;

/// Two networks, a port published on each.
fn host() -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("shop", "172.18.0.0/16");
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lab.run(container("api").on("shop").publish("0.0.0.0:8081", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lay(&mut lab);
    for proxy in known(&mut lab.host().docker_proxies).clone() {
        let place = SocketAddr::new(proxy.host_address, proxy.host_port.0).to_string();
        let owner = SocketOwner { pid: proxy.pid, name: "docker-proxy".to_owned() };
        let held = Socket { owners: Observed::Known(vec![owner]), ..listener("tcp", &place) };
        known(&mut lab.host_stack().sockets).push(held);
    }
    lab
}

fn ports(lab: &Lab) -> PublishedPorts {
    published_ports(&lab.snapshot, None).expect("ports")
}

/// The end of a way to the first port.
fn end(ports: &PublishedPorts, sender: Sender) -> WayEnd {
    ports.ports[0].way(sender).unwrap_or_else(|| panic!("no way from {sender:?}: {ports:#?}")).end.clone()
}

fn exit<'p>(ports: &'p PublishedPorts, network: &str) -> &'p NetworkExit {
    ports.exits.iter().find(|exit| exit.network == network).expect("the network")
}

fn duty(ports: &PublishedPorts, kind: ProxyDutyKind) -> Option<WithoutProxy> {
    let review = ports.proxying.known().expect("a review");
    review.duties.iter().find(|duty| duty.kind == kind).map(|duty| duty.without)
}

#[test]
fn a_sound_port_leads_to_its_container_from_everywhere() {
    let ports = ports(&host());
    assert_eq!(ports.ports.len(), 2, "{ports:#?}");
    let web = &ports.ports[0];
    assert_eq!((web.container.as_str(), web.network.as_deref()), ("web", Some("bridge")));
    assert!(matches!(web.proxy, Observed::Known(ProxyState::Runs(_))), "{web:#?}");
    assert_eq!(web.is_served, Observed::Known(true));
    assert_eq!(duty(&ports, ProxyDutyKind::Ipv6ToIpv4), None, "nothing of the kind is published");
    assert_eq!(end(&ports, Sender::Outside), WayEnd::Container);
    // The lab's rules are for what comes from elsewhere.
    assert!(matches!(end(&ports, Sender::Host), WayEnd::Proxy(_)), "{web:#?}");
    assert!(matches!(end(&ports, Sender::Loopback), WayEnd::Proxy(_)), "{web:#?}");
    assert_eq!(duty(&ports, ProxyDutyKind::Loopback), Some(WithoutProxy::Kernel));
    assert_eq!(end(&ports, Sender::Answer), WayEnd::World);
    let outside = web.way(Sender::Outside).expect("a way");
    let translation = outside.translation.as_ref().expect("a rule");
    assert_eq!(
        (translation.rule.chain.chain.as_str(), translation.counter.map(|counter| counter.packets)),
        ("DOCKER", Some(7))
    );
    assert!(outside.permission().is_some(), "{outside:#?}");
    assert!(!ports.is_broken(), "{ports:#?}");
}

#[test]
fn without_the_firewall_all_else_is_still_told() {
    let mut lab = host();
    lab.host_stack().firewall = refused("firewall");
    let ports = ports(&lab);
    let web = &ports.ports[0];
    assert!(matches!(web.proxy, Observed::Known(ProxyState::Runs(_))), "{web:#?}");
    assert_eq!(web.is_served, Observed::Known(true));
    assert_eq!(web.ways.gap().expect("a gap").cause, "permission denied");
    assert!(ports.gaps.iter().any(|gap| gap.what == "firewall"), "{:#?}", ports.gaps);
    assert!(exit(&ports, "shop").way.gap().is_some());
    assert!(!ports.is_broken(), "what is not known is not broken");
}

#[test]
fn a_rule_that_drops_is_named_with_its_counter() {
    let mut lab = host();
    insert(
        &mut lab,
        "filter",
        "FORWARD",
        vec![by(InterfaceSide::In, "eth0"), to_port(80), says(Verdict::Drop)],
    );
    let ports = ports(&lab);
    let WayEnd::Stopped { by: Some(by), design: None, .. } = end(&ports, Sender::Outside) else {
        panic!("{ports:#?}")
    };
    let met = by.rule().expect("a rule");
    assert_eq!((met.rule.chain.chain.as_str(), met.rule.position), ("FORWARD", 1));
    assert_eq!(met.counter.map(|counter| counter.packets), Some(7));
    assert!(
        matches!(end(&ports, Sender::Host), WayEnd::Proxy(_)),
        "the host's own packets are not forwarded"
    );
    assert!(ports.ports[0].way(Sender::Answer).is_none(), "nothing is answered");
    assert!(ports.is_broken());
}

#[test]
fn a_port_whose_translation_is_gone_ends_at_docker_proxy_or_nobody() {
    let mut lab = host();
    chain(&mut lab, "nat", "DOCKER").rules.clear();
    let ports = ports(&lab);
    assert!(matches!(end(&ports, Sender::Outside), WayEnd::Proxy(_)));
    assert!(ports.ports[0].way(Sender::Outside).expect("a way").translation.is_none());
    assert_eq!(duty(&ports, ProxyDutyKind::Outside), Some(WithoutProxy::Lost));
    known(&mut lab.host_stack().sockets).clear();
    let ports = self::ports(&lab);
    assert_eq!(end(&ports, Sender::Outside), WayEnd::Nobody);
    assert!(ports.is_broken());
}

#[test]
fn a_port_on_loopback_is_not_offered_to_others() {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("127.0.0.1:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lay(&mut lab);
    let ports = ports(&lab);
    assert_eq!(end(&ports, Sender::Outside), WayEnd::NotOffered);
    let stages: Vec<_> = ports.ports[0].probes.iter().map(|probe| probe.stage).collect();
    assert_eq!(stages, [ProbedStage::Loopback, ProbedStage::Target, ProbedStage::Inside]);
}

#[test]
fn a_proxy_that_is_gone_and_one_that_is_not_used() {
    let mut lab = host();
    known(&mut lab.host().docker_proxies).clear();
    assert_eq!(ports(&lab).ports[0].proxy, Observed::Known(ProxyState::Gone));
    let port = lab.host_end("web").bridge_port.expect("a port of a bridge");
    lab.host_end("web").bridge_port = Some(BridgePort { hairpin: true, ..port });
    assert_eq!(ports(&lab).ports[0].proxy, Observed::Known(ProxyState::Unused));
    lab.host().docker_proxies = refused("docker-proxy processes");
    assert!(ports(&lab).ports[0].proxy.gap().is_some());
}

#[test]
fn an_internal_network_and_other_networks_are_apart_by_design() {
    let mut lab = host();
    let design = |end: &WayEnd| matches!(end, WayEnd::Stopped { design: Some(_), .. });
    let before = ports(&lab);
    let shop = exit(&before, "shop");
    let way = shop.way.known().expect("a way");
    assert_eq!(way.end, WayEnd::World);
    assert!(way.masquerade.is_some(), "{way:#?}");
    assert!(shop.apart_from.iter().all(|barrier| design(&barrier.way.end)), "{shop:#?}");
    assert!(!before.is_broken());
    // A rule of the user's is none of the engine's design.
    insert(&mut lab, "filter", "FORWARD", vec![by(InterfaceSide::Out, "eth0"), says(Verdict::Drop)]);
    lab.network("shop").internal = true;
    let after = ports(&lab);
    assert!(!design(&exit(&after, "shop").way.known().expect("a way").end), "{after:#?}");
}

#[test]
fn what_was_tried_has_the_last_word() {
    let mut found = ports(&host());
    let outcome = |stage, outcome: ProbeOutcome, found: &mut PublishedPorts| {
        let planned = found.ports[0].probe(stage).expect("planned").request;
        let tried = vec![Probe { request: planned, source: None, outcome, took: 10 }];
        found.take(&Probes { outside: refused("place outside"), tried, names: Vec::new() });
        found.ports[0].probe(stage).expect("planned").verdict()
    };
    assert!(found.requests().len() >= 8, "{:#?}", found.requests());
    assert_eq!(outcome(ProbedStage::Outside, ProbeOutcome::Connected, &mut found), Some(ProbeVerdict::Works));
    assert!(!found.is_broken());
    assert_eq!(outcome(ProbedStage::Outside, ProbeOutcome::Silent, &mut found), Some(ProbeVerdict::Fails));
    assert!(found.is_broken());
    assert_eq!(outcome(ProbedStage::Inside, ProbeOutcome::Closed, &mut found), Some(ProbeVerdict::Unclear));
    assert!(!found.is_broken(), "a program may end a connection at once");
    assert_eq!(found.ports[0].probe(ProbedStage::Host).expect("planned").verdict(), None);
}

#[test]
fn every_uplink_is_told_where_it_matters_which() {
    let mut lab = host();
    let eth1 = lab.add_host_link(link(90, "eth1", LinkKind::Device));
    lab.add_host_address(eth1, "10.88.0.2/24");
    lay(&mut lab);
    let alike = ports(&lab);
    let interface = |way: &PacketWay| way.interface.clone().unwrap_or_default();
    assert_eq!(alike.ports[0].ways_in().map(interface).collect::<Vec<_>>(), ["eth0"], "{alike:#?}");
    insert(&mut lab, "filter", "FORWARD", vec![by(InterfaceSide::In, "eth1"), says(Verdict::Drop)]);
    let apart = ports(&lab);
    let web = &apart.ports[0];
    assert_eq!(web.ways_in().map(interface).collect::<Vec<_>>(), ["eth0", "eth1"], "{web:#?}");
    let ways: Vec<_> = web.ways_in().collect();
    assert_eq!(ways[0].end, WayEnd::Container);
    assert!(matches!(ways[1].end, WayEnd::Stopped { .. }), "{web:#?}");
    assert_eq!(ways[1].destination, "10.88.0.2:8080".parse().expect("an address"));
    assert!(web.answer(ways[0]).is_some() && web.answer(ways[1]).is_none(), "{web:#?}");
    assert_eq!(web.probe_of(ways[1]).expect("planned").request.target, ways[1].destination);
    assert!(!web.is_broken(), "one uplink is closed, and the other is not");
    insert(&mut lab, "filter", "FORWARD", vec![by(InterfaceSide::In, "eth0"), says(Verdict::Drop)]);
    assert!(ports(&lab).ports[0].is_broken());
}

#[test]
fn counters_are_read_again() {
    let mut lab = host();
    let mut told = ports(&lab);
    count(&mut lab);
    let later = lab.host_stack().firewall.known().expect("a firewall").clone();
    ports_counted(&mut told, &later);
    let met = told.ports[0].way(Sender::Outside).and_then(|way| way.translation.clone()).expect("a rule");
    assert_eq!(met.counter.map(|counter| counter.packets), Some(12));
    assert_eq!(met.gained.map(|gained| gained.packets), Some(5));
}

#[test]
fn a_router_is_compared_with_what_the_host_hears() {
    let mut found = ports(&host());
    let of = |found: &PublishedPorts, stage| {
        let exit = exit(found, "shop");
        exit.probes.iter().find(|probe| probe.stage == stage).expect("planned").request
    };
    let requests = [of(&found, ProbedStage::World), of(&found, ProbedStage::WorldFromHost)];
    let mut verdict = |outcomes: [ProbeOutcome; 2]| {
        let tried = requests.iter().zip(outcomes);
        let tried =
            tried.map(|(request, outcome)| Probe { request: *request, source: None, outcome, took: 10 });
        found.take(&Probes { outside: refused("place outside"), tried: tried.collect(), names: Vec::new() });
        exit(&found, "shop").verdict()
    };
    let refused_by = |text: &str| {
        let from = text.parse().expect("an address");
        ProbeOutcome::Refused(Refusal::Icmp(IcmpError { from, reason: IcmpReason::PortUnreachable }))
    };
    let gone = || ProbeOutcome::Unreachable(Obstacle::Local("no route to host".to_owned()));
    let reset = || ProbeOutcome::Refused(Refusal::Reset);
    let untried = ProbeOutcome::NotTried(Gap::not_asked("socket"));
    assert_eq!(verdict([reset(), reset()]), Some(ProbeVerdict::Works));
    assert_eq!(verdict([refused_by("10.77.0.1"), reset()]), Some(ProbeVerdict::Works));
    assert_eq!(verdict([refused_by("172.18.0.1"), reset()]), Some(ProbeVerdict::Fails));
    assert_eq!(verdict([ProbeOutcome::Silent, reset()]), Some(ProbeVerdict::Fails));
    assert_eq!(verdict([gone(), reset()]), Some(ProbeVerdict::Fails));
    assert_eq!(verdict([gone(), gone()]), Some(ProbeVerdict::Unclear));
    assert_eq!(verdict([untried, reset()]), Some(ProbeVerdict::Unclear));
}

/// Five packets more for every rule that counts.
fn count(lab: &mut Lab) {
    for statement in tables(lab)
        .iter_mut()
        .flat_map(|table| &mut table.chains)
        .flat_map(|chain| &mut chain.rules)
        .flat_map(|rule| &mut rule.statements)
    {
        if let Statement::Counter(counter) = statement {
            *counter = Counter { packets: counter.packets + 5, bytes: counter.bytes + 300 };
        }
    }
}

#[test]
fn counters_grow_between_two_readings() {
    let mut lab = host();
    let before = ports(&lab);
    count(&mut lab);
    let mut after = ports(&lab);
    ports_since(&mut after, &before);
    let outside = after.ports[0].way(Sender::Outside).expect("a way");
    let gained = outside.translation.as_ref().expect("a rule").gained;
    assert_eq!(gained, Some(Counter { packets: 5, bytes: 300 }));
    assert_eq!(
        before.ports[0].way(Sender::Outside).expect("a way").translation.as_ref().expect("a rule").gained,
        None
    );
}

#[test]
fn one_container_alone() {
    let lab = host();
    let containers =
        lab.snapshot.engine.known().expect("an engine").containers.known().expect("containers").clone();
    let api = containers.iter().find(|container| container.name == "api").expect("api");
    let ports = published_ports(&lab.snapshot, Some(&api.id)).expect("ports");
    assert_eq!(ports.ports.iter().map(|port| port.container.as_str()).collect::<Vec<_>>(), ["api"]);
    assert_eq!(ports.exits.iter().map(|exit| exit.network.as_str()).collect::<Vec<_>>(), ["shop"]);
}
