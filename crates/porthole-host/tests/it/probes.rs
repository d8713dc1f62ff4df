//! Probes from outside, from a host and from a container, all of them namespaces, with a published port between them.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use porthole_model::{
    DnsOutcome, DnsQuestion, DnsTransport, IcmpReason, NameRequest, NeighbourState, Obstacle, Pid,
    ProbeOutcome, ProbeRequest, ProbeVantage, Probes, RecordKind, Refusal, Scope, Topic, TransportProtocol,
};

use crate::world::{Namespace, Process, host, inside, role_command, wait_until};

const PATIENCE: Duration = Duration::from_millis(700);

/// What is sent from outside to the host's own address.
const PUBLISHED: &str = "10.9.0.1:8080";

/// A host with an uplink, a bridge with a container, and port 8080 published to the container's port 80.
struct Wiring {
    host: Namespace,
    container: Namespace,
}

impl Wiring {
    fn new() -> Self {
        let (host, container) = (Namespace::new(), Namespace::new());
        let pid = container.pid();
        for namespace in [&host, &container] {
            // Until its address has been looked for, an interface asks for no neighbour on behalf of others.
            namespace.run("sysctl -qw net.ipv6.conf.default.accept_dad=0");
        }
        for line in [
            "ip link add up0 type veth peer name wire",
            "ip link set wire up",
            "ip address add 10.9.0.1/24 dev up0",
            "ip link set up0 up",
            "ip route add default via 10.9.0.254",
            "ip link add br-test type bridge",
            "ip address add 172.30.0.1/24 dev br-test",
            "ip link set br-test up",
            &format!("ip link add veth1 type veth peer name eth0 netns {pid}"),
            "ip link set veth1 master br-test up",
            "sysctl -qw net.ipv4.ip_forward=1",
            "iptables -t nat -A PREROUTING -p tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT --to 172.30.0.2:80",
            "iptables -t nat -A PREROUTING -p udp --dport 8053 -m addrtype --dst-type LOCAL -j DNAT --to 172.30.0.2:53",
        ] {
            host.run(line);
        }
        for line in [
            "ip link set eth0 up",
            "ip address add 172.30.0.2/24 dev eth0",
            "ip route add default via 172.30.0.1",
        ] {
            container.run(line);
        }
        Self { host, container }
    }

    /// The same with IPv6 all the way.
    fn with_ipv6() -> Self {
        let wiring = Self::new();
        for line in [
            "ip address add fd09::1/64 dev up0 nodad",
            "ip address add fd30::1/64 dev br-test nodad",
            "sysctl -qw net.ipv6.conf.all.forwarding=1",
            "ip6tables -t nat -A PREROUTING -p tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT --to [fd30::2]:80",
        ] {
            wiring.host.run(line);
        }
        wiring.container.run("ip address add fd30::2/64 dev eth0 nodad");
        wiring.container.run("ip route add default via fd30::1");
        wiring
    }

    fn probe(&self, requests: &[ProbeRequest]) -> Probes {
        let begin = Instant::now();
        let probes = host().probe(self.host.pid(), requests, PATIENCE);
        assert!(begin.elapsed() < PATIENCE * 3, "it has a deadline: {:?}", begin.elapsed());
        probes
    }

    fn outcome(&self, from: ProbeVantage, target: &str) -> ProbeOutcome {
        let probes = self.probe(&[tcp(from, target)]);
        probes.tried.into_iter().next().unwrap().outcome
    }

    /// A TCP server in the container, which does this with each connection.
    fn serve(&self, address: &str, each: impl Fn(std::net::TcpStream) + Send + 'static) {
        let listener = inside(self.container.pid(), || TcpListener::bind(address).unwrap());
        thread::spawn(move || listener.incoming().flatten().for_each(each));
    }
}

fn hold(mut stream: std::net::TcpStream) {
    let _the_other_end_is_gone = stream.read(&mut [0]);
}

