//! The testbox's container: what it is made with.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Publication, TestboxOrder};
use crate::client::Client;
use crate::helper::Creation;
use crate::request_error::RequestError;

/// Makes the container and gives its id.
pub(super) async fn create(
    client: &Client,
    name: &str,
    image: &str,
    order: &TestboxOrder,
) -> Result<String, RequestError> {
    #[derive(Deserialize)]
    struct Created {
        #[serde(rename = "Id")]
        id: String,
    }
    let path = format!("/containers/create?name={name}");
    client.post::<Created>(&path, &specification(image, order)).await.map(|created| created.id)
}

/// One that does not stay ends with its standard input, which the engine closes when this process is gone.
fn specification(image: &str, order: &TestboxOrder) -> Value {
    let mut words = order.words.clone();
    if !order.stays {
        words.push("--until-eof".to_owned());
    }
    let exposed: BTreeMap<String, Value> =
        order.published.iter().map(|publication| (publication.key(), json!({}))).collect();
    json!({
        "Image": image,
        "Entrypoint": ["/bin/testbox"],
        "Cmd": words,
        "Env": ["PATH=/bin"],
        "AttachStdin": !order.stays,
        "OpenStdin": !order.stays,
        "StdinOnce": !order.stays,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": false,
        "ExposedPorts": exposed,
        "Labels": Creation::Testbox.labels(),
        "HostConfig": {
            "NetworkMode": order.network.as_deref().unwrap_or("default"),
            "PortBindings": bindings(&order.published),
            "RestartPolicy": { "Name": "no" },
            "AutoRemove": !order.stays,
        },
    })
}

fn bindings(published: &[Publication]) -> BTreeMap<String, Vec<Value>> {
    let mut bindings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for publication in published {
        bindings.entry(publication.key()).or_default().push(json!({
            "HostIp": publication.host_address.map(|address| address.to_string()).unwrap_or_default(),
            "HostPort": publication.host_port.map(|port| port.0.to_string()).unwrap_or_default(),
        }));
    }
    bindings
}

impl Publication {
    fn key(&self) -> String {
        format!("{}/{}", self.container_port.0, self.protocol)
    }
}
