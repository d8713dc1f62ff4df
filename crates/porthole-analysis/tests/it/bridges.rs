//! PH032 and PH033: host interfaces of containers, and bridges.

use porthole_model::{
    ContainerState, InterfaceAddress, InterfaceIndex, Link, NetworkId, Observed, OperationalState,
};

use crate::lab::{Lab, commands, known, refused};
use crate::spec::container;

fn with_app() -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.run(container("web").on("app"));
    lab.run(container("db").on("app").on("bridge"));
    lab
}

fn bridge(lab: &mut Lab) -> String {
    lab.network("app").bridge_name().expect("a bridge")
}

#[test]
fn a_host_interface_that_is_down_is_ph032() {
    let mut lab = with_app();
    assert_eq!(lab.found(), [""; 0]);
    lab.host_end("web").up = false;
    assert_eq!(lab.found(), ["error PH032 web"]);
    let name = lab.host_end("web").name.clone();
    assert_eq!(commands(&lab.only())[..2], [&format!("ip link set {name} up"), "docker restart web"]);
}

#[test]
fn a_host_interface_off_its_bridge_is_ph032() {
    let mut lab = with_app();
    lab.host_end("web").master = None;
    assert_eq!(lab.found(), ["error PH032 web"]);
    assert!(lab.only().summary.ends_with("is not plugged into any bridge"));
    lab.host_end("web").master = Some(lab.host_link("docker0").index);
    assert_eq!(lab.found(), ["error PH032 web"]);
    assert!(lab.only().summary.ends_with("is plugged into 'docker0'"));
}

#[test]
fn the_other_end_is_found_from_the_host_where_the_inside_does_not_tell() {
    let mut lab = with_app();
    lab.host_end("web").up = false;
    known(&mut lab.stack_of("web").links)[1].peer = None;
    assert_eq!(lab.found(), ["error PH032 web"]);
}

#[test]
fn containers_without_a_veth_on_a_bridge_are_left_alone() {
    let mut lab = with_app();
    lab.network("app").driver = "macvlan".to_owned();
    lab.host_end("web").up = false;
    assert_eq!(lab.found(), [""; 0]);
    let mut lab = with_app();
    lab.host_end("web").up = false;
    lab.container("web").network_mode = "host".to_owned();
    assert_eq!(lab.found(), [""; 0]);
    lab.container("web").network_mode = "app".to_owned();
    lab.container("web").state = ContainerState::Restarting;
    assert_eq!(lab.found(), ["error PH106 web"]);
}

#[test]
fn interfaces_that_could_not_be_read_are_gaps() {
    let mut lab = with_app();
    lab.host_end("web").up = false;
    lab.stack_of("web").links = refused("links of network namespace 5001");
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(32), ["links of network namespace 5001: permission denied"]);
    lab.host_stack().links = refused("links of the host");
    assert_eq!(lab.gaps(32), ["skipped: links of the host: permission denied"]);
    assert_eq!(lab.gaps(33), ["skipped: links of the host: permission denied"]);
}

#[test]
fn an_interface_that_is_gone_from_the_container_is_ph034_and_leaves_a_gap() {
    let mut lab = with_app();
    known(&mut lab.stack_of("web").links).truncate(1);
    known(&mut lab.stack_of("web").addresses).truncate(1);
    assert_eq!(lab.found(), ["error PH034 web"]);
    assert!(lab.gaps(32)[0].starts_with("interface of container 'web' on network 'app'"));
}

#[test]
fn a_bridge_that_is_down_is_ph033() {
    let mut lab = with_app();
    let name = bridge(&mut lab);
    lab.host_link(&name).up = false;
    assert_eq!(lab.found(), ["error PH033 app"]);
    assert_eq!(commands(&lab.only()), [format!("ip link set {name} up")]);
}

