//! The helper's container: what it is made with.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{CREATED_LABEL, LABEL, PROGRAM};
use crate::client::Client;
use crate::request_error::RequestError;

/// What reading every process, namespace and rule of the host needs, beside the engine's usual set.
///
/// Not `Privileged`: that asks for every capability, which an engine in a container or under a hardened service cannot
/// give, and for the host's devices, which nobody reads.
const CAPABILITIES: [&str; 5] = ["DAC_READ_SEARCH", "NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "SYSLOG"];

/// Makes the container.
pub(super) async fn create(
    client: &Client,
    name: &str,
    image: &str,
    arguments: &[&str],
) -> Result<(), RequestError> {
    #[derive(Deserialize)]
    struct Created {}
    let path = format!("/containers/create?name={name}");
    client.post::<Created>(&path, &specification(image, arguments, now())).await.map(|Created {}| ())
}

fn specification(image: &str, arguments: &[&str], now: u64) -> Value {
    json!({
        "Image": image,
        "Entrypoint": [format!("/{PROGRAM}")],
        "Cmd": arguments,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": false,
        "Labels": { (LABEL.0): LABEL.1, (CREATED_LABEL): now.to_string() },
        "HostConfig": {
            "CapAdd": CAPABILITIES,
            "SecurityOpt": ["apparmor=unconfined", "seccomp=unconfined", "label=disable"],
            "PidMode": "host",
            "NetworkMode": "host",
            "CgroupnsMode": "host",
            // With userns-remap, the host's namespaces are not to be had otherwise.
            "UsernsMode": "host",
            "LogConfig": { "Type": "none" },
            "RestartPolicy": { "Name": "no" },
            "AutoRemove": false,
        },
    })
}

/// Seconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
