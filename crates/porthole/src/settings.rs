//! The one place that merges what was typed with the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use porthole_engine::{Endpoint, EndpointRequest};
use porthole_model::Secrets;

use crate::args::GlobalArgs;
use crate::error::CommandError;

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What decides about the engine's endpoint.
    request: EndpointRequest,
    /// How long an answer of the engine may take.
    pub(crate) timeout: Duration,
    /// Whether credentials are masked.
    pub(crate) secrets: Secrets,
    /// Whether the host is read by a helper that the engine runs.
    pub(crate) through_engine: bool,
}

impl Settings {
    /// From what was typed and the environment.
    pub(crate) fn new(args: &GlobalArgs, environment: BTreeMap<String, String>) -> Self {
        Self {
            request: EndpointRequest {
                host: args.host.clone(),
                context: args.context.clone(),
                docker_config: docker_config(&environment),
                environment,
            },
            timeout: args.timeout,
            secrets: if args.show_secrets { Secrets::Show } else { Secrets::Mask },
            through_engine: args.through_engine,
        }
    }

    /// Where this user's own sockets live; for root, and where nothing is set, `/run`.
    pub(crate) fn runtime_directory(&self) -> PathBuf {
        let set = self.request.environment.get("XDG_RUNTIME_DIR").filter(|directory| !directory.is_empty());
        PathBuf::from(set.map_or("/run", String::as_str)).join("porthole")
    }

    /// The directory of the docker CLI's configuration.
    pub(crate) fn docker_config(&self) -> &Path {
        &self.request.docker_config
    }

    /// A variable of porthole's environment, unless it is empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.request.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The arguments by which another porthole with the same environment asks the same engine.
    pub(crate) fn engine_arguments(&self) -> Vec<String> {
        let option = |name: &str, value: &Option<String>| {
            value.iter().flat_map(|value| [name.to_owned(), value.clone()]).collect::<Vec<_>>()
        };
        [option("--host", &self.request.host), option("--context", &self.request.context)].concat()
    }

    /// The engine's endpoint, as the docker CLI would choose it.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, CommandError> {
        porthole_engine::resolve(&self.request)
            .map_err(|error| CommandError::caused_by("cannot tell which engine to ask", error))
    }
}

/// `DOCKER_CONFIG`, or `~/.docker`.
fn docker_config(environment: &BTreeMap<String, String>) -> PathBuf {
    match environment.get("DOCKER_CONFIG") {
        Some(directory) if !directory.is_empty() => directory.into(),
        _ => PathBuf::from(environment.get("HOME").map_or("/root", String::as_str)).join(".docker"),
    }
}
