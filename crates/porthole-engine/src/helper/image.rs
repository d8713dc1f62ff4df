//! The helper's image: one file, imported under a tag that names its content.

use std::time::Duration;

use hyper::Method;
use porthole_wire::tar;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{HelperError, LABEL, PROGRAM, encoded, error_in_lines};
use crate::client::Client;
use crate::request_error::RequestError;

const REPOSITORY: &str = "porthole-helper";
/// Ten megabytes over a slow line.
pub(crate) const UPLOAD_LIMIT: Duration = Duration::from_mins(10);

/// The name of the image with `program`, which is there afterwards.
pub(crate) async fn provide(client: &Client, program: &[u8]) -> Result<String, HelperError> {
    let tag = tag(program);
    let name = format!("{REPOSITORY}:{tag}");
    match client.get::<Value>(&format!("/images/{name}/json")).await {
        Ok(_) => Ok(name),
        Err(error) if error.is_not_found() => import(client, program, &tag).await.map(|()| name),
        Err(source) => Err(step(source)),
    }
}

async fn import(client: &Client, program: &[u8], tag: &str) -> Result<(), HelperError> {
    let stream = tar::of_program(PROGRAM, program)?;
    let label = encoded(&format!("LABEL {}={}", LABEL.0, LABEL.1));
    let path = format!("/images/create?fromSrc=-&repo={REPOSITORY}&tag={tag}&changes={label}");
    let content = ("application/x-tar", stream.into());
    let answer = client.upload(Method::POST, &path, content, UPLOAD_LIMIT).await.map_err(step)?;
    error_in_lines(&answer).map_or(Ok(()), |message| Err(HelperError::Import { message }))
}

/// The beginning of the content's hash: another program never runs under this name by mistake.
fn tag(program: &[u8]) -> String {
    let digest = Sha256::digest(program);
    digest.first_chunk().map(|start| format!("{:016x}", u64::from_be_bytes(*start))).unwrap_or_default()
}

fn step(source: RequestError) -> HelperError {
    HelperError::Engine { step: "import the helper's image", source }
}
