//! A real client and a real server over a pipe, of which everything is read.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::{Reason, client, server};
use http::{HeaderMap, Request, Response};
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};

use super::*;

/// What a client asks for, and how the server is to answer.
#[derive(Clone, Debug)]
struct Wish {
    path: String,
    headers: Vec<String>,
    body: usize,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Answer {
    Body(usize),
    Trailers(usize),
    TrailersOnly,
    Refused,
    Cancelled,
    Pushed,
}

fn wish(path: &str, body: usize, answer: Answer) -> Wish {
    Wish { path: path.to_owned(), headers: Vec::new(), body, answer }
}

/// Lets them talk; gives what passed. The one that asks is the `asker`.
fn talk(asker: Side, wishes: &[Wish]) -> Talk {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let log = Arc::new(Mutex::new(Talk::new()));
    runtime.block_on(async {
        let (client_end, client_pipe) = duplex(64 * 1024);
        let (server_end, server_pipe) = duplex(64 * 1024);
        let (from_client, to_client) = tokio::io::split(client_pipe);
        let (from_server, to_server) = tokio::io::split(server_pipe);
        tokio::spawn(pass_on(from_client, to_server, asker, Arc::clone(&log)));
        let back = tokio::spawn(pass_on(from_server, to_client, asker.other(), Arc::clone(&log)));
        tokio::spawn(serve(server_end));
        ask(client_end, wishes).await;
        back.await.unwrap();
    });
    log.lock().unwrap().clone()
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    side: Side,
    log: Arc<Mutex<Talk>>,
) {
    let mut piece = vec![0; 10_000];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        log.lock().unwrap().push((side, piece[..length].to_vec()));
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
    let _gone = to.shutdown().await;
}

async fn ask(pipe: DuplexStream, wishes: &[Wish]) {
    let mut builder = client::Builder::new();
    builder.header_table_size(16 * 1024).max_frame_size(30_000).enable_push(true);
    let (sender, connection) = builder.handshake::<_, Bytes>(pipe).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut sender = sender.ready().await.unwrap();
    let mut open = Vec::new();
    for wish in wishes {
        sender = sender.ready().await.unwrap();
        let mut request = Request::post(format!("http://docker{}", wish.path));
        for (number, value) in wish.headers.iter().enumerate() {
            request = request.header(format!("x-{number}"), value);
        }
        let kind = format!("{:?}", wish.answer);
        let request = request.header("x-answer", kind).body(()).unwrap();
        let (answer, body) = sender.send_request(request, wish.body == 0).unwrap();
        open.push(tokio::spawn(finish(answer, body, wish.clone())));
    }
    for call in open {
        call.await.unwrap();
    }
    drop(sender);
    connection.await.unwrap().unwrap();
}

async fn finish(mut answer: client::ResponseFuture, mut body: h2::SendStream<Bytes>, wish: Wish) {
    if wish.body > 0 {
        send(&mut body, wish.body, true).await;
    }
    let mut pushed = answer.push_promises();
    let Ok(answer) = answer.await else { return };
    if matches!(wish.answer, Answer::Cancelled) {
        body.send_reset(Reason::CANCEL);
        return;
    }
    let mut content = answer.into_body();
    while let Some(piece) = content.data().await {
        let length = piece.unwrap().len();
        content.flow_control().release_capacity(length).unwrap();
    }
    let _trailers = content.trailers().await.unwrap();
    if matches!(wish.answer, Answer::Pushed) {
        let (_, promised) = pushed.push_promise().await.unwrap().unwrap().into_parts();
        promised.await.unwrap();
    }
}

async fn serve(pipe: DuplexStream) {
    let mut builder = server::Builder::new();
    builder.max_frame_size(20_000).max_concurrent_streams(100);
    let mut connection = builder.handshake::<_, Bytes>(pipe).await.unwrap();
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond));
    }
}

async fn answer(request: Request<h2::RecvStream>, mut respond: server::SendResponse<Bytes>) {
    let kind = request.headers()["x-answer"].to_str().unwrap().to_owned();
    let (name, length) = kind.trim_end_matches(')').split_once('(').unwrap_or((&kind, "0"));
    let length = length.parse().unwrap();
    let mut body = request.into_body();
    while let Some(piece) = body.data().await {
        let Ok(piece) = piece else { return };
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    if name == "Refused" {
        return respond.send_reset(Reason::REFUSED_STREAM);
    }
    if name == "Pushed" {
        let promised = Request::get("http://docker/promised").body(()).unwrap();
        let mut pushed = respond.push_request(promised).unwrap();
        pushed.send_response(Response::new(()), true).unwrap();
    }
    let head = Response::builder().status(if name == "Pushed" { 404 } else { 200 });
    let ends = name == "TrailersOnly" || name == "Pushed";
    let head = head.header("content-type", "application/grpc").header("grpc-status", "5").body(()).unwrap();
    let Ok(mut stream) = respond.send_response(head, ends) else { return };
    if !ends {
        send(&mut stream, length, name == "Body").await;
    }
    if name == "Trailers" {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "14".parse().unwrap());
        trailers.insert("grpc-message", "gone%21".parse().unwrap());
        stream.send_trailers(trailers).unwrap();
    }
    if name == "Cancelled" {
        std::future::poll_fn(|context| stream.poll_reset(context)).await.unwrap();
    }
}

