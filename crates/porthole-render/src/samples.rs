//! Facts that the tests of every format print.

use porthole_model::{
    CheckCode, CheckOutcome, CheckResult, Confidence, ContainerId, Engine, EngineKind, EngineVersion,
    Evidence, FdbEntry, Finding, Gap, GapKind, Host, InterfaceIndex, InternetSocket, NeighbourState, NetnsId,
    NetworkId, NetworkNamespace, NetworkStack, Observed, Pid, Privilege, Remedy, Report, Severity, Snapshot,
    Socket, SocketEndpoint, SocketOwner, SocketState, Subject, SubjectKind, Timestamp, Topology,
    TopologyBridge, TopologyEnd, TopologyRow, TopologyUplink, TransportProtocol, Uid, UnixSocket,
    UnixSocketKind,
};

pub(crate) fn gap() -> Gap {
    Gap::new(GapKind::Permission, "sockets of network namespace 4026532281", "permission denied (setns)")
        .with_remedy("run porthole as root")
}

fn check(code: u16, title: &str, result: CheckResult) -> CheckOutcome {
    CheckOutcome { code: CheckCode(code), title: title.to_owned(), result }
}

fn ran(findings: usize, gaps: Vec<Gap>) -> CheckResult {
    CheckResult::Ran { findings, gaps }
}

pub(crate) fn healthy() -> Report {
    Report {
        observed_at: Timestamp(1_772_366_400_250),
        host: "web-1, Debian GNU/Linux 12, Linux 6.1.0-41-amd64".to_owned(),
        engine: Ok("Docker 28.5.2 at unix:///var/run/docker.sock".to_owned()),
        findings: Vec::new(),
        checks: vec![
            check(1, "The host forwards packets", ran(0, Vec::new())),
            check(2, "Published ports have a listener", ran(0, Vec::new())),
        ],
    }
}

fn finding(code: u16, severity: Severity, kind: SubjectKind, name: &str, summary: &str) -> Finding {
    Finding {
        code: CheckCode(code),
        severity,
        confidence: Confidence::Certain,
        subject: Subject { kind, name: name.to_owned() },
        summary: summary.to_owned(),
        evidence: Vec::new(),
        remedies: Vec::new(),
        explains: Vec::new(),
    }
}

fn evidence(source: &str, observed: &str) -> Evidence {
    Evidence { source: source.to_owned(), observed: observed.to_owned() }
}

fn forwarding_off() -> Finding {
    let port = |name| {
        let summary = "No packet from outside reaches the container.";
        finding(11, Severity::Error, SubjectKind::Port, name, summary)
    };
    Finding {
        evidence: vec![
            evidence("sysctl net.ipv4.ip_forward", "0"),
            evidence("container web, NetworkSettings.Ports", "0.0.0.0:8080 -> 80/tcp"),
        ],
        remedies: vec![Remedy {
            explanation: "Turn forwarding on now and after the next boot.".to_owned(),
            commands: vec![
                "sysctl -w net.ipv4.ip_forward=1".to_owned(),
                "echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-forwarding.conf".to_owned(),
            ],
        }],
        explains: vec![Finding { explains: vec![port("9090/tcp of metrics")], ..port("8080/tcp of web") }],
        ..finding(
            1,
            Severity::Error,
            SubjectKind::Host,
            "web-1",
            "The host does not forward packets, so that containers reach nothing outside and nothing outside reaches them.",
        )
    }
}

pub(crate) fn troubled() -> Report {
    let proxy = Finding {
        confidence: Confidence::Likely,
        evidence: vec![evidence("process 4711", "docker-pro\x1b[2Jxy <script>alert(1)</script>")],
        ..finding(
            7,
            Severity::Warning,
            SubjectKind::Container,
            "日本語-🐳-with-a-very-long-name-that-goes-on-and-on",
            "The relay of a published port runs as a stranger.",
        )
    };
    let engine = Gap::new(GapKind::EngineUnreachable, "networks of the engine", "no answer within 10 s");
    Report {
        findings: vec![forwarding_off(), proxy],
        checks: vec![
            check(1, "The host forwards packets", ran(3, Vec::new())),
            check(3, "Networks do not overlap", CheckResult::Skipped(engine.clone())),
            check(5, "Every network has its bridge", CheckResult::Skipped(engine)),
            check(7, "Published ports have a relay", ran(1, vec![gap()])),
        ],
        ..healthy()
    }
}

pub(crate) fn without_engine() -> Report {
    let gap = Gap::new(GapKind::EngineUnreachable, "engine", "cannot connect to unix:///var/run/docker.sock")
        .with_remedy("start it: systemctl start docker");
    let skipped = || CheckResult::Skipped(gap.clone());
    Report {
        engine: Err(gap.clone()),
        checks: vec![check(2, "Published ports have a listener", skipped())],
        ..healthy()
    }
}

