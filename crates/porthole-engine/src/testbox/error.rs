//! Why there is no testbox, told from the engine's words where they are the only sign.

use std::io;

use super::TestboxOrder;
use crate::helper::HelperError;
use crate::request_error::RequestError;

/// Why there is no testbox.
#[derive(Debug, thiserror::Error)]
pub enum TestboxError {
    /// Its image could not be provided.
    #[error(transparent)]
    Image(#[from] HelperError),
    /// The name is another container's.
    #[error("a container named {name} exists already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The name is none that the engine takes.
    #[error("{name:?} cannot be the name of a container: {reason}")]
    NameRefused {
        /// The name.
        name: String,
        /// The engine's words.
        reason: String,
    },
    /// The network is not there.
    #[error("the engine has no network named {network}")]
    NoNetwork {
        /// The network that was asked for.
        network: String,
    },
    /// A port of the host is taken.
    #[error("a port of the host is taken: {reason}")]
    PortTaken {
        /// The engine's words.
        reason: String,
    },
    /// The container is not one of porthole's.
    #[error("{name} is no testbox")]
    NotATestbox {
        /// What it was called.
        name: String,
    },
    /// The program ended before it served.
    #[error("the testbox ended before it served: {said}")]
    Ended {
        /// What it said aside.
        said: String,
    },
    /// The engine refused a step.
    #[error("failed to {step}: {source}")]
    Engine {
        /// The step.
        step: &'static str,
        /// Why it failed.
        source: RequestError,
    },
    /// What the program says could not be read.
    #[error("failed to read what the testbox says: {0}")]
    Output(#[from] io::Error),
}

impl TestboxError {
    pub(super) fn during(step: &'static str) -> impl FnOnce(RequestError) -> Self {
        move |source| Self::Engine { step, source }
    }
}

/// Of `create` and `rename`.
pub(super) fn of_creation(order: &TestboxOrder, source: RequestError) -> TestboxError {
    let name = order.name.clone();
    match &source {
        RequestError::Status { status: 409, .. } => TestboxError::NameTaken { name },
        RequestError::Status { message, .. } if message.contains("Invalid container name") => {
            TestboxError::NameRefused { name, reason: message.clone() }
        }
        _ => of_start(order, source),
    }
}

/// Of `start`, where engines notice most of what cannot be.
pub(super) fn of_start(order: &TestboxOrder, source: RequestError) -> TestboxError {
    let RequestError::Status { message, .. } = &source else {
        return TestboxError::Engine { step: "start the testbox", source };
    };
    match &order.network {
        Some(network) if is_about_missing_network(message) => {
            TestboxError::NoNetwork { network: network.clone() }
        }
        _ if is_about_taken_port(message) => TestboxError::PortTaken { reason: message.clone() },
        _ => TestboxError::Engine { step: "start the testbox", source },
    }
}

/// `network x not found` of Docker, `unable to find network with name or ID x: network not found` of Podman.
fn is_about_missing_network(message: &str) -> bool {
    message.contains("network") && message.contains("not found")
}

/// The kernel's refusal, or that of Docker's own list of ports.
fn is_about_taken_port(message: &str) -> bool {
    message.contains("address already in use") || message.contains("port is already allocated")
}
