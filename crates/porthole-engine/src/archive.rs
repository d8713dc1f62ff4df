//! The files of a container through the engine: looked at, fetched and put as tar streams, whatever its state.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::client::{AnswerStream, Client};
use crate::request_error::{Call, RequestError};

/// The engine's word on a path is in this header, as JSON in base64.
const STAT: &str = "x-docker-container-path-stat";

/// Go's `os.ModeDir` and `os.ModeSymlink`.
const DIRECTORY: u32 = 1 << 31;
const LINK: u32 = 1 << 27;

/// How many pieces may wait to be sent.
const WAITING: usize = 4;

/// What is at a path of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchiveEntry {
    /// A directory.
    Directory,
    /// A link, and where it leads in the end.
    Link(PathBuf),
    /// Anything else.
    File,
}

/// The pieces of a stream that is put. Dropping it ends the stream.
pub struct ArchiveSender(Sender<io::Result<Bytes>>);

impl ArchiveSender {
    /// The way in, and what [`put_archive`] takes.
    pub fn new() -> (Self, ArchivePieces) {
        let (sender, receiver) = channel(WAITING);
        (Self(sender), ArchivePieces(receiver))
    }

    /// Hands a piece over as soon as there is room; false when nobody takes it any more.
    pub async fn send(&self, piece: Vec<u8>) -> bool {
        self.0.send(Ok(piece.into())).await.is_ok()
    }

    /// The same from a thread that may wait.
    pub fn send_blocking(&self, piece: Vec<u8>) -> bool {
        self.0.blocking_send(Ok(piece.into())).is_ok()
    }

    /// [`ArchiveSender::break_off`] from a thread that may wait.
    pub fn break_off_blocking(self) {
        let _nobody_listens = self.0.blocking_send(Err(broken_off()));
    }

    /// Says that the stream did not come to its end.
    pub async fn break_off(self) {
        let _nobody_listens = self.0.send(Err(broken_off())).await;
    }
}

fn broken_off() -> io::Error {
    io::Error::other("the stream was broken off")
}

/// The other end of an [`ArchiveSender`].
pub struct ArchivePieces(pub(crate) Receiver<io::Result<Bytes>>);

/// What is at a path of a container, the last link of which is not followed; `None` where nothing is.
pub async fn look_at(client: &Client, id: &str, path: &Path) -> Result<Option<ArchiveEntry>, RequestError> {
    let path = archive_path(id, path);
    let headers = match client.head(&path).await {
        Ok(headers) => headers,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let stat = headers.get(STAT).map(hyper::header::HeaderValue::as_bytes).unwrap_or_default();
    let not_understood = |cause: String| RequestError::NotUnderstood {
        call: Call { method: Method::HEAD, path: path.clone() },
        cause,
    };
    let json = STANDARD.decode(stat).map_err(|error| not_understood(error.to_string()))?;
    entry(&json).map(Some).map_err(|error| not_understood(error.to_string()))
}

/// What is at a path of a container, as a tar stream in which everything is below the path's last name.
pub async fn get_archive(client: &Client, id: &str, path: &Path) -> Result<AnswerStream, RequestError> {
    client.stream(Method::GET, &archive_path(id, path)).await
}

/// Writes what a tar stream holds below a directory of a container, with the owners that the stream says.
pub async fn put_archive(
    client: &Client,
    id: &str,
    directory: &Path,
    pieces: ArchivePieces,
) -> Result<(), RequestError> {
    let path = format!("{}&noOverwriteDirNonDir=true", archive_path(id, directory));
    client.put(&path, "application/x-tar", pieces.0).await
}

fn archive_path(id: &str, path: &Path) -> String {
    let path =
        percent_encoding::percent_encode(path.as_os_str().as_bytes(), percent_encoding::NON_ALPHANUMERIC);
    format!("/containers/{id}/archive?path={path}")
}

fn entry(json: &[u8]) -> Result<ArchiveEntry, serde_json::Error> {
    #[derive(Deserialize)]
    struct Stat {
        mode: u32,
        #[serde(rename = "linkTarget", default)]
        link_target: PathBuf,
    }
    let stat: Stat = serde_json::from_slice(json)?;
    Ok(match stat.mode {
        mode if mode & DIRECTORY != 0 => ArchiveEntry::Directory,
        mode if mode & LINK != 0 => ArchiveEntry::Link(stat.link_target),
        _ => ArchiveEntry::File,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_says_of_a_path() {
        let of = |json: &str| entry(json.as_bytes()).unwrap();
        assert_eq!(of(r#"{"name":"d","mode":2147484141,"linkTarget":""}"#), ArchiveEntry::Directory);
        assert_eq!(of(r#"{"name":"l","mode":134218239,"linkTarget":"/x"}"#), ArchiveEntry::Link("/x".into()));
        assert_eq!(of(r#"{"name":"f","mode":420}"#), ArchiveEntry::File);
    }
}
