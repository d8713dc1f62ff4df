//! Links, addresses, routes, neighbours, forwarding databases and sysctls of namespaces.

use porthole_model::{
    BridgePortState, GapKind, InterfaceIndex, Link, LinkKind, NeighbourState, Observed, RouteKind, Topic,
};

use crate::world::{Namespace, collect};

fn link<'a>(links: &'a Observed<Vec<Link>>, name: &str) -> &'a Link {
    links.known().unwrap().iter().find(|link| link.name == name).unwrap()
}

/// A bridge in one namespace and a veth pair from it into another, as engines lay them.
fn bridged() -> (Namespace, Namespace) {
    let (outside, inside) = (Namespace::new(), Namespace::new());
    outside.run("ip link add br-test type bridge");
    outside.run(&format!("ip link add veth1 type veth peer name eth0 netns {}", inside.pid()));
    outside.run("ip link set veth1 master br-test");
    outside.run("ip link set veth1 type bridge_slave hairpin on isolated on");
    outside.run("ip link set br-test up");
    outside.run("ip link set veth1 up");
    inside.run("ip link set eth0 address 02:42:ac:11:00:02 mtu 1400 up");
    inside.run("ip address add 172.17.0.2/16 dev eth0");
    (outside, inside)
}

#[test]
fn the_ends_of_a_veth_pair_name_each_other() {
    let (outside, inside) = bridged();
    let host = collect(&[Topic::Links]);
    let host_end = link(&outside.stack_in(&host).links, "veth1");
    let container_end = link(&inside.stack_in(&host).links, "eth0");
    let peer = container_end.peer.as_ref().unwrap();
    assert_eq!((peer.index, &peer.namespace), (host_end.index, &Observed::Known(outside.id())));
    let peer = host_end.peer.as_ref().unwrap();
    assert_eq!((peer.index, &peer.namespace), (container_end.index, &Observed::Known(inside.id())));
    assert_eq!(container_end.mac.unwrap().to_string(), "02:42:ac:11:00:02");
    assert_eq!((container_end.mtu, container_end.up, container_end.carrier), (1400, true, true));
    assert_eq!(container_end.kind, LinkKind::Veth);
}

#[test]
fn a_bridge_port_has_its_settings() {
    let (outside, _inside) = bridged();
    let host = collect(&[Topic::Links]);
    let stack = outside.stack_in(&host);
    let (bridge, port) = (link(&stack.links, "br-test"), link(&stack.links, "veth1"));
    assert_eq!(port.master, Some(bridge.index));
    let settings = port.bridge_port.unwrap();
    assert_eq!(
        (settings.state, settings.hairpin, settings.isolated),
        (BridgePortState::Forwarding, true, true)
    );
    assert_eq!(bridge.kind, LinkKind::Bridge);
    assert!(!bridge.bridge.unwrap().spanning_tree);
}

#[test]
fn peers_of_the_same_index_in_two_namespaces_find_each_other() {
    let (one, other) = (Namespace::new(), Namespace::new());
    one.run(&format!("ip link add here index 77 type veth peer name there index 77 netns {}", other.pid()));
    let host = collect(&[Topic::Links]);
    let here = link(&one.stack_in(&host).links, "here");
    assert_eq!(here.index, InterfaceIndex(77));
    let peer = here.peer.as_ref().unwrap();
    assert_eq!((peer.index, &peer.namespace), (InterfaceIndex(77), &Observed::Known(other.id())));
}

#[test]
fn a_pair_within_one_namespace_names_its_own_namespace() {
    let namespace = Namespace::new();
    namespace.run("ip link add one type veth peer name two");
    let host = collect(&[Topic::Links]);
    let links = &namespace.stack_in(&host).links;
    for (name, peer) in [("one", "two"), ("two", "one")] {
        let found = link(links, name).peer.as_ref().unwrap();
        assert_eq!(
            (found.index, &found.namespace),
            (link(links, peer).index, &Observed::Known(namespace.id()))
        );
    }
    assert_eq!(link(links, "lo").peer, None);
    assert_eq!(link(links, "lo").kind, LinkKind::Loopback);
}

