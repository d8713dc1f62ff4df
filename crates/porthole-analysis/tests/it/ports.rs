//! PH009, PH010, PH011: published ports and who listens behind them.

use porthole_model::{
    Confidence, ContainerId, ContainerState, Health, HealthStatus, LinkKind, NetworkId, Observed, Pid, Port,
    PortBinding, SocketEndpoint, SocketState, Timestamp, TransportProtocol,
};

use crate::lab::{Lab, NOW, commands, known, refused};
use crate::nouns::listener;
use crate::spec::container;

fn found(spec: crate::spec::Spec) -> Vec<String> {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.add_network("six", "172.19.0.0/16 fd00:6::/64");
    lab.run(spec);
    lab.found()
}

fn web() -> crate::spec::Spec {
    container("web").publish("0.0.0.0:8080", "80/tcp").publish("[::]:8080", "80/tcp")
}

#[test]
fn a_healthy_port_is_served_in_many_ways() {
    for local in ["0.0.0.0:80", "[::]:80", "172.17.0.2:80", "[::ffff:172.17.0.2]:80", "[::ffff:0.0.0.0]:80"] {
        assert_eq!(found(web().listen("tcp", local)), [""; 0], "{local}");
    }
    assert_eq!(found(web().listen("tcp", "127.0.0.1:80").listen("tcp", "172.17.0.2:80")), [""; 0]);
    let dns = container("dns").publish("0.0.0.0:53", "53/udp").publish("0.0.0.0:53", "53/tcp");
    assert_eq!(found(dns.listen("udp", "0.0.0.0:53").listen("tcp", "[::]:53")), [""; 0]);
    let six = container("six").on("six").publish("0.0.0.0:80", "80/tcp").publish("[::]:80", "80/tcp");
    assert_eq!(found(six.listen("tcp", "[::]:80")), [""; 0]);
}

#[test]
fn a_program_on_loopback_is_ph010() {
    for local in ["127.0.0.1:80", "[::1]:80", "127.0.0.11:80", "[::ffff:127.0.0.1]:80"] {
        assert_eq!(found(web().listen("tcp", local)), ["error PH010 80/tcp of web"], "{local}");
    }
    let dns = container("dns").publish("0.0.0.0:53", "53/udp").listen("udp", "127.0.0.1:53");
    assert_eq!(found(dns), ["error PH010 53/udp of dns"]);
}

#[test]
fn a_port_without_a_listener_is_ph011_and_offers_the_other_port() {
    let mut lab = Lab::docker();
    lab.run(
        container("web")
            .publish("0.0.0.0:8080", "81/tcp")
            .listen("tcp", "0.0.0.0:80")
            .listen("tcp", "127.0.0.11:4"),
    );
    assert_eq!(lab.found(), ["error PH011 81/tcp of web"]);
    let finding = lab.only();
    assert_eq!(
        finding.summary,
        "port 8080 of the host leads to port 81 of container 'web', where no program listens"
    );
    assert_eq!(finding.evidence[0].observed, "none");
    assert_eq!(finding.evidence[1].observed, "0.0.0.0:8080 -> 81/tcp");
    assert_eq!(finding.evidence[2].observed, "0.0.0.0:80/tcp (app)");
    assert!(finding.remedies[0].explanation.ends_with("make the container anew with -p 8080:80"));
}

#[test]
fn tcp_and_udp_do_not_serve_each_other() {
    let dns = container("dns").publish("0.0.0.0:53", "53/udp").listen("tcp", "0.0.0.0:53");
    assert_eq!(found(dns), ["error PH011 53/udp of dns"]);
}

#[test]
fn a_connected_udp_socket_serves_nobody() {
    let mut lab = Lab::docker();
    lab.run(container("dns").publish("0.0.0.0:53", "53/udp").listen("udp", "0.0.0.0:53"));
    let socket = &mut known(&mut lab.stack_of("dns").sockets)[0];
    let SocketEndpoint::Internet(internet) = &mut socket.endpoint else { unreachable!() };
    internet.state = SocketState::Established;
    assert_eq!(lab.found(), ["error PH011 53/udp of dns"]);
}

#[test]
fn an_ipv6_socket_that_refuses_ipv4_does_not_serve_it() {
    let mut lab = Lab::docker();
    lab.run(web().listen("tcp", "[::]:80"));
    for (v6_only, expected) in
        [(Some(true), vec!["error PH011 80/tcp of web"]), (Some(false), vec![]), (None, vec![])]
    {
        let socket = &mut known(&mut lab.stack_of("web").sockets)[0];
        let SocketEndpoint::Internet(internet) = &mut socket.endpoint else { unreachable!() };
        internet.v6_only = v6_only;
        assert_eq!(lab.found(), expected, "{v6_only:?}");
    }
}

#[test]
fn a_program_with_ipv4_only_on_an_ipv6_network_is_a_warning() {
    let six = container("six").on("six").publish("0.0.0.0:80", "80/tcp").publish("[::]:80", "80/tcp");
    let found = found(six.listen("tcp", "0.0.0.0:80"));
    assert_eq!(found, ["warning PH011 80/tcp of six"]);
}

