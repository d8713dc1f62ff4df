//! What was left on an engine by a porthole that was killed.

use porthole_model::Timestamp;
use serde::Deserialize;

use super::creation::{CREATED_LABEL, Creation};
use super::leftover;
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

/// A container that a porthole made.
#[derive(Deserialize)]
pub(crate) struct Made {
    #[serde(rename = "Id", default)]
    pub(crate) id: String,
    #[serde(rename = "Names", default, deserialize_with = "nullable")]
    names: Vec<String>,
    #[serde(rename = "State", default, deserialize_with = "nullable")]
    state: String,
    #[serde(rename = "Labels", default, deserialize_with = "nullable")]
    labels: RawMap<String>,
}

/// Removes what is of no more use of a kind: containers that have ended, or were made before `made_before` and do nothing,
/// and the images that were made for them alone. The images of porthole's program stay for the next run.
pub async fn remove_left(
    client: &Client,
    kind: Creation,
    made_before: Timestamp,
) -> Result<Removed, RequestError> {
    let containers = remove_containers(client, kind, made_before).await?;
    let images = if kind == Creation::Replica { remove_images(client, kind).await? } else { Vec::new() };
    Ok(Removed { containers, images })
}

/// Removes all that was left, and the images that nothing uses.
pub async fn collect_garbage(client: &Client, made_before: Timestamp) -> Result<Removed, RequestError> {
    let mut removed = Removed::default();
    for kind in Creation::ALL {
        removed.containers.extend(remove_containers(client, kind, made_before).await?);
        removed.images.extend(remove_images(client, kind).await?);
    }
    Ok(removed)
}

/// The containers of a kind. One that somebody made from an image of ours has the image's label alone.
pub(crate) async fn made(client: &Client, kind: Creation) -> Result<Vec<Made>, RequestError> {
    let path = format!("/containers/json?all=1&filters={}", kind.filter());
    let mut made: Vec<Made> = client.get(&path).await?;
    made.retain(|each| each.labels.contains_key(CREATED_LABEL));
    Ok(made)
}

async fn remove_containers(
    client: &Client,
    kind: Creation,
    made_before: Timestamp,
) -> Result<Vec<String>, RequestError> {
    let mut removed = Vec::new();
    for container in made(client, kind).await? {
        if container.is_garbage(kind, made_before) {
            leftover::remove(client, &container.id).await?;
            removed.push(container.name());
        }
    }
    Ok(removed)
}

/// Removes the images of a kind. One that a container of another porthole uses at the moment stays: the engine refuses
/// (409).
async fn remove_images(client: &Client, kind: Creation) -> Result<Vec<String>, RequestError> {
    #[derive(Deserialize)]
    struct Image {
        #[serde(rename = "Id")]
        id: String,
    }
    let path = format!("/images/json?filters={}", kind.filter());
    let mut removed = Vec::new();
    for image in client.get::<Vec<Image>>(&path).await? {
        match client.delete(&format!("/images/{}", image.id)).await {
            Ok(()) => removed.push(image.id),
            Err(RequestError::Status { status: 404 | 409, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

impl Made {
    /// The value of a label.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(AsRef::as_ref)
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.state == "running"
    }

    fn name(&self) -> String {
        self.names.first().map_or(self.id.as_str(), |name| name.trim_start_matches('/')).to_owned()
    }

    /// One that has not ended may belong to a porthole that is at work.
    fn is_garbage(&self, kind: Creation, made_before: Timestamp) -> bool {
        let created = self.labels.get(CREATED_LABEL).and_then(|seconds| seconds.parse::<i64>().ok());
        let is_old = created.is_none_or(|seconds| seconds.saturating_mul(1000) < made_before.0);
        match self.state.as_str() {
            "exited" | "dead" | "stopped" => true,
            "created" | "configured" | "initialized" => is_old,
            _ => is_old && !kind.may_run_on(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(state: &str, created: &str) -> Made {
        let labels = json!({ (CREATED_LABEL): created });
        serde_json::from_value(json!({ "State": state, "Labels": labels })).unwrap()
    }

    #[test]
    fn a_helper_at_work_is_no_garbage() {
        let is_garbage =
            |state, created| made(state, created).is_garbage(Creation::Helper, Timestamp(2_000_000));
        assert!(!is_garbage("running", "2000"));
        assert!(!is_garbage("created", "2001"));
        assert!(is_garbage("exited", "2001"));
        assert!(is_garbage("running", "1999"));
        assert!(is_garbage("running", ""));
    }

    #[test]
    fn what_lasts_as_long_as_somebody_wants_is_no_garbage_while_it_runs() {
        for kind in [Creation::Replica, Creation::Session, Creation::Testbox] {
            let is_garbage = |state, created| made(state, created).is_garbage(kind, Timestamp(2_000_000));
            assert!(!is_garbage("running", "1") && !is_garbage("paused", "1"));
            assert!(is_garbage("created", "1") && !is_garbage("created", "2001"));
            assert!(is_garbage("exited", "2001"));
        }
    }
}
