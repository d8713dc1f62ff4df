//! The crate against real servers, real programs and real engines.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod engines;
mod helper;
mod remote;
mod tls;
mod unreachable;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use porthole_engine::{Client, ConnectCause, Endpoint, EndpointRequest, resolve};

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long something that never answers is given.
const IMPATIENCE: Duration = Duration::from_millis(300);

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn endpoint(host: &str) -> Endpoint {
    let request = EndpointRequest { host: Some(host.to_owned()), ..EndpointRequest::default() };
    resolve(&request).unwrap()
}

fn cause(endpoint: &Endpoint, limit: Duration) -> ConnectCause {
    match block_on(Client::connect(endpoint, limit)) {
        Ok(_) => panic!("{} answered", endpoint.url()),
        Err(error) => error.cause,
    }
}

fn socket_cause(path: &Path, limit: Duration) -> ConnectCause {
    cause(&Endpoint::of_socket(path), limit)
}