#[test]
fn a_program_on_the_address_of_another_network_is_ph011() {
    let spec = || container("web").on("app").on("six").publish("0.0.0.0:8080", "80/tcp");
    assert_eq!(found(spec().listen("tcp", "172.19.0.2:80")), ["error PH011 80/tcp of web"]);
    assert_eq!(found(spec().listen("tcp", "172.18.0.2:80")), [""; 0]);
    // Without docker-proxy, the default route tells which network publishes.
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.add_network("back", "172.19.0.0/16");
    let two = container("web").on("app").on("back").publish("0.0.0.0:8080", "80/tcp").without_proxies();
    lab.run(two.listen("tcp", "172.19.0.2:80"));
    lab.host_end("web").bridge_port.as_mut().unwrap().hairpin = true;
    assert_eq!(lab.found(), ["error PH011 80/tcp of web"]);
}

#[test]
fn where_the_publishing_network_is_unclear_nothing_is_claimed() {
    let mut lab = Lab::docker();
    lab.add_network("app", "172.18.0.0/16");
    lab.add_network("back", "172.19.0.0/16");
    let two = container("web").on("app").on("back").publish("0.0.0.0:8080", "80/tcp").without_proxies();
    lab.run(two.listen("tcp", "172.19.0.2:80"));
    lab.host_end("web").bridge_port.as_mut().unwrap().hairpin = true;
    known(&mut lab.stack_of("web").routes).clear();
    assert_eq!(lab.found(), ["error PH034 web"]);
    assert!(lab.gaps(11)[0].contains("not clear which of its networks"));
}

#[test]
fn a_port_beside_one_that_works_is_a_warning() {
    let spec = container("web").publish("0.0.0.0:80", "80/tcp").publish("0.0.0.0:443", "443/tcp");
    assert_eq!(found(spec.listen("tcp", "0.0.0.0:80")), ["warning PH011 443/tcp of web"]);
}

#[test]
fn a_range_of_ports_is_opened_on_demand() {
    let mut spec = container("ftp").publish("0.0.0.0:21", "21/tcp").listen("tcp", "0.0.0.0:21");
    for port in 21_100..21_105 {
        spec = spec.publish(&format!("0.0.0.0:{port}"), &format!("{port}/tcp"));
    }
    let mut lab = Lab::docker();
    lab.run(spec);
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(11).len(), 1);
    assert!(lab.gaps(11)[0].contains("a range"));
}

#[test]
fn sctp_is_a_gap() {
    let mut lab = Lab::docker();
    lab.run(container("sigtran").publish("0.0.0.0:2905", "2905/sctp").without_proxies());
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(11)[0].contains("sctp"));
}

#[test]
fn a_container_without_ports_of_its_own_is_left_alone() {
    for mode in ["host", "container:abc"] {
        let mut lab = Lab::docker();
        lab.run(web().without_proxies()).network_mode = mode.to_owned();
        assert_eq!(lab.found(), [""; 0], "{mode}");
    }
    let mut lab = Lab::docker();
    lab.run(container("web")).exposed_ports = vec![(Port(80), TransportProtocol::Tcp)];
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_listener_of_a_container_that_shares_the_namespace_counts() {
    let mut lab = Lab::docker();
    lab.run(web());
    let (pid, namespace) = (Pid(1900), lab.namespace_of("web"));
    let app = lab.stop("sidecar");
    (app.state, app.pid, app.network_mode) = (ContainerState::Running, Some(pid), "container:web".to_owned());
    let id = app.id.clone();
    lab.add_process(pid, "app", namespace, Some(id));
    known(&mut lab.stack_of("web").sockets).push(listener("tcp", "0.0.0.0:80"));
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn containers_that_do_not_run_are_left_alone() {
    for state in
        [ContainerState::Exited, ContainerState::Created, ContainerState::Removing, ContainerState::Dead]
    {
        let mut lab = Lab::docker();
        let stopped = lab.stop("web");
        stopped.state = state.clone();
        stopped.published_ports = vec![PortBinding {
            container_port: Port(80),
            protocol: TransportProtocol::Tcp,
            host_address: "127.0.0.1".parse().unwrap(),
            host_port: Port(8080),
        }];
        assert_eq!(lab.found(), [""; 0], "{state}");
    }
}

#[test]
fn a_container_that_was_just_started_is_not_judged() {
    let mut lab = Lab::docker();
    lab.run(web()).started = Some(Timestamp(NOW - 1_000));
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(11)[0].contains("a moment ago"));
    lab.container("web").started = Some(Timestamp(NOW - 20_000));
    assert_eq!(lab.only().confidence, Confidence::Likely);
    // A clock that runs ahead tells nothing of the age.
    lab.container("web").started = Some(Timestamp(NOW + 20_000));
    assert_eq!(lab.only().confidence, Confidence::Certain);
}

#[test]
fn a_container_whose_health_check_is_starting_is_not_judged() {
    let mut lab = Lab::docker();
    lab.run(web()).health =
        Some(Health { status: HealthStatus::Starting, failing_streak: 0, last_probe: None });
    assert_eq!(lab.found(), [""; 0]);
    lab.container("web").health =
        Some(Health { status: HealthStatus::Unhealthy, failing_streak: 3, last_probe: None });
    assert_eq!(lab.found(), ["error PH011 80/tcp of web <- error PH109 web"]);
}

#[test]
fn what_could_not_be_read_is_a_gap_and_no_finding() {
    let mut lab = Lab::docker();
    lab.run(web());
    lab.stack_of("web").sockets = refused("sockets of network namespace 5001");
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(10), ["sockets of network namespace 5001: permission denied"]);
    assert_eq!(lab.gaps(11), lab.gaps(10));
    lab.host().network_namespaces = refused("network namespaces");
    assert_eq!(lab.gaps(11), ["skipped: network namespaces: permission denied"]);
    lab.snapshot.host = refused("host");
    assert_eq!(lab.gaps(10), ["skipped: host: permission denied"]);
}

