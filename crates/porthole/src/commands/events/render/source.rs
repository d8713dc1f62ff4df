//! The containers as the engine has them now. Events only say that it is time to look.

use std::time::Duration;

use porthole_engine::{Client, Endpoint, RequestError, chosen_containers};
use porthole_model::{Container, Secrets};

/// Where containers are read.
pub(super) struct Source {
    pub(super) endpoint: Endpoint,
    pub(super) limit: Duration,
    pub(super) secrets: Secrets,
    /// Which, as `docker ps --filter` takes them.
    pub(super) filters: Vec<(String, String)>,
    /// The connection, while it serves.
    pub(super) client: Option<Client>,
}

impl Source {
    /// All of them anew. After a failure the engine is connected with anew: it may be another version of it.
    pub(super) async fn read(&mut self) -> Result<Vec<Container>, RequestError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::connect_briefly(&self.endpoint, self.limit).await.map_err(Box::new)?,
        };
        let containers = chosen_containers(&client, &self.filters, self.secrets).await?;
        self.client = Some(client);
        Ok(containers)
    }
}
