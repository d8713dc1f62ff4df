//! PH036 and PH037, and the plans that make networks again.

use std::collections::BTreeMap;

use porthole_analysis::diagnose_networks;
use porthole_analysis::netdb::{OrphanKind, orphans, repair_plan, restore_plan, step_command};
use porthole_model::{
    AddressPool, ContainerId, DatabaseFault, LinkKind, LockHolder, Membership, NetworkBackup,
    NetworkDatabase, NetworkId, NetworkStep, NetworksNow, Observed, Pid, SavedNetwork, Stored,
    StoredEndpoint, StoredNetwork, StoredRecord, StoredSubnet, Timestamp,
};

use crate::lab::{DOCKERD, HOST_NAMESPACE, Lab, known, lines};
use crate::nouns::{hexadecimal, link};
use crate::spec::container;

/// A host whose database holds what the engine lists.
fn in_order() -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.run(container("web").on("app"));
    let records = known(&mut lab.engine().networks).iter().map(|network| {
        let stored = StoredNetwork {
            id: network.id.0.clone(),
            name: network.name.clone(),
            driver: network.driver.clone(),
            scope: network.scope.clone(),
            ..StoredNetwork::default()
        };
        record(Stored::Network(stored))
    });
    let database = NetworkDatabase {
        path: "/var/lib/docker/network/files/local-kv.db".into(),
        size: 65536,
        page_size: Some(4096),
        transaction: Some(7),
        records: records.collect(),
        faults: Vec::new(),
        lock_holders: Observed::Known(vec![LockHolder {
            pid: Some(DOCKERD),
            name: Some("dockerd".into()),
            exclusive: true,
        }]),
    };
    lab.snapshot.network_database = Observed::Known(database);
    lab
}

fn record(stored: Stored) -> StoredRecord {
    StoredRecord { key: String::new(), index: 1, stored, unknown_fields: BTreeMap::new() }
}

fn database(lab: &mut Lab) -> &mut NetworkDatabase {
    known(&mut lab.snapshot.network_database)
}

fn found(lab: &Lab) -> Vec<String> {
    lines(&diagnose_networks(&lab.snapshot).findings)
}

#[test]
fn nothing_is_found_where_all_agree() {
    let lab = in_order();
    assert_eq!(found(&lab), [""; 0]);
    assert_eq!((lab.gaps(36), lab.gaps(37)), (vec![], vec![]));
}

#[test]
fn a_bridge_of_no_network_is_ph036() {
    let mut lab = in_order();
    lab.add_host_link(link(50, "br-0123456789ab", LinkKind::Bridge));
    for (index, name) in
        (51..).zip(["br-lan", "br-0123456789", "br-0123456789AB", "podman0", "br-0123456789abc"])
    {
        lab.add_host_link(link(index, name, LinkKind::Bridge));
    }
    lab.add_host_link(link(60, "br-fedcba987654", LinkKind::Dummy));
    assert_eq!(found(&lab), ["warning PH036 br-0123456789ab"]);
}

#[test]
fn a_network_that_only_the_database_knows_keeps_its_bridge() {
    let mut lab = in_order();
    let id = hexadecimal("kept");
    lab.add_host_link(link(50, &format!("br-{}", &id[..12]), LinkKind::Bridge));
    let stored = StoredNetwork { id, name: "kept".into(), ..StoredNetwork::default() };
    database(&mut lab).records.push(record(Stored::Network(stored)));
    assert!(orphans(&lab.snapshot).unwrap().links.is_empty());
    assert_eq!(found(&lab), ["warning PH036 kept"]);
}

#[test]
fn another_engine_in_the_same_network_makes_bridges_untellable() {
    let mut lab = in_order();
    lab.add_host_link(link(50, "br-0123456789ab", LinkKind::Bridge));
    lab.add_process(Pid(900), "dockerd", HOST_NAMESPACE, None);
    assert_eq!(found(&lab), [""; 0]);
    assert!(orphans(&lab.snapshot).unwrap_err().cause.contains("900"));
}

