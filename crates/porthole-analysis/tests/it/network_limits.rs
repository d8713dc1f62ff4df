//! PH017, PH027, PH028, PH038: what runs out, what goes stale, what the kernel refuses.

use porthole_model::{
    ConnectionTracking, ConntrackCounters, ContainerState, DefaultPool, KernelModules, Observed, UdpFlow,
    UdpFlows,
};

use crate::lab::{Lab, NOW, known, refused};
use crate::rules::{lay, tables};
use crate::spec::container;

fn with_pool(size: u8) -> Lab {
    let mut lab = Lab::docker();
    let base = "10.200.0.0/22".parse().expect("prefix");
    known(&mut lab.engine().info).address_pools = Observed::Known(vec![DefaultPool { base, size }]);
    lab
}

#[test]
fn pools_are_used_up_by_networks_and_by_routes() {
    let mut lab = with_pool(23);
    lab.add_network("one", "10.200.0.0/23");
    assert_eq!(lab.found(), [""; 0]);
    lab.add_network("two", "10.200.3.0/24");
    assert_eq!(lab.found(), ["warning PH017 address pools"]);
    assert_eq!(
        lab.only().evidence[0].observed,
        "2 taken by networks, 0 by routes and name servers of this host"
    );
    known(&mut lab.engine().info).address_pools = Observed::Known(Vec::new());
    assert_eq!(lab.found(), [""; 0]);
    known(&mut lab.engine().info).address_pools = refused("address pools");
    assert_eq!(lab.gaps(17), ["skipped: address pools: permission denied"]);
}

#[test]
fn a_route_without_a_next_hop_claims_a_subnet() {
    let mut lab = with_pool(22);
    let mut route = known(&mut lab.host_stack().routes)[0].clone();
    route.destination = "10.200.0.0/16".parse().expect("prefix");
    known(&mut lab.host_stack().routes).push(route);
    assert_eq!(lab.found(), [""; 0]);
    known(&mut lab.host_stack().routes).last_mut().expect("route").gateway = None;
    assert_eq!(lab.found(), ["warning PH017 address pools"]);
    assert_eq!(
        lab.only().evidence[0].observed,
        "0 taken by networks, 1 by routes and name servers of this host"
    );
}

#[test]
fn all_built_in_subnets_are_31() {
    let mut lab = Lab::docker();
    for second in 18..32 {
        lab.add_network(&format!("n{second}"), &format!("172.{second}.0.0/16"));
    }
    for part in 0..15 {
        lab.add_network(&format!("p{part}"), &format!("192.168.{}.0/20", part * 16));
    }
    assert_eq!(lab.found(), [""; 0]);
    lab.add_network("last", "192.168.240.0/20");
    assert_eq!(lab.found(), ["warning PH017 address pools"]);
    assert!(lab.only().summary.contains("all 31 subnets"));
}

fn tracking(udp: Vec<UdpFlow>, early_drop: u64) -> Observed<ConnectionTracking> {
    Observed::Known(ConnectionTracking {
        udp: Observed::Known(UdpFlows { flows: udp, omitted: 0 }),
        counters: Observed::Known(ConntrackCounters { drop: 0, early_drop }),
    })
}

fn with_entries(count: u64, early_drop: u64) -> Vec<String> {
    let mut lab = Lab::docker();
    lab.sysctl("net.netfilter.nf_conntrack_max", "1000");
    lab.sysctl("net.netfilter.nf_conntrack_count", &count.to_string());
    lab.host_stack().connection_tracking = tracking(Vec::new(), early_drop);
    lab.found()
}

#[test]
fn a_full_table_of_connections() {
    assert_eq!(with_entries(799, 0), [""; 0]);
    assert_eq!(with_entries(800, 0), ["warning PH027 connection tracking"]);
    assert_eq!(with_entries(950, 0), ["error PH027 connection tracking"]);
    assert_eq!(with_entries(10, 3), ["warning PH027 connection tracking"]);
}

