//! What went out of the API, or is about to (moby, `api/docs/CHANGELOG.md`).

use super::places::Meaning::Set;
use super::places::Place::{self, Field, Filter, Parameter};
use super::request::Request;
use crate::version::ApiVersion;

/// Something that requests should not hold any more.
#[derive(Clone, Copy, Debug)]
struct Removal {
    operations: &'static [&'static str],
    place: Place,
    deprecated: ApiVersion,
    /// Since when it is ignored.
    removed: Option<ApiVersion>,
    /// What takes its place.
    instead: &'static str,
}

const fn went(
    operations: &'static [&'static str],
    place: Place,
    (deprecated, removed): (u32, Option<u32>),
    instead: &'static str,
) -> Removal {
    let removed = match removed {
        Some(minor) => Some(ApiVersion::new(1, minor)),
        None => None,
    };
    Removal { operations, place, deprecated: ApiVersion::new(1, deprecated), removed, instead }
}

const REMOVALS: &[Removal] = &[
    went(&["ImageList"], Parameter("filter"), (24, Some(41)), "use the parameter 'filters' with a reference"),
    went(
        &["ContainerCreate"],
        Field("HostConfig.KernelMemory", Set),
        (41, Some(42)),
        "kernels do not limit it any more",
    ),
    went(
        &["ContainerUpdate"],
        Field("KernelMemory", Set),
        (41, Some(42)),
        "kernels do not limit it any more",
    ),
    went(
        &["ContainerUpdate"],
        Field("KernelMemoryTCP", Set),
        (51, Some(52)),
        "kernels do not limit it any more",
    ),
    went(
        &["ContainerCreate"],
        Field("MacAddress", Set),
        (44, Some(52)),
        "give NetworkingConfig.EndpointsConfig.*.MacAddress",
    ),
    went(
        &["NetworkCreate"],
        Field("CheckDuplicate", Set),
        (44, None),
        "a name that is taken is refused without it",
    ),
    went(
        &["ServiceCreate", "ServiceUpdate"],
        Field("Networks", Set),
        (44, None),
        "give TaskTemplate.Networks",
    ),
    went(&["BuildPrune"], Parameter("keep-storage"), (48, Some(52)), "use the parameter 'reserved-space'"),
    went(
        &["ImageSearch"],
        Filter("is-automated"),
        (44, Some(45)),
        "Docker Hub knows no automated images any more",
    ),
];

/// What of a request went out of the API that is spoken, or is about to.
pub(super) fn trouble(request: &Request<'_>, spoken: Option<ApiVersion>) -> Option<String> {
    let spoken = spoken?;
    let held = |removal: &&Removal| {
        spoken >= removal.deprecated && request.is_one_of(removal.operations) && request.has(removal.place)
    };
    let Removal { place, deprecated, removed, instead, .. } = REMOVALS.iter().find(held)?;
    Some(match removed.filter(|removed| spoken >= *removed) {
        Some(removed) => format!("{place} is ignored since API {removed}: {instead}"),
        None => format!("{place} is deprecated since API {deprecated}: {instead}"),
    })
}

#[cfg(test)]
mod tests {
    use porthole_model::Exchange;

    use super::*;
    use crate::sample_exchange::exchange;

    fn said(operation: &str, target: &str, body: &str, spoken: u32) -> Option<String> {
        let call =
            Exchange { operation: Some(operation.to_owned()), target: target.to_owned(), ..exchange() };
        trouble(&Request::new(&call, body.as_bytes()), Some(ApiVersion::new(1, spoken)))
    }

    #[test]
    fn what_is_ignored_is_told_from_what_is_deprecated() {
        let create = |body, spoken| said("ContainerCreate", "/containers/create", body, spoken);
        let body = r#"{"MacAddress":"02:42:ac:11:00:09"}"#;
        assert_eq!(create(body, 43), None);
        assert!(create(body, 44).unwrap().starts_with("MacAddress is deprecated since API 1.44: give"));
        assert!(create(body, 52).unwrap().starts_with("MacAddress is ignored since API 1.52"));
        assert_eq!(create(r#"{"MacAddress":"","HostConfig":{"KernelMemory":0}}"#, 52), None);
    }

    #[test]
    fn parameters_and_filters_are_looked_at() {
        let prune = said("BuildPrune", "/build/prune?keep-storage=1000", "", 48);
        assert!(prune.unwrap().contains("'reserved-space'"));
        let search = "/images/search?filters=%7B%22is-automated%22%3A%5B%22true%22%5D%7D&term=x";
        assert!(said("ImageSearch", search, "", 51).unwrap().contains("ignored since API 1.45"));
    }
}
