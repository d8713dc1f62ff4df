//! Streams over TCP.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpStream;

use super::names;
use crate::connect_error::ConnectCause;

/// Connects with the first address of `host` that answers; the error is the last one's.
pub(super) async fn dial(host: &str, port: u16, root: &Path) -> Result<TcpStream, ConnectCause> {
    let mut last = None;
    for address in names::addresses(host, root).await? {
        let address = SocketAddr::new(address, port);
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(|source| why(address, source))?;
                return Ok(stream);
            }
            Err(error) => last = Some(why(address, error)),
        }
    }
    Err(last.unwrap_or_else(|| ConnectCause::NameNotResolved {
        name: host.to_owned(),
        cause: "it has no address".to_owned(),
    }))
}

fn why(address: SocketAddr, source: io::Error) -> ConnectCause {
    match source.kind() {
        ErrorKind::ConnectionRefused => ConnectCause::Refused { address },
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
            ConnectCause::Unreachable { address, source }
        }
        _ => ConnectCause::Failed { attempt: format!("connecting with {address}"), source },
    }
}