fn tcp(from: ProbeVantage, target: &str) -> ProbeRequest {
    ProbeRequest { from, target: target.parse().unwrap(), protocol: TransportProtocol::Tcp }
}

fn udp(from: ProbeVantage, target: &str) -> ProbeRequest {
    ProbeRequest { protocol: TransportProtocol::Udp, ..tcp(from, target) }
}

fn reason(outcome: &ProbeOutcome) -> (IpAddr, IcmpReason) {
    match outcome {
        ProbeOutcome::Refused(Refusal::Icmp(error)) | ProbeOutcome::Unreachable(Obstacle::Icmp(error)) => {
            (error.from, error.reason)
        }
        other => panic!("{other:?}"),
    }
}

/// The links, routes and fixed neighbours of a namespace, in words.
fn wires(process: Pid) -> String {
    let stack = host().stack_of(process, &Scope::of(&[Topic::Links, Topic::Routes])).unwrap();
    let links = stack.links.known().unwrap().iter().map(|link| (&link.name, link.index, link.up));
    let links: Vec<_> = links.collect();
    let neighbours = stack.neighbours.known().unwrap().iter();
    let fixed: Vec<_> = neighbours.filter(|neighbour| neighbour.state == NeighbourState::Permanent).collect();
    format!("{links:?} {:?} {:?} {fixed:?}", stack.addresses, stack.routes)
}

/// Says to every question that there is no such address.
fn serve_names(socket: &UdpSocket) {
    let mut buffer = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        buffer[2..4].copy_from_slice(&[0x81, 0x80]);
        let _who_asked_may_be_gone = socket.send_to(&buffer[..length], from);
    }
}

#[test]
fn name_servers_are_asked_from_several_places_at_once() {
    let wiring = Wiring::new();
    let socket = inside(wiring.container.pid(), || UdpSocket::bind("127.0.0.11:53").unwrap());
    thread::spawn(move || serve_names(&socket));
    let embedded: IpAddr = "127.0.0.11".parse().unwrap();
    let request = |from, over| NameRequest {
        from,
        server: embedded.into(),
        over,
        question: DnsQuestion { name: "localhost".to_owned(), kind: RecordKind::A },
    };
    let inside = ProbeVantage::Container(wiring.container.pid());
    let requests = [
        request(inside, DnsTransport::Udp),
        request(inside, DnsTransport::Tcp),
        request(ProbeVantage::Host, DnsTransport::Udp),
        request(ProbeVantage::Outside, DnsTransport::Udp),
        request(ProbeVantage::Container(Pid(u32::MAX - 1)), DnsTransport::Udp),
    ];
    let answers = host().ask_names(wiring.host.pid(), &requests, PATIENCE);
    assert_eq!(
        answers.iter().map(|probe| &probe.request).collect::<Vec<_>>(),
        requests.iter().collect::<Vec<_>>()
    );
    assert!(answers[0].outcome.is_knowledge(), "{answers:#?}");
    // Over TCP nobody listens there, and on the host nobody at all.
    assert_eq!((&answers[1].outcome, &answers[2].outcome), (&DnsOutcome::Refused, &DnsOutcome::Refused));
    assert!(matches!(answers[3].outcome, DnsOutcome::NotAsked(_)), "{answers:#?}");
    assert!(matches!(answers[4].outcome, DnsOutcome::NotAsked(_)), "{answers:#?}");
}

#[test]
fn a_published_port_is_reached_from_outside_and_nothing_is_left() {
    let wiring = Wiring::new();
    wiring.serve("0.0.0.0:80", hold);
    let before = wires(wiring.host.pid());
    let probes =
        wiring.probe(&[tcp(ProbeVantage::Outside, PUBLISHED), udp(ProbeVantage::Outside, "10.9.0.1:9")]);
    assert_eq!(probes.tried[0].outcome, ProbeOutcome::Connected, "{probes:?}");
    assert_eq!(reason(&probes.tried[1].outcome), ("10.9.0.1".parse().unwrap(), IcmpReason::PortUnreachable));
    let outside = probes.outside.known().unwrap();
    assert_eq!(outside.interface, "porthole0");
    assert_eq!(outside.addresses, [probes.tried[0].source.unwrap().ip()]);
    assert_eq!(wires(wiring.host.pid()), before);
}

