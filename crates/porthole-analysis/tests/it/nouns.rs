//! The nouns of a snapshot, as a healthy host has them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use porthole_model::{
    BridgeDetails, Container, ContainerId, ContainerLog, ContainerState, Engine, EngineInfo, EngineKind,
    EngineSettings, EngineVersion, Gap, Host, InterfaceAddress, InterfaceIndex, InternetSocket, IpPrefix,
    KernelModules, Link, LinkKind, Network, NetworkId, NetworkNamespace, NetworkStack, Observed,
    OperationalState, Pid, Privilege, Route, RouteKind, RoutingAction, RoutingRule, Snapshot, Socket,
    SocketEndpoint, SocketOwner, SocketState, Space, Storage, Subnet, Timestamp, TransportProtocol, Uid,
};

use crate::lab::{DOCKERD, HOST_NAMESPACE, NOW};

const HOUR: i64 = 3_600_000;

/// A protocol by its name.
pub(crate) fn transport(protocol: &str) -> TransportProtocol {
    match protocol {
        "tcp" => TransportProtocol::Tcp,
        "udp" => TransportProtocol::Udp,
        _ => TransportProtocol::Sctp,
    }
}

/// A socket that takes what comes; an IPv6 one takes IPv4 too.
pub(crate) fn listener(protocol: &str, local: &str) -> Socket {
    let local: SocketAddr = local.parse().expect("address");
    let protocol = transport(protocol);
    let is_tcp = protocol == TransportProtocol::Tcp;
    Socket {
        endpoint: SocketEndpoint::Internet(InternetSocket {
            protocol,
            local,
            remote: "0.0.0.0:0".parse().expect("address"),
            state: if is_tcp { SocketState::Listening } else { SocketState::Unconnected },
            receive_queue: 0,
            send_queue: if is_tcp { 128 } else { 0 },
            v6_only: local.is_ipv6().then_some(false),
            uid: Uid(0),
        }),
        inode: 4711,
        owners: Observed::Known(vec![SocketOwner { pid: Pid(1000), name: "app".to_owned() }]),
    }
}

pub(crate) fn link(index: u32, name: &str, kind: LinkKind) -> Link {
    Link {
        index: InterfaceIndex(index),
        name: name.to_owned(),
        bridge: (kind == LinkKind::Bridge).then_some(BridgeDetails::default()),
        kind,
        mac: None,
        mtu: 1500,
        up: true,
        carrier: true,
        operational_state: OperationalState::Up,
        master: None,
        peer: None,
        bridge_port: None,
    }
}

pub(crate) fn network(name: &str, driver: &str, subnets: &[&str]) -> Network {
    let subnet = |text: &&str| {
        let prefix: IpPrefix = text.parse().expect("prefix");
        Subnet { prefix, gateway: Some(nth(prefix, 1).address) }
    };
    let subnets: Vec<_> = subnets.iter().map(subnet).collect();
    Network {
        id: NetworkId(hexadecimal(&format!("network {name}"))),
        name: name.to_owned(),
        driver: driver.to_owned(),
        scope: "local".to_owned(),
        internal: false,
        ipv6: subnets.iter().any(|subnet| subnet.prefix.address.is_ipv6()),
        subnets,
        options: BTreeMap::new(),
        labels: BTreeMap::new(),
    }
}

/// 64 digits of a text.
pub(crate) fn hexadecimal(text: &str) -> String {
    let digits = text.bytes().rev().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    format!("{digits:0<64}").chars().take(64).collect()
}

pub(crate) fn nth(prefix: IpPrefix, number: u8) -> IpPrefix {
    let address = match prefix.address {
        IpAddr::V4(address) => IpAddr::from((u32::from(address) + u32::from(number)).to_be_bytes()),
        IpAddr::V6(address) => IpAddr::from((u128::from(address) + u128::from(number)).to_be_bytes()),
    };
    IpPrefix { address, length: prefix.length }
}

pub(crate) fn default_route(gateway: &str, interface: InterfaceIndex) -> Route {
    let gateway: IpAddr = gateway.parse().expect("gateway");
    let destination = if gateway.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
    Route {
        destination: destination.parse().expect("prefix"),
        kind: RouteKind::Unicast,
        gateway: Some(gateway),
        interface: Some(interface),
        preferred_source: None,
        metric: None,
        table: 254,
        protocol: 3,
        link_down: false,
        mtu: None,
    }
}

