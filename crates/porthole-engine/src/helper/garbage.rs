//! Helpers and replicas that were left on an engine by a porthole that was killed.

use porthole_model::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{CREATED_LABEL, HelperError, LABEL, REPLICA_LABEL, encoded, leftover};
use crate::client::Client;
use crate::raw::{RawMap, nullable};
use crate::request_error::RequestError;

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// The names of the containers.
    pub containers: Vec<String>,
    /// The ids of the images.
    pub images: Vec<String>,
}

/// A label's name and value.
type Label = (&'static str, &'static str);

/// A container that a porthole made.
#[derive(Deserialize)]
struct Made {
    #[serde(rename = "Names", default, deserialize_with = "nullable")]
    names: Vec<String>,
    #[serde(rename = "State", default, deserialize_with = "nullable")]
    state: String,
    #[serde(rename = "Labels", default, deserialize_with = "nullable")]
    labels: RawMap<String>,
}

/// Removes the helpers that have ended or were made before `made_before`; gives their names.
pub async fn remove_left_helpers(
    client: &Client,
    made_before: Timestamp,
) -> Result<Vec<String>, HelperError> {
    let failed = |source| HelperError::Engine { step: "remove helpers that were left", source };
    remove_containers(client, LABEL, |helper| helper.is_garbage(made_before)).await.map_err(failed)
}

/// Removes the replicas that do not run, and the images that none uses. One that runs ends with its porthole.
pub async fn remove_left_replicas(client: &Client, made_before: Timestamp) -> Result<Removed, HelperError> {
    let failed = |source| HelperError::Engine { step: "remove replicas that were left", source };
    let is_garbage = |replica: &Made| replica.state != "running" && replica.is_garbage(made_before);
    let containers = remove_containers(client, REPLICA_LABEL, is_garbage).await.map_err(failed)?;
    let images = remove_images(client, REPLICA_LABEL).await.map_err(failed)?;
    Ok(Removed { containers, images })
}

/// Removes the helpers that have ended or were made before `made_before`, the images that none uses, and replicas.
pub async fn collect_garbage(client: &Client, made_before: Timestamp) -> Result<Removed, HelperError> {
    let mut removed = remove_left_replicas(client, made_before).await?;
    removed.containers.extend(remove_left_helpers(client, made_before).await?);
    let failed = |source| HelperError::Engine { step: "remove the images of helpers", source };
    removed.images.extend(remove_images(client, LABEL).await.map_err(failed)?);
    Ok(removed)
}

async fn remove_containers(
    client: &Client,
    label: Label,
    is_garbage: impl Fn(&Made) -> bool,
) -> Result<Vec<String>, RequestError> {
    let path = format!("/containers/json?all=1&filters={}", filter(label));
    let mut removed = Vec::new();
    for made in client.get::<Vec<Made>>(&path).await? {
        if let Some(name) = made.names.first().map(|name| name.trim_start_matches('/'))
            && is_garbage(&made)
        {
            leftover::remove(client, name).await?;
            removed.push(name.to_owned());
        }
    }
    Ok(removed)
}

/// An image that a container of another porthole uses at the moment stays: the engine refuses (409).
async fn remove_images(client: &Client, label: Label) -> Result<Vec<String>, RequestError> {
    #[derive(Deserialize)]
    struct Image {
        #[serde(rename = "Id")]
        id: String,
    }
    let mut removed = Vec::new();
    for image in client.get::<Vec<Image>>(&format!("/images/json?filters={}", filter(label))).await? {
        match client.delete(&format!("/images/{}", image.id)).await {
            Ok(()) => removed.push(image.id),
            Err(RequestError::Status { status: 404 | 409, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

fn filter((name, value): Label) -> String {
    encoded(&json!({ "label": [format!("{name}={value}")] }).to_string())
}

impl Made {
    /// One that has not ended may belong to a porthole that is at work.
    fn is_garbage(&self, made_before: Timestamp) -> bool {
        let created = self.labels.get(CREATED_LABEL).and_then(|seconds| seconds.parse::<i64>().ok());
        let is_old = created.is_none_or(|seconds| seconds.saturating_mul(1000) < made_before.0);
        is_old || matches!(self.state.as_str(), "exited" | "dead" | "stopped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_at_work_is_no_garbage() {
        let helper = |state: &str, created: &str| -> Made {
            let labels = json!({ (CREATED_LABEL): created });
            serde_json::from_value(json!({ "State": state, "Labels": labels })).unwrap()
        };
        let before = Timestamp(2_000_000);
        assert!(!helper("running", "2000").is_garbage(before));
        assert!(!helper("created", "2001").is_garbage(before));
        assert!(helper("exited", "2001").is_garbage(before));
        assert!(helper("running", "1999").is_garbage(before));
        assert!(helper("running", "").is_garbage(before));
    }
}
