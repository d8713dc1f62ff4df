//! A session in the target itself, as the target's own user: the engine's exec of an agent that lies there.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{AGENT, Session, SessionError};
use crate::client::Client;

/// What is executed, and as whom.
#[derive(Clone, Debug)]
pub struct ExecRequest<'a> {
    /// The container.
    pub target: &'a str,
    /// Where the agent's program lies in it.
    pub program: &'a str,
    /// Another user than the container's own.
    pub user: Option<&'a str>,
}

/// Starts an agent in the container.
pub async fn start_exec(client: &Client, request: &ExecRequest<'_>) -> Result<Session, SessionError> {
    let command = json!([request.program, AGENT]);
    start(client, request.target, &command, request.user.unwrap_or_default()).await
}

/// Starts what speaks as an agent in a container.
pub(super) async fn start(
    client: &Client,
    target: &str,
    command: &Value,
    user: &str,
) -> Result<Session, SessionError> {
    #[derive(Deserialize)]
    struct Created {
        #[serde(rename = "Id")]
        id: String,
    }
    let step = |step| move |source| SessionError::Engine { step, source };
    let specification = json!({
        "Cmd": command,
        "User": user,
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": false,
    });
    let path = format!("/containers/{target}/exec");
    let created: Created =
        client.post(&path, &specification).await.map_err(step("make an exec in the container"))?;
    let start = json!({ "Detach": false, "Tty": false });
    let path = format!("/exec/{}/start", created.id);
    let stream = client.hijack_with(&path, &start).await.map_err(step("start the exec"))?;
    Ok(Session::begin(stream, None).await?)
}
