//! iptables-legacy: those of its tables that the kernel says are there.

use std::fs;
use std::io;

use porthole_model::Gap;
use porthole_model::firewall::FirewallTable;
use porthole_wire::firewall::{IpSetNames, legacy};

use super::legacy_socket::LegacySocket;
use super::{Reading, TRIES};
use crate::failure::{Right, gap};

/// The tables of IPv4 or IPv6. Where the kernel's module is not loaded there is no list, and are no tables.
pub(super) fn read(reading: &Reading<'_>, v6: bool, names: &IpSetNames) -> Result<Vec<FirewallTable>, Gap> {
    let (program, list) = if v6 {
        ("ip6tables-legacy", "thread-self/net/ip6_tables_names")
    } else {
        ("iptables-legacy", "thread-self/net/ip_tables_names")
    };
    let path = reading.proc.path(list);
    let what = || reading.what(&format!("{program} rules"));
    let listed = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| gap(what(), &path.display().to_string(), error, Right::Root))?,
    };
    if listed.trim().is_empty() {
        return Ok(Vec::new());
    }
    let socket = LegacySocket::open(v6).map_err(|error| gap(what(), "socket", error, Right::Root))?;
    let tables = listed.lines().map(|name| table(&socket, name, v6, names));
    tables.collect::<io::Result<_>>().map_err(|error| gap(what(), "getsockopt", error, Right::Root))
}

/// The kernel refuses to give entries when their size is not the one that it has just told.
fn table(socket: &LegacySocket, name: &str, v6: bool, names: &IpSetNames) -> io::Result<FirewallTable> {
    let mut tries = 1;
    loop {
        let info = socket.info(name)?;
        match socket.entries(name, info.size) {
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) && tries < TRIES => tries += 1,
            entries => {
                let table = legacy::table(name, v6, &info, &entries?, names);
                return table.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
}
