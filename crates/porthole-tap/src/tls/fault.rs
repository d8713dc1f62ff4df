//! Why a client was not let in.

use std::fmt;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// Why a client was not let in; completes "the client was not let in: it …".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFault {
    /// It has no certificate, or does not show it.
    NoCertificate,
    /// Its certificate is signed by nobody whom the tap trusts.
    UnknownAuthority,
    /// Its certificate is no longer valid.
    Expired,
    /// Its certificate is not valid yet.
    NotYetValid,
    /// Its certificate is for servers.
    NotForClients,
    /// It does not trust the tap's own certificate; the alert as TLS names it.
    Distrusts(String),
    /// It speaks HTTP, and no TLS.
    PlainHttp,
    /// It speaks neither TLS nor HTTP.
    NotTls,
    /// It closed the connection.
    Left,
    /// It took longer than allowed.
    TooSlow(Duration),
    /// Anything else, in the words of the TLS library or the system.
    Other(String),
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => formatter.write_str("it shows no certificate"),
            Self::UnknownAuthority => {
                formatter.write_str("its certificate is not signed by the authority (CA) that was asked for")
            }
            Self::Expired => formatter.write_str("its certificate has expired"),
            Self::NotYetValid => formatter.write_str("its certificate is not valid yet"),
            Self::NotForClients => formatter.write_str("its certificate is not for clients (clientAuth)"),
            Self::Distrusts(alert) => {
                write!(formatter, "it does not trust the certificate of the tap (alert {alert})")
            }
            Self::PlainHttp => formatter.write_str("it speaks plain HTTP, and no TLS"),
            Self::NotTls => formatter.write_str("it speaks no TLS"),
            Self::Left => formatter.write_str("it left before the handshake was over"),
            Self::TooSlow(limit) => {
                write!(formatter, "it did not finish the handshake within {} s", limit.as_secs_f32())
            }
            Self::Other(words) => formatter.write_str(words),
        }
    }
}

/// What a failed handshake means.
pub(super) fn fault_of(error: &io::Error) -> HandshakeFault {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(cause) => of_tls(cause),
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                HandshakeFault::Left
            }
            _ => HandshakeFault::Other(error.to_string()),
        },
    }
}

fn of_tls(error: &Error) -> HandshakeFault {
    match error {
        Error::NoCertificatesPresented => HandshakeFault::NoCertificate,
        Error::InvalidCertificate(certificate) => of_certificate(certificate),
        Error::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::UnknownCA
            // An authority of the same name, but with another key.
            | AlertDescription::DecryptError),
        ) => HandshakeFault::Distrusts(format!("{alert:?}")),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => HandshakeFault::NotTls,
        other => HandshakeFault::Other(other.to_string()),
    }
}

fn of_certificate(error: &CertificateError) -> HandshakeFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => HandshakeFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            HandshakeFault::NotYetValid
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => HandshakeFault::UnknownAuthority,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            HandshakeFault::NotForClients
        }
        other => HandshakeFault::Other(format!("its certificate is refused: {other}")),
    }
}
