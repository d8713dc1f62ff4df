//! Certificates of the tests' own authorities, and clients that show them.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use porthole_tap::TlsFiles;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

/// An authority and the directory where its listener's files are.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) directory: TempDir,
}

/// A certificate and its key.
pub(crate) type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    /// An authority whose directory holds `ca.pem`, and `cert.pem` and `key.pem` for localhost.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "the authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Self { issuer, directory: tempfile::tempdir().unwrap() };
        fs::write(authority.path("ca.pem"), authority.issuer.pem()).unwrap();
        authority.write("cert.pem", "key.pem", |_| {});
        authority
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The files of a listener.
    pub(crate) fn files(&self) -> TlsFiles {
        TlsFiles {
            authority: self.path("ca.pem"),
            certificate: self.path("cert.pem"),
            key: self.path("key.pem"),
        }
    }

    /// Writes a certificate for localhost, changed by `change`, and its key.
    pub(crate) fn write(&self, certificate: &str, key: &str, change: impl FnOnce(&mut CertificateParams)) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        let pair = KeyPair::generate().unwrap();
        fs::write(self.path(certificate), params.signed_by(&pair, &self.issuer).unwrap().pem()).unwrap();
        fs::write(self.path(key), pair.serialize_pem()).unwrap();
    }

    /// A client's certificate with that common name, changed by `change`.
    pub(crate) fn client(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let pair = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&pair, &self.issuer).unwrap().der().clone();
        (certificate, PrivateKeyDer::try_from(pair.serialize_der()).unwrap())
    }

    /// How a client that trusts this authority and shows `identity` speaks TLS.
    pub(crate) fn configuration(
        &self,
        identity: Option<Identity>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = builder.with_root_certificates(roots);
        Arc::new(match identity {
            Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).unwrap(),
            None => builder.with_no_client_auth(),
        })
    }
}
