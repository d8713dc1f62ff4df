//! What a certificate says: whose it is, and when it is valid.

use std::net::IpAddr;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{self, Decode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Whether a certificate can be used at a time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Validity {
    /// It can.
    Valid,
    /// No longer, since then.
    Expired(String),
    /// Not before then.
    NotYet(String),
}

/// The common name of the subject; else the first alternative name; else the SHA-256 of the certificate, so that a
/// client that was let in is always told apart from others.
pub(super) fn name(certificate: &CertificateDer<'_>) -> String {
    let parsed = Certificate::from_der(certificate);
    let known = parsed.ok().and_then(|parsed| common_name(&parsed).or_else(|| alternative_name(&parsed)));
    known.unwrap_or_else(|| fingerprint(certificate))
}

/// Whether the certificate is valid at `time`.
pub(super) fn validity(certificate: &CertificateDer<'_>, time: SystemTime) -> der::Result<Validity> {
    let parsed = Certificate::from_der(certificate)?;
    let validity = parsed.tbs_certificate().validity();
    Ok(if time > validity.not_after.to_system_time() {
        Validity::Expired(validity.not_after.to_string())
    } else if time < validity.not_before.to_system_time() {
        Validity::NotYet(validity.not_before.to_string())
    } else {
        Validity::Valid
    })
}

fn common_name(certificate: &Certificate) -> Option<String> {
    let name = certificate.tbs_certificate().subject().common_name().ok()??;
    Some(name.value().into_owned()).filter(|name| !name.is_empty())
}

fn alternative_name(certificate: &Certificate) -> Option<String> {
    let (_, names) = certificate.tbs_certificate().get_extension::<SubjectAltName>().ok()??;
    names.0.iter().find_map(text)
}

fn text(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::Rfc822Name(text)
        | GeneralName::DnsName(text)
        | GeneralName::UniformResourceIdentifier(text) => Some(text.to_string()),
        GeneralName::IpAddress(octets) => address(octets.as_bytes()).map(|address| address.to_string()),
        _ => None,
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let version_4 = <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
    version_4.or_else(|| <[u8; 16]>::try_from(octets).ok().map(IpAddr::from))
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digits: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", digits.concat())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use rcgen::string::Ia5String;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType, date_time_ymd};

    use super::*;

    fn certificate(common_name: Option<&str>, names: Vec<SanType>) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = common_name {
            params.distinguished_name.push(DnType::OrganizationName, "a company");
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.subject_alt_names = names;
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    fn dns(name: &str) -> SanType {
        SanType::DnsName(Ia5String::try_from(name).unwrap())
    }

    #[test]
    fn the_common_name_comes_first_then_the_first_alternative_one() {
        assert_eq!(name(&certificate(Some("ada"), vec![dns("host.example")])), "ada");
        assert_eq!(name(&certificate(Some("Zoë"), Vec::new())), "Zoë");
        assert_eq!(name(&certificate(None, vec![dns("host.example"), dns("other.example")])), "host.example");
        let address = SanType::IpAddress("fd77::2".parse().unwrap());
        assert_eq!(name(&certificate(None, vec![address])), "fd77::2");
        assert_eq!(name(&certificate(Some(""), vec![dns("host.example")])), "host.example");
    }

    #[test]
    fn a_certificate_without_a_name_has_its_digest() {
        for nameless in [certificate(None, Vec::new()), CertificateDer::from(b"no certificate".to_vec())] {
            let name = name(&nameless);
            assert!(name.starts_with("sha256:") && name.len() == 71, "{name}");
        }
    }

    #[test]
    fn a_certificate_is_valid_for_a_time() {
        let certificate = certificate(Some("ada"), Vec::new());
        let at = |seconds| validity(&certificate, UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        assert_eq!(at(0), Validity::NotYet("2001-01-01T00:00:00Z".to_owned()));
        assert_eq!(at(990_000_000), Validity::Valid);
        assert_eq!(at(2_000_000_000), Validity::Expired("2002-01-01T00:00:00Z".to_owned()));
    }
}
