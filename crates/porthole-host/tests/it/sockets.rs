//! Sockets of every kind and state, with their owners.

use std::ops::ControlFlow;

use porthole_host::SocketFilter;
use porthole_model::{
    InternetSocket, Observed, Pid, Port, Socket, SocketEndpoint, SocketState, Topic, TransportProtocol,
    UnixSocket,
};

use crate::world::{Namespace, Process, collect, host};

fn stream(pid: Pid, filter: &SocketFilter) -> Vec<Socket> {
    let mut sockets = Vec::new();
    let result = host().each_socket(pid, filter, &mut |socket| {
        sockets.push(socket);
        ControlFlow::Continue(())
    });
    result.unwrap();
    sockets
}

fn internet(socket: &Socket) -> Option<&InternetSocket> {
    match &socket.endpoint {
        SocketEndpoint::Internet(socket) => Some(socket),
        SocketEndpoint::Unix(_) => None,
    }
}

fn unix(socket: &Socket) -> Option<&UnixSocket> {
    match &socket.endpoint {
        SocketEndpoint::Internet(_) => None,
        SocketEndpoint::Unix(socket) => Some(socket),
    }
}

fn at<'a>(sockets: &'a [Socket], local: &str, state: SocketState) -> (&'a Socket, &'a InternetSocket) {
    let local = local.parse().unwrap();
    let found = sockets.iter().filter_map(|socket| Some((socket, internet(socket)?)));
    found.into_iter().find(|(_, socket)| socket.local == local && socket.state == state).unwrap()
}

struct Zoo {
    namespace: Namespace,
    holder: Process,
    directory: tempfile::TempDir,
}

fn zoo() -> Zoo {
    let (namespace, directory) = (Namespace::new(), tempfile::tempdir().unwrap());
    let settings = [("DIRECTORY", directory.path().to_str().unwrap())];
    let holder = namespace.play("every_kind_of_socket", &settings);
    Zoo { namespace, holder, directory }
}

#[test]
fn every_kind_and_state_is_seen() {
    let zoo = zoo();
    let sockets = stream(zoo.namespace.pid(), &SocketFilter::everything());
    let (listener, details) = at(&sockets, "127.0.0.1:7001", SocketState::Listening);
    assert_eq!((details.receive_queue, details.v6_only), (1, None), "one connection waits");
    assert!(details.send_queue > 0, "the backlog");
    let owners = listener.owners.known().unwrap();
    assert_eq!(owners.iter().map(|owner| owner.pid).collect::<Vec<_>>(), [zoo.holder.pid()]);
    assert!(!owners[0].name.is_empty());
    assert_eq!(at(&sockets, "[::]:7003", SocketState::Listening).1.v6_only, Some(false));
    assert!(at(&sockets, "[::ffff:127.0.0.1]:7003", SocketState::Established).1.remote.port() > 0);
    at(&sockets, "[::1]:7002", SocketState::CloseWait);
    let finished = sockets.iter().filter_map(internet).filter(|socket| socket.state == SocketState::FinWait2);
    assert_eq!(finished.count(), 1);
    let late =
        sockets.iter().find(|s| internet(s).is_some_and(|s| s.state == SocketState::TimeWait)).unwrap();
    assert_eq!((late.inode, &late.owners), (0, &Observed::Known(Vec::new())));
    let (_, udp) = at(&sockets, "0.0.0.0:7004", SocketState::Unconnected);
    assert!(udp.receive_queue > 0, "a datagram waits");
    at(&sockets, "127.0.0.1:7005", SocketState::Established);
    let names: Vec<_> = sockets.iter().filter_map(unix).filter_map(|socket| socket.path.clone()).collect();
    assert!(names.contains(&"@porthole test".to_owned()), "{names:?}");
    assert!(names.contains(&format!("{}/listener", zoo.directory.path().display())));
    let inodes: Vec<_> = sockets.iter().map(|socket| socket.inode).collect();
    let peers: Vec<_> = sockets.iter().filter_map(unix).filter_map(|socket| socket.peer).collect();
    assert_eq!(peers.len(), 2, "the ends of one pair");
    assert!(peers.iter().all(|peer| inodes.contains(peer)));
}

