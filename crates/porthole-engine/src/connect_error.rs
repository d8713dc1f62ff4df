//! Why an engine does not answer: each cause told apart, in words, with what the user can do.

mod remedy;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use porthole_model::{Gap, GapKind};

use crate::negotiation::{ApiRange, ApiVersion};
use crate::transport::{SocketPermission, TlsFault};

/// Why an engine does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the engine at {endpoint} (named by {origin}) does not answer: {cause}")]
pub struct ConnectError {
    /// Where it was asked.
    pub endpoint: String,
    /// What named the endpoint.
    pub origin: String,
    /// Why, one of the causes.
    pub cause: ConnectCause,
}

/// The causes.
#[derive(Debug, thiserror::Error)]
pub enum ConnectCause {
    /// There is no such file.
    #[error("{}", missing_words(path, directory, *directory_exists, link.as_ref()))]
    NoSocket {
        /// The socket's path.
        path: PathBuf,
        /// Its directory.
        directory: PathBuf,
        /// Whether the directory is there.
        directory_exists: bool,
        /// Where the path leads, when it is a symbolic link.
        link: Option<PathBuf>,
    },
    /// There is a file, but no socket.
    #[error("{} is {what}, not a socket", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// There is a socket, but nobody listens.
    #[error("the socket {} is there, but no process listens on it", path.display())]
    StaleSocket {
        /// The socket.
        path: PathBuf,
    },
    /// The socket's mode forbids it.
    #[error("permission denied: {0}")]
    PermissionDenied(Box<SocketPermission>),
    /// A directory above the socket forbids it.
    #[error("permission denied: a directory above {} may not be entered", path.display())]
    DirectoryDenied {
        /// The socket.
        path: PathBuf,
    },
    /// Nobody takes the connections that wait.
    #[error("a process listens on {}, but takes no connection: its queue is full", path.display())]
    QueueFull {
        /// The socket.
        path: PathBuf,
    },
    /// It takes the connection and says nothing.
    #[error("it takes the connection, but does not answer within {}", seconds(*limit))]
    Silent {
        /// The time it had.
        limit: Duration,
    },
    /// The name or the handshake takes too long.
    #[error("no connection within {}", seconds(*limit))]
    TooSlow {
        /// The time it had.
        limit: Duration,
    },
    /// It takes the connection and closes it.
    #[error("it takes the connection and closes it without an answer")]
    Closed,
    /// It answers, but not in HTTP.
    #[error("what answers speaks no HTTP; it said {heard:?}")]
    NotHttp {
        /// The beginning of what it said.
        heard: String,
    },
    /// It speaks HTTP, but is no engine.
    #[error("what answers is a web server, but not an engine: {answer}")]
    NotAnEngine {
        /// What it answered.
        answer: String,
    },
    /// It is an engine, or in front of one, and answers with an error.
    #[error("it answers with status {status}: {message}")]
    Failing {
        /// The status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// Nobody listens on the port.
    #[error("no process listens on {address} (connection refused)")]
    Refused {
        /// The address.
        address: SocketAddr,
    },
    /// No way to the host.
    #[error("{address} cannot be reached: {source}")]
    Unreachable {
        /// The address.
        address: SocketAddr,
        /// The kernel's word.
        source: io::Error,
    },
    /// The name has no address.
    #[error("the name {name:?} has no address: {cause}")]
    NameNotResolved {
        /// The name.
        name: String,
        /// Why.
        cause: String,
    },
    /// TLS failed.
    #[error("TLS with {address} failed: {fault}")]
    Tls {
        /// The name and the port.
        address: String,
        /// How.
        fault: TlsFault,
    },
    /// It speaks TLS, and was spoken to without.
    #[error("it speaks TLS, but was asked without")]
    WantsTls,
    /// A certificate's file cannot be read.
    #[error("cannot read the certificate or key {}: {cause}", path.display())]
    CertificateFile {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The certificates cannot be used.
    #[error("the certificates of this endpoint cannot be used: {source}")]
    TlsSetup {
        /// Why.
        source: rustls::Error,
    },
    /// ssh failed, or what it ran.
    #[error("ssh ended: {}", if said.is_empty() { "it said nothing" } else { said })]
    Ssh {
        /// Its words, or those of the remote host.
        said: String,
    },
    /// There is no ssh.
    #[error("{destination} needs the program ssh, which is not installed")]
    SshNotInstalled {
        /// The destination.
        destination: String,
    },
    /// The engine is too old for porthole, or for the version that was asked for.
    #[error("the engine speaks API {engine}, porthole {ours}{}: the engine is too old", asked_words(*asked))]
    EngineTooOld {
        /// What the engine speaks.
        engine: ApiRange,
        /// What porthole speaks.
        ours: ApiRange,
        /// `DOCKER_API_VERSION`.
        asked: Option<ApiVersion>,
    },
    /// The engine no longer speaks what porthole, or the version that was asked for, is.
    #[error("the engine speaks API {engine}, porthole {ours}{}: the engine is too new", asked_words(*asked))]
    EngineTooNew {
        /// What the engine speaks.
        engine: ApiRange,
        /// What porthole speaks.
        ours: ApiRange,
        /// `DOCKER_API_VERSION`.
        asked: Option<ApiVersion>,
    },
    /// `DOCKER_API_VERSION` is no version.
    #[error("DOCKER_API_VERSION is {text:?}, which is no version such as 1.41")]
    BadApiVersion {
        /// Its value.
        text: String,
    },
    /// Anything else.
    #[error("{attempt} failed: {source}")]
    Failed {
        /// What was tried.
        attempt: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl ConnectError {
    /// What the user can do.
    pub fn remedy(&self) -> Option<String> {
        remedy::of(&self.cause)
    }
}

impl From<&ConnectError> for Gap {
    fn from(error: &ConnectError) -> Self {
        let what = format!("the engine at {} (named by {})", error.endpoint, error.origin);
        let gap = Self::new(GapKind::EngineUnreachable, what, error.cause.to_string());
        match error.remedy() {
            Some(remedy) => gap.with_remedy(remedy),
            None => gap,
        }
    }
}

impl From<ConnectError> for Gap {
    fn from(error: ConnectError) -> Self {
        Self::from(&error)
    }
}

fn missing_words(path: &Path, directory: &Path, directory_exists: bool, link: Option<&PathBuf>) -> String {
    let path = path.display();
    match (link, directory_exists) {
        (Some(target), _) => format!("{path} is a link to {}, which does not exist", target.display()),
        (None, true) => format!("there is no socket {path}; its directory exists"),
        (None, false) => format!("there is no socket {path}, nor its directory {}", directory.display()),
    }
}

fn asked_words(asked: Option<ApiVersion>) -> String {
    asked.map(|version| format!(" and DOCKER_API_VERSION asks for {version}")).unwrap_or_default()
}

fn seconds(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f32())
}