#[test]
fn a_bridge_with_something_on_it_is_in_use() {
    let mut lab = in_order();
    let bridge = lab.add_host_link(link(50, "br-0123456789ab", LinkKind::Bridge));
    lab.add_host_link(link(51, "eth7", LinkKind::Device));
    lab.host_link("eth7").master = Some(bridge);
    let found = orphans(&lab.snapshot).unwrap();
    assert_eq!((found.links[0].kind, found.links[0].used_by.len()), (OrphanKind::Bridge, 1));
}

#[test]
fn networks_of_one_side_and_names_with_two_ids() {
    let mut lab = in_order();
    database(&mut lab)
        .records
        .retain(|record| !matches!(&record.stored, Stored::Network(one) if one.name == "app"));
    assert_eq!(found(&lab), ["error PH036 app"]);
    let stored = StoredNetwork { id: hexadecimal("other"), name: "app".into(), ..StoredNetwork::default() };
    database(&mut lab).records.push(record(Stored::Network(stored)));
    assert_eq!(found(&lab), ["warning PH036 app"]);
}

#[test]
fn an_endpoint_of_a_container_that_does_not_run() {
    let mut lab = in_order();
    let network = lab.network("app").id.0.clone();
    let endpoint = |name: &str| {
        let (name, network) = (name.to_owned(), network.clone());
        record(Stored::Endpoint(StoredEndpoint { name, network, ..StoredEndpoint::default() }))
    };
    database(&mut lab).records.push(endpoint("web"));
    assert_eq!(found(&lab), [""; 0]);
    database(&mut lab).records.push(endpoint("gone"));
    assert_eq!(found(&lab), ["warning PH036 app"]);
}

#[test]
fn damage_is_one_finding_and_compares_nothing() {
    let mut lab = in_order();
    let fault =
        |page| DatabaseFault { page: Some(page), offset: Some(page * 4096), problem: "broken".into() };
    database(&mut lab).records.clear();
    database(&mut lab).faults = (2..40).map(fault).collect();
    assert_eq!(found(&lab), ["error PH037 network database"]);
    assert_eq!(lab.gaps(36).len(), 1);
    database(&mut lab).faults = vec![fault(1)];
    assert_eq!(found(&lab), ["warning PH037 network database"]);
}

#[test]
fn an_address_range_that_is_none_keeps_the_engine_from_starting() {
    let with_pool = |pool: &str| {
        let mut lab = in_order();
        let subnet = StoredSubnet { pool: pool.into(), gateway: "172.18.0.1/16".into() };
        for record in &mut database(&mut lab).records {
            if let Stored::Network(network) = &mut record.stored {
                network.subnets = vec![subnet.clone()];
            }
        }
        found(&lab)
    };
    for pool in ["372.18.0.0/16", "172.18.0.0/99", "text"] {
        assert_eq!(with_pool(pool), ["error PH037 network database"], "{pool}");
    }
    for pool in ["172.18.0.0/16", "fd00:99::/64", ""] {
        assert_eq!(with_pool(pool), [""; 0], "{pool}");
    }
}

#[test]
fn a_lock_of_another_process_is_ph037() {
    let mut lab = in_order();
    let holder = LockHolder { pid: Some(Pid(77)), name: Some("flock".into()), exclusive: true };
    known(&mut database(&mut lab).lock_holders).push(holder);
    assert_eq!(found(&lab), ["error PH037 network database"]);
}

fn saved(name: &str, id: &str) -> SavedNetwork {
    let pool = AddressPool { subnet: "172.18.0.0/16".into(), ..AddressPool::default() };
    SavedNetwork {
        id: hexadecimal(id),
        name: name.into(),
        driver: "bridge".into(),
        scope: "local".into(),
        pools: vec![pool],
        ..SavedNetwork::default()
    }
}

fn place(container: &str, network: &str, id: &str) -> Membership {
    Membership {
        container_id: ContainerId(hexadecimal(container)),
        container_name: container.into(),
        was_running: true,
        network_name: network.into(),
        network_id: Some(NetworkId(hexadecimal(id))),
        ipv4: Some("172.18.0.7".into()),
        ipv6: None,
        is_fixed: true,
        mac: None,
        aliases: vec!["w".into()],
        links: Vec::new(),
        driver_options: BTreeMap::new(),
        gateway_priority: 0,
    }
}

