//! What is bounded: what waits for a slow reader, and what waits for whoever watches.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use porthole_tap::{Event, ListenAddress, Listener, Relay, Settings, queue};

use crate::server;
use crate::stand::{Stand, connector, serve};

#[test]
fn a_reader_that_stands_still_stops_its_sender() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let stand = Stand::new(move |mut stream: UnixStream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n";
        stream.write_all(head).unwrap();
        while let Ok(written) = stream.write(&[0; 10_000]) {
            count.fetch_add(written, Ordering::Relaxed);
        }
    });
    let mut client = UnixStream::connect(stand.tap()).unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    client.read_exact(&mut [0; 10]).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let early = sent.load(Ordering::Relaxed);
    assert!(early < 2_000_000, "{early} bytes wait in the relay and the kernel");
    client.read_exact(&mut vec![0; 10_000_000]).unwrap();
    assert!(sent.load(Ordering::Relaxed) > 9_000_000);
}

#[tokio::test]
async fn a_watcher_that_stands_still_loses_no_line() {
    let directory = tempfile::tempdir().unwrap();
    let engine = directory.path().join("engine.sock");
    serve(&engine, server::handle);
    let tap = directory.path().join("tap.sock");
    let listener = Listener::bind(&ListenAddress::private(&tap)).await.unwrap();
    let (sink, mut events) = queue(4);
    let settings = Settings { parts: true, ..Settings::default() };
    let relay = Relay::new(connector(engine), sink, None, settings);
    let clients = tokio::task::spawn_blocking(move || {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let tap = tap.clone();
                std::thread::spawn(move || ping_often(&tap))
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
    });
    let watching = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let (mut lines, mut dropped) = (0, 0);
        while let Some(event) = events.recv().await {
            match event {
                Event::Finished(_) => lines += 1,
                Event::Closed(closed) => dropped += closed.dropped_parts,
                _ => {}
            }
        }
        (lines, dropped)
    };
    let running = async move {
        relay.run(listener, async { clients.await.unwrap() }).await;
        drop(relay);
    };
    let ((), (lines, dropped)) = tokio::join!(running, watching);
    assert_eq!(lines, 8 * 50);
    assert!(dropped > 0, "parts give way");
}

fn ping_often(tap: &std::path::Path) {
    let mut client = UnixStream::connect(tap).unwrap();
    for _ in 0..50 {
        client.write_all(b"GET /_ping HTTP/1.1\r\n\r\n").unwrap();
        client.read_exact(&mut [0; 40]).unwrap();
    }
}
