//! Unix sockets: `SOCK_DIAG_BY_FAMILY` of `AF_UNIX` and its answers (`sock_diag(7)`).

use porthole_model::{SocketEndpoint, SocketState, UnixSocket};

use super::attribute::Attributes;
use super::message::Request;
use super::{AF_UNIX, NetlinkError, SOCK_DIAG_BY_FAMILY, fixed, u32_at};
use crate::socket_record::{SocketRecord, SocketStates, state_of_number, unix_kind_of_number};

const WHAT: &str = "unix socket";
const UDIAG_SHOW_NAME: u32 = 1;
const UDIAG_SHOW_VFS: u32 = 2;
const UDIAG_SHOW_PEER: u32 = 4;
const UNIX_DIAG_NAME: u16 = 0;
const UNIX_DIAG_VFS: u16 = 1;
const UNIX_DIAG_PEER: u16 = 2;

/// Asks for the unix sockets in these states, with names and peers.
pub fn request(states: SocketStates) -> Request {
    request_with(states, UDIAG_SHOW_NAME | UDIAG_SHOW_PEER)
}

/// Asks for the unix sockets that listen, with names and files.
pub fn listeners_request() -> Request {
    request_with(SocketStates::of(&[SocketState::Listening]), UDIAG_SHOW_NAME | UDIAG_SHOW_VFS)
}

fn request_with(states: SocketStates, show: u32) -> Request {
    let mut fixed = [0; 24];
    fixed[0] = AF_UNIX;
    fixed[4..8].copy_from_slice(&states.bits().to_ne_bytes());
    fixed[12..16].copy_from_slice(&show.to_ne_bytes());
    Request::dump(SOCK_DIAG_BY_FAMILY).with_fixed(&fixed)
}

/// Decodes an answer.
pub fn decode(payload: &[u8]) -> Result<SocketRecord, NetlinkError> {
    let (answer, attributes) = fixed::<16>(WHAT, payload)?;
    let attributes = Attributes::check(WHAT, attributes)?;
    let lacks = |part| NetlinkError::Lacks { what: WHAT, part };
    let socket = UnixSocket {
        kind: unix_kind_of_number(answer[1]).ok_or(lacks("known kind"))?,
        state: state_of_number(answer[2]).ok_or(lacks("known state"))?,
        path: attributes.find(UNIX_DIAG_NAME).and_then(|attribute| path(attribute.value)),
        peer: attributes.find(UNIX_DIAG_PEER).and_then(|attribute| attribute.u32()).and_then(peer),
    };
    Ok(SocketRecord { endpoint: SocketEndpoint::Unix(socket), inode: u64::from(u32_at(answer, 4)) })
}

/// A peer that its process has not accepted yet has no inode.
fn peer(inode: u32) -> Option<u64> {
    (inode != 0).then(|| u64::from(inode))
}

/// A unix socket that listens, and the file it is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnixListener {
    /// Its inode in sockfs.
    pub inode: u64,
    /// The name it was bound to.
    pub path: Option<String>,
    file: Option<(u32, u32)>,
}

impl UnixListener {
    /// Whether it is bound to the file of that device and inode, as stat(2) gives them.
    ///
    /// The kernel gives the lower half of the inode, and the device as it keeps it itself (`MKDEV`: 12 bits major,
    /// 20 bits minor). File systems that make up devices for stat(2), such as btrfs, never match.
    pub fn is_bound_to(&self, device: u64, inode: u64) -> bool {
        let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
        let minor = (device & 0xff) | (device >> 12 & !0xff);
        let Some((low_inode, kernel_device)) = self.file else { return false };
        u64::from(kernel_device) == (major << 20 | minor & 0xf_ffff)
            && u64::from(low_inode) == inode & 0xffff_ffff
    }
}

/// Decodes an answer to [`listeners_request`].
pub fn decode_listener(payload: &[u8]) -> Result<UnixListener, NetlinkError> {
    let (answer, attributes) = fixed::<16>(WHAT, payload)?;
    let attributes = Attributes::check(WHAT, attributes)?;
    let file = attributes.find(UNIX_DIAG_VFS).filter(|attribute| attribute.value.len() >= 8);
    Ok(UnixListener {
        inode: u64::from(u32_at(answer, 4)),
        path: attributes.find(UNIX_DIAG_NAME).and_then(|attribute| path(attribute.value)),
        file: file.map(|attribute| (u32_at(attribute.value, 0), u32_at(attribute.value, 4))),
    })
}

/// unix(7): a path may carry its NUL; an abstract name begins with NUL and may hold more, shown as `@` like the
/// kernel shows them in `/proc/net/unix`.
fn path(name: &[u8]) -> Option<String> {
    if name.first()? != &0 {
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        return Some(String::from_utf8_lossy(&name[..end]).into_owned());
    }
    let shown: Vec<u8> = name.iter().map(|byte| if *byte == 0 { b'@' } else { *byte }).collect();
    Some(String::from_utf8_lossy(&shown).into_owned())
}

#[cfg(test)]
mod tests {
    use porthole_model::{SocketState, UnixSocketKind};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_paths_or_abstract() {
        assert_eq!(path(b"/run/x.sock\0").as_deref(), Some("/run/x.sock"));
        assert_eq!(path(b"/run/x.sock").as_deref(), Some("/run/x.sock"));
        assert_eq!(path(b"\0hidden\0part").as_deref(), Some("@hidden@part"));
        assert_eq!(path(b""), None);
    }

    #[test]
    fn a_listener_without_a_peer() {
        let mut bytes = vec![1, 5, 10, 0];
        bytes.extend(77u32.to_ne_bytes());
        bytes.extend([0; 8]);
        let record = decode(&bytes).unwrap();
        let (kind, state) = (UnixSocketKind::SequentialPacket, SocketState::Listening);
        assert_eq!(record.endpoint, SocketEndpoint::Unix(UnixSocket { kind, state, path: None, peer: None }));
        assert_eq!(record.inode, 77);
    }

    #[test]
    fn a_listener_is_told_by_device_and_inode() {
        // Device 0:25 as the kernel keeps it; stat(2) gives 25 too. A minor beyond 255 is split.
        let listener = UnixListener { inode: 1, path: None, file: Some((7, 25)) };
        assert!(listener.is_bound_to(25, 7));
        assert!(listener.is_bound_to(25, 7 | 1 << 32));
        assert!(!listener.is_bound_to(26, 7));
        let disk = UnixListener { file: Some((7, 8 << 20 | 0x101)), ..listener };
        assert!(disk.is_bound_to(8 << 8 | 0x01 | 0x1 << 20, 7));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = (decode(&bytes).is_ok(), decode_listener(&bytes).is_ok());
        }
    }
}
