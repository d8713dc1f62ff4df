//! PH014, PH015, PH024: settings of the kernel that networks of an engine need.

use porthole_model::{AddressOrigin, Gap, GapKind, InterfaceAddress, Observed};

use crate::lab::{Lab, known, refused};
use crate::nouns::default_route;
use crate::spec::container;

/// A host whose engine was told to do without docker-proxy, and what it sets then.
fn without_proxies() -> Lab {
    let mut lab = Lab::docker();
    known(&mut lab.engine().settings).userland_proxy = Some(false);
    lab.sysctl("net.ipv4.conf.all.route_localnet", "0");
    lab.sysctl("net.ipv4.conf.docker0.route_localnet", "1");
    lab.sysctl("net.bridge.bridge-nf-call-iptables", "1");
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80").without_proxies());
    hairpin(&mut lab, "web", true);
    assert_eq!(lab.found(), [""; 0]);
    lab
}

fn hairpin(lab: &mut Lab, name: &str, is_on: bool) {
    lab.host_end(name).bridge_port.as_mut().expect("bridge port").hairpin = is_on;
}

#[test]
fn without_docker_proxy_hairpin_mode_and_loopback_routes_are_needed() {
    let mut lab = without_proxies();
    hairpin(&mut lab, "web", false);
    assert_eq!(lab.found(), ["warning PH014 web"]);
    lab.sysctl("net.ipv4.conf.docker0.route_localnet", "0");
    assert_eq!(lab.found(), ["error PH014 bridge", "warning PH014 web"]);
    // The kernel takes the higher one of an interface's setting and that of all.
    lab.sysctl("net.ipv4.conf.all.route_localnet", "1");
    assert_eq!(lab.found(), ["warning PH014 web"]);
    hairpin(&mut lab, "web", true);
    assert_eq!(lab.found(), [""; 0]);
    lab.host_stack().links = refused("links");
    assert_eq!(lab.gaps(14), ["links: permission denied"]);
}

#[test]
fn a_network_that_publishes_nothing_or_by_an_address_needs_no_loopback_routes() {
    let mut lab = without_proxies();
    lab.sysctl("net.ipv4.conf.docker0.route_localnet", "0");
    lab.container("web").published_ports[0].host_address = "10.77.0.2".parse().expect("address");
    assert_eq!(lab.found(), [""; 0]);
    lab.container("web").published_ports.clear();
    hairpin(&mut lab, "web", false);
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn with_docker_proxy_neither_is_needed() {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    assert_eq!(lab.found(), [""; 0]);
}

/// Two containers on a network that keeps them apart.
fn apart() -> Lab {
    let mut lab = Lab::docker();
    lab.sysctl("net.bridge.bridge-nf-call-iptables", "1");
    let options = &mut lab.network("bridge").options;
    options.insert("com.docker.network.bridge.enable_icc".to_owned(), "false".to_owned());
    lab.run(container("one"));
    lab.run(container("other"));
    assert_eq!(lab.found(), [""; 0]);
    lab
}

#[test]
fn containers_that_are_kept_apart_need_rules_that_see_the_bridge() {
    let setting = "net.bridge.bridge-nf-call-iptables";
    let mut lab = apart();
    lab.sysctl(setting, "0");
    assert_eq!(lab.found(), ["warning PH015 bridge"]);
    let absent = Gap::new(GapKind::Unsupported, setting, "there is none");
    lab.host_stack().sysctls.insert(setting.to_owned(), Observed::Missing(absent));
    assert_eq!(lab.found(), ["warning PH015 bridge"]);
    assert_eq!(lab.only().remedies[0].commands[0], "modprobe br_netfilter");
    lab.host_stack().sysctls.insert(setting.to_owned(), refused(setting));
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(15), [format!("{setting}: permission denied")]);
}

