//! A port that works, one whose packets a rule drops, one of which little could be read, and what is beside them.

use std::net::SocketAddr;

use porthole_model::firewall::{Counter, Hook, TableFamily};
use porthole_model::{
    Barrier, ChainReference, ContainerId, Decision, DockerProxy, IcmpError, IcmpReason, InternetSocket,
    MetRule, NetworkExit, Observed, OutsidePlace, PacketWay, Pid, Port, PortBinding, PortChain, Probe,
    ProbeOutcome, ProbeRequest, ProbeVantage, ProbedStage, ProxyDuty, ProxyDutyKind, ProxyReview, ProxyState,
    PublishedPorts, Refusal, RuleReference, Sender, Socket, SocketEndpoint, SocketOwner, SocketState,
    StageProbe, TransportProtocol, Uid, WayEnd, WithoutProxy,
};

use super::{gap, troubled};

pub(crate) fn ports() -> PublishedPorts {
    PublishedPorts {
        engine: Some("Docker 28.5.2".to_owned()),
        ports: vec![sound(), stopped(), unread()],
        exits: exits(),
        proxying: Observed::Known(review()),
        outside: Observed::Known(OutsidePlace {
            interface: "porthole0".to_owned(),
            addresses: vec!["100.64.7.2".parse().unwrap()],
        }),
        findings: troubled().findings.into_iter().take(1).collect(),
        gaps: vec![gap()],
    }
}

/// The same host without docker-proxy, with one port, and nothing tried.
pub(crate) fn sound_ports() -> PublishedPorts {
    let mut port = sound();
    port.proxy = Observed::Known(ProxyState::Unused);
    port.probes.clear();
    PublishedPorts {
        ports: vec![port],
        exits: Vec::new(),
        proxying: Observed::Known(ProxyReview { processes: 0, is_used: false, duties: Vec::new() }),
        outside: Observed::Missing(porthole_model::Gap::not_asked("place outside")),
        findings: Vec::new(),
        gaps: Vec::new(),
        ..ports()
    }
}