fn backup() -> NetworkBackup {
    NetworkBackup {
        made_at: Timestamp(0),
        porthole_version: String::new(),
        engine_id: String::new(),
        host_name: String::new(),
        engine_version: String::new(),
        database_path: String::new(),
        database_sha256: None,
        transaction: None,
        networks: vec![
            saved("app", "old"),
            saved("bridge", "b"),
            SavedNetwork { scope: "swarm".into(), ..saved("far", "f") },
        ],
        memberships: vec![
            place("web", "app", "old"),
            place("gone", "app", "old"),
            place("plain", "bridge", "b"),
        ],
    }
}

fn commands(steps: &[NetworkStep]) -> Vec<String> {
    steps.iter().map(step_command).collect()
}

#[test]
fn after_a_reset_networks_come_first_and_starts_last() {
    let stopped = Membership { was_running: false, ..place("web", "app", "old") };
    let now = NetworksNow {
        networks: vec![saved("bridge", "b2")],
        memberships: vec![stopped],
        containers: BTreeMap::from([("web".into(), false), ("plain".into(), true)]),
    };
    let plan = restore_plan(&backup(), &now, true);
    assert_eq!(
        commands(&plan.all()),
        [
            "docker network create --subnet 172.18.0.0/16 app",
            "docker network disconnect -f app web",
            "docker network connect --ip 172.18.0.7 --alias w app web",
            "docker start web",
        ]
    );
    assert_eq!(plan.left_out.len(), 2, "{:?}", plan.left_out);
    assert_eq!(commands(&restore_plan(&backup(), &now, false).all()).len(), 3);
}

#[test]
fn what_is_there_already_needs_no_step() {
    let now = NetworksNow {
        networks: vec![saved("app", "new"), saved("bridge", "b")],
        memberships: vec![place("web", "app", "new"), place("plain", "bridge", "b")],
        containers: BTreeMap::from([("web".into(), true), ("plain".into(), true)]),
    };
    let plan = restore_plan(&backup(), &now, true);
    assert_eq!((plan.all(), plan.kept[0].differences.len()), (vec![], 0));
}

#[test]
fn a_container_that_lost_its_only_place_is_connected_again() {
    let now = NetworksNow {
        networks: vec![saved("app", "new")],
        memberships: vec![],
        containers: BTreeMap::from([("web".into(), false)]),
    };
    let plan = commands(&restore_plan(&backup(), &now, false).all());
    assert_eq!(plan, ["docker network connect --ip 172.18.0.7 --alias w app web"]);
}

#[test]
fn one_that_runs_on_a_lost_network_is_stopped_first() {
    let now = NetworksNow {
        networks: vec![],
        memberships: vec![place("web", "app", "old")],
        containers: BTreeMap::from([("web".into(), true)]),
    };
    let plan = restore_plan(&backup(), &now, false);
    assert_eq!(commands(&plan.stops), ["docker stop web"]);
    assert_eq!(commands(&plan.steps).last().map(String::as_str), Some("docker start web"));
}

#[test]
fn a_repair_drops_what_the_new_network_cannot_give() {
    let other = AddressPool { subnet: "10.9.0.0/24".into(), ..AddressPool::default() };
    let networks = [SavedNetwork { pools: vec![other], ..saved("app", "new") }];
    let stopped = Membership { was_running: false, ..place("web", "app", "old") };
    let plan = repair_plan(std::slice::from_ref(&stopped), &networks, &[], None);
    assert_eq!(
        commands(&plan.steps),
        [
            "docker network disconnect -f app web",
            "docker network connect --alias w app web",
            "docker start web",
        ]
    );
    assert!(plan.notes[0].contains("172.18.0.7"), "{:?}", plan.notes);
    assert!(repair_plan(&[place("web", "app", "new")], &networks, &[], None).steps.is_empty());
    let saved = repair_plan(&[stopped], &[], &[saved("app", "old")], None);
    assert_eq!(commands(&saved.steps)[0], "docker network create --subnet 172.18.0.0/16 app");
    assert!(commands(&saved.steps)[2].contains("--ip 172.18.0.7"));
}
