//! Servers that speak TLS with certificates of every kind.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use porthole_engine::{Client, ConnectCause, Endpoint, EndpointRequest, TlsFault, resolve};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::PrivateKeyDer;
use tempfile::TempDir;

use crate::{PATIENCE, block_on, cause, endpoint};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "the engines' authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

struct Server {
    name: &'static str,
    expired: bool,
    wants_client: bool,
    versions: &'static [&'static rustls::SupportedProtocolVersion],
}

const GOOD: Server =
    Server { name: "localhost", expired: false, wants_client: false, versions: rustls::ALL_VERSIONS };

const TLS_1_2: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS12];

impl Server {
    /// Starts it, with a certificate of `authority`; gives its port.
    fn start(&self, authority: &Authority) -> u16 {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![self.name.to_owned()]).unwrap();
        if self.expired {
            params.not_after = date_time_ymd(2001, 1, 1);
        }
        let certificate = params.signed_by(&key, authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = if self.wants_client {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        serve(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// An engine that knows two answers.
fn serve(config: ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream.unwrap());
            let mut heard = [0; 4096];
            // A refused handshake ends here; the client's side of it is what is tested.
            while matches!(stream.read(&mut heard), Ok(1..)) {
                let body = r#"{"ApiVersion":"1.45","MinAPIVersion":"1.24"}"#;
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
                stream.flush().unwrap();
            }
        }
    });
    port
}

/// A certificate of `authority`, and its key.
pub(crate) fn certificate(authority: &Authority, name: &str) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

/// The docker CLI's directory, with the certificates to use.
pub(crate) fn directory(authority: &Authority, client: Option<&Authority>) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("ca.pem"), authority.pem()).unwrap();
    if let Some(signer) = client {
        let (certificate, key) = certificate(signer, "client");
        fs::write(directory.path().join("cert.pem"), certificate.pem()).unwrap();
        fs::write(directory.path().join("key.pem"), key.serialize_pem()).unwrap();
    }
    directory
}

fn with_tls(directory: &Path, port: u16, variable: &str) -> Endpoint {
    environment(directory, &format!("tcp://localhost:{port}"), variable)
}

/// What the environment leads to.
pub(crate) fn environment(directory: &Path, host: &str, variable: &str) -> Endpoint {
    let environment = [
        ("DOCKER_HOST", host.to_owned()),
        (variable, "1".to_owned()),
        ("DOCKER_CERT_PATH", directory.display().to_string()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
    resolve(&EndpointRequest { environment, ..EndpointRequest::default() }).unwrap()
}

fn fault(directory: &TempDir, port: u16) -> TlsFault {
    match cause(&with_tls(directory.path(), port, "DOCKER_TLS_VERIFY"), PATIENCE) {
        ConnectCause::Tls { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

fn answers(endpoint: &Endpoint) {
    let client = block_on(Client::connect(endpoint, PATIENCE)).unwrap();
    assert_eq!(client.api_version().to_string(), "1.45");
}

#[test]
fn a_certificate_that_is_right() {
    let authority = authority();
    let port = GOOD.start(&authority);
    answers(&with_tls(directory(&authority, None).path(), port, "DOCKER_TLS_VERIFY"));
}

#[test]
fn an_expired_certificate() {
    let authority = authority();
    let port = Server { expired: true, ..GOOD }.start(&authority);
    assert_eq!(fault(&directory(&authority, None), port), TlsFault::Expired);
}

#[test]
fn a_certificate_of_another_authority() {
    let port = GOOD.start(&authority());
    assert_eq!(fault(&directory(&authority(), None), port), TlsFault::UnknownAuthority);
}

#[test]
fn a_certificate_for_another_name() {
    let authority = authority();
    let port = Server { name: "engine.example", ..GOOD }.start(&authority);
    let TlsFault::WrongName { presented } = fault(&directory(&authority, None), port) else { panic!() };
    assert!(presented.join(" ").contains("engine.example"), "{presented:?}");
}

#[test]
fn without_verification_any_certificate_will_do() {
    let port = Server { expired: true, name: "engine.example", ..GOOD }.start(&authority());
    answers(&with_tls(directory(&authority(), None).path(), port, "DOCKER_TLS"));
}

#[test]
fn a_server_that_asks_who_is_there() {
    for versions in [rustls::ALL_VERSIONS, TLS_1_2] {
        let (engines, others) = (authority(), authority());
        let port = Server { wants_client: true, versions, ..GOOD }.start(&engines);
        answers(&with_tls(directory(&engines, Some(&engines)).path(), port, "DOCKER_TLS_VERIFY"));
        for directory in [directory(&engines, None), directory(&engines, Some(&others))] {
            let fault = fault(&directory, port);
            assert!(matches!(fault, TlsFault::ClientCertificate(_)), "{fault}");
        }
    }
}

#[test]
fn a_server_that_speaks_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = [0; 4096];
        assert!(stream.read(&mut heard).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    assert_eq!(fault(&directory(&authority(), None), port), TlsFault::NotTls);
}

#[test]
fn a_server_that_was_asked_without_tls() {
    let port = GOOD.start(&authority());
    let cause = cause(&endpoint(&format!("tcp://localhost:{port}")), PATIENCE);
    assert!(matches!(cause, ConnectCause::WantsTls), "{cause}");
}
