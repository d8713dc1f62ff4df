//! Helpers that were left on an engine by a porthole that was killed.

use porthole_model::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{CREATED_LABEL, HelperError, LABEL, SESSION_LABEL, encoded, leftover};
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

#[derive(Deserialize)]
struct Helper {
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
    remove_containers(client, made_before).await.map_err(failed)
}

/// Removes the helpers that have ended or were made before `made_before`, and the images that none uses.
pub async fn collect_garbage(client: &Client, made_before: Timestamp) -> Result<Removed, HelperError> {
    let containers = remove_left_helpers(client, made_before).await?;
    let failed = |source| HelperError::Engine { step: "remove the images of helpers", source };
    let images = remove_images(client).await.map_err(failed)?;
    Ok(Removed { containers, images })
}

async fn remove_containers(client: &Client, made_before: Timestamp) -> Result<Vec<String>, RequestError> {
    let mut removed = Vec::new();
    for label in [LABEL, SESSION_LABEL] {
        let path = format!("/containers/json?all=1&filters={}", filter(label));
        for helper in client.get::<Vec<Helper>>(&path).await? {
            if let Some(name) = helper.names.first().map(|name| name.trim_start_matches('/'))
                && helper.is_garbage(made_before)
            {
                leftover::remove(client, name).await?;
                removed.push(name.to_owned());
            }
        }
    }
    Ok(removed)
}

/// An image that a helper of another porthole uses at the moment stays: the engine refuses (409).
async fn remove_images(client: &Client) -> Result<Vec<String>, RequestError> {
    #[derive(Deserialize)]
    struct Image {
        #[serde(rename = "Id")]
        id: String,
    }
    let mut removed = Vec::new();
    for image in client.get::<Vec<Image>>(&format!("/images/json?filters={}", filter(LABEL))).await? {
        match client.delete(&format!("/images/{}", image.id)).await {
            Ok(()) => removed.push(image.id),
            Err(RequestError::Status { status: 404 | 409, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

fn filter(label: (&str, &str)) -> String {
    encoded(&json!({ "label": [format!("{}={}", label.0, label.1)] }).to_string())
}

impl Helper {
    /// One that has not ended may belong to a porthole that is at work. A session that runs ends by itself when its
    /// user is gone, however long that takes.
    fn is_garbage(&self, made_before: Timestamp) -> bool {
        let is_session = self.labels.get(SESSION_LABEL.0).is_some_and(|label| label == SESSION_LABEL.1);
        if is_session && matches!(self.state.as_str(), "running" | "paused" | "removing") {
            return false;
        }
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
        let helper = |state: &str, created: &str| -> Helper {
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

    #[test]
    fn a_session_lasts_as_long_as_it_runs() {
        let session = |state: &str| -> Helper {
            let labels = json!({ (SESSION_LABEL.0): SESSION_LABEL.1, (CREATED_LABEL): "1" });
            serde_json::from_value(json!({ "State": state, "Labels": labels })).unwrap()
        };
        let before = Timestamp(2_000_000);
        assert!(!session("running").is_garbage(before));
        assert!(session("created").is_garbage(before));
        assert!(session("exited").is_garbage(before));
    }
}
