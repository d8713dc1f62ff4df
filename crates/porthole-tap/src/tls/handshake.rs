//! The handshake with a client, which must show a certificate.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate;
use super::fault::{HandshakeFault, fault_of};

/// How long a client that is not let in may take to read why. Closed at once, with its request unread, the system
/// would reset the connection, and what was said would be lost.
const FAREWELL: Duration = Duration::from_secs(1);

/// What Go's servers, and so the engine, answer to those who forgot the TLS: the docker CLI shows it.
const NO_TLS: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Lets the client in, with the name in its certificate.
pub(crate) async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    limit: Duration,
) -> Result<(TlsStream<TcpStream>, String), HandshakeFault> {
    let (fault, mut stream) = match timeout(limit, attempt(acceptor, stream)).await {
        Err(_) => return Err(HandshakeFault::TooSlow(limit)),
        Ok(Err(refused)) => refused,
        Ok(Ok(stream)) => match name(&stream) {
            Some(name) => return Ok((stream, name)),
            None => return Err(HandshakeFault::NoCertificate),
        },
    };
    let _not_heard = timeout(FAREWELL, say_farewell(&fault, &mut stream)).await;
    Err(fault)
}

async fn attempt(
    acceptor: TlsAcceptor,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, (HandshakeFault, TcpStream)> {
    match speaks_http(&stream).await {
        Ok(true) => return Err((HandshakeFault::PlainHttp, stream)),
        Ok(false) => {}
        Err(error) => return Err((fault_of(&error), stream)),
    }
    let shaken = acceptor.accept(stream).into_fallible().await;
    shaken.map_err(|(error, stream)| (fault_of(&error), stream))
}

/// A request begins with its method, and nothing of TLS with a letter.
async fn speaks_http(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let length = stream.peek(&mut first).await?;
    Ok(length == 1 && first[0].is_ascii_uppercase())
}

fn name(stream: &TlsStream<TcpStream>) -> Option<String> {
    let (_, session) = stream.get_ref();
    session.peer_certificates()?.first().map(certificate::name)
}

async fn say_farewell(fault: &HandshakeFault, stream: &mut TcpStream) -> io::Result<()> {
    if *fault == HandshakeFault::PlainHttp {
        stream.write_all(NO_TLS).await?;
    }
    stream.shutdown().await?;
    let mut unread = [0; 1024];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}
