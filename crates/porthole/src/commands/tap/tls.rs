//! The certificates of a listener that speaks TLS, named as dockerd names them.

use std::path::{Path, PathBuf};

use porthole_tap::{TlsFileError, TlsFiles};

use crate::error::CommandError;

/// What of TLS a listener is asked for.
#[derive(Debug, clap::Args)]
pub(super) struct ListenTlsArgs {
    /// Speak TLS with ca.pem, cert.pem and key.pem of this directory, unless they are named by themselves
    ///
    /// A client is let in when it shows a certificate that the authority (CA) has signed; the name in it is shown
    /// with each of its calls.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "insecure")]
    tlsdir: Option<PathBuf>,
    /// The authority (CA) that must have signed the certificate of a client
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    tlscacert: Option<PathBuf>,
    /// The certificate of the listener
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    tlscert: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    tlskey: Option<PathBuf>,
}

impl ListenTlsArgs {
    /// Whether any of them was given.
    pub(super) fn is_asked_for(&self) -> bool {
        [&self.tlsdir, &self.tlscacert, &self.tlscert, &self.tlskey].into_iter().any(Option::is_some)
    }

    /// Unix sockets have no TLS.
    pub(super) fn refuse_without_port(&self) -> Result<(), CommandError> {
        if !self.is_asked_for() {
            return Ok(());
        }
        Err(CommandError::new("TLS is for a listener on TCP")
            .hint("give --listen tcp:// with an IP address and a port, such as tcp://0.0.0.0:2376"))
    }

    /// The files; `None` where nothing of TLS was asked for. A command beside the tap would have no certificate.
    pub(super) fn files(&self, for_command: bool) -> Result<Option<TlsFiles>, CommandError> {
        if !self.is_asked_for() {
            return Ok(None);
        }
        if for_command {
            return Err(CommandError::new("a command that is run beside the tap has no certificate to show")
                .hint("leave the TLS options away: the command gets a private socket"));
        }
        Ok(Some(TlsFiles {
            authority: self.file(self.tlscacert.as_deref(), "ca.pem", "--tlscacert")?,
            certificate: self.file(self.tlscert.as_deref(), "cert.pem", "--tlscert")?,
            key: self.file(self.tlskey.as_deref(), "key.pem", "--tlskey")?,
        }))
    }

    fn file(&self, named: Option<&Path>, usual: &str, option: &str) -> Result<PathBuf, CommandError> {
        let named = named.map(Path::to_owned);
        named.or_else(|| self.tlsdir.as_ref().map(|directory| directory.join(usual))).ok_or_else(|| {
            CommandError::new(format!("TLS needs {option}, too")).hint(format!(
                "give {option}, or --tlsdir with the directory that holds ca.pem, cert.pem and key.pem"
            ))
        })
    }
}

/// What to do about a file that cannot be used.
pub(super) fn hint(fault: &TlsFileError) -> &'static str {
    match fault {
        TlsFileError::Unreadable { .. } => {
            "name the files with --tlscacert, --tlscert and --tlskey, or their directory with --tlsdir"
        }
        TlsFileError::NoCertificate { .. } => {
            "a certificate begins with -----BEGIN CERTIFICATE-----; openssl x509 -inform DER makes one of a DER file"
        }
        TlsFileError::NoKey { .. } => {
            "a key begins with -----BEGIN PRIVATE KEY-----; openssl pkey -inform DER makes one of a DER file"
        }
        TlsFileError::EncryptedKey { .. } => "take the passphrase away: openssl pkey -in KEY -out PLAIN_KEY",
        TlsFileError::Expired { .. } => "let the authority issue a new certificate",
        TlsFileError::NotYetValid { .. } => "check the clock of this machine, or issue the certificate anew",
        TlsFileError::Mismatch { .. } => {
            "give the key that the certificate was made with; openssl pkey -in KEY -pubout and \
             openssl x509 -in CERTIFICATE -noout -pubkey print the same for both"
        }
        _ => "make the certificates anew, as in docs.docker.com/engine/security/protect-access",
    }
}
