//! Calls of the mount API that rustix lacks.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Makes a mount, and those below it, read-only (`mount_setattr(2)`, Linux 5.12).
#[expect(unsafe_code, reason = "rustix has no mount_setattr")]
pub(super) fn make_read_only(tree: impl AsFd) -> io::Result<()> {
    let attributes =
        libc::mount_attr { attr_set: libc::MOUNT_ATTR_RDONLY, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    // SAFETY: the path is a string with an end and the attributes are as long as is said; both are read only.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_fd().as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