pub(crate) fn end(name: &str, index: u32, addresses: &[&str]) -> TopologyEnd {
    TopologyEnd {
        name: name.to_owned(),
        index: InterfaceIndex(index),
        mac: Some(porthole_model::MacAddress([2, 0x42, 0xac, 0x11, 0, u8::try_from(index % 256).unwrap()])),
        mtu: 1500,
        up: true,
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
    }
}

fn fdb(port: u32) -> Vec<FdbEntry> {
    let mac = porthole_model::MacAddress([2, 0x42, 0xac, 0x11, 0, 2]);
    let bridge = Some(InterfaceIndex(3));
    vec![FdbEntry { mac, port: InterfaceIndex(port), bridge, vlan: None, state: NeighbourState::Reachable }]
}

fn network(name: &str) -> (String, NetworkId) {
    (name.to_owned(), NetworkId("a".repeat(64)))
}

/// A row whose namespace lies behind a veth on a bridge.
pub(crate) fn row(
    name: &str,
    namespace: u64,
    inside: TopologyEnd,
    outside: TopologyEnd,
    bridge: &str,
) -> TopologyRow {
    let port = outside.index.0;
    TopologyRow {
        containers: vec![(name.to_owned(), ContainerId(format!("{namespace:064x}")))],
        namespace: Observed::Known(NetnsId(namespace)),
        pid: Some(Pid(4000)),
        process: Some("nginx".to_owned()),
        inside: Observed::Known(inside),
        outside: Observed::Known(Some(outside)),
        bridge: Some(bridge.to_owned()),
        network: Some(network(if bridge == "docker0" { "bridge" } else { "shop_backend" })),
        fdb: Observed::Known(fdb(port)),
    }
}

fn unread(name: &str) -> TopologyRow {
    TopologyRow {
        inside: Observed::Missing(Gap::new(
            GapKind::Permission,
            "links of container db",
            "permission denied (setns)",
        )),
        outside: Observed::Missing(Gap::new(
            GapKind::Permission,
            "links of container db",
            "permission denied (setns)",
        )),
        fdb: Observed::Missing(Gap::not_asked("forwarding database of br-3f1c9e2a7b5d")),
        ..row(name, 13, end("eth0", 0, &[]), end("x", 0, &[]), "br-3f1c9e2a7b5d")
    }
}

fn macvlan() -> TopologyRow {
    TopologyRow {
        outside: Observed::Known(None),
        bridge: None,
        network: Some(network("lan")),
        fdb: Observed::Known(Vec::new()),
        ..row("日本語-🐳", 14, end("eth0", 31, &["192.168.1.40/24"]), end("x", 0, &[]), "")
    }
}

fn stranger() -> TopologyRow {
    TopologyRow {
        containers: Vec::new(),
        process: Some("dnsmasq".to_owned()),
        network: None,
        ..row(
            "",
            15,
            end("veth-in", 2, &["10.9.0.2/24"]),
            TopologyEnd { up: false, ..end("vnet7", 40, &[]) },
            "docker0",
        )
    }
}

pub(crate) fn topology() -> Topology {
    let backend = "br-3f1c9e2a7b5d";
    let bridge = |end, name, ports: &[&str]| TopologyBridge {
        end,
        network: Some(network(name)),
        ports: ports.iter().map(|&port| port.to_owned()).collect(),
    };
    Topology {
        rows: vec![
            row("web", 11, end("eth0", 6, &["172.17.0.2/16"]), end("veth1a2b3c4", 7, &[]), "docker0"),
            row(
                "web",
                11,
                end("eth1", 8, &["172.18.0.2/16", "fd00:18::2/64"]),
                end("veth5d6e7f8", 9, &[]),
                backend,
            ),
            row(
                "shop-frontend-1.k3x9f0q2m8",
                12,
                end("eth0", 10, &["172.18.0.3/16"]),
                end("vethaaaabbb", 11, &[]),
                backend,
            ),
            unread("db\x1b[2J<script>"),
            macvlan(),
            stranger(),
        ],
        bridges: vec![
            bridge(end("docker0", 3, &["172.17.0.1/16"]), "bridge", &["veth1a2b3c4", "vnet7"]),
            bridge(
                end(backend, 4, &["172.18.0.1/16"]),
                "shop_backend",
                &["veth5d6e7f8", "vethaaaabbb", "vethgone"],
            ),
        ],
        uplinks: vec![
            TopologyUplink { end: end("eth0", 2, &["192.168.1.10/24"]), default_route: true },
            TopologyUplink { end: TopologyEnd { up: false, ..end("wlan0", 5, &[]) }, default_route: false },
        ],
        gaps: vec![gap()],
    }
}

