//! A socket's file that is held on to, so that it is reached whatever becomes of its names.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Mode, OFlags};

/// A socket's file, held on to. It is connected to by [`HeldSocket::path`] as long as this lives.
#[derive(Debug)]
pub struct HeldSocket {
    descriptor: Mutex<OwnedFd>,
    path: PathBuf,
}

impl HeldSocket {
    /// Holds the socket that is at `path` now.
    pub fn at(path: &Path) -> io::Result<Self> {
        let descriptor = open(path)?;
        // proc_pid_fd(5): such a name leads to the file itself, wherever it was moved.
        let path = format!("/proc/self/fd/{}", descriptor.as_raw_fd()).into();
        Ok(Self { descriptor: Mutex::new(descriptor), path })
    }

    /// Holds another one instead, under the same path.
    pub fn replace(&self, path: &Path) -> io::Result<()> {
        let mut descriptor = self.descriptor.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rustix::io::dup3(open(path)?, &mut descriptor, rustix::io::DupFlags::CLOEXEC)?)
    }

    /// The path that leads to it within this process.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    fn heard(listener: &UnixListener, held: &HeldSocket) -> bool {
        UnixStream::connect(held.path()).unwrap().write_all(b"x").unwrap();
        listener.accept().is_ok()
    }

    #[test]
    fn a_socket_is_reached_after_its_file_was_moved_and_another_one_put_in_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| directory.path().join(name));
        let listener = UnixListener::bind(&first).unwrap();
        let held = HeldSocket::at(&first).unwrap();
        std::fs::rename(&first, directory.path().join("moved")).unwrap();
        let _other = UnixListener::bind(&first).unwrap();
        assert!(heard(&listener, &held));
        let new = UnixListener::bind(&second).unwrap();
        held.replace(&second).unwrap();
        assert!(heard(&new, &held));
    }
}