#[test]
fn addresses_routes_and_neighbours() {
    let (_outside, inside) = bridged();
    inside.run("ip route add default via 172.17.0.1 metric 5");
    inside.run("ip route add blackhole 10.9.0.0/16");
    inside.run("ip -6 route add 2001:db8::/32 dev eth0 table 100");
    inside.run("ip neighbour add 172.17.0.1 lladdr 02:42:00:00:00:01 dev eth0 nud permanent");
    let host = collect(&[Topic::Links, Topic::Routes]);
    let stack = inside.stack_in(&host);
    let eth0 = link(&stack.links, "eth0").index;
    let addresses = stack.addresses.known().unwrap();
    assert!(addresses.iter().any(|a| a.interface == eth0 && a.prefix.to_string() == "172.17.0.2/16"));
    let routes = stack.routes.known().unwrap();
    let route = |text: &str| routes.iter().find(|route| route.destination.to_string() == text).unwrap();
    let default = route("0.0.0.0/0");
    assert_eq!(default.gateway.unwrap().to_string(), "172.17.0.1");
    assert_eq!(
        (default.interface, default.metric, default.table, default.protocol),
        (Some(eth0), Some(5), 254, 3)
    );
    assert_eq!(route("10.9.0.0/16").kind, RouteKind::Blackhole);
    assert_eq!(route("2001:db8::/32").table, 100);
    assert_eq!(route("172.17.0.0/16").preferred_source.unwrap().to_string(), "172.17.0.2");
    let neighbours = stack.neighbours.known().unwrap();
    let gateway = neighbours.iter().find(|n| n.address.to_string() == "172.17.0.1").unwrap();
    assert_eq!(
        (gateway.mac.unwrap().to_string().as_str(), gateway.state),
        ("02:42:00:00:00:01", NeighbourState::Permanent)
    );
}

#[test]
fn the_forwarding_database_names_port_and_bridge() {
    let (outside, _inside) = bridged();
    outside.run("bridge fdb add 02:42:ac:11:00:09 dev veth1 master static");
    let host = collect(&[Topic::Links, Topic::ForwardingDatabase]);
    let stack = outside.stack_in(&host);
    let entries = stack.forwarding_database.known().unwrap();
    let entry = entries.iter().find(|entry| entry.mac.to_string() == "02:42:ac:11:00:09").unwrap();
    assert_eq!(entry.port, link(&stack.links, "veth1").index);
    assert_eq!(entry.bridge, Some(link(&stack.links, "br-test").index));
    assert_eq!(entry.state, NeighbourState::NoArp);
}

#[test]
fn each_namespace_has_its_own_sysctls() {
    let (on, off) = (Namespace::new(), Namespace::new());
    on.run("ip link add x.1 type bridge");
    on.run("sysctl -qw net.ipv4.ip_forward=1 net.core.somaxconn=77 net.ipv4.conf.x/1.rp_filter=2");
    off.run("sysctl -qw net.ipv4.ip_forward=0");
    let host = collect(&[Topic::Sysctls]);
    let value = |namespace: &Namespace, name: &str| namespace.stack_in(&host).sysctl(name);
    assert_eq!(value(&on, "net.ipv4.ip_forward"), Observed::Known("1".into()));
    assert_eq!(value(&off, "net.ipv4.ip_forward"), Observed::Known("0".into()));
    assert_eq!(value(&on, "net.core.somaxconn"), Observed::Known("77".into()));
    assert_eq!(value(&on, "net.ipv4.conf.x.1.rp_filter"), Observed::Known("2".into()));
    assert!(value(&off, "net.ipv4.conf.lo.route_localnet").value().is_some());
    assert_eq!(value(&off, "net.ipv4.conf.x.1.rp_filter").gap().unwrap().kind, GapKind::NotAsked);
}

#[test]
fn what_was_not_asked_for_says_so() {
    let namespace = Namespace::new();
    let host = collect(&[Topic::Routes]);
    let stack = namespace.stack_in(&host);
    assert_eq!(stack.links.gap().unwrap().kind, GapKind::NotAsked);
    assert_eq!(stack.sockets.gap().unwrap().kind, GapKind::NotAsked);
    assert!(stack.sysctls.is_empty());
    assert!(stack.routes.value().is_some());
}

#[test]
fn a_named_namespace_without_a_process_is_found_in_another_mount_namespace() {
    let engine = Namespace::new();
    engine.run("mount -t tmpfs tmpfs /run");
    engine.run("ip netns add alone");
    engine.run("ip netns exec alone ip link add only-here type bridge");
    let host = collect(&[Topic::Links]);
    let namespaces = host.network_namespaces.known().unwrap();
    let alone = namespaces.iter().find(|namespace| namespace.names == ["/run/netns/alone"]).unwrap();
    assert!(alone.processes.is_empty());
    assert_eq!(link(&alone.stack.known().unwrap().links, "only-here").kind, LinkKind::Bridge);
    engine.run("ip netns delete alone");
}

#[test]
fn a_macvlan_names_the_device_below_it_in_the_other_namespace() {
    let (outside, inside) = bridged();
    outside.run("ip link add uplink type veth peer name far");
    outside.run(&format!("ip link add link uplink name mac0 netns {} type macvlan", inside.pid()));
    let host = collect(&[Topic::Links]);
    let below = link(&outside.stack_in(&host).links, "uplink").index;
    let macvlan = link(&inside.stack_in(&host).links, "mac0");
    assert_eq!(macvlan.kind, LinkKind::Macvlan);
    let peer = macvlan.peer.as_ref().unwrap();
    assert_eq!((peer.index, &peer.namespace), (below, &Observed::Known(outside.id())));
}