#[test]
fn a_container_has_a_table_of_its_own() {
    let mut lab = Lab::docker();
    lab.run(container("web"));
    for (name, value) in [("max", "1000"), ("count", "1000")] {
        let name = format!("net.netfilter.nf_conntrack_{name}");
        lab.stack_of("web").sysctls.insert(name, Observed::Known(value.to_owned()));
    }
    assert_eq!(lab.found(), ["error PH027 web"]);
}

fn flow(source: &str, reply_source: &str, expires_in: u32) -> UdpFlow {
    let address = |text: &str| text.parse().expect("address");
    UdpFlow {
        source: address(source),
        destination: address("10.77.0.2:5353"),
        reply_source: address(reply_source),
        reply_destination: address(source),
        seen_reply: false,
        expires_in: Some(expires_in),
    }
}

/// What is found where connection tracking has that flow, and the container was started a minute ago.
fn with_flow(flow: &UdpFlow) -> Vec<String> {
    let mut lab = Lab::docker();
    lab.sysctl("net.netfilter.nf_conntrack_udp_timeout", "30");
    lab.sysctl("net.netfilter.nf_conntrack_udp_timeout_stream", "120");
    lab.run(container("dns").publish("0.0.0.0:5353", "53/udp").listen("udp", "0.0.0.0:53"));
    lab.container("dns").started = Some(porthole_model::Timestamp(NOW - 60_000));
    lay(&mut lab);
    lab.host_stack().connection_tracking = tracking(vec![flow.clone()], 0);
    let found = lab.found();
    // Without rules every packet is relayed, as an engine without root does it.
    known(&mut lab.engine().settings).iptables = Some(false);
    tables(&mut lab).clear();
    assert_eq!(lab.found(), [""; 0]);
    found
}

#[test]
fn an_entry_that_leads_elsewhere_and_is_used_is_stale() {
    let outside = "10.77.0.1:40000";
    assert_eq!(with_flow(&flow(outside, "172.17.0.2:53", 29)), [""; 0]);
    assert_eq!(with_flow(&flow(outside, "172.17.0.99:53", 29)), ["error PH028 53/udp of dns"]);
    assert_eq!(with_flow(&flow(outside, "10.77.0.2:5353", 29)), ["warning PH028 53/udp of dns"]);
    // Its last packet was before the container was there: with an answer, an entry lives for two minutes.
    let answered = UdpFlow { seen_reply: true, ..flow(outside, "172.17.0.99:53", 50) };
    assert_eq!(with_flow(&answered), [""; 0]);
    assert_eq!(with_flow(&UdpFlow { expires_in: Some(70), ..answered }), ["error PH028 53/udp of dns"]);
}

#[test]
fn what_goes_by_docker_proxy_on_purpose_is_not_stale() {
    for source in ["127.0.0.1:40000", "10.77.0.2:40000", "172.17.0.3:40000"] {
        assert_eq!(with_flow(&flow(source, "10.77.0.2:5353", 29)), [""; 0], "{source}");
    }
    let elsewhere = UdpFlow {
        destination: "203.0.113.10:5353".parse().expect("address"),
        ..flow("10.77.0.1:40000", "203.0.113.10:5353", 29)
    };
    assert_eq!(with_flow(&elsewhere), [""; 0]);
}

#[test]
fn a_kernel_that_makes_no_veth_pair() {
    let mut lab = Lab::docker();
    let late = lab.stop("late");
    late.state = ContainerState::Created;
    late.error = Some(
        "failed to add the host (veth1) <=> sandbox (veth2) pair interfaces: operation not supported"
            .to_owned(),
    );
    assert_eq!(lab.found(), ["error PH038 late"]);
    assert_eq!(lab.only().confidence, porthole_model::Confidence::Likely);
    let modules = KernelModules { has_running: false, releases: vec!["6.19.0".to_owned()] };
    lab.host().kernel_modules = Observed::Known(modules);
    assert!(lab.only().summary.contains("6.18.0 are gone from the disk"));
    // Without such an error, a kernel without modules is one that needs none.
    lab.container("late").error = Some("exec: \"app\": executable file not found".to_owned());
    assert_eq!(lab.found(), [""; 0]);
}
