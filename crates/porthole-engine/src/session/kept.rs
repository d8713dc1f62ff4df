//! Sessions beside a target that are kept: their containers go on without a client, and are known by a label.

use serde_json::json;

use super::sidecar::{self, SidecarRequest};
use super::{RELAY, Session, SessionError, exec};
use crate::client::Client;
use crate::helper::{Creation, Leftover, PROGRAM, made};
use crate::request_error::RequestError;

/// The label that says what the session is called.
pub(super) const KEPT_LABEL: &str = "porthole.kept";

/// Where its socket lies in its container.
pub(super) const SOCKET: &str = "/session";

/// A kept session's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSidecar {
    /// What the session is called.
    pub name: String,
    container: String,
}

impl KeptSidecar {
    /// Starts one, which waits a while to be told what it is for.
    pub async fn start(
        client: &Client,
        request: &SidecarRequest<'_>,
        name: &str,
    ) -> Result<Self, SessionError> {
        let leftover = Leftover::new(client.endpoint(), client.limit());
        let container = leftover.container().to_owned();
        sidecar::create_container(client, &container, request, Some(name)).await?;
        let start = format!("/containers/{container}/start");
        let step = |source| SessionError::Engine { step: "start the session's container", source };
        client.command(&start).await.map_err(step)?;
        leftover.stay();
        Ok(Self { name: name.to_owned(), container })
    }

    /// All of them that run.
    pub async fn all(client: &Client) -> Result<Vec<Self>, RequestError> {
        let mut all = Vec::new();
        for made in made(client, Creation::Session).await? {
            let name = made.label(KEPT_LABEL).filter(|_| made.is_running());
            all.extend(name.map(|name| Self { name: name.to_owned(), container: made.id.clone() }));
        }
        Ok(all)
    }

    /// A line to the session. Dropping it changes nothing there.
    pub async fn join(&self, client: &Client) -> Result<Session, SessionError> {
        let program = format!("/{PROGRAM}");
        exec::start(client, &self.container, &json!([program, RELAY, SOCKET]), "0:0").await
    }

    /// The same; none where its container has ended meanwhile.
    pub async fn join_if_alive(&self, client: &Client) -> Result<Option<Session>, SessionError> {
        match self.join(client).await {
            Err(SessionError::Engine { source: RequestError::Status { status: 404 | 409, .. }, .. }) => {
                Ok(None)
            }
            joined => joined.map(Some),
        }
    }

    /// Waits until its container is gone, or removes it where it does not go.
    pub async fn end(&self, client: &Client) -> Result<(), SessionError> {
        let mut leftover = Leftover::of_session(client.endpoint(), client.limit());
        leftover.is_known_as(&self.container);
        let step = |source| SessionError::Engine { step: "remove the session's container", source };
        leftover.remove(client).await.map_err(step)
    }

    /// Removes its container, whatever runs there.
    pub async fn kill(&self, client: &Client) -> Result<(), SessionError> {
        let step = |source| SessionError::Engine { step: "remove the session's container", source };
        crate::helper::remove(client, &self.container).await.map_err(step)
    }
}
