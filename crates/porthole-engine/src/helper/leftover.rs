//! The helper's container as something to be removed, whatever happens.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::request_error::RequestError;

/// A container that must not stay. Dropping it removes the container too, over a connection of its own.
pub(crate) struct Leftover {
    endpoint: Endpoint,
    limit: Duration,
    container: String,
    is_removed: bool,
}

impl Leftover {
    /// A name that no container has yet.
    pub(crate) fn new(endpoint: &Endpoint, limit: Duration) -> Self {
        let random = RandomState::new().build_hasher().finish();
        let container = format!("porthole-{random:016x}");
        Self { endpoint: endpoint.clone(), limit, container, is_removed: false }
    }

    /// The container's name.
    pub(crate) fn container(&self) -> &str {
        &self.container
    }

    /// The container has another name from now on: its id.
    pub(crate) fn is_known_as(&mut self, id: &str) {
        id.clone_into(&mut self.container);
    }

    /// The container may stay after all.
    pub(crate) fn stay(mut self) {
        self.is_removed = true;
    }

    /// Removes the container, if it was made.
    pub(crate) async fn remove(mut self, client: &Client) -> Result<(), RequestError> {
        let removed = remove(client, &self.container).await;
        self.is_removed = removed.is_ok();
        removed
    }
}

/// Kills the container if it runs; that it is not there, or being removed already (409), is as good.
pub(crate) async fn remove(client: &Client, container: &str) -> Result<(), RequestError> {
    match client.delete(&format!("/containers/{container}?force=1&v=1")).await {
        Err(RequestError::Status { status: 404 | 409, .. }) => Ok(()),
        result => result,
    }
}

impl Drop for Leftover {
    /// The future that ran the helper was dropped, so its event loop may never turn again: another thread has its own.
    fn drop(&mut self) {
        if self.is_removed {
            return;
        }
        let (endpoint, limit, container) = (&self.endpoint, self.limit, self.container.as_str());
        std::thread::scope(|scope| {
            let removal = std::thread::Builder::new().spawn_scoped(scope, move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(remove_anew(endpoint, limit, container))
            });
            // What is left now has its label, and is removed by the next run.
            drop(removal.map(std::thread::ScopedJoinHandle::join));
        });
    }
}

async fn remove_anew(endpoint: &Endpoint, limit: Duration, container: &str) -> std::io::Result<()> {
    let client = Client::connect(endpoint, limit).await.map_err(std::io::Error::other)?;
    remove(&client, container).await.map_err(std::io::Error::other)
}
