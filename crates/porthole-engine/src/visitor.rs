//! A container of ours on a network, that does nothing but be there: what its network gives to containers is seen from
//! it.

use hyper::Method;
use porthole_model::{Container, Secrets};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, HijackedStream};
use crate::helper::{Creation, HelperError, Leftover, PROGRAM, encoded, provide};
use crate::request_error::{Call, RequestError};
use crate::{AGENT, inspect};

/// A container on a network. It ends when this is dropped or porthole is gone, and the engine removes it then.
pub struct Visitor {
    leftover: Leftover,
    /// The agent in it lives until the other end of its standard input is gone.
    _lifeline: HijackedStream,
    /// The container, running.
    pub container: Container,
}

impl Visitor {
    /// Starts one on the network of that name; `program` is porthole's own, a static binary.
    pub async fn start(client: &Client, program: &[u8], network: &str) -> Result<Self, HelperError> {
        let image = provide(client, program).await?;
        let leftover = Leftover::of_session(client.endpoint(), client.limit());
        match start(client, leftover.container(), &image, network).await {
            Ok((lifeline, container)) => Ok(Self { leftover, _lifeline: lifeline, container }),
            Err(error) => {
                // The first error tells more than that its traces could not be removed, which gc can do.
                let _kept_for_gc = leftover.kill(client).await;
                Err(error)
            }
        }
    }

    /// Removes it.
    pub async fn remove(self, client: &Client) -> Result<(), RequestError> {
        self.leftover.kill(client).await
    }
}

async fn start(
    client: &Client,
    name: &str,
    image: &str,
    network: &str,
) -> Result<(HijackedStream, Container), HelperError> {
    let step = |step| move |source| HelperError::Engine { step, source };
    let path = format!("/containers/create?name={}", encoded(name));
    create(client, &path, &specification(image, network))
        .await
        .map_err(step("make a container on the network"))?;
    let attach = format!("/containers/{name}/attach?stream=1&stdin=1");
    let lifeline = client.hijack(&attach).await.map_err(step("attach to the container on the network"))?;
    let run = format!("/containers/{name}/start");
    client.command(&run).await.map_err(step("start a container on the network"))?;
    let container =
        inspect(client, name, Secrets::Mask).await.map_err(step("inspect the container on the network"))?;
    if !container.is_alive() {
        let cause = format!("it is {} at once", container.state);
        let source = RequestError::NotUnderstood { call: Call { method: Method::POST, path: run }, cause };
        return Err(step("start a container on the network")(source));
    }
    Ok((lifeline, container))
}

async fn create(client: &Client, path: &str, specification: &Value) -> Result<(), RequestError> {
    #[derive(Deserialize)]
    struct Created {}
    client.post::<Created>(path, specification).await.map(|Created {}| ())
}

fn specification(image: &str, network: &str) -> Value {
    json!({
        "Image": image,
        "Entrypoint": [format!("/{PROGRAM}")],
        "Cmd": [AGENT],
        "AttachStdin": true,
        "OpenStdin": true,
        "StdinOnce": true,
        "Tty": false,
        "Labels": Creation::Session.labels(),
        "HostConfig": {
            "NetworkMode": network,
            "LogConfig": { "Type": "none" },
            "RestartPolicy": { "Name": "no" },
            "AutoRemove": true,
        },
    })
}