#[test]
fn a_process_id_that_was_given_to_another_container_is_a_gap() {
    let mut lab = Lab::docker();
    lab.run(web());
    let pid = lab.container("web").pid;
    let processes = known(&mut lab.host().processes);
    let process = processes.iter_mut().find(|process| Some(process.pid) == pid).unwrap();
    process.container = Observed::Known(Some(ContainerId("f".repeat(64))));
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(11)[0].contains("belongs to container ffffffffffff now"));
}

#[test]
fn sockets_that_the_kernel_does_not_hold_are_a_gap() {
    // gVisor takes the addresses off the interface, Kata Containers runs a virtual machine.
    let mut lab = Lab::docker();
    lab.run(web());
    known(&mut lab.stack_of("web").addresses).clear();
    "runsc".clone_into(&mut lab.container("web").runtime);
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(34)[0].contains("runsc"));
    assert!(lab.gaps(11)[0].contains("172.17.0.2"));
    let mut lab = Lab::docker();
    lab.run(web());
    known(&mut lab.stack_of("web").links).push(crate::nouns::link(9, "tap0_kata", LinkKind::Tun));
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(11)[0].contains("virtual machine"));
}

#[test]
fn the_proxies_of_an_engine_in_another_namespace_are_not_ours() {
    let mut lab = Lab::docker();
    lab.run(web().listen("tcp", "0.0.0.0:80"));
    let inner = lab.namespace_of("web");
    let mut proxy = known(&mut lab.host().docker_proxies)[0].clone();
    (proxy.pid, proxy.container_address) = (Pid(2900), "172.30.0.9".parse().unwrap());
    lab.add_process(Pid(2900), "docker-proxy", inner, None);
    known(&mut lab.host().docker_proxies).insert(0, proxy);
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(11), [""; 0]);
}

#[test]
fn a_port_of_an_overlay_network_goes_by_the_gateway_bridge() {
    let mut lab = Lab::docker();
    lab.add_network("docker_gwbridge", "172.18.0.0/16");
    lab.run(container("task").on("docker_gwbridge").publish("0.0.0.0:80", "80/tcp").listen("tcp", "[::]:80"));
    // The engine lists the overlay alone; docker-proxy names the address on the bridge.
    lab.container("task").attachments[0].network_name = "mesh".to_owned();
    lab.container("task").attachments[0].network_id = Some(NetworkId("y8tm3sd4z1q9gx0s1kqw5lf2n".to_owned()));
    lab.container("task").attachments[0].ipv4 = Some("10.0.1.5/24".parse().unwrap());
    assert_eq!(lab.found(), [""; 0]);
    assert_eq!(lab.gaps(11), [""; 0]);
}

#[test]
fn podman_is_judged_without_docker_proxy_and_without_root_not_at_all() {
    let mut lab = Lab::podman();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    assert_eq!(lab.found(), [""; 0]);
    known(&mut lab.stack_of("web").sockets).clear();
    assert_eq!(lab.found(), ["error PH011 80/tcp of web"]);
    known(&mut lab.engine().info).security_options.push("name=rootless".to_owned());
    assert_eq!(lab.found(), [""; 0]);
    assert!(lab.gaps(11)[0].contains("without root"));
}

#[test]
fn published_on_loopback_only_is_a_note() {
    for host in ["127.0.0.1:8080", "127.0.0.5:8080", "[::1]:8080"] {
        let spec = container("web").publish(host, "80/tcp").listen("tcp", "[::]:80");
        assert_eq!(found(spec), ["note PH009 80/tcp of web"], "{host}");
    }
    let both = container("web").publish("127.0.0.1:8080", "80/tcp").publish("10.77.0.2:8080", "80/tcp");
    assert_eq!(found(both.listen("tcp", "[::]:80")), [""; 0]);
}

#[test]
fn names_in_commands_are_quoted_where_they_must_be() {
    let mut lab = Lab::docker();
    lab.run(web());
    lab.container("web").name = "my web".to_owned();
    assert_eq!(commands(&lab.only()), ["porthole sockets 'my web'", "docker logs --tail 50 'my web'"]);
}
