//! TLS over a stream, and which of its faults ended it.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, InvalidMessage, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Dialled;
use crate::connect_error::ConnectCause;
use crate::endpoint::TlsFiles;

/// What ended a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The engine's certificate is no longer valid.
    Expired,
    /// The engine's certificate is not valid yet.
    NotYetValid,
    /// The engine's certificate is not signed by the authority that was asked for.
    UnknownAuthority,
    /// The engine's certificate is for other names.
    WrongName {
        /// The names it is for.
        presented: Vec<String>,
    },
    /// The engine refused the client's certificate, or the lack of one; the alert as TLS names it.
    ClientCertificate(String),
    /// What answers speaks no TLS.
    NotTls,
    /// Anything else, in the words of the TLS library.
    Other(String),
}

impl fmt::Display for TlsFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => formatter.write_str("its certificate has expired"),
            Self::NotYetValid => formatter.write_str("its certificate is not valid yet"),
            Self::UnknownAuthority => {
                formatter.write_str("its certificate is not signed by the authority (CA) that was asked for")
            }
            Self::WrongName { presented } => {
                write!(formatter, "its certificate is for other names ({})", presented.join(", "))
            }
            Self::ClientCertificate(alert) => {
                write!(formatter, "it asks for a client certificate that it trusts (alert {alert})")
            }
            Self::NotTls => formatter.write_str("it speaks no TLS"),
            Self::Other(words) => formatter.write_str(words),
        }
    }
}

/// Shakes hands over `stream`.
pub(super) async fn dial(
    stream: TcpStream,
    host: &str,
    port: u16,
    configuration: Arc<ClientConfig>,
) -> Result<Dialled, ConnectCause> {
    let address = format!("{host}:{port}");
    let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectCause::NameNotResolved {
        name: host.to_owned(),
        cause: "it is no name that a certificate can hold".to_owned(),
    })?;
    match TlsConnector::from(configuration).connect(name, stream).await {
        Ok(stream) => Ok(Dialled::plain(stream, None)),
        Err(error) => Err(match fault_of(&error) {
            Some(fault) => ConnectCause::Tls { address, fault },
            None if error.kind() == io::ErrorKind::UnexpectedEof => ConnectCause::Closed,
            None => ConnectCause::Failed { attempt: format!("shaking hands with {address}"), source: error },
        }),
    }
}

/// The TLS fault among the causes of `error`.
pub(crate) fn fault_of(error: &(dyn Error + 'static)) -> Option<TlsFault> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        // An io::Error leaves the error it wraps out of its sources.
        let wrapped = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let found = wrapped.and_then(|wrapped| wrapped.downcast_ref::<rustls::Error>());
        if let Some(found) = found.or_else(|| current.downcast_ref()) {
            return Some(fault(found));
        }
        cause = current.source();
    }
    None
}

fn fault(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(certificate) => certificate_fault(certificate),
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::UnknownCA
            // The client's authority has the same name as the engine's, but another key.
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied),
        ) => TlsFault::ClientCertificate(format!("{alert:?}")),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsFault::NotTls,
        other => TlsFault::Other(other.to_string()),
    }
}

fn certificate_fault(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYetValid,
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::UnknownAuthority,
        CertificateError::NotValidForName => TlsFault::WrongName { presented: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsFault::WrongName { presented: presented.clone() }
        }
        other => TlsFault::Other(other.to_string()),
    }
}

/// How TLS is spoken with the certificates of `files`.
pub(super) fn configuration(files: &TlsFiles) -> Result<ClientConfig, ConnectCause> {
    let provider = Arc::new(ring::default_provider());
    let refused = |source| ConnectCause::TlsSetup { source };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let builder = if files.skip_verification {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    } else {
        builder.with_root_certificates(authorities(files)?)
    };
    let Some((certificate, key)) = &files.client else { return Ok(builder.with_no_client_auth()) };
    let key = PrivateKeyDer::from_pem_file(key).map_err(|source| unreadable(key, &source))?;
    builder.with_client_auth_cert(certificates(certificate)?, key).map_err(refused)
}

fn authorities(files: &TlsFiles) -> Result<RootCertStore, ConnectCause> {
    let mut store = RootCertStore::empty();
    match &files.authority {
        Some(path) => {
            for certificate in certificates(path)? {
                store.add(certificate).map_err(|source| ConnectCause::TlsSetup { source })?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectCause> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| unreadable(path, &source))
}

fn unreadable(path: &Path, cause: &rustls_pki_types::pem::Error) -> ConnectCause {
    ConnectCause::CertificateFile { path: path.to_owned(), cause: cause.to_string() }
}

/// What `SkipTLSVerify` and `DOCKER_TLS` without `DOCKER_TLS_VERIFY` ask for: encryption without proof.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