pub(crate) fn stack(sockets: Vec<Socket>) -> NetworkStack {
    let loopback = InterfaceAddress::new(InterfaceIndex(1), "127.0.0.1/8".parse().expect("prefix"));
    NetworkStack {
        links: Observed::Known(vec![link(1, "lo", LinkKind::Loopback)]),
        addresses: Observed::Known(vec![loopback]),
        routes: Observed::Known(Vec::new()),
        path_mtus: Observed::Known(Vec::new()),
        routing_rules: Observed::Known(Vec::new()),
        neighbours: Observed::Known(Vec::new()),
        forwarding_database: Observed::Known(Vec::new()),
        sysctls: BTreeMap::from([
            ("net.ipv4.ip_forward".to_owned(), Observed::Known("1".to_owned())),
            ("net.ipv6.conf.all.forwarding".to_owned(), Observed::Known("1".to_owned())),
        ]),
        sockets: Observed::Known(sockets),
        firewall: Observed::Missing(Gap::not_asked("firewall")),
        connection_tracking: Observed::Missing(Gap::not_asked("connection tracking")),
    }
}

pub(crate) fn stopped(name: &str, id: ContainerId) -> Container {
    Container {
        id,
        name: name.to_owned(),
        image: "app:1".to_owned(),
        state: ContainerState::Exited,
        pid: None,
        exit_code: None,
        out_of_memory: false,
        error: None,
        restart_count: 0,
        restart_policy: "no".to_owned(),
        created: Some(Timestamp(NOW - HOUR)),
        started: Some(Timestamp(NOW - HOUR)),
        finished: None,
        aftermath: Observed::Missing(Gap::not_asked("what is left of its last run")),
        log: ContainerLog::default(),
        health: None,
        network_mode: "bridge".to_owned(),
        pid_mode: String::new(),
        runtime: "runc".to_owned(),
        privileged: false,
        attachments: Vec::new(),
        published_ports: Vec::new(),
        exposed_ports: Vec::new(),
        mounts: Vec::new(),
        labels: BTreeMap::new(),
        command: Vec::new(),
        environment: Vec::new(),
        dns: porthole_model::DnsSettings::default(),
    }
}

pub(crate) fn empty() -> Snapshot {
    let text = |text: &str| Observed::Known(text.to_owned());
    let host = Host {
        hostname: text("build1"),
        kernel_release: text("6.18.0"),
        architecture: text("x86_64"),
        operating_system: text("Debian GNU/Linux 12"),
        boot_id: text("b"),
        privilege: Privilege { uid: Uid(0), capabilities: Vec::new() },
        own_network_namespace: Observed::Known(HOST_NAMESPACE),
        processes: Observed::Known(Vec::new()),
        network_namespaces: Observed::Known(vec![NetworkNamespace {
            id: HOST_NAMESPACE,
            processes: vec![Pid(1), DOCKERD],
            names: Vec::new(),
            stack: Observed::Known(stack(Vec::new())),
        }]),
        docker_proxies: Observed::Known(Vec::new()),
        resources: Observed::Known(Vec::new()),
        kernel_modules: Observed::Known(KernelModules::default()),
    };
    let engine = Engine {
        endpoint: "unix:///var/run/docker.sock".to_owned(),
        endpoint_origin: "default".to_owned(),
        version: EngineVersion {
            kind: EngineKind::Docker,
            version: "28.5.2".to_owned(),
            api_version: "1.51".to_owned(),
            minimum_api_version: None,
            negotiated_api_version: "1.51".to_owned(),
            operating_system: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            kernel_release: Some("6.18.0".to_owned()),
        },
        info: Observed::Known(EngineInfo {
            id: "e".to_owned(),
            name: "build1".to_owned(),
            operating_system: "Debian".to_owned(),
            storage_driver: "overlay2".to_owned(),
            data_root: "/var/lib/docker".to_owned(),
            security_options: Vec::new(),
            live_restore: false,
            swarm_state: "inactive".to_owned(),
            warnings: Vec::new(),
            firewall_backend: Observed::Known(None),
            address_pools: Observed::Known(Vec::new()),
        }),
        containers: Observed::Known(Vec::new()),
        networks: Observed::Known(Vec::new()),
        daemon: Observed::Known(DOCKERD),
        settings: Observed::Known(EngineSettings::default()),
    };
    Snapshot {
        porthole_version: "0.1.0".to_owned(),
        observed_at: Timestamp(NOW),
        host: Observed::Known(host),
        engine: Observed::Known(engine),
        settings_of_silent_engine: Snapshot::answered(),
        storage: Observed::Known(Storage {
            data_root: Observed::Known(Space {
                bytes: 100 << 30,
                free_bytes: 50 << 30,
                inodes: 1_000_000,
                free_inodes: 900_000,
            }),
            paths: BTreeMap::new(),
        }),
        network_database: Observed::Missing(Gap::not_asked("network database")),
        names: Observed::Missing(Gap::not_asked("names")),
        probes: Snapshot::untried(),
    }
}

/// The rule of routing policy that looks in a table, whatever the packet.
pub(crate) fn routing_rule(priority: u32, table: u32) -> RoutingRule {
    RoutingRule {
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
    }
}
