//! The two places that list the sockets of a namespace: `sock_diag`, and the files of `/proc/PID/net`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;

use porthole_model::TransportProtocol;
use porthole_wire::netlink::{inet_diag, unix_diag};
use porthole_wire::{AddressFamily, ProcError, SocketRecord, proc_net, proc_net_unix};

use crate::SocketFilter;
use crate::netlink_client::NetlinkClient;

/// What is done with each socket.
pub(crate) type Each<'a> = &'a mut dyn FnMut(SocketRecord) -> ControlFlow<()>;

/// From `sock_diag`, in the namespace that `client` was opened in. After a break the client is of no more use.
pub(crate) fn from_kernel(
    client: &mut NetlinkClient,
    filter: &SocketFilter,
    each: Each<'_>,
) -> io::Result<()> {
    for (family, protocol) in filter.internet() {
        let request = inet_diag::request(family, protocol, filter.states);
        let flow = client.stream(&request, &mut |payload| {
            inet_diag::decode(payload, protocol).map(|record| pass(filter, record, each))
        })?;
        if flow.is_break() {
            return Ok(());
        }
    }
    if filter.wants_unix() {
        let _last = client.stream(&unix_diag::request(filter.states), &mut |payload| {
            unix_diag::decode(payload).map(|record| pass(filter, record, each))
        })?;
    }
    Ok(())
}

/// From the files in `directory`: `/proc/PID/net`. They lack the backlog and `IPV6_V6ONLY` of listeners and the
/// peers of unix sockets.
pub(crate) fn from_files(directory: &Path, filter: &SocketFilter, each: Each<'_>) -> io::Result<()> {
    for (family, protocol) in filter.internet() {
        let Some(name) = file_name(family, protocol) else { continue };
        let flow = lines(&directory.join(name), &mut |line| {
            proc_net::sockets(line, protocol).try_for_each(|record| take(filter, record, each))
        });
        match flow {
            // A kernel without IPv6 has no file for it.
            Err(error) if error.kind() == io::ErrorKind::NotFound && family == AddressFamily::V6 => {}
            flow => {
                if flow?.is_break() {
                    return Ok(());
                }
            }
        }
    }
    if filter.wants_unix() {
        let _last = lines(&directory.join("unix"), &mut |line| {
            // Like sock_diag, without connections that are not accepted yet: they have no inode.
            let rows =
                proc_net_unix::sockets(line).filter(|row| row.as_ref().map_or(true, |row| row.inode != 0));
            rows.into_iter().try_for_each(|record| take(filter, record, each))
        })?;
    }
    Ok(())
}

/// Why a walk through a file ends before its end.
enum Leave {
    Enough,
    Misread(ProcError),
}

fn take(
    filter: &SocketFilter,
    record: Result<SocketRecord, ProcError>,
    each: Each<'_>,
) -> ControlFlow<Leave> {
    match record {
        Ok(record) => pass(filter, record, each).map_break(|()| Leave::Enough),
        Err(error) => ControlFlow::Break(Leave::Misread(error)),
    }
}

fn pass(filter: &SocketFilter, record: SocketRecord, each: Each<'_>) -> ControlFlow<()> {
    if filter.wants(&record) { each(record) } else { ControlFlow::Continue(()) }
}

fn lines(path: &Path, each: &mut dyn FnMut(&[u8]) -> ControlFlow<Leave>) -> io::Result<ControlFlow<()>> {
    let mut reader = BufReader::with_capacity(64 << 10, File::open(path)?);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        match each(&line) {
            ControlFlow::Continue(()) => line.clear(),
            ControlFlow::Break(Leave::Enough) => return Ok(ControlFlow::Break(())),
            ControlFlow::Break(Leave::Misread(error)) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn file_name(family: AddressFamily, protocol: TransportProtocol) -> Option<&'static str> {
    match (protocol, family) {
        (TransportProtocol::Tcp, AddressFamily::V4) => Some("tcp"),
        (TransportProtocol::Tcp, AddressFamily::V6) => Some("tcp6"),
        (TransportProtocol::Udp, AddressFamily::V4) => Some("udp"),
        (TransportProtocol::Udp, AddressFamily::V6) => Some("udp6"),
        (TransportProtocol::Sctp, _) => None,
    }
}
