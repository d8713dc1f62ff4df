//! A small web server: connections are taken, and a function answers each request.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// A request without its body.
pub(super) type Head = Request<()>;
/// An answer, whose body may come piece by piece.
pub(super) type Answer = Response<BoxBody<Bytes, io::Error>>;

/// How long a client may take over the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait where no connection can be taken, because too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// The two ends of a connection; IPv4 is shown as such.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
}

/// Answers the requests of every connection, for ever.
pub(super) async fn serve<F, W>(listener: TcpListener, answer: F) -> io::Result<()>
where
    F: Fn(Head, Ends) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Answer> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(converse(stream, peer, answer.clone()));
            }
            // A client that went before it was taken says nothing about the next one.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn converse<F, W>(stream: TcpStream, peer: SocketAddr, answer: F)
where
    F: Fn(Head, Ends) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Answer> + Send + 'static,
{
    let Ok(local) = stream.local_addr() else { return };
    let ends = Ends { peer: canonical(peer), local: canonical(local) };
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer.clone();
        async move { Ok::<_, io::Error>(answer(drained(request).await, ends).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // How a conversation ends is the client's affair.
    let _end = server.serve_connection(TokioIo::new(stream), service).await;
}

/// The head, once the body has been read and forgotten: an answer before that would break off who still sends.
async fn drained(request: Request<Incoming>) -> Head {
    let (head, mut body) = request.into_parts();
    while let Some(Ok(_)) = body.frame().await {}
    Request::from_parts(head, ())
}

/// An answer of one piece.
pub(super) fn whole(status: StatusCode, kind: &'static str, content: impl Into<Bytes>) -> Answer {
    let body = Full::new(content.into()).map_err(|never| match never {}).boxed();
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    answer
}

/// Listens on all addresses, IPv6 among them where the kernel has it.
pub(super) async fn listen(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        Err(error) if has_no_ipv6(&error) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await,
        result => result,
    }
}

/// Takes datagrams on all addresses, IPv6 among them where the kernel has it.
pub(super) async fn take_datagrams(port: u16) -> io::Result<UdpSocket> {
    match UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        Err(error) if has_no_ipv6(&error) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).await,
        result => result,
    }
}

/// The kernel has no IPv6 at all, or none in this namespace.
fn has_no_ipv6(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
}

/// IPv4 through an IPv6 socket is IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = address.ip().to_canonical();
    SocketAddr::new(ip, address.port())
}

/// Text as HTML shows it.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
