//! Links joined over namespaces.

use porthole_analysis::{topology, topology_of};
use porthole_model::{
    ContainerState, InterfaceIndex, LinkKind, LinkPeer, NetnsId, NetworkNamespace, Observed, Pid,
    TopologyEnd, TopologyRow,
};

use crate::lab::{HOST_NAMESPACE, Lab, known, refused};
use crate::nouns::link;
use crate::spec::container;

fn with_app() -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.run(container("web").on("app").on("bridge"));
    lab.run(container("api").on("app"));
    lab
}

fn rows(lab: &Lab) -> Vec<String> {
    topology(&lab.snapshot).expect("a topology").rows.iter().map(row).collect()
}

fn row(row: &TopologyRow) -> String {
    let names: Vec<_> = row.containers.iter().map(|(name, _)| name.as_str()).collect();
    let end = |end: &TopologyEnd| end.name.clone();
    let inside = row.inside.value().map_or("?".to_owned(), end);
    let outside = match &row.outside {
        Observed::Known(outside) => outside.as_ref().map_or("-".to_owned(), end),
        Observed::Missing(_) => "?".to_owned(),
    };
    let network = row.network.as_ref().map_or("-", |(name, _)| name);
    let fdb = row.fdb.value().map_or("?".to_owned(), |entries| entries.len().to_string());
    let bridge = row.bridge.as_deref().map_or("-", |bridge| &bridge[..3]);
    format!("{} {inside} {outside} {bridge} {network} {fdb}", names.join("+"))
}

#[test]
fn both_ends_bridge_network_and_fdb_are_joined() {
    let lab = with_app();
    let expected = ["api eth0 veth9 br- app 1", "web eth0 veth7 br- app 1", "web eth1 veth8 doc bridge 1"];
    assert_eq!(rows(&lab), expected);
    let topology = topology(&lab.snapshot).unwrap();
    assert_eq!(topology.gaps, []);
    let web = &topology.rows[1];
    assert_eq!(web.pid, Some(Pid(1001)));
    assert_eq!(web.process, None);
    assert_eq!(web.inside.value().unwrap().addresses[0].to_string(), "172.18.0.2/16");
}

#[test]
fn bridges_and_uplinks_are_listed() {
    let mut lab = with_app();
    lab.add_network("empty", "172.20.0.0/16");
    known(&mut lab.host_stack().links).push(link(90, "eth9", LinkKind::Device));
    let mut fallback = link(91, "sit0", LinkKind::Other("sit".to_owned()));
    fallback.up = false;
    known(&mut lab.host_stack().links).push(fallback);
    let topology = topology(&lab.snapshot).unwrap();
    let bridges: Vec<_> = topology
        .bridges
        .iter()
        .map(|bridge| (bridge.network.as_ref().unwrap().0.as_str(), bridge.ports.len()))
        .collect();
    assert_eq!(bridges, [("bridge", 1), ("app", 2), ("empty", 0)]);
    let uplinks: Vec<_> =
        topology.uplinks.iter().map(|uplink| (uplink.end.name.as_str(), uplink.default_route)).collect();
    assert_eq!(uplinks, [("eth0", true), ("eth9", false)]);
}

#[test]
fn a_host_that_leaves_by_a_veth_has_an_uplink() {
    let mut lab = with_app();
    lab.host_link("eth0").kind = LinkKind::Veth;
    let topology = topology(&lab.snapshot).unwrap();
    assert_eq!(topology.uplinks[0].end.name, "eth0");
}

#[test]
fn a_peer_is_found_from_either_end() {
    let mut lab = with_app();
    let expected = rows(&lab);
    known(&mut lab.stack_of("api").links)[1].peer = None;
    assert_eq!(rows(&lab), expected);
    lab.host_end("web").peer = None;
    assert_eq!(rows(&lab), expected);
}

#[test]
fn an_unknown_peer_is_a_gap() {
    let mut lab = with_app();
    lab.host_end("api").peer = None;
    known(&mut lab.stack_of("api").links)[1].peer.as_mut().unwrap().namespace = refused("peer");
    assert_eq!(rows(&lab)[0], "api eth0 ? - app 0");
}

