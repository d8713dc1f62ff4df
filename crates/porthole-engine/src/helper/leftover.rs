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
    ends_by_itself: bool,
    is_removed: bool,
}

impl Leftover {
    /// A name that no container has yet.
    pub(crate) fn new(endpoint: &Endpoint, limit: Duration) -> Self {
        let random = RandomState::new().build_hasher().finish();
        let container = format!("porthole-{random:016x}");
        Self { endpoint: endpoint.clone(), limit, container, ends_by_itself: false, is_removed: false }
    }

    /// The same for a container that ends once its user is gone, and is then removed by the engine: it is killed only
    /// when it does not, for what it leaves in other pid namespaces when it is.
    pub(crate) fn of_session(endpoint: &Endpoint, limit: Duration) -> Self {
        let mut leftover = Self::new(endpoint, limit);
        leftover.ends_by_itself = true;
        leftover
    }

    /// The container's name.
    pub(crate) fn container(&self) -> &str {
        &self.container
    }

    /// Removes the container, if it was made.
    pub(crate) async fn remove(mut self, client: &Client) -> Result<(), RequestError> {
        let removed = end(client, &self.container, self.ends_by_itself).await;
        self.is_removed = removed.is_ok();
        removed
    }
}

async fn end(client: &Client, container: &str, ends_by_itself: bool) -> Result<(), RequestError> {
    if ends_by_itself
        && client.command(&format!("/containers/{container}/wait?condition=removed")).await.is_ok()
    {
        return Ok(());
    }
    remove(client, container).await
}

/// Kills the container if it runs; that it is not there is as good.
pub(super) async fn remove(client: &Client, container: &str) -> Result<(), RequestError> {
    match client.delete(&format!("/containers/{container}?force=1&v=1")).await {
        Err(error) if error.is_not_found() => Ok(()),
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
        let ends_by_itself = self.ends_by_itself;
        std::thread::scope(|scope| {
            let removal = std::thread::Builder::new().spawn_scoped(scope, move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(remove_anew(endpoint, limit, container, ends_by_itself))
            });
            // What is left now has its label, and is removed by the next run.
            drop(removal.map(std::thread::ScopedJoinHandle::join));
        });
    }
}

async fn remove_anew(
    endpoint: &Endpoint,
    limit: Duration,
    container: &str,
    ends_by_itself: bool,
) -> std::io::Result<()> {
    let client = Client::connect(endpoint, limit).await.map_err(std::io::Error::other)?;
    end(&client, container, ends_by_itself).await.map_err(std::io::Error::other)
}
