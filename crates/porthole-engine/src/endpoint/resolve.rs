//! Which endpoint a request means, by the rules of the docker CLI 28 (`cli/command/cli.go`, `resolveContextName`).

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::address::{self, Address, AddressError};
use super::tls_files::TlsFiles;
use super::{Endpoint, EndpointOrigin, contexts};

/// What the user said about the engine to ask.
#[derive(Clone, Debug, Default)]
pub struct EndpointRequest {
    /// `--host`.
    pub host: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// The environment; an empty value counts as unset.
    pub environment: BTreeMap<String, String>,
    /// The docker CLI's directory: `~/.docker` or `DOCKER_CONFIG`.
    pub docker_config: PathBuf,
}

impl EndpointRequest {
    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Why a request means no endpoint.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Both were given.
    #[error("conflicting options: either specify --host or --context, not both")]
    Conflict,
    /// No such context.
    #[error("context {name:?} does not exist; known contexts: {}", known.join(", "))]
    UnknownContext {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// A context without an engine.
    #[error("context {name:?} has no docker endpoint")]
    NoDockerEndpoint {
        /// Its name.
        name: String,
    },
    /// Certificates that the environment demands are not there.
    #[error("{} does not exist, but DOCKER_TLS_VERIFY asks for TLS with it", path.display())]
    NoCertificates {
        /// The authority's file.
        path: PathBuf,
    },
    /// An address that is none; `origin` says who gave it.
    #[error("{origin}: {source}")]
    Address {
        /// Who gave it.
        origin: String,
        /// What is wrong with it.
        source: AddressError,
    },
    /// A file of the docker CLI that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the docker CLI that is not what it should be.
    #[error("{} is not what the docker CLI writes: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// The endpoint that `request` means.
///
/// `--host` and `--context` exclude each other; else `--host`, `--context`, `DOCKER_HOST`, `DOCKER_CONTEXT` and the
/// `currentContext` of `config.json` decide, in this order.
pub fn resolve(request: &EndpointRequest) -> Result<Endpoint, EndpointError> {
    let asked = |option: &Option<String>| option.clone().filter(|value| !value.is_empty());
    let mut endpoint = match (asked(&request.host), asked(&request.context)) {
        (Some(_), Some(_)) => return Err(EndpointError::Conflict),
        (Some(host), None) => of_address(request, &host, EndpointOrigin::HostOption),
        (None, context) => match context.map_or_else(|| implied_context(request), |name| Ok(Some(name)))? {
            Some(name) if name != "default" => of_context(request, &name),
            _ => of_default_context(request),
        },
    }?;
    let pinned = request.variable("DOCKER_API_VERSION");
    endpoint.api_version = pinned.map(|version| version.trim_start_matches('v').to_owned());
    Ok(endpoint)
}

/// The context that is in force without options; `DOCKER_HOST` puts every other one out of force.
fn implied_context(request: &EndpointRequest) -> Result<Option<String>, EndpointError> {
    if request.variable("DOCKER_HOST").is_some() {
        return Ok(None);
    }
    match request.variable("DOCKER_CONTEXT") {
        Some(name) => Ok(Some(name.to_owned())),
        None => current_context(&request.docker_config),
    }
}

fn current_context(docker_config: &Path) -> Result<Option<String>, EndpointError> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Configuration {
        current_context: Option<String>,
    }
    let path = docker_config.join("config.json");
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice::<Configuration>(&bytes)
            .map(|configuration| configuration.current_context.filter(|name| !name.is_empty()))
            .map_err(|source| EndpointError::Malformed { path, source }),
        // The CLI goes on without a file that it may not read: `sudo -u` keeps the home of root.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(EndpointError::Unreadable { path, source }),
    }
}

fn of_context(request: &EndpointRequest, name: &str) -> Result<Endpoint, EndpointError> {
    let context = contexts::read(&request.docker_config, name)?;
    let origin = EndpointOrigin::Context(name.to_owned());
    let has_tls = !context.tls.is_empty() || context.skip_verification;
    let (address, asks_for_tls) = if context.host.is_empty() {
        (Address::Unix(address::DEFAULT_SOCKET.into()), false)
    } else {
        parse(&context.host, has_tls, &origin)?
    };
    let tls = is_tcp(&address).then_some(context.tls).filter(|_| has_tls || asks_for_tls);
    Ok(Endpoint { address, origin, tls, api_version: None })
}

fn of_default_context(request: &EndpointRequest) -> Result<Endpoint, EndpointError> {
    if let Some(host) = request.variable("DOCKER_HOST") {
        return of_address(request, host, EndpointOrigin::HostVariable);
    }
    let tls = tls_of_environment(request)?;
    // `opts.ParseHost`: with TLS the default is tcp://localhost:2376.
    let address = match tls {
        Some(_) => parse("tcp://", true, &EndpointOrigin::Default)?.0,
        None => Address::Unix(address::DEFAULT_SOCKET.into()),
    };
    Ok(Endpoint { address, origin: EndpointOrigin::Default, tls, api_version: None })
}

fn of_address(
    request: &EndpointRequest,
    host: &str,
    origin: EndpointOrigin,
) -> Result<Endpoint, EndpointError> {
    let asked = tls_of_environment(request)?;
    let (address, asks_for_tls) = parse(host, asked.is_some(), &origin)?;
    let implied = || TlsFiles { authority: None, client: None, skip_verification: false };
    let tls = if is_tcp(&address) { asked.or_else(|| asks_for_tls.then(implied)) } else { None };
    Ok(Endpoint { address, origin, tls, api_version: None })
}

/// `DOCKER_TLS_VERIFY` and `DOCKER_TLS`, with the files of `DOCKER_CERT_PATH` or of the CLI's directory.
fn tls_of_environment(request: &EndpointRequest) -> Result<Option<TlsFiles>, EndpointError> {
    let verify = request.variable("DOCKER_TLS_VERIFY").is_some();
    if !verify && request.variable("DOCKER_TLS").is_none() {
        return Ok(None);
    }
    let directory = request.variable("DOCKER_CERT_PATH").map_or(request.docker_config.clone(), PathBuf::from);
    let files = TlsFiles::of_directory(&directory, !verify);
    if verify && files.authority.is_none() {
        return Err(EndpointError::NoCertificates { path: directory.join("ca.pem") });
    }
    Ok(Some(files))
}

fn is_tcp(address: &Address) -> bool {
    matches!(address, Address::Tcp { .. })
}

fn parse(text: &str, tls: bool, origin: &EndpointOrigin) -> Result<(Address, bool), EndpointError> {
    let parsed = address::parse(text, tls)
        .map_err(|source| EndpointError::Address { origin: origin.to_string(), source })?;
    Ok((parsed.address, parsed.asks_for_tls))
}

#[cfg(test)]
mod tests;
