//! Testboxes of which only the container is left.

use porthole_model::Timestamp;
use serde::Deserialize;

use super::LABEL;
use crate::client::Client;
use crate::helper::{self, CREATED_LABEL, HelperError, Removed};
use crate::raw::{RawMap, nullable};
use crate::request_error::RequestError;

#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(rename = "Id")]
    pub(super) id: String,
    #[serde(rename = "Names", default, deserialize_with = "nullable")]
    names: Vec<String>,
    #[serde(rename = "State", default, deserialize_with = "nullable")]
    state: String,
    #[serde(rename = "Labels", default, deserialize_with = "nullable")]
    labels: RawMap<String>,
}

/// The containers with the label of a testbox.
pub(super) async fn listed(client: &Client) -> Result<Vec<Listed>, RequestError> {
    let path = format!("/containers/json?all=1&filters={}", helper::label_filter(LABEL));
    let mut listed: Vec<Listed> = client.get(&path).await?;
    // A container that was made from the image by hand has the image's label, but not this one.
    listed.retain(|each| each.labels.contains_key(CREATED_LABEL));
    Ok(listed)
}

/// Removes the testboxes that do not run any more or were never started, and the images that none uses. Those that
/// run were told to stay.
pub(crate) async fn collect(client: &Client, made_before: Timestamp) -> Result<Removed, HelperError> {
    let failed = |source| HelperError::Engine { step: "remove testboxes that were left", source };
    let containers = remove_containers(client, made_before).await.map_err(failed)?;
    let images = helper::remove_images(client, LABEL).await.map_err(failed)?;
    Ok(Removed { containers, images })
}

async fn remove_containers(client: &Client, made_before: Timestamp) -> Result<Vec<String>, RequestError> {
    let mut removed = Vec::new();
    for testbox in listed(client).await? {
        if testbox.is_garbage(made_before) {
            helper::remove(client, &testbox.id).await?;
            removed.push(testbox.name());
        }
    }
    Ok(removed)
}

impl Listed {
    fn name(&self) -> String {
        self.names.first().map_or(self.id.as_str(), |name| name.trim_start_matches('/')).to_owned()
    }

    /// One that has not run yet may be about to be started.
    fn is_garbage(&self, made_before: Timestamp) -> bool {
        let created = self.labels.get(CREATED_LABEL).and_then(|seconds| seconds.parse::<i64>().ok());
        let is_old = created.is_none_or(|seconds| seconds.saturating_mul(1000) < made_before.0);
        match self.state.as_str() {
            "exited" | "dead" | "stopped" => true,
            "created" | "configured" | "initialized" => is_old,
            _ => false,
        }
    }
}
