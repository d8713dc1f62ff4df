//! Clients over TLS: who is let in and under which name, who is not and why, and what passes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use porthole_tap::{Event, HandshakeFault, ListenAddress, Settings};
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use rustls::{ALL_VERSIONS, ClientConfig, ClientConnection, StreamOwned, SupportedProtocolVersion};
use tokio::net::UnixListener;
use tokio_rustls::TlsConnector;

use crate::certificates::{Authority, Identity};
use crate::probes::PROBES;
use crate::server;
use crate::stand::{PATIENCE, Stand, serve};

const PING: &[u8] = b"GET /_ping HTTP/1.1\r\n\r\n";

/// A relay that listens with the certificates of an authority.
fn stand(authority: &Authority, settings: Settings) -> Stand {
    let engine = authority.path("engine.sock");
    serve(&engine, server::handle);
    let address = ListenAddress::Tls { address: "127.0.0.1:0".parse().unwrap(), files: authority.files() };
    Stand::listening(address, &engine, settings, None)
}

fn connect(port: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(port).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Asks once; the answer, or what went wrong.
fn ask(port: SocketAddr, configuration: Arc<ClientConfig>) -> std::io::Result<String> {
    let connection = ClientConnection::new(configuration, "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, connect(port));
    stream.write_all(PING)?;
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}

fn fault(stand: &Stand) -> HandshakeFault {
    stand.find(|event| match event {
        Event::HandshakeFailed { address, fault, .. } => {
            assert!(address.ip().is_loopback());
            Some(fault)
        }
        _ => None,
    })
}

const VERSIONS: [&[&SupportedProtocolVersion]; 2] = [&[&rustls::version::TLS12], &[&rustls::version::TLS13]];

#[test]
fn a_client_is_known_by_the_name_in_its_certificate() {
    let authority = Authority::new();
    let stand = stand(&authority, Settings::default());
    for versions in VERSIONS {
        let ada = authority.client("ada", |_| {});
        assert!(ask(stand.port(), authority.configuration(Some(ada), versions)).unwrap().contains("200 OK"));
        let client = &stand.exchanges(1)[0].client;
        assert_eq!(client.certificate.as_deref(), Some("ada"));
    }
}

#[test]
fn who_is_not_let_in_hears_it_and_is_told_of() {
    let (authority, others) = (Authority::new(), Authority::new());
    let stand = stand(&authority, Settings::default());
    let refused: [(Option<Identity>, HandshakeFault); 5] = [
        (None, HandshakeFault::NoCertificate),
        (Some(others.client("eve", |_| {})), HandshakeFault::UnknownAuthority),
        (
            Some(authority.client("old", |params| params.not_after = date_time_ymd(2001, 1, 1))),
            HandshakeFault::Expired,
        ),
        (
            Some(authority.client("young", |params| params.not_before = date_time_ymd(4000, 1, 1))),
            HandshakeFault::NotYetValid,
        ),
        (
            Some(authority.client("server", |params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            })),
            HandshakeFault::NotForClients,
        ),
    ];
    for (identity, expected) in refused {
        for versions in VERSIONS {
            let identity = identity.as_ref().map(|(certificate, key)| (certificate.clone(), key.clone_key()));
            let error = ask(stand.port(), authority.configuration(identity, versions)).unwrap_err();
            assert!(error.to_string().contains("alert"), "{expected}: {error}");
            assert_eq!(fault(&stand), expected);
        }
    }
}

#[test]
fn a_client_that_does_not_trust_the_tap_is_told_of() {
    let (authority, others) = (Authority::new(), Authority::new());
    let stand = stand(&authority, Settings::default());
    ask(stand.port(), others.configuration(Some(authority.client("ada", |_| {})), ALL_VERSIONS)).unwrap_err();
    assert!(matches!(fault(&stand), HandshakeFault::Distrusts(_)));
}

#[test]
fn a_client_without_tls_gets_the_engines_own_answer() {
    let authority = Authority::new();
    let stand = stand(&authority, Settings::default());
    let mut client = connect(stand.port());
    client.write_all(PING).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"), "{answer}");
    assert_eq!(fault(&stand), HandshakeFault::PlainHttp);
    connect(stand.port()).write_all(b"\x00\x00 neither\r\n\r\n").unwrap();
    assert_eq!(fault(&stand), HandshakeFault::NotTls);
    drop(connect(stand.port()));
    assert_eq!(fault(&stand), HandshakeFault::Left);
}

#[test]
fn handshakes_that_hang_hold_nobody_up_and_end() {
    let authority = Authority::new();
    let limit = Duration::from_secs(2);
    let mut stand = stand(&authority, Settings { handshake: limit, ..Settings::default() });
    let mut silent: Vec<TcpStream> = (0..50).map(|_| connect(stand.port())).collect();
    silent[0].write_all(b"\x16\x03\x01").unwrap();
    let ada = authority.client("ada", |_| {});
    let configuration = authority.configuration(Some(ada), ALL_VERSIONS);
    assert!(ask(stand.port(), Arc::clone(&configuration)).unwrap().contains("200 OK"));
    stand.exchanges(1);
    for _ in &silent {
        assert_eq!(fault(&stand), HandshakeFault::TooSlow(limit));
    }
    for client in &mut silent {
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
    let _still_silent = connect(stand.port());
    assert!(ask(stand.port(), configuration).is_ok());
    stand.begin_stop();
    assert_eq!(stand.wait(), 0);
}

/// A listener at `path` whose connections go on over TLS, each direction closed by itself.
fn to_tls(path: &Path, port: SocketAddr, configuration: Arc<ClientConfig>) {
    let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = UnixListener::from_std(listener).unwrap();
            while let Ok((mut client, _)) = listener.accept().await {
                let connector = TlsConnector::from(Arc::clone(&configuration));
                tokio::spawn(async move {
                    let stream = tokio::net::TcpStream::connect(port).await.unwrap();
                    let mut tap = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
                    // Where the tap cuts the connection, so does this.
                    let _cut = tokio::io::copy_bidirectional(&mut client, &mut tap).await;
                });
            }
        });
    });
}

#[test]
fn every_probe_sees_the_same_over_tls() {
    let authority = Authority::new();
    let stand = stand(&authority, Settings::default());
    std::thread::scope(|scope| {
        for (number, versions) in VERSIONS.into_iter().enumerate() {
            let ada = authority.client("ada", |_| {});
            let path = authority.path(&format!("tls-{number}.sock"));
            to_tls(&path, stand.port(), authority.configuration(Some(ada), versions));
            scope.spawn(move || {
                for probe in PROBES {
                    let through = (probe.run)(&path);
                    assert!(through.contains(probe.sees), "{}: {through:?} over TLS", probe.name);
                }
            });
        }
    });
}
