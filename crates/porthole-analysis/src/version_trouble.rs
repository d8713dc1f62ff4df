//! What an exchange shows of a client and an engine that are not of the same age.

mod additions;
mod engine;
mod newer;
mod places;
mod removals;
mod request;

use porthole_model::Exchange;

pub use engine::EngineApi;
use request::Request;

use crate::version::ApiVersion;

/// The version with which operations came into the API (moby, `api/docs/CHANGELOG.md`).
const CAME_WITH: [(&str, ApiVersion); 15] = [
    ("BuildPrune", ApiVersion::new(1, 31)),
    ("ConfigCreate", ApiVersion::new(1, 30)),
    ("ConfigInspect", ApiVersion::new(1, 30)),
    ("ConfigList", ApiVersion::new(1, 30)),
    ("ContainerPrune", ApiVersion::new(1, 25)),
    ("DistributionInspect", ApiVersion::new(1, 30)),
    ("ImageAttestations", ApiVersion::new(1, 55)),
    ("ImagePrune", ApiVersion::new(1, 25)),
    ("NetworkPrune", ApiVersion::new(1, 25)),
    ("PluginUpgrade", ApiVersion::new(1, 26)),
    ("SecretCreate", ApiVersion::new(1, 25)),
    ("SecretInspect", ApiVersion::new(1, 25)),
    ("SecretList", ApiVersion::new(1, 25)),
    ("VolumePrune", ApiVersion::new(1, 25)),
    ("VolumeUpdate", ApiVersion::new(1, 42)),
];

/// Operations that clients call without a version by design.
const WITHOUT_VERSION: [&str; 5] = ["SystemPing", "SystemPingHead", "SystemVersion", "Grpc", "Session"];

/// What is wrong with the versions of client and engine, in a sentence or two, as far as the exchange alone shows it;
/// `engine` is what the engine speaks, where that is known, and `body` what was kept of the request's.
pub fn version_trouble(
    exchange: &Exchange,
    engine: Option<EngineApi>,
    body: Option<&[u8]>,
) -> Option<String> {
    let asked = exchange.api_version.as_deref().and_then(ApiVersion::parse);
    let spoken = asked.or(engine.map(|engine| engine.newest));
    let request = Request::new(exchange, body.unwrap_or_default());
    out_of_range(exchange, asked, engine)
        .or_else(|| not_there_yet(exchange, asked, engine))
        .or_else(|| newer::trouble(&request, asked, engine))
        .or_else(|| removed(exchange, asked))
        .or_else(|| removals::trouble(&request, spoken))
        .or_else(|| deprecated(exchange, spoken))
        .or_else(|| without_version(exchange))
}

/// Only where the engine refused: a proxy in between may speak more versions than the engine.
fn out_of_range(exchange: &Exchange, asked: Option<ApiVersion>, engine: Option<EngineApi>) -> Option<String> {
    let (asked, engine) = (asked?, engine?);
    if exchange.status.is_none_or(|status| status < 400) {
        return None;
    }
    if asked > engine.newest {
        let newest = engine.newest;
        return Some(format!(
            "the client asks for API {asked}, the engine speaks at most {newest}: the client is too new for it; \
             set DOCKER_API_VERSION={newest} for the client or update the engine"
        ));
    }
    let oldest = engine.oldest.filter(|oldest| asked < *oldest)?;
    Some(format!(
        "the client asks for API {asked}, the engine speaks {oldest} and newer: the client is too old for it; \
         update the client, or set DOCKER_API_VERSION={oldest} if it can speak that"
    ))
}

fn not_there_yet(
    exchange: &Exchange,
    asked: Option<ApiVersion>,
    engine: Option<EngineApi>,
) -> Option<String> {
    let name = exchange.operation.as_deref()?;
    let (_, came) = CAME_WITH.iter().find(|(known, _)| *known == name)?;
    let spoken = asked.into_iter().chain(engine.map(|engine| engine.newest)).min()?;
    (exchange.status == Some(404) && spoken < *came).then(|| {
        format!("{name} came with API {came}, here API {spoken} is spoken: there is no such call in it")
    })
}

fn removed(exchange: &Exchange, asked: Option<ApiVersion>) -> Option<String> {
    let operation = exchange.operation.as_deref()?;
    let since = |major, minor| asked.is_none_or(|asked| asked >= ApiVersion::new(major, minor));
    match operation {
        "ContainerCopy" if since(1, 24) => Some(
            "POST /containers/…/copy went away with API 1.24: use GET /containers/…/archive, as newer clients do"
                .to_owned(),
        ),
        // Two bytes are the empty object that old clients send.
        "ContainerStart" if since(1, 24) && exchange.status == Some(400) && exchange.request.body > 2 => Some(
            "a container's configuration in the body of its start is refused since API 1.24: it belongs to its \
             creation"
                .to_owned(),
        ),
        _ => None,
    }
}

