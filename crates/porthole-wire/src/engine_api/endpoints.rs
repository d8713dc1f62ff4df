//! The calls that a version of the API has, with what each of them takes.

use porthole_model::{ApiEndpoint, ApiParameter, ParameterPlace};

use super::operations::{OPERATIONS, Operation};
use super::parameters::ENDPOINTS;

/// Operations that came into the API 1 with that minor version, where one that porthole speaks is older.
const CAME: [(&str, u16); 2] = [("VolumeUpdate", 42), ("ImageAttestations", 55)];

/// Operations that no version has any more that porthole speaks.
const GONE: [&str; 1] = ["ContainerCopy"];

/// What an operation is for and what it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    operation: &'static str,
    summary: &'static str,
    parameters: &'static [ApiParameter],
}

/// The calls of API 1.`minor`, group by group as the engine's router has them.
pub fn endpoints(minor: u16) -> Vec<ApiEndpoint> {
    OPERATIONS
        .iter()
        .filter(|operation| came_with(operation).is_none_or(|came| came <= minor))
        .filter(|operation| !GONE.contains(&operation.name))
        .map(|operation| endpoint_of(operation, minor))
        .collect()
}

/// The minor version of the API that an operation came with, where a version that porthole speaks lacks it.
pub fn came_with(operation: &Operation) -> Option<u16> {
    CAME.iter().find(|(name, _)| *name == operation.name).map(|(_, came)| *came)
}

fn endpoint_of(operation: &Operation, minor: u16) -> ApiEndpoint {
    let described = ENDPOINTS.iter().find(|described| described.operation == operation.name);
    let parameters = described.map_or(&[][..], |described| described.parameters);
    let is_there = |parameter: &&ApiParameter| parameter.since.is_none_or(|since| since <= minor);
    ApiEndpoint {
        method: operation.method,
        path: operation.pattern,
        operation: operation.name,
        summary: described.map_or("", |described| described.summary),
        changes: operation.changes,
        parameters: parameters.iter().filter(is_there).copied().collect(),
    }
}

pub(super) const fn endpoint(
    operation: &'static str,
    summary: &'static str,
    parameters: &'static [ApiParameter],
) -> Described {
    Described { operation, summary, parameters }
}

pub(super) const fn query(name: &'static str, kind: &'static str, default: &'static str) -> ApiParameter {
    ApiParameter { name, place: ParameterPlace::Query, kind, default, is_required: false, since: None }
}

pub(super) const fn header(name: &'static str, kind: &'static str, default: &'static str) -> ApiParameter {
    ApiParameter { place: ParameterPlace::Header, ..query(name, kind, default) }
}

pub(super) const fn field(name: &'static str, kind: &'static str, default: &'static str) -> ApiParameter {
    ApiParameter { place: ParameterPlace::Body, ..query(name, kind, default) }
}

pub(super) const fn must(parameter: ApiParameter) -> ApiParameter {
    ApiParameter { is_required: true, ..parameter }
}

pub(super) const fn since(minor: u16, parameter: ApiParameter) -> ApiParameter {
    ApiParameter { since: Some(minor), ..parameter }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(operation: &str, minor: u16) -> Option<ApiEndpoint> {
        endpoints(minor).into_iter().find(|endpoint| endpoint.operation == operation)
    }

    fn names(operation: &str, minor: u16) -> Vec<&'static str> {
        of(operation, minor).unwrap().parameters.iter().map(|parameter| parameter.name).collect()
    }

    #[test]
    fn every_described_operation_is_a_route() {
        for described in ENDPOINTS {
            let is_it = |operation: &&Operation| operation.name == described.operation;
            assert_eq!(OPERATIONS.iter().filter(is_it).count(), 1, "{}", described.operation);
            assert!(!described.summary.is_empty());
        }
    }

    #[test]
    fn routes_without_a_description_are_known_by_name() {
        let undescribed: Vec<_> = endpoints(51)
            .into_iter()
            .filter(|endpoint| endpoint.summary.is_empty())
            .map(|endpoint| endpoint.operation)
            .collect();
        let known = ["CheckpointList", "CheckpointCreate", "CheckpointDelete", "BuildCancel", "Grpc"];
        assert_eq!(undescribed, known);
    }

    #[test]
    fn a_version_has_what_came_until_then() {
        assert!(of("VolumeUpdate", 41).is_none() && of("VolumeUpdate", 42).is_some());
        assert!(of("ContainerCopy", 51).is_none());
        assert_eq!(names("ContainerStop", 41), ["t"]);
        assert_eq!(names("ContainerStop", 51), ["signal", "t"]);
        assert!(names("ContainerCreate", 41).contains(&"platform"));
        assert!(!names("ContainerCreate", 40).contains(&"platform"));
    }

    #[test]
    fn places_kinds_and_defaults_are_kept() {
        let create = of("ContainerCreate", 51).unwrap();
        let find = |name: &str| *create.parameters.iter().find(|known| known.name == name).unwrap();
        assert_eq!((find("name").place, find("Image").place), (ParameterPlace::Query, ParameterPlace::Body));
        assert_eq!((find("StopTimeout").kind, find("StopTimeout").default), ("integer", "10"));
        let push = of("ImagePush", 51).unwrap();
        assert!(push.parameters.iter().any(|known| known.name == "X-Registry-Auth" && known.is_required));
    }
}