#[test]
fn rules_of_the_host_meet_what_comes_from_outside() {
    let wiring = Wiring::new();
    wiring.serve("0.0.0.0:80", hold);
    let outside = || wiring.outcome(ProbeVantage::Outside, PUBLISHED);
    let with = |rule: &str| {
        wiring.host.run(&format!("iptables -A FORWARD -i porthole0 -j {rule}"));
        let outcome = outside();
        wiring.host.run("iptables -F FORWARD");
        outcome
    };
    let own: IpAddr = "10.9.0.1".parse().unwrap();
    assert_eq!(reason(&with("REJECT")), (own, IcmpReason::PortUnreachable));
    assert_eq!(reason(&with("REJECT --reject-with icmp-admin-prohibited")), (own, IcmpReason::Prohibited));
    assert_eq!(with("REJECT -p tcp --reject-with tcp-reset"), ProbeOutcome::Refused(Refusal::Reset));
    assert_eq!(with("DROP"), ProbeOutcome::Silent);
    wiring.host.run("iptables -t raw -A PREROUTING -s 10.0.0.0/8 -j DROP");
    assert_eq!(outside(), ProbeOutcome::Connected);
    wiring.host.run("sysctl -qw net.ipv4.ip_forward=0");
    assert_eq!(outside(), ProbeOutcome::Silent);
}

#[test]
fn strict_reverse_paths_and_hardened_arp_let_a_probe_through() {
    let wiring = Wiring::new();
    wiring.serve("0.0.0.0:80", hold);
    for setting in ["all.rp_filter=1", "default.rp_filter=1", "all.arp_ignore=2", "default.arp_announce=2"] {
        wiring.host.run(&format!("sysctl -qw net.ipv4.conf.{setting}"));
    }
    assert_eq!(wiring.outcome(ProbeVantage::Outside, PUBLISHED), ProbeOutcome::Connected);
}

#[test]
fn ipv6_is_reached_from_outside_too() {
    let wiring = Wiring::with_ipv6();
    wiring.serve("[::]:80", hold);
    let requests = [tcp(ProbeVantage::Outside, "[fd09::1]:8080"), tcp(ProbeVantage::Outside, PUBLISHED)];
    let probes = wiring.probe(&requests);
    for probe in &probes.tried {
        assert_eq!(probe.outcome, ProbeOutcome::Connected, "{probes:?}");
    }
    wiring.host.run("ip6tables -A FORWARD -j REJECT --reject-with icmp6-adm-prohibited");
    let outcome = wiring.outcome(ProbeVantage::Outside, "[fd09::1]:8080");
    assert_eq!(reason(&outcome), ("fd09::1".parse().unwrap(), IcmpReason::Prohibited));
}

#[test]
fn a_host_without_ipv6_on_new_interfaces_is_a_gap() {
    let wiring = Wiring::with_ipv6();
    wiring.serve("[::]:80", hold);
    wiring.host.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    let requests = [tcp(ProbeVantage::Outside, "[fd09::1]:8080"), tcp(ProbeVantage::Outside, PUBLISHED)];
    let probes = wiring.probe(&requests);
    assert!(matches!(probes.tried[0].outcome, ProbeOutcome::NotTried(_)), "{probes:?}");
    assert_eq!(probes.tried[1].outcome, ProbeOutcome::Connected);
}

#[test]
fn new_interfaces_that_do_not_forward_prove_nothing() {
    let wiring = Wiring::new();
    wiring.host.run("sysctl -qw net.ipv4.conf.default.forwarding=0");
    let ProbeOutcome::NotTried(gap) = wiring.outcome(ProbeVantage::Outside, PUBLISHED) else { panic!() };
    assert!(gap.cause.contains("net.ipv4.conf.up0.forwarding is 1"), "{gap}");
}