/// Bytes that show a shift or a loss.
fn pattern(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

async fn send(stream: &mut h2::SendStream<Bytes>, length: usize, is_end: bool) {
    let content = pattern(length);
    for piece in content.chunks(7000) {
        stream.reserve_capacity(piece.len());
        while stream.capacity() < piece.len() {
            match std::future::poll_fn(|context| stream.poll_capacity(context)).await {
                Some(Ok(_)) => {}
                _ => return,
            }
        }
        let _gone = stream.send_data(Bytes::copy_from_slice(piece), false);
    }
    if is_end {
        let _gone = stream.send_data(Bytes::new(), true);
    }
}

fn expected(wish: &Wish) -> Call {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let call = Call {
        request: format!("POST {} docker", wish.path),
        request_body: pattern(wish.body),
        status: 200,
        ends: words(&["request", "answer"]),
        ..Call::default()
    };
    match wish.answer {
        Answer::Body(length) => Call { answer_body: pattern(length), ..call },
        Answer::Trailers(length) => Call {
            answer_body: pattern(length),
            trailers: "grpc-status: 14\ngrpc-message: gone%21\n".to_owned(),
            ..call
        },
        Answer::TrailersOnly => call,
        Answer::Pushed => Call { status: 404, ..call },
        Answer::Refused => Call { status: 0, ends: words(&["request", "Engine REFUSED_STREAM"]), ..call },
        Answer::Cancelled => Call { ends: words(&["request", "Client CANCEL"]), ..call },
    }
}

fn check(wishes: &[Wish], asker: Side, mut size: impl FnMut() -> usize) {
    let seen = decode(&talk(asker, wishes), &mut size);
    assert_eq!(
        (seen.opaque, seen.asker, seen.is_idle),
        (None, Some(asker), true),
        "{:#?}",
        seen.calls.keys()
    );
    for (number, wish) in wishes.iter().enumerate() {
        let id = u32::try_from(number).unwrap() * 2 + 1;
        let mut expected = expected(wish);
        if asker == Side::Engine {
            for end in &mut expected.ends {
                *end = end.replace("Engine", "C").replace("Client", "Engine").replace("C ", "Client ");
            }
        }
        assert_eq!(seen.calls[&id], expected);
    }
}

#[test]
fn calls_that_run_beside_each_other_are_told_apart() {
    let wishes = [
        wish("/a", 0, Answer::Body(0)),
        wish("/b", 100_000, Answer::Body(3)),
        wish("/c", 5, Answer::Trailers(70_000)),
        wish("/d", 0, Answer::TrailersOnly),
        wish("/e", 1, Answer::Body(200_000)),
    ];
    for asker in [Side::Client, Side::Engine] {
        check(&wishes, asker, || usize::MAX);
    }
}

#[test]
fn calls_that_are_given_up_say_by_whom() {
    let wishes =
        [wish("/a", 10, Answer::Refused), wish("/b", 0, Answer::Cancelled), wish("/c", 0, Answer::Body(1))];
    for asker in [Side::Client, Side::Engine] {
        check(&wishes, asker, || usize::MAX);
    }
}

#[test]
fn long_heads_go_on_in_other_frames() {
    let headers = (0..6).map(|number| format!("{number}").repeat(9_000)).collect();
    check(&[Wish { headers, ..wish("/long", 0, Answer::Body(1)) }], Side::Client, || 1000);
}

#[test]
fn a_promised_answer_is_a_call_of_its_own() {
    let seen = whole(&talk(Side::Client, &[wish("/a", 0, Answer::Pushed)]));
    assert_eq!(seen.opaque, None);
    assert_eq!(seen.calls[&1].status, 404);
    let promised = &seen.calls[&2];
    assert_eq!((promised.request.as_str(), promised.status), ("GET /promised docker", 200));
    assert_eq!(promised.ends, ["request", "answer"]);
}

fn any_wish() -> impl Strategy<Value = Wish> {
    let answer = prop_oneof![
        (0..50_000_usize).prop_map(Answer::Body),
        (0..50_000_usize).prop_map(Answer::Trailers),
        Just(Answer::TrailersOnly),
        Just(Answer::Refused),
    ];
    let headers = proptest::collection::vec("[ -~]{0,300}", 0..8);
    ("/[a-z]{0,30}", headers, 0..50_000_usize, answer).prop_map(|(path, headers, body, answer)| Wish {
        path,
        headers,
        body,
        answer,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_calls_in_any_cut(
        wishes in proptest::collection::vec(any_wish(), 1..20),
        sizes in proptest::collection::vec(1..3000_usize, 1..20),
        engine_asks: bool,
    ) {
        let mut sizes = sizes.iter().cycle();
        let asker = if engine_asks { Side::Engine } else { Side::Client };
        check(&wishes, asker, || *sizes.next().unwrap());
    }
}
