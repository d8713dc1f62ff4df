//! The files of a listener that speaks TLS, and what may be wrong with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::crypto::ring;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use super::certificate::{Validity, validity};

/// The files of a listener that speaks TLS, in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authorities (CA), one of which must have signed a client's certificate.
    pub authority: PathBuf,
    /// The listener's certificate, followed by those between it and its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// What is wrong with a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsFileError {
    /// It cannot be read.
    #[error("failed to read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is no certificate.
    #[error("{} holds no certificate in PEM form", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// It is no key.
    #[error("{} holds no private key in PEM form", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Its key needs a passphrase.
    #[error("the key in {} is encrypted", path.display())]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// Its certificate is no longer valid.
    #[error("the certificate in {} has expired: it was valid until {until}", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// Until when.
        until: String,
    },
    /// Its certificate is not valid yet.
    #[error("the certificate in {} is not valid before {from}", path.display())]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// From when.
        from: String,
    },
    /// The key and the certificate do not belong together.
    #[error("the key in {} is not the one of the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// It holds what TLS cannot use.
    #[error("{} cannot be used: {cause}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The words of the TLS library.
        cause: String,
    },
}

/// What shakes hands with the certificates of `files`. Each connection proves its certificate anew: no session is
/// resumed, in which it could have expired.
pub(crate) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsFileError> {
    let provider = Arc::new(ring::default_provider());
    let authorities = Arc::new(authorities(&files.authority)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(authorities, Arc::clone(&provider)).build();
    let verifier = verifier.map_err(|error| unusable(&files.authority, &error))?;
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| unusable(&files.key, &error))?.with_client_cert_verifier(verifier);
    let configuration = builder.with_single_cert(own_chain(&files.certificate)?, key(&files.key)?);
    let mut configuration = configuration.map_err(|error| refused(files, &error))?;
    configuration.session_storage = Arc::new(NoServerSessionStorage {});
    configuration.send_tls13_tickets = 0;
    Ok(Arc::new(configuration).into())
}

/// The authorities that are valid now; an error where none is.
fn authorities(path: &Path) -> Result<RootCertStore, TlsFileError> {
    let mut store = RootCertStore::empty();
    let mut invalid = None;
    for certificate in certificates(path)? {
        match check_validity(path, &certificate) {
            Ok(()) => store.add(certificate).map_err(|error| unusable(path, &error))?,
            Err(error) => invalid = Some(error),
        }
    }
    match invalid {
        Some(error) if store.is_empty() => Err(error),
        _ => Ok(store),
    }
}

fn own_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let chain = certificates(path)?;
    chain.first().map_or(Ok(()), |own| check_validity(path, own))?;
    Ok(chain)
}

fn check_validity(path: &Path, certificate: &CertificateDer<'_>) -> Result<(), TlsFileError> {
    let path = path.to_owned();
    match validity(certificate, SystemTime::now()) {
        Ok(Validity::Valid) => Ok(()),
        Ok(Validity::Expired(until)) => Err(TlsFileError::Expired { path, until }),
        Ok(Validity::NotYet(from)) => Err(TlsFileError::NotYetValid { path, from }),
        Err(error) => Err(unusable(&path, &error)),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let text = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(TlsFileError::NoCertificate { path: path.to_owned() })
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    let text = read(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let path = path.to_owned();
        // Of PKCS#8 in the first line, of the older form in a header below it.
        if String::from_utf8_lossy(&text).contains("ENCRYPTED") {
            TlsFileError::EncryptedKey { path }
        } else {
            TlsFileError::NoKey { path }
        }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    fs::read(path).map_err(|source| TlsFileError::Unreadable { path: path.to_owned(), source })
}

fn refused(files: &TlsFiles, error: &rustls::Error) -> TlsFileError {
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsFileError::Mismatch { key: files.key.clone(), certificate: files.certificate.clone() }
        }
        rustls::Error::InvalidCertificate(_) => unusable(&files.certificate, error),
        _ => unusable(&files.key, error),
    }
}

fn unusable(path: &Path, cause: &impl ToString) -> TlsFileError {
    TlsFileError::Unusable { path: path.to_owned(), cause: cause.to_string() }
}
