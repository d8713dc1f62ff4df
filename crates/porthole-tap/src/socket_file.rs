//! The file of a unix socket: taken when nobody listens, private from the first moment, removed at the end.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener as BlockingListener;
use std::path::{Path, PathBuf};

use porthole_model::Gid;
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::net::{UnixListener, UnixStream};

use crate::ListenError;
use crate::listener::listening_process;

/// Connections that may wait to be accepted; the kernel lowers it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// The file of a socket that is listened on.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// The device and the inode: what to remove, and nothing that took its place.
    identity: (u64, u64),
}

impl SocketFile {
    /// Makes the socket and listens on it.
    pub(crate) async fn claim(
        path: &Path,
        mode: u32,
        group: Option<Gid>,
    ) -> Result<(UnixListener, Self), ListenError> {
        let failed = |attempt| move |source| ListenError::Socket { attempt, path: path.to_owned(), source };
        // Of two that start at once, the second finds the first one listening.
        let _lock = lock_directory(path).map_err(failed("lock the directory of"))?;
        make_room(path).await?;
        let (socket, file) = bind(path).map_err(failed("make the socket"))?;
        // Nobody can connect before `listen`, so nobody connects under other permissions.
        restrict(path, mode, group).map_err(failed("set the permissions of"))?;
        let listener = listen(socket).map_err(failed("listen on"))?;
        Ok((listener, file))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.identity);
        if is_ours {
            let _already_gone = fs::remove_file(&self.path);
        }
    }
}

fn lock_directory(path: &Path) -> io::Result<OwnedFd> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let directory =
        rustix::fs::open(directory, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::fs::flock(&directory, FlockOperation::LockExclusive)?;
    Ok(directory)
}

/// Removes the file that a dead process left.
async fn make_room(path: &Path) -> Result<(), ListenError> {
    let failed = |attempt| move |source| ListenError::Socket { attempt, path: path.to_owned(), source };
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(failed("look at"))?,
    };
    if !metadata.file_type().is_socket() {
        return Err(ListenError::NotASocket { path: path.to_owned() });
    }
    let in_use = |process| ListenError::InUse { path: path.to_owned(), process };
    match UnixStream::connect(path).await {
        Ok(stream) => Err(in_use(listening_process(&stream))),
        // Its queue is full, so there is one.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(in_use(None)),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed("remove the stale socket"))
        }
        Err(error) => Err(failed("find out who listens on")(error)),
    }
}

fn bind(path: &Path) -> io::Result<(OwnedFd, SocketFile)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    let metadata = fs::symlink_metadata(path)?;
    let identity = (metadata.dev(), metadata.ino());
    Ok((socket, SocketFile { path: path.to_owned(), identity }))
}

fn restrict(path: &Path, mode: u32, group: Option<Gid>) -> io::Result<()> {
    std::os::unix::fs::chown(path, None, group.map(|group| group.0))?;
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

fn listen(socket: OwnedFd) -> io::Result<UnixListener> {
    rustix::net::listen(&socket, BACKLOG)?;
    UnixListener::from_std(BlockingListener::from(socket))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use porthole_model::Pid;

    use super::*;

    fn path_in(directory: &tempfile::TempDir) -> PathBuf {
        directory.path().join("tap.sock")
    }

    async fn claim(path: &Path) -> Result<(UnixListener, SocketFile), ListenError> {
        SocketFile::claim(path, 0o600, None).await
    }

    #[tokio::test]
    async fn a_socket_is_private_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = path_in(&directory);
        let claimed = claim(&path).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(UnixStream::connect(&path).await.is_ok());
        drop(claimed);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn mode_and_group_are_set() {
        let directory = tempfile::tempdir().unwrap();
        let path = path_in(&directory);
        let group = fs::metadata(directory.path()).unwrap().gid();
        let _claimed = SocketFile::claim(&path, 0o660, Some(Gid(group))).await.unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.gid()), (0o660, group));
    }

    #[tokio::test]
    async fn the_file_of_a_dead_run_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = path_in(&directory);
        drop(BlockingListener::bind(&path).unwrap());
        assert!(path.exists());
        let _claimed = claim(&path).await.unwrap();
        assert!(UnixStream::connect(&path).await.is_ok());
    }

    #[tokio::test]
    async fn a_live_socket_is_never_replaced_and_its_owner_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = path_in(&directory);
        let _first = claim(&path).await.unwrap();
        let error = claim(&path).await.unwrap_err();
        let ListenError::InUse { process, .. } = &error else { panic!("{error}") };
        assert_eq!(*process, Some(Pid(std::process::id())));
        assert!(UnixStream::connect(&path).await.is_ok());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = path_in(&directory);
        fs::write(&path, "precious").unwrap();
        assert!(matches!(claim(&path).await, Err(ListenError::NotASocket { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[tokio::test]
    async fn the_file_of_a_successor_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = path_in(&directory);
        let claimed = claim(&path).await.unwrap();
        fs::remove_file(&path).unwrap();
        let _successor = BlockingListener::bind(&path).unwrap();
        drop(claimed);
        assert!(path.exists());
    }
}