#[test]
fn collecting_and_streaming_see_the_same() {
    let zoo = zoo();
    let streamed = stream(zoo.namespace.pid(), &SocketFilter::everything());
    let host = collect(&[Topic::Sockets]);
    let mut collected = zoo.namespace.stack_in(&host).sockets.known().unwrap().clone();
    let mut streamed = streamed;
    for sockets in [&mut collected, &mut streamed] {
        sockets.sort_by_key(|socket| format!("{socket:?}"));
    }
    assert_eq!(collected, streamed);
}

#[test]
fn listeners_are_tcp_that_listens_and_udp_that_is_bound() {
    let zoo = zoo();
    let host = collect(&[Topic::Listeners]);
    let sockets = zoo.namespace.stack_in(&host).sockets.known().unwrap();
    let mut ports: Vec<_> = sockets.iter().map(|socket| internet(socket).unwrap().local.port()).collect();
    ports.sort_unstable();
    assert_eq!(ports, [7001, 7002, 7003, 7004]);
    assert!(sockets.iter().all(|socket| socket.owners.known().unwrap()[0].pid == zoo.holder.pid()));
}

#[test]
fn a_filter_leaves_the_rest_out() {
    let zoo = zoo();
    let by_port = SocketFilter { port: Some(Port(7004)), ..SocketFilter::everything() };
    let found = stream(zoo.namespace.pid(), &by_port);
    assert_eq!(found.len(), 2, "the bound one and the one connected to it");
    let by_protocol = SocketFilter {
        protocols: vec![TransportProtocol::Udp],
        unix: false,
        owners: false,
        ..SocketFilter::everything()
    };
    let found = stream(zoo.namespace.pid(), &by_protocol);
    assert!(
        found.iter().all(|s| internet(s).unwrap().protocol == TransportProtocol::Udp) && found.len() == 2
    );
    assert!(found.iter().all(|socket| socket.owners.gap().is_some()));
}

#[test]
fn a_sink_that_breaks_off_gets_no_more() {
    let zoo = zoo();
    let mut count = 0;
    let result = host().each_socket(zoo.namespace.pid(), &SocketFilter::everything(), &mut |_| {
        count += 1;
        ControlFlow::Break(())
    });
    result.unwrap();
    assert_eq!(count, 1);
}

/// As an engine holds the sockets of its resolver in the namespaces of containers.
#[test]
fn an_owner_outside_the_namespace_is_found() {
    let namespace = Namespace::new();
    let door = std::fs::File::open(format!("/proc/{}/ns/net", namespace.pid())).unwrap();
    let listener = std::thread::spawn(move || {
        rustix::thread::move_into_link_name_space(std::os::fd::AsFd::as_fd(&door), None).unwrap();
        std::net::TcpListener::bind("127.0.0.1:7010").unwrap()
    });
    let listener = listener.join().unwrap();
    let found = stream(namespace.pid(), &SocketFilter::listeners());
    let owners: Vec<_> = found[0].owners.known().unwrap().iter().map(|owner| owner.pid).collect();
    assert_eq!(owners, [Pid(std::process::id())]);
    drop(listener);
}

#[test]
fn five_thousand_sockets_have_their_owner() {
    let namespace = Namespace::new();
    let holder = namespace.play("many_connections", &[("COUNT", "2500"), ("PORT", "7100")]);
    let found = stream(namespace.pid(), &SocketFilter { unix: false, ..SocketFilter::everything() });
    let owned = found.iter().filter(|socket| socket.owners.known().unwrap()[0].pid == holder.pid());
    assert_eq!((owned.count(), found.len()), (5001, 5001));
}

#[test]
fn an_inventory_serves_several_namespaces() {
    let zoos = [zoo(), zoo()];
    let world = host();
    let mut inventory = world.socket_inventory().unwrap();
    for zoo in &zoos {
        let mut count = 0;
        let result = inventory.each_socket(zoo.namespace.pid(), &SocketFilter::listeners(), &mut |socket| {
            assert_eq!(socket.owners.known().unwrap()[0].pid, zoo.holder.pid());
            count += 1;
            ControlFlow::Continue(())
        });
        result.unwrap();
        assert_eq!(count, 4);
        assert_eq!(inventory.processes_in(zoo.namespace.id()), [zoo.namespace.pid(), zoo.holder.pid()]);
    }
}
