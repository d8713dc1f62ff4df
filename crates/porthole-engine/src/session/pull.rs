//! An image of the user's choice, pulled where it is missing.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hyper::header::HeaderMap;
use hyper::{Method, header::HeaderName};
use serde::Deserialize;

use super::{SessionError, ToolImage};
use crate::client::Client;
use crate::helper::encoded;
use crate::raw::nullable;
use crate::registry::{Authorization, authorize, has_tag};
use crate::request_error::RequestError;

/// How an engine is told who pulls.
const AUTHORIZATION: HeaderName = HeaderName::from_static("x-registry-auth");

/// How long the registry may be silent before the engine has something to tell.
const FIRST_WORD: Duration = Duration::from_mins(2);

/// When an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// When the engine does not have it.
    Missing,
    /// Always, in case the registry has a newer one.
    Always,
    /// Never.
    Never,
}

/// How far a pull is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PullProgress {
    /// Bytes that came.
    pub current: u64,
    /// Bytes in all, as far as known by now.
    pub total: u64,
}

/// The image of that name, which lies on the engine afterwards; tells of each step of a pull. The registry is shown what
/// the docker CLI with that configuration would show it.
pub async fn provide_image(
    client: &Client,
    name: &str,
    pull: Pull,
    docker_config: &Path,
    mut tell: impl FnMut(PullProgress),
) -> Result<ToolImage, SessionError> {
    if pull != Pull::Always
        && let Some(image) = look_up(client, name).await?
    {
        return Ok(image);
    }
    let missing = |message: &str| SessionError::Pull {
        image: name.to_owned(),
        message: message.to_owned(),
        credentials: None,
    };
    if pull == Pull::Never {
        return Err(missing("the engine does not have it, and it is never to be pulled"));
    }
    let authorization = authorize(docker_config, name).await;
    fetch(client, name, &authorization, &mut tell).await?;
    look_up(client, name).await?.ok_or_else(|| missing("the engine does not have it after the pull"))
}

async fn look_up(client: &Client, name: &str) -> Result<Option<ToolImage>, SessionError> {
    #[derive(Deserialize)]
    struct Image {
        #[serde(rename = "Config", default, deserialize_with = "nullable")]
        config: Config,
    }
    #[derive(Default, Deserialize)]
    struct Config {
        #[serde(rename = "Entrypoint", default, deserialize_with = "nullable")]
        entry_point: Vec<String>,
        #[serde(rename = "Cmd", default, deserialize_with = "nullable")]
        command: Vec<String>,
    }
    match client.get::<Image>(&format!("/images/{}/json", encoded(name))).await {
        Ok(Image { config }) => {
            let command = [config.entry_point, config.command].concat();
            Ok(Some(ToolImage { name: name.to_owned(), command }))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(source) => Err(SessionError::Engine { step: "look the image up", source }),
    }
}

/// `docker pull` without a tag means `latest`; an engine without one would pull all.
async fn fetch(
    client: &Client,
    name: &str,
    authorization: &Authorization,
    tell: &mut impl FnMut(PullProgress),
) -> Result<(), SessionError> {
    let said = |message| SessionError::Pull {
        image: name.to_owned(),
        message,
        credentials: authorization.trouble.clone(),
    };
    let step = |source| match source {
        RequestError::Status { message, .. } => said(message),
        source => SessionError::Engine { step: "pull the image", source },
    };
    let tag = if has_tag(name) { "" } else { "&tag=latest" };
    let path = format!("/images/create?fromImage={}{tag}", encoded(name));
    let header = authorization.header.iter().map(|value| (AUTHORIZATION, value.clone()));
    let headers: HeaderMap = header.collect();
    let mut stream = client.stream_with(Method::POST, &path, headers, FIRST_WORD).await.map_err(step)?;
    let (mut pending, mut layers) = (Vec::new(), BTreeMap::new());
    while let Some(piece) = stream.next().await.map_err(step)? {
        pending.extend_from_slice(&piece);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            note(&line, &mut layers).map_or(Ok(()), |message| Err(said(message)))?;
            tell(sum(&layers));
        }
    }
    Ok(())
}

/// Takes note of a line of progress; gives the engine's words where it failed.
fn note(line: &[u8], layers: &mut BTreeMap<String, PullProgress>) -> Option<String> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(default)]
        id: String,
        #[serde(default)]
        status: String,
        #[serde(rename = "progressDetail", default, deserialize_with = "nullable")]
        detail: Detail,
        error: Option<String>,
    }
    #[derive(Default, Deserialize)]
    struct Detail {
        #[serde(default)]
        current: u64,
        #[serde(default)]
        total: u64,
    }
    let line: Line = serde_json::from_slice(line).ok()?;
    if line.status == "Downloading" {
        layers.insert(line.id, PullProgress { current: line.detail.current, total: line.detail.total });
    } else if let Some(layer) = layers.get_mut(&line.id) {
        layer.current = layer.total;
    }
    line.error
}

fn sum(layers: &BTreeMap<String, PullProgress>) -> PullProgress {
    layers.values().fold(PullProgress::default(), |sum, layer| PullProgress {
        current: sum.current + layer.current,
        total: sum.total + layer.total,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_summed_up() {
        let mut layers = BTreeMap::new();
        for line in [
            r#"{"status":"Pulling from library/tools","id":"latest"}"#,
            r#"{"status":"Downloading","progressDetail":{"current":1,"total":10},"id":"a"}"#,
            r#"{"status":"Downloading","progressDetail":{"current":5,"total":20},"id":"b"}"#,
            r#"{"status":"Pull complete","progressDetail":{},"id":"a"}"#,
        ] {
            assert_eq!(note(line.as_bytes(), &mut layers), None);
        }
        assert_eq!(sum(&layers), PullProgress { current: 15, total: 30 });
        let error = note(br#"{"errorDetail":{},"error":"no such manifest"}"#, &mut layers);
        assert_eq!(error.as_deref(), Some("no such manifest"));
    }
}
