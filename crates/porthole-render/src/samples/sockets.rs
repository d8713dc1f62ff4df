//! A socket of every kind.

use porthole_model::{
    InternetSocket, Observed, Pid, Socket, SocketEndpoint, SocketOwner, SocketState, TransportProtocol, Uid,
    UnixSocket, UnixSocketKind,
};

use super::gap;

pub(crate) fn sockets() -> Vec<Socket> {
    let owner = |pid, name: &str| SocketOwner { pid: Pid(pid), name: name.to_owned() };
    let unix = UnixSocket {
        kind: UnixSocketKind::Stream,
        state: SocketState::Listening,
        path: Some("/var/run/docker.sock".to_owned()),
        peer: None,
    };
    let unknown = || Observed::Missing(gap());
    vec![
        socket("0.0.0.0:80", "0.0.0.0:0", SocketState::Listening),
        Socket {
            owners: Observed::Known(vec![
                owner(1, "nginx"),
                owner(29, "nginx: worker"),
                owner(30, "evil\x1b[2J"),
            ]),
            ..socket("[::]:443", "[::]:0", SocketState::Listening)
        },
        v6_only(socket("[::]:53", "[::]:0", SocketState::Unconnected)),
        socket("[::ffff:172.17.0.2]:443", "[::ffff:203.0.113.7]:51234", SocketState::Established),
        Socket {
            owners: unknown(),
            ..socket("[fd00:18::2]:443", "[2001:db8:85a3::8a2e:370:7334]:443", SocketState::TimeWait)
        },
        Socket {
            owners: Observed::Known(Vec::new()),
            ..socket("127.0.0.11:36087", "0.0.0.0:0", SocketState::CloseWait)
        },
        Socket {
            endpoint: SocketEndpoint::Unix(unix.clone()),
            inode: 5,
            owners: Observed::Known(vec![owner(7, "日本語")]),
        },
        Socket {
            endpoint: SocketEndpoint::Unix(UnixSocket {
                path: None,
                peer: Some(4242),
                state: SocketState::Established,
                ..unix
            }),
            inode: 6,
            owners: unknown(),
        },
    ]
}

fn socket(local: &str, remote: &str, state: SocketState) -> Socket {
    let local: std::net::SocketAddr = local.parse().unwrap();
    Socket {
        endpoint: SocketEndpoint::Internet(InternetSocket {
            protocol: TransportProtocol::Tcp,
            v6_only: local.is_ipv6().then_some(false),
            local,
            remote: remote.parse().unwrap(),
            state,
            receive_queue: 0,
            send_queue: 128,
            uid: Uid(33),
        }),
        inode: 90_210,
        owners: Observed::Known(vec![SocketOwner { pid: Pid(1234), name: "nginx".to_owned() }]),
    }
}

fn v6_only(mut socket: Socket) -> Socket {
    if let SocketEndpoint::Internet(internet) = &mut socket.endpoint {
        internet.v6_only = Some(true);
        internet.protocol = TransportProtocol::Udp;
    }
    socket
}
