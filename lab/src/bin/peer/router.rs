//! A router that says so: advertisements of IPv6 (RFC 4861, 4.2), each second.

use std::io::{self, IoSlice};
use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::thread::sleep;
use std::time::Duration;

use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn6, sendmsg, setsockopt, socket,
    sockopt,
};

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Seconds that the router, and the addresses of its prefix, are good for.
const LIFETIME: u16 = 1800;

/// The only hop limit that is believed.
const HOP_LIMIT: i32 = 255;

/// Advertises itself as default router, and a prefix of 64 bits for addresses.
pub(crate) fn advertise(interface: &str, prefix: &str) -> io::Result<()> {
    let prefix: Ipv6Addr = prefix.parse().map_err(io::Error::other)?;
    let to = SockaddrIn6::from(SocketAddrV6::new(ALL_NODES, 0, 0, if_nametoindex(interface)?));
    let socket = socket(AddressFamily::Inet6, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::IcmpV6)?;
    setsockopt(&socket, sockopt::Ipv6MulticastHops, &HOP_LIMIT)?;
    let message = advertisement(prefix);
    println!("advertising {prefix}/64");
    loop {
        sendmsg(socket.as_raw_fd(), &[IoSlice::new(&message)], &[], MsgFlags::empty(), Some(&to))?;
        sleep(Duration::from_secs(1));
    }
}

/// The kernel puts in the checksum.
fn advertisement(prefix: Ipv6Addr) -> Vec<u8> {
    let lifetime = u32::from(LIFETIME).to_be_bytes();
    let head = [134, 0, 0, 0, 64, 0];
    let of_prefix = [3, 4, 64, 0xc0];
    [&head[..], &LIFETIME.to_be_bytes(), &[0; 8], &of_prefix, &lifetime, &lifetime, &[0; 4], &prefix.octets()]
        .concat()
}
