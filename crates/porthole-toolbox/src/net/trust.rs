//! Which certificates are believed, and what was shown instead.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::tool::Failure;

/// What the verification of a server's chain said.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// The chain, the server's own certificate first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// Why it is not believed.
    pub(super) fault: Option<String>,
}

/// Verifies a server's chain and remembers it; believes any where it is told to.
#[derive(Debug)]
pub(super) struct Witness {
    provider: Arc<CryptoProvider>,
    verifier: Option<Arc<WebPkiServerVerifier>>,
    believes_any: bool,
    verdict: Mutex<Option<Verdict>>,
}

impl Witness {
    /// With the roots of a file, or those of the system.
    pub(super) fn new(root_file: Option<&Path>, believes_any: bool) -> Result<Arc<Self>, Failure> {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(roots(root_file)?);
        let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
        // Without a single root there is no verifier, and nothing is believed.
        let verifier = builder.build().ok();
        Ok(Arc::new(Self { provider, verifier, believes_any, verdict: Mutex::new(None) }))
    }

    /// The settings of a client that asks this witness.
    pub(super) fn client(self: &Arc<Self>, protocols: &[&str]) -> Result<ClientConfig, Failure> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Failure::new(35, error.to_string()))?;
        let witness: Arc<dyn ServerCertVerifier> = Arc::clone(self) as _;
        let mut config = builder.dangerous().with_custom_certificate_verifier(witness).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(config)
    }

    /// What was seen, once a server has shown its chain.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let result = match &self.verifier {
            Some(verifier) => verifier.verify_server_cert(own, others, name, stapled, now),
            None => Err(Error::General("this place has no root certificates".to_owned())),
        };
        let chain = std::iter::once(own).chain(others).map(|each| each.clone().into_owned()).collect();
        let fault = result.as_ref().err().map(words);
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(Verdict { chain, fault });
        if self.believes_any { Ok(ServerCertVerified::assertion()) } else { result }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, own, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, own, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn words(error: &Error) -> String {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    match error {
        Error::InvalidCertificate(Expired | ExpiredContext { .. }) => "it has expired".to_owned(),
        Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            "it is not valid yet".to_owned()
        }
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "it is for other names".to_owned()
        }
        Error::InvalidCertificate(UnknownIssuer) => "its issuer is not known here".to_owned(),
        other => other.to_string(),
    }
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    match file {
        None => {
            // What of the system cannot be read is as if it were not there: the verdict tells.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(path) => {
            let failed =
                |error: &dyn std::fmt::Display| Failure::new(77, format!("{}: {error}", path.display()));
            let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| failed(&error))?;
                roots.add(certificate).map_err(|error| failed(&error))?;
            }
        }
    }
    Ok(roots)
}
