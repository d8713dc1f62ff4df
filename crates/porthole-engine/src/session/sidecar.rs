//! A session beside the target: a container that shares the target's process and network namespaces, or those of the
//! engine's host, from where every container is within reach.

use hyper::Method;
use porthole_wire::session::Message;
use porthole_wire::tar;
use serde::Deserialize;
use serde_json::{Value, json};

use super::kept::{KEPT_LABEL, SOCKET};
use super::mounts::{self, SidecarMount};
use super::{AGENT, KEPT, Session, SessionError};
use crate::client::Client;
use crate::helper::{Creation, Leftover, PROGRAM, UPLOAD_LIMIT, provide};
use crate::request_error::RequestError;

/// What entering another container takes, beside the engine's usual set: its namespaces, and mounts of one's own.
const ENTRY: [&str; 2] = ["SYS_ADMIN", "SYS_PTRACE"];

/// The steps that are refused where it asks for too much.
pub(super) const MAKE: &str = "make the session's container";
pub(super) const START: &str = "start the session's container";

/// A sidecar.
#[derive(Clone, Debug)]
pub struct SidecarRequest<'a> {
    /// Whose namespaces it shares.
    pub place: SidecarPlace<'a>,
    /// What the program is to be there, and its arguments; [`AGENT`] where that is empty.
    pub role: Vec<String>,
    /// porthole's own program: static, so that it runs anywhere.
    pub program: &'a [u8],
    /// An image with tools, which lies on the engine; without it the program is all there is.
    pub image: Option<&'a ToolImage>,
    /// Whether it gets what entering takes; else it gets nothing that an engine might refuse.
    pub may_enter: bool,
    /// Capabilities that the user asks for.
    pub capabilities: &'a [String],
    /// What it sees of the engine's host.
    pub mounts: &'a [SidecarMount],
}

/// Whose process and network namespaces a sidecar shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SidecarPlace<'a> {
    /// Those of this container.
    Beside(&'a str),
    /// Those of the engine's host. It outlives every container, and sees all of them.
    Host,
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
pub async fn start_sidecar<Said: Message, Heard: Message>(
    client: &Client,
    request: &SidecarRequest<'_>,
) -> Result<Session<Said, Heard>, SessionError> {
    let step = |step| move |source| SessionError::Engine { step, source };
    let leftover = Leftover::of_session(client.endpoint(), client.limit());
    let name = leftover.container();
    create_container(client, name, request, None).await?;
    let attach = format!("/containers/{name}/attach?stream=1&stdin=1&stdout=1&stderr=1");
    let stream = client.hijack(&attach).await.map_err(step("attach to the session's container"))?;
    client.command(&format!("/containers/{name}/start")).await.map_err(step(START))?;
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
    mounts::look_for_sources(client, &image, request.mounts).await?;
    create(client, container, &request.specification(&image, kept))
        .await
        .map_err(|source| SessionError::Engine { step: MAKE, source })?;
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
        let shared = match self.place {
            SidecarPlace::Beside(target) => format!("container:{target}"),
            SidecarPlace::Host => "host".to_owned(),
        };
        let mounts: Vec<_> = self.mounts.iter().map(SidecarMount::specification).collect();
        let mut labels = Creation::Session.labels();
        if let Some(name) = kept {
            labels[KEPT_LABEL] = name.into();
        }
        let has_input = kept.is_none();
        let mut specification = json!({
            "Image": image,
            "Entrypoint": [format!("/{PROGRAM}")],
            "Cmd": self.words(kept),
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
                "CapAdd": self.capabilities,
                "PidMode": shared,
                "NetworkMode": shared,
                // With userns-remap, the host's namespaces are not to be had otherwise.
                "UsernsMode": if self.place == SidecarPlace::Host { "host" } else { "" },
                "Mounts": mounts,
                "LogConfig": { "Type": "none" },
                "RestartPolicy": { "Name": "no" },
            },
        });
        if self.may_enter {
            self.let_in(&mut specification["HostConfig"]);
        }
        specification
    }

    /// What the program is to be there. One that is kept has a socket for its clients, who come and go.
    fn words(&self, kept: Option<&str>) -> Vec<String> {
        match kept {
            Some(_) => vec![KEPT.to_owned(), SOCKET.to_owned()],
            None if self.role.is_empty() => vec![AGENT.to_owned()],
            None => self.role.clone(),
        }
    }

    fn let_in(&self, host: &mut Value) {
        let entry = ENTRY.iter().map(ToString::to_string);
        host["CapAdd"] = entry.chain(self.capabilities.iter().cloned()).collect();
        // No session of the engine's own host has a filter either, and the engine would compile it at every start, which
        // takes half as long as all the rest.
        host["SecurityOpt"] = json!(["apparmor=unconfined", "label=disable", "seccomp=unconfined"]);
        // The target is known by the name that the host's control groups have for it.
        host["CgroupnsMode"] = json!("host");
    }
}
