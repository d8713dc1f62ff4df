//! Where an engine is asked, what said so, and with which certificates.

mod address;
mod contexts;
mod resolve;
mod tls_files;

use std::fmt;
use std::path::{Path, PathBuf};

pub use address::{Address, AddressError, SshDestination};
pub use resolve::{EndpointError, EndpointRequest, resolve};
pub use tls_files::TlsFiles;

/// Where an engine is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    address: Address,
    origin: EndpointOrigin,
    tls: Option<TlsFiles>,
    api_version: Option<String>,
}

impl Endpoint {
    /// The engine behind a unix socket, as if `--host` had named it.
    pub fn of_socket(path: impl Into<PathBuf>) -> Self {
        let address = Address::Unix(path.into());
        Self { address, origin: EndpointOrigin::HostOption, tls: None, api_version: None }
    }

    /// The URL, as the docker CLI writes it: `unix:///var/run/docker.sock`.
    pub fn url(&self) -> String {
        self.address.to_string()
    }

    /// What named it, in words: `--host`, `DOCKER_HOST`, `context "x"`, `the default`.
    pub fn origin(&self) -> String {
        self.origin.to_string()
    }

    /// The address.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The path of the unix socket, where it is one.
    pub fn socket_path(&self) -> Option<&Path> {
        match &self.address {
            Address::Unix(path) => Some(path),
            _ => None,
        }
    }

    /// How TLS is spoken; `None` for a plain connection.
    pub fn tls(&self) -> Option<&TlsFiles> {
        self.tls.as_ref()
    }

    /// `DOCKER_API_VERSION`: the version to speak instead of a negotiated one.
    pub(crate) fn api_version(&self) -> Option<&str> {
        self.api_version.as_deref()
    }
}

/// What named an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
enum EndpointOrigin {
    HostOption,
    HostVariable,
    Context(String),
    Default,
}

impl fmt::Display for EndpointOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostOption => formatter.write_str("--host"),
            Self::HostVariable => formatter.write_str("DOCKER_HOST"),
            Self::Context(name) => write!(formatter, "context {name:?}"),
            Self::Default => formatter.write_str("the default"),
        }
    }
}
