//! porthole's own program, run by the engine on the engine's host: uploaded as an image of one file, run once, removed.

mod container;
mod creation;
mod garbage;
mod image;
mod leftover;

use std::io;

use bytes::Bytes;
use porthole_model::Gap;
use porthole_wire::multiplexed::{Demultiplexer, NotMultiplexed, StreamKind};
use porthole_wire::tar::TarError;
use serde::Deserialize;

use crate::client::{Client, HijackedStream};
use crate::request_error::RequestError;

pub use creation::Creation;
pub(crate) use creation::LABEL;
pub(crate) use garbage::made;
pub use garbage::{Removed, collect_garbage, remove_left};
pub(crate) use image::{OneFileImage, UPLOAD_LIMIT, provide};
pub(crate) use leftover::{Leftover, remove};

/// Where the program is in its image.
pub(crate) const PROGRAM: &str = "porthole";

/// What the helper said.
#[derive(Debug)]
pub struct HelperOutput {
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// Its exit code.
    pub code: i64,
    /// Why its container could not be removed.
    pub leftover: Option<Gap>,
}

/// Why the helper could not be run.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// The engine refused a step.
    #[error("failed to {step}: {source}")]
    Engine {
        /// The step.
        step: &'static str,
        /// Why it failed.
        source: RequestError,
    },
    /// The engine accepted the image and then failed.
    #[error("failed to import the helper's image: {message}")]
    Import {
        /// The engine's words.
        message: String,
    },
    /// The program does not fit into an image.
    #[error("failed to pack the helper's image: {0}")]
    Pack(#[from] TarError),
    /// The helper's output could not be read.
    #[error("failed to read the helper's output: {0}")]
    Output(#[from] io::Error),
    /// The helper's output is not what the engine promises.
    #[error("failed to read the helper's output: {0}")]
    Framing(#[from] NotMultiplexed),
}

/// Runs `program`, a static binary, with `arguments` on the engine's host: in its pid, network and cgroup namespaces,
/// with the rights to look into every container.
///
/// The image stays for the next run. The container is removed on every way out, also when this future is dropped.
pub async fn run_helper(
    client: &Client,
    program: &[u8],
    arguments: &[&str],
) -> Result<HelperOutput, HelperError> {
    let image = provide(client, program).await?;
    let leftover = Leftover::new(client.endpoint(), client.limit());
    let ran = run(client, leftover.container(), &image, arguments).await;
    let removed = leftover.remove(client).await;
    let (stdout, stderr, code) = ran?;
    let leftover = removed.err().map(|error| error.gap("the removal of the helper's container"));
    Ok(HelperOutput { stdout, stderr, code, leftover })
}

type Ran = (Vec<u8>, Vec<u8>, i64);

async fn run(client: &Client, name: &str, image: &str, arguments: &[&str]) -> Result<Ran, HelperError> {
    let step = |step| move |source| HelperError::Engine { step, source };
    container::create(client, name, image, arguments).await.map_err(step("make the helper's container"))?;
    let attach = format!("/containers/{name}/attach?stream=1&stdout=1&stderr=1");
    let stream = client.hijack(&attach).await.map_err(step("attach to the helper"))?;
    client.command(&format!("/containers/{name}/start")).await.map_err(step("start the helper"))?;
    let (stdout, stderr) = read(stream).await?;
    let code = wait(client, name).await.map_err(step("learn the helper's exit code"))?;
    Ok((stdout, stderr, code))
}

async fn read(mut stream: HijackedStream) -> Result<(Vec<u8>, Vec<u8>), HelperError> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut demultiplexer = Demultiplexer::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            break;
        }
        for piece in demultiplexer.push(&buffer[..length])? {
            match piece.stream {
                StreamKind::Output => stdout.extend(piece.bytes),
                StreamKind::Input | StreamKind::Error | StreamKind::Engine => stderr.extend(piece.bytes),
            }
        }
    }
    if demultiplexer.is_complete() {
        Ok((stdout, stderr))
    } else {
        Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }
}

async fn wait(client: &Client, name: &str) -> Result<i64, RequestError> {
    #[derive(Deserialize)]
    struct Waited {
        #[serde(rename = "StatusCode")]
        code: i64,
    }
    client.post::<Waited>(&format!("/containers/{name}/wait"), &()).await.map(|waited| waited.code)
}

/// A query value.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// What the engine says in an answer of many JSON lines: an error may come after status 200.
fn error_in_lines(answer: &Bytes) -> Option<String> {
    #[derive(Deserialize)]
    struct Line {
        error: Option<String>,
    }
    let lines = serde_json::Deserializer::from_slice(answer).into_iter::<Line>();
    lines.flatten().find_map(|line| line.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_behind_status_200_is_found() {
        let answer =
            Bytes::from("{\"status\":\"Importing\"}\r\n{\"errorDetail\":{},\"error\":\"no space\"}\r\n");
        assert_eq!(error_in_lines(&answer).as_deref(), Some("no space"));
        assert_eq!(error_in_lines(&Bytes::from("{\"status\":\"sha256:1\"}\r\n")), None);
    }
}
