//! How a container ended: the engine's facts, the last lines it wrote, and what its command leads to.

use hyper::Method;
use porthole_model::{Container, Ending, Gap, GapKind, Program};
use porthole_wire::multiplexed::Demultiplexer;

use super::program::Root;
use super::raw_container;
use crate::client::Client;
use crate::nouns;
use crate::raw::RawDormant;
use crate::request_error::RequestError;

/// How many lines of the log are read.
const LOG_LINES: usize = 8;

/// What is known of the end of `container`, as [`inspect`](crate::inspect) gave it.
pub async fn ending(client: &Client, container: Container) -> Result<Ending, RequestError> {
    let raw = raw_container(client, &container.id.0).await?;
    let (program, log) = tokio::join!(program(client, &raw), log(client, &raw));
    Ok(Ending {
        finished: nouns::time("FinishedAt", &raw.state.finished).ok().flatten(),
        program: program.map_err(|error| error.gap("command's program")).into(),
        log: log.into(),
        name: container.name,
        state: container.state,
        exit_code: container.exit_code,
        out_of_memory: container.out_of_memory,
        error: container.error,
        restart_count: container.restart_count,
        command: container.command,
    })
}

async fn program(client: &Client, raw: &RawDormant) -> Result<Program, RequestError> {
    let root = Root {
        client,
        id: &raw.id,
        environment: &raw.config.environment,
        working_directory: &raw.config.working_directory,
    };
    root.program(&raw.path).await
}

async fn log(client: &Client, raw: &RawDormant) -> Result<Vec<String>, Gap> {
    let what = "log";
    let path = format!("/containers/{}/logs?stdout=1&stderr=1&tail={LOG_LINES}", raw.id);
    let stream = client.stream(Method::GET, &path).await.map_err(|error| error.gap(what))?;
    let bytes = stream.rest().await.map_err(|error| error.gap(what))?;
    let text = if raw.config.is_terminal { bytes } else { joined(&bytes)? };
    Ok(String::from_utf8_lossy(&text).lines().map(str::to_owned).collect())
}

/// Both streams, in the order in which they were written.
fn joined(bytes: &[u8]) -> Result<Vec<u8>, Gap> {
    let pieces = Demultiplexer::default().push(bytes);
    let pieces = pieces.map_err(|error| Gap::new(GapKind::Failed, "log", error.to_string()))?;
    Ok(pieces.into_iter().flat_map(|piece| piece.bytes).collect())
}