#[test]
fn a_bridge_without_a_carrier_is_healthy() {
    let mut lab = Lab::docker();
    let docker0 = lab.host_link("docker0");
    (docker0.carrier, docker0.operational_state) = (false, OperationalState::Down);
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_bridge_that_lost_its_address_is_ph033() {
    let mut lab = with_app();
    let index = {
        let name = bridge(&mut lab);
        lab.host_link(&name).index
    };
    known(&mut lab.host_stack().addresses).retain(|address| address.interface != index);
    assert_eq!(lab.found(), ["error PH033 app"]);
    let name = bridge(&mut lab);
    assert_eq!(commands(&lab.only()), [format!("ip address add 172.18.0.1/16 dev {name}")]);
    // One that IPAM did not name may be any of the range.
    lab.network("app").subnets[0].gateway = None;
    assert_eq!(lab.found(), ["error PH033 app"]);
    let prefix = "172.18.99.1/16".parse().unwrap();
    known(&mut lab.host_stack().addresses).push(InterfaceAddress::new(index, prefix));
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_bridge_without_an_address_by_design_is_healthy() {
    for (option, value) in [
        ("com.docker.network.bridge.inhibit_ipv4", "true"),
        ("com.docker.network.bridge.gateway_mode_ipv4", "isolated"),
    ] {
        let mut lab = with_app();
        known(&mut lab.host_stack().addresses)
            .retain(|address| address.prefix.to_string() != "172.18.0.1/16");
        lab.network("app").options.insert(option.to_owned(), value.to_owned());
        assert_eq!(lab.found(), [""; 0], "{option}");
    }
}

#[test]
fn a_missing_bridge_explains_the_interfaces_that_are_off_it() {
    let mut lab = with_app();
    let name = bridge(&mut lab);
    known(&mut lab.host_stack().links).retain(|link| link.name != name);
    lab.host_end("web").master = None;
    let db = lab.namespace_of("db");
    let links = known(&mut lab.host_stack().links);
    let is_of_db = |link: &&mut Link| {
        let peer = link.peer.as_ref();
        peer.is_some_and(|peer| peer.namespace == Observed::Known(db) && peer.index == InterfaceIndex(2))
    };
    links.iter_mut().find(is_of_db).unwrap().master = None;
    assert_eq!(lab.found(), ["error PH033 app <- error PH032 db <- error PH032 web"]);
}

#[test]
fn an_interface_on_another_network_is_not_explained() {
    let mut lab = with_app();
    let name = bridge(&mut lab);
    lab.host_link(&name).up = false;
    lab.run(container("other"));
    lab.host_end("other").up = false;
    assert_eq!(lab.found(), ["error PH032 other", "error PH033 app"]);
}

#[test]
fn a_missing_bridge_without_containers_is_a_warning_and_with_podman_healthy() {
    let mut lab = Lab::docker();
    known(&mut lab.host_stack().links).retain(|link| link.name != "docker0");
    assert_eq!(lab.found(), ["warning PH033 bridge"]);
    assert_eq!(Lab::podman().found(), [""; 0]);
    let mut lab = Lab::podman();
    lab.run(container("web"));
    known(&mut lab.host_stack().links).retain(|link| link.name != "podman0");
    assert_eq!(lab.found(), ["error PH033 podman <- error PH032 web"]);
}

#[test]
fn podman_names_a_network_where_docker_has_its_id() {
    let mut lab = Lab::podman();
    lab.run(container("web"));
    lab.container("web").attachments[0].network_id = Some(NetworkId("podman".to_owned()));
    lab.host_link("podman0").up = false;
    assert_eq!(lab.found(), ["error PH033 podman"]);
}

#[test]
fn podman_without_root_is_skipped() {
    let mut lab = Lab::podman();
    known(&mut lab.engine().info).security_options.push("name=rootless".to_owned());
    lab.run(container("web"));
    known(&mut lab.host_stack().links).retain(|link| link.name != "podman0");
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(33)[0].starts_with("skipped: bridges of the engine"));
}

#[test]
fn networks_of_a_swarm_have_no_bridge_here() {
    let mut lab = Lab::docker();
    let mut mesh = crate::nouns::network("mesh", "bridge", &["10.0.1.0/24"]);
    mesh.scope = "swarm".to_owned();
    let overlay = crate::nouns::network("ingress", "overlay", &["10.0.0.0/24"]);
    known(&mut lab.engine().networks).extend([mesh, overlay]);
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_bridge_that_podman_does_not_name_is_known_by_its_address() {
    let mut lab = Lab::podman();
    lab.run(container("web"));
    lab.network("podman").options.clear();
    assert_eq!(lab.found(), [""; 0]);
    lab.host_end("web").master = None;
    assert_eq!(lab.found(), ["error PH032 web"]);
    known(&mut lab.host_stack().addresses).retain(|address| address.prefix.to_string() != "10.88.0.1/16");
    assert_eq!(lab.found(), ["error PH033 podman <- error PH032 web"]);
}