fn deprecated(exchange: &Exchange, spoken: Option<ApiVersion>) -> Option<String> {
    let at_least = |major, minor| spoken.is_some_and(|spoken| spoken >= ApiVersion::new(major, minor));
    match exchange.operation.as_deref()? {
        name @ ("Grpc" | "Session") if at_least(1, 53) => Some(format!(
            "POST /{} is deprecated since API 1.53: newer clients speak HTTP/2 with the engine from the first byte",
            name.to_ascii_lowercase()
        )),
        "ContainerCopy" => Some(
            "POST /containers/…/copy is deprecated since API 1.20: use GET /containers/…/archive".to_owned(),
        ),
        "ImageBuild"
            if exchange.query().is_none_or(|query| !query.split('&').any(|part| part == "version=2")) =>
        {
            Some(
                "the classic builder is deprecated for Linux images since Engine 23.0: use BuildKit"
                    .to_owned(),
            )
        }
        _ => None,
    }
}

fn without_version(exchange: &Exchange) -> Option<String> {
    let operation = exchange.operation.as_deref()?;
    (exchange.api_version.is_none() && !WITHOUT_VERSION.contains(&operation)).then(|| {
        "the request names no API version, which is deprecated: what it means changes with the engine"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample_exchange::exchange;

    fn call(operation: &str, version: Option<&str>, status: u16) -> Exchange {
        Exchange {
            operation: Some(operation.to_owned()),
            api_version: version.map(str::to_owned),
            status: Some(status),
            ..exchange()
        }
    }

    fn engine() -> Option<EngineApi> {
        EngineApi::parse("1.41", Some("1.24"))
    }

    #[test]
    fn a_client_of_another_age_is_named() {
        let trouble =
            |version, status| version_trouble(&call("ContainerList", Some(version), status), engine(), None);
        assert!(trouble("1.52", 400).unwrap().contains("too new for it; set DOCKER_API_VERSION=1.41"));
        assert!(
            trouble("1.9", 400).unwrap().contains("the engine speaks 1.24 and newer: the client is too old")
        );
        assert_eq!(trouble("1.41", 400), None);
        assert_eq!(trouble("1.52", 200), None);
        assert_eq!(version_trouble(&call("ContainerList", Some("1.52"), 400), None, None), None);
    }

    #[test]
    fn a_call_that_is_not_there_yet_is_told_from_a_missing_thing() {
        let trouble =
            |version, status| version_trouble(&call("VolumeUpdate", Some(version), status), engine(), None);
        assert!(trouble("1.41", 404).unwrap().contains("VolumeUpdate came with API 1.42"));
        assert_eq!(trouble("1.41", 500), None);
        let newer = EngineApi::parse("1.51", None);
        assert_eq!(version_trouble(&call("VolumeUpdate", Some("1.42"), 404), newer, None), None);
    }

    #[test]
    fn what_went_away_is_named() {
        let mut start = call("ContainerStart", Some("1.41"), 400);
        assert!(version_trouble(&start, None, None).unwrap().contains("since API 1.24"));
        start.request.body = 2;
        assert_eq!(version_trouble(&start, None, None), None);
        let mut list = call("ImageList", Some("1.41"), 200);
        list.target = "/v1.41/images/json?all=1&filter=web".into();
        assert!(version_trouble(&list, None, None).unwrap().contains("'filter'"));
        list.target = "/v1.41/images/json?filters=%7B%7D".into();
        assert_eq!(version_trouble(&list, None, None), None);
    }

    #[test]
    fn what_is_deprecated_is_named() {
        let session = call("Session", None, 101);
        assert_eq!(version_trouble(&session, engine(), None), None);
        assert!(
            version_trouble(&session, EngineApi::parse("1.53", None), None)
                .unwrap()
                .contains("since API 1.53")
        );
        let mut build = call("ImageBuild", Some("1.51"), 200);
        assert!(version_trouble(&build, None, None).unwrap().contains("classic builder"));
        build.target = "/v1.51/build?buildid=1&version=2".into();
        assert_eq!(version_trouble(&build, None, None), None);
        assert!(
            version_trouble(&call("SystemInfo", None, 200), None, None).unwrap().contains("no API version")
        );
        assert_eq!(version_trouble(&call("SystemPing", None, 200), None, None), None);
        assert!(
            version_trouble(&call("ContainerCopy", Some("1.20"), 200), None, None)
                .unwrap()
                .contains("deprecated")
        );
        assert!(
            version_trouble(&call("ContainerCopy", Some("1.24"), 404), None, None)
                .unwrap()
                .contains("went away")
        );
    }
}
