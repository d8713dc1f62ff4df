//! A service of any kind that a raw relay leads to: a unix socket or a TCP port.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;
use tokio::net::{TcpStream, UnixStream};

use crate::{BoxFuture, BoxedStream, Connect};

/// Where a service listens: `unix:///path`, `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A unix socket.
    Unix(PathBuf),
    /// A TCP port.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

/// A text that names no service.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is neither unix:///path nor tcp://host:port")]
pub struct TargetError(String);

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let target = match text.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => Some(Self::Unix(path.into())),
            Some(("tcp", place)) => host_and_port(place).map(|(host, port)| Self::Tcp { host, port }),
            _ => None,
        };
        target.ok_or_else(|| TargetError(text.to_owned()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(formatter, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(formatter, "tcp://{host}:{port}"),
        }
    }
}

impl Connect for Target {
    fn connect(&self) -> BoxFuture<'_, io::Result<BoxedStream>> {
        Box::pin(async move {
            Ok(match self {
                Self::Unix(path) => Box::new(UnixStream::connect(path).await?) as BoxedStream,
                Self::Tcp { host, port } => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    stream.set_nodelay(true)?;
                    Box::new(stream)
                }
            })
        })
    }
}

/// `host:port` or `[v6]:port`, and nothing behind it.
fn host_and_port(place: &str) -> Option<(String, u16)> {
    let (host, port) = place.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_clear = bare.is_some() || !host.contains(':');
    let host = bare.unwrap_or(host);
    (is_clear && !host.is_empty() && !host.contains(['/', '@', '[', ']']))
        .then(|| Some((host.to_owned(), port.parse().ok().filter(|port| *port != 0)?)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_prints_as_it_is_read() {
        for text in ["unix:///run/a.sock", "tcp://db.example:5432", "tcp://127.0.0.1:80", "tcp://[::1]:6379"]
        {
            assert_eq!(text.parse::<Target>().map(|target| target.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_names_no_service_is_refused() {
        for text in [
            "",
            "db:5432",
            "unix://relative",
            "tcp://db",
            "tcp://:80",
            "tcp://db:0",
            "tcp://db:99999",
            "tcp://::1:80",
            "tcp://user@db:80",
            "tcp://db:80/path",
            "ssh://db:22",
        ] {
            assert_eq!(text.parse::<Target>(), Err(TargetError(text.to_owned())), "{text}");
        }
    }
}
