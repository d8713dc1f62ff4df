//! A host with two bridges, a macvlan, a namespace outside any engine, and a container that could not be read.

use porthole_model::{
    ContainerId, FdbEntry, Gap, GapKind, InterfaceIndex, MacAddress, NeighbourState, NetnsId, NetworkId,
    Observed, Pid, Topology, TopologyBridge, TopologyEnd, TopologyRow, TopologyUplink,
};

use super::gap;

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

pub(crate) fn end(name: &str, index: u32, addresses: &[&str]) -> TopologyEnd {
    TopologyEnd {
        name: name.to_owned(),
        index: InterfaceIndex(index),
        mac: Some(MacAddress([2, 0x42, 0xac, 0x11, 0, u8::try_from(index % 256).unwrap()])),
        mtu: 1500,
        up: true,
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
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

fn fdb(port: u32) -> Vec<FdbEntry> {
    let mac = MacAddress([2, 0x42, 0xac, 0x11, 0, 2]);
    let bridge = Some(InterfaceIndex(3));
    vec![FdbEntry { mac, port: InterfaceIndex(port), bridge, vlan: None, state: NeighbourState::Reachable }]
}

fn network(name: &str) -> (String, NetworkId) {
    (name.to_owned(), NetworkId("a".repeat(64)))
}
