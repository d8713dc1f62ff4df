//! What a call that creates something is about, from the JSON of its bodies.

use porthole_model::{Resource, ResourceKind};
use serde::Deserialize;

/// The two fields that the bodies of all creating calls have in common, under the spellings in use.
#[derive(Default, Deserialize)]
struct Named {
    #[serde(alias = "Name")]
    name: Option<String>,
    #[serde(alias = "Id", alias = "ID")]
    id: Option<String>,
}

/// Whether the bodies of that operation say what the request line does not: [`resource_of_bodies`],
/// [`exec_of_bodies`](super::exec_of_bodies) or [`exit_code_of_wait`](super::exit_code_of_wait).
pub fn describes_itself_in_bodies(operation: &str) -> bool {
    kind(operation).is_some() || matches!(operation, "ExecStart" | "ExecInspect" | "ContainerWait")
}

/// What was created: the name that the request asked for and the id in the answer, added to what the request
/// line said. Bodies that are no JSON object, or not whole, add nothing.
pub fn resource_of_bodies(
    operation: &str,
    known: Option<Resource>,
    request: &[u8],
    answer: &[u8],
) -> Option<Resource> {
    let Some(kind) = kind(operation) else { return known };
    let asked: Named = serde_json::from_slice(request).unwrap_or_default();
    let created: Named = serde_json::from_slice(answer).unwrap_or_default();
    let id = created.id;
    if let Some(resource) = known {
        return Some(Resource { id, ..resource });
    }
    let name = asked.name.filter(|name| !name.is_empty()).or(created.name).or_else(|| id.clone())?;
    Some(Resource { kind, name, id })
}

fn kind(operation: &str) -> Option<ResourceKind> {
    Some(match operation {
        "ContainerCreate" | "ContainerExec" => ResourceKind::Container,
        "NetworkCreate" => ResourceKind::Network,
        "VolumeCreate" => ResourceKind::Volume,
        "ServiceCreate" => ResourceKind::Service,
        "SecretCreate" => ResourceKind::Secret,
        "ConfigCreate" => ResourceKind::Config,
        "ImageCommit" => ResourceKind::Image,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: ResourceKind, name: &str, id: Option<&str>) -> Resource {
        Resource { kind, name: name.to_owned(), id: id.map(str::to_owned) }
    }

    #[test]
    fn a_created_network_has_its_name_from_the_request_and_its_id_from_the_answer() {
        let found = resource_of_bodies(
            "NetworkCreate",
            None,
            br#"{"Name":"app","Driver":"bridge"}"#,
            br#"{"Id":"6b"}"#,
        );
        assert_eq!(found, Some(resource(ResourceKind::Network, "app", Some("6b"))));
    }

    #[test]
    fn a_container_without_a_name_is_called_by_its_id() {
        let found = resource_of_bodies("ContainerCreate", None, b"{}", br#"{"Id":"6b","Warnings":[]}"#);
        assert_eq!(found, Some(resource(ResourceKind::Container, "6b", Some("6b"))));
    }

    #[test]
    fn an_exec_keeps_its_container_and_gains_its_id() {
        let known = resource(ResourceKind::Container, "web", None);
        let found = resource_of_bodies("ContainerExec", Some(known), b"{", br#"{"Id":"ee"}"#);
        assert_eq!(found, Some(resource(ResourceKind::Container, "web", Some("ee"))));
    }

    #[test]
    fn bodies_that_are_cut_off_add_nothing() {
        assert_eq!(resource_of_bodies("VolumeCreate", None, b"{\"Name\":\"x", b""), None);
        assert_eq!(resource_of_bodies("SystemInfo", None, br#"{"Name":"x"}"#, b""), None);
    }
}
