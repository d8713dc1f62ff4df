//! Which user namespace something belongs to, and whether this process rules there (`ioctl_ns(2)`, Linux 4.9).

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;

/// How a user namespace stands to this process's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is the same.
    Own,
    /// It is below that.
    Below {
        /// The user who made the first one on the way down, and has every right in it.
        maker: u32,
    },
    /// It is neither.
    Elsewhere,
}

/// The user namespace that another namespace belongs to. Fails with EPERM where that is out of this process's sight.
pub(crate) fn owner(namespace: impl AsFd) -> io::Result<OwnedFd> {
    related(namespace, libc::NS_GET_USERNS)
}

/// How the user namespace stands to this process's own, which is `own`.
pub(crate) fn standing(user_namespace: OwnedFd, own: &File) -> io::Result<Standing> {
    let mut current = user_namespace;
    let mut maker = None;
    loop {
        if is_same(&current, own)? {
            return Ok(maker.map_or(Standing::Own, |maker| Standing::Below { maker }));
        }
        maker = Some(owner_uid(&current)?);
        current = match related(&current, libc::NS_GET_PARENT) {
            Err(error) if Errno::from_io_error(&error) == Some(Errno::PERM) => {
                return Ok(Standing::Elsewhere);
            }
            parent => parent?,
        };
    }
}

/// Whether both descriptors are of one namespace.
pub(crate) fn is_same(one: impl AsFd, other: impl AsFd) -> io::Result<bool> {
    let identity = |namespace: &dyn AsFd| -> io::Result<(u64, u64)> {
        let metadata = File::from(namespace.as_fd().try_clone_to_owned()?).metadata()?;
        Ok((metadata.dev(), metadata.ino()))
    };
    Ok(identity(&one)? == identity(&other)?)
}

#[expect(unsafe_code, reason = "rustix has none of the requests of ioctl_ns(2)")]
fn related(namespace: impl AsFd, request: libc::Ioctl) -> io::Result<OwnedFd> {
    // SAFETY: these requests take no argument and give a new descriptor.
    match unsafe { libc::ioctl(namespace.as_fd().as_raw_fd(), request) } {
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: the call made it, and nobody else has it.
        descriptor => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
    }
}

#[expect(unsafe_code, reason = "rustix has none of the requests of ioctl_ns(2)")]
fn owner_uid(user_namespace: &OwnedFd) -> io::Result<u32> {
    let mut uid: libc::uid_t = 0;
    // SAFETY: the request writes one uid_t.
    match unsafe { libc::ioctl(user_namespace.as_raw_fd(), libc::NS_GET_OWNER_UID, &raw mut uid) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(uid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(kind: &str) -> File {
        File::open(format!("/proc/self/ns/{kind}")).unwrap()
    }

    #[test]
    fn ones_own_network_belongs_to_a_user_namespace_that_one_stands_in_or_cannot_see() {
        match owner(own("net")) {
            Ok(users) => assert!(standing(users, &own("user")).is_ok()),
            Err(error) => assert_eq!(Errno::from_io_error(&error), Some(Errno::PERM)),
        }
        let users = OwnedFd::from(own("user"));
        assert_eq!(standing(users, &own("user")).unwrap(), Standing::Own);
    }
}
