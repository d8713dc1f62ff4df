//! The kernel's rule trace: of one flow alone, and gone with who began it.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use porthole_host::{RuleTrace, TracedPackets};
use porthole_model::firewall::FirewallTable;
use porthole_model::{Port, Scope, Topic, TraceFlow};

use crate::world::{Namespace, Process, host, inside, wait_until};

fn flow(from: SocketAddr) -> TraceFlow {
    TraceFlow {
        protocol: 17,
        source: Some(from.ip()),
        destination: Some("127.0.0.1".parse().unwrap()),
        source_port: Some(Port(from.port())),
        destination_port: Some(Port(9)),
    }
}

fn heard(trace: &mut RuleTrace) -> TracedPackets {
    let mut packets = TracedPackets::default();
    loop {
        let news = trace.news(Instant::now() + Duration::from_millis(200)).unwrap();
        if news.is_empty() {
            return packets;
        }
        packets.add(news);
    }
}

fn tables(namespace: &Namespace) -> Vec<FirewallTable> {
    let stack = host().stack_of(namespace.pid(), &Scope::of(&[Topic::Firewall])).unwrap();
    stack.firewall.known().unwrap().tables().cloned().collect()
}

#[test]
fn packets_of_one_flow_are_traced_and_of_no_other() {
    let namespace = Namespace::new();
    let sockets = || [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
    let [traced, other] = inside(namespace.pid(), sockets);
    let mut trace = host().trace_rules(namespace.pid(), &[flow(traced.local_addr().unwrap())]).unwrap();
    for socket in [&traced, &other, &traced] {
        socket.send_to(b"porthole", "127.0.0.1:9").unwrap();
    }
    let packets = heard(&mut trace);
    let ports: Vec<_> = packets.packets().map(|packet| packet.headers.source_port).collect();
    assert_eq!(ports, [Some(Port(traced.local_addr().unwrap().port())); 2]);
    assert!(!packets.has_lost() && trace.bridge_gap().is_none());
    assert!(tables(&namespace).iter().all(|table| table.owner.is_some()) && !tables(&namespace).is_empty());
    drop(trace);
    wait_until(|| tables(&namespace).is_empty());
}

#[test]
fn a_trace_leaves_nothing_when_its_process_is_killed() {
    let namespace = Namespace::new();
    let tracing = Process::play(&[], "trace_of_rules", &[("PROCESS", &namespace.pid().to_string())]);
    assert!(!tables(&namespace).is_empty());
    tracing.end();
    wait_until(|| tables(&namespace).is_empty());
}
