//! Databases of real engines: `samples` holds one of Docker 20.10 and one of Docker 28.5, each packed by zstd.

use porthole_model::{Secrets, Stored};
use proptest::prelude::*;

use super::*;

fn sample(name: &str) -> Vec<u8> {
    let packed: &[u8] = match name {
        "docker20" => include_bytes!("samples/docker20.db.zst"),
        _ => include_bytes!("samples/docker28.db.zst"),
    };
    zstd::decode_all(packed).unwrap()
}

fn database(name: &str) -> NetworkDatabase {
    read("local-kv.db", &sample(name), Secrets::Mask)
}

#[test]
fn networks_with_their_subnets_options_and_labels() {
    for engine in ["docker20", "docker28"] {
        let database = database(engine);
        assert_eq!(database.faults, vec![], "{engine}");
        let network = |name: &str| database.networks().find(|network| network.name == name).unwrap();
        let names: Vec<_> = database.networks().map(|network| network.name.as_str()).collect();
        assert_eq!(names.len(), 8, "{names:?}");
        let (app, vault, six) = (network("app"), network("vault"), network("six"));
        assert_eq!(app.labels["a"].as_str(), "b");
        assert_eq!((app.driver.as_str(), app.scope.as_str(), app.internal), ("bridge", "local", false));
        assert_eq!((vault.subnets[0].pool.as_str(), vault.internal), ("172.30.0.0/24", true));
        assert_eq!(vault.options["com.docker.network.bridge.enable_icc"].as_str(), "false");
        assert!(six.ipv6 && six.subnets.iter().any(|subnet| subnet.pool == "fd00:99::/64"));
        assert_eq!((network("lan").driver.as_str(), network("lan").attachable), ("macvlan", true));
    }
}

#[test]
fn endpoints_sandboxes_and_what_drivers_keep() {
    for engine in ["docker20", "docker28"] {
        let database = database(engine);
        let fixed = database.endpoints().find(|endpoint| endpoint.name == "fix").unwrap();
        assert_eq!((fixed.ipv4.as_str(), fixed.mac.as_str()), ("172.30.0.77/24", "02:42:aa:bb:cc:dd"));
        let sandbox = database.sandboxes().find(|sandbox| sandbox.id == fixed.sandbox).unwrap();
        assert_eq!(sandbox.endpoints, [(fixed.id.clone(), fixed.network.clone())]);
        assert_eq!((sandbox.forwarders.len(), sandbox.container.0.len()), (1, 64));
        let kept = database.driver_endpoints().find(|kept| kept.id == fixed.id).unwrap();
        assert_eq!((kept.ipv4.as_str(), kept.network.as_str()), ("172.30.0.77/24", fixed.network.as_str()));
        let web = database.endpoints().find(|endpoint| endpoint.name == "web").unwrap();
        assert!(web.names.iter().any(|name| name == "w1"));
        let ports = &database.driver_endpoints().find(|kept| kept.id == web.id).unwrap().ports;
        assert!(ports.iter().all(|port| (port.host_port, port.port, port.protocol) == (8080, 80, 6)));
        let bridges: Vec<_> = database.driver_networks().filter(|kept| kept.driver == "bridge").collect();
        assert_eq!(bridges.len(), 4);
        assert!(bridges.iter().any(|bridge| bridge.interface == "docker0"));
        assert!(database.driver_networks().any(|kept| kept.driver == "macvlan" && kept.interface == "eth0"));
    }
    let old = database("docker20");
    let app = old.networks().find(|network| network.name == "app").unwrap();
    assert_eq!(old.endpoint_count(&app.id), Some(2));
}

#[test]
fn every_key_is_understood_and_what_is_not_is_kept() {
    for engine in ["docker20", "docker28"] {
        let database = database(engine);
        let unknown: Vec<_> =
            database.records.iter().filter(|record| matches!(record.stored, Stored::Unknown(_))).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let network = database.records.iter().find(|record| matches!(record.stored, Stored::Network(_)));
        assert!(network.unwrap().unknown_fields.contains_key("loadBalancerMode"));
    }
}

#[test]
fn a_value_that_is_not_json_is_a_fault_with_its_page() {
    let mut file = sample("docker28");
    let at = file.windows(12).position(|window| window == b"\"BridgeName\"").unwrap();
    file[at] = b'!';
    let database = read("x", &file, Secrets::Mask);
    let fault = &database.faults[0];
    assert!(fault.problem.contains("is not JSON") && fault.offset.is_some(), "{fault:?}");
}

#[test]
fn labels_that_tell_of_credentials_are_masked() {
    let json = br#"{"id":"1","name":"n","labels":{"db.password":"hunter2"},"newField":{"token":"hush"}}"#;
    let value = [&7u64.to_le_bytes()[..], json].concat();
    let entry = Entry {
        buckets: vec![b"libnetwork"],
        key: b"docker/network/v1.0/network/1/",
        value: &value,
        page: 3,
    };
    let record = record::of(&entry, Secrets::Mask).unwrap();
    let Stored::Network(network) = &record.stored else { panic!("{record:?}") };
    assert_eq!((record.index, network.labels["db.password"].as_str()), (7, "********"));
    assert!(!record.unknown_fields["newField"].as_str().contains("hush"), "{record:?}");
}

proptest! {
    #[test]
    fn any_damage_gives_no_panic(at in 0usize..131_072, with: Vec<u8>) {
        let mut file = sample("docker28");
        let end = (at + with.len()).min(file.len());
        file[at..end].copy_from_slice(&with[..end - at]);
        let _ = read("x", &file, Secrets::Mask);
    }
}
