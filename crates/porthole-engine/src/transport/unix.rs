//! Streams over unix sockets, and what is wrong with one that cannot be opened.

use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;

use super::Dialled;
use super::accounts::SocketPermission;
use crate::connect_error::ConnectCause;
use crate::locality::Peer;

/// Connects with the socket at `path`, and tells who listens there.
pub(super) async fn dial(path: &Path, root: &Path) -> Result<Dialled, ConnectCause> {
    let stream = connect(path, root).await?;
    let peer = stream.peer_cred().map_err(|source| failed(path, source))?;
    Ok(Dialled::plain(stream, Some(Peer::from(peer))))
}

/// Connects with the socket at `path`.
pub(super) async fn connect(path: &Path, root: &Path) -> Result<UnixStream, ConnectCause> {
    UnixStream::connect(path).await.map_err(|error| why(path, root, error))
}

fn why(path: &Path, root: &Path, error: io::Error) -> ConnectCause {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => missing(path),
        ErrorKind::PermissionDenied => denied(path, root, error),
        ErrorKind::ConnectionRefused => refused(path, error),
        // connect(2): EAGAIN of a unix socket means that the listener's queue is full.
        ErrorKind::WouldBlock => ConnectCause::QueueFull { path: path.to_owned() },
        _ => failed(path, error),
    }
}

/// A link whose target is missing counts as a missing socket.
fn missing(path: &Path) -> ConnectCause {
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    // An error says that it is no link: EINVAL, or ENOENT.
    let link = fs::read_link(path).ok();
    ConnectCause::NoSocket { path: path.to_owned(), directory_exists: directory.is_dir(), directory, link }
}

/// connect(2): ECONNREFUSED both for a socket that nobody listens on and for a file that is no socket.
fn refused(path: &Path, error: io::Error) -> ConnectCause {
    match fs::metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            ConnectCause::StaleSocket { path: path.to_owned() }
        }
        Ok(metadata) => {
            ConnectCause::NotASocket { path: path.to_owned(), what: kind_of(metadata.file_type()) }
        }
        Err(_) => failed(path, error),
    }
}

fn denied(path: &Path, root: &Path, error: io::Error) -> ConnectCause {
    match fs::metadata(path) {
        Ok(metadata) => {
            ConnectCause::PermissionDenied(Box::new(SocketPermission::read(path, &metadata, root)))
        }
        Err(metadata_error) if metadata_error.kind() == ErrorKind::PermissionDenied => {
            ConnectCause::DirectoryDenied { path: path.to_owned() }
        }
        Err(_) => failed(path, error),
    }
}

fn failed(path: &Path, source: io::Error) -> ConnectCause {
    ConnectCause::Failed { attempt: format!("connecting with {}", path.display()), source }
}

fn kind_of(file: FileType) -> &'static str {
    if file.is_dir() {
        "a directory"
    } else if file.is_file() {
        "a regular file"
    } else if file.is_fifo() {
        "a named pipe"
    } else {
        "a device"
    }
}
