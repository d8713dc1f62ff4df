//! PH013, PH016, PH018, PH030, PH031, PH034, PH042: what the host and a container's own namespace do to its network.

use porthole_model::{
    ContainerId, ContainerState, DockerProxy, InterfaceAddress, InterfaceIndex, LinkKind, Neighbour,
    NeighbourState, Pid, Port, PortBinding, Route, RouteKind, TransportProtocol,
};

use crate::lab::{HOST_NAMESPACE, Lab, known, refused};
use crate::nouns::{default_route, link, listener};
use crate::spec::container;

const TAKEN: &str = "driver failed programming external connectivity: Bind for 0.0.0.0:8080 failed: port is already allocated";

fn refused_start(lab: &mut Lab) {
    let container = lab.stop("late");
    container.state = ContainerState::Created;
    container.error = Some(TAKEN.to_owned());
    container.published_ports.push(PortBinding {
        container_port: Port(80),
        protocol: TransportProtocol::Tcp,
        host_address: "0.0.0.0".parse().expect("address"),
        host_port: Port(8080),
    });
}

#[test]
fn who_holds_a_port_is_named() {
    let mut lab = Lab::docker();
    lab.run(container("first").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    refused_start(&mut lab);
    assert_eq!(lab.found(), ["error PH013 late"]);
    assert_eq!(
        lab.only().summary,
        "container 'late' cannot start: container 'first' has port 8080 of the host"
    );
    let mut lab = Lab::docker();
    known(&mut lab.host_stack().sockets).push(listener("tcp", "[::]:8080"));
    refused_start(&mut lab);
    assert_eq!(lab.only().summary, "container 'late' cannot start: app (pid 1000) has port 8080 of the host");
}

#[test]
fn a_port_that_is_free_again_is_a_warning() {
    let mut lab = Lab::docker();
    known(&mut lab.host_stack().sockets).push(listener("udp", "0.0.0.0:8080"));
    known(&mut lab.host_stack().sockets).push(listener("tcp", "0.0.0.0:8081"));
    refused_start(&mut lab);
    assert_eq!(lab.found(), ["warning PH013 late"]);
}

fn proxy(lab: &mut Lab, container_address: &str) {
    lab.add_process(Pid(4000), "docker-proxy", HOST_NAMESPACE, None);
    known(&mut lab.host().docker_proxies).push(DockerProxy {
        pid: Pid(4000),
        protocol: TransportProtocol::Tcp,
        host_address: "0.0.0.0".parse().expect("address"),
        host_port: Port(8080),
        container_address: container_address.parse().expect("address"),
        container_port: Port(80),
    });
}

#[test]
fn a_docker_proxy_without_a_container_is_a_warning() {
    let mut lab = Lab::docker();
    proxy(&mut lab, "172.17.0.9");
    assert_eq!(lab.found(), ["warning PH013 docker-proxy 4000 on port 8080/tcp"]);
    let mut lab = Lab::docker();
    lab.run(container("web"));
    proxy(&mut lab, "172.17.0.2");
    assert_eq!(lab.found(), [""; 0]);
    // Another engine on the same host has its own.
    let mut lab = Lab::docker();
    proxy(&mut lab, "172.17.0.9");
    lab.add_process(Pid(4001), "dockerd", HOST_NAMESPACE, Some(ContainerId("f".repeat(64))));
    let processes = known(&mut lab.host().processes);
    processes.iter_mut().find(|process| process.pid == Pid(4000)).unwrap().parent = Pid(4001);
    assert_eq!(lab.found(), [""; 0]);
    // Between two runs it has no address, and its docker-proxy may be there already.
    let mut lab = Lab::docker();
    refused_start(&mut lab);
    lab.container("late").error = None;
    proxy(&mut lab, "172.17.0.9");
    assert_eq!(lab.found(), [""; 0]);
}

fn add_route(lab: &mut Lab, destination: &str, kind: RouteKind, table: u32) {
    let index = InterfaceIndex(90);
    if lab.host_stack().link("tun0").is_none() {
        known(&mut lab.host_stack().links).push(link(90, "tun0", LinkKind::Device));
    }
    known(&mut lab.host_stack().routes).push(Route {
        destination: destination.parse().expect("prefix"),
        kind,
        gateway: None,
        interface: (kind == RouteKind::Unicast).then_some(index),
        table,
        ..default_route("10.77.0.1", index)
    });
}

fn routed(destination: &str) -> Vec<String> {
    let mut lab = Lab::docker();
    add_route(&mut lab, destination, RouteKind::Unicast, 254);
    lab.found().into_iter().filter(|line| line.contains("PH016")).collect()
}

#[test]
fn a_route_into_a_subnet_is_an_error_and_a_wider_one_a_warning() {
    assert_eq!(routed("172.17.128.0/17"), ["error PH016 bridge"]);
    assert_eq!(routed("172.17.0.0/16"), ["error PH016 bridge"]);
    assert_eq!(routed("172.16.0.0/12"), ["warning PH016 bridge"]);
    for other in ["172.18.0.0/16", "0.0.0.0/0", "128.0.0.0/1", "10.0.0.0/8", "fd00::/8"] {
        assert_eq!(routed(other), [""; 0], "{other}");
    }
    let mut lab = Lab::docker();
    add_route(&mut lab, "172.17.0.0/16", RouteKind::Unicast, 255);
    assert_eq!(lab.found(), [""; 0]);
    lab.host_stack().routes = refused("routes");
    assert_eq!(lab.gaps(16), ["skipped: routes: permission denied"]);
}

#[test]
fn the_most_specific_route_is_the_one_that_is_told() {
    let mut lab = Lab::docker();
    add_route(&mut lab, "172.16.0.0/12", RouteKind::Unicast, 254);
    add_route(&mut lab, "172.17.4.0/24", RouteKind::Unicast, 52);
    assert_eq!(lab.only().evidence[0].observed, "172.17.4.0/24 by 'tun0'");
}

#[test]
fn a_way_out_that_carries_less_is_one_warning_for_all_networks() {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.run(container("web"));
    lab.run(container("db").on("app"));
    assert_eq!(lab.found(), [""; 0]);
    lab.host_link("eth0").mtu = 1450;
    assert_eq!(lab.found(), ["warning PH018 MTU of eth0"]);
    assert_eq!(lab.only().evidence[1].source, "interfaces of 2 containers on app, bridge, MTU");
    for network in ["app", "bridge"] {
        lab.network(network).internal = true;
    }
    assert_eq!(lab.found(), [""; 0]);
}

fn two() -> Lab {
    let mut lab = Lab::docker();
    lab.run(container("one"));
    lab.run(container("other"));
    assert_eq!(lab.found(), [""; 0]);
    lab
}

#[test]
fn the_same_ethernet_address_on_one_network_is_ph030() {
    let mut lab = two();
    let mac = known(&mut lab.stack_of("one").links)[1].mac;
    known(&mut lab.stack_of("other").links)[1].mac = mac;
    lab.container("other").attachments[0].mac = mac;
    assert_eq!(lab.found(), ["error PH030 other"]);
}

#[test]
fn the_same_address_on_one_network_is_ph031_and_blames_who_took_it() {
    let mut lab = two();
    let index = known(&mut lab.stack_of("one").links)[1].index;
    let prefix = "172.17.0.3/16".parse().unwrap();
    known(&mut lab.stack_of("one").addresses).push(InterfaceAddress::new(index, prefix));
    assert_eq!(lab.found(), ["error PH031 one"]);
    assert_eq!(lab.only().evidence[1].observed, "holds 172.17.0.3; the engine gave it 172.17.0.2/16");
}

#[test]
fn an_interface_an_address_or_a_way_out_that_is_gone_is_ph034() {
    let summary = |change: &dyn Fn(&mut Lab)| {
        let mut lab = two();
        change(&mut lab);
        assert_eq!(lab.found(), ["error PH034 one"]);
        lab.only().summary
    };
    let down = summary(&|lab| known(&mut lab.stack_of("one").links)[1].up = false);
    assert!(down.ends_with("interface 'eth0' is down"), "{down}");
    let bare = summary(&|lab| known(&mut lab.stack_of("one").addresses).retain(|held| held.interface.0 == 1));
    assert!(bare.ends_with("interface 'eth0' does not hold 172.17.0.2"), "{bare}");
    let gone = summary(&|lab| {
        known(&mut lab.stack_of("one").links).truncate(1);
        known(&mut lab.stack_of("one").addresses).truncate(1);
    });
    assert!(gone.ends_with("the interface is gone"), "{gone}");
    let lost = summary(&|lab| known(&mut lab.stack_of("one").routes).clear());
    assert!(lost.contains("has no default route"), "{lost}");
}

#[test]
fn a_container_that_needs_no_way_out_or_has_another_is_left_alone() {
    let mut lab = two();
    known(&mut lab.stack_of("one").routes)[0].destination = "0.0.0.0/1".parse().unwrap();
    assert_eq!(lab.found(), [""; 0]);
    known(&mut lab.stack_of("one").routes).clear();
    lab.container("one").attachments[0].gateways.clear();
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_permanent_neighbour_with_another_address_is_ph042() {
    let mut lab = two();
    let bridge = lab.host_stack().link("docker0").unwrap().index;
    let own = known(&mut lab.stack_of("one").links)[1].mac;
    known(&mut lab.host_stack().neighbours).push(Neighbour {
        interface: bridge,
        address: "172.17.0.2".parse().unwrap(),
        mac: own,
        state: NeighbourState::Permanent,
    });
    assert_eq!(lab.found(), [""; 0]);
    let other = known(&mut lab.stack_of("other").links)[1].mac;
    known(&mut lab.host_stack().neighbours)[0].mac = other;
    assert_eq!(lab.found(), ["error PH042 one"]);
    known(&mut lab.host_stack().neighbours)[0].state = NeighbourState::Stale;
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_route_that_drops_a_container_s_packets_is_ph042() {
    let mut lab = two();
    add_route(&mut lab, "172.17.0.2/32", RouteKind::Blackhole, 254);
    assert_eq!(lab.found(), ["error PH042 one"]);
    assert!(lab.only().remedies[0].commands[0].ends_with("ip route del blackhole 172.17.0.2/32 table 254"));
    // A wider one than the network's own route is never taken.
    let mut lab = two();
    add_route(&mut lab, "172.16.0.0/12", RouteKind::Unreachable, 254);
    assert_eq!(lab.found(), [""; 0]);
}
