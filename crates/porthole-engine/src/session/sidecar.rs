//! A session beside the target: a container that shares the target's process and network namespaces.

use hyper::Method;
use porthole_wire::tar;
use serde::Deserialize;
use serde_json::{Value, json};

use super::kept::{KEPT_LABEL, SOCKET};
use super::{AGENT, KEPT, Session, SessionError};
use crate::client::Client;
use crate::helper::{Creation, Leftover, PROGRAM, UPLOAD_LIMIT, provide};
use crate::request_error::RequestError;

/// What entering another container takes, beside the engine's usual set: its namespaces, and mounts of one's own.
const ENTRY: [&str; 2] = ["SYS_ADMIN", "SYS_PTRACE"];

/// A sidecar.
#[derive(Clone, Debug)]
pub struct SidecarRequest<'a> {
    /// The container whose namespaces it shares.
    pub target: &'a str,
    /// porthole's own program: static, so that it runs anywhere.
    pub program: &'a [u8],
    /// An image with tools, which lies on the engine; without it the program is all there is.
    pub image: Option<&'a ToolImage>,
    /// Whether it gets what entering takes.
    pub may_enter: bool,
    /// Capabilities that the user asks for.
    pub capabilities: &'a [String],
}

/// An image with tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolImage {
    /// Its name.
    pub name: String,
    /// What it runs unless told otherwise: its entry point and command.
    pub command: Vec<String>,
}

/// Starts an agent beside the target.
pub async fn start_sidecar(client: &Client, request: &SidecarRequest<'_>) -> Result<Session, SessionError> {
    let step = |step| move |source| SessionError::Engine { step, source };
    let leftover = Leftover::of_session(client.endpoint(), client.limit());
    let name = leftover.container();
    create_container(client, name, request, None).await?;
    let attach = format!("/containers/{name}/attach?stream=1&stdin=1&stdout=1&stderr=1");
    let stream = client.hijack(&attach).await.map_err(step("attach to the session's container"))?;
    client
        .command(&format!("/containers/{name}/start"))
        .await
        .map_err(step("start the session's container"))?;
    Ok(Session::begin(stream, Some(leftover)).await?)
}

/// Makes the container, of a session that is kept under a name or of one that is not.
pub(super) async fn create_container(
    client: &Client,
    container: &str,
    request: &SidecarRequest<'_>,
    kept: Option<&str>,
) -> Result<(), SessionError> {
    let image = match request.image {
        Some(image) => image.name.clone(),
        None => provide(client, request.program).await?,
    };
    create(client, container, &request.specification(&image, kept))
        .await
        .map_err(|source| SessionError::Engine { step: "make the session's container", source })?;
    match request.image {
        Some(_) => put_program(client, container, request.program).await,
        None => Ok(()),
    }
}

async fn create(client: &Client, name: &str, specification: &Value) -> Result<(), RequestError> {
    #[derive(Deserialize)]
    struct Created {}
    let path = format!("/containers/create?name={name}");
    client.post::<Created>(&path, specification).await.map(|Created {}| ())
}

/// The agent's program beside the tools of an image that is not ours.
async fn put_program(client: &Client, name: &str, program: &[u8]) -> Result<(), SessionError> {
    let archive = tar::of_program(PROGRAM, program)?;
    let path = format!("/containers/{name}/archive?path=/");
    let content = ("application/x-tar", archive.into());
    let put = client.upload(Method::PUT, &path, content, UPLOAD_LIMIT).await;
    put.map(drop)
        .map_err(|source| SessionError::Engine { step: "put porthole into the session's container", source })
}

impl SidecarRequest<'_> {
    fn specification(&self, image: &str, kept: Option<&str>) -> Value {
        let shared = format!("container:{}", self.target);
        let entry = ENTRY.iter().filter(|_| self.may_enter).map(ToString::to_string);
        let capabilities: Vec<_> = entry.chain(self.capabilities.iter().cloned()).collect();
        let mut labels = Creation::Session.labels();
        if let Some(name) = kept {
            labels[KEPT_LABEL] = name.into();
        }
        // One that is kept has a socket for its clients, who come and go.
        let command = kept.map_or_else(|| json!([AGENT]), |_| json!([KEPT, SOCKET]));
        let has_input = kept.is_none();
        json!({
            "Image": image,
            "Entrypoint": [format!("/{PROGRAM}")],
            "Cmd": command,
            // What the tool image sets has no say in who may enter.
            "User": "0:0",
            "AttachStdin": has_input,
            "AttachStdout": true,
            "AttachStderr": true,
            "OpenStdin": has_input,
            "StdinOnce": has_input,
            "Tty": false,
            "Labels": labels,
            "HostConfig": {
                "AutoRemove": true,
                "CapAdd": capabilities,
                "SecurityOpt": ["apparmor=unconfined", "label=disable"],
                "PidMode": shared,
                "NetworkMode": shared,
                // The target is known by the name that the host's control groups have for it.
                "CgroupnsMode": "host",
                "LogConfig": { "Type": "none" },
                "RestartPolicy": { "Name": "no" },
            },
        })
    }
}
