//! Netlink: the kernel's messages about links, addresses, routes, neighbours, namespaces and sockets.
//!
//! Layouts follow `include/uapi/linux/{netlink,rtnetlink,if_link,neighbour,net_namespace,inet_diag,unix_diag}.h`
//! and `include/uapi/linux/netfilter/{nfnetlink,nf_tables}.h`.

pub mod address;
pub mod attribute;
pub mod attribute_list;
pub mod conntrack;
pub mod inet_diag;
pub mod link;
pub mod message;
pub mod namespace_id;
pub mod neighbour;
pub mod netfilter;
pub mod route;
pub mod routing_rule;
pub mod rule_trace;
pub mod trace_table;
pub mod unix_diag;
pub mod wiring;

use std::net::IpAddr;

use thiserror::Error;

const AF_UNIX: u8 = 1;
const AF_INET: u8 = 2;
const AF_BRIDGE: u8 = 7;
const AF_INET6: u8 = 10;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// Why the bytes of a message are not what their type promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NetlinkError {
    /// The message ends before its fixed part does.
    #[error("a netlink {what} has {found} bytes, fewer than its {wanted}")]
    Short {
        /// What was decoded.
        what: &'static str,
        /// The size of its fixed part.
        wanted: usize,
        /// The size it has.
        found: usize,
    },
    /// The length of an inner part leads out of its outer part.
    #[error("a netlink {what} holds a part that is longer than itself")]
    Overrun {
        /// What was decoded.
        what: &'static str,
    },
    /// Something that every such message holds is not there.
    #[error("a netlink {what} has no {part}")]
    Lacks {
        /// What was decoded.
        what: &'static str,
        /// What is not there.
        part: &'static str,
    },
}

/// An address as it stands in messages: its family's number, and its bytes.
fn parts_of(address: IpAddr) -> (u8, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
    }
}

/// The fixed part of a message and what follows it.
pub(crate) fn fixed<'a, const N: usize>(
    what: &'static str,
    payload: &'a [u8],
) -> Result<(&'a [u8; N], &'a [u8]), NetlinkError> {
    payload.split_first_chunk().ok_or(NetlinkError::Short { what, wanted: N, found: payload.len() })
}

/// Netlink aligns headers and attributes to four bytes (`NLMSG_ALIGN`, `NLA_ALIGN`).
pub(crate) const fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    array_at(bytes, at).map_or(0, u16::from_ne_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    array_at(bytes, at).map_or(0, u32::from_ne_bytes)
}

pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
