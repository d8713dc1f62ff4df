//! `/proc/net/unix`: the unix sockets of a namespace where `sock_diag` may not be used.

use porthole_model::{SocketEndpoint, SocketState, UnixSocket};

use crate::proc_error::{ProcError, lines, number};
use crate::socket_record::{SocketRecord, unix_kind_of_number};

const FILE: &str = "/proc/net/unix";

/// `__SO_ACCEPTCON`: the socket listens.
const ACCEPTS: u32 = 0x1_0000;
/// `SS_CONNECTED`.
const CONNECTED: u8 = 3;

/// The sockets in the file or in a run of its lines; a row that is not understood is an error of its own. Peers are not shown.
pub fn sockets(text: &[u8]) -> impl Iterator<Item = Result<SocketRecord, ProcError>> + '_ {
    let rows = lines(text).filter(|line| !line.trim_ascii_start().starts_with(b"Num "));
    rows.map(|line| socket(line).ok_or_else(|| ProcError::line(FILE, line)))
}

/// The columns: address, references, protocol, flags, type, state, inode, and a path that may hold spaces.
fn socket(line: &[u8]) -> Option<SocketRecord> {
    let mut rest = line;
    let mut column = || {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        rest = behind;
        std::str::from_utf8(word).ok()
    };
    column()?;
    column()?;
    column()?;
    let flags = u32::from_str_radix(column()?, 16).ok()?;
    let kind = u8::from_str_radix(column()?, 16).ok().and_then(unix_kind_of_number)?;
    let state = u8::from_str_radix(column()?, 16).ok()?;
    let inode = number(column()?.as_bytes())?;
    let path = rest.get(1..).filter(|path| !path.is_empty());
    let path = path.map(|path| String::from_utf8_lossy(path).into_owned());
    let socket = UnixSocket { kind, state: state_of(flags, state), path, peer: None };
    Some(SocketRecord { endpoint: SocketEndpoint::Unix(socket), inode })
}

fn state_of(flags: u32, state: u8) -> SocketState {
    if flags & ACCEPTS != 0 {
        SocketState::Listening
    } else if state == CONNECTED {
        SocketState::Established
    } else {
        SocketState::Unconnected
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::UnixSocketKind;
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 16163 /run/docker.sock
0000000000000000: 00000002 00000000 00000000 0002 01   901 @abstract
0000000000000000: 00000003 00000000 00000000 0005 03 16164
0000000000000000: 00000002 00000000 00010000 0001 01 7 /tmp/with  spaces
";

    fn unix(record: &SocketRecord) -> &UnixSocket {
        match &record.endpoint {
            SocketEndpoint::Unix(socket) => socket,
            SocketEndpoint::Internet(_) => panic!("not a unix socket"),
        }
    }

    #[test]
    fn rows_of_every_kind() {
        let records: Vec<_> = sockets(TEXT.as_bytes()).map(Result::unwrap).collect();
        let found: Vec<_> = records.iter().map(unix).collect();
        assert_eq!(found[0].path.as_deref(), Some("/run/docker.sock"));
        assert_eq!((found[0].kind, found[0].state), (UnixSocketKind::Stream, SocketState::Listening));
        assert_eq!((found[1].kind, found[1].state), (UnixSocketKind::Datagram, SocketState::Unconnected));
        assert_eq!((found[2].path.as_deref(), found[2].state), (None, SocketState::Established));
        assert_eq!(found[3].path.as_deref(), Some("/tmp/with  spaces"));
        assert_eq!(records[1].inode, 901);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = sockets(&bytes).count();
        }
    }
}