/// The same port, closed to those who come by another uplink.
pub(crate) fn ports_by_two_uplinks() -> PublishedPorts {
    let mut port = sound();
    let by = met("filter", "DOCKER-USER", 1, "-A DOCKER-USER -i eth1 -j DROP", 4);
    let reason = "dropped by a rule".to_owned();
    let end = WayEnd::Stopped { reason, by: Some(Decision::Rule(by)), design: None };
    let other = "10.66.0.2:8080";
    let closed = PacketWay {
        interface: Some("eth1".to_owned()),
        translation: Some(translation(12)),
        ..way(Sender::Outside, other, end)
    };
    port.ways.value_mut().unwrap().insert(2, closed);
    port.probes.insert(1, probe(ProbedStage::Outside, ProbeVantage::Outside, other, ProbeOutcome::Silent));
    PublishedPorts { ports: vec![port], ..sound_ports() }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn met(table: &str, chain: &str, position: u32, text: &str, packets: u64) -> MetRule {
    let hook = if table == "nat" { Hook::Prerouting } else { Hook::Forward };
    let chain = ChainReference {
        hook,
        family: TableFamily::Ip,
        legacy: false,
        table: table.to_owned(),
        chain: chain.to_owned(),
    };
    let rule =
        RuleReference { chain, position, handle: Some(u64::from(position) + 20), text: text.to_owned() };
    MetRule { rule, counter: Some(Counter { packets, bytes: packets * 60 }), gained: None }
}

fn translation(packets: u64) -> MetRule {
    let text = "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80";
    let grown = Counter { packets: 3, bytes: 180 };
    MetRule { gained: Some(grown), ..met("nat", "DOCKER", 4, text, packets) }
}

fn way(sender: Sender, to: &str, end: WayEnd) -> PacketWay {
    PacketWay {
        sender,
        destination: address(to),
        interface: Some("eth0".to_owned()),
        end,
        translation: None,
        permissions: Vec::new(),
        masquerade: None,
        source: None,
        unless: Vec::new(),
    }
}

fn accepted() -> Vec<Decision> {
    let text = "-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT";
    vec![Decision::Rule(met("filter", "DOCKER", 1, text, 12))]
}

fn listener(local: &str, owner: Option<(u32, &str)>) -> Socket {
    let owner = owner.map(|(pid, name)| SocketOwner { pid: Pid(pid), name: name.to_owned() });
    Socket {
        endpoint: SocketEndpoint::Internet(InternetSocket {
            protocol: TransportProtocol::Tcp,
            local: address(local),
            remote: address("0.0.0.0:0"),
            state: SocketState::Listening,
            receive_queue: 0,
            send_queue: 4096,
            v6_only: None,
            uid: Uid(0),
        }),
        inode: 7,
        owners: Observed::Known(owner.into_iter().collect()),
    }
}

fn probe(stage: ProbedStage, from: ProbeVantage, target: &str, outcome: ProbeOutcome) -> StageProbe {
    let request = ProbeRequest { from, target: address(target), protocol: TransportProtocol::Tcp };
    let probe = Probe { request, source: Some(address("100.64.7.2:40001")), outcome, took: 321 };
    StageProbe { probe: Some(probe), ..StageProbe::new(stage, request) }
}

fn sound() -> PortChain {
    let host = "10.0.0.2:8080";
    let outside = PacketWay {
        translation: Some(translation(12)),
        permissions: accepted(),
        ..way(Sender::Outside, host, WayEnd::Container)
    };
    let answer =
        PacketWay { source: Some(address(host)), ..way(Sender::Answer, "80.81.82.83:40001", WayEnd::World) };
    let inside = ProbeVantage::Container(Pid(700));
    PortChain {
        container: "web".to_owned(),
        container_id: ContainerId("ab".repeat(32)),
        network: Some("bridge".to_owned()),
        binding: PortBinding {
            container_port: Port(80),
            protocol: TransportProtocol::Tcp,
            host_address: "0.0.0.0".parse().unwrap(),
            host_port: Port(8080),
        },
        proxy: Observed::Known(ProxyState::Runs(DockerProxy {
            pid: Pid(612),
            protocol: TransportProtocol::Tcp,
            host_address: "0.0.0.0".parse().unwrap(),
            host_port: Port(8080),
            container_address: "172.17.0.2".parse().unwrap(),
            container_port: Port(80),
        })),
        host_sockets: Observed::Known(vec![listener("0.0.0.0:8080", Some((612, "docker-proxy")))]),
        target: Observed::Known(address("172.17.0.2:80")),
        ways: Observed::Known(vec![
            outside,
            answer,
            way(Sender::Host, host, WayEnd::Container),
            way(Sender::Loopback, "127.0.0.1:8080", WayEnd::Proxy(Pid(612))),
            way(Sender::Itself, host, WayEnd::Proxy(Pid(612))),
        ]),
        listeners: Observed::Known(vec![listener("[::]:80", Some((700, "nginx")))]),
        is_served: Observed::Known(true),
        probes: vec![
            probe(ProbedStage::Outside, ProbeVantage::Outside, host, ProbeOutcome::Connected),
            probe(ProbedStage::Host, ProbeVantage::Host, host, ProbeOutcome::Answered),
            probe(ProbedStage::Loopback, ProbeVantage::Host, "127.0.0.1:8080", ProbeOutcome::Closed),
            probe(ProbedStage::Itself, inside, host, ProbeOutcome::Silent),
            probe(ProbedStage::Target, ProbeVantage::Host, "172.17.0.2:80", ProbeOutcome::NotTried(gap())),
            probe(ProbedStage::Inside, inside, "172.17.0.2:80", ProbeOutcome::Connected),
        ],
    }
}

fn stopped() -> PortChain {
    let by = met("filter", "DOCKER-USER", 1, "-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP", 31);
    let end = |design: Option<&str>| WayEnd::Stopped {
        reason: "dropped by a rule".to_owned(),
        by: Some(Decision::Rule(by.clone())),
        design: design.map(str::to_owned),
    };
    let admin = IcmpError { from: "10.0.0.2".parse().unwrap(), reason: IcmpReason::Prohibited };
    let refused = ProbeOutcome::Refused(Refusal::Icmp(admin));
    let outside =
        PacketWay { translation: Some(translation(31)), ..way(Sender::Outside, "10.0.0.2:8081", end(None)) };
    let maybe = PacketWay {
        unless: vec!["limit rate 5/minute burst 5 packets".to_owned()],
        ..way(Sender::Itself, "10.0.0.2:8081", WayEnd::Nobody)
    };
    PortChain {
        container: "shop-frontend-1.k3x9f0q2m8".to_owned(),
        network: Some("shop_backend".to_owned()),
        proxy: Observed::Known(ProxyState::Gone),
        host_sockets: Observed::Known(Vec::new()),
        ways: Observed::Known(vec![
            outside,
            maybe,
            way(Sender::OtherNetwork, "10.0.0.2:8081", end(Some("networks are kept apart"))),
            way(Sender::Loopback, "127.0.0.1:8081", WayEnd::Nobody),
        ]),
        listeners: Observed::Known(vec![listener("127.0.0.1:80", Some((701, "node")))]),
        is_served: Observed::Known(false),
        probes: vec![probe(ProbedStage::Outside, ProbeVantage::Outside, "10.0.0.2:8081", refused)],
        binding: PortBinding { host_port: Port(8081), ..sound().binding },
        ..sound()
    }
}

fn unread() -> PortChain {
    PortChain {
        container: "db\x1b[2J<script>".to_owned(),
        network: None,
        proxy: Observed::Missing(gap()),
        host_sockets: Observed::Missing(gap()),
        target: Observed::Missing(gap()),
        ways: Observed::Missing(gap()),
        listeners: Observed::Missing(gap()),
        is_served: Observed::Missing(gap()),
        probes: Vec::new(),
        binding: PortBinding {
            container_port: Port(5432),
            protocol: TransportProtocol::Udp,
            host_address: "fd00:1234:5678:9abc::1".parse().unwrap(),
            host_port: Port(15432),
        },
        ..sound()
    }
}

fn review() -> ProxyReview {
    let duty = |kind, ports: &[&str], without, because: &str| ProxyDuty {
        kind,
        ports: ports.iter().map(ToString::to_string).collect(),
        without,
        because: because.to_owned(),
    };
    ProxyReview {
        processes: 1,
        is_used: true,
        duties: vec![
            duty(ProxyDutyKind::Outside, &[], WithoutProxy::Same, "a rule leads them to the container"),
            duty(
                ProxyDutyKind::Loopback,
                &["127.0.0.1:8080/tcp", "127.0.0.1:8081/tcp"],
                WithoutProxy::Kernel,
                "this kernel has route_localnet",
            ),
            duty(
                ProxyDutyKind::Hairpin,
                &["10.0.0.2:8080/tcp"],
                WithoutProxy::Unknown,
                "br_netfilter is not loaded",
            ),
            duty(ProxyDutyKind::Loopback6, &["[::1]:8080/tcp"], WithoutProxy::Lost, "the kernel cannot"),
        ],
    }
}

fn exits() -> Vec<NetworkExit> {
    let masquerade =
        met("nat", "POSTROUTING", 1, "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE", 9);
    let out = PacketWay {
        masquerade: Some(masquerade),
        source: Some(address("10.0.0.2:40001")),
        ..way(Sender::Network, "80.81.82.83:443", WayEnd::World)
    };
    let by = Decision::Policy {
        chain: accepted()[0].rule().unwrap().rule.chain.clone(),
        drops: true,
        counter: None,
    };
    let apart = |design: &str| WayEnd::Stopped {
        reason: "dropped by the policy of chain DOCKER".to_owned(),
        by: Some(by.clone()),
        design: Some(design.to_owned()),
    };
    let router = "10.0.0.1:53";
    let first = NetworkExit {
        network: "bridge".to_owned(),
        bridge: Some("docker0".to_owned()),
        subnet: porthole_model::IpPrefix { address: "172.17.0.0".parse().unwrap(), length: 16 },
        internal: false,
        containers: vec!["web".to_owned()],
        way: Observed::Known(out),
        probes: vec![
            probe(ProbedStage::World, ProbeVantage::Container(Pid(700)), router, ProbeOutcome::Silent),
            probe(ProbedStage::WorldFromHost, ProbeVantage::Host, router, ProbeOutcome::Connected),
        ],
        apart_from: vec![Barrier {
            from: "inner".to_owned(),
            way: way(Sender::Network, "172.18.0.2:80", apart("networks are kept apart")),
        }],
        peers_apart: None,
    };
    let inner = NetworkExit {
        network: "inner".to_owned(),
        bridge: Some("br-3f1c9e2a7b5d".to_owned()),
        subnet: porthole_model::IpPrefix { address: "172.18.0.0".parse().unwrap(), length: 16 },
        internal: true,
        way: Observed::Known(way(Sender::Network, "80.81.82.83:443", apart("the network is internal"))),
        probes: Vec::new(),
        apart_from: Vec::new(),
        peers_apart: Some(Barrier {
            from: "inner".to_owned(),
            way: way(Sender::Network, "172.18.0.3:80", apart("enable_icc=false")),
        }),
        ..first.clone()
    };
    let unread = NetworkExit {
        network: "six".to_owned(),
        bridge: None,
        subnet: porthole_model::IpPrefix { address: "fd00:77::".parse().unwrap(), length: 64 },
        way: Observed::Missing(gap()),
        apart_from: Vec::new(),
        ..first.clone()
    };
    vec![first, inner, unread]
}
