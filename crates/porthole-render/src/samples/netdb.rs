//! A network database with something of each kind, and a damaged page.

use std::collections::BTreeMap;

use porthole_model::{
    ContainerId, DatabaseFault, DriverEndpoint, DriverNetwork, ForwardedPort, LockHolder, MaskedText,
    NameForwarder, NetworkDatabase, Observed, Pid, Secrets, Stored, StoredEndpoint, StoredNetwork,
    StoredRecord, StoredSandbox, StoredSubnet,
};

use crate::netdb::Names;

const NETWORK: &str = "5e0c4f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6";
const CONTAINER: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// The database.
pub(crate) fn network_database() -> NetworkDatabase {
    NetworkDatabase {
        path: "/var/lib/docker/network/files/local-kv.db".into(),
        size: 65536,
        page_size: Some(4096),
        transaction: Some(70),
        records: records(),
        faults: vec![DatabaseFault {
            page: Some(5),
            offset: Some(20480),
            problem: "it says that it is page 11936128518282651045".into(),
        }],
        lock_holders: Observed::Known(vec![LockHolder {
            pid: Some(Pid(812)),
            name: Some("dockerd".into()),
            exclusive: true,
        }]),
    }
}

/// The names of its containers.
pub(crate) fn names() -> Names {
    Names::from([(ContainerId(CONTAINER.into()), "shop-web-1".to_owned())])
}

fn records() -> Vec<StoredRecord> {
    let masked = |text: &str| MaskedText::assignment(text, Secrets::Mask);
    let of = |key: &str, stored| StoredRecord {
        key: format!("docker/network/v1.0/{key}/"),
        index: 9,
        stored,
        unknown_fields: BTreeMap::from([("loadBalancerMode".to_owned(), masked("NAT"))]),
    };
    let subnet = StoredSubnet { pool: "172.18.0.0/16".into(), gateway: "172.18.0.1/16".into() };
    let network = StoredNetwork {
        id: NETWORK.into(),
        name: "shop".into(),
        driver: "bridge".into(),
        scope: "local".into(),
        created: "2026-03-01T12:00:00Z".into(),
        internal: true,
        subnets: vec![subnet],
        labels: BTreeMap::from([("tier".to_owned(), masked("front"))]),
        ..StoredNetwork::default()
    };
    let kept = DriverNetwork {
        driver: "bridge".into(),
        network: NETWORK.into(),
        interface: "br-5e0c4f1a2b3c".into(),
        ipv4: "172.18.0.1/16".into(),
        mtu: 1500,
        ..DriverNetwork::default()
    };
    let endpoint = StoredEndpoint {
        id: "e1".into(),
        network: NETWORK.into(),
        name: "shop-web-1".into(),
        sandbox: "s1".into(),
        ipv4: "172.18.0.2/16".into(),
        mac: "02:42:ac:12:00:02".into(),
        names: vec!["web".into()],
        ..StoredEndpoint::default()
    };
    let port = ForwardedPort { protocol: 6, host_address: "::".into(), host_port: 8080, port: 80 };
    let driver_endpoint = DriverEndpoint {
        driver: "bridge".into(),
        id: "e1".into(),
        network: NETWORK.into(),
        ports: vec![port],
        ..DriverEndpoint::default()
    };
    let sandbox = StoredSandbox {
        id: "s1".into(),
        container: ContainerId(CONTAINER.into()),
        endpoints: vec![("e1".into(), NETWORK.into()), ("e2".into(), "gone00000000000".into())],
        forwarders: vec![NameForwarder { address: "10.77.0.1".into(), from_host: true }],
    };
    vec![
        of("network/5e0c", Stored::Network(network)),
        of("bridge/5e0c", Stored::DriverNetwork(kept)),
        of("endpoint/5e0c/e1", Stored::Endpoint(endpoint)),
        of("bridge-endpoint/e1", Stored::DriverEndpoint(driver_endpoint)),
        of("endpoint_count/5e0c", Stored::EndpointCount { network: NETWORK.into(), count: 1 }),
        of("sandbox/s1", Stored::Sandbox(sandbox)),
        of("sandbox", Stored::Marker),
        of("newer/1", Stored::Unknown(masked("Field=value"))),
    ]
}
