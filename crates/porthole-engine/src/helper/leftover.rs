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
    things: Things,
    is_removed: bool,
}

/// What is to be removed.
#[derive(Clone)]
struct Things {
    container: String,
    /// The engine removes the container when it ends, which it does once its user is gone.
    ends_by_itself: bool,
    /// What was made for this container alone.
    image: Option<String>,
}

impl Leftover {
    /// A name that no container has yet.
    pub(crate) fn new(endpoint: &Endpoint, limit: Duration) -> Self {
        let random = RandomState::new().build_hasher().finish();
        let container = format!("porthole-{random:016x}");
        let things = Things { container, ends_by_itself: false, image: None };
        Self { endpoint: endpoint.clone(), limit, things, is_removed: false }
    }

    /// The same for a container that ends once its user is gone, and is then removed by the engine: it is killed only
    /// when it does not, for what it leaves in other pid namespaces when it is.
    pub(crate) fn of_session(endpoint: &Endpoint, limit: Duration) -> Self {
        let mut leftover = Self::new(endpoint, limit);
        leftover.things.ends_by_itself = true;
        leftover
    }

    /// The container's name.
    pub(crate) fn container(&self) -> &str {
        &self.things.container
    }

    /// The container has another name from now on: its id.
    pub(crate) fn is_known_as(&mut self, id: &str) {
        id.clone_into(&mut self.things.container);
    }

    /// From here on an image must not stay either.
    pub(crate) fn with_image(&mut self, image: &str) {
        self.things.image = Some(image.to_owned());
    }

    /// The container may stay after all.
    pub(crate) fn stay(mut self) {
        self.is_removed = true;
    }

    /// Removes the container at once, even one that would end by itself.
    pub(crate) async fn kill(mut self, client: &Client) -> Result<(), RequestError> {
        self.things.ends_by_itself = false;
        self.remove(client).await
    }

    /// Removes the container and the image, if they were made.
    pub(crate) async fn remove(mut self, client: &Client) -> Result<(), RequestError> {
        let removed = self.things.remove(client).await;
        self.is_removed = removed.is_ok();
        removed
    }
}

impl Things {
    async fn remove(&self, client: &Client) -> Result<(), RequestError> {
        let wait = format!("/containers/{}/wait?condition=removed", self.container);
        if !self.ends_by_itself || client.command(&wait).await.is_err() {
            remove(client, &self.container).await?;
        }
        match &self.image {
            Some(image) => remove_image(client, image).await,
            None => Ok(()),
        }
    }
}

/// Kills the container if it runs; that it is not there, or being removed already, is as good.
pub(crate) async fn remove(client: &Client, container: &str) -> Result<(), RequestError> {
    match client.delete(&format!("/containers/{container}?force=1&v=1")).await {
        Err(error) if error.is_not_found() => Ok(()),
        Err(RequestError::Status { status: 409, message, .. }) if message.contains("in progress") => Ok(()),
        result => result,
    }
}

/// The layers that the image was made from are not its own, and stay.
async fn remove_image(client: &Client, image: &str) -> Result<(), RequestError> {
    match client.delete(&format!("/images/{image}?force=1&noprune=1")).await {
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
        let (endpoint, limit, things) = (&self.endpoint, self.limit, &self.things);
        std::thread::scope(|scope| {
            let removal = std::thread::Builder::new().spawn_scoped(scope, move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(remove_anew(endpoint, limit, things))
            });
            // What is left now has its label, and is removed by the next run.
            drop(removal.map(std::thread::ScopedJoinHandle::join));
        });
    }
}

async fn remove_anew(endpoint: &Endpoint, limit: Duration, things: &Things) -> std::io::Result<()> {
    let client = Client::connect(endpoint, limit).await.map_err(std::io::Error::other)?;
    things.remove(&client).await.map_err(std::io::Error::other)
}
