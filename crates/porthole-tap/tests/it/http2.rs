//! Calls over HTTP/2 between real peers: native, within an upgraded exchange, and with the engine as the one who asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, client, server};
use http::{HeaderMap, Request, Response};
use porthole_model::{Carrier, Exchange, ExchangeEnd, Upgrade};
use porthole_tap::{Event, Finished, Part, PartContent, Settings};
use porthole_wire::http::Side;

use crate::stand::{PATIENCE, Stand};

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await.expect("the peers come to an end") })
}

fn tokio_stream(stream: UnixStream) -> tokio::net::UnixStream {
    stream.set_nonblocking(true).unwrap();
    tokio::net::UnixStream::from_std(stream).unwrap()
}

/// Answers the calls of a connection until it is closed.
async fn answer_all(stream: UnixStream) {
    let mut connection = server::handshake(tokio_stream(stream)).await.unwrap();
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond));
    }
}

async fn answer(request: Request<h2::RecvStream>, mut respond: server::SendResponse<Bytes>) {
    let path = request.uri().path().to_owned();
    let head = Response::builder().header("content-type", "application/grpc");
    if path.ends_with("/Watch") {
        let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
        let reason = std::future::poll_fn(|context| stream.poll_reset(context)).await;
        assert_eq!(reason.unwrap(), Reason::CANCEL);
        return;
    }
    let mut body = request.into_body();
    while let Some(Ok(piece)) = body.data().await {
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    if path.starts_with("/moby.") {
        let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
        stream.send_data(Bytes::from_static(b"\0\0\0\0\x02ok\0\0\0\0\0"), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", if path.ends_with("/Solve") { "14" } else { "0" }.parse().unwrap());
        trailers.insert("grpc-message", "no session%3A x".parse().unwrap());
        stream.send_trailers(trailers).unwrap();
    } else {
        let head =
            Response::builder().status(if path.ends_with("/create") { 201 } else { 200 }).body(()).unwrap();
        let mut stream = respond.send_response(head, false).unwrap();
        stream.send_data(Bytes::from_static(b"{\"Id\":\"6b1f2\"}"), true).unwrap();
    }
}

/// Opens a connection as the one who asks; gives it to `calls`, and ends it.
async fn ask<F: Future<Output = ()>>(stream: UnixStream, calls: impl FnOnce(SendRequest<Bytes>) -> F) {
    let (sender, connection) = client::handshake(tokio_stream(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    calls(sender.ready().await.unwrap()).await;
    connection.await.unwrap().unwrap();
}

/// Makes a call and reads its answer to the end.
async fn call(sender: SendRequest<Bytes>, target: &str, kind: &str, body: &'static [u8]) {
    let mut sender = sender.ready().await.unwrap();
    let request = Request::post(format!("http://docker{target}")).header("content-type", kind);
    let request = request.header("x-registry-auth", "c2VjcmV0").body(()).unwrap();
    let (answer, mut stream) = sender.send_request(request, false).unwrap();
    stream.send_data(Bytes::from_static(body), true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    while let Some(piece) = body.data().await {
        body.flow_control().release_capacity(piece.unwrap().len()).unwrap();
    }
    let _trailers = body.trailers().await.unwrap();
}

const GRPC: &str = "application/grpc";
const MESSAGE: &[u8] = b"\0\0\0\0\x03abc";

/// Asks for an upgrade and reads the answer's head.
fn upgrade(path: &Path, target: &str) -> UnixStream {
    let mut stream = UnixStream::connect(path).unwrap();
    let head = format!("POST {target} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// Reads the request for an upgrade and grants it.
fn grant(mut stream: UnixStream) -> UnixStream {
    let mut reader = BufReader::with_capacity(1, stream.try_clone().unwrap());
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the client closed");
    }
    stream.write_all(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n").unwrap();
    stream
}

/// All that was told of one connection.
fn told(stand: &Stand) -> (Vec<Finished>, Vec<Part>) {
    let (mut finished, mut parts) = (Vec::new(), Vec::new());
    loop {
        match stand.next_event() {
            Event::Finished(one) => finished.push(*one),
            Event::Part(part) => parts.push(part),
            Event::Opaque { reason, .. } => panic!("{reason}"),
            Event::Closed(_) => return (finished, parts),
            Event::Opened { .. } | Event::AcceptFailed { .. } | Event::HandshakeFailed { .. } => {}
        }
    }
}

fn of<'a>(finished: &'a [Finished], operation: &str) -> &'a Finished {
    let is_it = |one: &&Finished| one.exchange.operation.as_deref() == Some(operation);
    finished.iter().find(is_it).unwrap_or_else(|| panic!("{operation} in {finished:#?}"))
}

#[test]
fn calls_of_a_native_connection_are_like_those_of_http_1() {
    let stand = Stand::new(|stream| run(answer_all(stream)));
    run(ask(UnixStream::connect(stand.tap()).unwrap(), async |sender| {
        let sender = || sender.clone();
        tokio::join!(
            call(sender(), "/v1.53/containers/create?name=web", "application/json", b"{\"Image\":\"bb:1\"}"),
            call(sender(), "/v1.53/auth", "application/json", b"secret!"),
            call(sender(), "/moby.buildkit.v1.Control/Info", GRPC, MESSAGE),
        );
    }));
    let (finished, _) = told(&stand);
    assert_eq!(finished.len(), 3);
    assert!(finished.iter().all(|one| one.exchange.carrier.is_none()));
    let created = of(&finished, "ContainerCreate");
    let Exchange { target, api_version, resource, status, request, answer, end, .. } = &created.exchange;
    assert_eq!(
        (target.as_str(), api_version.as_deref()),
        ("/v1.53/containers/create?name=web", Some("1.53"))
    );
    let resource = resource.as_ref().unwrap();
    assert_eq!((resource.name.as_str(), resource.id.as_deref()), ("web", Some("6b1f2")));
    assert_eq!((*status, request.body, answer.body, *end), (Some(201), 16, 14, ExchangeEnd::Complete));
    assert!(request.head > 0 && answer.head > 0);
    let kept = created.request.as_ref().unwrap();
    assert_eq!(
        String::from_utf8_lossy(kept.head.bytes()),
        "host: docker\r\ncontent-type: application/json\r\nx-registry-auth: ********\r\n"
    );
    assert_eq!(kept.body.bytes(), b"{\"Image\":\"bb:1\"}");
    let login = of(&finished, "SystemAuth").request.as_ref().unwrap();
    assert_eq!((login.withheld, login.body.bytes()), (true, &b""[..]));
    let info = &of(&finished, "moby.buildkit.v1.Control/Info").exchange;
    let grpc = info.grpc.unwrap();
    assert_eq!((grpc.request_messages, grpc.answer_messages, grpc.status), (1, 2, Some(0)));
    assert_eq!((&info.failure, info.has_failed()), (&None, false));
}

#[test]
fn calls_within_an_upgraded_exchange_name_it() {
    let settings = Settings { parts: true, ..Settings::default() };
    let stand = Stand::with(|stream| run(answer_all(grant(stream))), settings);
    let stream = upgrade(stand.tap(), "/grpc");
    run(ask(stream, async |sender| {
        call(sender.clone(), "/moby.buildkit.v1.Control/Solve", GRPC, MESSAGE).await;
        let mut sender = sender.ready().await.unwrap();
        let watch = Request::post("http://docker/grpc.health.v1.Health/Watch").header("content-type", GRPC);
        let (answer, mut stream) = sender.send_request(watch.body(()).unwrap(), false).unwrap();
        let _head = answer.await.unwrap();
        stream.send_reset(Reason::CANCEL);
    }));
    let (finished, parts) = told(&stand);
    let carrier = &of(&finished, "Grpc").exchange;
    assert_eq!(carrier.upgraded, Some(Upgrade::Protocol("h2c".to_owned())));
    let expected = Some(Carrier { exchange: carrier.id, engine_asks: false });
    let solve = of(&finished, "moby.buildkit.v1.Control/Solve");
    assert_eq!((solve.exchange.carrier, solve.exchange.status), (expected, Some(200)));
    assert_eq!(solve.exchange.failure.as_deref(), Some("UNAVAILABLE: no session: x"));
    assert!(solve.exchange.has_failed());
    assert_eq!(solve.request.as_ref().unwrap().body.bytes(), MESSAGE);
    let head = String::from_utf8_lossy(solve.answer.as_ref().unwrap().head.bytes());
    assert!(head.ends_with("grpc-status: 14\r\ngrpc-message: no session%3A x\r\n"), "{head}");
    let watch = &of(&finished, "grpc.health.v1.Health/Watch").exchange;
    assert_eq!((watch.carrier, watch.end), (expected, ExchangeEnd::ClientLeft));
    assert!(watch.failure.is_none() && !watch.has_failed());
    let bodies: Vec<_> = parts
        .iter()
        .filter_map(|part| match &part.content {
            PartContent::Body(kept) => Some((part.exchange, part.side, kept.bytes())),
            PartContent::Head { .. } => None,
        })
        .collect();
    let id = Some(solve.exchange.id);
    let answer = b"\0\0\0\0\x02ok\0\0\0\0\0";
    assert_eq!(
        bodies,
        [(id, Side::Client, MESSAGE), (id, Side::Engine, answer)],
        "the stream itself is not shown"
    );
}

#[test]
fn in_a_session_the_engine_asks_and_nothing_of_the_bodies_is_kept() {
    let stand = Stand::new(|stream| {
        run(ask(grant(stream), async |sender| {
            call(sender, "/moby.filesync.v1.Auth/Credentials", GRPC, MESSAGE).await;
        }));
    });
    let stream = upgrade(stand.tap(), "/session");
    run(answer_all(stream));
    let (finished, _) = told(&stand);
    let session = of(&finished, "Session");
    let asked = of(&finished, "moby.filesync.v1.Auth/Credentials");
    let expected = Carrier { exchange: session.exchange.id, engine_asks: true };
    assert_eq!((asked.exchange.carrier, asked.exchange.end), (Some(expected), ExchangeEnd::Complete));
    assert_eq!((asked.exchange.request.body, asked.exchange.answer.body), (8, 12));
    for message in [&asked.request, &asked.answer, &session.request, &session.answer] {
        let message = message.as_ref().unwrap();
        assert_eq!((message.withheld, message.body.bytes()), (true, &b""[..]));
    }
}
