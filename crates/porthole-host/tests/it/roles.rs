//! What the other tests start in processes of their own: sockets to be seen, and porthole without rights.
//!
//! They are tests only by name, so that one binary holds everything; alone, without their settings, they fail.

use std::env;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};

use porthole_host::SocketFilter;
use porthole_model::{
    GapKind, Pid, Port, ProbeOutcome, ProbeRequest, ProbeVantage, Scope, TraceFlow, TransportProtocol,
};

use crate::world::host;

fn setting(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is set by the test that starts this role"))
}

/// Tells the test that everything stands, and waits until it ends this process.
fn ready_until_killed() {
    println!("\nready");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
#[ignore = "a role that other tests start"]
fn every_kind_of_socket() {
    let directory = setting("DIRECTORY");
    let listener = TcpListener::bind("127.0.0.1:7001").unwrap();
    let v6 = TcpListener::bind("[::1]:7002").unwrap();
    let any = TcpListener::bind("[::]:7003").unwrap();
    let client = TcpStream::connect("127.0.0.1:7001").unwrap();
    let (server, _) = listener.accept().unwrap();
    let mapped = TcpStream::connect("127.0.0.1:7003").unwrap();
    let (mapped_server, _) = any.accept().unwrap();
    // The one that closes first is in FIN-WAIT-2, the other in CLOSE-WAIT.
    let half = TcpStream::connect("[::1]:7002").unwrap();
    let (half_server, _) = v6.accept().unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    let closed = TcpStream::connect("127.0.0.1:7001").unwrap();
    let (closed_server, _) = listener.accept().unwrap();
    drop(closed);
    drop(closed_server);
    let waiting = TcpStream::connect("127.0.0.1:7001").unwrap();
    let bound = UdpSocket::bind("0.0.0.0:7004").unwrap();
    let connected = UdpSocket::bind("127.0.0.1:7005").unwrap();
    connected.connect("127.0.0.1:7004").unwrap();
    connected.send(b"12345").unwrap();
    let path = UnixListener::bind(format!("{directory}/listener")).unwrap();
    let stream = UnixStream::connect(format!("{directory}/listener")).unwrap();
    let unaccepted = UnixStream::connect(format!("{directory}/listener")).unwrap();
    let (accepted, _) = path.accept().unwrap();
    let name = SocketAddr::from_abstract_name(b"porthole test").unwrap();
    let abstract_name = UnixDatagram::bind_addr(&name).unwrap();
    // The acknowledgement of a FIN may be delayed by 40 ms (TCP_DELACK_MIN).
    std::thread::sleep(std::time::Duration::from_millis(200));
    ready_until_killed();
    drop((client, server, waiting, mapped, mapped_server, half, half_server));
    drop((bound, path, stream, accepted, unaccepted, abstract_name));
}

#[test]
#[ignore = "a role that other tests start"]
fn many_connections() {
    let count: usize = setting("COUNT").parse().unwrap();
    let address = (Ipv4Addr::LOCALHOST, setting("PORT").parse().unwrap());
    let listener = TcpListener::bind(address).unwrap();
    let pair = |_| (TcpStream::connect(address).unwrap(), listener.accept().unwrap());
    let pairs: Vec<_> = (0..count).map(pair).collect();
    ready_until_killed();
    drop(pairs);
}

/// The first thread stays where it was started; the others go elsewhere.
#[test]
#[ignore = "a role that other tests start"]
fn a_first_thread_gone_astray() {
    let home = std::fs::File::open(setting("HOME_NAMESPACE")).unwrap();
    let at_home = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                rustix::thread::move_into_link_name_space(home.as_fd(), None).unwrap();
                at_home.wait();
                std::thread::park();
            });
        }
        at_home.wait();
        ready_until_killed();
        std::process::exit(0);
    });
}

/// Prints each socket of a namespace as a line of JSON.
#[test]
#[ignore = "a role that other tests start"]
fn sockets_as_nobody() {
    let pid = Pid(setting("NAMESPACE_OF").parse().unwrap());
    println!();
    host()
        .each_socket(pid, &SocketFilter::everything(), &mut |socket| {
            println!("{}", serde_json::to_string(&socket).unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
}

#[test]
#[ignore = "a role that other tests start"]
fn collecting_as_nobody() {
    let other = Pid(setting("NAMESPACE_OF").parse().unwrap());
    let seen = host().collect(&Scope::everything());
    assert!(seen.privilege.capabilities.is_empty());
    let stranger = seen.process(other).unwrap();
    assert!(stranger.arguments.value().is_some());
    let gap = stranger.network_namespace.gap().unwrap();
    assert_eq!(gap.kind, GapKind::Permission);
    assert!(gap.remedy.as_ref().unwrap().contains("CAP_SYS_PTRACE"), "{gap}");
    let own = *seen.own_network_namespace.known().unwrap();
    let stack = seen.namespace(own).unwrap().stack.known().unwrap();
    assert!(stack.links.value().is_some() && stack.routes.value().is_some());
    let sockets = stack.sockets.known().unwrap();
    let owner =
        sockets.iter().filter(|socket| socket.inode != 0).find_map(|socket| socket.owners.gap()).unwrap();
    assert!(owner.remedy.as_ref().unwrap().contains("CAP_SYS_PTRACE"), "{owner}");
}

/// A namespace whose owner's rights are missing although its processes are one's own.
#[test]
#[ignore = "a role that other tests start"]
fn collecting_own_processes_elsewhere() {
    let pid = Pid(setting("NAMESPACE_OF").parse().unwrap());
    let seen = host().collect(&Scope::everything());
    let id = *seen.process(pid).unwrap().network_namespace.known().unwrap();
    let stack = seen.namespace(id).unwrap().stack.known().unwrap();
    let gap = stack.links.gap().unwrap();
    assert!(gap.cause.contains("setns") && gap.remedy.as_ref().unwrap().contains("CAP_SYS_ADMIN"), "{gap}");
    assert!(!stack.sockets.known().unwrap().is_empty());
    assert_eq!(host().listener_of(setting("SOCKET").as_ref()), Ok(pid));
}

#[test]
#[ignore = "a role that other tests start"]
fn trace_of_rules() {
    let process = Pid(setting("PROCESS").parse().unwrap());
    let flow = TraceFlow {
        protocol: 6,
        source: None,
        destination: None,
        source_port: None,
        destination_port: Some(Port(80)),
    };
    let trace = host().trace_rules(process, &[flow]).unwrap();
    ready_until_killed();
    drop(trace);
}

fn outside_request() -> ProbeRequest {
    let target = setting("TARGET").parse().unwrap();
    ProbeRequest { from: ProbeVantage::Outside, target, protocol: TransportProtocol::Tcp }
}

#[test]
#[ignore = "a role that other tests start"]
fn a_long_probe() {
    let process = Pid(setting("PROCESS").parse().unwrap());
    println!("\nready");
    std::io::stdout().flush().unwrap();
    let probes = host().probe(process, &[outside_request()], std::time::Duration::from_mins(1));
    println!("{probes:?}");
}

#[test]
#[ignore = "a role that other tests start"]
fn probing_as_nobody() {
    let request = outside_request();
    let probes = host().probe(Pid(std::process::id()), &[request], std::time::Duration::from_secs(1));
    let ProbeOutcome::NotTried(gap) = &probes.tried[0].outcome else { panic!("{probes:?}") };
    assert_eq!(gap.kind, GapKind::Permission);
    assert!(gap.remedy.as_ref().unwrap().contains("CAP_SYS_ADMIN"), "{gap}");
    assert_eq!(probes.outside.gap(), Some(gap));
}
