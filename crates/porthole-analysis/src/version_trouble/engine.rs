//! The versions of the API that an engine speaks.

use porthole_model::{EngineKind, EngineVersion};
use serde::Deserialize;

use crate::version::ApiVersion;

/// What the engine says to a client that is too old (moby, `middleware/version.go`).
const OLDEST: &str = "Minimum supported API version is ";

/// The versions of the API that an engine speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineApi {
    pub(super) newest: ApiVersion,
    pub(super) oldest: Option<ApiVersion>,
    /// Whether its versions mean what the API's history says: Podman's service names one, and takes newer fields.
    pub(super) keeps_to_history: bool,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl EngineApi {
    /// What an engine says of itself, as its `Api-Version` header and `MinAPIVersion` do; `None` where that is no version.
    pub fn parse(newest: &str, oldest: Option<&str>) -> Option<Self> {
        let oldest = oldest.and_then(ApiVersion::parse);
        Some(Self { newest: ApiVersion::parse(newest)?, oldest, keeps_to_history: true })
    }

    /// What an engine said of itself.
    pub fn of(engine: &EngineVersion) -> Option<Self> {
        let api = Self::parse(&engine.api_version, engine.minimum_api_version.as_deref())?;
        Some(Self { keeps_to_history: engine.kind == EngineKind::Docker, ..api })
    }

    /// What an answer tells of its engine: the header lines in `head`, and a refusal in `body`.
    pub fn of_answer(head: &[u8], body: &[u8]) -> Option<Self> {
        let head = String::from_utf8_lossy(head);
        let header = |wanted: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let api = Self::parse(header("Api-Version")?, oldest(body).as_deref())?;
        Some(Self { keeps_to_history: header("Libpod-Api-Version").is_none(), ..api })
    }
}

fn oldest(body: &[u8]) -> Option<String> {
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    let (_, behind) = refusal.message.split_once(OLDEST)?;
    let version = behind.split([',', ' ']).next()?;
    Some(version.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_of_its_engine() {
        let head = b"Api-Version: 1.52\r\nServer: Docker/29.0.0 (linux)\r\n";
        let body = br#"{"message":"client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade"}"#;
        assert_eq!(EngineApi::of_answer(head, body), EngineApi::parse("1.52", Some("1.44")));
        assert_eq!(EngineApi::of_answer(head, b"[]"), EngineApi::parse("1.52", None));
        assert_eq!(EngineApi::of_answer(b"Server: x\r\n", body), None);
        let podman =
            EngineApi::of_answer(b"API-Version: 1.41\r\nLibpod-API-Version: 5.4.2\r\n", b"").unwrap();
        assert!(!podman.keeps_to_history);
    }
}
