//! Whether somebody starts a container while it is worked on.

use hyper::Method;
use serde_json::json;

use super::encoded;
use crate::client::Client;
use crate::request_error::RequestError;

/// Ends when the container is started.
pub async fn until_started(client: &Client, id: &str) -> Result<(), RequestError> {
    let filters = json!({ "container": [id], "event": ["start"] }).to_string();
    let mut events = client.stream(Method::GET, &format!("/events?filters={}", encoded(&filters))).await?;
    while let Some(piece) = events.next().await? {
        if !piece.is_empty() {
            return Ok(());
        }
    }
    // The engine went away, and with it whoever could start the container.
    std::future::pending().await
}
