//! PH012: docker-proxy processes.

use porthole_model::{ContainerState, Timestamp};

use crate::lab::{Lab, NOW, commands, known, refused};
use crate::spec::container;

fn with_web() -> Lab {
    let mut lab = Lab::docker();
    lab.run(
        container("web")
            .publish("0.0.0.0:8080", "80/tcp")
            .publish("[::]:8080", "80/tcp")
            .listen("tcp", "0.0.0.0:80"),
    );
    lab
}

#[test]
fn a_killed_docker_proxy_is_ph012() {
    let mut lab = with_web();
    assert_eq!(lab.found(), [""; 0]);
    known(&mut lab.host().docker_proxies).remove(0);
    assert_eq!(lab.found(), ["error PH012 80/tcp of web"]);
    assert_eq!(lab.only().evidence[0].observed, "0.0.0.0:8080 -> 80/tcp");
    assert_eq!(commands(&lab.only()), ["docker restart web"]);
    known(&mut lab.host().docker_proxies).clear();
    assert_eq!(lab.found(), ["error PH012 80/tcp of web"]);
}

#[test]
fn an_engine_without_docker_proxy_shows_in_the_kernel() {
    let mut lab = with_web();
    known(&mut lab.host().docker_proxies).clear();
    lab.host_end("web").bridge_port.as_mut().unwrap().hairpin = true;
    assert_eq!(lab.found(), [""; 0]);
    lab.host_end("web").bridge_port.as_mut().unwrap().hairpin = false;
    lab.sysctl("net.ipv4.conf.docker0.route_localnet", "1");
    assert_eq!(lab.found(), ["warning PH014 web"]);
}

#[test]
fn podman_has_none() {
    let mut lab = Lab::podman();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn an_engine_without_root_is_skipped() {
    let mut lab = with_web();
    known(&mut lab.host().docker_proxies).clear();
    known(&mut lab.engine().info).security_options.push("name=rootless".to_owned());
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(12)[0].starts_with("skipped: docker-proxy processes"));
}

#[test]
fn a_stopped_container_needs_none_and_a_new_one_is_not_judged() {
    let mut lab = with_web();
    known(&mut lab.host().docker_proxies).clear();
    lab.container("web").started = Some(Timestamp(NOW - 500));
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(12)[0].contains("a moment ago"));
    lab.container("web").state = ContainerState::Exited;
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(12), [""; 0]);
}

#[test]
fn a_routed_network_maps_no_port() {
    let mut lab = with_web();
    known(&mut lab.host().docker_proxies).clear();
    let options = &mut lab.network("bridge").options;
    for family in ["ipv4", "ipv6"] {
        options.insert(format!("com.docker.network.bridge.gateway_mode_{family}"), "routed".to_owned());
    }
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn what_could_not_be_read_is_a_gap_and_no_finding() {
    let mut lab = with_web();
    known(&mut lab.host().docker_proxies).clear();
    lab.stack_of("web").links = refused("links of network namespace 5001");
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(12), ["links of network namespace 5001: permission denied"]);
    lab.host().docker_proxies = refused("docker-proxy processes");
    assert_eq!(lab.gaps(12), ["skipped: docker-proxy processes: permission denied"]);
}

#[test]
fn sctp_and_the_hosts_network_need_none() {
    let mut lab = Lab::docker();
    lab.run(container("sigtran").publish("0.0.0.0:2905", "2905/sctp").without_proxies());
    lab.run(container("web").publish("0.0.0.0:80", "80/tcp").without_proxies()).network_mode =
        "host".to_owned();
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(12), [""; 0]);
}

#[test]
fn a_task_on_an_overlay_network_cannot_be_judged() {
    let mut lab = with_web();
    known(&mut lab.host().docker_proxies).clear();
    lab.network("bridge").scope = "swarm".to_owned();
    assert_eq!(lab.gaps(12), ["docker-proxy of container 'web': none of its networks has a bridge here"]);
}
