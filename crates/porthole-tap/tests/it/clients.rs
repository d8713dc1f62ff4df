//! Who the clients are, and where they may connect.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use porthole_model::{Client, ClientAddress, Gap, GapKind, Observed};
use porthole_tap::{CloseReason, Event, ListenAddress, ListenError, Listener, Relay, Settings, queue};

use crate::server;
use crate::stand::{Stand, connector, serve};

const PING: &[u8] = b"GET /_ping HTTP/1.1\r\n\r\n";

fn named(address: ClientAddress) -> Client {
    let gap = Gap::new(GapKind::Unsupported, "the rest", "a test knows no more");
    Client { executable: Observed::Known("/usr/bin/docker".to_owned()), ..Client::unresolved(address, &gap) }
}

#[test]
fn a_client_is_named_once_and_its_bytes_do_not_wait_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let engine = directory.path().join("engine.sock");
    serve(&engine, server::handle);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let resolve = Arc::new(move |address| {
        count.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(700));
        named(address)
    });
    let tap = directory.path().join("tap.sock");
    let stand = Stand::naming(&tap, &engine, Settings::default(), Some(resolve));
    let begun = Instant::now();
    let mut client = UnixStream::connect(stand.tap()).unwrap();
    for _ in 0..3 {
        client.write_all(PING).unwrap();
        client.read_exact(&mut [0; 40]).unwrap();
    }
    assert!(begun.elapsed() < Duration::from_millis(600));
    for exchange in stand.exchanges(3) {
        assert_eq!(exchange.client.executable.value().map(String::as_str), Some("/usr/bin/docker"));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_client_that_cannot_be_named_in_time_has_a_gap() {
    let directory = tempfile::tempdir().unwrap();
    let engine = directory.path().join("engine.sock");
    serve(&engine, server::handle);
    let resolve = Arc::new(|address| {
        std::thread::sleep(Duration::from_secs(4));
        named(address)
    });
    let tap = directory.path().join("tap.sock");
    let stand = Stand::naming(&tap, &engine, Settings::default(), Some(resolve));
    let mut client = UnixStream::connect(stand.tap()).unwrap();
    client.write_all(PING).unwrap();
    let exchange = stand.exchanges(1).remove(0);
    let gap = exchange.client.executable.gap().unwrap();
    assert_eq!(gap.cause, "the kernel did not answer in time");
}

#[tokio::test]
async fn tcp_is_for_this_machine_unless_told_otherwise() {
    let address = |text: &str, insecure| ListenAddress::Tcp { address: text.parse().unwrap(), insecure };
    let refused = Listener::bind(&address("0.0.0.0:0", false)).await.unwrap_err();
    assert!(matches!(refused, ListenError::Exposed { .. }), "{refused}");
    assert!(Listener::bind(&address("0.0.0.0:0", true)).await.is_ok());
    assert!(Listener::bind(&address("[::1]:0", false)).await.is_ok());
}

#[tokio::test]
async fn a_client_over_tcp_is_known_by_its_address() {
    let address = ListenAddress::Tcp { address: "127.0.0.1:0".parse().unwrap(), insecure: false };
    let listener = Listener::bind(&address).await.unwrap();
    let port = listener.port().unwrap();
    let (sink, mut events) = queue(10);
    let relay = Relay::new(connector("/nowhere.sock".into()), sink, None, Settings::default());
    let client = tokio::task::spawn_blocking(move || {
        let mut client = TcpStream::connect(port).unwrap();
        client.read_to_end(&mut Vec::new()).unwrap();
        client.local_addr().unwrap()
    });
    relay
        .run(listener, async { assert!(client.await.is_ok_and(|address| address.ip().is_loopback())) })
        .await;
    let Some(Event::Opened { client, .. }) = events.recv().await else { panic!() };
    assert!(matches!(client.address, ClientAddress::Tcp(address) if address.ip().is_loopback()));
    let Some(Event::Closed(closed)) = events.recv().await else { panic!() };
    assert!(matches!(closed.reason, CloseReason::EngineUnreachable(_)));
}
