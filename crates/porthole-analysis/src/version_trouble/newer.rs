//! What a request holds that is newer than the API it speaks, and is lost or refused for that.

use super::EngineApi;
use super::additions::{ADDITIONS, Addition};
use super::request::Request;
use crate::version::ApiVersion;

/// What of a request is newer than the API that its engine speaks, or than the one that it asks for.
pub(super) fn trouble(
    request: &Request<'_>,
    asked: Option<ApiVersion>,
    engine: Option<EngineApi>,
) -> Option<String> {
    if engine.is_some_and(|engine| !engine.keeps_to_history) {
        return None;
    }
    let newest = engine.map(|engine| engine.newest);
    let is_too_old = |spoken: Option<ApiVersion>, addition: &Addition| {
        spoken.is_some_and(|spoken| spoken < addition.since)
    };
    let (for_engine, others): (Vec<&Addition>, Vec<&Addition>) =
        held(request).into_iter().partition(|addition| is_too_old(newest, addition));
    let for_request: Vec<&Addition> =
        others.into_iter().filter(|addition| addition.is_versioned && is_too_old(asked, addition)).collect();
    let fate = Fate::of(request);
    let sentences = [
        newest.and_then(|newest| newer_than_engine(&for_engine, newest, fate)),
        asked.and_then(|asked| newer_than_request(&for_request, asked, fate)),
    ];
    let sentences: Vec<String> = sentences.into_iter().flatten().collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

/// What became of the request.
#[derive(Clone, Copy)]
enum Fate {
    Done,
    Refused,
}

impl Fate {
    fn of(request: &Request<'_>) -> Self {
        match request.exchange.status {
            Some(status) if status < 400 => Self::Done,
            _ => Self::Refused,
        }
    }
}

fn held(request: &Request<'_>) -> Vec<&'static Addition> {
    let was_refused = matches!(Fate::of(request), Fate::Refused);
    let matters = |addition: &&Addition| {
        request.is_one_of(addition.operations)
            && (was_refused || !addition.if_refused)
            && request.has(addition.place)
    };
    ADDITIONS.iter().filter(matters).collect()
}

fn newer_than_engine(additions: &[&Addition], newest: ApiVersion, fate: Fate) -> Option<String> {
    let (names, verb, them) = subject(additions)?;
    let lost = match fate {
        Fate::Done => format!("the engine ignored {them}"),
        Fate::Refused => format!("the engine does not know {them}"),
    };
    Some(format!(
        "{names} {verb} newer than API {newest}, the newest that the engine speaks: {lost}; update the engine"
    ))
}

fn newer_than_request(additions: &[&Addition], asked: ApiVersion, fate: Fate) -> Option<String> {
    let (names, verb, them) = subject(additions)?;
    let needed = additions.iter().map(|addition| addition.since).max()?;
    let lost = match fate {
        Fate::Done => format!("the engine ignored {them}"),
        Fate::Refused => format!("the engine does not take {them} in that version"),
    };
    Some(format!(
        "{names} {verb} newer than API {asked}, which the client asked for: {lost}; let the client ask for \
         {needed} or newer, by its update or by DOCKER_API_VERSION={needed}"
    ))
}

/// `A (API 1.43) and B (API 1.44)`, `are`, `them`.
fn subject(additions: &[&Addition]) -> Option<(String, &'static str, &'static str)> {
    let names: Vec<String> =
        additions.iter().map(|addition| format!("{} (API {})", addition.place, addition.since)).collect();
    let (last, before) = names.split_last()?;
    Some(match before {
        [] => (last.clone(), "is", "it"),
        _ => (format!("{} and {last}", before.join(", ")), "are", "them"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use porthole_model::Exchange;

    use super::*;
    use crate::sample_exchange::exchange;
    use crate::version_trouble::version_trouble;

    fn said(operation: &str, target: &str, body: &str, engine: &str) -> Option<String> {
        let call = Exchange {
            operation: Some(operation.to_owned()),
            target: target.to_owned(),
            api_version: target.split('/').nth(1).map(|version| version.trim_start_matches('v').to_owned()),
            status: Some(201),
            ..exchange()
        };
        version_trouble(&call, EngineApi::parse(engine, None), Some(body.as_bytes()))
    }

    fn created(version: &str, body: &str, engine: &str) -> Option<String> {
        said("ContainerCreate", &format!("/v{version}/containers/create"), body, engine)
    }

    #[test]
    fn a_field_that_an_old_engine_ignores_is_named() {
        let body = r#"{"HostConfig":{"Annotations":{"x":"y"}},"Healthcheck":{"StartInterval":1000000}}"#;
        assert_eq!(
            created("1.41", body, "1.41").unwrap(),
            "HostConfig.Annotations (API 1.43) and Healthcheck.StartInterval (API 1.44) are newer than API 1.41, \
             the newest that the engine speaks: the engine ignored them; update the engine"
        );
        assert_eq!(created("1.44", body, "1.51"), None);
    }

    #[test]
    fn a_field_that_a_new_engine_passes_over_for_an_old_request_is_named() {
        let body = r#"{"Name":"n","EnableIPv4":false}"#;
        assert_eq!(
            said("NetworkCreate", "/v1.41/networks/create", body, "1.51").unwrap(),
            "EnableIPv4=false (API 1.48) is newer than API 1.41, which the client asked for: the engine ignored it; \
             let the client ask for 1.48 or newer, by its update or by DOCKER_API_VERSION=1.48"
        );
        assert_eq!(said("NetworkCreate", "/v1.41/networks/create", r#"{"EnableIPv4":true}"#, "1.41"), None);
    }

    #[test]
    fn fields_that_a_newer_client_sends_empty_are_no_trouble() {
        let body = r#"{"Healthcheck":{"StartInterval":0},"HostConfig":{"Annotations":null,"CgroupnsMode":"",
            "ConsoleSize":[0,0],"Mounts":[{"Type":"bind","BindOptions":{"CreateMountpoint":true}}]},
            "NetworkingConfig":{"EndpointsConfig":{"n":{"MacAddress":"","GwPriority":0}}},"MacAddress":""}"#;
        assert_eq!(created("1.41", body, "1.41"), None);
        assert_eq!(created("1.41", "{\"HostConfig\":{\"Annotations\":{\"x\"", "1.41"), None);
    }

    #[test]
    fn a_mac_address_that_an_old_engine_finds_elsewhere_is_no_trouble() {
        let endpoint = r#""NetworkingConfig":{"EndpointsConfig":{"n":{"MacAddress":"02:42:ac:11:00:09"}}}"#;
        assert_eq!(
            created("1.41", &format!(r#"{{"MacAddress":"02:42:ac:11:00:09",{endpoint}}}"#), "1.41"),
            None
        );
        assert!(
            created("1.41", &format!("{{{endpoint}}}"), "1.41").unwrap().contains("*.MacAddress (API 1.44)")
        );
    }

    #[test]
    fn parameters_and_filters_are_looked_at() {
        let stop = |engine| said("ContainerStop", "/v1.41/containers/web/stop?t=1&signal=SIGINT", "", engine);
        assert!(
            stop("1.41")
                .unwrap()
                .starts_with("the parameter 'signal' (API 1.42) is newer than API 1.41, the newest")
        );
        assert!(stop("1.51").unwrap().contains("which the client asked for"));
        assert_eq!(said("ContainerStop", "/v1.41/containers/web/stop?signal=", "", "1.41"), None);
        let prune = "/v1.41/volumes/prune?filters=%7B%22all%22%3A%7B%22true%22%3Atrue%7D%7D";
        assert!(said("VolumePrune", prune, "", "1.41").unwrap().contains("the filter 'all'"));
    }

    #[test]
    fn a_mode_may_be_an_empty_object() {
        let body = r#"{"Mode":{"GlobalJob":{}}}"#;
        let trouble = said("ServiceCreate", "/v1.40/services/create", body, "1.40").unwrap();
        assert!(trouble.contains("Mode.GlobalJob (API 1.41)"));
    }

    #[test]
    fn what_podman_takes_is_not_judged_by_its_version() {
        let podman = EngineApi::of_answer(b"Api-Version: 1.41\nLibpod-Api-Version: 5.4.2\n", b"");
        let call = Exchange { operation: Some("ContainerCreate".into()), ..exchange() };
        let body = br#"{"HostConfig":{"Annotations":{"x":"y"}}}"#;
        assert_eq!(version_trouble(&call, podman, Some(body)), None);
    }

    #[test]
    fn no_row_stands_twice() {
        let rows: BTreeSet<_> =
            ADDITIONS.iter().map(|row| format!("{:?} {:?}", row.operations, row.place)).collect();
        assert_eq!(rows.len(), ADDITIONS.len());
    }
}