#[test]
fn a_host_that_answers_another_way_proves_nothing() {
    let wiring = Wiring::new();
    wiring.serve("0.0.0.0:80", hold);
    wiring.host.run("ip route add default via 10.9.0.254 table 77");
    wiring.host.run("ip rule add priority 100 to 203.0.113.0/24 lookup 77");
    let ProbeOutcome::NotTried(gap) = wiring.outcome(ProbeVantage::Outside, PUBLISHED) else { panic!() };
    assert!(gap.cause.contains("routing rule"), "{gap}");
}

#[test]
fn addresses_that_are_routed_are_not_taken() {
    let wiring = Wiring::new();
    wiring.host.run("ip route add 203.0.113.0/25 via 10.9.0.254");
    wiring.host.run("ip route add 203.0.113.128/25 via 10.9.0.254 table 77");
    let probes = wiring.probe(&[tcp(ProbeVantage::Outside, PUBLISHED)]);
    let outside = probes.outside.known().unwrap();
    assert!(outside.addresses[0].to_string().starts_with("198.51.100."), "{outside:?}");
}

#[test]
fn a_container_is_asked_in_its_own_network() {
    let wiring = Wiring::new();
    let container = ProbeVantage::Container(wiring.container.pid());
    wiring.serve("127.0.0.1:80", hold);
    let requests = [
        tcp(container, "127.0.0.1:80"),
        tcp(container, "172.30.0.2:80"),
        tcp(ProbeVantage::Host, "172.30.0.2:80"),
        tcp(ProbeVantage::Host, "127.0.0.1:80"),
        tcp(container, "10.9.0.1:22"),
    ];
    let probes = wiring.probe(&requests);
    let outcomes: Vec<_> = probes.tried.iter().map(|probe| probe.outcome.clone()).collect();
    let refused = ProbeOutcome::Refused(Refusal::Reset);
    assert_eq!(
        outcomes,
        [ProbeOutcome::Connected, refused.clone(), refused.clone(), refused.clone(), refused]
    );
    assert!(probes.outside.gap().is_some(), "nobody asked for a place outside");
    assert_eq!(probes.of(&requests[1]), Some(&probes.tried[1]));
}

#[test]
fn a_connection_that_stands_is_told_from_one_that_is_held() {
    let wiring = Wiring::new();
    wiring.serve("0.0.0.0:80", hold);
    wiring.serve("0.0.0.0:81", |mut stream| stream.write_all(b"220 ready\r\n").unwrap());
    wiring.serve("0.0.0.0:82", drop);
    wiring.serve("0.0.0.0:83", |stream| {
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    });
    let from = ProbeVantage::Container(wiring.container.pid());
    let requests = [80, 81, 82, 83].map(|port| tcp(from, &format!("172.30.0.2:{port}")));
    let probes = wiring.probe(&requests);
    let outcomes = probes.tried.iter().map(|probe| probe.outcome.clone());
    let expected =
        [ProbeOutcome::Connected, ProbeOutcome::Answered, ProbeOutcome::Closed, ProbeOutcome::Reset];
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
    assert!(probes.tried.iter().all(|probe| probe.took < 200_000), "the time is that of connecting");
}

#[test]
fn a_full_queue_is_silence() {
    let wiring = Wiring::new();
    let listener = inside(wiring.container.pid(), || TcpListener::bind("0.0.0.0:80").unwrap());
    rustix::net::listen(&listener, 0).unwrap();
    let _fills_it = inside(wiring.container.pid(), || std::net::TcpStream::connect("172.30.0.2:80").unwrap());
    assert_eq!(wiring.outcome(ProbeVantage::Host, "172.30.0.2:80"), ProbeOutcome::Silent);
}