pub(crate) fn socket(local: &str, remote: &str, state: SocketState) -> Socket {
    let local: std::net::SocketAddr = local.parse().unwrap();
    Socket {
        endpoint: SocketEndpoint::Internet(InternetSocket {
            protocol: TransportProtocol::Tcp,
            v6_only: local.is_ipv6().then_some(false),
            local,
            remote: remote.parse().unwrap(),
            state,
            receive_queue: 0,
            send_queue: 128,
            uid: Uid(33),
        }),
        inode: 90_210,
        owners: Observed::Known(vec![SocketOwner { pid: Pid(1234), name: "nginx".to_owned() }]),
    }
}

fn v6_only(mut socket: Socket) -> Socket {
    if let SocketEndpoint::Internet(internet) = &mut socket.endpoint {
        internet.v6_only = Some(true);
        internet.protocol = TransportProtocol::Udp;
    }
    socket
}

pub(crate) fn sockets() -> Vec<Socket> {
    let owner = |pid, name: &str| SocketOwner { pid: Pid(pid), name: name.to_owned() };
    let unix = UnixSocket {
        kind: UnixSocketKind::Stream,
        state: SocketState::Listening,
        path: Some("/var/run/docker.sock".to_owned()),
        peer: None,
    };
    let unknown = || Observed::Missing(gap());
    vec![
        socket("0.0.0.0:80", "0.0.0.0:0", SocketState::Listening),
        Socket {
            owners: Observed::Known(vec![
                owner(1, "nginx"),
                owner(29, "nginx: worker"),
                owner(30, "evil\x1b[2J"),
            ]),
            ..socket("[::]:443", "[::]:0", SocketState::Listening)
        },
        v6_only(socket("[::]:53", "[::]:0", SocketState::Unconnected)),
        socket("[::ffff:172.17.0.2]:443", "[::ffff:203.0.113.7]:51234", SocketState::Established),
        Socket {
            owners: unknown(),
            ..socket("[fd00:18::2]:443", "[2001:db8:85a3::8a2e:370:7334]:443", SocketState::TimeWait)
        },
        Socket {
            owners: Observed::Known(Vec::new()),
            ..socket("127.0.0.11:36087", "0.0.0.0:0", SocketState::CloseWait)
        },
        Socket {
            endpoint: SocketEndpoint::Unix(unix.clone()),
            inode: 5,
            owners: Observed::Known(vec![owner(7, "日本語")]),
        },
        Socket {
            endpoint: SocketEndpoint::Unix(UnixSocket {
                path: None,
                peer: Some(4242),
                state: SocketState::Established,
                ..unix
            }),
            inode: 6,
            owners: unknown(),
        },
    ]
}

fn host() -> Host {
    let known = |text: &str| Observed::Known(text.to_owned());
    let stack = NetworkStack {
        links: Observed::Known(Vec::new()),
        addresses: Observed::Known(Vec::new()),
        routes: Observed::Known(Vec::new()),
        neighbours: Observed::Known(Vec::new()),
        forwarding_database: Observed::Known(Vec::new()),
        sysctls: std::collections::BTreeMap::new(),
        sockets: Observed::Known(sockets()),
    };
    let namespace =
        |id, stack| NetworkNamespace { id: NetnsId(id), processes: vec![Pid(1)], names: Vec::new(), stack };
    let without_sockets = NetworkStack { sockets: Observed::Missing(gap()), ..stack.clone() };
    Host {
        hostname: known("web-1"),
        kernel_release: known("6.1.0-41-amd64"),
        architecture: known("x86_64"),
        operating_system: Observed::Missing(Gap::new(GapKind::Failed, "os-release", "no such file")),
        boot_id: known("5f1d"),
        privilege: Privilege { uid: Uid(0), capabilities: Vec::new() },
        own_network_namespace: Observed::Known(NetnsId(1)),
        processes: Observed::Known(Vec::new()),
        network_namespaces: Observed::Known(vec![
            namespace(1, Observed::Known(stack)),
            namespace(2, Observed::Known(without_sockets)),
            namespace(3, Observed::Missing(gap())),
        ]),
        docker_proxies: Observed::Known(Vec::new()),
    }
}

pub(crate) fn snapshot() -> Snapshot {
    let version = EngineVersion {
        kind: EngineKind::Docker,
        version: "28.5.2".to_owned(),
        api_version: "1.51".to_owned(),
        minimum_api_version: None,
        negotiated_api_version: "1.51".to_owned(),
        operating_system: "linux".to_owned(),
        architecture: "amd64".to_owned(),
        kernel_release: None,
    };
    let engine = Engine {
        endpoint: "unix:///var/run/docker.sock".to_owned(),
        endpoint_origin: "default".to_owned(),
        version,
        info: Observed::Missing(Gap::not_asked("information of the engine")),
        containers: Observed::Known(Vec::new()),
        networks: Observed::Missing(Gap::new(GapKind::Failed, "networks of the engine", "it answered 500")),
        daemon: Observed::Known(Pid(900)),
    };
    Snapshot {
        porthole_version: "0.1.0".to_owned(),
        observed_at: Timestamp(1_772_366_400_250),
        host: Observed::Known(host()),
        engine: Observed::Known(engine),
    }
}
