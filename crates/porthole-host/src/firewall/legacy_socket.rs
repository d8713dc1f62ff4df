//! The socket options by which the kernel gives the tables of iptables-legacy (`netfilter_ipv4/ip_tables.h`).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use porthole_wire::firewall::legacy::{ENTRIES_HEADER, INFO, TableInfo};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

/// `XT_TABLE_MAXNAMELEN`, with its NUL.
const NAME: usize = 32;

/// The largest table that is read: a thousand times that of a large host.
const LARGEST: u32 = 1 << 30;

/// `IPT_SO_GET_INFO` and `IPT_SO_GET_ENTRIES`; in IPv6 they have the same numbers.
const GET_INFO: libc::c_int = 64;
const GET_ENTRIES: libc::c_int = 65;

/// A socket in the network namespace that its thread was in when it was opened.
pub(super) struct LegacySocket {
    socket: OwnedFd,
    level: libc::c_int,
}

impl LegacySocket {
    pub(super) fn open(v6: bool) -> io::Result<Self> {
        let (family, level) = if v6 {
            (AddressFamily::INET6, libc::IPPROTO_IPV6)
        } else {
            (AddressFamily::INET, libc::IPPROTO_IP)
        };
        let protocol = Some(rustix::net::ipproto::RAW);
        let socket = rustix::net::socket_with(family, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
        Ok(Self { socket, level })
    }

    /// Where the table's chains begin, and how large it is.
    pub(super) fn info(&self, table: &str) -> io::Result<TableInfo> {
        let mut buffer = vec![0; INFO];
        write_name(&mut buffer, table)?;
        self.get(GET_INFO, &mut buffer)?;
        TableInfo::decode(&buffer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// The table's entries, of which the kernel has told that they have `size` bytes.
    pub(super) fn entries(&self, table: &str, size: u32) -> io::Result<Vec<u8>> {
        if size > LARGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("the table has {size} bytes")));
        }
        let mut buffer = vec![0; ENTRIES_HEADER + size as usize];
        write_name(&mut buffer, table)?;
        buffer[NAME..NAME + 4].copy_from_slice(&size.to_ne_bytes());
        self.get(GET_ENTRIES, &mut buffer)?;
        Ok(buffer.split_off(ENTRIES_HEADER))
    }

    #[expect(unsafe_code, reason = "no crate wraps these options")]
    fn get(&self, option: libc::c_int, buffer: &mut [u8]) -> io::Result<()> {
        let length = libc::socklen_t::try_from(buffer.len());
        let mut length = length.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        // SAFETY: the kernel reads the table's name from the buffer and writes at most `length` bytes into it, which
        // it has.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                self.level,
                option,
                buffer.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

fn write_name(buffer: &mut [u8], table: &str) -> io::Result<()> {
    let name = table.as_bytes();
    match buffer.get_mut(..name.len()) {
        Some(field) if name.len() < NAME => field.copy_from_slice(name),
        _ => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{table:?} is no table's name")));
        }
    }
    Ok(())
}