#[test]
fn what_keeps_containers_apart_in_another_way_is_well_without_it() {
    let mut lab = apart();
    lab.sysctl("net.bridge.bridge-nf-call-iptables", "0");
    lab.host_link("docker0").bridge.as_mut().expect("bridge").calls_iptables = true;
    assert_eq!(lab.found(), [""; 0]);
    // Without the module, the bridge's own setting does nothing.
    let setting = "net.bridge.bridge-nf-call-iptables";
    let absent = Gap::new(GapKind::Unsupported, setting, "there is none");
    lab.host_stack().sysctls.insert(setting.to_owned(), Observed::Missing(absent));
    assert_eq!(lab.found(), ["warning PH015 bridge"]);
    lab.sysctl(setting, "0");
    lab.host_link("docker0").bridge.as_mut().expect("bridge").calls_iptables = false;
    for name in ["one", "other"] {
        lab.host_end(name).bridge_port.as_mut().expect("bridge port").isolated = true;
    }
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_network_that_keeps_nothing_apart_does_not_need_it() {
    let mut lab = Lab::docker();
    lab.sysctl("net.bridge.bridge-nf-call-iptables", "0");
    lab.run(container("one").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lab.run(container("other"));
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn without_docker_proxy_neighbours_need_it_for_published_ports() {
    let mut lab = without_proxies();
    lab.sysctl("net.bridge.bridge-nf-call-iptables", "0");
    assert_eq!(lab.found(), [""; 0]);
    lab.run(container("other"));
    assert_eq!(lab.found(), ["warning PH015 bridge"]);
}

/// A host with an address that a router's advertisement gave it, which forwards and has no default route of IPv6.
fn forwarding_host(origin: Option<AddressOrigin>) -> Lab {
    let mut lab = Lab::docker();
    let interface = lab.host_link("eth0").index;
    let own = |origin, text: &str| InterfaceAddress {
        origin,
        expires: true,
        ..InterfaceAddress::new(interface, text.parse().expect("prefix"))
    };
    let addresses = known(&mut lab.host_stack().addresses);
    addresses.push(own(origin.map(|_| AddressOrigin::LinkLocal), "fe80::2/64"));
    addresses.push(own(origin, "2001:db8:77::2/64"));
    for (setting, value) in [("accept_ra", "1"), ("forwarding", "1"), ("accept_ra_defrtr", "1")] {
        lab.sysctl(&format!("net.ipv6.conf.eth0.{setting}"), value);
    }
    lab
}

#[test]
fn a_host_that_forwards_ignores_routers() {
    let mut lab = forwarding_host(Some(AddressOrigin::RouterAdvertisement));
    assert_eq!(lab.found(), ["error PH024 IPv6 default route by eth0"]);
    for (setting, value) in
        [("accept_ra", "2"), ("accept_ra", "0"), ("forwarding", "0"), ("accept_ra_defrtr", "0")]
    {
        let mut lab = forwarding_host(Some(AddressOrigin::RouterAdvertisement));
        lab.sysctl(&format!("net.ipv6.conf.eth0.{setting}"), value);
        assert_eq!(lab.found(), [""; 0], "{setting}={value}");
    }
    let interface = lab.host_link("eth0").index;
    known(&mut lab.host_stack().routes).push(default_route("fe80::1", interface));
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn without_a_router_no_route_is_lost() {
    // A DHCP client's address, and one that an administrator gave.
    assert_eq!(forwarding_host(Some(AddressOrigin::Other(16))).found(), [""; 0]);
    let mut lab = Lab::docker();
    lab.sysctl("net.ipv6.conf.eth0.accept_ra", "1");
    lab.sysctl("net.ipv6.conf.eth0.forwarding", "1");
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn an_older_kernel_does_not_tell_whose_addresses_they_are() {
    let lab = forwarding_host(None);
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(24)[0].contains("eth0"), "{:?}", lab.gaps(24));
}

/// A network with IPv6, one container on it.
fn ipv6() -> Lab {
    let mut lab = Lab::docker();
    for interface in ["all", "docker0", "br-6"] {
        lab.sysctl(&format!("net.ipv6.conf.{interface}.disable_ipv6"), "0");
    }
    lab.add_network("six", "172.18.0.0/16 fd00:18::/64");
    let bridge = lab.network("six").bridge_name().expect("bridge");
    lab.sysctl(&format!("net.ipv6.conf.{bridge}.disable_ipv6"), "0");
    lab.run(container("web").on("six"));
    let inside = "net.ipv6.conf.eth0.disable_ipv6".to_owned();
    lab.stack_of("web").sysctls.insert(inside, Observed::Known("0".to_owned()));
    assert_eq!(lab.found(), [""; 0]);
    lab
}

#[test]
fn a_bridge_without_ipv6_is_the_cause_of_its_lost_address() {
    let mut lab = ipv6();
    let bridge = lab.network("six").bridge_name().expect("bridge");
    let index = lab.host_link(&bridge).index;
    known(&mut lab.host_stack().addresses)
        .retain(|held| held.interface != index || held.prefix.address.is_ipv4());
    assert_eq!(lab.found(), ["error PH033 six"]);
    lab.sysctl(&format!("net.ipv6.conf.{bridge}.disable_ipv6"), "1");
    assert_eq!(lab.found(), ["error PH024 six <- error PH033 six"]);
    lab.sysctl("net.ipv6.conf.all.disable_ipv6", "1");
    assert_eq!(lab.found(), ["error PH024 IPv6 <- error PH033 six"]);
}

#[test]
fn a_host_without_ipv6_is_well_where_no_network_has_it() {
    let mut lab = Lab::docker();
    lab.run(container("web"));
    for interface in ["all", "docker0"] {
        lab.sysctl(&format!("net.ipv6.conf.{interface}.disable_ipv6"), "1");
    }
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_container_that_turned_ipv6_off_has_an_address_that_is_none() {
    let mut lab = ipv6();
    let inside = "net.ipv6.conf.eth0.disable_ipv6".to_owned();
    lab.stack_of("web").sysctls.insert(inside, Observed::Known("1".to_owned()));
    known(&mut lab.stack_of("web").addresses).retain(|held| held.prefix.address.is_ipv4());
    assert_eq!(lab.found(), ["error PH024 web <- error PH034 web"]);
}
