//! What a call that makes a container or runs a command in one tells of itself beyond its request line.

use porthole_model::{MaskedText, Secrets};
use serde::Serialize;

use super::go_json::GoJson;

/// The telling parts of such a call's body; what is empty was not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallDetails {
    /// The image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The program before the command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<MaskedText>,
    /// The command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<MaskedText>,
    /// The user that the command runs as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether it has all privileges of the host.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
    /// The capabilities that it gets beyond the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added_capabilities: Vec<String>,
    /// The paths of the host that it sees, each with where, as `source:target`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub binds: Vec<String>,
    /// The namespaces that it shares with the host or with another container: `pid:host`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared_namespaces: Vec<String>,
}

impl CallDetails {
    /// What `body` tells, for the operations that it is known of. `None` also for a body that is not whole.
    pub fn of(operation: &str, body: &[u8]) -> Option<Self> {
        if !matches!(operation, "ContainerCreate" | "ContainerExec") {
            return None;
        }
        let body: GoJson = serde_json::from_slice(body).ok()?;
        let host = body.get("hostconfig");
        Some(Self {
            image: owned(body.get("image")),
            entrypoint: masked(body.get("entrypoint")),
            command: masked(body.get("cmd")),
            user: owned(body.get("user")),
            privileged: host.get("privileged").is_true() || body.get("privileged").is_true(),
            added_capabilities: host.get("capadd").texts().into_iter().map(str::to_owned).collect(),
            binds: binds(host),
            shared_namespaces: shared_namespaces(host),
        })
    }
}

fn owned(value: &GoJson) -> Option<String> {
    value.text().map(str::to_owned)
}

fn masked(value: &GoJson) -> Vec<MaskedText> {
    MaskedText::arguments(value.texts(), Secrets::Mask)
}

fn binds(host: &GoJson) -> Vec<String> {
    let mounts = host.get("mounts").items().iter().filter(|mount| mount.get("type").text() == Some("bind"));
    let mounts = mounts
        .filter_map(|mount| Some(format!("{}:{}", mount.get("source").text()?, mount.get("target").text()?)));
    host.get("binds").texts().into_iter().map(str::to_owned).chain(mounts).collect()
}

fn shared_namespaces(host: &GoJson) -> Vec<String> {
    let modes = ["network", "pid", "ipc", "uts", "userns", "cgroupns"];
    let mode = |name: &str| Some((name.to_owned(), host.get(&format!("{name}mode")).text()?.to_owned()));
    let shared = modes.into_iter().filter_map(mode);
    let shared = shared.filter(|(_, mode)| mode == "host" || mode.starts_with("container:"));
    shared.map(|(name, mode)| format!("{name}:{mode}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_created_container_tells_what_it_may_touch() {
        let body =
            br#"{"Image":"bb:1","Cmd":["mysql","--password=x"],"User":"0","HostConfig":{"Privileged":true,
            "Binds":["/:/host:ro"],"Mounts":[{"Type":"bind","Source":"/etc","Target":"/e"},{"Type":"volume"}],
            "NetworkMode":"bridge","PidMode":"host","CapAdd":["SYS_ADMIN"]}}"#;
        let details = CallDetails::of("ContainerCreate", body).unwrap();
        assert_eq!(
            serde_json::to_string(&details).unwrap(),
            r#"{"image":"bb:1","command":["mysql","--password=********"],"user":"0","privileged":true,"#
                .to_owned()
                + r#""added_capabilities":["SYS_ADMIN"],"binds":["/:/host:ro","/etc:/e"],"#
                + r#""shared_namespaces":["pid:host"]}"#
        );
    }

    #[test]
    fn an_exec_tells_its_command() {
        let details = CallDetails::of("ContainerExec", br#"{"cmd":["id"],"Privileged":true}"#).unwrap();
        assert!(details.privileged && details.command[0].as_str() == "id");
    }

    #[test]
    fn other_calls_and_bodies_that_are_cut_off_tell_nothing() {
        assert_eq!(CallDetails::of("ContainerCreate", br#"{"Image":"x""#), None);
        assert_eq!(CallDetails::of("VolumeCreate", br#"{"Image":"x"}"#), None);
    }
}
