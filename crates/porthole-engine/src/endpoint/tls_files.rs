//! Where the certificates of an endpoint are, as docker names the files.

use std::path::{Path, PathBuf};

/// The certificates of an endpoint that speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authority that must have signed the engine's certificate; the system's when `None`.
    pub authority: Option<PathBuf>,
    /// The client's certificate and its key.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Whether any certificate of the engine will do.
    pub skip_verification: bool,
}

impl TlsFiles {
    /// `ca.pem`, `cert.pem` and `key.pem` of `directory`, as far as they are there.
    pub(super) fn of_directory(directory: &Path, skip_verification: bool) -> Self {
        let present = |name: &str| Some(directory.join(name)).filter(|path| path.exists());
        let client = present("cert.pem").zip(present("key.pem"));
        Self { authority: present("ca.pem"), client, skip_verification }
    }

    /// Whether there is any file at all.
    pub(super) fn is_empty(&self) -> bool {
        self.authority.is_none() && self.client.is_none()
    }
}
