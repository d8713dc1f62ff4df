//! The cells of a socket's row, written as bytes so that long listings cost no allocation per cell.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use porthole_model::{InternetSocket, Observed, Socket, SocketEndpoint};

use super::names::{protocol_word, state_name};
use crate::harmless::harmless;

/// `tcp`, or `tcp6` where the addresses shown are IPv6.
pub(super) fn protocol(out: &mut Vec<u8>, socket: &Socket) {
    out.extend_from_slice(protocol_word(&socket.endpoint).as_bytes());
}

/// The state in one word, as `ss` and `netstat` spell it in lower case.
pub(super) fn state(out: &mut Vec<u8>, socket: &Socket) {
    let state = match &socket.endpoint {
        SocketEndpoint::Internet(internet) => internet.state,
        SocketEndpoint::Unix(unix) => unix.state,
    };
    out.extend_from_slice(state_name(state).as_bytes());
}

/// Bytes not read, or connections not accepted; a unix socket has no such number.
pub(super) fn receive_queue(socket: &Socket) -> Option<u32> {
    internet(socket).map(|internet| internet.receive_queue)
}

/// Bytes not acknowledged, or the longest backlog.
pub(super) fn send_queue(socket: &Socket) -> Option<u32> {
    internet(socket).map(|internet| internet.send_queue)
}

/// What it is bound to.
pub(super) fn local(out: &mut Vec<u8>, socket: &Socket) {
    match &socket.endpoint {
        SocketEndpoint::Internet(internet) => address(out, internet.local, internet.v6_only == Some(true)),
        SocketEndpoint::Unix(unix) => text(out, unix.path.as_deref().unwrap_or("-")),
    }
}

/// What it is connected to; a unix socket's peer is known by its inode.
pub(super) fn remote(out: &mut Vec<u8>, socket: &Socket) {
    match &socket.endpoint {
        SocketEndpoint::Internet(internet) if is_nobody(internet.remote) => out.push(b'*'),
        SocketEndpoint::Internet(internet) => address(out, internet.remote, false),
        SocketEndpoint::Unix(unix) => match unix.peer {
            Some(peer) => {
                out.extend_from_slice(b"inode ");
                number(out, peer);
            }
            None => out.push(b'-'),
        },
    }
}

/// `nginx[1234], nginx[1240]`; `-` where no process holds it, `?` where that is unknown.
pub(super) fn owners(out: &mut Vec<u8>, socket: &Socket) {
    match &socket.owners {
        Observed::Known(owners) if owners.is_empty() => out.push(b'-'),
        Observed::Known(owners) => {
            for (place, owner) in owners.iter().enumerate() {
                out.extend_from_slice(if place == 0 { b"" } else { b", " });
                text(out, &owner.name);
                out.push(b'[');
                number(out, owner.pid.0);
                out.push(b']');
            }
        }
        Observed::Missing(_) => out.push(b'?'),
    }
}

/// A name of the host's, made harmless.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(harmless(text).as_bytes());
}

fn internet(socket: &Socket) -> Option<&InternetSocket> {
    match &socket.endpoint {
        SocketEndpoint::Internet(internet) => Some(internet),
        SocketEndpoint::Unix(_) => None,
    }
}

/// `*:80` for every address; `[::]:80` only where the socket says that it refuses IPv4.
fn address(out: &mut Vec<u8>, address: SocketAddr, v6_only: bool) {
    match address.ip().to_canonical() {
        ip if ip.is_unspecified() && !v6_only => out.push(b'*'),
        IpAddr::V4(ip) => dotted(out, ip),
        IpAddr::V6(ip) => {
            // Writing to a Vec cannot fail.
            let _infallible = write!(out, "[{ip}");
            if let SocketAddr::V6(scoped) = address
                && scoped.scope_id() != 0
            {
                out.push(b'%');
                number(out, scoped.scope_id());
            }
            out.push(b']');
        }
    }
    out.push(b':');
    match address.port() {
        0 => out.push(b'*'),
        port => number(out, port),
    }
}

fn dotted(out: &mut Vec<u8>, ip: Ipv4Addr) {
    for (place, octet) in ip.octets().into_iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"" } else { b"." });
        number(out, octet);
    }
}

fn number(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn is_nobody(remote: SocketAddr) -> bool {
    remote.port() == 0 && remote.ip().to_canonical().is_unspecified()
}