#[test]
fn datagrams_are_answered_refused_or_nothing_is_said() {
    let wiring = Wiring::new();
    let echo = inside(wiring.container.pid(), || UdpSocket::bind("0.0.0.0:53").unwrap());
    thread::spawn(move || {
        while let Ok((length, from)) = echo.recv_from(&mut [0; 9]) {
            echo.send_to(&[b'x'; 9][..=length], from).unwrap();
        }
    });
    let _silent = inside(wiring.container.pid(), || UdpSocket::bind("0.0.0.0:54").unwrap());
    let requests = [
        udp(ProbeVantage::Outside, "10.9.0.1:8053"),
        udp(ProbeVantage::Host, "172.30.0.2:53"),
        udp(ProbeVantage::Host, "172.30.0.2:54"),
        udp(ProbeVantage::Host, "172.30.0.2:55"),
    ];
    let outcomes: Vec<_> = wiring.probe(&requests).tried.into_iter().map(|probe| probe.outcome).collect();
    assert_eq!(outcomes[..3], [ProbeOutcome::Answered, ProbeOutcome::Answered, ProbeOutcome::Silent]);
    assert_eq!(reason(&outcomes[3]), ("172.30.0.2".parse().unwrap(), IcmpReason::PortUnreachable));
}

#[test]
fn what_has_no_way_says_so() {
    let wiring = Wiring::new();
    let container = ProbeVantage::Container(wiring.container.pid());
    wiring.container.run("ip route del default");
    let requests = [
        tcp(container, "10.9.0.1:80"),
        ProbeRequest { protocol: TransportProtocol::Sctp, ..tcp(container, "10.9.0.1:80") },
    ];
    let probes = wiring.probe(&requests);
    let no_route = ProbeOutcome::Unreachable(Obstacle::Local("there is no route to it".to_owned()));
    assert_eq!(probes.tried[0].outcome, no_route);
    assert!(matches!(probes.tried[1].outcome, ProbeOutcome::NotTried(_)));
}

#[test]
fn a_thousand_ports_are_tried_side_by_side() {
    let wiring = Wiring::new();
    wiring.host.run("iptables -A INPUT -p tcp --dport 20000:20599 -j DROP");
    let targets = (20_000..21_000).map(|port| SocketAddr::new("10.9.0.1".parse().unwrap(), port));
    let request =
        |target| ProbeRequest { from: ProbeVantage::Outside, target, protocol: TransportProtocol::Tcp };
    let requests: Vec<_> = targets.map(request).collect();
    let probes = wiring.probe(&requests);
    let silent = probes.tried.iter().filter(|probe| probe.outcome == ProbeOutcome::Silent);
    assert_eq!(silent.count(), 600);
    let refused = probes.tried.iter().filter(|probe| matches!(probe.outcome, ProbeOutcome::Refused(_)));
    assert_eq!(refused.count(), 400);
}

#[test]
fn two_places_outside_stand_side_by_side() {
    let wiring = Wiring::new();
    wiring.serve("0.0.0.0:80", hold);
    thread::scope(|scope| {
        let started = [(); 4].map(|()| scope.spawn(|| wiring.outcome(ProbeVantage::Outside, PUBLISHED)));
        for probe in started {
            assert_eq!(probe.join().unwrap(), ProbeOutcome::Connected);
        }
    });
}

#[test]
fn a_probe_that_is_killed_leaves_nothing() {
    let wiring = Wiring::new();
    wiring.host.run("iptables -A FORWARD -j DROP");
    let before = wires(wiring.host.pid());
    let pid = wiring.host.pid().to_string();
    let probing = Process::play(&[], "a_long_probe", &[("PROCESS", &pid), ("TARGET", PUBLISHED)]);
    wait_until(|| wires(wiring.host.pid()).contains("porthole0"));
    probing.end();
    wait_until(|| wires(wiring.host.pid()) == before);
}

#[test]
fn without_rights_probes_from_outside_are_a_gap() {
    let prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let output = role_command(&prefix, "probing_as_nobody", &[("TARGET", PUBLISHED)]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
