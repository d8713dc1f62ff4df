//! A container of ours, and the image made for it, as something to be removed, whatever happens.

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
    /// What was made for this container alone.
    image: Option<String>,
    is_removed: bool,
}

impl Leftover {
    /// A name that no container has yet.
    pub(crate) fn new(endpoint: &Endpoint, limit: Duration) -> Self {
        let random = RandomState::new().build_hasher().finish();
        let container = format!("porthole-{random:016x}");
        Self { endpoint: endpoint.clone(), limit, container, image: None, is_removed: false }
    }

    /// The container's name.
    pub(crate) fn container(&self) -> &str {
        &self.container
    }

    /// From here on an image must not stay either.
    pub(crate) fn with_image(&mut self, image: &str) {
        self.image = Some(image.to_owned());
    }

    /// Removes the container and the image, if they were made.
    pub(crate) async fn remove(mut self, client: &Client) -> Result<(), RequestError> {
        let removed = remove_all(client, &self.container, self.image.as_deref()).await;
        self.is_removed = removed.is_ok();
        removed
    }
}

async fn remove_all(client: &Client, container: &str, image: Option<&str>) -> Result<(), RequestError> {
    remove(client, container).await?;
    match image {
        Some(image) => remove_image(client, image).await,
        None => Ok(()),
    }
}

/// The layers that the image was made from are not its own, and stay.
async fn remove_image(client: &Client, image: &str) -> Result<(), RequestError> {
    match client.delete(&format!("/images/{image}?force=1&noprune=1")).await {
        Err(error) if error.is_not_found() => Ok(()),
        result => result,
    }
}

/// Kills the container if it runs; that it is not there is as good.
pub(super) async fn remove(client: &Client, container: &str) -> Result<(), RequestError> {
    match client.delete(&format!("/containers/{container}?force=1&v=1")).await {
        Err(error) if error.is_not_found() => Ok(()),
        // The engine is at it already.
        Err(RequestError::Status { status: 409, message, .. }) if message.contains("in progress") => Ok(()),
        result => result,
    }
}

impl Drop for Leftover {
    /// The future that ran the helper was dropped, so its event loop may never turn again: another thread has its own.
    fn drop(&mut self) {
        if self.is_removed {
            return;
        }
        let (endpoint, limit) = (&self.endpoint, self.limit);
        let (container, image) = (self.container.as_str(), self.image.as_deref());
        std::thread::scope(|scope| {
            let removal = std::thread::Builder::new().spawn_scoped(scope, move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(remove_anew(endpoint, limit, container, image))
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
    image: Option<&str>,
) -> std::io::Result<()> {
    let client = Client::connect(endpoint, limit).await.map_err(std::io::Error::other)?;
    remove_all(&client, container, image).await.map_err(std::io::Error::other)
}
