//! From names to addresses, by the C library: files and DNS, as every program of a container sees them.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// Which addresses are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Family {
    /// Both.
    #[default]
    Any,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// What `-4` and `-6` mean.
    pub(super) fn of(only_v4: bool, only_v6: bool) -> Self {
        match (only_v4, only_v6) {
            (true, false) => Self::V4,
            (false, true) => Self::V6,
            _ => Self::Any,
        }
    }

    /// Whether an address is of it.
    pub(super) fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// The addresses of a host with a port, in the order they should be tried; at least one, or why there is none.
pub(super) fn addresses(host: &str, port: u16, family: Family) -> Result<Vec<SocketAddr>, String> {
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let found = (literal, port).to_socket_addrs().map_err(|error| format!("{host}: {}", plain(&error)))?;
    let mut wanted: Vec<SocketAddr> = found.filter(|address| family.has(address.ip())).collect();
    wanted.dedup();
    if wanted.is_empty() { Err(format!("{host}: it has no address of that family")) } else { Ok(wanted) }
}

/// The first of them.
pub(super) fn first_address(host: &str, family: Family) -> Result<IpAddr, String> {
    addresses(host, 0, family).map(|found| found[0].ip())
}

/// The words of getaddrinfo(3) alone.
fn plain(error: &std::io::Error) -> String {
    let words = error.to_string();
    words.strip_prefix("failed to lookup address information: ").unwrap_or(&words).to_owned()
}