#[test]
fn a_macvlan_has_no_outside() {
    let mut lab = with_app();
    lab.network("app").driver = "macvlan".to_owned();
    let inside = &mut known(&mut lab.stack_of("api").links)[1];
    inside.kind = LinkKind::Macvlan;
    inside.peer = Some(LinkPeer { index: InterfaceIndex(2), namespace: Observed::Known(HOST_NAMESPACE) });
    assert_eq!(rows(&lab)[0], "api eth0 - - app 0");
}

#[test]
fn containers_that_share_a_namespace_share_its_rows() {
    let mut lab = with_app();
    let namespace = lab.namespace_of("api");
    for (name, pid, home) in [("sidecar", 1900, namespace), ("agent", 1901, HOST_NAMESPACE)] {
        let other = lab.stop(name);
        (other.state, other.pid) = (ContainerState::Running, Some(Pid(pid)));
        other.network_mode = if home == namespace { "container:api" } else { "host" }.to_owned();
        let id = other.id.clone();
        lab.add_process(Pid(pid), "app", home, Some(id));
    }
    // One in the host's own namespace has no row.
    assert_eq!(rows(&lab)[0], "api+sidecar eth0 veth9 br- app 1");
    assert_eq!(rows(&lab).len(), 3);
}

#[test]
fn namespaces_outside_any_engine_come_last() {
    let mut lab = with_app();
    let id = NetnsId(7000);
    let mut stack = lab.stack_of("api").clone();
    known(&mut stack.links)[1].kind = LinkKind::Dummy;
    lab.add_process(Pid(50), "vpn", id, None);
    known(&mut lab.host().network_namespaces).insert(
        0,
        NetworkNamespace {
            id,
            processes: vec![Pid(50)],
            names: vec!["vpn".to_owned()],
            stack: Observed::Known(stack),
        },
    );
    let topology = topology(&lab.snapshot).unwrap();
    let last = topology.rows.last().unwrap();
    assert_eq!((last.pid, last.process.as_deref()), (Some(Pid(50)), Some("vpn")));
    assert_eq!(row(last), " eth0 - - - 0");
}

#[test]
fn a_namespace_that_could_not_be_read_is_a_row_of_its_container() {
    let mut lab = with_app();
    let namespace = lab.namespace_of("api");
    let namespaces = known(&mut lab.host().network_namespaces);
    namespaces.iter_mut().find(|place| place.id == namespace).unwrap().stack = refused("namespace");
    assert_eq!(rows(&lab)[0], "api ? ? - - ?");
    lab.container("web").pid = None;
    assert_eq!(rows(&lab)[1], "web ? ? - - ?");
}

#[test]
fn without_an_engine_ids_stand_for_names() {
    let mut lab = with_app();
    lab.snapshot.engine = refused("engine");
    let topology = topology(&lab.snapshot).unwrap();
    assert_eq!(topology.rows.len(), 3);
    assert!(topology.rows.iter().all(|row| row.containers[0].0.len() == 12 && row.bridge.is_some()));
    assert_eq!(topology.gaps.len(), 1);
}

#[test]
fn facts_that_are_missing_are_gaps() {
    let mut lab = with_app();
    lab.host_stack().forwarding_database = refused("forwarding database");
    assert_eq!(rows(&lab)[0], "api eth0 veth9 br- app ?");
    lab.host_stack().routes = refused("routes");
    assert_eq!(topology(&lab.snapshot).unwrap().gaps.len(), 1);
    lab.host_stack().links = refused("links");
    assert!(topology(&lab.snapshot).is_err());
}

#[test]
fn a_part_shows_its_rows_and_bridges() {
    let mut lab = with_app();
    let whole = topology(&lab.snapshot).unwrap();
    let part = topology_of(&whole, lab.namespace_of("api"));
    assert_eq!((part.rows.len(), part.bridges.len(), part.uplinks.len()), (1, 1, 1));
    assert_eq!(part.bridges[0].network.as_ref().unwrap().0, "app");
}
