//! Files of a TLS listener that cannot be used, and what is said of them.

use std::fs;

use porthole_tap::{ListenAddress, ListenError, Listener, TlsFileError, TlsFiles};
use rcgen::date_time_ymd;

use crate::certificates::Authority;

async fn refused(files: TlsFiles) -> TlsFileError {
    let address = ListenAddress::Tls { address: "0.0.0.0:0".parse().unwrap(), files };
    match Listener::bind(&address).await {
        Err(ListenError::Tls(fault)) => fault,
        Err(other) => panic!("{other}"),
        Ok(listener) => panic!("{listener:?}"),
    }
}

#[tokio::test]
async fn any_address_can_be_listened_on_with_certificates() {
    let files = Authority::new().files();
    let address = ListenAddress::Tls { address: "0.0.0.0:0".parse().unwrap(), files };
    let refused = Listener::bind(&address).await.unwrap_err();
    assert!(refused.to_string().starts_with("failed to read"), "the directory is gone by now: {refused}");
    let authority = Authority::new();
    let address = ListenAddress::Tls { address: "0.0.0.0:0".parse().unwrap(), files: authority.files() };
    assert!(Listener::bind(&address).await.unwrap().port().is_some());
}

#[tokio::test]
async fn files_that_are_missing_or_something_else() {
    let authority = Authority::new();
    let (files, path) = (authority.files(), |name: &str| authority.path(name));
    fs::write(path("text"), "no certificate\n").unwrap();
    let fault = refused(TlsFiles { key: path("nowhere"), ..files.clone() }).await;
    assert!(matches!(&fault, TlsFileError::Unreadable { path, .. } if path.ends_with("nowhere")), "{fault}");
    let fault = refused(TlsFiles { authority: path("text"), ..files.clone() }).await;
    assert!(matches!(&fault, TlsFileError::NoCertificate { path } if path.ends_with("text")), "{fault}");
    let fault = refused(TlsFiles { certificate: path("key.pem"), ..files.clone() }).await;
    assert!(matches!(&fault, TlsFileError::NoCertificate { path } if path.ends_with("key.pem")), "{fault}");
    let fault = refused(TlsFiles { key: path("cert.pem"), ..files.clone() }).await;
    assert!(matches!(&fault, TlsFileError::NoKey { path } if path.ends_with("cert.pem")), "{fault}");
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    fs::write(path("encrypted"), encrypted).unwrap();
    let fault = refused(TlsFiles { key: path("encrypted"), ..files.clone() }).await;
    assert!(matches!(fault, TlsFileError::EncryptedKey { .. }), "{fault}");
    fs::write(path("broken"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let fault = refused(TlsFiles { certificate: path("broken"), ..files }).await;
    assert!(matches!(&fault, TlsFileError::Unusable { path, .. } if path.ends_with("broken")), "{fault}");
}

#[tokio::test]
async fn certificates_out_of_their_time_and_keys_of_others() {
    let authority = Authority::new();
    let (files, path) = (authority.files(), |name: &str| authority.path(name));
    authority.write("old.pem", "old-key.pem", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let fault = refused(TlsFiles { certificate: path("old.pem"), ..files.clone() }).await;
    assert!(fault.to_string().ends_with("it was valid until 2001-01-01T00:00:00Z"), "{fault}");
    let fault = refused(TlsFiles { authority: path("old.pem"), ..files.clone() }).await;
    assert!(matches!(fault, TlsFileError::Expired { .. }), "{fault}");
    authority.write("young.pem", "young-key.pem", |params| params.not_before = date_time_ymd(4000, 1, 1));
    let fault = refused(TlsFiles { certificate: path("young.pem"), ..files.clone() }).await;
    assert!(matches!(fault, TlsFileError::NotYetValid { .. }), "{fault}");
    let fault = refused(TlsFiles { key: path("old-key.pem"), ..files }).await;
    assert!(matches!(fault, TlsFileError::Mismatch { .. }), "{fault}");
}
