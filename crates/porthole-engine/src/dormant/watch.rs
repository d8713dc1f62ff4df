//! Whether somebody starts a container while it is worked on.

use hyper::Method;
use serde_json::json;

use super::encoded;
use crate::client::{AnswerStream, Client};
use crate::request_error::RequestError;

/// Watches one container: no start after this was made is missed.
pub struct StartWatch(AnswerStream);

impl StartWatch {
    /// Begins to watch.
    pub async fn begin(client: &Client, id: &str) -> Result<Self, RequestError> {
        let filters = json!({ "container": [id], "event": ["start"] }).to_string();
        client.stream(Method::GET, &format!("/events?filters={}", encoded(&filters))).await.map(Self)
    }

    /// Ends when the container is started; with an error, when that can no longer be known.
    pub async fn started(mut self) -> Result<(), RequestError> {
        while let Some(piece) = self.0.next().await? {
            if !piece.is_empty() {
                return Ok(());
            }
        }
        // The engine went away, and with it whoever could start the container.
        std::future::pending().await
    }
}
