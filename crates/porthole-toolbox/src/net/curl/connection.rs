//! A connection to where a URL leads, and one request over it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::request::Draft;
use super::target::Target;
use super::{Arguments, code};
use crate::net::names::{self, Family};
use crate::net::tool::{Failure, say};
use crate::net::trust::Witness;

/// How long a connection may take where nothing else is said; curl gives up after as long.
const PATIENCE: Duration = Duration::from_mins(5);

/// An answer whose body is still to come.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) begin: Instant,
}

/// Anything that bytes go over.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects, asks, and gives the answer's head.
pub(super) async fn exchange(
    arguments: &Arguments,
    target: &Target,
    draft: &Draft,
) -> Result<Answer, Failure> {
    let begin = Instant::now();
    let request = draft.to(target)?;
    let limit = arguments.connect_timeout.unwrap_or(PATIENCE);
    let connected = tokio::time::timeout(limit, connect(arguments, target)).await;
    let (stream, peer) = connected.unwrap_or_else(|_| {
        let words = format!("no connection with {} port {} in time", target.host, target.port);
        Err(Failure::new(code::TIMED_OUT, words))
    })?;
    let mut client = hyper::client::conn::http1::Builder::new();
    let handshake = client.title_case_headers(true).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| broken(&error))?;
    tokio::spawn(connection);
    if arguments.verbose {
        say(&format!("> {} {} HTTP/1.1", request.method(), target.path));
        tell(">", request.headers());
    }
    let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
    if arguments.verbose {
        say(&format!("< {:?} {}", response.version(), response.status()));
        tell("<", response.headers());
    }
    Ok(Answer { response, peer, begin })
}

fn tell(direction: &str, headers: &HeaderMap) {
    for (name, value) in headers {
        say(&format!("{direction} {name}: {}", String::from_utf8_lossy(value.as_bytes())));
    }
    say(direction);
}

async fn connect(
    arguments: &Arguments,
    target: &Target,
) -> Result<(Box<dyn Stream>, Option<SocketAddr>), Failure> {
    let (stream, peer): (Box<dyn Stream>, _) = if let Some(path) = &arguments.unix_socket {
        let stream = UnixStream::connect(path).await;
        let refused = |error: io::Error| {
            Failure::new(code::NO_CONNECTION, format!("cannot connect to {}: {error}", path.display()))
        };
        (Box::new(stream.map_err(refused)?), None)
    } else {
        let (stream, peer) = over_tcp(arguments, target).await?;
        (Box::new(stream), Some(peer))
    };
    if target.tls { Ok((over_tls(arguments, target, stream).await?, peer)) } else { Ok((stream, peer)) }
}

/// Every address of the host in turn.
async fn over_tcp(arguments: &Arguments, target: &Target) -> Result<(TcpStream, SocketAddr), Failure> {
    let mut failures = Vec::new();
    for address in addresses(arguments, target)? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                if arguments.verbose {
                    say(&format!("* connected to {} ({address})", target.host));
                }
                return Ok((stream, address));
            }
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    let words = format!("cannot connect to {} port {}: {}", target.host, target.port, failures.join("; "));
    Err(Failure::new(code::NO_CONNECTION, words))
}

/// What `--resolve` says, else what the name means here.
fn addresses(arguments: &Arguments, target: &Target) -> Result<Vec<SocketAddr>, Failure> {
    for line in &arguments.resolve {
        let bad = || Failure::usage(format!("{line:?}: write it as HOST:PORT:ADDRESS"));
        let mut parts = line.splitn(3, ':');
        let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad());
        };
        if (host == target.host || host == "*") && port.parse() == Ok(target.port) {
            let address = address.trim_start_matches('[').trim_end_matches(']');
            let address = address.parse().map_err(|_| bad())?;
            return Ok(vec![SocketAddr::new(address, target.port)]);
        }
    }
    let family = Family::of(arguments.ipv4, arguments.ipv6);
    names::addresses(&target.host, target.port, family).map_err(|error| Failure::new(code::NO_NAME, error))
}

async fn over_tls(
    arguments: &Arguments,
    target: &Target,
    stream: Box<dyn Stream>,
) -> Result<Box<dyn Stream>, Failure> {
    let witness = Witness::new(arguments.cacert.as_deref(), arguments.insecure)?;
    let connector = TlsConnector::from(Arc::new(witness.client(&["http/1.1"])?));
    let name = ServerName::try_from(target.host.clone());
    let name =
        name.map_err(|_| Failure::new(code::BAD_URL, format!("{} is no name for TLS", target.host)))?;
    match connector.connect(name, stream).await {
        Ok(stream) => {
            if arguments.verbose {
                let session = stream.get_ref().1;
                let cipher = session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
                say(&format!("* TLS with {}", cipher.unwrap_or_default()));
            }
            Ok(Box::new(stream))
        }
        Err(error) => Err(match witness.verdict().and_then(|verdict| verdict.fault) {
            Some(fault) if !arguments.insecure => {
                let words = format!("the certificate of {} is not believed: {fault}", target.host);
                Failure::new(code::NOT_BELIEVED, words + " (-k believes any; the tool tls shows the chain)")
            }
            _ => Failure::new(code::NO_TLS, format!("TLS with {} failed: {error}", target.host)),
        }),
    }
}

fn broken(error: &hyper::Error) -> Failure {
    if error.is_incomplete_message() {
        Failure::new(code::NO_ANSWER, "the server closed without an answer")
    } else {
        Failure::new(code::BROKEN, format!("the answer is broken: {error}"))
    }
}
